//! Orders under faults.

use enishi_market::order::{
    self,
    state::{Refund, Sale},
};
use serde_json::{Value, json};

use super::{
    items,
    orders::{bring_in, free, late, stored},
};
use crate::{
    crash::{Flow, Scene, flows},
    support::text,
    visits::money::{session, silence},
};

flows!(
    orders: buy, buy_another, settle, settle_slip, settle_late, expire, cancel_open, cancel_paid, hold_back,
);

fn flow(name: &'static str, function: &'static str) -> Flow {
    Flow {
        name,
        function,
        two_meet: true,
    }
}

/// The second of the people sells a plate, of which there are five; the first has two in their cart. Stripe
/// tells nothing. The token is the item, and of an order `<item> <order> <Checkout>`.
async fn filled(scene: &mut Scene) {
    let world = &scene.world;
    silence(world);
    let people = [0, 1].map(|number| scene.people[number].parse().unwrap());
    bring_in(world, people);
    let body = json!({"maker_name": "縁工房", "shipping_fee": 500, "notice": super::notice()});
    let made = scene.call(1, "POST", "/api/makers", Some(body)).await;
    assert_eq!(made.0, 201, "{}", made.1);
    super::onboard(world, &scene.people[1], true).await;
    let body = json!({"item_name": "皿", "price": 1_200, "stock": 5});
    let (_, item) = scene.call(1, "POST", "/api/products", Some(body)).await;
    world.stack.settle().await;
    let item = text(&item["item_id"]);
    put(scene, &item, 2).await;
    scene.token = item;
}

async fn put(scene: &Scene, item: &str, quantity: u32) {
    let line = json!({"item_id": item, "quantity": quantity});
    let put = scene.call(0, "POST", "/api/cart", Some(line)).await;
    assert_eq!(put.0, 200, "{}", put.1);
}

async fn buys(scene: &Scene) -> (u16, Value) {
    scene.call(0, "POST", "/api/buy", Some(json!({}))).await
}

/// [`filled`], and bought.
async fn bought(scene: &mut Scene) {
    filled(scene).await;
    let (status, body) = buys(scene).await;
    assert_eq!(status, 201, "{body}");
    let (item, order) = (&scene.token, text(&body["transaction_id"]));
    scene.token = format!("{item} {order} {}", session(&body));
}

