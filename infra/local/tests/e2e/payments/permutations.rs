//! In whatever order Stripe tells of a payment, and however often, it ends the same.
//!
//! Many payments live the same life at once, in one world, and each hears of it in another order: when
//! it is over, in every order there is; or while it goes on, in random ones.

mod crowd;

use enishi_local::stripe::Event;
use enishi_shared::payments::State;
use futures_util::future::join_all;

use super::*;
use crate::support::permutations;
pub use crowd::Draw;
use crowd::{Crowd, Outcome, Settles};

/// What happens to a payment.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The customer's card is declined.
    Declined,
    /// The customer pays by card.
    Paid,
    /// The customer takes a slip.
    SlipTaken,
    /// … and pays it.
    SlipPaid,
    /// Time passes, and with it whatever was left undone.
    Days,
    /// The service gives back so much; what is left without a sum.
    Refund(&'static str, Option<i64>),
    /// Somebody gives back so much, in Stripe's dashboard.
    RefundByHand(i64),
    /// The oldest refund under way arrives.
    RefundArrives,
    /// … or comes back.
    RefundFails,
    /// The customer's bank takes back what was not given back.
    Disputed,
    /// … until that is decided for us.
    DisputeWon,
    /// … or for the customer.
    DisputeLost,
}

/// What happens, and what comes of it.
struct Life {
    name: &'static str,
    steps: &'static [Step],
    /// How many events that the ledger listens to.
    events: usize,
    ends: State,
    /// What is announced, the kinds. Of a slip, of a dispute and of a refund that came back only who
    /// heard in time had heard.
    kinds: &'static [&'static str],
}

use Step::*;

static LIVES: [Life; 8] = [
    Life {
        name: "by the service",
        steps: &[
            SlipTaken,
            SlipPaid,
            Refund("part", Some(1_000)),
            Refund("rest", None),
        ],
        events: 4,
        ends: State::Refunded,
        kinds: &["refunded", "settled"],
    },
    Life {
        name: "by hand",
        steps: &[
            SlipTaken,
            SlipPaid,
            RefundByHand(1_000),
            RefundArrives,
            RefundByHand(500),
        ],
        events: 5,
        ends: State::PartiallyRefunded,
        kinds: &["refunded", "settled"],
    },
    Life {
        name: "comes back",
        steps: &[SlipTaken, SlipPaid, RefundByHand(1_000), RefundFails],
        events: 4,
        ends: State::Settled,
        kinds: &["refund_failed", "settled"],
    },
    Life {
        name: "disputed and won",
        steps: &[Paid, Disputed, DisputeWon],
        events: 5,
        ends: State::Settled,
        kinds: &["dispute_won", "settled"],
    },
    Life {
        name: "disputed and lost",
        steps: &[Paid, Refund("part", Some(1_000)), Disputed, DisputeLost],
        events: 5,
        ends: State::PartiallyRefunded,
        kinds: &["dispute_lost", "refunded", "settled"],
    },
    Life {
        name: "by card",
        steps: &[Declined, Paid, Refund("all", None)],
        events: 2,
        ends: State::Refunded,
        kinds: &["refunded", "settled"],
    },
    Life {
        name: "never paid",
        steps: &[Declined, Days],
        events: 1,
        ends: State::Expired,
        kinds: &["expired"],
    },
    Life {
        name: "slip never paid",
        steps: &[SlipTaken, Days],
        events: 2,
        ends: State::Failed,
        kinds: &["failed"],
    },
];

