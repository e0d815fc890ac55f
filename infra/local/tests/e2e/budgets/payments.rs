//! What the payments' functions take, and what it costs a service to open one.

use super::{Measured, count};
use crate::{
    payments::{
        find, later, lines, maker, new, open, part, seen, service, session,
        subscriptions::{invoices, subscribed},
        sweep,
    },
    support::World,
};
use enishi_shared::{
    payments::{refund, reverse, transfer},
    stripe::client,
};
use jiff::SignedDuration;
use serde_json::json;

/// Lets a payment live and counts.
pub async fn measure(world: &World, measured: &mut Measured) {
    // An invoice: that of the second month.
    let member = world.sign_up("member").await;
    let first = subscribed(world, &member).await;
    later(world, SignedDuration::from_hours(31 * 24));
    count(world, "");
    world.stack.settle().await;
    assert_eq!(measured.count(world, "payments-ledger"), 3);
    // What is given back at Stripe of the third month's, of which nobody has told yet.
    later(world, SignedDuration::from_hours(31 * 24));
    let app = service(world);
    let client = client(&app);
    let id = first.stripe.subscription.unwrap();
    let invoice = invoices(&app, &id).await.pop().unwrap();
    let invoice = client.invoice(&invoice.id).await.unwrap();
    let intent = invoice.payment_intent.unwrap();
    let given_back = client.create_refund("by hand", &intent, Some(500), &[]);
    let given_back = given_back.await.unwrap();
    let told = json!({
        "source": "enishi.payments",
        "detail-type": "stripe.refund.created",
        "detail": {
            "id": "evt_refund",
            "time": "2026-11-20T11:00:00Z",
            "data": {"type": "refund.created", "object": "refund", "object_id": given_back.id},
        },
    });
    count(world, "");
    let lambda = world.stack.lambda();
    lambda.invoke("PaymentsLedger", told).await.unwrap();
    measured.count(world, "payments-ledger");
    world.stack.settle().await;

    let hana = world.sign_up("payer").await;
    let app = service(world);
    count(world, "");
    // A service is counted as the ledger, as which it acts here.
    let payment = open(&app, &hana).await.payment;
    assert_eq!(measured.count(world, "payments-ledger"), 2);
    seen(world, &hana).await;
    measured.count(world, "payments-list");

    let stripe = world.stack.stripe();
    let told = stripe.events().len();
    stripe.pay(session(&payment)).unwrap();
    let asked = stripe.requests().len();
    stripe.deliver().await;
    let events = stripe.events().len() - told;
    let taken = measured.within(world, "payments-webhook", 0, events);
    assert_eq!(taken, events);
    world.stack.settle().await;
    assert_eq!(measured.count(world, "payments-ledger"), 2);
    assert_eq!(stripe.requests().len() - asked, 2);

    // A part that is passed on, paid out, and taken back as far as the account covers it.
    let payment_ref = payment.payment_ref();
    let account = maker(world, &app).await;
    let other = maker(world, &app).await;
    let taken = |world: &World, most: usize| {
        let taken = count(world, "payments-ledger");
        assert!(taken <= most, "{taken}");
    };
    transfer(&app, payment_ref, part("a", &account))
        .await
        .unwrap();
    taken(world, 3);
    transfer(&app, payment_ref, part("b", &other))
        .await
        .unwrap();
    taken(world, 3);
    reverse(&app, payment_ref, "b", 900).await.unwrap();
    taken(world, 3);
    stripe.pay_out(&account).unwrap();
    reverse(&app, payment_ref, "a", 900).await.unwrap();
    taken(world, 3);
    refund(&app, payment_ref, "c", Some(400)).await.unwrap();
    taken(world, 3);
    world.stack.settle().await;
    // A dispute, and the debt that is asked for in vain.
    stripe
        .dispute(session(&payment), Some(100), "fraudulent")
        .unwrap();
    count(world, "");
    world.stack.settle().await;
    // It is told twice.
    taken(world, 2 * 2);
    later(world, SignedDuration::from_hours(25));
    count(world, "");
    sweep(world).await.unwrap();
    measured.within(world, "payments-sweep", 1, 1);
    assert!(find(&app, payment_ref).await.due_at.is_some());

    // One that nobody paid, and one that is still being made.
    let waiting = open(&app, &hana).await.payment;
    let due = waiting.expires_at.duration_since(world.stack.clock().now());
    later(world, due + SignedDuration::from_mins(6));
    let young = new(&app, &hana.id, lines());
    enishi_shared::payments::open(&app, young).await.unwrap();
    count(world, "");
    sweep(world).await.unwrap();
    measured.within(world, "payments-sweep", 1, 1);
}
