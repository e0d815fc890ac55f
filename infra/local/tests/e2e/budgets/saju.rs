//! What saju's endpoints, the WebSocket's ticket and the closing of an account take.

use enishi_local::import;
use serde_json::json;

use super::{Measured, count};
use crate::{
    identity::prove,
    live::{Socket, ticket},
    saju::{
        register,
        requests::{act, ask, block, change, matched, people, unblock, unmatch},
    },
    support::{Person, World},
};

/// Calls each endpoint in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    let people = people(world, 8).await;
    let invented = import::invent(300, 1, world.stack.clock().now()).unwrap();
    import::people(&world.stack, &invented).unwrap();
    let (me, other) = (&people[0], &people[1]);

    me_and_my_day(world, me, other, measured).await;
    requests(world, &people, measured).await;
    chats(world, &people[6], &people[7], measured).await;

    let token = Some(people[5].access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    measured.count(world, "identity-delete-me");
    world.stack.settle().await;
    // A session, and the token of a mail.
    measured.within(world, "identity-erase", 2, 2);

    // Everybody has gone quiet, and one account was closed.
    let later = world.stack.clock().now() + jiff::SignedDuration::from_hours(31 * 24);
    world.stack.clock().set(Some(later));
    count(world, "");
    let swept = world.stack.lambda().invoke("SajuSweep", json!({})).await;
    swept.unwrap();
    // All but the one whose account is closed, and the man beside them.
    let everybody = people.len() + invented.len();
    assert!(measured.within(world, "saju-sweep", 9, everybody + 1) > everybody);
}

async fn me_and_my_day(world: &World, me: &Person, other: &Person, measured: &mut Measured) {
    world.get(me, "/api/users/me").await.expect(200);
    measured.count(world, "saju-me");
    let token = Some(me.access_token.as_str());
    let body = json!({"bio": "안녕하세요"});
    world
        .call("PUT", "/api/users/me", token, Some(body))
        .await
        .expect(200);
    assert_eq!(measured.count(world, "saju-update-me"), 1);
    for (gender, requests) in [
        ("any", 2),
        ("female", 4),
        ("any", 4),
        ("female", 3),
        ("any", 3),
    ] {
        let body = json!({"preferences": {"gender": gender}});
        world
            .call("PUT", "/api/users/me", token, Some(body))
            .await
            .expect(200);
        assert_eq!(measured.count(world, "saju-update-me"), requests);
    }
    for (calendar, requests) in [("lunar", 4), ("solar", 3), ("lunar", 3)] {
        let body = json!({"calendar": calendar});
        world
            .call("PUT", "/api/users/me", token, Some(body))
            .await
            .expect(200);
        assert_eq!(measured.count(world, "saju-update-me"), requests);
    }
    world.get(me, "/api/saju/me").await.expect(200);
    measured.count(world, "saju-chart");
    let picture = json!({"content_type": "image/png", "size": 3, "sha256": "0".repeat(64)});
    let answer = world.post(me, "/api/users/me/photo", picture).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    measured.count(world, "saju-photo");
    // Somebody whom the invented women look for.
    let man = register(world, "man", "1995-05-05", "male").await;
    let path = "/api/matches/recommendations";
    world.get(&man, path).await.expect(200);
    measured.within(world, "saju-recommendations", 0, 1);
    world.get(&man, path).await.expect(200);
    assert_eq!(measured.within(world, "saju-recommendations", 0, 1), 2);
    let path = format!("/api/matches/{}/compatibility", other.id);
    world.get(me, &path).await.expect(200);
    measured.count(world, "saju-compatibility");
    // Somebody who has verified their address, which brings them into the pool.
    count(world, "");
    prove(world, other).await;
    world.stack.settle().await;
    assert_eq!(measured.count(world, "saju-follow-account"), 4);
    world.get(me, "/api/fortune/today").await.expect(200);
    measured.count(world, "saju-fortune");
}

