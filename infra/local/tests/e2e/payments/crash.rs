//! Its flows under faults.

use enishi_local::stripe::{Balance, Order};
use enishi_shared::{
    App, Error,
    payments::{self, NewPayment, NewTransfer, Opened, PaymentId, PaymentRef, Reversed, State},
    stripe,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{announced, dump, later, lines, new, session};
use crate::crash::{Fault, Flow, Scene, flows};

flows!(
    payments: open, webhook, relay, ledger, refund, transfer, reverse, debt, dispute, expire, sweep,
    collect
);

async fn open(name: &'static str) {
    let flow = Flow {
        name,
        function: SERVICE,
        two_meet: true,
    };
    flow.survives(
        async |_| {},
        async |scene| opens(scene, 0).await.is_ok(),
        one_that_can_be_paid,
    )
    .await;
}

async fn webhook(name: &'static str) {
    let flow = Flow {
        name,
        function: "PaymentsWebhook",
        two_meet: false,
    };
    flow.survives(paid, delivered, settled).await;
}

async fn relay(name: &'static str) {
    let flow = Flow {
        name,
        function: "PlatformRelay",
        two_meet: false,
    };
    flow.survives(paid, delivered, settled).await;
}

async fn ledger(name: &'static str) {
    let flow = Flow {
        name,
        function: "PaymentsLedger",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            paid(scene).await;
            assert!(scene.world.stack.stripe().deliver().await);
        },
        async |scene| told(scene, "checkout.session.completed").await,
        settled,
    )
    .await;
}

async fn refund(name: &'static str) {
    let flow = Flow {
        name,
        function: SERVICE,
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            paid(scene).await;
            scene.world.stack.settle().await;
        },
        async |scene| refunds(scene).await.is_ok(),
        async |scene| {
            let announcements = ["refunded", "settled"];
            let money = [3_000, 1_000, 0, 0];
            ended(scene, &[State::PartiallyRefunded], &announcements, money).await
        },
    )
    .await;
}

async fn transfer(name: &'static str) {
    let flow = Flow {
        name,
        function: SERVICE,
        two_meet: true,
    };
    flow.survives(
        paid_for_a_maker,
        async |scene| transfers(scene).await.is_ok(),
        async |scene| ended(scene, &[State::Settled], &["settled"], [3_000, 0, 900, 0]).await,
    )
    .await;
}

async fn reverse(name: &'static str) {
    let flow = Flow {
        name,
        function: SERVICE,
        two_meet: true,
    };
    flow.survives(
        passed_on,
        async |scene| reverses(scene, 0).await,
        async |scene| {
            let announcements = ["reversed", "settled"];
            let money = [3_000, 0, 0, 0];
            ended(scene, &[State::Settled], &announcements, money).await
        },
    )
    .await;
}

async fn debt(name: &'static str) {
    let flow = Flow {
        name,
        function: SERVICE,
        two_meet: true,
    };
    flow.survives(
        spent,
        async |scene| reverses(scene, 300).await,
        async |scene| {
            let announcements = ["reversed", "settled"];
            let money = [3_000, 0, 900, 0];
            ended(scene, &[State::Settled], &announcements, money).await
        },
    )
    .await;
}

async fn collect(name: &'static str) {
    let flow = Flow {
        name,
        function: "PaymentsSweep",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            spent(scene).await;
            assert!(reverses(scene, 300).await);
            earns(scene, 200).await;
            later(&scene.world, SignedDuration::from_hours(25));
        },
        async |scene| {
            later(&scene.world, SignedDuration::from_mins(11));
            scene.fire("PaymentsSweep").await.is_ok()
        },
        async |scene| {
            let announcements = ["reversed", "reversed", "settled"];
            let money = [3_000, 0, 900, 0];
            ended(scene, &[State::Settled], &announcements, money).await?;
            if reverses(scene, 100).await {
                return Ok(());
            }
            Err("another debt is left".into())
        },
    )
    .await;
}

async fn dispute(name: &'static str) {
    let flow = Flow {
        name,
        function: "PaymentsLedger",
        two_meet: true,
    };
    flow.survives(
        lost,
        async |scene| told(scene, "charge.dispute.created").await,
        async |scene| {
            let announcements = ["dispute_lost", "settled"];
            let money = [3_000, 0, 0, 2_000];
            ended(scene, &[State::Settled], &announcements, money).await
        },
    )
    .await;
}

async fn expire(name: &'static str) {
    let flow = Flow {
        name,
        function: SERVICE,
        two_meet: true,
    };
    flow.survives(
        async |scene| drop(opens(scene, 0).await.unwrap()),
        async |scene| {
            let expired = payments::expire(&service(scene), payment_ref(scene, 0)).await;
            expired.is_ok_and(|payment| payment.state == State::Expired)
        },
        async |scene| ended(scene, &[State::Expired], &["expired"], [0, 0, 0, 0]).await,
    )
    .await;
}

