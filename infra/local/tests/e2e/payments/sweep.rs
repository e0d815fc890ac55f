//! What becomes of a payment that nobody tells of.

use enishi_local::stripe::{Fault, Order};
use enishi_shared::payments::{self, State, refund};

use super::*;

/// No webhook comes, ever.
fn silence(world: &World) {
    world.stack.stripe().deliver_order(Order {
        delay: SignedDuration::from_hours(10_000),
        ..Order::default()
    });
}

#[tokio::test]
async fn what_no_webhook_tells_is_asked_for() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    silence(&world);
    let [paid, slow, left] = [0, 1, 2].map(|_| open(&app, &hana));
    let (paid, slow, left) = futures_util::join!(paid, slow, left);
    let stripe = world.stack.stripe();
    stripe.pay(session(&paid.payment)).unwrap();
    stripe.konbini(session(&slow.payment)).unwrap();
    sweep(&world).await.unwrap();
    let payment_refs = [&paid, &slow, &left].map(|opened| opened.payment.payment_ref());
    for payment_ref in payment_refs {
        assert_eq!(find(&app, payment_ref).await.state, State::Pending);
    }
    later(&world, SignedDuration::from_mins(66));
    for _ in 0..2 {
        sweep(&world).await.unwrap();
    }
    let [paid, slow, left] = payment_refs;
    assert_eq!(find(&app, paid).await.state, State::Settled);
    assert_eq!(find(&app, slow).await.state, State::Processing);
    assert_eq!(find(&app, left).await.state, State::Expired);

    stripe
        .settle_late(session(&find(&app, slow).await), true)
        .unwrap();
    refund(&app, paid, "all", None).await.unwrap();
    later(&world, SignedDuration::from_hours(25));
    sweep(&world).await.unwrap();
    assert_eq!(find(&app, slow).await.state, State::Settled);
    assert_eq!(find(&app, paid).await.state, State::Refunded);
    let expected = ["expired", "processing", "refunded", "settled", "settled"];
    assert_eq!(announced(&world), expected);
    // Nothing waits any more.
    later(&world, SignedDuration::from_hours(25));
    assert_eq!(sweep(&world).await.unwrap(), json!({"payments": 0}));
}

#[tokio::test]
async fn what_was_cut_off_between_the_record_and_stripe_is_finished() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    // Stripe does not answer three times in a row: that is all attempts of one call.
    let cut = || (0..3).for_each(|_| world.stack.stripe().inject(Fault::Unavailable));
    let never = new(&app, &hana.id, lines());
    let payment_ref = PaymentRef {
        payer: id(&hana).into(),
        payment_id: never.payment_id,
    };
    cut();
    payments::open(&app, never.clone()).await.unwrap_err();
    assert_eq!(find(&app, payment_ref).await.state, State::Pending);
    later(&world, SignedDuration::from_mins(66));
    sweep(&world).await.unwrap();
    assert_eq!(find(&app, payment_ref).await.state, State::Expired);
    payments::open(&app, never).await.unwrap_err();

    let payment = open(&app, &hana).await.payment;
    world.stack.stripe().pay(session(&payment)).unwrap();
    world.stack.settle().await;
    cut();
    refund(&app, payment.payment_ref(), "all", None)
        .await
        .unwrap_err();
    assert_eq!(world.stack.stripe().balance().refunded, 0);
    later(&world, SignedDuration::from_mins(11));
    sweep(&world).await.unwrap();
    assert_eq!(world.stack.stripe().balance().refunded, 3_000);
    assert_eq!(
        find(&app, payment.payment_ref()).await.state,
        State::Refunded
    );
}

#[tokio::test]
async fn one_that_cannot_be_looked_after_does_not_keep_the_others() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    silence(&world);
    let one = open(&app, &hana).await.payment.payment_ref();
    later(&world, SignedDuration::from_secs(1));
    let two = open(&app, &hana).await.payment.payment_ref();
    later(&world, SignedDuration::from_mins(66));
    // Each call has three attempts: five faults are too many for one of two.
    (0..5).for_each(|_| world.stack.stripe().inject(Fault::Unavailable));
    sweep(&world).await.unwrap_err();
    let states = [find(&app, one).await.state, find(&app, two).await.state];
    assert!(states.contains(&State::Expired), "{states:?}");
    // The other one waits anew, and is looked after when its time comes.
    later(&world, SignedDuration::from_mins(11));
    sweep(&world).await.unwrap();
    assert_eq!(find(&app, one).await.state, State::Expired);
    assert_eq!(find(&app, two).await.state, State::Expired);
}
