//! Its flows under faults.

use serde_json::{Value, json};

use super::{Socket, connecting::connect as handshake, items, known};
use crate::{
    crash::{Flow, Scene, flows},
    identity::later,
    saju::crash::profiles,
    support::text,
};

flows!(live: give_ticket, connect, replace, close, erase);

async fn give_ticket(name: &'static str) {
    let flow = Flow {
        name,
        function: "LiveTicket",
        two_meet: true,
    };
    flow.survives(
        profiles,
        async |scene| asks(scene).await.is_some(),
        async |scene| {
            let ticket = asks(scene).await.ok_or("no ticket")?;
            match handshake(&scene.world, &ticket, "one").await {
                answer if answer == 200 => Ok(()),
                other => Err(format!("the ticket is not good: {other}")),
            }
        },
    )
    .await;
}

async fn connect(name: &'static str) {
    let flow = Flow {
        name,
        function: "LiveConnect",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            profiles(scene).await;
            scene.token = asks(scene).await.unwrap();
        },
        async |scene| handshake(&scene.world, &scene.token, "one").await == 200,
        async |scene| match known(&scene.world).as_slice() {
            [one] if one == "one" => Ok(()),
            other => Err(format!("{other:?}")),
        },
    )
    .await;
}

/// The twenty-first.
async fn replace(name: &'static str) {
    let flow = Flow {
        name,
        function: "LiveConnect",
        two_meet: false,
    };
    flow.survives(
        async |scene| {
            profiles(scene).await;
            for number in 0..20 {
                let ticket = asks(scene).await.unwrap();
                let id = format!("former-{number:02}");
                assert_eq!(handshake(&scene.world, &ticket, &id).await, 200);
                later(&scene.world, 1);
            }
            scene.token = asks(scene).await.unwrap();
        },
        async |scene| handshake(&scene.world, &scene.token, "new").await == 200,
        async |scene| {
            let known = known(&scene.world);
            let former = |number: usize| known.contains(&format!("former-{number:02}"));
            match known.len() == 20 && known.contains(&"new".to_owned()) && !former(0) {
                true => Ok(()),
                false => Err(format!("{known:?}")),
            }
        },
    )
    .await;
}

async fn close(name: &'static str) {
    let flow = Flow {
        name,
        function: "LiveClose",
        two_meet: true,
    };
    flow.survives(
        connected,
        async |scene| {
            let ended = json!({"before_epoch": 1});
            let data = json!({"user_id": scene.people[0], "ended": ended});
            announced(scene, "session.ended", data).await
        },
        async |scene| {
            is_closed(scene).await?;
            match known(&scene.world).as_slice() {
                [] => Ok(()),
                other => Err(format!("known: {other:?}")),
            }
        },
    )
    .await;
}

async fn erase(name: &'static str) {
    let flow = Flow {
        name,
        function: "LiveClose",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            connected(scene).await;
            asks(scene).await.unwrap();
        },
        async |scene| {
            let data = json!({"user_id": scene.people[0]});
            announced(scene, "account.deleted", data).await
        },
        async |scene| {
            is_closed(scene).await?;
            match items(&scene.world).as_slice() {
                [] => Ok(()),
                left => Err(format!("left: {left:?}")),
            }
        },
    )
    .await;
}

/// The first of the people has a connection.
async fn connected(scene: &mut Scene) {
    profiles(scene).await;
    let ticket = asks(scene).await.unwrap();
    let url = scene.world.stack.live_url();
    scene.socket = Some(Socket::connect(&url, &ticket).await.unwrap());
}

async fn asks(scene: &Scene) -> Option<String> {
    let (status, answer) = scene.call(0, "POST", "/api/live/ticket", None).await;
    (status == 201).then(|| text(&answer["ticket"]))
}

async fn announced(scene: &Scene, detail_type: &str, data: Value) -> bool {
    let event = json!({
        "source": "enishi.identity",
        "detail-type": detail_type,
        "detail": {
            "id": "019aa2b4-7c1f-7a02-8d11-3c4b5a697887",
            "time": "2026-11-20T11:00:00Z",
            "data": data,
        },
    });
    let lambda = scene.world.stack.lambda();
    lambda.invoke("LiveClose", event).await.is_ok()
}

async fn is_closed(scene: &mut Scene) -> Result<(), String> {
    let socket = scene.socket.as_mut().ok_or("nobody is connected")?;
    match socket.next_or_end().await {
        None => Ok(()),
        Some(message) => Err(format!("still open: {}", text(&message))),
    }
}
