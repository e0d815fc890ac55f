//! Chats over the WebSocket: acknowledgements, messages to every connection of both, who may, and
//! connections that are cut.

use std::time::Duration;

use enishi_local::chat_client::storm::{self, storm};
use serde_json::{Value, json};

use super::requests::{block, matched, people, unblock};
use crate::{
    live::{Socket, ticket},
    support::{Person, World},
};

async fn couple(world: &World) -> (Person, Person, String) {
    let mut people = people(world, 2).await;
    let (woman, man) = (people.pop().unwrap(), people.pop().unwrap());
    let chat = matched(world, &man, &woman).await;
    // What is told of that comes before there is a connection.
    world.stack.settle().await;
    (woman, man, chat)
}

fn say(chat: &str, content: &str, id: &str) -> Value {
    json!({"action": "sendMessage", "chat_id": chat, "content": content, "client_msg_id": id})
}

fn read(chat: &str, seq: u64) -> Value {
    json!({"action": "read", "chat_id": chat, "seq": seq})
}

/// That a frame failed with this status and code, naming exactly these fields.
#[track_caller]
fn is_error(answer: &Value, action: &str, status: u16, code: &str, fields: &[&str]) {
    assert_eq!(answer["type"], "error", "{answer}");
    assert_eq!(answer["action"], action, "{answer}");
    assert_eq!(answer["status"], status, "{answer}");
    assert_eq!(answer["code"], code, "{answer}");
    let named: Vec<&str> = answer["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["field"].as_str())
        .collect();
    assert_eq!(named, fields, "{answer}");
}

/// Sends a message and waits for its acknowledgement, past what was pushed before.
async fn acked(socket: &mut Socket, frame: Value) {
    socket.send(frame).await;
    while socket.next().await["type"] != "ack" {}
}

async fn unread(world: &World, person: &Person) -> Value {
    let list = world.get(person, "/api/chats").await.expect(200).body;
    list[0]["unread_count"].clone()
}

#[tokio::test]
async fn a_message_is_acknowledged_and_comes_to_every_connection_of_both() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    let mut phone = Socket::open(&world, &ann).await;
    let mut laptop = Socket::open(&world, &ann).await;
    let mut bens = Socket::open(&world, &ben).await;

    let ack = phone.ask(say(&chat, "안녕하세요", "m1")).await;
    let expected = json!({
        "type": "ack", "chat_id": chat, "client_msg_id": "m1", "seq": 1,
        "message_id": ack["message_id"], "sent_at": ack["sent_at"],
    });
    assert_eq!(ack, expected);
    world.stack.settle().await;
    let pushed = json!({
        "type": "message", "chat_id": chat, "client_msg_id": "m1", "seq": 1,
        "message_id": ack["message_id"], "sent_at": ack["sent_at"],
        "sender_id": ann.id, "content": "안녕하세요",
    });
    for socket in [&mut phone, &mut laptop, &mut bens] {
        assert_eq!(socket.next().await, pushed);
    }
    // Once more is the same answer, and nobody hears of it.
    assert_eq!(laptop.ask(say(&chat, "안녕하세요", "m1")).await, ack);
    let other = laptop.ask(say(&chat, "다른 말", "m1")).await;
    is_error(&other, "sendMessage", 409, "conflict", &[]);
    assert_eq!(other["client_msg_id"], "m1");
    world.stack.settle().await;
    for socket in [&mut phone, &mut laptop, &mut bens] {
        socket.expect_nothing().await;
    }

    // Who has no socket writes over HTTP; it is the same message to everybody else.
    let path = format!("/api/chats/{chat}/messages");
    let body = json!({"content": "반가워요", "client_msg_id": "m1"});
    let sent = world.post(&ben, &path, body).await.expect(201).body;
    world.stack.settle().await;
    for socket in [&mut phone, &mut laptop, &mut bens] {
        let pushed = socket.next().await;
        assert_eq!(pushed["type"], "message");
        for field in ["message_id", "seq", "sender_id", "content", "sent_at"] {
            assert_eq!(pushed[field], sent[field], "{field}");
        }
    }
    assert_eq!(unread(&world, &ann).await, 1);
    let answer = phone.ask(read(&chat, 2)).await;
    let expected = json!({"type": "read", "chat_id": chat, "seq": 2, "unread_count": 0});
    assert_eq!(answer, expected);
    assert_eq!(phone.ask(read(&chat, 1)).await, expected);
    assert_eq!(unread(&world, &ann).await, 0);
}

