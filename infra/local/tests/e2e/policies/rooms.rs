//! Every request that rooms' functions make of somebody who leaves.

use enishi_local::database::from_json;
use serde_json::{Value, json};

use crate::support::{MORNING, Person, World};

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

/// Somebody who was in a room leaves, enrolled for one that is not drawn.
pub async fn leaves(world: &World, person: &Person) {
    let slot = json!({"date": "2026-11-23"});
    world.post(person, "/register/", slot).await.expect(201);
    let token = Some(person.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
}
