//! Its flows under faults.

use serde_json::{Value, json};

use super::{
    certificates, items, newcomer,
    people::{DATE, bring_in, profile as verified, visitor_id},
    verify,
};
use crate::{
    crash::{Flow, Scene, flows},
    identity::{items as accounts, log_in, post_with, prove},
    support::{Answer, World, text},
};

flows!(
    visits: register, update, submit, view, decide, erase, request, propose, accept, schedule,
    lapse, end_of_messages, withdraw,
);

async fn register(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsRegister",
        two_meet: true,
    };
    flow.survives(
        async |_| {},
        async |scene| {
            let body = newcomer("hana", "student");
            scene.post_keyed("/api/users", &body).await.0 == 201
        },
        registered_once,
    )
    .await;
}

async fn update(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsUpdateMe",
        two_meet: true,
    };
    flow.survives(
        profile,
        async |scene| {
            let body = json!({"affiliation": "別製作所", "comment": "はじめまして"});
            let path = "/api/visits/me";
            scene.call(0, "PATCH", path, Some(body)).await.0 == 200
        },
        async |scene| {
            let (_, me) = scene.call(0, "GET", "/api/visits/me", None).await;
            let choices = items(&scene.world, "CHOICE#company#").len();
            if me["affiliation"]["name"] == "別製作所"
                && me["comment"] == "はじめまして"
                && choices == 2
            {
                // Whoever is of another company is not found any more, which is announced once.
                counted(&scene.world, [("FIND#", 0), ("OUTBOX#", 1)])
            } else {
                Err(format!("{choices} choices, {me}"))
            }
        },
    )
    .await;
}

async fn submit(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsSubmitCertificates",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let hana = super::register(&scene.world, "hana", "student").await;
            prove(&scene.world, &hana).await;
            certificates::upload(&scene.world, &hana).await;
            scene.people[0] = hana.id;
        },
        async |scene| {
            let path = "/api/certificates/submit";
            scene.call(0, "POST", path, None).await.0 == 200
        },
        async |scene| {
            let (_, me) = scene.call(0, "GET", "/api/visits/me", None).await;
            if me["documents"]["state"] != "submitted" {
                return Err(me.to_string());
            }
            counted(&scene.world, [("REVIEWS", 1)])
        },
    )
    .await;
}

async fn view(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsViewCertificate",
        two_meet: false,
    };
    flow.survives(
        waiting,
        async |scene| {
            let path = format!("/api/operator/certificates/{}/view", scene.people[0]);
            let before = items(&scene.world, "AUDIT#").len();
            let answer = by_operator(scene, "POST", &path, None).await;
            let links = answer.body["type_card"].is_string();
            // No link that is not written down.
            let written = items(&scene.world, "AUDIT#").len() > before;
            assert!(!links || written, "{}", answer.text);
            links
        },
        async |scene| match items(&scene.world, "AUDIT#").len() {
            0 => Err("nothing was written down".to_owned()),
            _ => Ok(()),
        },
    )
    .await;
}

async fn decide(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsDecideCertificate",
        two_meet: true,
    };
    flow.survives(
        waiting,
        async |scene| {
            let path = format!("/api/operator/certificates/{}", scene.people[0]);
            let approve = json!({"decision": "approve"});
            let answer = by_operator(scene, "PUT", &path, Some(approve)).await;
            answer.status == 200
        },
        async |scene| {
            let (_, me) = scene.call(0, "GET", "/api/visits/me", None).await;
            if me["is_authenticated"] != true || me["documents"]["state"] != "approved" {
                return Err(me.to_string());
            }
            let left = certificates::objects(&scene.world).await;
            if !left.is_empty() {
                return Err(format!("left: {left:?}"));
            }
            // Found by company and job, written down and told, once.
            let rows = [("REVIEWS", 0), ("FIND#", 4), ("AUDIT#", 1), ("OUTBOX#", 1)];
            counted(&scene.world, rows)
        },
    )
    .await;
}

/// How many items there are whose partitions begin so.
fn counted<const N: usize>(world: &World, rows: [(&str, usize); N]) -> Result<(), String> {
    let found = rows.map(|(pk, _)| (pk, items(world, pk).len()));
    match found == rows {
        true => Ok(()),
        false => Err(format!("{found:?}, not {rows:?}")),
    }
}

