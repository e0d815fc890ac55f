//! The flows of the market's sessions.

use serde_json::{Value, json};

use super::{Flow, Scene};
use crate::{
    identity::{
        attribute, items,
        market_sessions::{begin, rows, verified},
        session_keys,
    },
    support::Answer,
};

pub const FLOWS: [Flow; 2] = [
    Flow {
        name: "begin session",
        function: "IdentityBeginSession",
        prepare: |scene| Box::pin(at_firebase(scene)),
        act: |scene| Box::pin(async { log_in(scene).await.status == 200 }),
        check: |scene| Box::pin(one_customer(scene)),
    },
    Flow {
        name: "renew session",
        function: "IdentityRenewSession",
        prepare: |scene| {
            Box::pin(async {
                at_firebase(scene).await;
                scene.people[0].token = log_in(scene).await.text("session_key");
            })
        },
        act: |scene| {
            Box::pin(async {
                let answer = session_keys::renew(&scene.world, &scene.people[0].token).await;
                answer.status == 200
            })
        },
        // One key of the log-in, its successor however often it was given, and two of the check.
        check: |scene| {
            Box::pin(async {
                let key = scene.people[0].token.clone();
                goes_on(scene, key).await?;
                logged(scene, 4)
            })
        },
    },
];

/// Somebody at Firebase; the first guest's token is their ID token.
async fn at_firebase(scene: &mut Scene) {
    let caller = verified(&scene.world, "hana@example.com").await;
    scene.people[0].token = caller.id_token;
}

async fn log_in(scene: &Scene) -> Answer {
    begin(&scene.world, &scene.people[0].token).await
}

/// One account under one uid, announced once, and the last answer is good.
async fn one_customer(scene: &Scene) -> Result<(), String> {
    let answer = log_in(scene).await;
    let found = items(&scene.world);
    let is = |kind: &str| {
        let places = found.iter().filter(|item| attribute(item, "sk") == kind);
        places.count()
    };
    let counted = [is("ACCOUNT"), is("FIREBASE"), is("EMAIL"), is("OUTBOX")];
    if answer.status != 200 || counted != [1, 1, 1, 1] {
        return Err(format!("{} {counted:?}", answer.text));
    }
    let (sessions, logged) = (count(&found, "SESSION#"), count(&found, "LOGIN#"));
    if sessions != logged || rows(&scene.world, "ACCOUNT#") != 1 + sessions + logged {
        return Err(format!("{sessions} sessions, {logged} in the log"));
    }
    let token = answer.text("access_token");
    let me = scene
        .world
        .call("GET", "/api/users/me", Some(&token), None)
        .await;
    if me.status != 200 || me.body["email"] != json!("hana@example.com") {
        return Err(format!("the token is not good: {}", me.text));
    }
    goes_on(scene, answer.text("session_key")).await
}

/// Whoever holds the last answer goes on.
async fn goes_on(scene: &Scene, mut key: String) -> Result<(), String> {
    for _ in 0..3 {
        let answer = session_keys::renew(&scene.world, &key).await;
        if answer.status != 200 {
            return Err(answer.text);
        }
        key = answer.text("session_key");
    }
    Ok(())
}

/// That so many keys are in the log.
fn logged(scene: &Scene, keys: usize) -> Result<(), String> {
    let logged = count(&items(&scene.world), "LOGIN#");
    if logged == keys {
        Ok(())
    } else {
        Err(format!("{logged} keys in the log"))
    }
}

fn count(items: &[Value], sort_key: &str) -> usize {
    let keys = items.iter().map(|item| attribute(item, "sk"));
    keys.filter(|key| key.starts_with(sort_key)).count()
}
