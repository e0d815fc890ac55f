//! The flows of a visit's meeting under faults.

use enishi_visits::state::{Party, State};
use serde_json::{Value, json};

use super::{
    items,
    meeting::attendance::event,
    people::{DATE, at, bring_in, bring_matchings_in, profile, standing},
};
use crate::{
    crash::{Flow, Scene, flows},
    support::{text, tokyo},
};

flows!(visits: join, come, reminders, end, look);

fn flow(name: &'static str, function: &'static str) -> Flow {
    Flow {
        name,
        function,
        two_meet: true,
    }
}

/// The first two of the people, a student and an employee, have a visit that is paid for; the token is its
/// id. The clock is at this time of its day.
async fn paid(scene: &mut Scene, time: &str) {
    let [listener, speaker] = [("student", 0), ("company", 1)].map(|(kind, person)| {
        let id: &String = &scene.people[person];
        profile(id.parse().unwrap(), kind, kind)
    });
    bring_in(&scene.world, &[listener.clone(), speaker.clone()]);
    let app = scene.app("VisitsErase");
    let id = enishi_visits::matching::MatchingId::new(&app);
    let matching = at(State::Paid, app.now(), DATE.parse().unwrap(), None);
    bring_matchings_in(
        &scene.world,
        &[standing((&speaker, &listener), id, matching)],
    );
    scene.token = id.to_string();
    on_the_day(scene, time);
}

fn on_the_day(scene: &Scene, time: &str) {
    scene.at_time(&format!("2026-11-{time}"));
}

async fn joins(scene: &Scene, person: usize) -> (u16, Value) {
    let path = format!("/api/meeting/{}/join", scene.token);
    scene.call(person, "GET", &path, None).await
}

/// [`paid`], with both inside.
async fn inside(scene: &mut Scene) {
    paid(scene, "25T18:56").await;
    for person in 0..2 {
        let (status, answer) = joins(scene, person).await;
        assert_eq!(status, 200, "{answer}");
        let chime = scene.world.stack.chime();
        let of = |part: &str, field: &str| text(&answer[part][field]);
        let meeting = of("Meeting", "MeetingId");
        let joined = chime.join(
            &meeting,
            &of("Attendee", "AttendeeId"),
            &of("Attendee", "JoinToken"),
        );
        assert_eq!(joined, Ok(()));
    }
    scene.world.stack.settle().await;
}

/// The matching's rows of this kind.
fn rows(scene: &Scene, kind: &str) -> Vec<Value> {
    let mut rows = items(&scene.world, &format!("MATCHING#{}", scene.token));
    rows.retain(|row| text(&row["sk"]["S"]).starts_with(kind));
    rows
}

/// Where it stands, how many steps were made, and how many letters wait or went.
fn stands(scene: &Scene, state: &str, steps: usize, letters: usize) -> Result<(), String> {
    let matching = rows(scene, "MATCHING").remove(0);
    let mut outbox = items(&scene.world, "OUTBOX#");
    outbox.retain(|row| text(&row["detail_type"]["S"]) == "mail.requested");
    let found = (
        text(&matching["state"]["S"]),
        rows(scene, "STEP#").len(),
        outbox.len(),
        items(&scene.world, "NOTICES#").len(),
    );
    match found == (state.to_owned(), steps, letters, letters) {
        true => Ok(()),
        false => Err(format!("{found:?}")),
    }
}

/// How many meetings live.
fn living(scene: &Scene) -> usize {
    scene.world.stack.chime().live_meetings().len()
}

async fn join(name: &'static str) {
    flow(name, "VisitsJoin")
        .survives(
            async |scene| paid(scene, "25T18:57").await,
            async |scene| joins(scene, 0).await.0 == 200,
            async |scene| {
                let [one, other] = [joins(scene, 0).await, joins(scene, 1).await];
                let same = one.1["Meeting"] == other.1["Meeting"];
                let own = one.1["Attendee"] != other.1["Attendee"];
                let watched = rows(scene, "PRESENCE").len();
                let found = ([one.0, other.0], same, own, living(scene), watched);
                match found == ([200, 200], true, true, 1, 1) {
                    true => Ok(()),
                    false => Err(format!("{found:?} {} {}", one.1, other.1)),
                }
            },
        )
        .await;
}

async fn come(name: &'static str) {
    flow(name, "VisitsAttendance")
        .survives(
            async |scene| {
                paid(scene, "25T18:57").await;
                assert_eq!(joins(scene, 1).await.0, 200);
                scene.world.stack.settle().await;
            },
            async |scene| {
                let meeting = &scene.world.stack.chime().live_meetings()[0].meeting_id;
                let name = enishi_visits::matching::venue_name(scene.token.parse().unwrap());
                let speaker = scene.people[1].parse().unwrap();
                let who = enishi_shared::chime::external_user_id(&name, speaker);
                let mut is_ok = true;
                for kind in ["AttendeeJoined", "MeetingEnded"] {
                    let at = tokyo("2026-11-25T18:58");
                    let mut event = event(&scene.token, meeting, kind, Some(Party::Speaker), at);
                    event["detail"]["externalUserId"] = who.clone().into();
                    let lambda = scene.world.stack.lambda();
                    is_ok &= lambda.invoke("VisitsAttendance", event).await.is_ok();
                }
                is_ok
            },
            async |scene| {
                let presence = rows(scene, "PRESENCE").remove(0);
                let generation = text(&rows(scene, "MEETING").remove(0)["generation"]["N"]);
                let at = tokyo("2026-11-25T18:58").as_millisecond().to_string();
                match presence["speaker_at"]["N"] == at && generation == "2" {
                    true => Ok(()),
                    false => Err(format!("{presence}, generation {generation}")),
                }
            },
        )
        .await;
}

async fn reminders(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            async |scene| paid(scene, "24T19:00").await,
            async |scene| scene.fire("VisitsSweep").await.is_ok(),
            async |scene| stands(scene, "paid", 1, 2),
        )
        .await;
}

async fn end(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            async |scene| {
                inside(scene).await;
                on_the_day(scene, "25T19:36");
            },
            async |scene| scene.fire("VisitsSweep").await.is_ok(),
            async |scene| {
                let left = rows(scene, "");
                if living(scene) > 0 || left.iter().any(|row| !row["due"].is_null()) {
                    return Err(format!("{} live, {left:?}", living(scene)));
                }
                // What the two were to be reminded of has begun.
                stands(scene, "done", 2, 2)
            },
        )
        .await;
}

async fn look(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            async |scene| {
                inside(scene).await;
                let path = format!("/api/matching/{}", scene.token);
                let no = json!({"action": "cancel"});
                let (status, _) = scene.call(1, "PUT", &path, Some(no)).await;
                assert_eq!(status, 200);
                on_the_day(scene, "25T19:01");
            },
            async |scene| scene.fire("VisitsSweep").await.is_ok(),
            async |scene| {
                let left = rows(scene, "");
                if living(scene) > 0 || left.iter().any(|row| !row["due"].is_null()) {
                    return Err(format!("{} live, {left:?}", living(scene)));
                }
                stands(scene, "refunded", 1, 2)
            },
        )
        .await;
}