/// The first of the people is an employee whose documents wait, and the token is the operator's.
async fn waiting(scene: &mut Scene) {
    let sora = certificates::waiting(&scene.world, "sora", "company").await;
    scene.people[0] = sora.id;
    scene.token = scene.world.operator().await.access_token;
}

/// A request of the operator's.
async fn by_operator(scene: &Scene, method: &str, path: &str, body: Option<Value>) -> Answer {
    scene
        .world
        .call(method, path, Some(&scene.token), body)
        .await
}

async fn erase(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsErase",
        two_meet: true,
    };
    flow.survives(
        profile,
        async |scene| {
            let gone = &scene.people[0];
            let erased = scene.world.account_deleted("VisitsErase", gone).await;
            erased.is_ok()
        },
        async |scene| {
            let rows = [("USER#", 0), ("VISITOR#", 0), ("FIND#", 0)];
            counted(&scene.world, rows)
        },
    )
    .await;
}

/// The first of the people is an employee who is found.
async fn profile(scene: &mut Scene) {
    let sora = super::register(&scene.world, "sora", "company").await;
    verify(&scene.world, &sora).await;
    scene.people[0] = sora.id;
}

async fn registered_once(scene: &mut Scene) -> Result<(), String> {
    let world = &scene.world;
    let answer = log_in(world, "hana@example.com", "correct horse hana").await;
    let token = answer.body["access_token"].as_str().map(str::to_owned);
    let path = "/api/visits/me";
    let me = world.call("GET", path, token.as_deref(), None).await;
    let accounts = accounts(world);
    let accounts = accounts.iter().filter(|item| item["sk"]["S"] == "ACCOUNT");
    let counts = [
        accounts.count(),
        items(world, "USER#").len(),
        items(world, "VISITOR#").len(),
        items(world, "CHOICE#").len(),
    ];
    if counts == [1, 1, 1, 2] && me.body["affiliation"]["name"] == "縁大学" {
        Ok(())
    } else {
        Err(format!("{counts:?}, {}", me.text))
    }
}

/// The first two of the people, a student and an employee, both verified.
async fn two(scene: &mut Scene) {
    let kinds = ["student", "company"];
    let profiles = kinds.iter().zip(&scene.people);
    let profiles = profiles.map(|(kind, id)| verified(id.parse().unwrap(), kind, kind));
    bring_in(&scene.world, &profiles.collect::<Vec<_>>());
}

/// [`two`], of whom the one has asked the other; the token is the matching's id.
async fn asked(scene: &mut Scene) {
    two(scene).await;
    let answer = ask(scene).await;
    scene.token = text(&answer["id"]);
}

/// [`asked`], and agreed.
async fn agreed(scene: &mut Scene) {
    asked(scene).await;
    let accept = json!({"action": "accept"});
    assert!(act(scene, 1, accept).await);
}

async fn ask(scene: &Scene) -> Value {
    let authorization = format!("Bearer {}", scene.access_token(0).await);
    let headers = [
        ("authorization", authorization.as_str()),
        ("idempotency-key", "1"),
    ];
    let body = json!({
        "speaker_id": visitor_id(scene.people[1].parse().unwrap()), "message": "はじめまして",
        "meeting_length": 60, "date": DATE,
    });
    let answer = post_with(&scene.world, "/api/matching", &headers, body).await;
    answer.body
}

async fn act(scene: &Scene, person: usize, body: Value) -> bool {
    let path = format!("/api/matching/{}", scene.token);
    scene.call(person, "PUT", &path, Some(body)).await.0 == 200
}

/// What there is: steps, open matchings of both, booked cells, messages, notices and letters; the
/// student's requests that wait, and how often both were told something.
fn counts(scene: &Scene) -> [usize; 8] {
    let world = &scene.world;
    let matchings = items(world, "MATCHING#");
    let steps = matchings.iter();
    let steps = steps.filter(|item| text(&item["sk"]["S"]).starts_with("STEP#"));
    let number = |user_id: &str, field: &str| {
        let profiles = items(world, &format!("USER#{user_id}"));
        let profile = profiles
            .into_iter()
            .find(|item| item["sk"]["S"] == "PROFILE");
        let number = text(&profile.unwrap_or_default()[field]["N"]);
        number.parse::<usize>().unwrap()
    };
    let people = scene.people[..2].iter();
    [
        steps.count(),
        items(world, "OPEN#").len(),
        items(world, "BUSY#").len(),
        items(world, "CHAT#").len(),
        items(world, "NOTICES#").len(),
        items(world, "OUTBOX#").len(),
        number(&scene.people[0], "open_requests"),
        people.map(|id| number(id, "notifications")).sum(),
    ]
}

