//! What is paid for each period.

use enishi_local::stripe::PRICE;
use enishi_shared::{
    payments::{self, State},
    stripe,
};

use super::*;

/// Somebody pays for the first month of three seats at ¥1,000.
pub async fn subscribed(world: &World, person: &Person) -> Payment {
    let app = service(world);
    let first = subscribe(&app, person).await;
    world.stack.stripe().pay(session(&first)).unwrap();
    world.stack.settle().await;
    find(&app, first.payment_ref()).await
}

/// Three seats at ¥1,000 a month, for somebody who is Stripe's customer.
async fn subscribe(app: &App, person: &Person) -> Payment {
    let stripe = stripe::client(app);
    let customer = stripe
        .create_customer("customer", "縁", "hana@example.com", &[])
        .await
        .unwrap();
    let seats = Product::Subscription {
        customer: customer.id,
        price: PRICE.into(),
        unit_amount: 1_000,
        quantity: 3,
    };
    let new = NewPayment {
        purpose: Purpose::new("licence"),
        ..new(app, &person.id, seats)
    };
    payments::open(app, new).await.unwrap().payment
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
