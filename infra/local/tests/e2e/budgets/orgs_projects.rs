//! What the endpoints of projects take, and the disabling of Firebase accounts.

use serde_json::json;

use super::{Measured, count};
use crate::{
    orgs::{admin, delete, get, keyed, post, project, put},
    support::World,
};

/// Calls each in the case that takes the most, and in others that its doc speaks of. An organisation has 600
/// seconds.
pub async fn measure(world: &World, measured: &mut Measured) {
    const PROJECTS: &str = "/v1/service/projects";
    let hana = admin(world, "hana").await;
    world.stack.settle().await;
    count(world, "");
    let body = json!({"name": "a", "video_length": 10});
    for requests in [5, 6] {
        keyed(world, &hana, PROJECTS, "1", body.clone())
            .await
            .expect(200);
        assert_eq!(measured.count(world, "orgs-create-project"), requests);
    }
    // No bucket has so much.
    let id = project(world, &hana, "b", 100).await;
    assert_eq!(measured.count(world, "orgs-create-project"), 7);
    let body = json!({"name": "a", "video_length": 600});
    post(world, &hana, PROJECTS, body).await.expect(403);
    assert_eq!(measured.count(world, "orgs-create-project"), 8);

    get(world, &hana, PROJECTS).await.expect(200);
    measured.count(world, "orgs-projects");
    let path = format!("{PROJECTS}/{id}");
    get(world, &hana, &path).await.expect(200);
    measured.count(world, "orgs-find-project");
    put(world, &hana, &path, json!({"name": "c"}))
        .await
        .expect(200);
    measured.count(world, "orgs-update-project");
    let body = json!({"project_id": id, "is_timerecord": 1});
    post(world, &hana, "/v1/service/exports", body)
        .await
        .expect(200);
    measured.count(world, "orgs-create-export");
    get(world, &hana, "/v1/service/usage").await.expect(200);
    measured.count(world, "orgs-usage");
    delete(world, &hana, &path).await.expect(200);
    measured.count(world, "orgs-delete-project");

    // The one by the event, the other by the sweep.
    for is_swept in [false, true] {
        let gone = admin(world, &format!("gone-{is_swept}")).await;
        let path = format!("/v1/service/users/{}", gone.id);
        delete(world, &gone, &path).await.expect(200);
        count(world, "");
        if is_swept {
            let tick = json!({"scheduled_time": world.stack.clock().now()});
            let swept = world.stack.lambda().invoke("OrgsSweep", tick).await;
            assert_eq!(swept.unwrap()["accounts"], 1);
            assert_eq!(measured.within(world, "orgs-sweep", 2, 1), 5);
        } else {
            world.stack.settle().await;
            measured.count(world, "orgs-disable");
        }
    }
}