async fn sweep(name: &'static str) {
    let flow = Flow {
        name,
        function: "PaymentsSweep",
        two_meet: true,
    };
    flow.survives(
        three_that_wait,
        async |scene| {
            later(&scene.world, SignedDuration::from_mins(6));
            scene.fire("PaymentsSweep").await.is_ok()
        },
        nothing_waits,
    )
    .await;
}

/// As whom a service that takes payments acts.
const SERVICE: &str = "PaymentsLedger";

/// Such a service, in a process of its own.
fn service(scene: &Scene) -> App {
    scene.app(SERVICE)
}

/// Where the first guest's n-th payment lies.
fn payment_ref(scene: &Scene, number: usize) -> PaymentRef {
    let payment_id = format!("019aa2b4-7c1f-7d33-9f0a-00000000000{number}");
    PaymentRef {
        payer: scene.people[0].parse().unwrap(),
        payment_id: payment_id.parse::<PaymentId>().unwrap(),
    }
}

async fn opens(scene: &Scene, number: usize) -> Result<Opened, Error> {
    let app = service(scene);
    let payment = NewPayment {
        payment_id: payment_ref(scene, number).payment_id,
        ..new(&app, &scene.people[0], lines())
    };
    payments::open(&app, payment).await
}

async fn refunds(scene: &Scene) -> Result<payments::Payment, Error> {
    payments::refund(
        &service(scene),
        payment_ref(scene, 0),
        "parcel-1",
        Some(1_000),
    )
    .await
}

async fn transfers(scene: &Scene) -> Result<payments::Payment, Error> {
    let maker = maker(scene);
    let part = NewTransfer {
        name: "parcel-1",
        amount: 900,
        destination: &maker,
        part: 1_000,
    };
    payments::transfer(&service(scene), payment_ref(scene, 0), part).await
}

/// The account of the maker whom money can be passed on to.
fn maker(scene: &Scene) -> String {
    let events = scene.world.stack.stripe().events();
    events.into_iter().find_map(|event| event.account).unwrap()
}

/// Whether what was passed on is back, or owed: so much.
async fn reverses(scene: &Scene, owed: i64) -> bool {
    let app = service(scene);
    let done = payments::reverse(&app, payment_ref(scene, 0), "parcel-1", 900);
    let reversed = 900 - owed;
    done.await
        .is_ok_and(|done| done == Reversed { reversed, owed })
}

/// What is owed of a payment's parts.
fn owed(payment: &payments::Payment) -> i64 {
    let transfers = payment.transfers.values();
    transfers
        .filter_map(|it| it.reversal.as_ref())
        .map(|it| it.owed)
        .sum()
}

/// Opened and paid; Stripe has told nobody yet.
async fn paid(scene: &mut Scene) {
    let opened = opens(scene, 0).await.unwrap();
    let stripe = scene.world.stack.stripe();
    stripe.pay(session(&opened.payment)).unwrap();
}

/// Paid and settled, and a maker whom money can be passed on to.
async fn paid_for_a_maker(scene: &mut Scene) {
    let client = stripe::client(&service(scene));
    let maker = client.create_account("maker", "JP", None, &[]);
    let maker = maker.await.unwrap();
    scene.world.stack.stripe().onboard(&maker.id, true).unwrap();
    paid(scene).await;
    scene.world.stack.settle().await;
}

/// Passed on to a maker.
async fn passed_on(scene: &mut Scene) {
    paid_for_a_maker(scene).await;
    transfers(scene).await.unwrap();
}

/// Passed on to a maker who has ¥600 of it left.
async fn spent(scene: &mut Scene) {
    paid_for_a_maker(scene).await;
    transfers(scene).await.unwrap();
    let stripe = scene.world.stack.stripe();
    stripe.pay_out(&maker(scene)).unwrap();
    earns(scene, 600).await;
}

/// The maker gets something of another order.
async fn earns(scene: &Scene, amount: i64) {
    let more = stripe::NewTransfer {
        amount,
        currency: "jpy",
        destination: &maker(scene),
        source_transaction: None,
        transfer_group: "another order",
        metadata: &[],
    };
    let client = stripe::client(&service(scene));
    let key = format!("earns {amount}");
    client.create_transfer(&key, &more).await.unwrap();
}

/// A dispute that was lost; the ledger was told of neither.
async fn lost(scene: &mut Scene) {
    paid(scene).await;
    let world = &scene.world;
    world.stack.settle().await;
    let checkout = session(
        &payments::find(&service(scene), payment_ref(scene, 0))
            .await
            .unwrap(),
    )
    .to_owned();
    let stripe = world.stack.stripe();
    let dispute = stripe
        .dispute(&checkout, Some(2_000), "fraudulent")
        .unwrap();
    stripe.decide_dispute(&dispute, false).unwrap();
    assert!(stripe.deliver().await);
}

