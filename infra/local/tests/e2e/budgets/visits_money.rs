//! What the money of visits takes.

use serde_json::json;

use super::Measured;
use crate::{
    support::World,
    visits::{
        money::{pay, session, settle, silence},
        people::{act, booked, verified},
    },
};

/// Calls each in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    silence(world);
    let sora = verified(world, 1, "company").await;
    let hana = verified(world, 2, "student").await;
    let kei = verified(world, 3, "company").await;
    let stripe = world.stack.stripe();

    let id = booked(world, &hana, &sora).await;
    world.stack.aws().forget_calls();
    let mut checkout = String::new();
    for requests in [4, 2] {
        checkout = session(&pay(world, &hana, &id).await.expect(200).body);
        assert_eq!(measured.count(world, "visits-pay"), requests);
    }
    // The bank declines, of which nobody tells.
    stripe.pay_slowly(&checkout).unwrap();
    stripe.settle_late(&checkout, false).unwrap();
    let checkout = session(&pay(world, &hana, &id).await.expect(200).body);
    assert_eq!(measured.count(world, "visits-pay"), 7);
    stripe.pay(&checkout).unwrap();
    pay(world, &hana, &id).await.expect(409);
    assert_eq!(measured.count(world, "visits-pay"), 7);
    settle(world, &id).await;
    assert_eq!(measured.count(world, "visits-settle"), 1);
    let cancel = json!({"action": "cancel"});
    act(world, &hana, &id, cancel.clone()).await.expect(200);
    world.stack.settle().await;
    assert_eq!(measured.count(world, "visits-refund"), 3);

    // Cancelled while a Checkout is open; and when it was just paid.
    for (requests, is_paid) in [(4, false), (7, true)] {
        let id = booked(world, &hana, &kei).await;
        let checkout = session(&pay(world, &hana, &id).await.expect(200).body);
        if is_paid {
            stripe.pay(&checkout).unwrap();
        }
        world.stack.aws().forget_calls();
        act(world, &hana, &id, cancel.clone()).await.expect(200);
        assert_eq!(measured.count(world, "visits-update-matching"), requests);
    }

    let id = booked(world, &hana, &sora).await;
    let checkout = session(&pay(world, &hana, &id).await.expect(200).body);
    stripe.pay(&checkout).unwrap();
    world.stack.aws().forget_calls();
    settle(world, &id).await;
    assert_eq!(measured.count(world, "visits-settle"), 2);
}
