//! `GET` and `POST /api/messages`, and what reaches connections.

mod storm;

use enishi_visits::state::State;
use http::Request;
use http::header;
use serde_json::{Value, json};

use super::{
    items,
    matched::{accepted, matched, suspend, two},
};
use crate::{
    identity::later,
    live::Socket,
    support::{Answer, Person, World, text},
};

pub async fn say(world: &World, by: &Person, matching: &str, text: &str, id: &str) -> Answer {
    let body = json!({"matching_id": matching, "text": text, "client_msg_id": id});
    world.post(by, "/api/messages", body).await
}

async fn page(world: &World, by: &Person, matching: &str, query: &str) -> Answer {
    let path = format!("/api/messages?matching_id={matching}{query}");
    world.get(by, &path).await
}

async fn seqs(world: &World, by: &Person, matching: &str, query: &str) -> Vec<u64> {
    let answer = page(world, by, matching, query).await.expect(200);
    let messages = answer.body.as_array().unwrap().iter();
    messages
        .map(|message| message["seq"].as_u64().unwrap())
        .collect()
}

/// That the messages are not there for somebody.
async fn is_hidden(world: &World, person: &Person, matching: &str) {
    for answer in [
        page(world, person, matching, "").await,
        page(world, person, matching, "&after_seq=0").await,
        say(world, person, matching, "hello", "1").await,
    ] {
        answer.expect_error(404, "not_found", &[]);
    }
}

