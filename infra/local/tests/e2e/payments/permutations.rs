//! In whatever order Stripe tells of a payment, and however often, it ends the same.
//!
//! Many payments live the same life at once, in one world, and each hears of it in another order: when
//! it is over, in every order there is; or while it goes on, in random ones.

use std::collections::BTreeMap;

use enishi_local::stripe::{Event, Order};
use enishi_shared::payments::{Sight, State, follow, refund};

use super::*;

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
}

/// What happens, and what comes of it.
struct Life {
    name: &'static str,
    steps: &'static [Step],
    /// How many events that the ledger listens to.
    events: usize,
    ends: State,
    /// What is announced if all is told in the end.
    announced: &'static [(&'static str, i64)],
    /// What is announced whenever it is told: the kinds.
    kinds: &'static [&'static str],
}

use Step::*;

const LIVES: [Life; 5] = [
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
        announced: &[("refunded", 3_000), ("settled", 0)],
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
        announced: &[("refunded", 1_500), ("settled", 1_500)],
        kinds: &["refunded", "settled"],
    },
    Life {
        name: "by card",
        steps: &[Declined, Paid, Refund("all", None)],
        events: 2,
        ends: State::Refunded,
        announced: &[("refunded", 3_000), ("settled", 0)],
        kinds: &["refunded", "settled"],
    },
    Life {
        name: "never paid",
        steps: &[Declined, Days],
        events: 1,
        ends: State::Expired,
        announced: &[("expired", 0)],
        kinds: &["expired"],
    },
    Life {
        name: "slip never paid",
        steps: &[SlipTaken, Days],
        events: 2,
        ends: State::Failed,
        announced: &[("failed", 0)],
        kinds: &["failed"],
    },
];

/// Draws the same for the same seed.
struct Draw(Random);

impl Draw {
    /// A number below `bound`.
    fn below(&self, bound: usize) -> usize {
        (u32::from_le_bytes(self.0.bytes()) as usize) % bound
    }

    fn shuffle<T>(&self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }

    /// The same order of first times, each of them up to three times.
    fn with_copies(&self, order: Vec<usize>) -> Vec<usize> {
        let mut sequence = order.clone();
        for event in order {
            for _ in 0..self.below(3) {
                let first = sequence.iter().position(|it| *it == event).unwrap();
                let place = first + 1 + self.below(sequence.len() - first);
                sequence.insert(place, event);
            }
        }
        sequence
    }
}

/// Every order of `count` things.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let mut all = Vec::new();
    for shorter in permutations(last) {
        for place in 0..count {
            let mut longer = shorter.clone();
            longer.insert(place, last);
            all.push(longer);
        }
    }
    all
}

/// Payments that live the same life.
struct Crowd {
    world: World,
    app: App,
    payments: Vec<Payment>,
    draw: Draw,
}

impl Crowd {
    /// So many that can be paid; of them Stripe tells only what it is made to.
    async fn new(count: usize, seed: u64) -> Self {
        let world = World::new().await;
        world.stack.stripe().deliver_order(Order {
            delay: SignedDuration::from_hours(10_000),
            ..Order::default()
        });
        let app = service(&world);
        let payer = app.new_id().to_string();
        let mut payments = Vec::new();
        for _ in 0..count {
            let opened = payments::open(&app, new(&app, &payer, lines())).await;
            payments.push(opened.unwrap().payment);
        }
        Self {
            world,
            app,
            payments,
            draw: Draw(Random::from_seed(seed)),
        }
    }

    /// It happens to each of them.
    async fn step(&self, step: Step) {
        if let Days = step {
            return later(&self.world, SignedDuration::from_hours(73));
        }
        let heard = self.heard();
        for payment in &self.payments {
            self.step_of(payment, step, &heard[session(payment)]).await;
        }
    }

