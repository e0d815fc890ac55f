//! What is paid for each period, and what becomes of it.

use enishi_local::stripe::{Order, PRICE};
use enishi_shared::{
    error::Code,
    payments::{
        self, PayerId, State,
        subscription::{PendingSeats, end, end_and_refund, pending, set_cancel, set_quantity},
    },
    stripe::{self, Invoice, InvoiceStatus, Subscription, SubscriptionStatus},
};

use super::*;

/// Somebody pays for the first month of three seats at ¥1,000.
pub async fn subscribed(world: &World, person: &Person) -> Payment {
    let app = service(world);
    let first = subscribe(&app, &person.id, 3).await;
    world.stack.stripe().pay(session(&first)).unwrap();
    world.stack.settle().await;
    find(&app, first.payment_ref()).await
}

/// So many seats at ¥1,000 a month, for somebody who is new to Stripe.
pub async fn subscribe(app: &App, payer: &str, quantity: u64) -> Payment {
    let customer = customer(app).await;
    subscribe_as(app, payer, &customer, quantity).await
}

/// A new customer of Stripe's.
pub async fn customer(app: &App) -> String {
    let stripe = stripe::client(app);
    let key = app.new_id().to_string();
    let made = stripe.create_customer(&key, "縁", "hana@example.com", &[]);
    made.await.unwrap().id
}

/// So many seats at ¥1,000 a month.
pub async fn subscribe_as(app: &App, payer: &str, customer: &str, quantity: u64) -> Payment {
    let seats = Product::Subscription {
        customer: customer.to_owned(),
        price: PRICE.into(),
        unit_amount: 1_000,
        quantity,
    };
    let new = NewPayment {
        purpose: Purpose::new("licence"),
        ..new(app, payer, seats)
    };
    payments::open(app, new).await.unwrap().payment
}

/// The payer's payments as the ledger has them, oldest first.
pub async fn ledger(world: &World, payer: PayerId) -> Vec<Payment> {
    let app = world.app("PaymentsList", |_| {});
    let query = payments::table(&app).unwrap().query("pk = :payer");
    let payer = enishi_shared::store::s(payments::partition(payer));
    let page = query
        .value(":payer", payer)
        .limit(1_000)
        .page::<Payment>()
        .await;
    page.unwrap().items
}

/// The subscription's invoices as Stripe has them, oldest first.
pub async fn invoices(app: &App, subscription: &str) -> Vec<Invoice> {
    let since = jiff::Timestamp::UNIX_EPOCH;
    let mut invoices = stripe::client(app)
        .invoices_of(subscription, since)
        .await
        .unwrap();
    invoices.reverse();
    invoices
}

/// Ten seats, and the id of what they are subscribed with.
async fn ten(world: &World, app: &App) -> (Payment, String) {
    let first = subscribe(app, &app.new_id().to_string(), 10).await;
    world.stack.stripe().pay(session(&first)).unwrap();
    world.stack.settle().await;
    let first = find(app, first.payment_ref()).await;
    let id = first.stripe.subscription.clone().unwrap();
    (first, id)
}

fn seats(subscription: &Subscription) -> u64 {
    subscription.item().unwrap().quantity
}

#[tokio::test]
async fn each_period_is_a_payment_of_its_own() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let payment = subscribed(&world, &hana).await;
    assert_eq!(payment.state, State::Settled);
    assert!(payment.stripe.subscription.is_some() && payment.stripe.invoice.is_some());
    assert_eq!(seen(&world, &hana).await, [("settled".to_owned(), 0)]);

    for month in 1..=2 {
        later(&world, SignedDuration::from_hours(31 * 24));
        world.stack.settle().await;
        let log_in = json!({"email": hana.email, "password": hana.password});
        let answer = world.call("POST", "/login", None, Some(log_in)).await;
        let hana = Person {
            access_token: answer.expect(200).text("access_token"),
            ..hana.clone()
        };
        assert_eq!(
            seen(&world, &hana).await,
            vec![("settled".to_owned(), 0); month + 1]
        );
    }
    assert_eq!(announced(&world), ["settled"; 3]);
    // Told again, nothing is new.
    let paid = (world.stack.stripe().events().into_iter())
        .filter(|event| event.kind.starts_with("invoice."));
    for event in paid {
        world.stack.stripe().resend(&event.id, 2);
    }
    world.stack.settle().await;
    assert_eq!(announced(&world), ["settled"; 3]);
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn a_period_that_is_not_paid_fails_and_may_be_settled_later() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let payment = subscribed(&world, &hana).await;
    let subscription = payment.stripe.subscription.unwrap();
    world.stack.stripe().decline(&subscription, true).unwrap();
    later(&world, SignedDuration::from_hours(31 * 24));
    world.stack.settle().await;
    assert_eq!(announced(&world), ["failed", "settled"]);
    world.stack.stripe().decline(&subscription, false).unwrap();
    world.stack.settle().await;
    assert_eq!(announced(&world), ["failed", "settled", "settled"]);
}

