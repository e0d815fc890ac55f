//! Slips, and money that comes when nobody waits for it any more.

use enishi_market::order::state::{Refund, Sale};
use enishi_shared::payments::{self, Payment, Sight};

use super::*;
use crate::market::change;

#[tokio::test]
async fn a_slip_takes_its_lines_from_the_cart_and_keeps_the_stock_until_it_is_paid() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    let stripe = world.stack.stripe();
    let (id, slip) = shop.bought().await;
    stripe.konbini(&slip).unwrap();
    world.stack.settle().await;
    let shown = seen(world, sora, &id).await;
    assert_eq!(
        [&shown["status"], &shown["is_processing"]],
        [&json!("Pending"), &json!(true)]
    );
    assert_eq!((shop.free(), shop.lines().await), (3, 0));
    assert_eq!(holds(world, sora), [format!("market-order#{id}")]);
    cancel(world, sora, &id, json!({}))
        .await
        .expect_error(409, "conflict", &[]);
    buy(world, sora).await.expect_error(409, "conflict", &[]);
    // The next one is another order, and paid by card: one slip at a time.
    put(world, sora, &shop.item, 1).await;
    let (other, card) = shop.bought().await;
    assert_ne!(id, other);
    stripe.konbini(&card).unwrap_err();
    stripe.pay(&card).unwrap();
    stripe.settle_late(&slip, true).unwrap();
    world.stack.settle().await;
    assert_eq!(
        [shop.status(&id).await, shop.status(&other).await],
        ["Paid", "Paid"]
    );
    assert_eq!(shop.free(), 2);
    assert_eq!(world.stack.stripe().balance().paid, 2_900 + 1_700);
    world.nothing_given_up();
}

#[tokio::test]
async fn a_slip_that_is_never_paid_gives_its_stock_back() {
    let shop = Shop::open().await;
    let world = &shop.world;
    let (id, slip) = shop.bought().await;
    world.stack.stripe().konbini(&slip).unwrap();
    world.stack.settle().await;
    world.stack.stripe().settle_late(&slip, false).unwrap();
    world.stack.settle().await;
    assert_eq!(
        (shop.status(&id).await, shop.free()),
        ("Expired".to_owned(), 5)
    );
    assert!(holds(world, &shop.sora).is_empty());
}

#[tokio::test]
async fn a_slip_of_which_nobody_has_heard_is_found_when_something_else_is_bought() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    crate::visits::money::silence(world);
    let (id, slip) = shop.bought().await;
    world.stack.stripe().konbini(&slip).unwrap();
    cancel(world, sora, &id, json!({}))
        .await
        .expect_error(409, "conflict", &[]);
    assert_eq!(stored(world, &id).await.0.order.sale, Sale::Slip);
    put(world, sora, &shop.item, 1).await;
    let (other, _) = shop.bought().await;
    assert_ne!(id, other);
    assert_eq!(shop.free(), 2);
}

#[tokio::test]
async fn what_is_found_to_be_paid_when_it_is_called_off_is_paid_back_by_parcel() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    crate::visits::money::silence(world);
    let (id, session) = shop.bought().await;
    world.stack.stripe().pay(&session).unwrap();
    let cancelled = cancel(world, sora, &id, json!({})).await.expect(200);
    assert_eq!(cancelled.body["status"], "Refunded");
    assert_eq!((shop.free(), shop.lines().await), (5, 0));
}

/// The bank works at it, and the order expires as far as we know.
async fn paid_slowly(shop: &Shop) -> (String, String) {
    let (id, session) = shop.bought().await;
    let stripe = shop.world.stack.stripe();
    stripe.pay_slowly(&session).unwrap();
    stripe.settle_late(&session, false).unwrap();
    shop.world.stack.settle().await;
    assert_eq!(shop.status(&id).await, "Expired");
    (id, session)
}