    /// It happens to one of which `heard` is to be told.
    async fn step_of(&self, payment: &Payment, step: Step, heard: &[Event]) {
        let (app, stripe, session) = (&self.app, self.world.stack.stripe(), session(payment));
        match step {
            Declined => stripe.fail(session).unwrap(),
            Paid => drop(stripe.pay(session).unwrap()),
            SlipTaken => drop(stripe.konbini(session).unwrap()),
            SlipPaid => stripe.settle_konbini(session, true).unwrap(),
            Days => {}
            Refund(name, amount) => {
                let known = find(app, payment.place()).await;
                if !known.state.is_paid() {
                    follow(app, known, Sight::Nothing, "asked").await.unwrap();
                }
                refund(app, payment.place(), name, amount).await.unwrap();
            }
            RefundByHand(amount) => {
                let client = enishi_shared::stripe::client(app);
                let key = app.new_id().to_string();
                let intent = self.intent(payment).unwrap();
                let made = client.create_refund(&key, &intent, Some(amount), &[]);
                made.await.unwrap();
            }
            RefundArrives => {
                let refund = (heard.iter())
                    .map(|event| &event.body["data"]["object"])
                    .find(|object| object["object"] == "refund")
                    .map(|object| text(&object["id"]));
                stripe.settle_refund(&refund.unwrap(), true).unwrap();
            }
        }
    }

    /// The payment's PaymentIntent, as Stripe knows it.
    fn intent(&self, payment: &Payment) -> Option<String> {
        let checkout = self.world.stack.stripe().object(session(payment)).unwrap();
        checkout["payment_intent"].as_str().map(str::to_owned)
    }

    /// What happened so far that the ledger listens to, in order, by Checkout.
    fn heard(&self) -> BTreeMap<String, Vec<Event>> {
        let mut sessions = BTreeMap::new();
        let mut heard: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for payment in &self.payments {
            let session = session(payment).to_owned();
            heard.insert(session.clone(), Vec::new());
            if let Some(intent) = self.intent(payment) {
                sessions.insert(intent, session.clone());
            }
            sessions.insert(session.clone(), session);
        }
        let listens = ["checkout.session.", "refund."];
        for event in self.world.stack.stripe().events() {
            if listens.iter().any(|start| event.kind.starts_with(start)) {
                let object = &event.body["data"]["object"];
                let names = ["id", "payment_intent"].map(|name| text(&object[name]));
                let session = names.iter().find_map(|name| sessions.get(name)).unwrap();
                heard.get_mut(session).unwrap().push(event);
            }
        }
        heard
    }

    /// Tells each payment of its events in its own sequence, and lets follow what follows: after each
    /// one, at the end, or at random. The bus repeats itself, too.
    async fn tell(&self, sequences: &[Vec<&Event>], settles: Settles) {
        let stripe = self.world.stack.stripe();
        let longest = sequences.iter().map(Vec::len).max().unwrap_or_default();
        for round in 0..longest {
            for event in sequences.iter().filter_map(|told| told.get(round)) {
                stripe.resend(&event.id, 1);
                if self.draw.below(4) == 0 {
                    let lambda = self.world.stack.lambda();
                    lambda.invoke_async("PaymentsLedger", on_the_bus(event));
                }
            }
            stripe.deliver().await;
            match settles {
                Settles::EachTime => self.world.stack.settle().await,
                Settles::Sometimes if self.draw.below(2) == 0 => self.world.stack.settle().await,
                _ => {}
            }
        }
        self.world.stack.settle().await;
    }

    /// How it ended for each: the record without what tells it from the others', and what was
    /// announced of it, in alphabetical order.
    async fn outcomes(&self) -> Vec<(Value, Vec<(String, i64)>)> {
        assert!(self.world.stack.lambda().dead_letters().is_empty());
        let mut announced: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
        for row in dump(&self.world) {
            let kind = text(&row["detail_type"]["S"]);
            if let Some(kind) = kind.strip_prefix("payment.") {
                let detail: Value = serde_json::from_str(&text(&row["detail"]["S"])).unwrap();
                let data = &detail["data"];
                let of = announced.entry(text(&data["payment_id"])).or_default();
                of.push((kind.to_owned(), data["amount_refunded"].as_i64().unwrap()));
            }
        }
        let mut outcomes = Vec::new();
        for payment in &self.payments {
            let record = find(&self.app, payment.place()).await;
            assert_eq!(record.due_at, None, "{record:?}");
            if record.stripe.payment_intent.is_some() {
                assert_eq!(record.stripe.payment_intent, self.intent(payment));
            }
            let id = payment.payment_id.to_string();
            let mut of = announced.remove(&id).unwrap_or_default();
            of.sort();
            outcomes.push((plain(&record), of));
        }
        outcomes
    }
}

/// When what Stripe told is handled.
#[derive(Clone, Copy, Debug)]
enum Settles {
    EachTime,
    AtTheEnd,
    Sometimes,
}

