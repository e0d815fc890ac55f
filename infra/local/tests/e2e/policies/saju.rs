//! Every request that saju's and live's functions can make, and identity's for saju.

use bytes::Bytes;
use enishi_local::import;
use http::{Request, header};
use serde_json::{Value, json};

use crate::{
    identity::prove,
    live::Socket,
    saju::{
        register,
        requests::{act, ask, block, change, matched, people, unblock, unmatch},
    },
    support::{Person, World},
};

/// Sends a request twice under one `Idempotency-Key`.
pub async fn twice(world: &World, person: Option<&Person>, path: &str, body: &Value) {
    for _ in 0..2 {
        let mut request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "one");
        if let Some(person) = person {
            let token = format!("Bearer {}", person.access_token);
            request = request.header(header::AUTHORIZATION, token);
        }
        let request = request.body(body.to_string().into()).unwrap();
        world.send(request).await.expect(201);
    }
}

/// The story.
pub async fn story(world: &World) {
    let account = json!({
        "email": "twice@example.com", "password": "correct horse", "name": "twice",
        "birth_date": "1990-01-02", "gender": "female",
    });
    twice(world, None, "/api/users/register", &account).await;
    // Who is verified and then joins, and who joins and is verified then.
    let guest = world.sign_up("guest").await;
    prove(world, &guest).await;
    let profile = json!({
        "email": guest.email, "password": "not looked at", "name": "guest",
        "birth_date": "1990-01-03", "gender": "male",
    });
    world
        .post(&guest, "/api/users/register", profile)
        .await
        .expect(201);
    let people = people(world, 6).await;
    prove(world, &people[2]).await;
    let invented = import::invent(50, 1, world.stack.clock().now()).unwrap();
    import::people(&world.stack, &invented).unwrap();
    let (me, other) = (&people[0], &people[1]);

    let token = Some(me.access_token.as_str());
    for body in [
        json!({"birth_time": "04:30", "calendar": "lunar", "preferences": {"gender": "female"}}),
        json!({"preferences": {"gender": "any"}}),
        json!({"location": "서울"}),
    ] {
        world
            .call("PUT", "/api/users/me", token, Some(body))
            .await
            .expect(200);
    }
    world.get(me, "/api/users/me").await.expect(200);
    send(world, allow(world, me).await).await;
    // Somebody whom the invented women look for.
    let man = register(world, "man", "1995-05-05", "male").await;
    for _ in 0..2 {
        let list = world.get(&man, "/api/matches/recommendations").await;
        list.expect(200);
    }
    for path in [
        "/api/fortune/today",
        "/api/saju/me",
        &format!("/api/matches/{}/compatibility", other.id),
    ] {
        world.get(me, path).await.expect(200);
    }

    twice(
        world,
        Some(me),
        "/api/matches/request",
        &json!({"receiver_id": people[3].id}),
    )
    .await;
    let id = ask(world, me, &people[5])
        .await
        .expect(201)
        .text("match_id");
    act(world, &people[5], &id, "decline").await.expect(200);
    let id = ask(world, me, &people[4])
        .await
        .expect(201)
        .text("match_id");
    act(world, me, &id, "cancel").await.expect(204);
    let chat = matched(world, me, other).await;
    world.get(me, "/api/matches").await.expect(200);
    let path = format!("/api/matches/{}/profile", other.id);
    world.get(me, &path).await.expect(200);
    block(world, me, other).await.expect(201);
    world.get(me, "/api/blocks").await.expect(200);
    unblock(world, me, other).await.expect(204);
    block(world, me, &people[4]).await.expect(201);
    unblock(world, me, &people[4]).await.expect(204);
    let report = json!({"user_id": people[2].id, "reason": "spam"});
    twice(world, Some(me), "/api/reports", &report).await;

    talk(world, me, other, &chat).await;
    unmatch(world, me, &chat).await.expect(204);

    // A picture is on its way when the account is closed.
    let picture = allow(world, me).await;
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
    send(world, picture).await;
    let later = world.stack.clock().now() + jiff::SignedDuration::from_mins(75);
    world.stack.at(later).await;
    // Everybody has gone quiet, for a moment.
    let much_later = later + jiff::SignedDuration::from_hours(31 * 24);
    world.stack.clock().set(Some(much_later));
    let swept = world.stack.lambda().invoke("SajuSweep", json!({})).await;
    swept.unwrap();
    world.stack.clock().set(Some(later));
}

async fn allow(world: &World, me: &Person) -> Request<Bytes> {
    let picture = b"not really a picture";
    let digest: String = enishi_shared::seal::sha256(picture)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let upload = json!({"content_type": "image/png", "size": picture.len(), "sha256": digest});
    let signed = world.post(me, "/api/users/me/photo", upload).await;
    let mut request = Request::put(signed.text("upload_url"));
    for (name, value) in signed.body["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.body(picture.to_vec().into()).unwrap()
}

async fn send(world: &World, picture: Request<Bytes>) {
    world.send_anywhere(picture).await.expect(200);
}

async fn talk(world: &World, me: &Person, other: &Person, chat: &str) {
    let path = format!("/api/chats/{chat}/messages");
    let body = json!({"content": "안녕", "client_msg_id": "1"});
    world.post(me, &path, body).await.expect(201);
    for path in [&path, "/api/chats"] {
        world.get(other, path).await.expect(200);
    }
    let read = format!("/api/chats/{chat}/read");
    world
        .post(other, &read, json!({"seq": 1}))
        .await
        .expect(200);

    let mut mine = Socket::open(world, me).await;
    let _theirs = Socket::open(world, other).await;
    mine.ask(json!({"action": "ping"})).await;
    // A phone in a tunnel: nobody hears of its end before something is posted to it, and one that
    // is still connecting is not taken for gone.
    let connections = world.stack.websocket().connections();
    assert!(world.stack.websocket().cut_silently(&connections[1]));
    let later = world.stack.clock().now() + jiff::SignedDuration::from_secs(31);
    world.stack.clock().set(Some(later));
    let said = json!({
        "action": "sendMessage", "chat_id": chat, "content": "또", "client_msg_id": "2",
    });
    mine.ask(said).await;
    world.stack.settle().await;
    mine.next().await;
    let body = json!({"content": "네", "client_msg_id": "1"});
    world.post(other, &path, body).await.expect(201);
    world.stack.settle().await;
    mine.next().await;
    // They see how far the other has read, but for a connection that is not there any more.
    for person in [me, other] {
        let body = json!({"read_receipts": true});
        change(world, person, body).await.expect(200);
    }
    for over_http in [true, false] {
        let known = world.stack.websocket().connections();
        let _theirs = Socket::open(world, other).await;
        let connections = world.stack.websocket().connections();
        let new = connections.iter().find(|one| !known.contains(one));
        assert!(world.stack.websocket().cut_silently(new.unwrap()));
        let later = world.stack.clock().now() + jiff::SignedDuration::from_secs(31);
        world.stack.clock().set(Some(later));
        match over_http {
            true => drop(world.post(me, &read, json!({"seq": 2})).await.expect(200)),
            false => {
                mine.ask(json!({"action": "read", "chat_id": chat, "seq": 3}))
                    .await;
            }
        }
    }
    mine.close().await;
    world.stack.settle().await;
}
