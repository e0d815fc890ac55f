//! Subscriptions by the stack's clock.

use enishi_shared::stripe::{
    InvoiceStatus, SessionStatus, Subscription, SubscriptionCheckout, SubscriptionStatus,
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

#[tokio::test]
async fn more_seats_are_paid_for_the_rest_of_the_period_and_fewer_are_credited() {
    let world = World::new().await;
    world.clock.set(Some(day("2027-06-01")));
    let (customer, subscription) = subscribed(&world, 1).await;
    let item = &subscription.items[0].id;
    world.clock.set(Some(day("2027-06-16")));
    let client = &world.client;
    let more = client.set_quantity("q1", &subscription.id, item, 3).await;
    assert_eq!(more.unwrap().items[0].quantity, 3);
    let again = client.set_quantity("q1", &subscription.id, item, 3).await;
    assert_eq!(again.unwrap().items[0].quantity, 3);
    let invoices = client.invoices(&customer, 10, None).await.unwrap().data;
    assert_eq!(invoices.len(), 2);
    assert_eq!(invoices[0].total, 1_000, "two seats for half a month");
    let fewer = client.set_quantity("q2", &subscription.id, item, 2).await;
    assert_eq!(fewer.unwrap().items[0].quantity, 2);
    world.clock.set(Some(day("2027-07-01")));
    let invoices = client.invoices(&customer, 10, None).await.unwrap().data;
    assert_eq!(invoices.len(), 3);
    assert_eq!(invoices[0].total, 1_500, "two seats less the credit");
    let other = client.set_quantity("q3", &subscription.id, "si_other", 2);
    assert_eq!(refused(other.await), (400, "resource_missing".into()));
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
