//! The flows of messages, notices and reports under faults.

use enishi_visits::state::{State, Topic};
use serde_json::json;

use super::{
    items,
    matched::{matched, two},
    notifications::tell,
    safety, stored,
};
use crate::{
    crash::{Flow, Scene, flows},
    live::Socket,
    support::Person,
};

flows!(visits_talk: send, deliver, read, block, decide_report);

async fn send(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsSendMessage",
        two_meet: true,
    };
    flow.survives(
        async |scene| drop(couple(scene).await),
        async |scene| says(scene, 1, "hello").await == 201,
        async |scene| {
            // One, and the next one follows it.
            if says(scene, 0, "hello").await != 201 {
                return Err("nothing follows it".to_owned());
            }
            let path = format!("/api/messages?matching_id={}&after_seq=0", scene.token);
            let (_, list) = scene.call(0, "GET", &path, None).await;
            let chat = items(&scene.world, &format!("CHAT#{}", scene.token));
            let chat = chat.iter().find(|item| item["sk"]["S"] == "CHAT");
            let last = chat.map(|chat| chat["last_seq"]["N"].clone());
            if list.as_array().map(Vec::len) == Some(2) && last == Some(json!("2")) {
                Ok(())
            } else {
                Err(format!("{last:?}: {list}"))
            }
        },
    )
    .await;
}

async fn deliver(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsDeliver",
        two_meet: false,
    };
    flow.survives(
        async |scene| {
            let (sora, _) = couple(scene).await;
            scene.socket = Some(Socket::open(&scene.world, &sora).await);
            assert_eq!(says(scene, 1, "hello").await, 201);
        },
        async |scene| {
            scene.world.stack.settle().await;
            true
        },
        async |scene| {
            if !scene.world.stack.lambda().dead_letters().is_empty() {
                return Err("given up".to_owned());
            }
            let socket = scene.socket.as_mut().ok_or("nobody waits")?;
            match socket.ask(json!({"action": "ping"})).await {
                frame if frame["type"] == "matchingMessage" && frame["seq"] == 1 => Ok(()),
                other => Err(format!("not the message: {other}")),
            }
        },
    )
    .await;
}

async fn read(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsReadNotifications",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let (sora, _) = couple(scene).await;
            for _ in 0..3 {
                tell(&scene.world, &sora, Topic::Proposed).await;
            }
        },
        async |scene| {
            let ids: Vec<_> = items(&scene.world, "NOTICES#")[..2]
                .iter()
                .map(|notice| notice["notice_id"]["S"].clone())
                .collect();
            let body = json!({"notice_ids": ids});
            let path = "/api/notifications";
            scene.call(0, "PUT", path, Some(body)).await.0 == 200
        },
        async |scene| {
            let (_, told) = scene.call(0, "GET", "/api/notifications", None).await;
            let notices = told["items"].as_array().into_iter().flatten();
            let read = notices.filter(|notice| notice["is_read"] == true).count();
            match (&told["count"], read) {
                (count, 2) if *count == 1 => Ok(()),
                _ => Err(told.to_string()),
            }
        },
    )
    .await;
}

async fn block(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsBlockVisitor",
        two_meet: true,
    };
    flow.survives(
        async |scene| drop(couple(scene).await),
        async |scene| {
            let body = json!({"matching_id": scene.token});
            let path = "/api/visits/blocks";
            scene.call(0, "POST", path, Some(body)).await.0 == 201
        },
        async |scene| {
            for person in 0..2 {
                let status = says(scene, person, "hello").await;
                if status != 404 {
                    return Err(format!("{person} writes: {status}"));
                }
            }
            match items(&scene.world, "BLOCKS#").len() {
                2 => Ok(()),
                rows => Err(format!("{rows} rows")),
            }
        },
    )
    .await;
}

async fn decide_report(name: &'static str) {
    let flow = Flow {
        name,
        function: "VisitsDecideReport",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let (_, hana) = couple(scene).await;
            let body = json!({"matching_id": scene.token, "reason": "勧誘"});
            let answer = safety::report(&scene.world, &hana, body).await;
            scene.people[2] = answer.expect(201).text("report_id");
            scene.token = scene.world.operator().await.access_token;
        },
        async |scene| {
            let body = json!({
                "report_id": scene.people[2], "decision": "suspend", "reason": "勧誘",
            });
            let path = "/api/visits/operator/reports";
            let token = Some(scene.token.as_str());
            let answer = scene.world.call("PUT", path, token, Some(body)).await;
            answer.status == 200
        },
        async |scene| {
            let rows = ["REPORTS", "REPORTS#", "FIND#", "AUDIT#", "OUTBOX#"];
            let rows = rows.map(|pk| items(&scene.world, pk).len());
            let sora = Person {
                id: scene.people[0].clone(),
                ..nobody()
            };
            let is_suspended = stored(&scene.world, &sora).await.is_suspended;
            if rows == [1, 1, 0, 1, 1] && is_suspended {
                Ok(())
            } else {
                Err(format!("{rows:?}, {is_suspended}"))
            }
        },
    )
    .await;
}

fn nobody() -> Person {
    Person {
        id: String::new(),
        name: String::new(),
        email: String::new(),
        password: String::new(),
        access_token: String::new(),
        refresh_token: String::new(),
    }
}

/// The first two of the people are an employee and a student, and the token is their matching.
async fn couple(scene: &mut Scene) -> (Person, Person) {
    let (sora, hana) = two(&scene.world).await;
    scene.token = matched(&scene.world, &sora, &hana, State::Accepted).await;
    scene.people[0].clone_from(&sora.id);
    scene.people[1].clone_from(&hana.id);
    (sora, hana)
}

/// The same message each time.
async fn says(scene: &Scene, person: usize, text: &str) -> u16 {
    let body = json!({"matching_id": scene.token, "text": text, "client_msg_id": "1"});
    scene
        .call(person, "POST", "/api/messages", Some(body))
        .await
        .0
}
