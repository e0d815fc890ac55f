//! Its flow under faults.

use serde_json::json;

use super::{letters, requested};
use crate::crash::{Flow, Scene, flows};

flows!(mail: letter);

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
