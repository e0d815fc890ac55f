//! In whatever order payments tell of themselves, and however often, a visit ends in the same state and
//! with the same sums.

use std::collections::BTreeMap;

use enishi_local::stripe::Event;
use enishi_shared::app::Random;
use enishi_visits::state::State;

use super::{
    super::{
        items,
        people::{at, bring_in, bring_matchings_in, logged_in, profile, standing, user_id},
    },
    *,
};
use crate::support::permutations;

/// What happens to a visit that waits for its payment, before anybody hears of it.
#[derive(Clone, Copy, Debug)]
enum Life {
    /// It is paid for.
    Paid,
    /// … and cancelled by the employee at once.
    PaidAndCancelled,
    /// … by the student, within a day before.
    PaidAndCancelledLate,
    /// The bank takes its time, and the visit is cancelled meanwhile.
    SettledLate,
}

impl Life {
    const ALL: [Self; 4] = [
        Self::Paid,
        Self::PaidAndCancelled,
        Self::PaidAndCancelledLate,
        Self::SettledLate,
    ];

    /// How it ends, and what goes back of [`SUM`].
    fn ends(self) -> (State, i64) {
        match self {
            Self::Paid => (State::Paid, 0),
            Self::PaidAndCancelled => (State::Refunded, SUM),
            Self::PaidAndCancelledLate => (State::Refunded, 765),
            Self::SettledLate => (State::Cancelled, SUM),
        }
    }

    fn hours_ahead(self) -> i64 {
        match self {
            Self::PaidAndCancelledLate => 5,
            _ => 30,
        }
    }
}

/// Half an hour at ¥51.
const SUM: i64 = 1_530;

/// How many visits live each life, each told of it in its own order: as many as four things have orders.
const MANY: usize = 24;

struct Draw(Random);

impl Draw {
    fn below(&self, bound: usize) -> usize {
        (u32::from_le_bytes(self.0.bytes()) as usize) % bound
    }

    /// In another order, each up to three times.
    fn told<T: Clone>(&self, things: &[T]) -> Vec<T> {
        let copies = things.iter().flat_map(|thing| {
            let times = 1 + self.below(3);
            std::iter::repeat_n(thing.clone(), times)
        });
        let mut told: Vec<T> = copies.collect();
        for last in (1..told.len()).rev() {
            told.swap(last, self.below(last + 1));
        }
        told
    }
}

/// What Stripe told, as the bus hands it to the ledger.
fn on_the_bus(event: &Event) -> Value {
    let object = &event.body["data"]["object"];
    json!({
        "source": "enishi.payments", "detail-type": format!("stripe.{}", event.kind),
        "detail": {
            "id": event.id, "time": START,
            "data": {
                "type": event.kind, "object": object["object"], "object_id": object["id"],
            },
        },
    })
}

/// What is told of each payment, each in another order until there is no other, and all of it once more.
fn in_every_order<T: Clone>(things: &[T], payment: impl Fn(&T) -> Value) -> Vec<T> {
    let mut payments: BTreeMap<String, Vec<&T>> = BTreeMap::new();
    for thing in things {
        let payment = payment(thing).as_str().unwrap().to_owned();
        payments.entry(payment).or_default().push(thing);
    }
    assert_eq!(payments.len(), MANY);
    let mut told = Vec::new();
    for (nth, things) in payments.values().enumerate() {
        let orders = permutations(things.len());
        assert!(MANY.is_multiple_of(orders.len()));
        let order = &orders[nth % orders.len()];
        told.extend(order.iter().chain(order).map(|it| things[*it].clone()));
    }
    told
}

/// What was announced, and who takes it.
fn announced(world: &World) -> Vec<(&'static str, Value)> {
    let rows = [world.items("PaymentsTable"), items(world, "OUTBOX#")].concat();
    let rows = rows.iter().filter_map(|row| {
        let function = match row["detail_type"]["S"].as_str()? {
            "payment.settled" => "VisitsSettle",
            "visits.refund_owed" => "VisitsRefund",
            _ => return None,
        };
        let detail: Value = serde_json::from_str(row["detail"]["S"].as_str()?).ok()?;
        Some((function, json!({"detail": detail})))
    });
    rows.collect()
}

