//! Every request that market's functions for orders can make.

use enishi_local::stripe::Order;
use serde_json::json;

use crate::{
    market::{
        add, maker,
        orders::{buy, buyer, cancel, late, put, seen},
    },
    support::World,
    visits::money::{session, silence},
};

/// The story.
pub async fn story(world: &World) {
    silence(world);
    let stripe = world.stack.stripe();
    let hana = maker(world, "shopkeeper").await;
    let stock = json!({"item_name": "皿", "price": 1_200, "stock": 5});
    let item = add(world, &hana, stock).await;
    let scarce = json!({"item_name": "鉢", "price": 1_200, "stock": 2});
    let scarce = add(world, &hana, scarce).await;
    // Bought, with another cart, with too much, found to be paid.
    let sora = buyer(world, 91).await;
    for _ in 0..2 {
        put(world, &sora, &item, 1).await;
        buy(world, &sora).await.expect(201);
    }
    put(world, &sora, &scarce, 3).await;
    buy(world, &sora).await.expect(409);
    let yuki = buyer(world, 92).await;
    put(world, &yuki, &item, 1).await;
    let paid = buy(world, &yuki).await.expect(201);
    stripe.pay(&session(&paid.body)).unwrap();
    put(world, &yuki, &item, 1).await;
    buy(world, &yuki).await.expect(201);
    world.get(&yuki, "/api/transaction").await.expect(200);
    seen(world, &yuki, &paid.text("transaction_id")).await;
    // Called off when it is found to be paid.
    let umi = buyer(world, 93).await;
    put(world, &umi, &scarce, 2).await;
    let paid = buy(world, &umi).await.expect(201);
    stripe.pay(&session(&paid.body)).unwrap();
    let id = paid.text("transaction_id");
    cancel(world, &umi, &id, json!({})).await.expect(200);
    // Paid late.
    put(world, &umi, &scarce, 2).await;
    let slow = buy(world, &umi).await.expect(201);
    stripe.pay_slowly(&session(&slow.body)).unwrap();
    stripe.settle_late(&session(&slow.body), false).unwrap();
    let id = slow.text("transaction_id");
    let event = late::told(world, &id).await;
    let lambda = world.stack.lambda();
    lambda.invoke("MarketSettle", event).await.unwrap();
    late::money_comes(world, &id).await;
    stripe.deliver_order(Order::default());
    world.stack.settle().await;
}
