//! Every request that rooms' functions make of somebody who leaves.

use enishi_local::database::from_json;
use serde_json::json;

use crate::support::{Person, World};

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
