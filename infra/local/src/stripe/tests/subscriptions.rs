//! Subscriptions by the stack's clock.

use enishi_shared::stripe::{
    Invoice, InvoiceReason, InvoiceStatus, Period, Proration, SessionStatus, Subscription,
    SubscriptionCheckout, SubscriptionStatus,
};

use super::{client::refused, *};

/// Somebody with `quantity` seats, and their customer's id.
async fn subscribed(world: &World, quantity: u64) -> (String, Subscription) {
    let client = &world.client;
    let customer = client
        .create_customer("c", "縁株式会社", "office@example.com", &[("org", "o1")])
        .await
        .unwrap();
    let checkout = SubscriptionCheckout {
        reference: "licence-1",
        customer: &customer.id,
        price: PRICE,
        quantity,
        metadata: &[("purpose", "orgs")],
        expires_at: world.clock.now() + SignedDuration::from_hours(1),
        success_url: "https://o.example/done",
        cancel_url: "https://o.example/",
    };
    let session = client
        .create_subscription_checkout("s", &checkout)
        .await
        .unwrap();
    assert_eq!(
        session.amount_total,
        Some(1_000 * i64::try_from(quantity).unwrap())
    );
    assert!(session.subscription.is_none());
    assert!(world.stripe.konbini(&session.id).is_err());
    world.stripe.pay(&session.id).unwrap();
    let session = client.checkout_session(&session.id).await.unwrap();
    assert_eq!(session.status, SessionStatus::Complete);
    assert_eq!(session.customer.as_deref(), Some(customer.id.as_str()));
    let subscription = client.subscription(&session.subscription.unwrap()).await;
    (customer.id, subscription.unwrap())
}

fn day(text: &str) -> Timestamp {
    format!("{text}T08:00:00Z").parse().unwrap()
}

#[tokio::test]
async fn a_subscription_renews_each_month_on_its_day() {
    let world = World::new().await;
    world.clock.set(Some(day("2027-01-31")));
    let (customer, subscription) = subscribed(&world, 3).await;
    assert_eq!(subscription.status, SubscriptionStatus::Active);
    assert_eq!(subscription.customer, customer);
    assert_eq!(subscription.metadata["purpose"], "orgs");
    let [item] = subscription.items.as_slice() else {
        panic!("{subscription:?}");
    };
    assert_eq!((item.price.as_str(), item.quantity), (PRICE, 3));
    assert_eq!(item.period.start, day("2027-01-31"));
    assert_eq!(item.period.end, day("2027-02-28"));
    // Nothing was asked for two renewals: both happen, each at its time.
    world.clock.set(Some(day("2027-04-01")));
    let now = world.client.subscription(&subscription.id).await.unwrap();
    assert_eq!(now.items[0].period.start, day("2027-03-31"));
    assert_eq!(now.items[0].period.end, day("2027-04-30"));
    let page = world.client.invoices(&customer, 2, None).await.unwrap();
    assert!(page.has_more);
    assert_eq!(page.data[0].created, day("2027-03-31"));
    assert_eq!(page.data[0].period, Some(now.items[0].period));
    let last = &page.data[1];
    let rest = world.client.invoices(&customer, 2, Some(&last.id)).await;
    let rest = rest.unwrap();
    assert!(!rest.has_more);
    assert_eq!(rest.data.len(), 1);
    assert_eq!(rest.data[0].created, day("2027-01-31"));
    for invoice in page.data.iter().chain(&rest.data) {
        assert_eq!(invoice.status, InvoiceStatus::Paid);
        assert_eq!((invoice.total, invoice.amount_paid), (3_000, 3_000));
        assert_eq!(invoice.currency, "jpy");
        assert_eq!(invoice.customer.as_deref(), Some(customer.as_str()));
        assert_eq!(invoice.subscription.as_ref(), Some(&subscription.id));
    }
    let one = world.client.invoice(&last.id).await.unwrap();
    assert_eq!(one.created, day("2027-02-28"));
    assert!(one.hosted_invoice_url.unwrap().ends_with(&one.id));
}

