//! What the store makes of DynamoDB's answers: the requests go over a real socket to a server that
//! gives them one after the other.
#![allow(clippy::unwrap_used)]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, http::StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::{
    app::{Clock, Env, Parts, Random, TimeLimits, http_client},
    error::Code,
    idempotency::IdempotencyKey,
};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seat {
    user_id: String,
}

/// A server and what it was asked, and a function's world that reaches it.
struct World {
    app: App,
    table: Table,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl World {
    /// A server that gives these answers to any requests, in this order.
    async fn new(answers: impl IntoIterator<Item = Value>) -> Self {
        let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
        let answers: Arc<Mutex<VecDeque<Value>>> =
            Arc::new(Mutex::new(answers.into_iter().collect()));
        let router = Router::new().fallback({
            let asked = Arc::clone(&asked);
            move |body: Bytes| async move {
                asked
                    .lock()
                    .unwrap()
                    .push(serde_json::from_slice(&body).unwrap());
                let answer = answers.lock().unwrap().pop_front().unwrap();
                let status = match answer.get("__type") {
                    Some(_) => StatusCode::BAD_REQUEST,
                    None => StatusCode::OK,
                };
                (status, axum::Json(answer))
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let env = [
            ("AWS_REGION", "ap-northeast-1"),
            ("AWS_ACCESS_KEY_ID", "Test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", &endpoint),
            ("SEATS_TABLE", "seats"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let app = App::new(Parts {
            env: Env::from_iter(env),
            clock: Clock::from_fn(move || now),
            random: Random::from_seed(1),
            http: http_client(),
            limits: TimeLimits::all(Duration::from_mins(1)),
            password_cost: crate::password::Cost::default(),
        })
        .unwrap();
        Self {
            table: Table::named(&app, "SEATS_TABLE").unwrap(),
            app,
            asked,
        }
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    /// A transaction that takes a seat if its owner is there.
    fn taking_a_seat(&self) -> (Transaction, Part, Part<Seat>) {
        let mut tx = Transaction::new(&self.app);
        let owner = tx.check(&self.table, Key::new("USER", "1"), when().exists("pk"));
        let seat = tx.create(&self.table, key(), &seat("hana")).unwrap();
        (tx, owner, seat)
    }
}

fn key() -> Key {
    Key::new("SEAT", "1")
}

fn seat(user_id: &str) -> Seat {
    Seat {
        user_id: user_id.to_owned(),
    }
}

/// The answer to a transaction of which these parts fail.
fn cancelled(reasons: Value) -> Value {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": reasons,
    })
}

/// A part that was refused by an item.
fn refused(item: Value) -> Value {
    json!({"Code": "ConditionalCheckFailed", "Message": "no", "Item": item})
}

#[tokio::test]
async fn a_refusal_tells_by_its_name_which_part_it_was_and_what_is_there() {
    let ken = refused(json!({"pk": {"S": "SEAT"}, "sk": {"S": "1"}, "user_id": {"S": "ken"}}));
    let world = World::new([cancelled(json!([{"Code": "None"}, ken]))]).await;
    let (tx, owner, taken) = world.taking_a_seat();
    let Outcome::Refused(refused) = tx.commit().await.unwrap() else {
        unreachable!("it was refused");
    };
    assert!(refused.is(taken) && !refused.is(owner));
    assert_eq!(refused.item(taken).unwrap(), Some(seat("ken")));
    assert_eq!(refused.item(owner.of::<Seat>()).unwrap(), None);
}

#[tokio::test]
async fn a_conflict_is_tried_again_as_the_same_transaction() {
    let conflict = json!([{"Code": "None"}, {"Code": "TransactionConflict"}]);
    let world = World::new([cancelled(conflict.clone()), cancelled(conflict), json!({})]).await;
    let (tx, ..) = world.taking_a_seat();
    assert!(matches!(tx.commit().await, Ok(Outcome::Done)));
    let asked = world.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[0]["ClientRequestToken"].is_string());
    assert!(asked.iter().all(|one| *one == asked[0]));
}

#[tokio::test]
async fn what_dynamodb_will_never_take_is_not_tried_again() {
    let world = World::new([cancelled(json!([
        {"Code": "ValidationError"}, {"Code": "TransactionConflict"},
    ]))])
    .await;
    let (tx, ..) = world.taking_a_seat();
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.code(), Code::InternalServerError);
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn more_than_a_hundred_parts_are_not_sent() {
    let world = World::new([]).await;
    let mut tx = Transaction::new(&world.app);
    for number in 0..=100 {
        tx.delete(&world.table, Key::new("SEAT", format!("{number}")));
    }
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.code(), Code::InternalServerError);
    assert_eq!(world.asked(), Vec::<Value>::new());
}

#[tokio::test]
async fn one_key_creates_once_and_only_of_one_body() {
    let id = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50";
    let other = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51";
    let sent = async |world: &World, body: &str, id: &str| {
        let key = IdempotencyKey(Some("k".to_owned()));
        let creation = key.creation(&world.app, "seats", &body).unwrap();
        let (tx, _, taken) = world.taking_a_seat();
        let id: uuid::Uuid = id.parse().unwrap();
        let outcome = tx
            .commit_once(&world.table, creation.as_ref(), &id)
            .await
            .map_err(|error| error.code());
        (outcome, taken)
    };
    let first = World::new([json!({})]).await;
    let (outcome, _) = sent(&first, "window", id).await;
    assert!(matches!(outcome, Ok(Outcome::Done)));
    // What the first one has left, as the second one finds it.
    let asked = first.asked();
    let record = &asked[0]["TransactItems"][2]["Update"];
    let names = record["ExpressionAttributeNames"].as_object().unwrap();
    let update = record["UpdateExpression"].as_str().unwrap();
    let mut left = serde_json::Map::new();
    for set in update.strip_prefix("SET ").unwrap().split(", ") {
        let (name, value) = set.split_once(" = ").unwrap();
        let name = names[name].as_str().unwrap().to_owned();
        left.insert(name, record["ExpressionAttributeValues"][value].clone());
    }
    let repeated = || {
        let ken = json!({"user_id": {"S": "ken"}});
        let reasons = json!([{"Code": "None"}, refused(ken), refused(left.clone().into())]);
        World::new([cancelled(reasons)])
    };
    let (outcome, taken) = sent(&repeated().await, "window", other).await;
    let Ok(Outcome::Replayed {
        id: before,
        refused,
    }) = outcome
    else {
        unreachable!("it was replayed");
    };
    assert_eq!(before.to_string(), id);
    assert_eq!(refused.item(taken).unwrap(), Some(seat("ken")));
    let (outcome, _) = sent(&repeated().await, "aisle", other).await;
    assert_eq!(outcome.unwrap_err(), Code::Conflict);
}

#[tokio::test]
async fn a_write_that_meets_its_own_mark_was_done_before() {
    let refusal = |item: Value| {
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "Message": "no",
            "Item": item,
        })
    };
    // The mark follows from the seed: the first run shows which one it is.
    let first = World::new([json!({})]).await;
    assert!(matches!(
        first.table.create(key(), &seat("hana")).await,
        Ok(Written::Done)
    ));
    let mark = first.asked()[0]["Item"]["write_id"].clone();
    let own = json!({"user_id": {"S": "hana"}, "write_id": mark});
    let world = World::new([refusal(own)]).await;
    assert!(matches!(
        world.table.create(key(), &seat("hana")).await,
        Ok(Written::Done)
    ));
    let anothers = json!({"user_id": {"S": "ken"}, "write_id": {"S": "another"}});
    let world = World::new([refusal(anothers)]).await;
    let Ok(Written::Refused(found)) = world.table.create(key(), &seat("hana")).await else {
        unreachable!("it was refused");
    };
    assert_eq!(found.item().unwrap(), Some(seat("ken")));
}