/// The item, the order and its Checkout.
fn parts(scene: &Scene) -> [String; 3] {
    let mut parts = scene.token.split(' ').map(str::to_owned);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// `market-settle` is told of what Stripe says now.
async fn told(scene: &Scene) -> bool {
    let [_, order, _] = parts(scene);
    let event = late::told(&scene.world, &order).await;
    let lambda = scene.world.stack.lambda();
    lambda.invoke("MarketSettle", event).await.is_ok()
}

/// How the order stands, what is free, how many lines are in the cart, sales and letters to be sent there are, and
/// how many Checkouts are open, once all has followed.
async fn ended(
    scene: &Scene,
    (sale, left): (Sale, i64),
    rows: [usize; 3],
    open: usize,
) -> Result<(), String> {
    let world = &scene.world;
    world.stack.settle().await;
    let [item, order, _] = parts(scene);
    let (stored, _) = stored(world, &order).await;
    let (_, cart) = scene.call(0, "GET", "/api/cart", None).await;
    let mails = items(world, "OUTBOX#");
    let mails = mails
        .iter()
        .filter(|row| row["detail_type"]["S"] == "mail.requested");
    let seen = (
        (stored.order.sale, free(world, &item)),
        [
            cart["lines"].as_array().unwrap().len(),
            items(world, "SALES#").len(),
            mails.count(),
        ],
        world.stack.stripe().open_sessions().len(),
    );
    world.nothing_given_up();
    match seen == ((sale, left), rows, open) {
        true => Ok(()),
        false => Err(format!("{seen:?}")),
    }
}

/// The only order that is open, if all others have come to nothing.
async fn the_open_one(scene: &mut Scene) -> Result<(), String> {
    let rows = items(&scene.world, "ORDER#");
    let ids = rows.iter().filter(|row| row["sk"]["S"] == "ORDER");
    let mut open = Vec::new();
    for row in ids {
        let id = order::order_of(&text(&row["pk"]["S"])).unwrap().to_string();
        let (stored, _) = stored(&scene.world, &id).await;
        match stored.order.sale {
            Sale::Open => open.push(id),
            Sale::Cancelled => {}
            sale => return Err(format!("{sale:?}")),
        }
    }
    let [open] = &open[..] else {
        return Err(format!("{open:?} are open"));
    };
    let item = parts(scene)[0].clone();
    scene.token = format!("{item} {open}");
    Ok(())
}

async fn buy(name: &'static str) {
    let act = async |scene: &Scene| matches!(buys(scene).await.0, 200 | 201);
    let check = async |scene: &mut Scene| {
        the_open_one(scene).await?;
        ended(scene, (Sale::Open, 3), [1, 0, 0], 1).await
    };
    flow(name, "MarketBuy").survives(filled, act, check).await;
}

async fn buy_another(name: &'static str) {
    let prepare = async |scene: &mut Scene| {
        bought(scene).await;
        let [item, ..] = parts(scene);
        put(scene, &item, 3).await;
    };
    let act = async |scene: &Scene| matches!(buys(scene).await.0, 200 | 201);
    let check = async |scene: &mut Scene| {
        the_open_one(scene).await?;
        ended(scene, (Sale::Open, 0), [1, 0, 0], 1).await
    };
    flow(name, "MarketBuy").survives(prepare, act, check).await;
}

async fn settle(name: &'static str) {
    let prepare = async |scene: &mut Scene| {
        bought(scene).await;
        let [_, _, session] = parts(scene);
        scene.world.stack.stripe().pay(&session).unwrap();
    };
    let check = async |scene: &mut Scene| ended(scene, (Sale::Sold, 3), [0, 1, 2], 0).await;
    flow(name, "MarketSettle")
        .survives(prepare, told, check)
        .await;
}

async fn settle_slip(name: &'static str) {
    let prepare = async |scene: &mut Scene| {
        bought(scene).await;
        let [_, _, session] = parts(scene);
        scene.world.stack.stripe().konbini(&session).unwrap();
    };
    let check = async |scene: &mut Scene| ended(scene, (Sale::Slip, 3), [0, 0, 0], 0).await;
    flow(name, "MarketSettle")
        .survives(prepare, told, check)
        .await;
}

/// The bank has worked at it, and was thought to have failed.
async fn settle_late(name: &'static str) {
    let prepare = async |scene: &mut Scene| {
        bought(scene).await;
        let [_, _, session] = parts(scene);
        let stripe = scene.world.stack.stripe();
        stripe.pay_slowly(&session).unwrap();
        stripe.settle_late(&session, false).unwrap();
        assert!(told(scene).await);
    };
    let act = async |scene: &Scene| late::is_told(&scene.world, &parts(scene)[1]).await;
    let check = async |scene: &mut Scene| ended(scene, (Sale::Sold, 3), [0, 1, 2], 0).await;
    flow(name, "MarketSettle")
        .survives(prepare, act, check)
        .await;
}

async fn expire(name: &'static str) {
    let prepare = async |scene: &mut Scene| {
        bought(scene).await;
        let clock = scene.world.stack.clock();
        clock.set(Some(clock.now() + jiff::SignedDuration::from_mins(37)));
    };
    let check = async |scene: &mut Scene| ended(scene, (Sale::Expired, 5), [1, 0, 0], 0).await;
    flow(name, "MarketSettle")
        .survives(prepare, told, check)
        .await;
}

async fn cancels(scene: &Scene) -> bool {
    let path = format!("/api/transaction/{}/cancel", parts(scene)[1]);
    scene.call(0, "POST", &path, Some(json!({}))).await.0 == 200
}

async fn cancel_open(name: &'static str) {
    let check = async |scene: &mut Scene| ended(scene, (Sale::Cancelled, 5), [1, 0, 0], 0).await;
    flow(name, "MarketCancel")
        .survives(bought, cancels, check)
        .await;
}

async fn cancel_paid(name: &'static str) {
    let prepare = async |scene: &mut Scene| {
        bought(scene).await;
        let [_, _, session] = parts(scene);
        scene.world.stack.stripe().pay(&session).unwrap();
    };
    let check = async |scene: &mut Scene| {
        ended(scene, (Sale::Sold, 5), [0, 1, 4], 0).await?;
        let (stored, _) = stored(&scene.world, &parts(scene)[1]).await;
        match stored.order.parcels[0].refund {
            Refund::Asked | Refund::Done => Ok(()),
            refund => Err(format!("{refund:?}")),
        }
    };
    flow(name, "MarketCancel")
        .survives(prepare, cancels, check)
        .await;
}

/// What an order holds back follows from the stream.
async fn hold_back(name: &'static str) {
    let check = async |scene: &mut Scene| {
        the_open_one(scene).await?;
        let held = items(&scene.world, "HELD#").len();
        match cancels(scene).await {
            true => scene.world.stack.settle().await,
            false => return Err("not called off".to_owned()),
        }
        match (held, items(&scene.world, "HELD#").len()) {
            (1, 0) => Ok(()),
            held => Err(format!("{held:?}")),
        }
    };
    let act = async |scene: &Scene| {
        let bought = buys(scene).await.0;
        scene.world.stack.settle().await;
        matches!(bought, 200 | 201)
    };
    let flow = Flow {
        two_meet: false,
        ..flow(name, "MarketIndex")
    };
    flow.survives(filled, act, check).await;
}