async fn requests(world: &World, people: &[Person], measured: &mut Measured) {
    let (me, other) = (&people[0], &people[1]);
    let id = ask(world, me, other).await.expect(201).text("match_id");
    measured.count(world, "saju-request");
    act(world, other, &id, "accept").await.expect(200);
    measured.count(world, "saju-accept");
    world.get(me, "/api/matches").await.expect(200);
    measured.count(world, "saju-matches");
    let id = ask(world, me, &people[3])
        .await
        .expect(201)
        .text("match_id");
    act(world, &people[3], &id, "decline").await.expect(200);
    measured.count(world, "saju-decline");
    let id = ask(world, me, &people[4])
        .await
        .expect(201)
        .text("match_id");
    act(world, me, &id, "cancel").await.expect(204);
    measured.count(world, "saju-cancel");
    let path = format!("/api/matches/{}/profile", other.id);
    world.get(me, &path).await.expect(200);
    measured.count(world, "saju-person");
    block(world, me, &people[2]).await.expect(201);
    measured.count(world, "saju-block");
    world.get(me, "/api/blocks").await.expect(200);
    measured.count(world, "saju-blocks");
    unblock(world, me, &people[2]).await.expect(204);
    measured.count(world, "saju-unblock");
    let report = json!({"user_id": people[2].id, "reason": "spam"});
    world.post(me, "/api/reports", report).await.expect(201);
    measured.count(world, "saju-report");
    let id = matched(world, me, &people[5]).await;
    count(world, "");
    for requests in [2, 1] {
        unmatch(world, me, &id).await.expect(204);
        assert_eq!(measured.count(world, "saju-unmatch"), requests);
    }
}

async fn chats(world: &World, me: &Person, other: &Person, measured: &mut Measured) {
    let chat = matched(world, me, other).await;
    let path = format!("/api/chats/{chat}/messages");
    let body = json!({"content": "안녕", "client_msg_id": "1"});
    world.post(me, &path, body).await.expect(201);
    measured.count(world, "saju-send-message");
    world.get(other, &path).await.expect(200);
    assert_eq!(measured.count(world, "saju-messages"), 2);
    world.get(other, "/api/chats").await.expect(200);
    measured.count(world, "saju-chats");
    let read = format!("/api/chats/{chat}/read");
    for (tell, seq, requests) in [(false, 1, 2), (true, 2, 3)] {
        for person in [me, other] {
            let tell = json!({"read_receipts": tell});
            change(world, person, tell).await.expect(200);
        }
        world
            .post(other, &read, json!({"seq": seq}))
            .await
            .expect(200);
        assert_eq!(measured.count(world, "saju-read-chat"), requests);
        let body = json!({"content": "또", "client_msg_id": format!("more{seq}")});
        world.post(me, &path, body).await.expect(201);
    }

    // Let what was said before be delivered first.
    world.stack.settle().await;
    count(world, "");
    let ticket = ticket(world, me).await;
    measured.count(world, "live-ticket");
    let url = world.stack.live_url();
    let mut socket = Socket::connect(&url, &ticket).await.unwrap();
    measured.count(world, "live-connect");
    socket.ask(json!({"action": "ping"})).await;
    measured.count(world, "live-ping");
    let said = json!({
        "action": "sendMessage", "chat_id": chat, "content": "또 안녕", "client_msg_id": "2",
    });
    socket.ask(said).await;
    measured.count(world, "saju-send-message-frame");
    world.stack.settle().await;
    // One for each of the two.
    measured.count(world, "saju-deliver");
    socket.next().await;
    let read = json!({"action": "read", "chat_id": chat, "seq": 4});
    socket.ask(read).await;
    assert_eq!(measured.count(world, "saju-read-frame"), 3);
    let read = json!({"action": "read", "chat_id": chat, "seq": 5});
    let more = json!({"content": "네", "client_msg_id": "3"});
    world.post(other, &path, more).await.expect(201);
    socket.ask(read).await;
    measured.count(world, "saju-read-frame");
    socket.close().await;
    world.stack.settle().await;
    measured.count(world, "live-disconnect");

    // More than the megabyte that one query reads.
    for number in 4..70 {
        let longest = json!({"content": "🍀".repeat(4_000), "client_msg_id": number.to_string()});
        world.post(me, &path, longest).await.expect(201);
    }
    count(world, "");
    world
        .get(other, &format!("{path}?limit=100"))
        .await
        .expect(200);
    measured.count(world, "saju-messages");
}