/// A payment for each of `orders` lives this life to its end, and is told of it then.
async fn told_afterwards(
    life: &Life,
    orders: &[Vec<usize>],
    settles: Settles,
    seed: u64,
) -> Vec<Outcome> {
    let crowd = Crowd::new(orders.len(), seed).await;
    for step in life.steps {
        crowd.step(*step).await;
    }
    let heard = crowd.heard();
    let mut sequences = Vec::new();
    for (payment, order) in crowd.payments.iter().zip(orders) {
        let events = &heard[session(payment)];
        assert_eq!(events.len(), life.events, "{}: {events:?}", life.name);
        let sequence = crowd.draw.with_copies(order.clone());
        sequences.push(sequence.into_iter().map(|it| &events[it]).collect());
    }
    crowd.tell(&sequences, settles).await;
    crowd.outcomes().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_what_is_told_ends_the_same() {
    let mut told = 0;
    for (seed, life) in LIVES.iter().enumerate() {
        let seed = seed as u64;
        let orders = permutations(life.events);
        // A few for each way to settle, with other copies, where there are few.
        let count = orders.len().max(6);
        let all: Vec<_> = orders.into_iter().cycle().take(count).collect();
        let ways = [Settles::EachTime, Settles::AtTheEnd, Settles::Sometimes];
        let runs = ways.into_iter().zip(all.chunks(count / ways.len()));
        let runs = runs.map(|(settles, orders)| {
            let orders = orders.to_vec();
            tokio::spawn(async move {
                let outcomes = told_afterwards(life, &orders, settles, seed).await;
                (settles, orders, outcomes)
            })
        });
        let mut outcomes = Vec::new();
        for run in join_all(runs).await {
            let (settles, orders, run) = run.unwrap();
            for (order, outcome) in orders.iter().zip(run) {
                outcomes.push((format!("{order:?}, {settles:?}, seed {seed}"), outcome));
            }
        }
        told += outcomes.len();
        ends_alike(life, outcomes);
    }
    eprintln!("{told} permutations of what Stripe tells, with duplicates");
}

/// All records are alike, and each announcement was made once; with each refund that was announced
/// more was back, in the end all that is.
fn ends_alike(life: &Life, outcomes: Vec<(String, Outcome)>) {
    let first = outcomes[0].1.0.clone();
    assert_eq!(first["state"], json!(life.ends), "{}", life.name);
    let back = first["amount_refunded"].as_i64().unwrap();
    for (how, (record, announced)) in outcomes {
        let how = format!("{}: {how}: {announced:?}", life.name);
        assert_eq!(record, first, "{how}");
        let mut kinds: Vec<&str> = announced.iter().map(|(kind, _)| &**kind).collect();
        let refunds: Vec<i64> = (announced.iter())
            .filter(|(kind, _)| kind == "refunded")
            .map(|(_, amount)| *amount)
            .collect();
        assert!(refunds.is_sorted_by(|one, two| one < two), "{how}");
        if life.kinds.contains(&"refunded") {
            assert_eq!(refunds.last().copied(), Some(back), "{how}");
            kinds.dedup_by(|one, two| one == two && *one == "refunded");
        } else {
            kinds.retain(|kind| *kind != "refunded");
        }
        for passing in ["processing", "disputed"] {
            let told = kinds.iter().filter(|kind| **kind == passing).count();
            assert!(told <= 1, "{how}");
            kinds.retain(|kind| *kind != passing);
        }
        assert_eq!(kinds, life.kinds, "{how}");
    }
}

/// How many payments of each life hear of it while it goes on, each in its own order.
const INTERLEAVED: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_it_is_told_it_ends_the_same() {
    let mut lived = 0;
    for life in &LIVES {
        let seed = 1_000 + lived as u64;
        let crowd = Crowd::new(INTERLEAVED, seed).await;
        for (number, step) in life.steps.iter().enumerate() {
            crowd.step(*step).await;
            let is_last = number + 1 == life.steps.len();
            let heard = crowd.heard();
            let sequence = |payment: &Payment| -> Vec<&Event> {
                let events = &heard[session(payment)];
                let mut order: Vec<usize> = (0..events.len()).collect();
                crowd.draw.shuffle(&mut order);
                if !is_last {
                    order.truncate(crowd.draw.below(events.len() + 1));
                }
                let sequence = crowd.draw.with_copies(order).into_iter();
                sequence.map(|it| &events[it]).collect()
            };
            let sequences: Vec<_> = crowd.payments.iter().map(sequence).collect();
            crowd.tell(&sequences, Settles::Sometimes).await;
        }
        let outcomes = crowd.outcomes().await.into_iter().enumerate();
        let named = |(number, outcome)| (format!("payment {number}, seed {seed}"), outcome);
        ends_alike(life, outcomes.map(named).collect());
        lived += INTERLEAVED;
    }
    eprintln!("{lived} payments were told of while they lived");
}
