//! What the payer's bank takes back, for a time or for good.

use enishi_local::stripe::Order;
use enishi_shared::{
    error::Code,
    payments::{DisputeState, Reversed, State, refund, reverse, transfer},
};

use super::*;

#[tokio::test]
async fn while_a_dispute_stands_nothing_is_given_back_or_passed_on_and_won_it_goes_on() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let stripe = world.stack.stripe();
    let (a, b) = (maker(&world, &app).await, maker(&world, &app).await);
    let payment = paid(&world, &app, &hana).await;
    let payment_ref = payment.payment_ref();
    stripe.onboard(&b, false).unwrap();
    transfer(&app, payment_ref, part("b", &b)).await.unwrap();
    let dispute = stripe.dispute(session(&payment), None, "product_not_received");
    let dispute = dispute.unwrap();
    world.stack.settle().await;
    stripe.onboard(&b, true).unwrap();

    let disputed = find(&app, payment_ref).await;
    assert!(disputed.is_disputed());
    assert_eq!(disputed.disputes[&dispute].reason, "product_not_received");
    for amount in [None, Some(100)] {
        let refused = refund(&app, payment_ref, "a", amount).await.unwrap_err();
        assert_eq!(refused.code(), Code::Conflict);
    }
    for name in [part("a", &a), part("b", &b)] {
        let refused = transfer(&app, payment_ref, name).await.unwrap_err();
        assert_eq!(refused.code(), Code::Conflict);
    }
    stripe.review_dispute(&dispute).unwrap();
    later(&world, SignedDuration::from_hours(25));
    world.stack.settle().await;
    sweep(&world).await.unwrap();
    assert_eq!(announced(&world), ["disputed", "settled"]);

    stripe.decide_dispute(&dispute, true).unwrap();
    world.stack.settle().await;
    assert_eq!(announced(&world), ["dispute_won", "disputed", "settled"]);
    refund(&app, payment_ref, "a", Some(1_000)).await.unwrap();
    transfer(&app, payment_ref, part("b", &b)).await.unwrap();
    let balance = stripe.balance();
    assert_eq!((balance.refunded, balance.passed_on), (1_000, 900));
    assert_eq!(balance.disputed, 0);
    assert_eq!(find(&app, payment_ref).await.due_at, None);
}

#[tokio::test]
async fn what_a_lost_dispute_took_is_not_given_back_beside() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let stripe = world.stack.stripe();
    let a = maker(&world, &app).await;
    let payment = paid(&world, &app, &hana).await;
    let payment_ref = payment.payment_ref();
    transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    let dispute = stripe
        .dispute(session(&payment), None, "fraudulent")
        .unwrap();
    world.stack.settle().await;
    // It can be taken back at once.
    let back = Reversed {
        reversed: 900,
        owed: 0,
    };
    assert_eq!(reverse(&app, payment_ref, "a", 900).await.unwrap(), back);
    stripe.decide_dispute(&dispute, false).unwrap();
    world.stack.settle().await;
    let lost = find(&app, payment_ref).await;
    assert_eq!((lost.state, lost.amount_lost()), (State::Settled, 3_000));
    assert_eq!(lost.due_at, None);
    let refused = refund(&app, payment_ref, "a", Some(1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    let nothing = refund(&app, payment_ref, "all", None).await.unwrap();
    assert!(nothing.refunds.is_empty());
    let refused = transfer(&app, payment_ref, part("b", &a))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    let expected = ["dispute_lost", "disputed", "reversed", "settled"];
    assert_eq!(announced(&world), expected);
    let balance = stripe.balance();
    assert_eq!((balance.disputed, balance.platform), (3_000, 0));
}

#[tokio::test]
async fn a_refund_that_a_dispute_has_kept_is_made_when_it_is_won_and_fails_when_it_is_lost() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let stripe = world.stack.stripe();
    for won in [true, false] {
        let payment = paid(&world, &app, &hana).await;
        let payment_ref = payment.payment_ref();
        // Nobody has heard of the dispute yet but Stripe.
        let dispute = stripe.dispute(session(&payment), Some(2_000), "fraudulent");
        let dispute = dispute.unwrap();
        let refused = refund(&app, payment_ref, "a", Some(1_000)).await;
        assert_eq!(refused.unwrap_err().code(), Code::Conflict);
        world.stack.settle().await;
        later(&world, SignedDuration::from_hours(25));
        sweep(&world).await.unwrap();
        assert!(find(&app, payment_ref).await.refunds["a"].id.is_none());
        stripe.decide_dispute(&dispute, won).unwrap();
        world.stack.settle().await;
        later(&world, SignedDuration::from_mins(11));
        sweep(&world).await.unwrap();
        world.stack.settle().await;
        let record = find(&app, payment_ref).await;
        assert_eq!(record.refunds["a"].id.is_some(), won);
        assert_eq!(record.refunds["a"].failed, !won);
        assert_eq!(record.due_at, None);
    }
    let kept = ["dispute_lost", "dispute_won", "disputed", "disputed"];
    let rest = ["refund_failed", "refunded", "settled", "settled"];
    assert_eq!(announced(&world), [kept, rest].concat());
}

#[tokio::test]
async fn the_end_of_a_dispute_that_nobody_tells_of_is_asked_for() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let stripe = world.stack.stripe();
    let payment = paid(&world, &app, &hana).await;
    let dispute = stripe
        .dispute(session(&payment), Some(500), "duplicate")
        .unwrap();
    world.stack.settle().await;
    stripe.deliver_order(Order {
        delay: SignedDuration::from_hours(10_000),
        ..Order::default()
    });
    stripe.decide_dispute(&dispute, false).unwrap();
    later(&world, SignedDuration::from_hours(25));
    assert_eq!(sweep(&world).await.unwrap(), json!({"payments": 1}));
    let record = find(&app, payment.payment_ref()).await;
    assert_eq!(record.disputes[&dispute].state, DisputeState::Lost);
    assert_eq!((record.amount_lost(), record.due_at), (500, None));
    // What is left can be given back; Stripe has the last word on it.
    let rest = refund(&app, payment.payment_ref(), "all", None).await;
    assert_eq!(rest.unwrap_err().code(), Code::Conflict);
    assert_eq!(
        find(&app, payment.payment_ref()).await.refunds["all"].amount,
        2_500
    );
}