/// The newest invoice of a customer.
async fn newest(world: &World, customer: &str) -> Invoice {
    let page = world.client.invoices(customer, 1, None).await.unwrap();
    page.data.into_iter().next().unwrap()
}

#[tokio::test]
async fn more_seats_are_paid_for_the_rest_of_the_period_and_fewer_give_nothing_back() {
    let world = World::new().await;
    world.clock.set(Some(day("2027-06-01")));
    let (customer, subscription) = subscribed(&world, 1).await;
    let (id, item) = (&subscription.id, &subscription.items[0].id);
    world.clock.set(Some(day("2027-06-16")));
    let client = &world.client;
    for _ in 0..2 {
        let more = client
            .set_quantity("q1", id, item, 3, Proration::Paid)
            .await;
        assert_eq!(more.unwrap().items[0].quantity, 3);
    }
    let invoices = client.invoices(&customer, 10, None).await.unwrap().data;
    assert_eq!(invoices.len(), 2);
    assert_eq!(invoices[0].total, 1_000, "two seats for half a month");
    assert_eq!(invoices[0].reason, InvoiceReason::Update);
    assert_eq!(invoices[0].quantity, 2);
    let rest = Period {
        start: day("2027-06-16"),
        end: day("2027-07-01"),
    };
    assert_eq!(invoices[0].period, Some(rest));
    assert_eq!(
        (&invoices[1].reason, invoices[1].quantity),
        (&InvoiceReason::Create, 1)
    );
    let fewer = client
        .set_quantity("q2", id, item, 2, Proration::None)
        .await;
    assert_eq!(fewer.unwrap().items[0].quantity, 2);
    world.clock.set(Some(day("2027-07-01")));
    let invoices = client.invoices(&customer, 10, None).await.unwrap().data;
    assert_eq!(invoices.len(), 3);
    assert_eq!(invoices[0].total, 2_000);
    assert_eq!(
        (&invoices[0].reason, invoices[0].quantity),
        (&InvoiceReason::Cycle, 2)
    );
    let other = client.set_quantity("q3", id, "si_other", 2, Proration::None);
    assert_eq!(refused(other.await), (400, "resource_missing".into()));
}

#[tokio::test]
async fn what_is_given_back_or_too_little_to_charge_goes_to_the_next_invoice() {
    let world = World::new().await;
    world.clock.set(Some(day("2027-06-01")));
    let (customer, subscription) = subscribed(&world, 3).await;
    let (id, item) = (&subscription.id, &subscription.items[0].id);
    let client = &world.client;
    // Half a month of one seat back, as our client never asks for it.
    world.clock.set(Some(day("2027-06-16")));
    let form =
        format!("items[0][id]={item}&items[0][quantity]=2&proration_behavior=always_invoice");
    let path = format!("subscriptions/{id}");
    assert_eq!(raw(&world.stripe, "POST", &path, &[], &form).await.0, 200);
    let back = newest(&world, &customer).await;
    assert_eq!(
        (back.total, back.amount_due, back.amount_paid),
        (-500, 0, 0)
    );
    // Half an hour of 9 seats costs ¥7, as each line is rounded, and the last second of one more nothing.
    for (before, seats, total) in [(1_800, 11, 7), (1, 12, 0)] {
        let at = day("2027-07-01") - SignedDuration::from_secs(before);
        world.clock.set(Some(at));
        let key = format!("q{seats}");
        let more = client
            .set_quantity(&key, id, item, seats, Proration::Paid)
            .await;
        assert_eq!(more.unwrap().items[0].quantity, seats);
        let invoice = client
            .invoice(&newest(&world, &customer).await.id)
            .await
            .unwrap();
        assert_eq!((invoice.total, invoice.amount_due), (total, 0));
        assert_eq!(invoice.status, InvoiceStatus::Paid);
        assert_eq!(invoice.payment_intent, None);
        assert_eq!(
            invoice.quantity,
            i64::try_from(seats).unwrap() - if seats == 11 { 2 } else { 11 }
        );
    }
    world.clock.set(Some(day("2027-07-02")));
    let next = newest(&world, &customer).await;
    assert_eq!((next.total, next.amount_paid), (12_000, 12_000 - 500 + 7));
    let paid: i64 = client
        .invoices(&customer, 10, None)
        .await
        .unwrap()
        .data
        .iter()
        .map(|it| it.amount_paid)
        .sum();
    assert_eq!(world.stripe.balance().paid, paid);
}