fn stands(scene: &Scene, state: &str, expected: [usize; 8]) -> Result<(), String> {
    let matchings = items(&scene.world, "MATCHING#");
    let mut states = matchings
        .iter()
        .filter(|item| item["sk"]["S"] == "MATCHING");
    let stands = states.all(|item| item["state"]["S"] == state);
    match counts(scene) {
        found if stands && found == expected => Ok(()),
        found => Err(format!("{found:?}, {matchings:?}")),
    }
}

fn flow(name: &'static str, function: &'static str) -> Flow {
    Flow {
        name,
        function,
        two_meet: true,
    }
}

async fn request(name: &'static str) {
    flow(name, "VisitsRequestMatching")
        .survives(
            two,
            async |scene| ask(scene).await["state"] == "requested",
            async |scene| stands(scene, "requested", [1, 2, 0, 2, 1, 1, 1, 1]),
        )
        .await;
}

async fn propose(name: &'static str) {
    flow(name, "VisitsUpdateMatching")
        .survives(
            asked,
            async |scene| {
                let body = json!({"action": "propose", "date": "2026-11-26T10:00:00Z"});
                act(scene, 1, body).await
            },
            async |scene| stands(scene, "requested", [2, 2, 0, 2, 2, 2, 1, 2]),
        )
        .await;
}

async fn accept(name: &'static str) {
    flow(name, "VisitsUpdateMatching")
        .survives(
            asked,
            async |scene| act(scene, 1, json!({"action": "accept"})).await,
            async |scene| stands(scene, "accepted", [2, 2, 0, 2, 2, 2, 0, 2]),
        )
        .await;
}

async fn schedule(name: &'static str) {
    flow(name, "VisitsBookMeeting")
        .survives(
            agreed,
            async |scene| {
                let body = json!({
                    "matching_id": scene.token, "date": DATE, "meeting_length": 60,
                });
                scene.call(0, "POST", "/api/meeting", Some(body)).await.0 == 200
            },
            async |scene| {
                let accounts = scene.world.items("IdentityTable");
                let held = accounts.iter().filter(|item| !item["holds"].is_null());
                match held.count() {
                    2 => stands(scene, "scheduled", [3, 2, 8, 2, 4, 4, 0, 4]),
                    held => Err(format!("{held} are held")),
                }
            },
        )
        .await;
}

async fn lapse(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            async |scene| {
                asked(scene).await;
                scene.at_time("2026-12-04T20:00");
            },
            async |scene| scene.fire("VisitsSweep").await.is_ok(),
            async |scene| stands(scene, "cancelled", [2, 0, 0, 2, 3, 3, 0, 3]),
        )
        .await;
}

async fn end_of_messages(name: &'static str) {
    flow(name, "VisitsSweep")
        .survives(
            async |scene| {
                asked(scene).await;
                scene.at_time("2026-12-20T20:00");
            },
            async |scene| scene.fire("VisitsSweep").await.is_ok(),
            async |scene| {
                let mut left = items(&scene.world, "CHAT#");
                let lists = items(&scene.world, "USER#");
                left.extend(
                    lists
                        .into_iter()
                        .filter(|row| text(&row["sk"]["S"]).starts_with("CHAT#")),
                );
                match left.is_empty() {
                    true => Ok(()),
                    false => Err(format!("{left:?}")),
                }
            },
        )
        .await;
}

async fn withdraw(name: &'static str) {
    flow(name, "VisitsWithdraw")
        .survives(
            async |scene| {
                agreed(scene).await;
                let body = json!({
                    "matching_id": scene.token, "date": DATE, "meeting_length": 60,
                });
                let (status, _) = scene.call(0, "POST", "/api/meeting", Some(body)).await;
                assert_eq!(status, 200);
            },
            async |scene| {
                let event = json!({
                    "source": "enishi.visits", "detail-type": "visits.withdrawn",
                    "detail": {
                        "id": "1", "time": "2026-11-20T11:00:00Z",
                        "data": {"user_id": scene.people[1], "cause": "suspended"},
                    },
                });
                let lambda = scene.world.stack.lambda();
                lambda.invoke("VisitsWithdraw", event).await.is_ok()
            },
            async |scene| stands(scene, "cancelled", [4, 0, 0, 2, 6, 6, 0, 6]),
        )
        .await;
}
