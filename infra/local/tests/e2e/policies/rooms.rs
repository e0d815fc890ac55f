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
