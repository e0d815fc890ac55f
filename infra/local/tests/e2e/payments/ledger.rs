//! From Stripe's page to the record.

use enishi_local::stripe::Order;
use enishi_shared::{
    error::Code,
    payments::{self, State},
    store::{Outcome, Transaction},
};
use jiff::SignedDuration;

use super::*;

#[tokio::test]
async fn a_payment_is_settled_by_what_is_paid_on_the_page() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let opened = open(&app, &hana).await;
    assert_eq!(seen(&world, &hana).await, [("pending".to_owned(), 0)]);

    // As a browser does.
    let form = http::Request::post(&opened.checkout_url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("do=pay".into())
        .unwrap();
    let paid = world.send_anywhere(form).await.expect(303);
    assert_eq!(paid.headers["location"], "http://localhost:5173/done");
    world.stack.settle().await;

    assert_eq!(seen(&world, &hana).await, [("settled".to_owned(), 0)]);
    assert_eq!(announced(&world), ["settled"]);
    let payment = find(&app, opened.payment.payment_ref()).await;
    let states: Vec<State> = payment.history.iter().map(|step| step.state).collect();
    assert_eq!(states, [State::Pending, State::Settled]);
    assert_eq!(payment.history[1].cause, "checkout.session.completed");
    assert_eq!(payment.due_at, None);
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn a_declined_card_leaves_it_open_and_a_konbini_takes_days() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let one = open(&app, &hana).await.payment;
    world.stack.stripe().fail(session(&one)).unwrap();
    world.stack.settle().await;
    assert_eq!(find(&app, one.payment_ref()).await.state, State::Pending);

    let stripe = world.stack.stripe();
    stripe.konbini(session(&one)).unwrap();
    world.stack.settle().await;
    assert_eq!(find(&app, one.payment_ref()).await.state, State::Processing);
    later(&world, SignedDuration::from_hours(40));
    stripe.settle_late(session(&one), true).unwrap();
    world.stack.settle().await;
    assert_eq!(find(&app, one.payment_ref()).await.state, State::Settled);

    let other = open(&app, &hana).await.payment;
    stripe.konbini(session(&other)).unwrap();
    // Nobody hears of the slip before its time is over.
    later(&world, SignedDuration::from_hours(73));
    world.stack.settle().await;
    assert_eq!(find(&app, other.payment_ref()).await.state, State::Failed);
    let expected = ["failed", "processing", "settled"];
    assert_eq!(announced(&world), expected);
}

#[tokio::test]
async fn what_nobody_pays_expires() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let payment = open(&app, &hana).await.payment;
    later(&world, SignedDuration::from_mins(61));
    world.stack.settle().await;
    assert_eq!(
        find(&app, payment.payment_ref()).await.state,
        State::Expired
    );
    assert_eq!(announced(&world), ["expired"]);
}

#[tokio::test]
async fn opening_again_is_opening_the_same() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let first = new(&app, &hana.id, lines());
    let one = payments::open(&app, first.clone()).await.unwrap();
    later(&world, SignedDuration::from_mins(5));
    let two = payments::open(&app, first.clone()).await.unwrap();
    assert_eq!(one.checkout_url, two.checkout_url);
    assert_eq!(one.payment, two.payment);
    assert_eq!(world.stack.stripe().open_sessions().len(), 1);

    let mut other = first.clone();
    other.reference = "order-2";
    let refused = payments::open(&app, other).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);

    world.stack.stripe().pay(session(&one.payment)).unwrap();
    let refused = payments::open(&app, first.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    world.stack.settle().await;
    let refused = payments::open(&app, first).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
}

#[tokio::test]
async fn what_a_service_begins_in_its_own_transaction_is_opened_or_expires() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let begun = [0, 1].map(|_| new(&app, &hana.id, lines()));
    let mut tx = Transaction::new(&app);
    for payment in &begun {
        payments::begin(&mut tx, payment).unwrap();
    }
    assert!(matches!(tx.commit().await.unwrap(), Outcome::Done));
    let [opened, left] = begun;
    let opened = payments::open(&app, opened).await.unwrap().payment;
    world.stack.stripe().pay(session(&opened)).unwrap();
    world.stack.settle().await;
    assert_eq!(find(&app, opened.payment_ref()).await.state, State::Settled);
    later(&world, SignedDuration::from_mins(66));
    sweep(&world).await.unwrap();
    let left = PaymentRef {
        payment_id: left.payment_id,
        ..opened.payment_ref()
    };
    assert_eq!(find(&app, left).await.state, State::Expired);
    assert_eq!(announced(&world), ["expired", "settled"]);
}

#[tokio::test]
async fn calling_off_loses_to_a_customer_who_was_faster() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let one = open(&app, &hana).await.payment;
    for _ in 0..2 {
        let expired = payments::expire(&app, one.payment_ref()).await.unwrap();
        assert_eq!(expired.state, State::Expired);
    }
    world.stack.settle().await;
    assert!(world.stack.stripe().pay(session(&one)).is_err());

    let other = open(&app, &hana).await.payment;
    // The webhook is not here yet when it is called off.
    world.stack.stripe().deliver_order(Order {
        delay: SignedDuration::from_hours(1),
        ..Order::default()
    });
    world.stack.stripe().pay(session(&other)).unwrap();
    let paid = payments::expire(&app, other.payment_ref()).await.unwrap();
    assert_eq!(paid.state, State::Settled);
    later(&world, SignedDuration::from_hours(1));
    world.stack.settle().await;
    assert_eq!(find(&app, other.payment_ref()).await.version, paid.version);
    assert_eq!(announced(&world), ["expired", "settled"]);
}
