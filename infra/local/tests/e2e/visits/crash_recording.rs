//! The flows of recordings under faults.

use enishi_visits::recording::finish;
use jiff::SignedDuration;

use super::{
    items,
    recording::{answers, at_minute, end, going_on, objects, opened, sweep, to_come},
};
use crate::{
    crash::{Flow, Scene, flows},
    identity::later,
};

flows!(visits_recording: consent, withdraw, follow, finished, collect, erase);

fn flow(name: &'static str, function: &'static str) -> Flow {
    Flow {
        name,
        function,
        two_meet: true,
    }
}

/// That so many pipelines run, and what else is written of recordings.
fn runs(scene: &Scene, pipelines: usize, said: &str) -> Result<(), String> {
    let rows = items(&scene.world, "MATCHING#");
    let mut rows = rows.iter().filter(|item| item["sk"]["S"] == "RECORDING");
    let row = rows.next().map(ToString::to_string).unwrap_or_default();
    match scene.world.stack.chime().active_pipelines() {
        active if active == pipelines && row.contains(said) => Ok(()),
        active => Err(format!("{active} pipelines, {row}")),
    }
}

async fn consent(name: &'static str) {
    flow(name, "VisitsConsent")
        .survives(
            going_on,
            async |scene| answers(scene, 0, true).await,
            async |scene| runs(scene, 1, "media-pipeline/"),
        )
        .await;
}

async fn withdraw(name: &'static str) {
    flow(name, "VisitsConsent")
        .survives(
            async |scene| {
                going_on(scene).await;
                assert!(answers(scene, 0, true).await);
                scene.world.stack.settle().await;
            },
            async |scene| answers(scene, 1, false).await,
            async |scene| runs(scene, 0, "withdrawn"),
        )
        .await;
}

/// The sweep finds that a meeting is to be recorded.
async fn follow(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            async |scene| {
                // Nobody says that it is open.
                to_come(scene).await;
                assert!(answers(scene, 0, true).await);
                opened(scene).await;
            },
            async |scene| {
                later(&scene.world, 60);
                scene.fire("VisitsSweep").await.is_ok()
            },
            async |scene| runs(scene, 1, "media-pipeline/"),
        )
        .await;
}

/// A meeting that goes on and is recorded.
async fn recorded(scene: &mut Scene) {
    going_on(scene).await;
    assert!(answers(scene, 0, true).await);
    at_minute(&scene.world, 2);
    scene.world.stack.settle().await;
}

async fn finished(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            recorded,
            async |scene| {
                let app = scene.app("VisitsSweep");
                finish(&app, scene.token.parse().unwrap()).await.is_ok()
            },
            async |scene| runs(scene, 0, "making"),
        )
        .await;
}

async fn collect(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            async |scene| {
                recorded(scene).await;
                end(&scene.world, &scene.token).await;
                scene.world.stack.settle().await;
            },
            async |scene| {
                for _ in 0..3 {
                    scene.world.stack.chime().tick();
                    let swept = scene.fire("VisitsSweep").await;
                    later(&scene.world, 60);
                    if swept.is_err() {
                        return false;
                    }
                }
                true
            },
            async |scene| {
                let left = objects(&scene.world).await;
                match left.len() {
                    1 => runs(scene, 0, "ready"),
                    _ => Err(format!("{left:?}")),
                }
            },
        )
        .await;
}

async fn erase(name: &'static str) {
    flow(name, "VisitsErase")
        .survives(
            async |scene| {
                recorded(scene).await;
                end(&scene.world, &scene.token).await;
                // The file is on its way.
                sweep(&scene.world, 1).await;
                scene.world.stack.settle().await;
            },
            async |scene| {
                let gone = &scene.people[0];
                let erased = scene.world.account_deleted("VisitsErase", gone).await;
                erased.is_ok()
            },
            async |scene| {
                let clock = scene.world.stack.clock();
                clock.set(Some(clock.now() + SignedDuration::from_mins(61)));
                sweep(&scene.world, 1).await;
                // The messages are in nobody's list: both have left.
                let rows = items(&scene.world, "MATCHING#");
                let left = objects(&scene.world).await;
                match left.is_empty() && rows.is_empty() {
                    true => Ok(()),
                    false => Err(format!("{left:?}, {rows:?}")),
                }
            },
        )
        .await;
}
