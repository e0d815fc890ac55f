//! Schedules and wishes under faults.

use serde_json::{Value, json};

use super::crash::{enrolls, everybody_has_one_room};
use crate::crash::{Flow, Scene, flows};

flows!(rooms: set_schedule, come_weekly, withdraw_weekly, draw_apart, avoid, unavoid);

async fn set_schedule(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsSchedule",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            // One by hand, and one that is to go.
            assert!(enrolls(scene, 0).await);
            assert!(comes(scene, 0, json!(["sun"])).await);
        },
        async |scene| comes(scene, 0, json!(["sat", "mon"])).await,
        async |scene| {
            enrolled(scene, 0, &["2026-11-21", "2026-11-23"]).await?;
            assert!(comes(scene, 0, json!([])).await);
            enrolled(scene, 0, &["2026-11-21"]).await
        },
    )
    .await;
}

async fn come_weekly(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsAssign",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            for person in 0..3 {
                assert!(comes(scene, person, json!(["sat", "sun"])).await);
            }
            withdraws(scene, 1, "2026-11-22").await;
            // By hand, before the sweep comes to it.
            let body = Some(json!({"date": "2026-11-28"}));
            let (status, _) = scene.call(2, "POST", "/register/", body).await;
            assert_eq!(status, 201);
            scene.at("00:00");
        },
        async |scene| scene.fire("RoomsAssign").await.is_ok(),
        async |scene| {
            let all = ["2026-11-21", "2026-11-22", "2026-11-28"];
            enrolled(scene, 0, &all).await?;
            enrolled(scene, 1, &["2026-11-21", "2026-11-28"]).await?;
            enrolled(scene, 2, &all).await?;
            // Once a night.
            withdraws(scene, 0, "2026-11-28").await;
            scene.fire("RoomsAssign").await?;
            enrolled(scene, 0, &all[..2]).await
        },
    )
    .await;
}

async fn withdraw_weekly(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsWithdraw",
        two_meet: false,
    };
    flow.survives(
        async |scene| assert!(comes(scene, 0, json!(["sat", "sun"])).await),
        async |scene| {
            let (status, _) = scene.call(0, "DELETE", "/register/2026-11-22", None).await;
            // The first one did it, though its answer was lost.
            matches!(status, 204 | 404)
        },
        async |scene| {
            enrolled(scene, 0, &["2026-11-21"]).await?;
            assert!(comes(scene, 0, json!(["sat", "sun"])).await);
            scene.at("00:00");
            scene.fire("RoomsAssign").await?;
            enrolled(scene, 0, &["2026-11-21", "2026-11-28"]).await
        },
    )
    .await;
}

/// The wish is taken back, or expressed, between two runs of the draw.
async fn draw_apart(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsAssign",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            met(scene).await;
            assert!(names(scene, "PUT", 0, 1).await);
            scene.at("00:00");
            for person in 0..5 {
                assert!(enrolls(scene, person).await);
            }
            scene.at("08:50");
        },
        async |scene| {
            let drawn = scene.fire("RoomsAssign").await.is_ok();
            let (_, list) = scene.call(0, "GET", "/me/avoid", None).await;
            let method = if list == json!([]) { "PUT" } else { "DELETE" };
            names(scene, method, 0, 1).await;
            names(scene, method, 2, 3).await;
            drawn
        },
        everybody_has_one_room,
    )
    .await;
}

async fn avoid(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsAvoid",
        two_meet: true,
    };
    flow.survives(
        met,
        async |scene| names(scene, "PUT", 0, 1).await,
        async |scene| {
            named(scene, 0, 1).await?;
            assert!(names(scene, "DELETE", 0, 1).await);
            named(scene, 0, 0).await
        },
    )
    .await;
}

async fn unavoid(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsAvoid",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            met(scene).await;
            assert!(names(scene, "PUT", 0, 1).await);
        },
        async |scene| names(scene, "DELETE", 0, 1).await,
        async |scene| {
            named(scene, 0, 0).await?;
            assert!(names(scene, "PUT", 0, 1).await);
            named(scene, 0, 1).await
        },
    )
    .await;
}

/// `PUT` or `DELETE /me/avoid/{user_id}`.
pub async fn names(scene: &Scene, method: &str, person: usize, other: usize) -> bool {
    let path = format!("/me/avoid/{}", scene.people[other]);
    scene.call(person, method, &path, None).await.0 == 204
}

/// `PUT /me/schedule`.
pub async fn comes(scene: &Scene, person: usize, days: Value) -> bool {
    let body = Some(json!({"days": days}));
    scene.call(person, "PUT", "/me/schedule", body).await.0 == 200
}

async fn withdraws(scene: &Scene, person: usize, date: &str) {
    let path = format!("/register/{date}");
    let (status, _) = scene.call(person, "DELETE", &path, None).await;
    assert_eq!(status, 204);
}

/// Five people were in a room.
async fn met(scene: &mut Scene) {
    scene.at_time("2026-11-20T08:00");
    for person in 0..5 {
        let body = Some(json!({"date": "2026-11-20"}));
        let (status, _) = scene.call(person, "POST", "/register/", body).await;
        assert_eq!(status, 201);
    }
    scene.at_time("2026-11-20T08:50");
    scene.fire("RoomsAssign").await.unwrap();
}

/// Just these are somebody's enrollments.
async fn enrolled(scene: &Scene, person: usize, dates: &[&str]) -> Result<(), String> {
    let (_, list) = scene.call(person, "GET", "/register/", None).await;
    let found = list.as_array().into_iter().flatten();
    match found
        .map(|item| item["date"].as_str().unwrap_or(""))
        .eq(dates.iter().copied())
    {
        true => Ok(()),
        false => Err(format!("{person}: {list} for {dates:?}")),
    }
}

/// So many people are named, and the other learns nothing.
async fn named(scene: &mut Scene, person: usize, count: usize) -> Result<(), String> {
    let (_, list) = scene.call(person, "GET", "/me/avoid", None).await;
    let (_, others) = scene.call(1, "GET", "/me/avoid", None).await;
    if list.as_array().map(Vec::len) != Some(count) || others != json!([]) {
        return Err(format!("{list} {others}"));
    }
    Ok(())
}
