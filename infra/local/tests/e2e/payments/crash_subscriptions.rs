//! What becomes of subscriptions, under faults.

use enishi_shared::{
    App,
    payments::{
        Payment, State,
        subscription::{end_and_refund, set_cancel, set_quantity},
    },
    stripe,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    announced, dump, later, session,
    subscriptions::{ledger, subscribe},
};
use crate::crash::{Flow, Scene, flows};

flows!(subscriptions: begin, renewal, given_back, more, call_off, too_many);

/// As whom a service that takes payments acts.
const SERVICE: &str = "PaymentsLedger";

fn flow(name: &'static str) -> Flow {
    Flow {
        name,
        function: SERVICE,
        two_meet: true,
    }
}

fn service(scene: &Scene) -> App {
    scene.app(SERVICE)
}

/// Its first period is paid; the ledger was told of nothing.
async fn paid(scene: &mut Scene) {
    let app = service(scene);
    let payment = subscribe(&app, &scene.people[0], 3).await;
    let stripe = scene.world.stack.stripe();
    stripe.pay(session(&payment)).unwrap();
    stripe.deliver().await;
}

/// The same, and the ledger knows.
async fn begun(scene: &mut Scene) {
    paid(scene).await;
    scene.world.stack.settle().await;
}

/// A further period is paid; the ledger was not told.
async fn renewed(scene: &mut Scene) {
    begun(scene).await;
    later(&scene.world, SignedDuration::from_hours(32 * 24));
    scene.world.stack.stripe().deliver().await;
}

/// What the guest has paid, oldest first.
async fn payments(scene: &Scene) -> Vec<Payment> {
    ledger(&scene.world, scene.people[0].parse().unwrap()).await
}

/// The guest's subscription.
async fn subscription(scene: &Scene) -> String {
    let invoices = scene.world.stack.stripe().events().into_iter();
    let mut objects = invoices.map(|event| event.body["data"]["object"].clone());
    let object = objects.find(|object| object["object"] == "subscription");
    object.unwrap()["id"].as_str().unwrap().to_owned()
}

/// The bus hands the ledger the last of these events that Stripe told.
async fn told(scene: &Scene, kind: &str) -> bool {
    let events = scene.world.stack.stripe().events();
    let event = events.iter().rfind(|event| event.kind == kind).unwrap();
    let rows = dump(&scene.world);
    let key = format!("OUTBOX#{}", event.id);
    let row = rows
        .iter()
        .find(|row| row["pk"]["S"] == key.as_str())
        .unwrap();
    let detail: Value = serde_json::from_str(row["detail"]["S"].as_str().unwrap()).unwrap();
    let event = json!({
        "source": row["source"]["S"],
        "detail-type": row["detail_type"]["S"],
        "detail": detail,
    });
    let ledger = scene.world.stack.lambda().invoke("PaymentsLedger", event);
    ledger.await.is_ok()
}

async fn begin(name: &'static str) {
    flow(name)
        .survives(
            paid,
            async |scene| {
                told(scene, "invoice.paid").await && told(scene, "checkout.session.completed").await
            },
            async |scene| ended(scene, &[State::Settled], &["settled"], [3_000, 0]).await,
        )
        .await;
}

async fn renewal(name: &'static str) {
    flow(name)
        .survives(
            renewed,
            async |scene| told(scene, "invoice.paid").await,
            async |scene| {
                let announcements = ["settled", "settled"];
                ended(scene, &[State::Settled; 2], &announcements, [6_000, 0]).await
            },
        )
        .await;
}

/// In Stripe's dashboard, before the ledger has heard of the period.
async fn given_back(name: &'static str) {
    flow(name)
        .survives(
            async |scene| {
                renewed(scene).await;
                let app = service(scene);
                let client = stripe::client(&app);
                let id = subscription(scene).await;
                let since = scene.world.stack.clock().now() - SignedDuration::from_hours(10 * 24);
                let invoices = client.invoices_of(&id, since).await.unwrap();
                let invoice = client.invoice(&invoices[0].id).await.unwrap();
                let intent = invoice.payment_intent.unwrap();
                let made = client.create_refund("by hand", &intent, Some(1_000), &[]);
                made.await.unwrap();
                scene.world.stack.stripe().deliver().await;
            },
            async |scene| told(scene, "refund.created").await,
            async |scene| {
                let states = [State::Settled, State::PartiallyRefunded];
                let announcements = ["refunded", "settled", "settled"];
                ended(scene, &states, &announcements, [6_000, 1_000]).await
            },
        )
        .await;
}

async fn more(name: &'static str) {
    flow(name)
        .survives(
            begun,
            async |scene| {
                let id = subscription(scene).await;
                set_quantity(&service(scene), &id, 5).await.is_ok()
            },
            async |scene| {
                let announcements = ["settled", "settled"];
                ended(scene, &[State::Settled; 2], &announcements, [5_000, 0]).await?;
                let id = subscription(scene).await;
                let now = stripe::client(&service(scene)).subscription(&id).await;
                match now.map_err(|error| error.to_string())?.items[0].quantity {
                    5 => Ok(()),
                    other => Err(format!("{other} seats")),
                }
            },
        )
        .await;
}

async fn call_off(name: &'static str) {
    flow(name)
        .survives(
            async |scene| {
                begun(scene).await;
                let id = subscription(scene).await;
                scene.world.stack.stripe().call_off(&id, true).unwrap();
            },
            async |scene| {
                let id = subscription(scene).await;
                let app = service(scene);
                set_cancel(&app, &id, false).await.is_ok()
                    && set_cancel(&app, &id, true).await.is_ok()
            },
            async |scene| {
                later(&scene.world, SignedDuration::from_hours(32 * 24));
                ended(scene, &[State::Settled], &["settled"], [3_000, 0]).await
            },
        )
        .await;
}

async fn too_many(name: &'static str) {
    flow(name)
        .survives(
            renewed,
            async |scene| {
                let id = subscription(scene).await;
                end_and_refund(&service(scene), &id).await.is_ok()
            },
            async |scene| {
                let announcements = ["refunded", "refunded", "settled", "settled"];
                ended(scene, &[State::Refunded; 2], &announcements, [6_000, 6_000]).await
            },
        )
        .await;
}

/// That the guest's payments are in these states and wait for nothing, that this was announced, once each,
/// and what was paid and given back.
async fn ended(
    scene: &mut Scene,
    states: &[State],
    announcements: &[&str],
    [paid, refunded]: [i64; 2],
) -> Result<(), String> {
    scene.world.stack.settle().await;
    let payments = payments(scene).await;
    let found: Vec<State> = payments.iter().map(|payment| payment.state).collect();
    if found != states || payments.iter().any(|payment| payment.due_at.is_some()) {
        return Err(format!("{payments:?}"));
    }
    let back: i64 = payments.iter().map(|payment| payment.amount_refunded).sum();
    let balance = scene.world.stack.stripe().balance();
    if [balance.paid, balance.refunded, back] != [paid, refunded, refunded] {
        return Err(format!("{balance:?}, {back} given back"));
    }
    if announced(&scene.world) != announcements {
        return Err(format!("announced: {:?}", announced(&scene.world)));
    }
    match scene.world.stack.lambda().dead_letters().first() {
        None => Ok(()),
        Some(letter) => Err(format!("given up: {letter:?}")),
    }
}