/// What the bus tells of an order's payment, once the ledger has asked Stripe.
pub async fn told(world: &World, id: &str) -> Value {
    let (order, _) = stored(world, id).await;
    let app = world.stack.app("PaymentsLedger").unwrap();
    let known = payments::find(&app, order.payment_ref()).await.unwrap();
    let known = payments::follow(&app, known, Sight::Nothing, "told").await;
    event(&known.unwrap())
}

/// That something has become of a payment.
fn event(payment: &Payment) -> Value {
    json!({
        "source": "enishi.payments", "detail-type": "payment.settled",
        "detail": {"id": "1", "time": "2026-11-20T11:00:00Z", "data": payment.summary()},
    })
}

/// As if the ledger had heard that the money is there after all; whether that was noted.
pub async fn is_told(world: &World, id: &str) -> bool {
    let (order, _) = stored(world, id).await;
    let app = world.stack.app("PaymentsLedger").unwrap();
    let payment = payments::find(&app, order.payment_ref()).await.unwrap();
    let payment = Payment {
        state: payments::State::Settled,
        ..payment
    };
    let table = payments::table(&app).unwrap();
    table
        .put(order.payment_ref().key(), &payment)
        .await
        .unwrap();
    let told = world.stack.lambda().invoke("MarketSettle", event(&payment));
    told.await.is_ok()
}

/// [`is_told`], and all that follows; told twice.
pub async fn money_comes(world: &World, id: &str) {
    for _ in 0..2 {
        assert!(is_told(world, id).await);
    }
    world.stack.settle().await;
}

#[tokio::test]
async fn money_that_comes_late_buys_what_is_there_still() {
    let shop = Shop::open().await;
    let (id, _) = paid_slowly(&shop).await;
    assert_eq!(shop.free(), 5);
    // It lies in both places where it can.
    change(
        &shop.world,
        &shop.hana,
        &shop.item,
        "1",
        json!({"stock_delta": -3}),
    )
    .await
    .expect(200);
    money_comes(&shop.world, &id).await;
    assert_eq!(
        (shop.status(&id).await, shop.free()),
        ("Paid".to_owned(), 0)
    );
    assert_eq!(letters(&shop.world, &shop.hana), 2);
}

#[tokio::test]
async fn money_that_comes_late_for_what_is_gone_goes_back() {
    let shop = Shop::open().await;
    let (id, _) = paid_slowly(&shop).await;
    change(
        &shop.world,
        &shop.hana,
        &shop.item,
        "1",
        json!({"stock_delta": -4}),
    )
    .await
    .expect(200);
    money_comes(&shop.world, &id).await;
    let (order, _) = stored(&shop.world, &id).await;
    assert_ne!(order.order.late, Refund::None);
    assert_eq!(
        (shop.status(&id).await, shop.free()),
        ("Expired".to_owned(), 1)
    );
    let owed = shop.world.items("MarketTable");
    let owed = owed
        .iter()
        .filter(|row| row["detail_type"]["S"] == "market.payout_owed");
    assert_eq!(owed.count(), 1);
}

#[tokio::test]
async fn a_maker_who_has_left_sends_nothing_and_that_goes_back() {
    let shop = Shop::open().await;
    let world = &shop.world;
    let (id, session) = shop.bought().await;
    let token = Some(shop.hana.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.stripe().pay(&session).unwrap();
    world.stack.settle().await;
    let (order, _) = stored(world, &id).await;
    assert_eq!(shop.status(&id).await, "Refunded");
    assert_ne!(order.order.parcels[0].refund, Refund::None);
    assert!(holds(world, &shop.sora).is_empty());
    world.nothing_given_up();
}

#[tokio::test]
async fn who_has_closed_their_account_and_paid_gets_what_they_bought() {
    let shop = Shop::open().await;
    let world = &shop.world;
    let (id, session) = shop.bought().await;
    crate::visits::money::silence(world);
    world.stack.stripe().pay(&session).unwrap();
    let token = Some(shop.sora.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    money_comes(&shop.world, &id).await;
    assert_eq!(stored(world, &id).await.0.order.sale, Sale::Sold);
    assert_eq!(holds(world, &shop.hana), [format!("market-sales#{id}")]);
}
