//! Its flow under faults.

use serde_json::json;

use super::{letters, requested};
use crate::{
    crash::{Flow, Scene, flows},
    rooms::told::{click, one_click},
    support::MORNING,
};

flows!(mail: letter, unsubscribe);

async fn letter(name: &'static str) {
    let flow = Flow {
        name,
        function: "PlatformMail",
        two_meet: false,
    };
    flow.survives(
        async |_| {},
        send,
        // A process that dies after the letter and before the receipt leaves a second one to the retry.
        async |scene| {
            let sent = letters(&scene.world).len();
            if !(1..=2).contains(&sent) {
                return Err(format!("{sent} letters were sent"));
            }
            if !send(scene).await || letters(&scene.world).len() != sent {
                return Err("a letter with a receipt was sent again".into());
            }
            Ok(())
        },
    )
    .await;
}

/// The event, once.
async fn send(scene: &Scene) -> bool {
    let event = requested("1", &json!({"address": "shop@example.com"}));
    let lambda = scene.world.stack.lambda();
    lambda.invoke("PlatformMail", event).await.is_ok()
}

async fn unsubscribe(name: &'static str) {
    let flow = Flow {
        name,
        function: "PlatformUnsubscribe",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let person = scene.world.sign_up("hana").await;
            let slot = json!({"date": MORNING});
            let enrolled = scene.world.post(&person, "/register/", slot).await;
            enrolled.expect(201);
            scene.fire("RoomsOpen").await.unwrap();
            scene.world.stack.settle().await;
            let mails = scene.world.stack.mailbox().mails();
            let url = one_click(mails.iter().find(|mail| !mail.headers.is_empty()).unwrap());
            scene.token = url.split_once("token=").unwrap().1.to_owned();
        },
        async |scene| {
            let (world, token) = (&scene.world, &scene.token);
            let url = format!("{}/letters/unsubscribe?token={token}", world.stack.url());
            click(world, &url).await.status == 200
        },
        async |scene| {
            let items = scene.world.items("IdentityTable");
            let mut unwanted = items.iter().map(|item| &item["unwanted"]);
            match unwanted.any(|unwanted| *unwanted == json!({"SS": ["rooms"]})) {
                true => Ok(()),
                false => Err("the letters go on".into()),
            }
        },
    )
    .await;
}
