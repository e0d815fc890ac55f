//! What saju's endpoints and the WebSocket's ticket take, and identity's for saju.

use std::collections::BTreeMap;

use enishi_local::import;
use serde_json::json;

use super::count;
use crate::{
    live::Socket,
    saju::requests::{act, ask, block, matched, people, unblock},
    support::{Person, World},
};

type Measured = BTreeMap<(&'static str, &'static str), usize>;

/// Calls each endpoint once in a common case and counts.
pub async fn measure(world: &World, measured: &mut Measured) {
    let people = people(world, 8).await;
    // Each was born on a day of their own: the first mark of the day is part of it.
    measured.insert(
        ("POST", "/api/users/register"),
        count(world, "IdentityRegister") / people.len(),
    );
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
    measured.insert(
        ("DELETE", "/api/users/me"),
        count(world, "IdentityDeleteMe"),
    );
}

async fn me_and_my_day(world: &World, me: &Person, other: &Person, measured: &mut Measured) {
    world.get(me, "/api/users/me").await.expect(200);
    measured.insert(("GET", "/api/users/me"), count(world, "IdentityMe"));
    let token = Some(me.access_token.as_str());
    let body = json!({"bio": "안녕하세요"});
    world
        .call("PUT", "/api/users/me", token, Some(body))
        .await
        .expect(200);
    measured.insert(("PUT", "/api/users/me"), count(world, "IdentityUpdateMe"));
    let picture = json!({"content_type": "image/png", "size": 3, "sha256": "0".repeat(64)});
    let answer = world.post(me, "/api/users/me/photo", picture).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    measured.insert(
        ("POST", "/api/users/me/photo"),
        count(world, "IdentityPhoto"),
    );
    let path = "/api/matches/recommendations";
    world.get(me, path).await.expect(200);
    let drawn = count(world, "SajuRecommendations");
    assert!(drawn <= 40, "{drawn}");
    world.get(me, path).await.expect(200);
    measured.insert(("GET", path), count(world, "SajuRecommendations"));
    let path = format!("/api/matches/{}/compatibility", other.id);
    world.get(me, &path).await.expect(200);
    measured.insert(
        ("GET", "/api/matches/{user_id}/compatibility"),
        count(world, "SajuCompatibility"),
    );
    world.get(me, "/api/fortune/today").await.expect(200);
    measured.insert(("GET", "/api/fortune/today"), count(world, "SajuFortune"));
}

async fn requests(world: &World, people: &[Person], measured: &mut Measured) {
    let (me, other) = (&people[0], &people[1]);
    let id = ask(world, me, other).await.expect(201).text("match_id");
    measured.insert(
        ("POST", "/api/matches/request"),
        count(world, "SajuRequest"),
    );
    act(world, other, &id, "accept").await.expect(200);
    measured.insert(
        ("POST", "/api/matches/{match_id}/accept"),
        count(world, "SajuAccept"),
    );
    world.get(me, "/api/matches").await.expect(200);
    measured.insert(("GET", "/api/matches"), count(world, "SajuMatches"));
    let id = ask(world, me, &people[3])
        .await
        .expect(201)
        .text("match_id");
    act(world, &people[3], &id, "decline").await.expect(200);
    measured.insert(
        ("POST", "/api/matches/{match_id}/decline"),
        count(world, "SajuDecline"),
    );
    let id = ask(world, me, &people[4])
        .await
        .expect(201)
        .text("match_id");
    act(world, me, &id, "cancel").await.expect(204);
    measured.insert(
        ("POST", "/api/matches/{match_id}/cancel"),
        count(world, "SajuCancel"),
    );
    block(world, me, &people[2]).await.expect(201);
    measured.insert(("POST", "/api/blocks"), count(world, "SajuBlock"));
    unblock(world, me, &people[2]).await.expect(204);
    measured.insert(
        ("DELETE", "/api/blocks/{user_id}"),
        count(world, "SajuUnblock"),
    );
    let report = json!({"user_id": people[2].id, "reason": "spam"});
    world.post(me, "/api/reports", report).await.expect(201);
    measured.insert(("POST", "/api/reports"), count(world, "SajuReport"));
}

async fn chats(world: &World, me: &Person, other: &Person, measured: &mut Measured) {
    let chat = matched(world, me, other).await;
    let path = format!("/api/chats/{chat}/messages");
    let body = json!({"content": "안녕", "client_msg_id": "1"});
    world.post(me, &path, body).await.expect(201);
    measured.insert(
        ("POST", "/api/chats/{chat_id}/messages"),
        count(world, "SajuSendMessage"),
    );
    world.get(other, &path).await.expect(200);
    measured.insert(
        ("GET", "/api/chats/{chat_id}/messages"),
        count(world, "SajuMessages"),
    );
    world.get(other, "/api/chats").await.expect(200);
    measured.insert(("GET", "/api/chats"), count(world, "SajuChats"));
    let read = format!("/api/chats/{chat}/read");
    world
        .post(other, &read, json!({"seq": 1}))
        .await
        .expect(200);
    measured.insert(
        ("POST", "/api/chats/{chat_id}/read"),
        count(world, "SajuReadChat"),
    );

    // Let what was said before be delivered first.
    world.stack.settle().await;
    count(world, "");
    let mut socket = Socket::open(world, me).await;
    let calls = world.stack.aws().calls();
    let requests = |function: &str| {
        let requests = calls.iter().filter(|call| call.function == function);
        requests
            .filter(|call| call.request.starts_with("dynamodb:"))
            .count()
    };
    measured.insert(("POST", "/api/live/ticket"), requests("LiveTicket"));
    assert_eq!(requests("LiveConnect"), 1);
    count(world, "");
    socket.ask(json!({"action": "ping"})).await;
    assert_eq!(count(world, "LivePing"), 1);
    let said = json!({
        "action": "sendMessage", "chat_id": chat, "content": "또 안녕", "client_msg_id": "2",
    });
    socket.ask(said).await;
    assert_eq!(count(world, "SajuSendMessageFrame"), 3);
    world.stack.settle().await;
    assert_eq!(count(world, "SajuDeliver"), 2, "one for each of the two");
    socket.next().await;
    let read = json!({"action": "read", "chat_id": chat, "seq": 2});
    socket.ask(read).await;
    let taken = count(world, "SajuReadFrame");
    assert!((2..=3).contains(&taken), "{taken}");
    socket.close().await;
    world.stack.settle().await;
    assert_eq!(count(world, "LiveDisconnect"), 2);
}
