//! What becomes of an order whose customer or maker leaves, or whose maker may not sell any more, before it is paid
//! for.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use enishi_market::order::{
    advance::{follow, settled},
    state::{Actor, ParcelState, Sale, Transfer},
};
use enishi_shared::app::Random;

use super::*;
use crate::{
    market::{onboard, races::Gate},
    visits::money::silence,
};

async fn close(world: &World, person: &Person) -> Answer {
    let token = Some(person.access_token.as_str());
    world.call("DELETE", "/api/users/me", token, None).await
}

/// By an operator, and followed at once.
async fn suspend(world: &World, maker: &Person) {
    let operator = world.operator().await;
    let token = Some(operator.access_token.as_str());
    let path = format!("/api/operator/makers/{}", maker.id);
    let body = Some(json!({"suspended": true}));
    world.call("PATCH", &path, token, body).await.expect(200);
}

#[tokio::test]
async fn what_is_not_paid_for_is_called_off_when_its_customer_closes_the_account() {
    let shop = Shop::open().await;
    let world = &shop.world;
    let (id, checkout) = shop.bought().await;
    assert_eq!(shop.free(), 3);
    close(world, &shop.sora).await.expect(204);
    world.stack.settle().await;
    let stripe = world.stack.stripe();
    assert!(stripe.open_sessions().is_empty());
    stripe.pay(&checkout).unwrap_err();
    let (order, _) = stored(world, &id).await;
    assert_eq!((order.order.sale, shop.free()), (Sale::Cancelled, 5));
    assert!(items(world, "HELD#").is_empty());
    world.nothing_given_up();
}

#[tokio::test]
async fn what_is_not_paid_for_stays_when_its_customer_leaves_the_market_alone() {
    let shop = Shop::open().await;
    let world = &shop.world;
    let (id, checkout) = shop.bought().await;
    let token = Some(shop.sora.access_token.as_str());
    world
        .call("DELETE", "/api/user", token, None)
        .await
        .expect(204);
    world.stack.stripe().pay(&checkout).unwrap();
    world.stack.settle().await;
    let seen = seen(world, &shop.sora, &id).await;
    assert_eq!([&seen["status"], &seen["name"]], ["Paid", "佐藤 空"]);
}

#[tokio::test]
async fn who_has_a_slip_out_cannot_close_the_account_and_who_was_faster_than_it_is_sent_what_they_pay()
 {
    for is_told in [true, false] {
        let shop = Shop::open().await;
        let world = &shop.world;
        let stripe = world.stack.stripe();
        if !is_told {
            silence(world);
        }
        let (id, slip) = shop.bought().await;
        stripe.konbini(&slip).unwrap();
        world.stack.settle().await;
        let closed = close(world, &shop.sora).await;
        if is_told {
            let answer = closed.expect_error(409, "conflict", &[]);
            assert!(answer.text("message").contains(&id), "{}", answer.text);
            continue;
        }
        closed.expect(204);
        world.stack.settle().await;
        assert_eq!(stored(world, &id).await.0.order.sale, Sale::Slip);
        stripe.deliver_order(enishi_local::stripe::Order::default());
        stripe.settle_late(&slip, true).unwrap();
        stripe.deliver().await;
        world.stack.settle().await;
        let (order, _) = stored(world, &id).await;
        assert_eq!((order.order.sale, shop.free()), (Sale::Sold, 3));
        world.nothing_given_up();
    }
}

#[tokio::test]
async fn what_a_maker_cannot_send_any_more_is_paid_back_as_soon_as_it_is_paid_for() {
    for has_left in [false, true] {
        let shop = Shop::open().await;
        let (world, stripe) = (&shop.world, shop.world.stack.stripe());
        let yuki = maker(world, "yuki").await;
        let other = add(world, &yuki, cup()).await;
        put(world, &shop.sora, &other, 1).await;
        let (id, checkout) = shop.bought().await;
        match has_left {
            true => drop(close(world, &shop.hana).await.expect(204)),
            false => suspend(world, &shop.hana).await,
        }
        world.stack.settle().await;
        stripe.pay(&checkout).unwrap();
        world.stack.settle().await;
        let (order, _) = stored(world, &id).await;
        let state = |person: &Person| {
            let parcel = order.order.parcel(person.id.parse().unwrap());
            parcel.unwrap().state
        };
        assert_eq!(
            (state(&shop.hana), state(&yuki)),
            (ParcelState::Refunded, ParcelState::Waiting),
            "{has_left}"
        );
        assert_eq!(stripe.balance().refunded, 2_900);
        // That it is paid for, and that a part of it is paid back.
        assert_eq!(letters(world, &shop.sora), 2);
        world.nothing_given_up();
    }
}

#[tokio::test]
async fn what_is_paid_for_is_sent_by_a_maker_to_whom_no_money_can_be_passed_on_for_the_time_being()
{
    let shop = Shop::open().await;
    let world = &shop.world;
    let (id, checkout) = shop.bought().await;
    onboard(world, &shop.hana.id, false).await;
    world.stack.stripe().pay(&checkout).unwrap();
    world.stack.settle().await;
    let body = json!({"ship_id": "1234-5678-9012"});
    let path = format!("/api/sales/{id}/ship");
    world.post(&shop.hana, &path, body).await.expect(200);
    let path = format!("/api/transaction/{id}/received");
    let body = json!({"maker_id": shop.hana.id});
    world.post(&shop.sora, &path, body).await.expect(200);
    world.stack.settle().await;
    let (order, _) = stored(world, &id).await;
    let parcel = &order.order.parcels[0];
    assert_eq!(
        (parcel.state, parcel.transfer),
        (ParcelState::Complete, Transfer::Waiting)
    );
}

/// Whoever is suspended while it is being sold is seen by one of the two.
#[tokio::test]
async fn a_maker_who_is_suspended_while_an_order_is_settled_is_not_left_to_send_it() {
    for is_before in [true, false] {
        let shop = Shop::open().await;
        let world = &shop.world;
        silence(world);
        let (id, checkout) = shop.bought().await;
        world.stack.stripe().pay(&checkout).unwrap();
        let gate = Gate::new();
        let app = world.app("MarketSettle", |parts| {
            parts.random = Random::from_seed(7);
            parts.http = SharedHttpClient::new(gate.clone());
        });
        let order_id = id.parse().unwrap();
        let settle = follow(&app, order_id, Actor::Payments, settled());
        let meanwhile = async {
            gate.reached().await;
            if is_before {
                // It is seen that nothing is sold yet.
                suspend(world, &shop.hana).await;
                world.stack.settle().await;
                assert_eq!(stored(world, &id).await.0.order.sale, Sale::Open);
            }
            gate.open();
            if !is_before {
                suspend(world, &shop.hana).await;
            }
        };
        let (settled, ()) = futures_util::join!(settle, meanwhile);
        settled.unwrap();
        late::told(world, &id).await;
        world.stack.settle().await;
        let (order, _) = stored(world, &id).await;
        assert_eq!(order.order.parcels[0].state, ParcelState::Refunded);
        world.nothing_given_up();
    }
}