/// One that was paid, one that was not and one that was cut off before its Checkout; no webhook comes.
async fn three_that_wait(scene: &mut Scene) {
    scene.world.stack.stripe().deliver_order(Order {
        delay: SignedDuration::from_hours(10_000),
        ..Order::default()
    });
    paid(scene).await;
    opens(scene, 1).await.unwrap();
    // The record and the secret are its first two requests.
    scene.faults.watch(SERVICE, Some((Fault::GoneBefore, 2)));
    assert!(opens(scene, 2).await.is_err());
    scene.faults.end();
    later(&scene.world, SignedDuration::from_mins(60));
}

/// Stripe sends what it has to tell, or once more what was not taken, when it is time for that; and all
/// that follows.
async fn delivered(scene: &Scene) -> bool {
    let clock = scene.world.stack.clock();
    let events = scene.world.stack.stripe().events();
    if let Some(due) = events.iter().filter_map(|event| event.due).max() {
        clock.set(Some(due.max(clock.now())));
    }
    scene.world.stack.settle().await;
    true
}

/// The bus hands the ledger what Stripe told.
async fn told(scene: &Scene, kind: &str) -> bool {
    let rows = dump(&scene.world);
    let text = |row: &Value, field: &str| row[field]["S"].as_str().unwrap_or_default().to_owned();
    let completed = rows
        .iter()
        .find(|row| text(row, "detail_type") == format!("stripe.{kind}"))
        .unwrap();
    let detail: Value = serde_json::from_str(&text(completed, "detail")).unwrap();
    let event = json!({
        "source": text(completed, "source"),
        "detail-type": text(completed, "detail_type"),
        "detail": detail,
    });
    let ledger = scene.world.stack.lambda().invoke("PaymentsLedger", event);
    ledger.await.is_ok()
}

/// One record and one Checkout, and whoever pays that has paid.
async fn one_that_can_be_paid(scene: &mut Scene) -> Result<(), String> {
    let stripe = scene.world.stack.stripe();
    let [checkout] = &stripe.open_sessions()[..] else {
        return Err(format!("open: {:?}", stripe.open_sessions()));
    };
    stripe.pay(checkout)?;
    settled(scene).await
}

async fn settled(scene: &mut Scene) -> Result<(), String> {
    ended(scene, &[State::Settled], &["settled"], [3_000, 0, 0, 0]).await
}

async fn nothing_waits(scene: &mut Scene) -> Result<(), String> {
    let states = [State::Settled, State::Expired, State::Expired];
    let announcements = ["expired", "expired", "settled"];
    ended(scene, &states, &announcements, [3_000, 0, 0, 0]).await?;
    later(&scene.world, SignedDuration::from_hours(25));
    let swept = scene.fire("PaymentsSweep").await?;
    if swept == json!({"payments": 0}) {
        Ok(())
    } else {
        Err(format!("some wait still: {swept}"))
    }
}

/// That the guest has payments in these states, that nothing is to be done about them but to ask for
/// debts, and that each of these announcements was made once; and where the money is: what was paid,
/// given back, passed on and disputed.
async fn ended(
    scene: &mut Scene,
    states: &[State],
    announcements: &[&str],
    [paid, refunded, passed_on, disputed]: [i64; 4],
) -> Result<(), String> {
    scene.world.stack.settle().await;
    let app = service(scene);
    for (number, state) in states.iter().enumerate() {
        let payment = payments::find(&app, payment_ref(scene, number)).await;
        let payment = payment.map_err(|error| error.to_string())?;
        if payment.state != *state
            || (payment.due_at.is_some() && owed(&payment) == 0)
            || payment.amount_refunded != payment.refunds.values().map(|it| it.amount).sum::<i64>()
        {
            return Err(format!("{payment:?}"));
        }
    }
    let rows = dump(&scene.world);
    let of = |field: &str, start: &str| {
        let texts = rows.iter().filter_map(|row| row[field]["S"].as_str());
        texts.filter(|text| text.starts_with(start)).count()
    };
    let stripe = scene.world.stack.stripe();
    let sent = stripe.events().iter().filter(|it| it.attempts > 0).count();
    let counted = [of("pk", "PAYER#"), of("detail_type", "stripe.")];
    if counted != [states.len(), sent] {
        return Err(format!("{counted:?} records and events of {sent}"));
    }
    if announced(&scene.world) != announcements {
        return Err(format!("announced: {:?}", announced(&scene.world)));
    }
    let balance = Balance {
        paid,
        refunded,
        passed_on,
        disputed,
        platform: paid - refunded - passed_on - disputed,
    };
    if stripe.balance() != balance {
        return Err(format!("{:?}", stripe.balance()));
    }
    match scene.world.stack.lambda().dead_letters().first() {
        None => Ok(()),
        Some(letter) => Err(format!("given up: {letter:?}")),
    }
}
