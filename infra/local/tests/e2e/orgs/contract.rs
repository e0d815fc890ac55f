//! The specification's table of errors, over every endpoint of the service.

use std::time::Duration;

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use enishi_local::{openapi, places::operations, stack::root};
use enishi_orgs::projects;
use http::{Request, header};
use serde_json::{Value, json};

use super::{World, admin, call, get, newcomer, post, text, world};
use crate::{
    identity::{
        later,
        market_sessions::{begin, forged},
    },
    support::Answer,
};

const ID: &str = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4fff";

/// What takes an ID token of Firebase's only.
const NEWCOMERS: [(&str, &str); 2] = [
    ("POST", "/v1/service/users"),
    ("POST", "/v1/service/invitations/accept"),
];

/// Every operation under `/v1/service`: method, path with an id in it, whether it takes a body.
fn all() -> Vec<(String, String, bool)> {
    let document: Value = serde_json::from_str(&openapi::document().unwrap()).unwrap();
    let all = operations(&document).into_iter();
    let all = all.filter(|((path, _), _)| path.starts_with("/v1/service/"));
    let all: Vec<_> = all
        .map(|((path, method), operation)| {
            let parts = path.split('/');
            let filled: Vec<&str> = parts
                .map(|part| if part.starts_with('{') { ID } else { part })
                .collect();
            (
                method,
                filled.join("/"),
                operation["requestBody"].is_object(),
            )
        })
        .collect();
    assert!(all.len() > 20, "{all:?}");
    all
}

/// Those that want a token.
fn closed() -> impl Iterator<Item = (String, String, bool)> {
    all()
        .into_iter()
        .filter(|(_, path, _)| !path.ends_with("/ping"))
}

async fn send(
    world: &World,
    (method, path): (&str, &str),
    token: &str,
    content_type: &str,
    body: &'static str,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, content_type)
        .body(body.into())
        .unwrap();
    world.send(request).await
}

#[tokio::test]
async fn what_is_not_sent_as_json_or_is_none_is_an_invalid_format() {
    let world = world(1, 600).await;
    let hana = admin(&world, "hana").await;
    let token = &hana.firebase.id_token;
    let mut checked = 0;
    for (method, path, _) in closed().filter(|(.., has_body)| *has_body) {
        for (content_type, body) in [
            ("text/plain", "{}"),
            ("application/x-www-form-urlencoded", "a=b"),
            ("application/json", "{\"role\": \"member\" \"email\": 1}"),
            ("application/json", "[]"),
            ("application/json", ""),
        ] {
            let answer = send(&world, (&method, &path), token, content_type, body).await;
            answer.expect_error(400, "invalid_format", &[]);
            checked += 1;
        }
    }
    assert!(checked >= 5 * 9, "{checked}");
}

