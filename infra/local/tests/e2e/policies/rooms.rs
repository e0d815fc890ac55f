//! Every request that rooms' functions make of somebody who leaves.

use enishi_local::{aws::Call, database::from_json};
use serde_json::{Value, json};

use crate::{
    live::Socket,
    rooms::told::{click, letters, one_click},
    support::{MORNING, Person, World},
};

/// Somebody in a room makes the address of their feed, which is read, and revokes it.
pub async fn keeps_a_calendar(world: &World, person: &Person) {
    let token = Some(person.access_token.as_str());
    let made = world.call("POST", "/me/calendar", token, None).await;
    let url = made.expect(201).text("url");
    let feed = url.strip_prefix(&world.stack.url()).unwrap();
    world.call("GET", feed, None, None).await.expect(200);
    let revoked = world.call("DELETE", "/me/calendar", token, None).await;
    revoked.expect(204);
}

/// Somebody in a room withdraws before the start.
pub async fn withdraws(world: &World, person: &Person) {
    let path = format!("/register/{MORNING}");
    let token = Some(person.access_token.as_str());
    let gone = world.call("DELETE", &path, token, None).await;
    gone.expect(204);
}

/// A draw before its time.
pub fn confirmed(mut slot: Value) -> Value {
    slot["confirm"] = true.into();
    slot
}

/// Somebody in a room has closed their account while it was drawn: only the mark was set.
pub fn went_while_drawn(world: &World, person: &Person) {
    let table = &world.stack.environment()["RoomsErase"]["ROOMS_TABLE"];
    let item = json!({
        "pk": {"S": format!("PERSON#{}", person.id)}, "sk": {"S": "PERSON"}, "gone": {"BOOL": true},
    });
    let put = from_json(json!({"TableName": table, "Item": item})).unwrap();
    world.stack.database().put_item(put).unwrap();
}

/// Somebody comes every week, and no more; and avoids somebody whom they met, and no more.
pub async fn wishes(world: &World, person: &Person, met: &Person) {
    let token = Some(person.access_token.as_str());
    let avoided = format!("/me/avoid/{}", met.id);
    for days in [json!(["fri"]), json!(["tue"]), json!([]), json!(["tue"])] {
        let body = Some(json!({"days": days}));
        let put = world.call("PUT", "/me/schedule", token, body);
        put.await.expect(200);
    }
    world.get(person, "/me/schedule").await.expect(200);
    for method in ["PUT", "DELETE", "PUT"] {
        let answer = world.call(method, &avoided, token, None).await;
        answer.expect(204);
    }
    world.get(person, "/me/avoid").await.expect(200);
    // One more Tuesday.
    world.at("2026-11-24T00:00").await;
}

/// Somebody who was in a room leaves, enrolled for one that is not drawn.
pub async fn leaves(world: &World, person: &Person) {
    let slot = json!({"date": "2026-11-26"});
    world.post(person, "/register/", slot).await.expect(201);
    let token = Some(person.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
}

/// People are told where they meet, one of them in a tunnel and one who wants no letters any more; one is alone
/// in each of two rooms.
pub async fn told_and_brought_together() -> Vec<Call> {
    let world = World::new().await;
    let mut people = world.people(8).await;
    for person in &people {
        let enrolled = world.post(person, "/register/", json!({"date": MORNING}));
        enrolled.await.expect(201);
    }
    world.at("2026-11-20T20:01").await;
    let url = one_click(&letters(&world, &people[0])[0]);
    click(&world, &url).await.expect(200);
    world.at(&format!("{MORNING}T08:49")).await;
    world.refresh_all(&mut people).await;
    let _sockets = [
        Socket::open(&world, &people[0]).await,
        Socket::open(&world, &people[1]).await,
    ];
    let connections = world.stack.websocket().connections();
    assert!(world.stack.websocket().cut_silently(&connections[1]));
    for time in ["08:50", "08:51", "08:56", "09:01"] {
        world.at(&format!("{MORNING}T{time}")).await;
    }
    let mut rooms = Vec::new();
    for person in &people {
        let path = format!("/meeting_url/{}", person.id);
        let room = world.get(person, &path).await.expect(200).text("room_id");
        if !rooms.contains(&room) {
            world
                .post(person, "/participated", json!({}))
                .await
                .expect(200);
            rooms.push(room);
        }
    }
    assert_eq!(rooms.len(), 2);
    world.at(&format!("{MORNING}T09:05")).await;
    world.refresh_all(&mut people).await;
    for person in &people {
        let path = format!("/meeting_url/{}", person.id);
        world.get(person, &path).await.expect(200);
    }
    assert!(world.stack.lambda().dead_letters().is_empty());
    world.stack.aws().calls()
}