#[tokio::test]
async fn seats_within_what_is_billed_are_free_and_those_beyond_are_paid() {
    let world = World::new().await;
    let app = service(&world);
    let (_, id) = ten(&world, &app).await;
    // Half a month is left.
    let turn = stripe::client(&app).subscription(&id).await.unwrap();
    let period = turn.item().unwrap().period;
    let half = period.end.duration_since(period.start) / 2;
    later(&world, half);
    for (quantity, paid) in [
        (5, 10_000),
        (10, 10_000),
        (3, 10_000),
        (8, 10_000),
        (12, 11_000),
        (6, 11_000),
        (12, 11_000),
        (12, 11_000),
        (14, 12_000),
    ] {
        let now = set_quantity(&app, &id, quantity).await.unwrap();
        assert_eq!((seats(&now), now.pending_update), (quantity, None));
        assert_eq!(world.stack.stripe().balance().paid, paid, "{quantity}");
    }
    // The next period is billed for what is there then.
    set_quantity(&app, &id, 4).await.unwrap();
    later(&world, half + SignedDuration::from_hours(2));
    world.stack.settle().await;
    assert_eq!(world.stack.stripe().balance().paid, 16_000);
    let last = invoices(&app, &id).await.pop().unwrap();
    assert_eq!((last.total, last.quantity), (4_000, 4));
    let more = set_quantity(&app, &id, 5).await.unwrap();
    assert_eq!(seats(&more), 5);
    let proration = invoices(&app, &id).await.pop().unwrap();
    assert_eq!(
        (proration.quantity, proration.amount_paid),
        (1, proration.total)
    );
    assert!((990..=1_000).contains(&proration.total), "{proration:?}");
    end(&app, &id).await.unwrap();
    let refused = set_quantity(&app, &id, 6).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    let refused = set_cancel(&app, &id, true).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
}

