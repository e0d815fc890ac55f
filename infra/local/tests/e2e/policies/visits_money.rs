//! Every request that the functions of visits' money can make.

use enishi_local::stripe::Order;
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    identity::later,
    support::{Person, World},
    visits::{
        money::{pay, session, settle, silence},
        people::{act, booked, verified},
    },
};

/// Two new people and what they have booked.
async fn two(world: &World, number: usize) -> (Person, Person, String) {
    let speaker = verified(world, number, "company").await;
    let listener = verified(world, number + 1, "student").await;
    let id = booked(world, &listener, &speaker).await;
    (speaker, listener, id)
}

/// Opens its Checkout.
async fn open(world: &World, by: &Person, id: &str) -> String {
    session(&pay(world, by, id).await.expect(200).body)
}

/// The story.
pub async fn story(world: &World) {
    let began = world.stack.clock().now();
    let stripe = world.stack.stripe();
    let lambda = world.stack.lambda();
    silence(world);
    // Cancelled while a Checkout is open; and suspended.
    let (_, hana, id) = two(world, 61).await;
    open(world, &hana, &id).await;
    act(world, &hana, &id, json!({"action": "cancel"}))
        .await
        .expect(200);
    let (sora, hana, id) = two(world, 63).await;
    open(world, &hana, &id).await;
    let event = json!({
        "source": "enishi.visits", "detail-type": "visits.withdrawn",
        "detail": {
            "id": "1", "time": "2026-11-20T11:00:00Z",
            "data": {"user_id": sora.id, "cause": "suspended"},
        },
    });
    lambda.invoke("VisitsWithdraw", event).await.unwrap();
    // Paid, and paid again before anybody has told.
    let (_, hana, id) = two(world, 65).await;
    let checkout = open(world, &hana, &id).await;
    stripe.pay(&checkout).unwrap();
    pay(world, &hana, &id).await.expect(409);
    // Paid, and told of when the meeting should have begun, the sweep standing still.
    let (_, hana, late) = two(world, 67).await;
    let checkout = open(world, &hana, &late).await;
    stripe.pay(&checkout).unwrap();
    // Not paid.
    let (_, hana, id) = two(world, 69).await;
    open(world, &hana, &id).await;
    world
        .stack
        .clock()
        .set(Some(began + SignedDuration::from_hours(120)));
    settle(world, &late).await;
    later(world, 1);
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    lambda.invoke("VisitsSweep", tick).await.unwrap();
    world.stack.settle().await;
    stripe.deliver_order(Order::default());
    world.stack.clock().set(Some(began));
}
