//! The flows of projects, exports and Firebase accounts under faults.

use enishi_local::firebase::PROJECT;
use enishi_orgs::{organization, seconds};
use enishi_shared::store::Transaction;
use http::{Request, header};
use serde_json::{Value, json};

use super::{admin, delete, firebase, items};
use crate::{
    crash::{Flow, Scene, flows},
    support::text,
};

flows!(
    orgs: create_project, update_project, delete_project, export, disable, sweep,
);

const PROJECTS: &str = "/v1/service/projects";

async fn create_project(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsCreateProject",
        two_meet: true,
    };
    flow.survives(
        organization,
        // More than a bucket has.
        async |scene| made(scene, 25).await == 200,
        async |scene| {
            let (_, usage) = scene.call(0, "GET", "/v1/service/usage", None).await;
            let spent = json!([{"id": scene.people[0], "used": 25}]);
            if usage["usage"]["left"] != 75 || usage["usage"]["members"] != spent {
                return Err(usage.to_string());
            }
            counted(scene, 1)
        },
    )
    .await;
}

async fn update_project(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsUpdateProject",
        two_meet: true,
    };
    flow.survives(
        project,
        async |scene| {
            let path = format!("{PROJECTS}/{}", scene.token);
            let body = json!({"name": "b", "status": "exported"});
            scene.call(0, "PUT", &path, Some(body)).await.0 == 200
        },
        async |scene| {
            let places = ["", "?scope=organization"];
            for place in places {
                let path = format!("{PROJECTS}{place}");
                let (_, list) = scene.call(0, "GET", &path, None).await;
                let project = &list["projects"][0];
                if project["name"] != "b" || project["status"] != "exported" {
                    return Err(list.to_string());
                }
            }
            Ok(())
        },
    )
    .await;
}

async fn delete_project(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsDeleteProject",
        two_meet: true,
    };
    flow.survives(
        project,
        async |scene| {
            let path = format!("{PROJECTS}/{}", scene.token);
            matches!(scene.call(0, "DELETE", &path, None).await.0, 200 | 404)
        },
        async |scene| counted(scene, 0),
    )
    .await;
}

async fn export(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsCreateExport",
        two_meet: true,
    };
    flow.survives(
        project,
        async |scene| {
            let body = json!({"project_id": scene.token, "is_timerecord": 1});
            keyed(scene, "/v1/service/exports", body).await.0 == 200
        },
        async |scene| match items(&scene.world, "EXPORTS#").len() {
            1 => Ok(()),
            other => Err(format!("{other} exports")),
        },
    )
    .await;
}

async fn disable(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsDisable",
        two_meet: true,
    };
    flow.survives(
        deleted,
        async |scene| {
            let event = json!({
                "source": "enishi.orgs", "detail-type": "orgs.user_deleted",
                "detail": {
                    "id": "019aa2b4-7c1f-7a02-8d11-3c4b5a697892",
                    "time": "2026-11-20T11:00:00Z", "data": {"uid": scene.token},
                },
            });
            let lambda = scene.world.stack.lambda();
            lambda.invoke("OrgsDisable", event).await.is_ok()
        },
        is_disabled,
    )
    .await;
}

async fn sweep(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsSweep",
        two_meet: true,
    };
    flow.survives(
        deleted,
        async |scene| scene.fire("OrgsSweep").await.is_ok(),
        is_disabled,
    )
    .await;
}

/// The first of them with an organisation that has 100 seconds, ten in each bucket.
async fn organization(scene: &mut Scene) {
    let hana = admin(&scene.world, "hana").await;
    let app = scene.app("OrgsCreateProject");
    let mut tx = Transaction::new(&app);
    let orgs = organization::table(&app).unwrap();
    let its = organization::find(&orgs, hana.organization_id.parse().unwrap());
    let reserve = seconds::reserve(&app, &its.await.unwrap().unwrap());
    reserve.unwrap().add(&mut tx, 100);
    tx.commit().await.unwrap();
    scene.people[0] = hana.id;
}

/// With a project.
async fn project(scene: &mut Scene) {
    organization(scene).await;
    assert_eq!(made(scene, 10).await, 200);
    let (_, list) = scene.call(0, "GET", PROJECTS, None).await;
    scene.token = text(&list["projects"][0]["id"]);
}

/// Somebody who has deleted themselves, of which nobody was told yet.
async fn deleted(scene: &mut Scene) {
    let hana = admin(&scene.world, "hana").await;
    let path = format!("/v1/service/users/{}", hana.id);
    delete(&scene.world, &hana, &path).await.expect(200);
    assert_eq!(items(&scene.world, "DISABLINGS").len(), 1);
    scene.token = hana.firebase.uid;
}

async fn is_disabled(scene: &mut Scene) -> Result<(), String> {
    let path = format!("projects/{PROJECT}/accounts:lookup");
    let body = json!({"localId": [scene.token]});
    let found = firebase(&scene.world, &path, body).await.body;
    let left = items(&scene.world, "DISABLINGS");
    match found["users"][0]["disabled"] == true && left.is_empty() {
        true => Ok(()),
        false => Err(format!("{found}, {left:?}")),
    }
}

/// That so many projects lie in both places.
fn counted(scene: &Scene, expected: usize) -> Result<(), String> {
    let all = items(&scene.world, "");
    let of = |pk: &str| {
        let of = all.iter().filter(|item| {
            text(&item["pk"]["S"]).starts_with(pk) && text(&item["sk"]["S"]).starts_with("PROJECT#")
        });
        of.count()
    };
    match (of("ORG#"), of("MINE#")) {
        found if found == (expected, expected) => Ok(()),
        found => Err(format!("{found:?} projects")),
    }
}

async fn made(scene: &Scene, seconds: u32) -> u16 {
    let body = json!({"name": "a", "video_length": seconds});
    keyed(scene, PROJECTS, body).await.0
}

/// A request of the first one's, with an idempotency key.
async fn keyed(scene: &Scene, path: &str, body: Value) -> (u16, Value) {
    let token = scene.access_token(0).await;
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "the-same")
        .body(body.to_string().into())
        .unwrap();
    let answer = scene.world.send(request).await;
    (answer.status.as_u16(), answer.body)
}
