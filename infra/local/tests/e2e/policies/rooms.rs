//! Every request that rooms' functions make of somebody who leaves.

use enishi_local::{aws::Call, database::from_json};
use serde_json::json;

use crate::{
    live::Socket,
    rooms::told::{click, letters, one_click},
    support::{MORNING, Person, World},
};

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
