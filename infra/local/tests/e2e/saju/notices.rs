//! What is told at once beside messages: requests, acceptances, and how far a partner has read.

use serde_json::{Value, json};

use super::requests::{act, ask, block, change, matched, people, unmatch};
use crate::{
    live::Socket,
    support::{Person, World},
};

/// Everybody's connections.
async fn sockets(world: &World, people: &[Person]) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for person in people {
        sockets.push(Socket::open(world, person).await);
    }
    sockets
}

#[tokio::test]
async fn a_request_and_its_acceptance_are_told_at_once() {
    let world = World::new().await;
    let people = people(&world, 3).await;
    let mut sockets = sockets(&world, &people).await;
    let mut second = Socket::open(&world, &people[1]).await;
    let id = ask(&world, &people[0], &people[1]).await.expect(201);
    let id = id.text("match_id");
    world.stack.settle().await;
    let matches = world.get(&people[1], "/api/matches").await.expect(200).body;
    let told = json!({
        "type": "matchRequest", "match_id": id, "user_id": people[0].id, "name": people[0].name,
        "compatibility_score": matches[0]["compatibility_score"],
        "created_at": matches[0]["created_at"],
    });
    assert_eq!(sockets[1].next().await, told);
    assert_eq!(second.next().await, told);
    act(&world, &people[1], &id, "accept").await.expect(200);
    world.stack.settle().await;
    let told = json!({
        "type": "matchAccepted", "match_id": id, "chat_id": id,
        "user_id": people[1].id, "name": people[1].name,
    });
    assert_eq!(sockets[0].next().await, told);
    // Nobody hears of what they did themselves, or of others.
    for socket in &mut sockets {
        socket.expect_nothing().await;
    }
    world.nothing_given_up();
}

#[tokio::test]
async fn what_is_not_so_any_more_is_not_told() {
    let world = World::new().await;
    let people = people(&world, 6).await;
    let mut sockets = sockets(&world, &people).await;
    // Taken back, and blocked, before anybody was told.
    let id = ask(&world, &people[0], &people[1]).await.expect(201);
    act(&world, &people[0], &id.text("match_id"), "cancel")
        .await
        .expect(204);
    ask(&world, &people[2], &people[1]).await.expect(201);
    block(&world, &people[1], &people[2]).await.expect(201);
    // Accepted and let go.
    let id = matched(&world, &people[3], &people[4]).await;
    unmatch(&world, &people[4], &id).await.expect(204);
    // Asked, and erased.
    ask(&world, &people[5], &people[1]).await.expect(201);
    let erased = world
        .account_deleted("SajuFollowAccount", &people[5].id)
        .await;
    erased.unwrap();
    // A block alone is none of anybody's business.
    block(&world, &people[3], &people[0]).await.expect(201);
    world.stack.settle().await;
    for socket in &mut sockets[..5] {
        socket.expect_nothing().await;
    }
    world.nothing_given_up();
}

async fn tell(world: &World, by: &Person, tell: bool) {
    let body = json!({"read_receipts": tell});
    change(world, by, body).await.expect(200);
}

async fn read_by_partner(world: &World, me: &Person) -> Value {
    let chats = world.get(me, "/api/chats").await.expect(200);
    chats.body[0]["partner_read_seq"].clone()
}

#[tokio::test]
async fn how_far_one_has_read_is_told_where_both_want_it() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    let (writer, reader) = (&both[0], &both[1]);
    let chat = matched(&world, writer, reader).await;
    for number in 1..=3 {
        let body = json!({"content": "안녕", "client_msg_id": number.to_string()});
        let path = format!("/api/chats/{chat}/messages");
        world.post(writer, &path, body).await.expect(201);
    }
    world.stack.settle().await;
    let mut writers = Socket::open(&world, writer).await;
    let mut readers = Socket::open(&world, reader).await;
    let path = format!("/api/chats/{chat}/read");
    let read = async |seq: u64| {
        let answer = world.post(reader, &path, json!({"seq": seq})).await;
        drop(answer.expect(200));
    };
    // By nobody, one or the other alone: nothing is told, and nothing is seen.
    for (by_writer, by_reader) in [(false, false), (true, false), (false, true)] {
        tell(&world, writer, by_writer).await;
        tell(&world, reader, by_reader).await;
        read(1).await;
        writers.expect_nothing().await;
        for person in &both {
            assert_eq!(read_by_partner(&world, person).await, Value::Null);
        }
    }
    tell(&world, writer, true).await;
    assert_eq!(read_by_partner(&world, writer).await, 1);
    assert_eq!(read_by_partner(&world, reader).await, 3);
    read(2).await;
    let told = |seq: u64| json!({"type": "readReceipt", "chat_id": chat, "reader_id": reader.id, "seq": seq});
    assert_eq!(writers.next().await, told(2));
    // Again, or backwards: the same once more, as the first may have been lost.
    read(1).await;
    assert_eq!(writers.next().await, told(2));
    // Over a connection, too.
    let frame = json!({"action": "read", "chat_id": chat, "seq": 3});
    let answer = readers.ask(frame).await;
    assert_eq!(answer["type"], "read");
    assert_eq!(writers.next().await, told(3));
    assert_eq!(read_by_partner(&world, writer).await, 3);
    readers.expect_nothing().await;
    // Whoever does not want it any more is not told of, and sees nothing.
    tell(&world, reader, false).await;
    read(3).await;
    writers.expect_nothing().await;
    assert_eq!(read_by_partner(&world, writer).await, Value::Null);
    // Nor is anybody told after a block.
    tell(&world, reader, true).await;
    block(&world, writer, reader).await.expect(201);
    let answer = world.post(reader, &path, json!({"seq": 3})).await;
    answer.expect_error(404, "not_found", &[]);
    writers.expect_nothing().await;
}