#[tokio::test]
async fn what_is_wrong_is_told_to_who_sent_it_only() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    let stranger = super::register(&world, "cleo", "1994-05-06", "female").await;
    let mut anns = Socket::open(&world, &ann).await;
    let mut bens = Socket::open(&world, &ben).await;
    let too_long = "가".repeat(4_001);
    for (frame, fields) in [
        (say(&chat, "", "m"), ["content"]),
        (say(&chat, &too_long, "m"), ["content"]),
        (say(&chat, "x", "a b"), ["client_msg_id"]),
        (say("nonsense", "x", "m"), ["chat_id"]),
        (read(&chat, 1), ["seq"]),
        (json!({"action": "read", "chat_id": chat}), ["seq"]),
        (
            json!({"action": "read", "chat_id": chat, "seq": 0, "x": 0}),
            ["x"],
        ),
    ] {
        let answer = anns.ask(frame.clone()).await;
        let action = frame["action"].as_str().unwrap();
        is_error(&answer, action, 400, "invalid_parameter", &fields);
    }
    let mut strangers = Socket::open(&world, &stranger).await;
    for frame in [say(&chat, "x", "m"), read(&chat, 0)] {
        let answer = strangers.ask(frame.clone()).await;
        let action = frame["action"].as_str().unwrap();
        is_error(&answer, action, 404, "not_found", &[]);
    }
    world.stack.settle().await;
    for socket in [&mut anns, &mut bens, &mut strangers] {
        socket.expect_nothing().await;
    }
    // Without a ticket there is no connection to say it on.
    let refused = Socket::handshake(&world.stack.live_url()).await;
    assert_eq!(refused.err(), Some(401));
    let spent = ticket(&world, &ann).await;
    let url = world.stack.live_url();
    Socket::connect(&url, &spent).await.unwrap();
    let refused = Socket::connect(&url, &spent).await;
    assert_eq!(refused.err(), Some(401));
}

#[tokio::test]
async fn whoever_was_away_asks_for_what_came_after() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    let mut anns = Socket::open(&world, &ann).await;
    let mut bens = Socket::open(&world, &ben).await;
    anns.ask(say(&chat, "one", "1")).await;
    world.stack.settle().await;
    assert_eq!(bens.next().await["seq"], 1);
    bens.cut();
    for number in 2..=4 {
        acked(&mut anns, say(&chat, "more", &number.to_string())).await;
    }
    world.stack.settle().await;
    let mut bens = Socket::open(&world, &ben).await;
    bens.expect_nothing().await;
    let path = format!("/api/chats/{chat}/messages?after_seq=1");
    let missed = world.get(&ben, &path).await.expect(200).body;
    let seqs: Vec<_> = missed
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["seq"])
        .collect();
    assert_eq!(seqs, [2, 3, 4]);
    assert_eq!(unread(&world, &ben).await, 4);
    // And from then on it comes by itself.
    acked(&mut anns, say(&chat, "five", "5")).await;
    world.stack.settle().await;
    assert_eq!(bens.next().await["seq"], 5);
}

#[tokio::test]
async fn a_block_in_mid_conversation_ends_it_for_both() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    let mut anns = Socket::open(&world, &ann).await;
    let mut bens = Socket::open(&world, &ben).await;
    anns.ask(say(&chat, "hello", "1")).await;
    world.stack.settle().await;
    for socket in [&mut anns, &mut bens] {
        assert_eq!(socket.next().await["seq"], 1);
    }
    block(&world, &ben, &ann).await.expect(201);
    for socket in [&mut anns, &mut bens] {
        for frame in [
            say(&chat, "hello", "1"),
            say(&chat, "?", "2"),
            read(&chat, 1),
        ] {
            let action = frame["action"].as_str().unwrap().to_owned();
            let answer = socket.ask(frame).await;
            is_error(&answer, &action, 404, "not_found", &[]);
        }
    }
    world.stack.settle().await;
    for socket in [&mut anns, &mut bens] {
        socket.expect_nothing().await;
    }
    assert!(unblock(&world, &ben, &ann).await.status.is_success());
    assert_eq!(anns.ask(say(&chat, "?", "2")).await["seq"], 2);
    world.stack.settle().await;
    assert_eq!(bens.next().await["seq"], 2);
}

