//! Firebase: the stack's emulator with what verifies its tokens and disables its accounts, and with
//! the official SDK.

use bytes::Bytes;
use enishi_local::firebase::PROJECT;
use enishi_shared::{
    App,
    error::Code,
    firebase::{disable_account, verify},
};
use http::Request;
use jiff::ToSpan as _;
use serde_json::{Value, json};

use crate::{
    identity::market_sessions::begin,
    node::Package,
    support::{Answer, World, text},
};

/// A function in a stack whose template names the emulator's project.
fn function(world: &World) -> App {
    let host = world.stack.aws_url().replace("http://", "");
    let variables = [
        ("AWS_REGION", "ap-northeast-1"),
        ("AWS_ACCESS_KEY_ID", "Function"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("FIREBASE_PROJECT_ID", PROJECT),
        ("FIREBASE_AUTH_EMULATOR_HOST", &host),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    world.app("IdentityBeginSession", |parts| {
        parts.env = variables.into_iter().collect();
    })
}

/// What an app asks of the emulator.
async fn ask(world: &World, path: &str, body: Value) -> Answer {
    let request = Request::post(format!("{}{path}?key=any", world.stack.aws_url()))
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    world.send_anywhere(request).await
}

async fn account(world: &World, operation: &str, body: Value) -> Answer {
    let path = format!("/identitytoolkit.googleapis.com/v1/accounts:{operation}");
    ask(world, &path, body).await
}

#[tokio::test]
async fn what_the_emulator_issues_is_taken_until_it_expires() {
    let world = World::new().await;
    let app = function(&world);
    let credentials =
        json!({"email": "hana@example.com", "password": "secret", "returnSecureToken": true});
    let up = account(&world, "signUp", credentials).await.expect(200);
    let user = verify(&app, &up.text("idToken")).await.unwrap();
    assert_eq!(user.uid, up.text("localId"));
    assert_eq!(user.email.as_deref(), Some("hana@example.com"));
    assert!(!user.email_verified);
    assert_eq!(user.auth_time, world.stack.clock().now());

    let began = world.stack.clock().now();
    world.stack.clock().set(Some(began + 1.hour()));
    let expired = verify(&app, &up.text("idToken")).await.unwrap_err();
    assert_eq!(expired.code(), Code::AccessTokenExpired);
    let body = json!({"grant_type": "refresh_token", "refresh_token": up.text("refreshToken")});
    let refreshed = ask(&world, "/securetoken.googleapis.com/v1/token", body)
        .await
        .expect(200);
    let user = verify(&app, &refreshed.text("id_token")).await.unwrap();
    assert_eq!(user.auth_time, began);
}

#[tokio::test]
async fn a_disabled_account_gets_no_token() {
    let world = World::new().await;
    let app = function(&world);
    let credentials = json!({"email": "hana@example.com", "password": "secret"});
    let up = account(&world, "signUp", credentials.clone())
        .await
        .expect(200);
    let uid = up.text("localId");
    for uid in [uid.as_str(), uid.as_str(), "nobody"] {
        disable_account(&app, uid).await.unwrap();
    }
    let refused = account(&world, "signInWithPassword", credentials)
        .await
        .expect(400);
    assert_eq!(refused.body["error"]["message"], "USER_DISABLED");
}

#[tokio::test]
async fn only_functions_that_know_the_project_are_sent_to_the_emulator() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("FirebaseProjectId".into(), "demo-other".into());
    })
    .await;
    let host = world.stack.aws_url().replace("http://", "");
    let mut told = 0;
    for (function, variables) in world.stack.environment() {
        let expected = variables.get("FIREBASE_PROJECT_ID").map(|_| &host);
        assert_eq!(
            variables.get("FIREBASE_AUTH_EMULATOR_HOST"),
            expected,
            "{function}"
        );
        told += usize::from(expected.is_some());
    }
    assert!((1..world.stack.environment().len()).contains(&told));
    let list = |project: &str| {
        let url = world.stack.aws_url();
        let path = format!("{url}/emulator/v1/projects/{project}/oobCodes");
        Request::get(path).body(Bytes::new()).unwrap()
    };
    world.send_anywhere(list("demo-other")).await.expect(200);
    world.send_anywhere(list(PROJECT)).await.expect(404);
}

/// What the official SDK finds.
async fn check(sdk: &Package, world: &World, what: &str) -> Value {
    let url = world.stack.aws_url();
    let arguments = [&url, PROJECT, what, "hana@example.com", "second secret"];
    let printed = sdk.run("check.js", &arguments).await;
    serde_json::from_str(&printed).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Node.js, and the npm registry the first time"]
async fn the_official_sdk_signs_up_signs_in_refreshes_updates_and_reaches_an_endpoint() {
    let sdk = Package::install("firebase-sdk", &["check.js"]).await;
    let world = World::new().await;
    let app = function(&world);
    let signed_in = check(&sdk, &world, "life").await;
    eprintln!("the ID token's claims: {:#}", signed_in["claims"]);
    let user = verify(&app, &text(&signed_in["id_token"])).await.unwrap();
    assert_eq!(user.uid, text(&signed_in["claims"]["sub"]));
    assert_eq!(user.email.as_deref(), Some("hana@example.com"));
    assert!(user.email_verified);
    assert_eq!(user.name.as_deref(), Some("花"));

    let session = begin(&world, &text(&signed_in["id_token"])).await;
    let token = session.expect(200).text("access_token");
    let me = world
        .call("GET", "/api/users/me", Some(&token), None)
        .await
        .expect(200);
    assert_eq!(me.text("email"), "hana@example.com");
    assert_eq!(me.text("name"), "花");

    disable_account(&app, &user.uid).await.unwrap();
    check(&sdk, &world, "disabled").await;
}
