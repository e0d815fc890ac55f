//! What market's endpoints for orders take.

use serde_json::json;

use super::{Measured, count};
use crate::{
    market::{
        add, maker,
        orders::{buy, buyer, cancel, late, put, seen},
    },
    support::World,
    visits::money::{session, silence},
};

/// Calls each endpoint in the case that takes the most.
pub async fn measure(world: &World, measured: &mut Measured) {
    silence(world);
    let hana = maker(world, "hana").await;
    let scarce = json!({"item_name": "皿", "price": 1_200, "stock": 2});
    let item = add(world, &hana, scarce.clone()).await;
    let sora = buyer(world, 1).await;
    put(world, &sora, &item, 1).await;
    count(world, "");
    buy(world, &sora).await.expect(201);
    assert_eq!(measured.count(world, "market-buy"), 7);
    // The same again.
    buy(world, &sora).await.expect(200);
    assert_eq!(measured.count(world, "market-buy"), 6);
    // With other lines, of which each lies in another place.
    put(world, &sora, &item, 1).await;
    count(world, "");
    let bought = buy(world, &sora).await.expect(201);
    measured.count(world, "market-buy");
    let id = bought.text("transaction_id");
    world.get(&sora, "/api/transaction").await.expect(200);
    measured.count(world, "market-transactions");
    seen(world, &sora, &id).await;
    measured.count(world, "market-find-transaction");
    cancel(world, &sora, &id, json!({})).await.expect(200);
    measured.count(world, "market-cancel");

    // Paid late, of what lies in two places.
    let bought = buy(world, &sora).await.expect(201);
    let id = bought.text("transaction_id");
    let stripe = world.stack.stripe();
    stripe.pay_slowly(&session(&bought.body)).unwrap();
    stripe.settle_late(&session(&bought.body), false).unwrap();
    let event = late::told(world, &id).await;
    let lambda = world.stack.lambda();
    count(world, "");
    lambda.invoke("MarketSettle", event).await.unwrap();
    assert_eq!(measured.count(world, "market-settle"), 3);
    assert!(late::is_told(world, &id).await);
    measured.count(world, "market-settle");
}
