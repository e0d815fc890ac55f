//! What moves the money of visits, under faults.

use enishi_local::stripe::Balance;
use enishi_shared::payments::{self, Payment, Sight};
use enishi_visits::{
    advance::follow,
    matching::{MatchingId, StoredMatching, matching_key},
    profile,
    state::{Action, Actor, State},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    items,
    money::{session, silence},
    people::{at, bring_in, bring_matchings_in, profile as verified, standing},
};
use crate::{
    crash::{Flow, Scene, flows},
    identity::later,
};

flows!(
    money: pay, pay_paid, settle, settle_late, refund, cancel_open, cancel_paid, lapse_open, remind,
);

/// Half an hour at ¥50.
const PRICE: i64 = 1_500;

fn flow(name: &'static str, function: &'static str) -> Flow {
    Flow {
        name,
        function,
        two_meet: true,
    }
}

/// The first two of the people, a student and an employee, have booked half an hour, two days ahead; the
/// token is the matching's id. Stripe tells nothing.
async fn booked(scene: &mut Scene) {
    let world = &scene.world;
    silence(world);
    let [listener, speaker] = [("student", 0), ("company", 1)]
        .map(|(kind, number)| verified(scene.people[number].parse().unwrap(), kind, kind));
    bring_in(world, &[listener.clone(), speaker.clone()]);
    let now = world.stack.clock().now();
    let matching = at(
        State::Scheduled,
        now,
        now + SignedDuration::from_hours(48),
        None,
    );
    let id = MatchingId::new(&world.app("VisitsErase", |_| {}));
    bring_matchings_in(world, &[standing((&speaker, &listener), id, matching)]);
    scene.token = id.to_string();
}

async fn pays(scene: &Scene) -> (u16, Value) {
    let body = json!({"matching_id": scene.token});
    scene.call(0, "POST", "/api/payment", Some(body)).await
}

/// [`booked`], with an open Checkout. Answers it.
async fn opened(scene: &mut Scene) -> String {
    booked(scene).await;
    let (status, body) = pays(scene).await;
    assert_eq!(status, 200, "{body}");
    session(&body)
}

/// … that is paid, of which we know nothing.
async fn paid_unheard(scene: &mut Scene) {
    let session = opened(scene).await;
    scene.world.stack.stripe().pay(&session).unwrap();
}

/// … and settled.
async fn paid(scene: &mut Scene) {
    paid_unheard(scene).await;
    assert!(settles(scene).await);
    scene.world.stack.settle().await;
}

async fn cancels(scene: &Scene, person: usize) -> bool {
    let path = format!("/api/matching/{}", scene.token);
    let body = json!({"action": "cancel"});
    scene.call(person, "PUT", &path, Some(body)).await.0 == 200
}

async fn stored(scene: &Scene) -> StoredMatching {
    let table = profile::table(&scene.app("VisitsFindMatching")).unwrap();
    let place = matching_key(scene.token.parse().unwrap());
    table.get(&place).await.unwrap().unwrap()
}

/// The ledger's record of the only payment.
async fn payment(scene: &Scene) -> Payment {
    let stored = stored(scene).await;
    let payment_ref = stored.payment_ref(stored.payments[0].payment_id);
    let app = scene.app("PaymentsLedger");
    payments::find(&app, payment_ref).await.unwrap()
}

/// The ledger follows Stripe, and the bus hands over what it says.
async fn settles(scene: &Scene) -> bool {
    let app = scene.app("PaymentsLedger");
    let known = payment(scene).await;
    let known = payments::follow(&app, known, Sight::Nothing, "told").await;
    let event = json!({
        "source": "enishi.payments", "detail-type": "payment.settled",
        "detail": {"id": "1", "time": "2026-11-20T11:00:00Z", "data": known.unwrap().summary()},
    });
    let lambda = scene.world.stack.lambda();
    lambda.invoke("VisitsSettle", event).await.is_ok()
}

/// Where the matching, the money, the ledger and the Checkouts stand once all has followed; what the two were
/// told of, and that nothing was given up.
async fn ended(
    scene: &Scene,
    state: State,
    [taken, back]: [i64; 2],
    told: &[(&str, usize)],
) -> Result<(), String> {
    let world = &scene.world;
    world.stack.settle().await;
    let stored = stored(scene).await;
    let [begun] = &stored.payments[..] else {
        return Err(format!("{:?}", stored.payments));
    };
    let record = payment(scene).await;
    let balance = Balance {
        paid: taken,
        refunded: back,
        passed_on: 0,
        disputed: 0,
        platform: taken - back,
    };
    let stripe = world.stack.stripe();
    if (stored.matching.state, begun.refund as i64, stripe.balance()) != (state, back, balance)
        || record.amount_refunded != back
        || record.state.is_paid() != (taken > 0)
        || begun.settled_at.is_some() != (taken > 0)
        || !stripe.open_sessions().is_empty()
    {
        return Err(format!("{stored:?}, {record:?}, {:?}", stripe.balance()));
    }
    let notices = items(world, "NOTICES#");
    let letters = items(world, "OUTBOX#");
    let letters = letters
        .iter()
        .filter(|row| row["detail_type"]["S"] == "mail.requested");
    let all: usize = told.iter().map(|(_, count)| count).sum();
    for (topic, count) in told {
        let about = notices
            .iter()
            .filter(|notice| notice["topic"]["S"] == *topic);
        if about.count() != *count {
            return Err(format!("{topic}: {notices:?}"));
        }
    }
    let counted = (notices.len(), letters.count());
    if counted != (all, all) {
        return Err(format!("{counted:?} notices and letters"));
    }
    match world.stack.lambda().dead_letters().first() {
        None => Ok(()),
        Some(letter) => Err(format!("given up: {letter:?}")),
    }
}

