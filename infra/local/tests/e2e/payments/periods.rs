//! In whatever order Stripe tells of subscriptions, and however often, the ledger has what Stripe has; and
//! after hundreds of random steps, to the yen.

use std::collections::BTreeMap;

use enishi_local::stripe::{Event, Order};
use enishi_shared::{
    app::Random,
    payments::{
        PayerId, State,
        subscription::{end_and_refund, set_cancel, set_quantity},
    },
    stripe::{self, InvoiceStatus},
};

use super::{
    permutations::Draw,
    subscriptions::{customer, invoices, ledger, subscribe, subscribe_as},
    *,
};
use crate::support::permutations;

/// What happens to a subscription.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Its first period is paid.
    Paid,
    /// A month passes.
    Month,
    /// The card is declined from now on.
    Declines,
    /// It works again.
    Works,
    /// So many seats are wished for.
    Seats(u64),
    /// A day passes; nobody pays for what was declined.
    Day,
    /// A part of the last paid invoice is given back in Stripe's dashboard.
    RefundByHand,
    /// It ends at once, by us, and all of it is given back.
    TooMany,
}

use Step::*;

/// What happens, how many events it makes that the ledger listens to, and the payments that come of it:
/// their states and what was given back.
struct Life {
    steps: &'static [Step],
    events: usize,
    ends: &'static [(State, i64)],
}

static LIVES: [Life; 4] = [
    Life {
        steps: &[Paid, Month, RefundByHand],
        events: 4,
        ends: &[(State::Settled, 0), (State::PartiallyRefunded, 500)],
    },
    Life {
        steps: &[Paid, Declines, Month, Works],
        events: 4,
        ends: &[(State::Settled, 0), (State::Settled, 0)],
    },
    Life {
        steps: &[Paid, Day, Declines, Seats(30), Day, RefundByHand],
        events: 4,
        ends: &[(State::PartiallyRefunded, 500), (State::Failed, 0)],
    },
    Life {
        steps: &[Paid, Day, Seats(30), TooMany],
        events: 5,
        ends: &[(State::Refunded, 3_000), (State::Refunded, 26_100)],
    },
];

/// Whether the ledger listens to it.
fn is_heard(event: &Event) -> bool {
    let listens = [
        "checkout.session.",
        "refund.",
        "invoice.paid",
        "invoice.payment_failed",
    ];
    listens.iter().any(|start| event.kind.starts_with(start))
}

/// A subscription of three seats for each of so many payers; Stripe tells only what it is made to.
struct Crowd {
    world: World,
    app: App,
    firsts: Vec<Payment>,
    draw: Draw,
}

impl Crowd {
    async fn new(count: usize, seed: u64) -> Self {
        let world = World::new().await;
        world.stack.stripe().deliver_order(Order {
            delay: SignedDuration::from_hours(100_000),
            ..Order::default()
        });
        let app = service(&world);
        let mut firsts = Vec::new();
        for _ in 0..count {
            firsts.push(subscribe(&app, &app.new_id().to_string(), 3).await);
        }
        let draw = Draw(Random::from_seed(seed));
        Self {
            world,
            app,
            firsts,
            draw,
        }
    }

    fn subscription(&self, first: &Payment) -> Option<String> {
        let checkout = self.world.stack.stripe().object(session(first)).unwrap();
        checkout["subscription"].as_str().map(str::to_owned)
    }

    async fn step(&self, step: Step) {
        let stripe = self.world.stack.stripe();
        match step {
            Month => return later(&self.world, SignedDuration::from_hours(31 * 24 + 2)),
            Day => return later(&self.world, SignedDuration::from_hours(24)),
            _ => {}
        }
        for first in &self.firsts {
            if matches!(step, Paid) {
                stripe.pay(session(first)).unwrap();
                continue;
            }
            let id = self.subscription(first).unwrap();
            match step {
                Declines | Works => stripe.decline(&id, matches!(step, Declines)).unwrap(),
                Seats(quantity) => drop(set_quantity(&self.app, &id, quantity).await.unwrap()),
                RefundByHand => drop(self.refund_by_hand(&id, 500).await),
                TooMany => end_and_refund(&self.app, &id).await.unwrap(),
                Paid | Month | Day => {}
            }
        }
    }

    /// Gives back a part of the last invoice that was paid, if so much of it is left.
    async fn refund_by_hand(&self, subscription: &str, amount: i64) -> bool {
        let client = stripe::client(&self.app);
        let paid = invoices(&self.app, subscription).await.into_iter();
        let Some(last) = paid.rev().find(|it| it.amount_paid > 0) else {
            return false;
        };
        let invoice = client.invoice(&last.id).await.unwrap();
        let key = self.app.new_id().to_string();
        let intent = invoice.payment_intent.unwrap();
        let made = client.create_refund(&key, &intent, Some(amount), &[]);
        made.await.is_ok()
    }