async fn lives(life: Life, seed: u64) {
    let world = World::with(|options| {
        options
            .parameters
            .insert("VisitYenPerMinute".into(), "51".into());
    })
    .await;
    silence(&world);
    let draw = Draw(Random::from_seed(seed));
    let profiles = [
        profile(user_id(1), "sora", "company"),
        profile(user_id(2), "hana", "student"),
    ];
    bring_in(&world, &profiles);
    let speaker = logged_in(&world, user_id(1), "sora").await;
    let listener = logged_in(&world, user_id(2), "hana").await;
    let app = world.app("VisitsErase", |_| {});
    let now = world.stack.clock().now();
    let date = now + SignedDuration::from_hours(life.hours_ahead());
    let booked = |_| {
        let matching = at(State::Scheduled, now, date, None);
        let id = enishi_visits::matching::MatchingId::new(&app);
        standing((&profiles[0], &profiles[1]), id, matching)
    };
    let booked: Vec<_> = (0..MANY).map(booked).collect();
    bring_matchings_in(&world, &booked);

    let stripe = world.stack.stripe();
    for stored in &booked {
        let id = stored.matching_id.to_string();
        let opened = pay(&world, &listener, &id).await;
        let session = session(&opened.expect(200).body);
        match life {
            Life::SettledLate => stripe.pay_slowly(&session).unwrap(),
            _ => stripe.pay(&session).unwrap(),
        };
        let by = match life {
            Life::Paid => continue,
            Life::PaidAndCancelledLate => &listener,
            _ => &speaker,
        };
        let cancel = json!({"action": "cancel"});
        act(&world, by, &id, cancel).await.expect(200);
        if let Life::SettledLate = life {
            stripe.settle_late(&session, true).unwrap();
        }
    }
    let lambda = world.stack.lambda();
    let has_to_tell = || {
        let mut events = stripe.events();
        let listens = ["checkout.session.", "refund."];
        events.retain(|event| listens.iter().any(|start| event.kind.starts_with(start)));
        events
    };
    // What Stripe has to tell, and then what follows from it, in every order there is. What fails comes again.
    for _ in 0..3 {
        let metadata = |event: &Event| event.body["data"]["object"]["metadata"].clone();
        for event in in_every_order(&has_to_tell(), |it| metadata(it)["payment_id"].clone()) {
            let _ = lambda.invoke("PaymentsLedger", on_the_bus(&event)).await;
        }
        let data = |it: &(&str, Value)| it.1["detail"]["data"]["payment_id"].clone();
        for (function, event) in in_every_order(&announced(&world), data) {
            let _ = lambda.invoke(function, event).await;
        }
    }
    // And all of it beside each other, at random.
    for _ in 0..2 {
        let events = has_to_tell();
        for event in draw.told(&events) {
            lambda.invoke_async("PaymentsLedger", on_the_bus(&event));
            if draw.below(5) == 0 {
                world.stack.settle().await;
            }
        }
        for (function, event) in draw.told(&announced(&world)) {
            lambda.invoke_async(function, event);
            if draw.below(5) == 0 {
                world.stack.settle().await;
            }
        }
        world.stack.settle().await;
    }

    let (state, back) = life.ends();
    let table = profile::table(&app).unwrap();
    let ledger = world.app("PaymentsLedger", |_| {});
    for stored in &booked {
        let found = table.get(&matching_key(stored.matching_id)).await;
        let found: StoredMatching = found.unwrap().unwrap();
        let [begun] = &found.payments[..] else {
            panic!("{life:?}: {:?}", found.payments);
        };
        let payment = payments::find(&ledger, found.payment_ref(begun.payment_id)).await;
        let given = payment.unwrap().amount_refunded;
        let ended = (found.matching.state, begun.refund as i64, given);
        assert_eq!(ended, (state, back, back), "{life:?}, seed {seed}");
        assert!(begun.settled_at.is_some());
    }
    let balance = stripe.balance();
    let many = MANY as i64;
    assert_eq!(
        (balance.paid, balance.refunded),
        (many * SUM, many * back),
        "{life:?}"
    );
    // Both were told once of each.
    let of = |topic: &str| {
        let notices = items(&world, "NOTICES#");
        let about = notices
            .iter()
            .filter(|notice| notice["topic"]["S"] == topic);
        about.count()
    };
    let (paid, refunded) = match life {
        Life::Paid => (2, 0),
        Life::SettledLate => (0, 1),
        _ => (2, 2),
    };
    assert_eq!(
        [of("paid"), of("refunded")],
        [paid * MANY, refunded * MANY],
        "{life:?}"
    );
    assert!(lambda.dead_letters().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_what_payments_tell_ends_the_same() {
    for (seed, life) in Life::ALL.into_iter().enumerate() {
        lives(life, seed as u64).await;
    }
    eprintln!(
        "{} visits, each told of its payment in its own order",
        MANY * Life::ALL.len()
    );
}
