//! How much one person may do.

use http::header;
use serde_json::{Value, json};

use super::requests::{ask, block, matched, people, unblock};
use crate::{
    identity::{header_of, later},
    live::Socket,
    support::{Answer, Person, World},
};

/// Two of each an hour.
async fn world() -> World {
    World::with(|options| {
        for rate in [
            "MessageRate",
            "MatchRequestRate",
            "BlockRate",
            "UploadRate",
            "TicketRate",
        ] {
            options.parameters.insert(rate.into(), "2/1h".into());
        }
    })
    .await
}

/// That a person does something twice, then is told when to do it again, and that nobody else is
/// kept from it by that. The window begins on the hour.
async fn limited(
    world: &World,
    person: &mut Person,
    other: &Person,
    what: &str,
    act: impl AsyncFn(&Person, usize) -> Answer,
) {
    later(world, 100);
    for number in 0..2 {
        let answer = act(person, number).await;
        assert!(answer.status.is_success(), "{what}: {}", answer.text);
    }
    for _ in 0..2 {
        let answer = act(person, 2).await;
        let answer = answer.expect_error(429, "too_many_requests", &[]);
        assert_eq!(header_of(&answer, header::RETRY_AFTER), "3500", "{what}");
    }
    let answer = act(other, 3).await;
    assert!(answer.status.is_success(), "{what}: {}", answer.text);
    later(world, 3_500);
    world.refresh(person).await;
    let answer = act(person, 2).await;
    assert!(answer.status.is_success(), "{what}: {}", answer.text);
}

#[tokio::test]
async fn one_person_may_ask_and_block_and_upload_only_so_often() {
    let world = world().await;
    let mut all = people(&world, 6).await;
    let (mut me, mut other) = (all.remove(0), all.remove(0));
    limited(&world, &mut me, &other, "requests", async |by, number| {
        ask(&world, by, &all[number]).await
    })
    .await;
    world.refresh(&mut other).await;
    limited(&world, &mut me, &other, "blocks", async |by, number| {
        // To block again counts too.
        block(&world, by, &all[number / 2]).await
    })
    .await;
    world.refresh(&mut other).await;
    limited(&world, &mut me, &other, "uploads", async |by, _| {
        let body = json!({"content_type": "image/png", "size": 1, "sha256": "0".repeat(64)});
        world.post(by, "/api/users/me/photo", body).await
    })
    .await;
    // Nobody is kept from what is no burden to others.
    for person in &all[..2] {
        unblock(&world, &me, person).await.expect(204);
    }
}

#[tokio::test]
async fn one_person_may_connect_only_so_often() {
    let world = world().await;
    let (mut hana, ken) = (world.sign_up("hana").await, world.sign_up("ken").await);
    limited(&world, &mut hana, &ken, "tickets", async |by, _| {
        world.post(by, "/api/live/ticket", json!({})).await
    })
    .await;
}

#[tokio::test]
async fn one_person_may_write_only_so_often_wherever_they_write() {
    let world = world().await;
    let mut all = people(&world, 3).await;
    let (mut me, partner, third) = (all.remove(0), all.remove(0), all.remove(0));
    let chat = matched(&world, &me, &partner).await;
    let elsewhere = matched(&world, &third, &me).await;
    world.stack.settle().await;
    let mut socket = Socket::open(&world, &me).await;
    limited(&world, &mut me, &partner, "messages", async |by, number| {
        let body = json!({"content": "hello", "client_msg_id": number.to_string()});
        let path = format!("/api/chats/{chat}/messages");
        let answer = world.post(by, &path, body).await;
        world.stack.settle().await;
        answer
    })
    .await;
    // Those that were taken, as long as the connection lasted.
    for seq in 1..=3 {
        assert_eq!(socket.next().await["seq"], seq);
    }
    assert_eq!(socket.next_or_end().await, None);
    // One was written there since, so one is left here; then the error says when there are more.
    let mut socket = Socket::open(&world, &me).await;
    let say = |id: &str| {
        json!({
            "action": "sendMessage", "chat_id": elsewhere, "content": "hello", "client_msg_id": id,
        })
    };
    assert_eq!(socket.ask(say("a")).await["type"], "ack");
    world.stack.settle().await;
    assert_eq!(socket.next().await["type"], "message");
    let refused = socket.ask(say("b")).await;
    let expected = json!({
        "type": "error", "action": "sendMessage", "client_msg_id": "b", "status": 429,
        "code": "too_many_requests", "retry_after": 3600,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&refused[field], value, "{refused}");
    }
    // Only where an error says when.
    let invalid = socket.ask(json!({"action": "sendMessage"})).await;
    assert_eq!(
        (&invalid["status"], &invalid["retry_after"]),
        (&json!(400), &Value::Null)
    );
}