async fn pay(name: &'static str) {
    flow(name, "VisitsPay")
        .survives(
            booked,
            async |scene| pays(scene).await.0 == 200,
            async |scene| {
                let stripe = scene.world.stack.stripe();
                let [checkout] = &stripe.open_sessions()[..] else {
                    return Err(format!("open: {:?}", stripe.open_sessions()));
                };
                stripe.pay(checkout)?;
                settles(scene).await;
                ended(scene, State::Paid, [PRICE, 0], &[("paid", 2)]).await
            },
        )
        .await;
}

async fn pay_paid(name: &'static str) {
    flow(name, "VisitsPay")
        .survives(
            paid_unheard,
            async |scene| {
                let (status, body) = pays(scene).await;
                status == 409 && body["message"] == "the matching is paid"
            },
            async |scene| ended(scene, State::Paid, [PRICE, 0], &[("paid", 2)]).await,
        )
        .await;
}

async fn settle(name: &'static str) {
    flow(name, "VisitsSettle")
        .survives(
            paid_unheard,
            async |scene| settles(scene).await,
            async |scene| ended(scene, State::Paid, [PRICE, 0], &[("paid", 2)]).await,
        )
        .await;
}

async fn settle_late(name: &'static str) {
    flow(name, "VisitsSettle")
        .survives(
            async |scene| {
                let session = opened(scene).await;
                let stripe = scene.world.stack.stripe();
                stripe.pay_slowly(&session).unwrap();
                assert!(cancels(scene, 1).await);
                stripe.settle_late(&session, true).unwrap();
            },
            async |scene| settles(scene).await,
            async |scene| {
                let told = [("cancelled", 2), ("refunded", 1)];
                ended(scene, State::Cancelled, [PRICE, PRICE], &told).await
            },
        )
        .await;
}

async fn refund(name: &'static str) {
    flow(name, "VisitsRefund")
        .survives(
            async |scene| {
                paid(scene).await;
                scene
                    .faults
                    .watch("PlatformRelay", Some((crate::crash::Fault::GoneBefore, 0)));
                assert!(cancels(scene, 1).await);
                scene.faults.end();
            },
            async |scene| {
                let stored = stored(scene).await;
                let [begun] = &stored.payments[..] else {
                    return false;
                };
                let event = json!({
                    "source": "enishi.visits", "detail-type": "visits.refund_owed",
                    "detail": {
                        "id": "1", "time": "2026-11-20T11:00:00Z",
                        "data": {
                            "payer": stored.listener, "payment_id": begun.payment_id,
                            "matching_id": stored.matching_id, "amount": begun.refund,
                        },
                    },
                });
                let lambda = scene.world.stack.lambda();
                lambda.invoke("VisitsRefund", event).await.is_ok()
            },
            async |scene| {
                let told = [("paid", 2), ("refunded", 2)];
                ended(scene, State::Refunded, [PRICE, PRICE], &told).await
            },
        )
        .await;
}

async fn cancel_open(name: &'static str) {
    flow(name, "VisitsUpdateMatching")
        .survives(
            async |scene| drop(opened(scene).await),
            async |scene| cancels(scene, 0).await,
            async |scene| ended(scene, State::Cancelled, [0, 0], &[("cancelled", 2)]).await,
        )
        .await;
}

async fn cancel_paid(name: &'static str) {
    flow(name, "VisitsUpdateMatching")
        .survives(
            paid_unheard,
            async |scene| cancels(scene, 1).await,
            async |scene| {
                let told = [("paid", 2), ("refunded", 2)];
                ended(scene, State::Refunded, [PRICE, PRICE], &told).await
            },
        )
        .await;
}

async fn lapse_open(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            async |scene| {
                opened(scene).await;
                later(&scene.world, 24 * 60 * 60);
            },
            async |scene| scene.fire("VisitsSweep").await.is_ok(),
            async |scene| ended(scene, State::Cancelled, [0, 0], &[("cancelled", 2)]).await,
        )
        .await;
}

async fn remind(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            async |scene| {
                paid(scene).await;
                later(&scene.world, 24 * 60 * 60);
            },
            async |scene| {
                let app = scene.app("VisitsSweep");
                let id = scene.token.parse().unwrap();
                let reminded = follow(&app, id, Actor::Clock, Action::Remind).await;
                reminded.is_ok()
            },
            async |scene| {
                let told = [("paid", 2), ("reminder", 2)];
                ended(scene, State::Paid, [PRICE, 0], &told).await
            },
        )
        .await;
}
