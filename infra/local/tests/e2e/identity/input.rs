//! What each endpoint answers to what it does not take.

use http::{Method, StatusCode, header};
use serde_json::json;

use super::*;

/// Each endpoint with a body it takes.
fn endpoints() -> Vec<(&'static str, Value)> {
    let login = json!({"email": "hana@example.jp", "password": "password1"});
    vec![
        ("/signup", newcomer("hana", "hana@example.jp", "password1")),
        ("/login", login.clone()),
        ("/api/users/login", login),
        ("/api/auth/refresh", json!({"refresh_token": "x"})),
        (
            "/api/auth/password/forgot",
            json!({"email": "hana@example.jp"}),
        ),
        (
            "/api/auth/password/reset",
            json!({"token": "x", "password": "password1"}),
        ),
        ("/api/auth/email/verify", json!({"token": "x"})),
    ]
}

/// Sends bytes as they are.
async fn raw(world: &World, path: &str, kind: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
    let mut request = Request::post(path);
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let body: Vec<u8> = body.into();
    world.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn a_missing_a_wrong_and_an_unknown_field_are_named() {
    let world = World::new().await;
    for (path, right) in endpoints() {
        for field in right.as_object().unwrap().keys() {
            let mut missing = right.clone();
            missing.as_object_mut().unwrap().remove(field);
            let answer = post(&world, path, missing).await;
            let named = format!("{field}: missing_field");
            answer.expect_error(400, "invalid_parameter", &[&named]);

            let named = format!("{field}: invalid");
            let mut wrong = vec![
                json!(1),
                json!(true),
                json!(["x"]),
                json!({"x": "x"}),
                json!(""),
            ];
            // An absent address and none are the same where a username would do too.
            if (path, field.as_str()) != ("/login", "email") {
                wrong.push(Value::Null);
            }
            for wrong in wrong {
                let mut body = right.clone();
                body[field] = wrong;
                let answer = post(&world, path, body).await;
                answer.expect_error(400, "invalid_parameter", &[&named]);
            }
            let twice = right
                .to_string()
                .replacen('{', &format!("{{\"{field}\":\"x\","), 1);
            let answer = raw(&world, path, Some("application/json"), twice).await;
            answer.expect_error(400, "invalid_parameter", &[&named]);
        }
        let mut unknown = right.clone();
        unknown["admin"] = json!(true);
        let answer = post(&world, path, unknown).await;
        answer.expect_error(400, "invalid_parameter", &["admin: invalid"]);
    }
    assert!(
        items(&world).is_empty(),
        "a bad request leaves nothing behind"
    );
}

#[tokio::test]
async fn what_is_no_json_object_is_an_invalid_format() {
    let world = World::new().await;
    for (path, right) in endpoints() {
        let values: Vec<&Value> = right.as_object().unwrap().values().collect();
        let text = right.to_string();
        let (start, end) = text.split_once(":\"").unwrap();
        let not_utf8 = [start.as_bytes(), b":\"\xff\xfe", end.as_bytes()].concat();
        let bodies: Vec<Vec<u8>> = vec![
            "".into(),
            "null".into(),
            "\"x\"".into(),
            "1".into(),
            "[]".into(),
            json!(values).to_string().into(),
            "{".into(),
            text[..text.len() - 1].into(),
            format!("{text}{text}").into(),
            format!("{text},").into(),
            text.replace('"', "'").into(),
            "email=hana%40example.jp".into(),
            not_utf8,
        ];
        for body in bodies {
            let answer = raw(&world, path, Some("application/json"), body).await;
            answer.expect_error(400, "invalid_format", &[]);
        }
        let others = [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "",
        ];
        for kind in others.into_iter().map(Some).chain([None]) {
            let answer = raw(&world, path, kind, text.clone()).await;
            answer.expect_error(400, "invalid_format", &[]);
        }
    }
}

#[tokio::test]
async fn json_is_taken_by_any_of_its_names() {
    let world = World::new().await;
    let body = json!({"email": "hana@example.jp"}).to_string();
    for kind in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
    ] {
        let answer = raw(
            &world,
            "/api/auth/password/forgot",
            Some(kind),
            body.clone(),
        )
        .await;
        answer.expect(202);
    }
}