#[tokio::test]
async fn seats_that_are_declined_wait_for_their_payment() {
    let world = World::new().await;
    let app = service(&world);
    let (_, id) = ten(&world, &app).await;
    let stripe = world.stack.stripe();
    stripe.decline(&id, true).unwrap();
    let wished = async |quantity| {
        let now = set_quantity(&app, &id, quantity).await.unwrap();
        let waits = pending(&app, &now).await.unwrap();
        (seats(&now), waits)
    };
    let (now, waits) = wished(12).await;
    let PendingSeats {
        quantity,
        url,
        expires_at,
    } = waits.clone().unwrap();
    assert_eq!((now, quantity), (10, 12));
    let expected = world.stack.clock().now() + SignedDuration::from_hours(23);
    assert_eq!(expires_at, expected);
    assert!(url.unwrap().contains("/invoice/in_"));
    // The same wish again leaves it as it is; another one takes its place.
    later(&world, SignedDuration::from_hours(1));
    assert_eq!(wished(12).await, (10, waits));
    let (now, other) = wished(13).await;
    assert_eq!((now, other.unwrap().quantity), (10, 13));
    // What is billed counts at once.
    assert_eq!(wished(7).await, (7, None));
    let (now, waits) = wished(12).await;
    assert_eq!((now, waits.unwrap().quantity), (10, 12));
    // No more is wished for.
    assert_eq!(wished(10).await, (10, None));
    assert_eq!(stripe.balance().paid, 10_000);
    // It counts once it is paid, and is billed then.
    let (_, waits) = wished(12).await;
    let invoice = invoices(&app, &id).await.pop().unwrap();
    assert_eq!(waits.unwrap().url, invoice.hosted_invoice_url);
    stripe.pay_invoice(&invoice.id).unwrap();
    assert_eq!(wished(6).await, (6, None));
    assert_eq!(wished(12).await, (12, None));
    let statuses = invoices(&app, &id).await.into_iter().map(|it| it.status);
    let void = InvoiceStatus::Void;
    let expected = [
        InvoiceStatus::Paid,
        void.clone(),
        void.clone(),
        void,
        InvoiceStatus::Paid,
    ];
    assert_eq!(statuses.collect::<Vec<_>>(), expected);
    world.stack.settle().await;
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn a_subscription_is_called_off_and_goes_on_whichever_way_it_was() {
    let world = World::new().await;
    let app = service(&world);
    let (_, id) = ten(&world, &app).await;
    let stripe = world.stack.stripe();
    for in_the_portal in [false, true] {
        if in_the_portal {
            stripe.call_off(&id, true).unwrap();
        }
        for _ in 0..2 {
            let now = set_cancel(&app, &id, true).await.unwrap();
            assert_eq!(now.cancel_at_period_end, !in_the_portal);
            assert_eq!(now.ends_at(), Some(now.item().unwrap().period.end));
        }
        for _ in 0..2 {
            let now = set_cancel(&app, &id, false).await.unwrap();
            assert_eq!((now.ends_at(), now.canceled_at), (None, None));
        }
    }
    for _ in 0..2 {
        let ended = end(&app, &id).await.unwrap();
        assert_eq!(ended.status, SubscriptionStatus::Canceled);
        assert_eq!(ended.ends_at(), Some(world.stack.clock().now()));
    }
}

#[tokio::test]
async fn what_was_paid_for_a_period_is_given_back_by_us_and_at_stripe() {
    let world = World::new().await;
    let app = service(&world);
    let (first, id) = ten(&world, &app).await;
    later(&world, SignedDuration::from_hours(32 * 24));
    world.stack.settle().await;
    let payer = first.payer;
    let periods = ledger(&world, payer).await;
    assert_eq!(periods.len(), 2);
    for period in &periods {
        assert_eq!((period.state, period.amount), (State::Settled, 10_000));
        assert!(period.stripe.charge.is_some() && period.stripe.receipt_url.is_some());
        assert_eq!(period.stripe.subscription.as_ref(), Some(&id));
    }
    payments::refund(&app, periods[0].payment_ref(), "some", Some(4_000))
        .await
        .unwrap();
    // In Stripe's dashboard: nothing of ours is with it, but its invoice.
    let client = stripe::client(&app);
    for (period, amount) in periods.iter().zip([1_000, 2_500]) {
        let intent = period.stripe.payment_intent.clone().unwrap();
        let key = format!("by hand {amount}");
        let made = client.create_refund(&key, &intent, Some(amount), &[]);
        made.await.unwrap();
    }
    world.stack.settle().await;
    let back = ledger(&world, payer).await;
    assert_eq!(
        back.iter()
            .map(|it| (it.state, it.amount_refunded))
            .collect::<Vec<_>>(),
        [
            (State::PartiallyRefunded, 5_000),
            (State::PartiallyRefunded, 2_500)
        ]
    );
    assert_eq!(world.stack.stripe().balance().refunded, 7_500);
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn a_subscription_too_many_is_ended_and_all_of_it_given_back() {
    let world = World::new().await;
    let app = service(&world);
    let (first, id) = ten(&world, &app).await;
    set_quantity(&app, &id, 12).await.unwrap();
    later(&world, SignedDuration::from_hours(32 * 24));
    // Nobody tells of what was paid since.
    world.stack.stripe().deliver_order(Order {
        delay: SignedDuration::from_hours(10_000),
        ..Order::default()
    });
    for _ in 0..2 {
        end_and_refund(&app, &id).await.unwrap();
    }
    let balance = world.stack.stripe().balance();
    assert_eq!((balance.paid, balance.refunded), (24_000, 24_000));
    let payments = ledger(&world, first.payer).await;
    assert_eq!(payments.len(), 3);
    assert!(
        payments
            .iter()
            .all(|it| it.state == State::Refunded && it.due_at.is_none())
    );
    let ended = stripe::client(&app).subscription(&id).await.unwrap();
    assert!(ended.status.is_final());
}

#[tokio::test]
async fn what_was_carried_over_is_paid_with_the_next_subscription() {
    let world = World::new().await;
    let app = service(&world);
    let payer = app.new_id().to_string();
    let customer = customer(&app).await;
    let stripe = world.stack.stripe();
    let first = subscribe_as(&app, &payer, &customer, 1).await;
    stripe.pay(session(&first)).unwrap();
    let of = |payment: &Payment| text(&stripe.object(session(payment)).unwrap()["subscription"]);
    let id = of(&first);
    let present = stripe::client(&app).subscription(&id).await.unwrap();
    // Ten seats for the last two hours: ¥28, less than can be charged.
    let end_of_period = present.item().unwrap().period.end;
    let before = end_of_period.duration_since(world.stack.clock().now());
    later(&world, before - SignedDuration::from_hours(2));
    set_quantity(&app, &id, 11).await.unwrap();
    let carried = invoices(&app, &id).await.pop().unwrap();
    assert!((20..50).contains(&carried.total) && carried.amount_due == 0);
    end(&app, &id).await.unwrap();
    let second = subscribe_as(&app, &payer, &customer, 3).await;
    stripe.pay(session(&second)).unwrap();
    world.stack.settle().await;
    let sum = 3_000 + carried.total;
    let second = find(&app, second.payment_ref()).await;
    assert_eq!((second.state, second.amount), (State::Settled, sum));
    end_and_refund(&app, &of(&second)).await.unwrap();
    let payments = ledger(&world, first.payer).await;
    let amounts: Vec<i64> = payments.iter().map(|it| it.amount).collect();
    assert_eq!(amounts, [1_000, sum]);
    let balance = stripe.balance();
    assert_eq!((balance.paid, balance.refunded), (1_000 + sum, sum));
    world.stack.settle().await;
    assert!(world.stack.lambda().dead_letters().is_empty());
}
