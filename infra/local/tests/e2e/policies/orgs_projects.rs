//! Every request that the functions of projects can make, and those that disable Firebase accounts.

use serde_json::{Value, json};

use crate::{
    identity::later,
    orgs::{Member, admin, call, delete, firebase, keyed},
    support::{World, text},
};

/// They log in anew: the first function that hears of it notes when.
async fn again(world: &World, member: &mut Member) {
    later(world, 1);
    let body = json!({"email": member.firebase.email, "password": "secret at Firebase"});
    let answer = firebase(world, "accounts:signInWithPassword?key=any", body).await;
    member.firebase.id_token = answer.expect(200).text("idToken");
}

/// A request of somebody who has just logged in.
async fn fresh(
    world: &World,
    member: &mut Member,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Value {
    again(world, member).await;
    call(world, member, method, path, body)
        .await
        .expect(200)
        .body
}

/// The story, where an organisation has 600 seconds.
pub async fn story(world: &World) {
    const PROJECTS: &str = "/v1/service/projects";
    let mut hana = admin(world, "project-hana").await;
    let body = json!({"name": "a", "video_length": 100});
    again(world, &mut hana).await;
    for _ in 0..2 {
        keyed(world, &hana, PROJECTS, "1", body.clone())
            .await
            .expect(200);
    }
    let list = fresh(world, &mut hana, "GET", PROJECTS, None).await;
    let id = text(&list["projects"][0]["id"]);
    let path = format!("{PROJECTS}/{id}");
    fresh(world, &mut hana, "GET", &path, None).await;
    let body = Some(json!({"name": "b"}));
    fresh(world, &mut hana, "PUT", &path, body).await;
    let body = Some(json!({"project_id": id, "is_timerecord": 1}));
    fresh(world, &mut hana, "POST", "/v1/service/exports", body).await;
    fresh(world, &mut hana, "GET", "/v1/service/usage", None).await;
    fresh(world, &mut hana, "DELETE", &path, None).await;
    for name in ["swept", "told"] {
        let gone = admin(world, name).await;
        let path = format!("/v1/service/users/{}", gone.id);
        delete(world, &gone, &path).await.expect(200);
        if name == "swept" {
            let tick = json!({"scheduled_time": world.stack.clock().now()});
            world
                .stack
                .lambda()
                .invoke("OrgsSweep", tick)
                .await
                .unwrap();
        }
        world.stack.settle().await;
    }
}