    /// What Stripe could tell of each, in order.
    async fn heard(&self) -> Vec<Vec<Event>> {
        let client = stripe::client(&self.app);
        let events = self.world.stack.stripe().events();
        let mut heard = Vec::new();
        for first in &self.firsts {
            let id = self.subscription(first).unwrap();
            let mut objects = vec![session(first).to_owned()];
            for invoice in invoices(&self.app, &id).await {
                let invoice = client.invoice(&invoice.id).await.unwrap();
                objects.push(invoice.id);
                objects.extend(invoice.payment_intent);
            }
            // A refund is told of by its PaymentIntent.
            let is_its = |event: &&Event| {
                let object = &event.body["data"]["object"];
                let names = [text(&object["id"]), text(&object["payment_intent"])];
                is_heard(event) && names.iter().any(|name| objects.contains(name))
            };
            heard.push(events.iter().filter(is_its).cloned().collect());
        }
        heard
    }

    /// Tells each of its events in its own sequence; what follows, follows now and then.
    async fn tell(&self, sequences: &[Vec<Event>]) {
        let stripe = self.world.stack.stripe();
        let longest = sequences.iter().map(Vec::len).max().unwrap_or_default();
        for round in 0..longest {
            for event in sequences.iter().filter_map(|told| told.get(round)) {
                stripe.resend(&event.id, 1);
            }
            stripe.deliver().await;
            if self.draw.below(2) == 0 {
                self.world.stack.settle().await;
            }
        }
        self.world.stack.settle().await;
        assert!(self.world.stack.lambda().dead_letters().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_what_is_told_of_a_subscription_ends_the_same() {
    let mut told = 0;
    for (seed, life) in LIVES.iter().enumerate() {
        let orders = permutations(life.events);
        told += orders.len();
        let crowd = Crowd::new(orders.len(), seed as u64).await;
        for step in life.steps {
            crowd.step(*step).await;
        }
        let heard = crowd.heard().await;
        let mut sequences = Vec::new();
        for (events, order) in heard.iter().zip(&orders) {
            assert_eq!(events.len(), life.events, "{:?}: {events:?}", life.steps);
            let sequence = crowd.draw.with_copies(order.clone()).into_iter();
            sequences.push(sequence.map(|it| events[it].clone()).collect());
        }
        crowd.tell(&sequences).await;
        let mut announced: BTreeMap<(String, String), usize> = BTreeMap::new();
        for row in dump(&crowd.world) {
            if let Some(kind) = text(&row["detail_type"]["S"]).strip_prefix("payment.") {
                let detail: Value = serde_json::from_str(&text(&row["detail"]["S"])).unwrap();
                let payment = text(&detail["data"]["payment_id"]);
                *announced.entry((payment, kind.to_owned())).or_default() += 1;
            }
        }
        for (first, order) in crowd.firsts.iter().zip(&orders) {
            let how = format!("{:?}: {order:?}, seed {seed}", life.steps);
            let payments = ledger(&crowd.world, first.payer).await;
            let ended: Vec<_> = payments
                .iter()
                .map(|payment| (payment.state, payment.amount_refunded))
                .collect();
            assert_eq!(ended, life.ends, "{how}: {payments:?}");
            for payment in &payments {
                let times = |kind: &str| {
                    let named = (payment.payment_id.to_string(), kind.to_owned());
                    announced.get(&named).copied().unwrap_or_default()
                };
                let is_paid = payment.state.is_paid();
                assert_eq!(times("settled"), usize::from(is_paid), "{how}");
                assert_eq!(
                    times("refunded"),
                    usize::from(payment.amount_refunded > 0),
                    "{how}"
                );
                assert!(
                    times("failed") <= 1 && (is_paid || times("failed") == 1),
                    "{how}"
                );
                assert_eq!(payment.due_at, None, "{how}");
            }
        }
    }
    eprintln!("{told} permutations of what Stripe tells of subscriptions, with duplicates");
}

/// How long the random run is.
const STEPS: usize = 300;
/// How many organisations take part in it.
const PAYERS: usize = 3;

/// An organisation of the random run.
struct Payer {
    id: PayerId,
    /// Stripe's.
    customer: String,
    /// All that it ever had, the last one last.
    subscriptions: Vec<String>,
}

impl Payer {
    /// What Stripe has: each invoice that somebody was asked to pay, with what was to be paid, whether it was,
    /// and what was given back.
    async fn at_stripe(&self, app: &App) -> BTreeMap<String, (i64, bool, i64)> {
        let client = stripe::client(app);
        let mut found = BTreeMap::new();
        for subscription in &self.subscriptions {
            for invoice in invoices(app, subscription).await {
                if invoice.amount_due == 0 || invoice.status == InvoiceStatus::Draft {
                    continue;
                }
                let invoice = client.invoice(&invoice.id).await.unwrap();
                let mut back = 0;
                if let Some(intent) = &invoice.payment_intent {
                    let intent = client.payment_intent(intent).await.unwrap();
                    back = intent.latest_charge.unwrap().amount_refunded;
                }
                let is_paid = invoice.status == InvoiceStatus::Paid;
                assert_eq!(
                    invoice.amount_paid,
                    if is_paid { invoice.amount_due } else { 0 }
                );
                found.insert(invoice.id, (invoice.amount_due, is_paid, back));
            }
        }
        found
    }

    /// The same, as the ledger has it.
    async fn at_ours(&self, world: &World) -> BTreeMap<String, (i64, bool, i64)> {
        let payments = ledger(world, self.id).await.into_iter();
        let shown = |payment: Payment| {
            let what = (
                payment.amount,
                payment.state.is_paid(),
                payment.amount_refunded,
            );
            (payment.stripe.invoice.unwrap(), what)
        };
        payments.map(shown).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_many_random_steps_the_ledger_agrees_with_stripe_to_the_yen() {
    let crowd = Crowd::new(0, 6).await;
    let (app, draw) = (&crowd.app, &crowd.draw);
    let stripe = crowd.world.stack.stripe();
    let mut payers = Vec::new();
    for _ in 0..PAYERS {
        payers.push(Payer {
            id: app.new_id().to_string().parse().unwrap(),
            customer: customer(app).await,
            subscriptions: Vec::new(),
        });
    }
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..STEPS {
        // What happened is told soon or days later, once or more often, in any order.
        stripe.deliver_order(Order {
            copies: u32::try_from(draw.below(3)).unwrap(),
            delay: SignedDuration::from_hours([0, 0, 5, 60][draw.below(4)]),
            shuffle: Some(draw.below(1_000) as u64),
        });
        let payer = &mut payers[draw.below(PAYERS)];
        let alive = payer.subscriptions.last().filter(|id| {
            let subscription = stripe.object(id).unwrap();
            subscription["status"] != "canceled"
        });
        let Some(id) = alive.cloned() else {
            let seats = 1 + draw.below(20) as u64;
            let first = subscribe_as(app, &payer.id.to_string(), &payer.customer, seats).await;
            stripe.pay(session(&first)).unwrap();
            let checkout = stripe.object(session(&first)).unwrap();
            payer.subscriptions.push(text(&checkout["subscription"]));
            *done.entry("bought").or_default() += 1;
            continue;
        };
        let what = match draw.below(16) {
            0..=4 => {
                let seats = 1 + draw.below(30) as u64;
                set_quantity(app, &id, seats).await.unwrap();
                "seats"
            }
            5 | 6 => {
                stripe.decline(&id, true).unwrap();
                "declines"
            }
            7 => {
                stripe.decline(&id, false).unwrap();
                "works"
            }
            8 => {
                let open = invoices(app, &id).await.into_iter();
                match open
                    .rev()
                    .find(|invoice| invoice.status == InvoiceStatus::Open)
                {
                    Some(invoice) => stripe
                        .pay_invoice(&invoice.id)
                        .map(|()| "paid on its page")
                        .unwrap(),
                    None => "nothing to pay",
                }
            }
            9 => {
                set_cancel(app, &id, draw.below(3) == 0).await.unwrap();
                "called off or not"
            }
            10 => match crowd
                .refund_by_hand(&id, 1 + draw.below(3_000) as i64)
                .await
            {
                true => "given back at Stripe",
                false => "too much to give back",
            },
            11 if draw.below(4) == 0 => {
                end_and_refund(app, &id).await.unwrap();
                "ended and given back"
            }
            _ => {
                let hours = i64::try_from(draw.below(24 * 12)).unwrap();
                later(&crowd.world, SignedDuration::from_hours(hours));
                "time passes"
            }
        };
        *done.entry(what).or_default() += 1;
        if draw.below(3) == 0 {
            crowd.world.stack.settle().await;
        }
    }
    later(&crowd.world, SignedDuration::from_hours(60));
    crowd.world.stack.settle().await;
    assert!(crowd.world.stack.lambda().dead_letters().is_empty());
    let (mut count, mut paid, mut back) = (0, 0, 0);
    for payer in &payers {
        let theirs = payer.at_stripe(app).await;
        assert_eq!(payer.at_ours(&crowd.world).await, theirs);
        count += theirs.len();
        let taken = theirs.values().filter(|(_, is_paid, _)| *is_paid);
        paid += taken.map(|(amount, ..)| amount).sum::<i64>();
        back += theirs.values().map(|(.., back)| back).sum::<i64>();
    }
    let balance = stripe.balance();
    assert_eq!((balance.paid, balance.refunded), (paid, back));
    eprintln!("{STEPS} steps: {done:?}; {count} invoices, ¥{paid} paid, ¥{back} given back");
}
