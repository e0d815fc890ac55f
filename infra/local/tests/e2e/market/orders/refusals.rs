//! What is not bought, and what a client cannot say.

use super::*;
use crate::market::{change, onboard};

#[tokio::test]
async fn who_cannot_be_sent_anything_or_is_not_known_buys_nothing() {
    let shop = Shop::open().await;
    let world = &shop.world;
    let nobody = world.sign_up("umi").await;
    buy(world, &nobody).await.expect_error(409, "conflict", &[]);
    put(world, &nobody, &shop.item, 1).await;
    buy(world, &nobody)
        .await
        .expect_error(403, "profile_missing", &[]);
    let id: UserId = nobody.id.parse().unwrap();
    import::items(
        &world.stack,
        "MarketTable",
        [(customer_key(id), customer())],
    )
    .unwrap();
    // The address of the e-mail is not proved.
    buy(world, &nobody)
        .await
        .expect_error(403, "forbidden", &[]);
    assert_eq!(shop.free(), 5);
    assert!(world.stack.stripe().open_sessions().is_empty());
}

#[tokio::test]
async fn nobody_buys_what_they_make_themselves() {
    let shop = Shop::open().await;
    let world = &shop.world;
    bring_in(world, [shop.hana.id.parse().unwrap()]);
    onboard(world, &shop.hana.id, true).await;
    put(world, &shop.hana, &shop.item, 1).await;
    let answer = buy(world, &shop.hana).await;
    answer.expect_error(409, "conflict", &[]);
}

#[tokio::test]
async fn what_is_not_there_or_not_for_sale_is_named() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    let other = add(world, &shop.hana, cup()).await;
    put(world, sora, &other, 2).await;
    let named = async || {
        let answer = buy(world, sora).await.expect_error(409, "conflict", &[]);
        let message = answer.text("message");
        [&shop.item, &other].map(|item| message.contains(item.as_str()))
    };
    change(
        world,
        &shop.hana,
        &shop.item,
        "1",
        json!({"stock_delta": -4}),
    )
    .await
    .expect(200);
    assert_eq!(named().await, [true, false]);
    change(world, &shop.hana, &other, "2", json!({"stock_delta": -2}))
        .await
        .expect(200);
    assert_eq!(named().await, [true, true]);
    change(
        world,
        &shop.hana,
        &shop.item,
        "3",
        json!({"stock_delta": 4}),
    )
    .await
    .expect(200);
    change(
        world,
        &shop.hana,
        &other,
        "4",
        json!({"stock_delta": 2, "status": "hidden"}),
    )
    .await
    .expect(200);
    assert_eq!(named().await, [false, true]);
    onboard(world, &shop.hana.id, false).await;
    assert_eq!(named().await, [true, true]);
    assert_eq!((shop.free(), free(world, &other)), (5, 2));
}

#[tokio::test]
async fn a_cart_or_price_that_has_changed_is_not_bought_unseen() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    let version = async || {
        let cart = world.get(sora, "/api/cart").await.expect(200);
        json!({"cart_version": cart.text("cart_version")})
    };
    let old = version().await;
    change(world, &shop.hana, &shop.item, "1", json!({"price": 1_300}))
        .await
        .expect(200);
    let refused = world.post(sora, "/api/buy", old).await;
    refused.expect_error(409, "conflict", &[]);
    let seen = version().await;
    put(world, sora, &shop.item, 1).await;
    let refused = world.post(sora, "/api/buy", seen).await;
    refused.expect_error(409, "conflict", &[]);
    let seen = version().await;
    let bought = world.post(sora, "/api/buy", seen.clone()).await.expect(201);
    // The order has taken what was seen; that is no change.
    let again = world.post(sora, "/api/buy", seen).await.expect(200);
    assert_eq!(again.body, bought.body);
    // Another price is another order.
    change(world, &shop.hana, &shop.item, "2", json!({"price": 1_400}))
        .await
        .expect(200);
    let other = buy(world, sora).await.expect(201);
    let total = world.stack.stripe().object(&session(&other.body)).unwrap();
    assert_eq!(total["amount_total"], 3 * 1_400 + 500);
    assert_eq!(shop.free(), 2);
}

#[tokio::test]
async fn what_a_client_says_of_prices_ids_and_addresses_is_refused_and_changes_nothing() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    for (field, value) in [
        ("price", json!(1)),
        ("total_amount", json!(1)),
        (
            "items",
            json!([{"item_id": shop.item, "quantity": 1, "price": 1}]),
        ),
        ("user_id", json!(shop.hana.id)),
        ("address", json!("どこか")),
        ("transaction_id", json!(shop.item)),
        ("currency", json!("usd")),
        ("shipping_fee", json!(0)),
    ] {
        let mut body = json!({});
        body[field] = value;
        let answer = world.post(sora, "/api/buy", body).await.expect(400);
        assert_eq!(answer.body["errors"][0]["field"], field, "{}", answer.text);
    }
    for line in [
        json!({"item_id": shop.item, "quantity": 1, "price": 1}),
        json!({"item_id": shop.item, "quantity": -1}),
        json!({"item_id": shop.item, "quantity": 0.5}),
        json!({"item_id": shop.item, "quantity": 100}),
    ] {
        world.post(sora, "/api/cart", line).await.expect(400);
    }
    let (id, session) = shop.bought().await;
    let body = json!({"amount": 1});
    cancel(world, sora, &id, body).await.expect(400);
    let checkout = world.stack.stripe().object(&session).unwrap();
    assert_eq!(checkout["amount_total"], 2 * 1_200 + 500);
    assert_eq!(checkout["currency"], "jpy");
}

#[tokio::test]
async fn a_fourth_order_of_a_day_that_is_not_paid_for_waits() {
    let mut shop = Shop::open().await;
    for nth in 0..3 {
        shop.bought().await;
        put(&shop.world, &shop.sora, &shop.item, 1).await;
        shop.later(SignedDuration::from_mins(nth)).await;
    }
    let answer = buy(&shop.world, &shop.sora).await;
    let answer = answer.expect_error(429, "too_many_requests", &[]);
    let seconds: i64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((23 * 3600..=24 * 3600).contains(&seconds), "{seconds}");
    // The third stays open, and is for its own lines.
    assert_eq!(shop.world.stack.stripe().open_sessions().len(), 1);
    shop.later(SignedDuration::from_secs(seconds)).await;
    assert_eq!(shop.free(), 5);
    shop.bought().await;
    // What is paid for does not count.
    let world = &shop.world;
    let session = world.stack.stripe().open_sessions();
    world.stack.stripe().pay(&session[0]).unwrap();
    world.stack.settle().await;
}
