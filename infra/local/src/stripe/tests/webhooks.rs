//! Webhooks as they go out.

use std::collections::BTreeSet;

use axum::{Router, http::StatusCode, routing::post};
use enishi_shared::stripe::webhook::verify;

use super::*;

type Received = Arc<Mutex<Vec<(String, String)>>>;

/// A receiver that answers `status`; what it received, with the signatures.
async fn receiver(status: Arc<Mutex<StatusCode>>) -> (String, Received) {
    let received = Received::default();
    let kept = Arc::clone(&received);
    let handle = move |headers: HeaderMap, body: String| {
        let (kept, status) = (Arc::clone(&kept), Arc::clone(&status));
        async move {
            let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
            lock(&kept).push((signature, body));
            *lock(&status)
        }
    };
    let router = Router::new().route("/webhook/stripe", post(handle));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhook/stripe", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

async fn world() -> (World, Received, Arc<Mutex<StatusCode>>) {
    let status = Arc::new(Mutex::new(StatusCode::OK));
    let (url, received) = receiver(Arc::clone(&status)).await;
    (World::with(API_KEY, Some(url)).await, received, status)
}

fn ids(received: &Received) -> Vec<String> {
    let id = |body: &str| {
        let body: Value = serde_json::from_str(body).unwrap();
        body["id"].as_str().unwrap().to_owned()
    };
    lock(received).iter().map(|(_, body)| id(body)).collect()
}

fn event_ids(world: &World) -> Vec<String> {
    let events = world.stripe.events().into_iter();
    events.map(|event| event.id).collect()
}

#[tokio::test]
async fn events_are_signed_and_sent_once_in_order() {
    let (world, received, _) = world().await;
    let (intent, _) = world.paid("order", 500).await;
    let maker = world.maker().await;
    assert!(world.stripe.deliver().await);
    assert!(!world.stripe.deliver().await, "all were taken");
    assert_eq!(ids(&received), event_ids(&world));
    for (signature, body) in lock(&received).iter() {
        let take = |secret| verify(body.as_bytes(), signature, &[secret], world.clock.now());
        let event = take(SIGNING_SECRET).or_else(|_| take(CONNECT_SIGNING_SECRET));
        let event = event.unwrap();
        let connect = event.kind == "account.updated";
        assert_eq!(
            take(CONNECT_SIGNING_SECRET).is_ok(),
            connect,
            "{}",
            event.kind
        );
        assert_eq!(event.account.as_ref(), connect.then_some(&maker));
        if event.kind == "payment_intent.succeeded" {
            assert_eq!(event.data.object.id, intent);
            assert_eq!(event.data.object.object, "payment_intent");
        }
    }
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_later_and_given_up_in_the_end() {
    let (world, received, status) = world().await;
    *lock(&status) = StatusCode::INTERNAL_SERVER_ERROR;
    let id = world.checkout("order", 500).await.id;
    world.client.expire_checkout("e", &id).await.unwrap();
    world.stripe.deliver().await;
    assert!(!world.stripe.deliver().await, "not at once");
    world.later(SignedDuration::from_mins(1));
    *lock(&status) = StatusCode::OK;
    assert!(world.stripe.deliver().await);
    assert!(!world.stripe.deliver().await);
    let sent = ids(&received);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);

    *lock(&status) = StatusCode::NOT_FOUND;
    let id = world.checkout("other", 500).await.id;
    world.client.expire_checkout("e2", &id).await.unwrap();
    let mut tries = 0;
    while world.stripe.deliver().await {
        tries += 1;
        world.later(SignedDuration::from_hours(72));
    }
    assert_eq!(tries, 8);
}

#[tokio::test]
async fn events_come_duplicated_delayed_and_shuffled_on_demand() {
    let (world, received, _) = world().await;
    world.stripe.deliver_order(Order {
        copies: 2,
        delay: SignedDuration::from_hours(1),
        shuffle: Some(7),
    });
    world.paid("order", 500).await;
    assert!(!world.stripe.deliver().await, "delayed");
    world.later(SignedDuration::from_hours(1));
    assert!(world.stripe.deliver().await);
    let sent = ids(&received);
    let all: Vec<String> = event_ids(&world);
    assert_eq!(sent.len(), 3 * all.len());
    assert_eq!(BTreeSet::from_iter(&sent), BTreeSet::from_iter(&all));
    let plain: Vec<String> = all
        .iter()
        .flat_map(|id| [id.clone(), id.clone(), id.clone()])
        .collect();
    assert_ne!(sent, plain, "shuffled");
    world.stripe.resend(&all[0], 2);
    world.stripe.deliver().await;
    assert_eq!(
        ids(&received)[sent.len()..],
        [all[0].clone(), all[0].clone()]
    );
}

#[tokio::test]
async fn the_same_number_shuffles_alike() {
    let mut orders = Vec::new();
    for seed in [1, 1, 2] {
        let (world, received, _) = world().await;
        world.stripe.deliver_order(Order {
            shuffle: Some(seed),
            ..Order::default()
        });
        for reference in ["a", "b", "c"] {
            world.paid(reference, 500).await;
        }
        world.stripe.deliver().await;
        let all = event_ids(&world);
        let place = |id| all.iter().position(|it| *it == id);
        orders.push(ids(&received).into_iter().map(place).collect::<Vec<_>>());
    }
    assert_eq!(orders[0], orders[1]);
    assert_ne!(orders[0], orders[2]);
}