#[tokio::test]
async fn a_token_that_has_expired_is_told_apart_from_one_that_is_none() {
    let world = world(1, 600).await;
    let hana = admin(&world, "hana").await;
    let ours = begin(&world, &hana.firebase.id_token).await.expect(200);
    let ours = ours.text("access_token");
    let theirs = hana.firebase.id_token.clone();
    get(&world, &hana, "/v1/service/projects").await.expect(200);
    later(&world, 2 * 3600);
    let other_project = json!({"aud": "other", "iss": "https://securetoken.google.com/other"});
    let ahead = world.stack.clock().now().as_second() + 3600;
    for (token, code) in [
        (theirs, "access_token_expired"),
        (ours.clone(), "access_token_expired"),
        (String::new(), "access_token_invalid"),
        ("nonsense".to_owned(), "access_token_invalid"),
        ("e30.e30.e30".to_owned(), "access_token_invalid"),
        (format!("{ours}x"), "access_token_invalid"),
        (forged(&world, "u", &other_project), "access_token_invalid"),
        (
            forged(&world, "u", &json!({"iat": ahead})),
            "access_token_invalid",
        ),
        (forged(&world, "", &json!({})), "access_token_invalid"),
    ] {
        for (method, path, has_body) in closed() {
            let body = has_body.then(|| json!({}));
            let answer = world.call(&method, &path, Some(&token), body).await;
            // Who comes shows an ID token of Firebase's: ours is none, expired or not.
            let is_ours_to_none = token == ours && NEWCOMERS.contains(&(&*method, &*path));
            let code = match is_ours_to_none {
                true => "access_token_invalid",
                false => code,
            };
            let answer = answer.expect_error(401, code, &[]);
            let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
            let is_expired = code == "access_token_expired";
            assert_eq!(challenge.contains("expired"), is_expired, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_path_that_is_none_is_not_found_and_a_method_that_is_none_is_not_allowed() {
    let world = World::new().await;
    for path in [
        "/v1/service",
        "/v1/service/nothing",
        "/v1/service/users/a/b",
    ] {
        let answer = world.call("GET", path, None, None).await;
        answer.expect_error(404, "not_found", &[]);
    }
    let all = all();
    for (_, path, _) in &all {
        let mut allowed: Vec<&str> = all
            .iter()
            .filter(|(_, other, _)| other == path)
            .map(|(method, ..)| method.as_str())
            .collect();
        // `accept` might be an invitation's id.
        if path == "/v1/service/invitations/accept" {
            allowed.push("DELETE");
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if allowed.contains(&method) {
                continue;
            }
            let answer = world.call(method, path, None, None).await;
            let answer = answer.expect_error(405, "method_not_allowed", &[]);
            let named = answer.headers[header::ALLOW].to_str().unwrap().to_owned();
            for one in allowed.iter().filter(|one| **one != "DELETE") {
                assert!(named.contains(one), "{method} {path}: {named}");
            }
        }
    }
}

/// Connections over which nobody ever answers.
#[derive(Debug)]
struct Silence;

impl HttpClient for Silence {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Self)
    }
}

impl HttpConnector for Silence {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(std::future::pending())
    }
}

#[tokio::test]
async fn what_takes_too_long_is_a_request_timeout() {
    let world = world(1, 600).await;
    let hana = admin(&world, "hana").await;
    let app = world.app("OrgsProjects", |parts| {
        parts.http = SharedHttpClient::new(Silence);
        parts.limits.answer = Duration::from_millis(50);
    });
    let sample = std::fs::read_to_string(root().join("events/orgs-projects.json")).unwrap();
    let event = sample.replace("<ACCESS_TOKEN>", &hana.firebase.id_token);
    let event = serde_json::from_str(&event).unwrap();
    let answer = projects::FUNCTION.handler(app).invoke(event).await.unwrap();
    assert_eq!(answer["statusCode"], 408);
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["code"], "request_timeout");
}

#[tokio::test]
async fn what_is_broken_here_is_an_internal_error_that_tells_nothing() {
    let world = world(1, 600).await;
    let hana = admin(&world, "hana").await;
    let id = super::project(&world, &hana, "a", 10).await;
    let mut item = super::items(&world, "MINE#")[0].clone();
    item["video_length"] = json!({"S": "secret"});
    let request = json!({"TableName": "OrgsTable", "Item": item});
    let request = enishi_local::database::from_json(request).unwrap();
    world.stack.database().put_item(request).unwrap();
    let answer = get(&world, &hana, "/v1/service/projects").await;
    let answer = answer.expect_error(500, "internal_server_error", &[]);
    assert!(!answer.text.contains("secret") && !answer.text.contains(&id));
}

#[tokio::test]
async fn each_code_of_a_field_says_what_is_wrong_with_it() {
    let world = world(3, 600).await;
    let hana = admin(&world, "hana").await;
    let missing_field = post(&world, &hana, "/v1/service/projects", json!({"name": "a"})).await;
    missing_field.expect_error(400, "invalid_parameter", &["video_length: missing_field"]);
    let body = json!({"name": "a", "video_length": "long"});
    let invalid = post(&world, &hana, "/v1/service/projects", body).await;
    invalid.expect_error(400, "invalid_parameter", &["video_length: invalid"]);
    let body = json!({"project_id": ID, "is_timerecord": 1});
    let missing = post(&world, &hana, "/v1/service/exports", body).await;
    missing.expect_error(400, "invalid_parameter", &["project_id: missing"]);
    // Once more is another who has this uid.
    let body = newcomer(&hana.firebase, "admin");
    let again = post(&world, &hana, "/v1/service/users", body)
        .await
        .expect(409);
    assert_eq!(again.body["code"], "conflict");
    // An address that has an account here already.
    let person = world.sign_up("sora").await;
    let at_firebase = crate::identity::market_sessions::verified(&world, &person.email).await;
    let body = newcomer(&at_firebase, "admin");
    let path = "/v1/service/users";
    let taken = world
        .call("POST", path, Some(&at_firebase.id_token), Some(body))
        .await;
    taken.expect_error(409, "conflict", &["email: already_exists"]);
    let own = get(&world, &hana, &format!("/v1/service/users/{}", hana.id))
        .await
        .expect(200);
    assert_eq!(text(&own.body["user"]["id"]), hana.id);
    let nobody = get(&world, &hana, &format!("/v1/service/users/{ID}")).await;
    nobody.expect_error(404, "not_found", &[]);
    let patch = call(&world, &hana, "PATCH", "/v1/service/users", Some(json!({}))).await;
    patch.expect_error(405, "method_not_allowed", &[]);
}
