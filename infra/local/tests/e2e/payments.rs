//! Payments: opened as a service opens them, paid on Stripe's page, and what the ledger makes of it.

use enishi_shared::{
    App, UserId,
    payments::{
        self, Line, NewPayment, NewTransfer, Opened, Payment, PaymentId, PaymentRef, Product,
        Purpose,
    },
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Person, World, text};

pub mod crash;
pub mod crash_subscriptions;
mod disputes;
mod ledger;
mod lists;
mod money;
mod passed_on;
mod periods;
mod permutations;
pub mod subscriptions;
mod sweep;
mod webhook;

/// A service that takes payments: it acts as `PaymentsLedger`, whose policy is what such a service
/// needs.
pub fn service(world: &World) -> App {
    world.app("PaymentsLedger", |_| {})
}

/// ¥3,000 for an order of two things.
pub fn lines() -> Product {
    let line = |name: &str, unit_amount, quantity| Line {
        name: name.into(),
        unit_amount,
        quantity,
    };
    Product::Lines(vec![line("器", 1_000, 2), line("布", 1_000, 1)])
}

/// A new payment of somebody's.
pub fn new(app: &App, payer: &str, product: Product) -> NewPayment<'static> {
    NewPayment {
        payment_id: PaymentId::new(app),
        payer: payer.parse().unwrap(),
        purpose: Purpose::new("sample"),
        reference: "order-1",
        product,
        currency: "jpy",
        lasts: SignedDuration::from_mins(60),
        cards_only: false,
        success_url: "http://localhost:5173/done",
        cancel_url: "http://localhost:5173/cart",
    }
}

/// Opens a payment of ¥3,000 for somebody.
pub async fn open(app: &App, person: &Person) -> Opened {
    payments::open(app, new(app, &person.id, lines()))
        .await
        .unwrap()
}

/// A payment of ¥3,000 that somebody has made by card.
pub async fn paid(world: &World, app: &App, person: &Person) -> Payment {
    let payment = open(app, person).await.payment;
    world.stack.stripe().pay(session(&payment)).unwrap();
    world.stack.settle().await;
    find(app, payment.payment_ref()).await
}

/// The account at Stripe of somebody whom money can be passed on to.
pub async fn maker(world: &World, app: &App) -> String {
    let key = app.new_id().to_string();
    let client = enishi_shared::stripe::client(app);
    let account = client.create_account(&key, "JP", None, &[]).await.unwrap();
    world.stack.stripe().onboard(&account.id, true).unwrap();
    account.id
}

/// A part of ¥1,000 of which the house keeps ¥100.
pub fn part<'a>(name: &'a str, destination: &'a str) -> NewTransfer<'a> {
    NewTransfer {
        name,
        amount: 900,
        destination,
        part: 1_000,
    }
}

/// The Checkout of a payment.
pub fn session(payment: &Payment) -> &str {
    payment.stripe.checkout_session.as_deref().unwrap()
}

/// The record as it lies in the table.
pub async fn find(app: &App, payment_ref: PaymentRef) -> Payment {
    payments::find(app, payment_ref).await.unwrap()
}

/// What somebody sees of their payments: states and what was given back.
pub async fn seen(world: &World, person: &Person) -> Vec<(String, i64)> {
    let list = world.get(person, "/api/payments").await.expect(200).body;
    let payments = list.as_array().cloned().unwrap_or_default();
    let seen = |payment: &Value| {
        let back = payment["amount_refunded"].as_i64().unwrap();
        (text(&payment["state"]), back)
    };
    payments.iter().map(seen).collect()
}

/// The rows of the table.
pub fn dump(world: &World) -> Vec<Value> {
    let request = serde_json::from_value(json!({"TableName": "PaymentsTable"})).unwrap();
    let answer = world.stack.database().scan(request).unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    answer["Items"].as_array().cloned().unwrap_or_default()
}

/// The announcements about payments, `settled` and so on, in alphabetical order.
pub fn announced(world: &World) -> Vec<String> {
    let mut kinds: Vec<String> = dump(world)
        .iter()
        .filter_map(|row| row["detail_type"]["S"].as_str()?.strip_prefix("payment."))
        .map(str::to_owned)
        .collect();
    kinds.sort();
    kinds
}

/// Moves the clock on.
pub fn later(world: &World, duration: SignedDuration) {
    let clock = world.stack.clock();
    clock.set(Some(clock.now() + duration));
}

/// Runs the sweep as it is scheduled.
pub async fn sweep(world: &World) -> Result<Value, String> {
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let swept = world.stack.lambda().invoke("PaymentsSweep", tick).await;
    world.stack.settle().await;
    swept
}

/// Somebody's id.
pub fn id(person: &Person) -> UserId {
    person.id.parse().unwrap()
}
