//! Every request that the functions of projects can make, and those that disable Firebase accounts.

use serde_json::json;

use crate::{
    identity::later,
    orgs::{Member, admin, delete, get, keyed, logged_in, post, put},
    support::{World, text},
};

/// They log in anew: the first function that hears of it notes when.
async fn again(world: &World, member: Member) -> Member {
    later(world, 1);
    logged_in(world, member).await
}

/// The story, where an organisation has 600 seconds.
pub async fn story(world: &World) {
    const PROJECTS: &str = "/v1/service/projects";
    let hana = admin(world, "project-hana").await;
    let hana = again(world, hana).await;
    let body = json!({"name": "a", "video_length": 100});
    for _ in 0..2 {
        keyed(world, &hana, PROJECTS, "1", body.clone())
            .await
            .expect(200);
    }
    let hana = again(world, hana).await;
    let list = get(world, &hana, PROJECTS).await.expect(200);
    let id = text(&list.body["projects"][0]["id"]);
    let path = format!("{PROJECTS}/{id}");
    let hana = again(world, hana).await;
    get(world, &hana, &path).await.expect(200);
    let hana = again(world, hana).await;
    let body = json!({"name": "b"});
    put(world, &hana, &path, body).await.expect(200);
    let hana = again(world, hana).await;
    let body = json!({"project_id": id, "is_timerecord": 1});
    post(world, &hana, "/v1/service/exports", body)
        .await
        .expect(200);
    let hana = again(world, hana).await;
    get(world, &hana, "/v1/service/usage").await.expect(200);
    let hana = again(world, hana).await;
    delete(world, &hana, &path).await.expect(200);
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
