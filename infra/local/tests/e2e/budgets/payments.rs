//! What the payments' functions take, and what it costs a service to open one.

use std::collections::BTreeMap;

use super::count;
use crate::{
    payments::{later, lines, new, open, seen, service, session, sweep},
    support::World,
};
use jiff::SignedDuration;

type Measured = BTreeMap<(&'static str, &'static str), usize>;

/// Lets a payment live and counts.
pub async fn measure(world: &World, measured: &mut Measured) {
    let hana = world.sign_up("payer").await;
    let app = service(world);
    count(world, "");
    // A service is counted as the ledger, as which it acts here.
    let payment = open(&app, &hana).await.payment;
    assert_eq!(count(world, "PaymentsLedger"), 2);
    seen(world, &hana).await;
    measured.insert(("GET", "/api/payments"), count(world, "PaymentsList"));

    world.stack.stripe().pay(session(&payment)).unwrap();
    let asked = world.stack.stripe().requests().len();
    world.stack.stripe().deliver().await;
    let events = world.stack.stripe().events().len();
    measured.insert(
        ("POST", "/webhook/stripe"),
        count(world, "PaymentsWebhook") / events,
    );
    world.stack.settle().await;
    assert_eq!(count(world, "PaymentsLedger"), 2);
    assert_eq!(world.stack.stripe().requests().len() - asked, 2);

    // One that nobody paid, and one that is still being made.
    let waiting = open(&app, &hana).await.payment;
    let due = waiting.expires_at.duration_since(world.stack.clock().now());
    later(world, due + SignedDuration::from_mins(6));
    let young = new(&app, &hana.id, lines());
    enishi_shared::payments::open(&app, young).await.unwrap();
    count(world, "");
    sweep(world).await.unwrap();
    assert!(count(world, "PaymentsSweep") <= 6);
}