/// An event as the bus hands it to the ledger.
fn on_the_bus(event: &Event) -> Value {
    let object = &event.body["data"]["object"];
    json!({
        "source": "enishi.payments",
        "detail-type": format!("stripe.{}", event.kind),
        "detail": {
            "id": event.id,
            "time": "2026-11-20T11:00:00Z",
            "data": {
                "type": event.kind,
                "object": object["object"],
                "object_id": object["id"],
            },
        },
    })
}

/// A record without what tells it from another of the same life: of Stripe's ids their kinds, of the
/// history the states.
fn plain(payment: &Payment) -> Value {
    let mut record = serde_json::to_value(payment).unwrap();
    let fields = record.as_object_mut().unwrap();
    for own in ["payer", "payment_id", "version", "due_at"] {
        fields.remove(own);
    }
    for id in ["checkout_session", "payment_intent", "charge"] {
        if let Some(known) = fields.get_mut(id) {
            *known = text(known).split('_').next().into();
        }
    }
    if let Some(receipt) = fields.get_mut("receipt_url") {
        *receipt = true.into();
    }
    if let Some(refunds) = fields.get_mut("refunds").and_then(Value::as_object_mut) {
        for refund in refunds.values_mut() {
            refund["id"] = refund["id"].is_string().into();
        }
    }
    let states: Vec<State> = payment.history.iter().map(|step| step.state).collect();
    assert!(states.is_sorted(), "{states:?}");
    fields.insert("history".into(), json!(states));
    record
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_what_is_told_ends_the_same() {
    let mut told = 0;
    for life in &LIVES {
        let orders = permutations(life.events);
        // A few for each way to settle, with other copies, where there are few.
        let all: Vec<_> = orders.iter().cycle().take(orders.len().max(6)).collect();
        let mut like = None;
        let ways = [Settles::EachTime, Settles::AtTheEnd, Settles::Sometimes];
        for (settles, orders) in ways.into_iter().zip(all.chunks(all.len() / ways.len())) {
            let seed = told as u64;
            let crowd = Crowd::new(orders.len(), seed).await;
            for step in life.steps {
                crowd.step(*step).await;
            }
            let heard = crowd.heard();
            let mut sequences = Vec::new();
            for (payment, order) in crowd.payments.iter().zip(orders) {
                let events = &heard[session(payment)];
                assert_eq!(events.len(), life.events, "{}: {events:?}", life.name);
                let sequence = crowd.draw.with_copies((*order).clone());
                sequences.push(sequence.into_iter().map(|it| &events[it]).collect());
            }
            crowd.tell(&sequences, settles).await;
            for (order, (record, announced)) in orders.iter().zip(crowd.outcomes().await) {
                let how = format!("{}: {order:?}, {settles:?}, seed {seed}", life.name);
                assert_eq!(record["state"], json!(life.ends), "{how}");
                assert_eq!(&record, like.get_or_insert(record.clone()), "{how}");
                let announced: Vec<(&str, i64)> = (announced.iter())
                    .map(|(kind, back)| (&**kind, *back))
                    .collect();
                assert_eq!(announced, life.announced, "{how}");
            }
            told += orders.len();
        }
    }
    eprintln!("{told} permutations of what Stripe tells, with duplicates");
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
        let mut outcomes = crowd.outcomes().await;
        for (record, _) in &mut outcomes {
            // Which states it was seen in depends on when somebody looked.
            record["history"] = Value::Null;
        }
        let (first, _) = &outcomes[0];
        assert_eq!(first["state"], json!(life.ends), "{}", life.name);
        let back = first["amount_refunded"].as_i64().unwrap();
        for (number, (record, announced)) in outcomes.iter().enumerate() {
            let how = format!(
                "{}: payment {number}, seed {seed}: {announced:?}",
                life.name
            );
            assert_eq!(record, first, "{how}");
            let mut kinds: Vec<&str> = announced.iter().map(|(kind, _)| &**kind).collect();
            let refunds: Vec<i64> = (announced.iter())
                .filter(|(kind, _)| kind == "refunded")
                .map(|(_, amount)| *amount)
                .collect();
            // Each time more, until it is all; everything else once.
            assert!(refunds.is_sorted_by(|one, two| one < two), "{how}");
            assert_eq!(refunds.last().copied().unwrap_or_default(), back, "{how}");
            kinds.dedup_by(|one, two| one == two && *one == "refunded");
            assert_eq!(kinds, life.kinds, "{how}");
        }
        lived += INTERLEAVED;
    }
    eprintln!("{lived} payments were told of while they lived");
}