#[tokio::test]
async fn values_have_their_bounds() {
    let world = World::new().await;
    let a = |count: usize| "a".repeat(count);
    let (name, email, password) = ("hana", "hana@example.jp", "password1");
    // Labels of a domain have at most 63 bytes.
    let address = |length: usize| {
        let labels = [a(63), a(63), a(63), a(length - 197), "jp".to_owned()];
        format!("a@{}", labels.join("."))
    };
    let username = ["username: invalid"];
    let long_local = format!("{}@example.jp", a(65));

    for wrong in [
        "",
        " ",
        "\u{3000}",
        " hana",
        "hana ",
        "ha\nna",
        "hana\0",
        "ha  na",
        "ha\u{200b}na",
        "\u{202e}anah",
        "\u{3164}",
        "hana\u{fe0f}",
        "hana🌸",
        &a(151),
    ] {
        let answer = post(&world, "/signup", newcomer(wrong, email, password)).await;
        answer.expect_error(400, "invalid_parameter", &username);
    }
    for wrong in ["", &a(7), &"é".repeat(7), &a(129)] {
        let answer = post(&world, "/signup", newcomer(name, email, wrong)).await;
        answer.expect_error(400, "invalid_parameter", &["password: invalid"]);
        let body = json!({"token": "x", "password": wrong});
        let answer = post(&world, "/api/auth/password/reset", body).await;
        answer.expect_error(400, "invalid_parameter", &["password: invalid"]);
    }
    for wrong in [
        "",
        "hana",
        "hana@",
        "@example.jp",
        "hana@example",
        "ha na@example.jp",
        "a@b@example.jp",
        "hana@example..jp",
        "hana@-example.jp",
        "Hana <hana@example.jp>",
        "a@b.jp\r\nBcc: c@d.jp",
        "a@b.jp,c@d.jp",
        "縁@example.jp",
        "ha\u{200b}na@example.jp",
        "hana@exam\u{202e}ple.jp",
        "hana@exam_ple.jp",
        "hana@xn--a.jp",
        &format!("hana@{}.jp", a(64)),
        &long_local,
        &address(255),
    ] {
        let login = json!({"email": wrong, "password": password});
        for (path, body) in [
            ("/signup", newcomer(name, wrong, password)),
            ("/login", login.clone()),
            ("/api/users/login", login),
            ("/api/auth/password/forgot", json!({"email": wrong})),
        ] {
            let answer = post(&world, path, body).await;
            answer.expect_error(400, "invalid_parameter", &["email: invalid"]);
        }
    }
    let all = post(&world, "/signup", newcomer(" ", "x", "x")).await;
    let named = ["email: invalid", "password: invalid", "username: invalid"];
    all.expect_error(400, "invalid_parameter", &named);

    // The longest that are taken.
    for (name, email, password) in [
        (a(150), address(254), a(128)),
        ("縁".repeat(150), "en@例え.jp".to_owned(), "縁".repeat(128)),
        ("x".to_owned(), "a@b.jp".to_owned(), " ".repeat(8)),
    ] {
        let body = newcomer(&name, &email, &password);
        post(&world, "/signup", body).await.expect(201);
        log_in(&world, &email, &password).await.expect(200);
    }
}

#[tokio::test]
async fn a_log_in_names_an_email_or_a_username() {
    let world = World::new().await;
    let both = json!({"email": "a@b.jp", "username": "hana", "password": "password1"});
    let both = post(&world, "/login", both).await;
    both.expect_error(400, "invalid_parameter", &["username: invalid"]);
    let neither = post(&world, "/login", json!({"password": "password1"})).await;
    neither.expect_error(400, "invalid_parameter", &["email: missing_field"]);
    let long = "a".repeat(151);
    for wrong in ["", &long] {
        let body = json!({"username": wrong, "password": "password1"});
        let answer = post(&world, "/login", body).await;
        answer.expect_error(400, "invalid_parameter", &["username: invalid"]);
    }
    let body = json!({"username": "hana", "password": "a".repeat(129)});
    let answer = post(&world, "/login", body).await;
    answer.expect_error(400, "invalid_parameter", &["password: invalid"]);
    let body = json!({"username": "hana", "password": "password1"});
    let elsewhere = post(&world, "/api/users/login", body).await;
    let faults = ["email: missing_field", "username: invalid"];
    elsewhere.expect_error(400, "invalid_parameter", &faults);
}

#[tokio::test]
async fn a_token_that_cannot_be_one_is_a_bad_value() {
    let world = World::new().await;
    let (long, other) = ("a".repeat(513), "a".repeat(43));
    for wrong in ["", "x", "あ", "a b", &long, &other] {
        for (path, body) in [
            ("/api/auth/email/verify", json!({"token": wrong})),
            (
                "/api/auth/password/reset",
                json!({"token": wrong, "password": "password1"}),
            ),
        ] {
            let answer = post(&world, path, body).await;
            answer.expect_error(400, "invalid_parameter", &["token: invalid"]);
        }
    }
    for wrong in ["", &long] {
        let answer = refresh(&world, wrong).await;
        answer.expect_error(400, "invalid_parameter", &["refresh_token: invalid"]);
    }
}

#[tokio::test]
async fn a_body_may_have_256_kilobytes_and_no_more() {
    let world = World::new().await;
    let json = Some("application/json");
    for (path, right) in endpoints() {
        let mut body = right.clone();
        body["filler"] = "".into();
        let length = 256 * 1024 - body.to_string().len();
        body["filler"] = "x".repeat(length).into();
        let answer = post(&world, path, body.clone()).await;
        answer.expect_error(400, "invalid_parameter", &["filler: invalid"]);
        body["filler"] = "x".repeat(length + 1).into();
        let answer = post(&world, path, body).await;
        answer.expect_error(413, "payload_too_large", &[]);
        let answer = raw(&world, path, json, vec![b' '; 300 * 1024]).await;
        answer.expect_error(413, "payload_too_large", &[]);
    }
}

#[tokio::test]
async fn another_method_is_405_and_another_path_404() {
    let world = World::new().await;
    let mut paths: Vec<(&str, &str)> = endpoints()
        .iter()
        .map(|(path, _)| (*path, "POST"))
        .collect();
    paths.push(("/api/auth/logout", "POST"));
    paths.push(("/.well-known/jwks.json", "GET"));
    for (path, allowed) in paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            if method == allowed {
                continue;
            }
            let answer = world.call(method, path, None, None).await;
            let answer = answer.expect_error(405, "method_not_allowed", &[]);
            assert_eq!(
                header_of(&answer, header::ALLOW),
                allowed,
                "{method} {path}"
            );
        }
        let asked = world.call("OPTIONS", path, None, None).await.expect(204);
        assert!(header_of(&asked, header::ALLOW).contains(allowed), "{path}");

        for unknown in [
            format!("{path}/"),
            format!("{path}/x"),
            format!("/v1{path}"),
        ] {
            for method in ["GET", "POST", "DELETE"] {
                let answer = world.call(method, &unknown, None, None).await;
                answer.expect_error(404, "not_found", &[]);
            }
        }
    }
    let request = Request::builder().method(Method::HEAD).uri("/login");
    let head = world.send(request.body(Default::default()).unwrap()).await;
    assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(head.text, "");
}
