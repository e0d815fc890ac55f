//! Its flows under faults.

use enishi_local::demo::mailed_token;
use serde_json::{Value, json};

use super::{
    attribute, items, log_in as log_in_by_email, mailed as link,
    market_sessions::{begin, rows, verified},
    post, refresh as spend,
    session_keys::renew,
};
use crate::{
    crash::{Flow, Scene, flows},
    support::{Answer, text},
};

flows!(
    identity: sign_up, relay, verify_email, refresh, begin_session, join_account, renew_session,
    log_out, new_password, close_account, erase,
);

async fn sign_up(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentitySignup",
        two_meet: true,
    };
    flow.survives(
        async |_| {},
        async |scene| signs_up(scene).await.0 == 201,
        one_account,
    )
    .await;
}

async fn relay(name: &'static str) {
    let flow = Flow {
        name,
        function: "PlatformRelay",
        two_meet: false,
    };
    flow.survives(
        async |scene| assert_eq!(signs_up(scene).await.0, 201),
        async |scene| {
            scene.world.stack.settle().await;
            true
        },
        async |scene| mailed(scene),
    )
    .await;
}

async fn verify_email(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentityVerifyEmail",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            assert_eq!(signs_up(scene).await.0, 201);
            scene.world.stack.settle().await;
            scene.token = mailed_token(&scene.world.stack, "hana@example.com").unwrap();
        },
        async |scene| verifies(scene).await == 204,
        async |scene| as_it_should_be(&the_account(scene), "0", true),
    )
    .await;
}

async fn refresh(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentityRefresh",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let (_, answer) = signs_up(scene).await;
            scene.token = text(&answer["refresh_token"]);
        },
        async |scene| spend(&scene.world, &scene.token).await.status == 200,
        family_lives,
    )
    .await;
}

async fn begin_session(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentityBeginSession",
        two_meet: true,
    };
    flow.survives(
        at_firebase,
        async |scene| log_in(scene).await.status == 200,
        one_customer,
    )
    .await;
}

async fn join_account(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentityBeginSession",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            assert_eq!(signs_up(scene).await.0, 201);
            scene.world.stack.settle().await;
            scene.token = mailed_token(&scene.world.stack, "hana@example.com").unwrap();
            assert_eq!(verifies(scene).await, 204);
            at_firebase(scene).await;
        },
        async |scene| log_in(scene).await.status == 200,
        // The older password went, once, and nobody's who came with the proof.
        async |scene| {
            as_it_should_be(&the_account(scene), "1", false)?;
            let ended = items(&scene.world);
            let ended = ended
                .iter()
                .filter(|item| item["detail_type"]["S"] == "session.ended");
            if ended.count() != 1 {
                return Err("not announced once".into());
            }
            let key = log_in(scene).await.text("session_key");
            goes_on(scene, key).await
        },
    )
    .await;
}

async fn renew_session(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentityRenewSession",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            at_firebase(scene).await;
            scene.token = log_in(scene).await.text("session_key");
        },
        async |scene| renew(&scene.world, &scene.token).await.status == 200,
        // One key of the log-in, its successor however often it was given, and two of the check.
        async |scene| {
            let key = scene.token.clone();
            goes_on(scene, key).await?;
            logged(scene, 4)
        },
    )
    .await;
}

async fn log_out(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentityLogout",
        two_meet: true,
    };
    flow.survives(
        somebody_with_an_account,
        async |scene| {
            let (token, path) = (Some(scene.token.as_str()), "/api/auth/logout");
            scene.world.call("POST", path, token, None).await.status == 204
        },
        async |scene| {
            let items = items(&scene.world);
            match (
                count(&items, "SESSION#"),
                announced(&items, "session.ended"),
            ) {
                (0, 1) => Ok(()),
                other => Err(format!("sessions and announcements: {other:?}")),
            }
        },
    )
    .await;
}

async fn new_password(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentityResetPassword",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            somebody_with_an_account(scene).await;
            let body = json!({"email": "hana@example.com"});
            let path = "/api/auth/password/forgot";
            post(&scene.world, path, body).await.expect(202);
            scene.token = link(&scene.world, "hana@example.com").await;
        },
        async |scene| {
            let body = json!({"token": scene.token, "password": "battery staple"});
            let path = "/api/auth/password/reset";
            post(&scene.world, path, body).await.status == 204
        },
        async |scene| {
            let (email, password) = ("hana@example.com", "battery staple");
            let answer = log_in_by_email(&scene.world, email, password).await;
            let announced = announced(&items(&scene.world), "session.ended");
            match (answer.status.as_u16(), announced) {
                (200, 1) => Ok(()),
                other => Err(format!("status and announcements: {other:?}")),
            }
        },
    )
    .await;
}

async fn close_account(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentityDeleteMe",
        two_meet: true,
    };
    flow.survives(
        somebody_with_an_account,
        // Whoever lost the answer is told that there is no account any more.
        async |scene| matches!(closes(scene).await, 204 | 401),
        gone_for_good,
    )
    .await;
}

