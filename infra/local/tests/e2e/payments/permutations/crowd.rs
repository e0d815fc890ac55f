//! Payments that live the same life in one world, and what is told of them.

use std::collections::BTreeMap;

use enishi_local::stripe::{Event, Order};
use enishi_shared::{
    app::Random,
    payments::{Sight, follow, refund},
};

use super::{super::*, Step, Step::*};

/// Draws the same for the same seed.
pub struct Draw(pub Random);

impl Draw {
    /// A number below `bound`.
    pub fn below(&self, bound: usize) -> usize {
        (u32::from_le_bytes(self.0.bytes()) as usize) % bound
    }

    pub fn shuffle<T>(&self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }

    /// The same order of first times, each of them up to three times.
    pub fn with_copies(&self, order: Vec<usize>) -> Vec<usize> {
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

/// Payments that live the same life.
pub struct Crowd {
    world: World,
    app: App,
    pub payments: Vec<Payment>,
    pub draw: Draw,
}

impl Crowd {
    /// So many that can be paid; of them Stripe tells only what it is made to.
    pub async fn new(count: usize, seed: u64) -> Self {
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
    pub async fn step(&self, step: Step) {
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
            SlipPaid => stripe.settle_late(session, true).unwrap(),
            Days => {}
            Disputed => drop(stripe.dispute(session, None, "fraudulent").unwrap()),
            DisputeWon | DisputeLost => {
                let won = matches!(step, DisputeWon);
                let dispute = told_of(heard, "dispute").unwrap();
                stripe.decide_dispute(&dispute, won).unwrap();
            }
            Refund(name, amount) => {
                let known = find(app, payment.payment_ref()).await;
                if !known.state.is_paid() {
                    follow(app, known, Sight::Nothing, "asked").await.unwrap();
                }
                refund(app, payment.payment_ref(), name, amount)
                    .await
                    .unwrap();
            }
            RefundByHand(amount) => {
                let client = enishi_shared::stripe::client(app);
                let key = app.new_id().to_string();
                let intent = self.intent(payment).unwrap();
                let made = client.create_refund(&key, &intent, Some(amount), &[]);
                made.await.unwrap();
            }
            RefundArrives | RefundFails => {
                let arrives = matches!(step, RefundArrives);
                let refund = told_of(heard, "refund").unwrap();
                stripe.settle_refund(&refund, arrives).unwrap();
            }
        }
    }

    /// The payment's PaymentIntent, as Stripe knows it.
    fn intent(&self, payment: &Payment) -> Option<String> {
        let checkout = self.world.stack.stripe().object(session(payment)).unwrap();
        checkout["payment_intent"].as_str().map(str::to_owned)
    }

    /// What happened so far that the ledger listens to, in order, by Checkout.
    pub fn heard(&self) -> BTreeMap<String, Vec<Event>> {
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
        let listens = ["checkout.session.", "refund.", "charge.dispute."];
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
    pub async fn tell(&self, sequences: &[Vec<&Event>], settles: Settles) {
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

    /// How it ended for each.
    pub async fn outcomes(&self) -> Vec<Outcome> {
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
            let record = find(&self.app, payment.payment_ref()).await;
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

/// The first object of this kind that an event is about.
fn told_of(heard: &[Event], kind: &str) -> Option<String> {
    let mut objects = heard.iter().map(|event| &event.body["data"]["object"]);
    let object = objects.find(|object| object["object"] == kind)?;
    Some(text(&object["id"]))
}

/// How it ended for one: the record without what tells it from the others', and what was announced of
/// it, with what was given back by then, in alphabetical order.
pub type Outcome = (Value, Vec<(String, i64)>);

/// When what Stripe told is handled.
#[derive(Clone, Copy, Debug)]
pub enum Settles {
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

/// A record without what tells it from another of the same life: its ids, and when somebody looked.
/// Of Stripe's ids it has the kinds.
fn plain(payment: &Payment) -> Value {
    let mut record = serde_json::to_value(payment).unwrap();
    let fields = record.as_object_mut().unwrap();
    for own in ["payer", "payment_id", "version", "due_at", "history"] {
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
    if let Some(Value::Object(disputes)) = fields.remove("disputes") {
        let disputes = disputes.into_iter().map(|(_, dispute)| dispute);
        fields.insert("disputes".into(), disputes.collect());
    }
    // Made by hand they are called by Stripe's ids.
    if let Some(Value::Object(refunds)) = fields.remove("refunds") {
        let mut refunds: Vec<Value> = refunds.into_iter().map(|(_, refund)| refund).collect();
        for refund in &mut refunds {
            refund["id"] = refund["id"].is_string().into();
        }
        refunds.sort_by_key(|refund| refund["amount"].as_i64());
        fields.insert("refunds".into(), refunds.into());
    }
    record
}