#[tokio::test]
async fn a_message_comes_to_both_and_shows_who_wrote_it_as_a_part_only() {
    let world = World::new().await;
    let (sora, hana, id) = accepted(&world).await;
    let mut soras = Socket::open(&world, &sora).await;
    let mut hanas = Socket::open(&world, &hana).await;
    let sent = say(&world, &hana, &id, "はじめまして\n花です", "m1").await;
    let sent = sent.expect(201);
    let message = json!({
        "message_id": sent.body["message_id"], "seq": 1, "sender": "listener",
        "text": "はじめまして\n花です", "sent_at": "2026-11-20T11:00:00Z",
    });
    let mut expected = message.clone();
    expected["client_msg_id"] = json!("m1");
    assert_eq!(sent.body, expected);
    world.stack.settle().await;
    let mut frame = message.clone();
    frame["type"] = json!("matchingMessage");
    frame["matching_id"] = json!(id);
    for socket in [&mut soras, &mut hanas] {
        assert_eq!(socket.next().await, frame);
    }
    for person in [&sora, &hana] {
        let answer = page(&world, person, &id, "").await.expect(200);
        assert_eq!(answer.body, json!([message]));
    }
    say(&world, &sora, &id, "こんにちは", "m1")
        .await
        .expect(201);
    world.stack.settle().await;
    for socket in [&mut soras, &mut hanas] {
        let frame = socket.next().await;
        assert_eq!(frame["sender"], "speaker");
        assert_eq!(frame["seq"], 2);
        socket.expect_nothing().await;
    }
    // Neither anywhere learns who the other is.
    let shown = page(&world, &hana, &id, "").await.text;
    assert!(!shown.contains(&sora.id) && !shown.contains(&hana.id));
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn pages_go_back_from_the_newest_or_on_from_the_last_one_has() {
    let world = World::new().await;
    let (sora, hana, id) = accepted(&world).await;
    for number in 1..=7 {
        let by = if number % 2 == 0 { &sora } else { &hana };
        say(&world, by, &id, "hello", &number.to_string())
            .await
            .expect(201);
    }
    for (query, expected) in [
        ("", vec![7, 6, 5, 4, 3, 2, 1]),
        ("&limit=2", vec![7, 6]),
        ("&before_seq=6&limit=3", vec![5, 4, 3]),
        ("&before_seq=1", vec![]),
        ("&after_seq=0&limit=3", vec![1, 2, 3]),
        ("&after_seq=5", vec![6, 7]),
        ("&after_seq=7", vec![]),
    ] {
        assert_eq!(seqs(&world, &sora, &id, query).await, expected, "{query}");
    }
    for (query, fields) in [
        ("&after_seq=1&before_seq=3", ["before_seq: invalid"]),
        ("&limit=0", ["limit: invalid"]),
        ("&limit=101", ["limit: invalid"]),
        ("&after_seq=-1", ["after_seq: invalid"]),
        ("&offset=1", ["offset: invalid"]),
    ] {
        let answer = page(&world, &sora, &id, query).await;
        answer.expect_error(400, "invalid_parameter", &fields);
    }
    let answer = world.get(&sora, "/api/messages").await;
    answer.expect_error(400, "invalid_parameter", &["matching_id: missing_field"]);
    let answer = page(&world, &sora, "nonsense", "").await;
    answer.expect_error(400, "invalid_parameter", &["matching_id: invalid"]);
}

/// With an `Idempotency-Key`.
async fn say_keyed(world: &World, by: &Person, matching: &str, text: &str, key: &str) -> Answer {
    let body = json!({"matching_id": matching, "text": text});
    let request = Request::post("/api/messages")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", by.access_token))
        .header("idempotency-key", key);
    world
        .send(request.body(body.to_string().into()).unwrap())
        .await
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_one() {
    let world = World::new().await;
    let (sora, hana, id) = accepted(&world).await;
    let first = say(&world, &hana, &id, "hello", "m1").await.expect(201);
    let again = say(&world, &hana, &id, "hello", "m1").await.expect(201);
    assert_eq!(first.body, again.body);
    let answer = say(&world, &hana, &id, "goodbye", "m1").await;
    answer.expect_error(409, "conflict", &[]);
    // Another's ids are their own.
    say(&world, &sora, &id, "hello", "m1").await.expect(201);
    let key = "a key of more than sixty-four characters, as some clients are wont to make them";
    let first = say_keyed(&world, &hana, &id, "hello", key)
        .await
        .expect(201);
    let again = say_keyed(&world, &hana, &id, "hello", key)
        .await
        .expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(first.body["client_msg_id"], key);
    say_keyed(&world, &hana, &id, "goodbye", key)
        .await
        .expect(409);
    assert_eq!(seqs(&world, &hana, &id, "").await, [3, 2, 1]);
    // With neither, each is another.
    let body = json!({"matching_id": id, "text": "hello"});
    for seq in [4, 5] {
        let sent = world.post(&hana, "/api/messages", body.clone()).await;
        assert_eq!(sent.expect(201).body["seq"], seq);
    }
    let long = "字".repeat(2_001);
    for (field, wrong) in [
        ("text", json!("")),
        ("text", json!(" \n")),
        ("text", json!("a\u{0}")),
        ("text", json!(long)),
        ("client_msg_id", json!("a b")),
        ("matching_id", json!("nonsense")),
    ] {
        let mut body = json!({"matching_id": id, "text": "hello", "client_msg_id": "m9"});
        body[field] = wrong;
        let answer = world.post(&hana, "/api/messages", body).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    let longest = "字".repeat(2_000);
    say(&world, &hana, &id, &longest, "m9").await.expect(201);
}

#[tokio::test]
async fn before_it_is_paid_nobody_tells_how_to_be_reached() {
    let world = World::new().await;
    let (sora, hana) = two(&world).await;
    for (state, status) in [
        (State::Requested, 400),
        (State::Accepted, 400),
        (State::Scheduled, 400),
        (State::Declined, 400),
        (State::Cancelled, 400),
        (State::Paid, 201),
        (State::Refunded, 201),
        (State::Done, 201),
    ] {
        let id = matched(&world, &sora, &hana, state).await;
        for (number, told) in ["hana@example.com", "https://example.com", "090-1234-5678"]
            .into_iter()
            .enumerate()
        {
            let answer = say(&world, &hana, &id, told, &number.to_string()).await;
            match status {
                400 => drop(answer.expect_error(400, "invalid_parameter", &["text: invalid"])),
                _ => drop(answer.expect(status)),
            }
        }
        say(&world, &sora, &id, "9:00からでどうでしょう", "m")
            .await
            .expect(201);
    }
}

#[tokio::test]
async fn messages_are_the_two_peoples_alone_while_there_is_no_block_and_until_they_end() {
    let world = World::new().await;
    let (mut sora, mut hana, id) = accepted(&world).await;
    let mei = super::register(&world, "mei", "student").await;
    say(&world, &hana, &id, "hello", "1").await.expect(201);
    is_hidden(&world, &mei, &id).await;
    is_hidden(&world, &hana, "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50").await;
    let stranger = world.sign_up("ken").await;
    is_hidden(&world, &stranger, &id).await;

    let mut soras = Socket::open(&world, &sora).await;
    for (by, body) in [
        (&sora, json!({"matching_id": id})),
        (&hana, json!({"matching_id": id})),
    ] {
        // Stored, and not yet delivered when there is a block.
        say(&world, &hana, &id, "still under way", &by.id)
            .await
            .expect(201);
        let blocked = world.post(by, "/api/visits/blocks", body).await.expect(201);
        world.stack.settle().await;
        soras.expect_nothing().await;
        is_hidden(&world, &sora, &id).await;
        is_hidden(&world, &hana, &id).await;
        let path = format!("/api/visits/blocks/{}", text(&blocked.body["speaker_id"]));
        let token = Some(by.access_token.as_str());
        world.call("DELETE", &path, token, None).await.expect(204);
        page(&world, &sora, &id, "").await.expect(200);
    }
    assert_eq!(seqs(&world, &sora, &id, "").await, [3, 2, 1]);

    // Thirty days after the last message; the rows are still there.
    later(&world, 30 * 24 * 60 * 60 - 1);
    world.refresh(&mut sora).await;
    world.refresh(&mut hana).await;
    assert_eq!(seqs(&world, &sora, &id, "").await, [3, 2, 1]);
    later(&world, 1);
    is_hidden(&world, &sora, &id).await;
    is_hidden(&world, &hana, &id).await;
    let messages = format!("CHAT#{id}");
    assert!(!items(&world, &messages).is_empty());
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let swept = world.stack.lambda().invoke("VisitsSweep", tick).await;
    assert_eq!(swept.unwrap()["conversations"], 1);
    assert!(items(&world, &messages).is_empty());
    let lists = items(&world, "USER#");
    assert!(!lists.iter().any(|row| row["sk"]["S"] == messages.as_str()));
}

#[tokio::test]
async fn who_is_suspended_neither_reads_nor_writes() {
    let world = World::new().await;
    let (sora, hana, id) = accepted(&world).await;
    say(&world, &hana, &id, "hello", "1").await.expect(201);
    suspend(&world, &hana).await;
    for answer in [
        page(&world, &hana, &id, "").await,
        say(&world, &hana, &id, "hello", "1").await,
        say(&world, &hana, &id, "hello", "2").await,
    ] {
        answer.expect_error(403, "forbidden", &[]);
    }
    page(&world, &sora, &id, "").await.expect(200);
}

#[tokio::test]
async fn one_person_may_write_only_so_often() {
    let few = |options: &mut enishi_local::Options| {
        options
            .parameters
            .insert("VisitsMessageRate".into(), "2/1h".into());
    };
    let world = World::with(few).await;
    let (sora, hana, id) = accepted(&world).await;
    for number in ["1", "2"] {
        say(&world, &hana, &id, "hello", number).await.expect(201);
    }
    let answer = say(&world, &hana, &id, "hello", "3").await;
    let answer = answer.expect_error(429, "too_many_requests", &[]);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    say(&world, &sora, &id, "hello", "1").await.expect(201);
}

#[tokio::test]
async fn what_cannot_be_delivered_is_reported_and_the_rest_goes_out() {
    let world = World::new().await;
    let (sora, hana, id) = accepted(&world).await;
    let mut soras = Socket::open(&world, &sora).await;
    let sample = include_str!("../../../../../events/visits-deliver.json");
    let mut event: Value = serde_json::from_str(sample).unwrap();
    let mut record = event["Records"][0].take();
    record["dynamodb"]["NewImage"]["chat_id"]["S"] = json!(id);
    record["dynamodb"]["NewImage"]["sender_id"]["S"] = json!(hana.id);
    let mut broken = record.clone();
    broken["dynamodb"]["SequenceNumber"] = json!("7");
    broken["dynamodb"]["NewImage"]["seq"] = json!({"S": "x"});
    event["Records"] = json!([broken, record]);
    let answer = world.stack.lambda().invoke("VisitsDeliver", event).await;
    let expected = json!({"batchItemFailures": [{"itemIdentifier": "7"}]});
    assert_eq!(answer.unwrap(), expected);
    assert_eq!(soras.next().await["seq"], 7);
}