#[tokio::test]
async fn a_further_period_is_charged_an_hour_after_it_began() {
    let world = World::new().await;
    world.clock.set(Some(day("2027-06-01")));
    let (customer, subscription) = subscribed(&world, 1).await;
    let turn = day("2027-07-01");
    for (seconds, status) in [
        (0, InvoiceStatus::Draft),
        (3_599, InvoiceStatus::Draft),
        (3_600, InvoiceStatus::Paid),
    ] {
        world
            .clock
            .set(Some(turn + SignedDuration::from_secs(seconds)));
        let present = world.client.subscription(&subscription.id).await.unwrap();
        assert_eq!(present.items[0].period.start, turn);
        assert_eq!(newest(&world, &customer).await.status, status, "{seconds}");
    }
    // One that has ended meanwhile is never charged.
    world.clock.set(Some(day("2027-08-01")));
    world
        .client
        .end_subscription(&subscription.id)
        .await
        .unwrap();
    world.later(SignedDuration::from_hours(48));
    assert_eq!(newest(&world, &customer).await.status, InvoiceStatus::Draft);
}

/// Somebody with two seats, whose card is declined as they want five, in the middle of June.
async fn waiting(world: &World) -> (String, Subscription) {
    world.clock.set(Some(day("2027-06-01")));
    let (customer, subscription) = subscribed(world, 2).await;
    world.clock.set(Some(day("2027-06-16")));
    world.stripe.decline(&subscription.id, true).unwrap();
    let item = &subscription.items[0].id;
    let changed = world
        .client
        .set_quantity("q", &subscription.id, item, 5, Proration::Paid);
    let changed = changed.await.unwrap();
    assert_eq!(changed.items[0].quantity, 2);
    assert_eq!(changed.status, SubscriptionStatus::Active);
    let pending = changed.pending_update.clone().unwrap();
    assert_eq!(pending.quantity, Some(5));
    assert_eq!(
        pending.expires_at,
        day("2027-06-17") - SignedDuration::from_hours(1)
    );
    let invoice = world
        .client
        .invoice(changed.latest_invoice.as_ref().unwrap())
        .await
        .unwrap();
    assert_eq!(
        (invoice.status, invoice.total, invoice.quantity),
        (InvoiceStatus::Open, 1_500, 3)
    );
    (customer, changed)
}

#[tokio::test]
async fn seats_that_are_declined_count_once_they_are_paid() {
    let world = World::new().await;
    let (customer, subscription) = waiting(&world).await;
    let invoice = subscription.latest_invoice.unwrap();
    world.later(SignedDuration::from_hours(22));
    world.stripe.pay_invoice(&invoice).unwrap();
    assert!(
        world.stripe.pay_invoice(&invoice).is_err(),
        "once is enough"
    );
    let now = world.client.subscription(&subscription.id).await.unwrap();
    assert_eq!((now.items[0].quantity, &now.pending_update), (5, &None));
    let happened = world.happened();
    assert_eq!(
        happened[happened.len() - 5..],
        [
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice.paid",
            "customer.subscription.pending_update_applied",
            "customer.subscription.updated",
        ]
    );
    assert_eq!(newest(&world, &customer).await.amount_paid, 1_500);
}