#[tokio::test]
async fn what_was_written_before_a_block_and_is_still_under_way_reaches_nobody_after_it() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    let mut anns = Socket::open(&world, &ann).await;
    let mut bens = Socket::open(&world, &ben).await;
    // Stored, and not yet delivered: nothing moves before the stack settles.
    assert_eq!(anns.ask(say(&chat, "hello", "1")).await["seq"], 1);
    block(&world, &ben, &ann).await.expect(201);
    world.stack.settle().await;
    for socket in [&mut anns, &mut bens] {
        socket.expect_nothing().await;
    }
    assert!(world.stack.lambda().dead_letters().is_empty());
    // It is there when the block is lifted.
    assert!(unblock(&world, &ben, &ann).await.status.is_success());
    let path = format!("/api/chats/{chat}/messages?after_seq=0");
    let found = world.get(&ben, &path).await.expect(200).body;
    assert_eq!(found[0]["content"], "hello");
}

#[tokio::test]
async fn a_closed_account_is_told_on_its_open_connection() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    let mut anns = Socket::open(&world, &ann).await;
    let mut bens = Socket::open(&world, &ben).await;
    let erased = world.account_deleted("SajuFollowAccount", &ann.id).await;
    erased.unwrap();
    for frame in [say(&chat, "late", "1"), read(&chat, 0)] {
        let action = frame["action"].as_str().unwrap().to_owned();
        let answer = anns.ask(frame).await;
        is_error(&answer, &action, 403, "profile_missing", &[]);
    }
    world.stack.settle().await;
    bens.expect_nothing().await;
}

#[tokio::test]
async fn what_cannot_be_delivered_is_reported_and_connections_are_read_once_for_all_messages() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    let sample = include_str!("../../../../../events/saju-deliver.json");
    let mut event: Value = serde_json::from_str(sample).unwrap();
    let mut record = event["Records"][0].take();
    record["dynamodb"]["NewImage"]["chat_id"]["S"] = json!(chat);
    record["dynamodb"]["NewImage"]["sender_id"]["S"] = json!(ann.id);
    let mut broken = record.clone();
    broken["dynamodb"]["SequenceNumber"] = json!("7");
    broken["dynamodb"]["NewImage"]["seq"] = json!({"S": "x"});
    let mut next = record.clone();
    next["dynamodb"]["NewImage"]["seq"]["N"] = json!("8");
    event["Records"] = json!([broken, record, next]);
    world.stack.aws().forget_calls();
    let lambda = world.stack.lambda();
    let answer = lambda.invoke("SajuDeliver", event.clone()).await.unwrap();
    assert_eq!(
        answer,
        json!({"batchItemFailures": [{"itemIdentifier": "7"}]})
    );
    let calls = world.stack.aws().calls();
    let calls: Vec<&str> = calls.iter().map(|call| call.request.as_str()).collect();
    assert_eq!(
        calls,
        [
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:Query",
            "dynamodb:GetItem"
        ]
    );
    let mut bens = Socket::open(&world, &ben).await;
    lambda.invoke("SajuDeliver", event).await.unwrap();
    assert_eq!(bens.next().await["seq"], 7);
    assert_eq!(bens.next().await["seq"], 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_doubled_or_out_of_order_while_connections_are_cut() {
    let world = World::with(|options| options.automatic = true).await;
    let options = storm::Options {
        messages: 300,
        cut_one_in: 12,
        seed: 20_261_120,
        patience: Duration::from_mins(2),
    };
    let outcome = storm(&world.stack, options).await.unwrap();
    assert_eq!(outcome.violations, Vec::<String>::new(), "{outcome:?}");
    // It did blow.
    assert!(outcome.cuts >= 10, "{outcome:?}");
    assert!(world.stack.lambda().dead_letters().is_empty());
}