async fn erase(name: &'static str) {
    let flow = Flow {
        name,
        function: "IdentityErase",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            somebody_with_an_account(scene).await;
            assert_eq!(closes(scene).await, 204);
        },
        async |scene| {
            let gone = &scene.people[0];
            let erased = scene.world.account_deleted("IdentityErase", gone).await;
            erased.is_ok()
        },
        gone_for_good,
    )
    .await;
}

async fn signs_up(scene: &Scene) -> (u16, Value) {
    let body =
        json!({"username": "hana", "email": "hana@example.com", "password": "correct horse"});
    scene.post_keyed("/signup", &body).await
}

/// Follows the link that `token` is of.
async fn verifies(scene: &Scene) -> u16 {
    let proof = json!({"token": scene.token, "password": "correct horse"});
    let answer = post(&scene.world, "/api/auth/email/verify", proof).await;
    answer.status.as_u16()
}

/// The one account that there is.
fn the_account(scene: &Scene) -> Value {
    let mut accounts = items(&scene.world);
    accounts.retain(|item| attribute(item, "sk") == "ACCOUNT");
    assert_eq!(accounts.len(), 1);
    accounts.remove(0)
}

/// A verified account in this epoch.
fn as_it_should_be(account: &Value, epoch: &str, has_password: bool) -> Result<(), String> {
    let is_verified = account["email_verified_at"]["S"].is_string();
    let has = account["password_hash"]["S"].is_string();
    if is_verified && account["epoch"]["N"] == epoch && has == has_password {
        return Ok(());
    }
    Err(format!("epoch {} {is_verified} {has}", account["epoch"]))
}

async fn one_account(scene: &mut Scene) -> Result<(), String> {
    let (status, answer) = signs_up(scene).await;
    let counted = ["EMAIL#", "USERNAME#", "OUTBOX#"].map(|prefix| rows(&scene.world, prefix));
    if status != 201 || counted != [1, 1, 1] {
        return Err(format!("{status} {counted:?}"));
    }
    let token = answer["access_token"].as_str().unwrap_or_default();
    let me = scene
        .world
        .call("GET", "/me/rooms", Some(token), None)
        .await;
    if me.status != 200 {
        return Err(format!("the token is not good: {}", me.text));
    }
    scene.world.stack.settle().await;
    mailed(scene)
}

fn mailed(scene: &Scene) -> Result<(), String> {
    match mailed_token(&scene.world.stack, "hana@example.com") {
        Some(_) => Ok(()),
        None => Err("no mail came".into()),
    }
}

/// The first guest is somebody who has signed up, and been mailed; `token` is their access token.
async fn somebody_with_an_account(scene: &mut Scene) {
    let (_, answer) = signs_up(scene).await;
    scene.world.stack.settle().await;
    scene.people[0] = text(&answer["user_id"]);
    scene.token = text(&answer["access_token"]);
}

async fn closes(scene: &Scene) -> u16 {
    let token = Some(scene.token.as_str());
    let answer = scene
        .world
        .call("DELETE", "/api/users/me", token, None)
        .await;
    answer.status.as_u16()
}

/// Announced once, and nothing is left of the account.
async fn gone_for_good(scene: &mut Scene) -> Result<(), String> {
    let token = Some(scene.token.as_str());
    let me = scene.world.call("GET", "/api/users/me", token, None).await;
    scene.world.stack.settle().await;
    let announced = announced(&items(&scene.world), "account.deleted");
    let left = ["ACCOUNT#", "EMAIL#", "USERNAME#"].map(|prefix| rows(&scene.world, prefix));
    if me.status != 401 || announced != 1 || left != [0, 0, 0] {
        return Err(format!("{} {announced} {left:?}", me.text));
    }
    Ok(())
}

/// Whoever holds the last answer goes on.
async fn family_lives(scene: &mut Scene) -> Result<(), String> {
    let mut token = scene.token.clone();
    for _ in 0..3 {
        let answer = spend(&scene.world, &token).await;
        if answer.status != 200 {
            return Err(answer.text);
        }
        token = answer.text("refresh_token");
    }
    Ok(())
}

/// Somebody at Firebase; `token` is their ID token.
async fn at_firebase(scene: &mut Scene) {
    let caller = verified(&scene.world, "hana@example.com").await;
    scene.token = caller.id_token;
}

async fn log_in(scene: &Scene) -> Answer {
    begin(&scene.world, &scene.token).await
}

/// One account under one uid, announced once, and the last answer is good.
async fn one_customer(scene: &mut Scene) -> Result<(), String> {
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
        let answer = renew(&scene.world, &key).await;
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

fn announced(items: &[Value], detail_type: &str) -> usize {
    let types = items.iter().map(|item| attribute(item, "detail_type"));
    types.filter(|kind| kind == detail_type).count()
}

fn count(items: &[Value], sort_key: &str) -> usize {
    let keys = items.iter().map(|item| attribute(item, "sk"));
    keys.filter(|key| key.starts_with(sort_key)).count()
}