#[tokio::test]
async fn seats_that_nobody_pays_for_are_dropped() {
    let expired = async |world: &World, subscription: &Subscription| {
        let now = world.client.subscription(&subscription.id).await.unwrap();
        assert_eq!(now.pending_update, None);
        let invoice = subscription.latest_invoice.as_ref().unwrap();
        let invoice = world.client.invoice(invoice).await.unwrap();
        assert_eq!(invoice.status, InvoiceStatus::Void);
        let happened = world.happened();
        let dropped = happened
            .iter()
            .filter(|it| it.ends_with("pending_update_expired"));
        assert_eq!(dropped.count(), 1);
        assert!(world.stripe.pay_invoice(&invoice.id).is_err());
        now
    };
    // After 23 hours.
    let world = World::new().await;
    let (_, subscription) = waiting(&world).await;
    world.later(SignedDuration::from_hours(23));
    assert_eq!(expired(&world, &subscription).await.items[0].quantity, 2);
    // With the period, which is renewed with what is there.
    let world = World::new().await;
    let (customer, subscription) = waiting(&world).await;
    let (id, item) = (&subscription.id, &subscription.items[0].id);
    let client = &world.client;
    client
        .set_quantity("n", id, item, 2, Proration::None)
        .await
        .unwrap();
    expired(&world, &subscription).await;
    world
        .clock
        .set(Some(day("2027-07-01") - SignedDuration::from_hours(2)));
    let late = client
        .set_quantity("l", id, item, 90, Proration::Paid)
        .await
        .unwrap();
    assert_eq!(late.pending_update.unwrap().expires_at, day("2027-07-01"));
    world.clock.set(Some(day("2027-07-01")));
    assert_eq!(client.subscription(id).await.unwrap().pending_update, None);
    assert_eq!(newest(&world, &customer).await.total, 2_000);
    // By another wish, and by the subscription's end.
    let world = World::new().await;
    let (_, subscription) = waiting(&world).await;
    let (id, item) = (&subscription.id, &subscription.items[0].id);
    world.stripe.decline(id, false).unwrap();
    let client = &world.client;
    client
        .set_quantity("o", id, item, 4, Proration::Paid)
        .await
        .unwrap();
    assert_eq!(expired(&world, &subscription).await.items[0].quantity, 4);
    let world = World::new().await;
    let (_, subscription) = waiting(&world).await;
    world
        .client
        .end_subscription(&subscription.id)
        .await
        .unwrap();
    expired(&world, &subscription).await;
}

#[tokio::test]
async fn a_subscription_is_ended_at_once() {
    let world = World::new().await;
    let (customer, subscription) = subscribed(&world, 1).await;
    let client = &world.client;
    let ended = client.end_subscription(&subscription.id).await.unwrap();
    assert_eq!(ended.status, SubscriptionStatus::Canceled);
    assert_eq!(ended.ended_at, Some(world.clock.now()));
    let again = client.end_subscription(&subscription.id).await;
    assert_eq!(refused(again), (404, "resource_missing".into()));
    // What was paid is given back by its PaymentIntent, which leads to the invoice.
    let invoice = newest(&world, &customer).await;
    let intent = client
        .invoice(&invoice.id)
        .await
        .unwrap()
        .payment_intent
        .unwrap();
    assert_eq!(client.invoice_of(&intent).await.unwrap(), Some(invoice.id));
    let refund = client.create_refund("r", &intent, None, &[]).await.unwrap();
    assert_eq!(refund.amount, 1_000);
    let (other, _) = world.paid("order", 500).await;
    assert_eq!(client.invoice_of(&other).await.unwrap(), None);
}

