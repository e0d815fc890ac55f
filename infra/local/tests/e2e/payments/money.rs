//! What is given back and passed on.

use enishi_local::stripe::{Fault, Order};
use enishi_shared::{
    error::Code,
    payments::{NewTransfer, State, expire, refund, transfer},
};

use super::*;

#[tokio::test]
async fn what_is_given_back_is_given_back_once() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let unpaid = open(&app, &hana).await.payment.payment_ref();
    let refused = refund(&app, unpaid, "all", None).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    expire(&app, unpaid).await.unwrap();

    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    for _ in 0..3 {
        refund(&app, payment_ref, "parcel-1", Some(1_000))
            .await
            .unwrap();
        world.stack.settle().await;
    }
    assert_eq!(
        find(&app, payment_ref).await.state,
        State::PartiallyRefunded
    );
    assert_eq!(world.stack.stripe().balance().refunded, 1_000);
    for amount in [Some(2_001), Some(0), Some(-1)] {
        let refused = refund(&app, payment_ref, "parcel-2", amount)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Conflict);
    }
    let refused = refund(&app, payment_ref, "parcel-1", Some(999))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    for _ in 0..2 {
        refund(&app, payment_ref, "rest", None).await.unwrap();
        world.stack.settle().await;
    }
    let payment = find(&app, payment_ref).await;
    assert_eq!(payment.state, State::Refunded);
    assert_eq!(payment.due_at, None);
    assert_eq!(world.stack.stripe().balance().refunded, 3_000);
    assert_eq!(
        announced(&world),
        ["expired", "refunded", "refunded", "settled"]
    );
    let listed = seen(&world, &hana).await;
    assert!(
        listed.contains(&("refunded".to_owned(), 3_000)),
        "{listed:?}"
    );
}

#[tokio::test]
async fn two_refunds_at_once_give_back_no_more_than_there_is() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    let (one, two, again) = futures_util::join!(
        refund(&app, payment_ref, "one", Some(2_000)),
        refund(&app, payment_ref, "two", Some(2_000)),
        refund(&app, payment_ref, "one", Some(2_000)),
    );
    let done = [one, two, again];
    assert!(done.iter().any(Result::is_ok));
    world.stack.settle().await;
    assert_eq!(world.stack.stripe().balance().refunded, 2_000);
    assert_eq!(find(&app, payment_ref).await.amount_refunded, 2_000);
}

#[tokio::test]
async fn what_is_passed_on_is_passed_on_once() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let maker = maker(&world, &app).await;
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    let to = |name: &'static str, amount| NewTransfer {
        name,
        amount,
        destination: &maker,
        part: if name == "parcel-1" { 900 } else { 2_100 },
    };
    for fault in [
        Fault::Lost,
        Fault::InUse,
        Fault::Throttled,
        Fault::Unavailable,
    ] {
        world.stack.stripe().inject(fault);
        transfer(&app, payment_ref, to("parcel-1", 900))
            .await
            .unwrap();
    }
    assert_eq!(world.stack.stripe().balance().passed_on, 900);
    for (name, amount) in [("parcel-1", 901), ("parcel-2", 2_101), ("parcel-2", 0)] {
        let refused = transfer(&app, payment_ref, to(name, amount))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Conflict);
    }
    let payment = find(&app, payment_ref).await;
    assert!(payment.transfers["parcel-1"].id.is_some());
    assert_eq!(payment.due_at, None);
}

#[tokio::test]
async fn what_stripe_gives_back_by_itself_is_seen_too() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    let intent = find(&app, payment_ref).await.stripe.payment_intent.unwrap();
    // In Stripe's dashboard: nothing of ours is with it.
    let stripe = enishi_shared::stripe::client(&app);
    world.stack.stripe().deliver_order(Order {
        copies: 2,
        ..Order::default()
    });
    stripe
        .create_refund("by hand", &intent, Some(500), &[])
        .await
        .unwrap();
    world.stack.settle().await;
    assert_eq!(
        seen(&world, &hana).await,
        [("partially_refunded".to_owned(), 500)]
    );
    let refused = refund(&app, payment_ref, "all", Some(3_000))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    refund(&app, payment_ref, "all", None).await.unwrap();
    world.stack.settle().await;
    assert_eq!(seen(&world, &hana).await, [("refunded".to_owned(), 3_000)]);
}

#[tokio::test]
async fn a_refund_that_comes_back_can_be_made_anew() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let payment = open(&app, &hana).await.payment;
    let stripe = world.stack.stripe();
    stripe.konbini(session(&payment)).unwrap();
    stripe.settle_late(session(&payment), true).unwrap();
    world.stack.settle().await;
    let payment_ref = payment.payment_ref();
    let refunded = refund(&app, payment_ref, "all", None).await.unwrap();
    assert_eq!(refunded.state, State::Refunded);
    // The customer's bank does not take it.
    let at_stripe = refunded.refunds["all"].id.clone().unwrap();
    stripe.settle_refund(&at_stripe, false).unwrap();
    world.stack.settle().await;
    assert_eq!(seen(&world, &hana).await, [("settled".to_owned(), 0)]);
    let refused = refund(&app, payment_ref, "all", None).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    refund(&app, payment_ref, "again", None).await.unwrap();
    world.stack.settle().await;
    assert_eq!(seen(&world, &hana).await, [("refunded".to_owned(), 3_000)]);
    let expected = ["refund_failed", "refunded", "refunded", "settled"];
    assert_eq!(announced(&world), expected);
}