#[tokio::test]
async fn one_that_was_called_off_in_the_portal_ends_with_its_period_or_goes_on() {
    let world = World::new().await;
    world.clock.set(Some(day("2027-06-01")));
    let (_, subscription) = subscribed(&world, 1).await;
    let (client, id) = (&world.client, &subscription.id);
    world.stripe.call_off(id, true).unwrap();
    let called_off = client.subscription(id).await.unwrap();
    assert_eq!(called_off.cancel_at, Some(day("2027-07-01")));
    assert!(!called_off.cancel_at_period_end);
    let kept = client.clear_cancel_at("c1", id).await.unwrap();
    assert_eq!((kept.cancel_at, kept.canceled_at), (None, None));
    world.stripe.call_off(id, true).unwrap();
    world.clock.set(Some(day("2027-07-02")));
    let ended = client.subscription(id).await.unwrap();
    assert_eq!(ended.ended_at, Some(day("2027-07-01")));
    assert!(world.stripe.call_off(id, false).is_err());
}

#[tokio::test]
async fn a_cancelled_subscription_goes_on_until_its_period_ends() {
    let world = World::new().await;
    world.clock.set(Some(day("2027-06-01")));
    let (_, subscription) = subscribed(&world, 1).await;
    let (client, id) = (&world.client, &subscription.id);
    let cancelled = client.cancel_at_period_end("x1", id, true).await.unwrap();
    assert!(cancelled.cancel_at_period_end);
    assert_eq!(cancelled.status, SubscriptionStatus::Active);
    assert_eq!(cancelled.canceled_at, Some(day("2027-06-01")));
    let kept = client.cancel_at_period_end("x2", id, false).await.unwrap();
    assert!(!kept.cancel_at_period_end);
    assert_eq!(kept.canceled_at, None);
    client.cancel_at_period_end("x3", id, true).await.unwrap();
    world.clock.set(Some(day("2027-07-15")));
    let ended = client.subscription(id).await.unwrap();
    assert_eq!(ended.status, SubscriptionStatus::Canceled);
    assert_eq!(ended.ended_at, Some(day("2027-07-01")));
    let late = client.cancel_at_period_end("x4", id, false).await;
    assert_eq!(refused(late), (400, "invalid_request_error".into()));
    let last = world.happened().pop().unwrap();
    assert_eq!(last, "customer.subscription.deleted");
}

#[tokio::test]
async fn a_declined_renewal_is_past_due_until_it_is_paid_or_given_up() {
    let world = World::new().await;
    world.clock.set(Some(day("2027-06-01")));
    let (customer, subscription) = subscribed(&world, 1).await;
    let (client, id) = (&world.client, &subscription.id);
    world.stripe.decline(id, true).unwrap();
    world.clock.set(Some(day("2027-07-02")));
    let due = client.subscription(id).await.unwrap();
    assert_eq!(due.status, SubscriptionStatus::PastDue);
    let open = client.invoices(&customer, 1, None).await.unwrap();
    assert_eq!(open.data[0].status, InvoiceStatus::Open);
    assert_eq!(open.data[0].amount_paid, 0);
    world.stripe.decline(id, false).unwrap();
    let paid = client.subscription(id).await.unwrap();
    assert_eq!(paid.status, SubscriptionStatus::Active);
    world.stripe.decline(id, true).unwrap();
    world.clock.set(Some(day("2027-09-10")));
    let given_up = client.subscription(id).await.unwrap();
    assert_eq!(given_up.status, SubscriptionStatus::Canceled);
}

#[tokio::test]
async fn the_portal_is_for_a_customer_there_is() {
    let world = World::new().await;
    let (customer, _) = subscribed(&world, 1).await;
    let back = "https://o.example/";
    let portal = world.client.create_portal("p", &customer, back).await;
    let start = format!("{}/stripe/portal/", world.url);
    assert!(portal.unwrap().url.starts_with(&start));
    let other = world.client.create_portal("p2", "cus_other", back).await;
    assert_eq!(refused(other), (400, "resource_missing".into()));
}
