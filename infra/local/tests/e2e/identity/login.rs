//! `POST /login` and `POST /api/users/login`.

use futures_util::future::join_all;
use http::header;
use insta::assert_json_snapshot;
use serde_json::json;

use super::*;

const BOTH: [&str; 2] = ["/login", "/api/users/login"];

/// Logs in as somebody at another address; answers the status.
async fn log_in_from(world: &World, address: &str, email: &str, password: &str) -> u64 {
    let body = json!({"email": email, "password": password});
    send_from(world, address, body).await
}

/// `POST /login` from another address; answers the status.
async fn send_from(world: &World, address: &str, body: Value) -> u64 {
    let sample = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../events/identity-login.json"
    );
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(sample).unwrap()).unwrap();
    event["requestContext"]["http"]["sourceIp"] = address.into();
    event["body"] = body.to_string().into();
    let answer = world
        .stack
        .lambda()
        .invoke("IdentityLogin", event)
        .await
        .unwrap();
    answer["statusCode"].as_u64().unwrap()
}

#[tokio::test]
async fn people_log_in_by_their_email_in_any_case_or_by_their_username() {
    let world = World::new().await;
    let person = world.sign_up("hana").await;
    let password = &person.password;
    let mut sessions = vec![person.refresh_token.clone()];
    let mut answers = Vec::new();
    for (path, body) in [
        (
            "/login",
            json!({"email": "hana@example.com", "password": password}),
        ),
        (
            "/login",
            json!({"email": "HANA@Example.Com", "password": password}),
        ),
        ("/login", json!({"username": "hana", "password": password})),
        (
            "/login",
            json!({"username": "hana", "email": null, "password": password}),
        ),
        (
            "/api/users/login",
            json!({"email": "Hana@example.com", "password": password}),
        ),
    ] {
        let answer = post(&world, path, body).await.expect(200);
        assert_eq!(answer.text("user_id"), person.id);
        assert_eq!(header_of(&answer, header::CACHE_CONTROL), "no-store");
        let token = answer.text("access_token");
        world
            .call("GET", "/me/rooms", Some(&token), None)
            .await
            .expect(200);
        sessions.push(answer.text("refresh_token"));
        answers.push(answer);
    }
    assert_json_snapshot!(answers[0].body, {
        ".user_id" => "[uuid]", ".access_token" => "[jwt]", ".refresh_token" => "[token]",
    }, @r#"
    {
      "access_token": "[jwt]",
      "expires_in": 900,
      "refresh_token": "[token]",
      "token_type": "Bearer",
      "user_id": "[uuid]"
    }
    "#);
    // Each log-in is a session of its own, and none ended another.
    for token in sessions {
        refresh(&world, &token).await.expect(200);
    }
}

#[tokio::test]
async fn a_wrong_password_an_unknown_and_a_disabled_account_are_answered_alike() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let gone = world.sign_up("gone").await;
    let bare = world.sign_up("bare").await;
    disable(&world, &gone);
    // An account from elsewhere may have no password.
    edit_account(&world, &bare, |account| {
        account.as_object_mut().unwrap().remove("password_hash");
    });
    for path in BOTH {
        let mut seen = Vec::new();
        for (email, password) in [
            (hana.email.as_str(), "wrong password"),
            (&hana.email, "correct horse HANA"),
            ("nobody@example.com", "wrong password"),
            (&gone.email, &gone.password),
            (&gone.email, "wrong password"),
            (&bare.email, &bare.password),
        ] {
            world.stack.aws().forget_calls();
            let body = json!({"email": email, "password": password});
            let answer = post(&world, path, body).await;
            let answer = answer.expect_error(401, "invalid_credentials", &[]);
            let mut headers = answer.headers.clone();
            for changing in ["apigw-requestid", "date"] {
                headers.remove(changing);
            }
            assert!(headers.contains_key(header::WWW_AUTHENTICATE));
            let calls = world.stack.aws().calls();
            let calls: Vec<String> = calls.into_iter().map(|call| call.request).collect();
            seen.push((answer.text, headers, calls));
        }
        for other in &seen[1..] {
            assert_eq!(*other, seen[0], "{path}");
        }
    }
    for name in ["hana", "nobody", "gone"] {
        let body = json!({"username": name, "password": "wrong password"});
        let answer = post(&world, "/login", body).await;
        answer.expect_error(401, "invalid_credentials", &[]);
    }
}

#[tokio::test]
async fn a_username_is_no_email_and_an_email_no_username() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    // Somebody calls themselves like another's address.
    let body = newcomer(&hana.email, "eve@example.com", "password of eve");
    let eve = post(&world, "/signup", body)
        .await
        .expect(201)
        .text("user_id");
    let by = async |field: &str, password: &str| {
        let body = json!({field: hana.email, "password": password});
        post(&world, "/login", body).await
    };
    assert_eq!(
        by("email", &hana.password)
            .await
            .expect(200)
            .text("user_id"),
        hana.id
    );
    assert_eq!(
        by("username", "password of eve")
            .await
            .expect(200)
            .text("user_id"),
        eve
    );
    by("email", "password of eve").await.expect(401);
    by("username", &hana.password).await.expect(401);
}

#[tokio::test]
async fn an_account_is_throttled_until_its_window_ends_and_no_other_with_it() {
    let world = World::with(|options| {
        options.parameters.insert("LoginRate".into(), "3/5m".into());
    })
    .await;
    let hana = world.sign_up("hana").await;
    let sora = world.sign_up("sora").await;
    later(&world, 100);
    // Unknown accounts are throttled too, or the difference would tell them apart.
    for email in [hana.email.as_str(), "nobody@example.com"] {
        for path in ["/login", "/api/users/login", "/login"] {
            let body = json!({"email": email, "password": "wrong password"});
            post(&world, path, body).await.expect(401);
        }
        for email in [email.to_owned(), email.to_uppercase()] {
            let answer = log_in(&world, &email, &hana.password).await;
            let answer = answer.expect_error(429, "too_many_requests", &[]);
            assert_eq!(header_of(&answer, header::RETRY_AFTER), "200");
        }
    }
    log_in(&world, &sora.email, &sora.password)
        .await
        .expect(200);
    // Who is logged in stays so.
    refresh(&world, &hana.refresh_token).await.expect(200);

    later(&world, 199);
    let answer = log_in(&world, &hana.email, &hana.password)
        .await
        .expect(429);
    assert_eq!(header_of(&answer, header::RETRY_AFTER), "1");
    later(&world, 1);
    log_in(&world, &hana.email, &hana.password)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_stranger_with_wrong_passwords_keeps_nobody_out() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let (stranger, home) = ("203.0.113.66", "203.0.113.7");
    for (status, attempts) in [(401, 10), (429, 200)] {
        for _ in 0..attempts {
            let tried = log_in_from(&world, stranger, &hana.email, "wrong password").await;
            assert_eq!(tried, status);
        }
    }
    let right = log_in_from(&world, home, &hana.email, &hana.password).await;
    assert_eq!(right, 200);
    // The stranger's network is one, as IPv6 has it.
    for (host, status) in [(1, 401), (2, 401), (3, 429)] {
        for _ in 0..5 {
            let address = format!("2001:db8:1:2::{host}");
            let tried = log_in_from(&world, &address, &hana.email, "wrong password").await;
            assert_eq!(tried, status, "{host}");
        }
    }
}

#[tokio::test]
async fn an_account_has_one_count_whichever_name_is_given() {
    let world = World::with(|options| {
        options.parameters.insert("LoginRate".into(), "4/5m".into());
    })
    .await;
    let hana = world.sign_up("hana").await;
    let names = [
        json!({"email": hana.email, "password": "wrong password"}),
        json!({"username": "hana", "password": "wrong password"}),
        json!({"email": hana.email.to_uppercase(), "password": "wrong password"}),
        json!({"username": "hana", "password": "wrong password"}),
    ];
    for name in &names {
        post(&world, "/login", name.clone()).await.expect(401);
    }
    for name in names {
        let answer = post(&world, "/login", name).await;
        answer.expect_error(429, "too_many_requests", &[]);
    }
}

#[tokio::test]
async fn guessing_from_many_addresses_is_guessing_all_the_same() {
    let world = World::with(|options| {
        let rate = "LoginAccountRate".into();
        options.parameters.insert(rate, "6/5m".into());
    })
    .await;
    let hana = world.sign_up("hana").await;
    let sora = world.sign_up("sora").await;
    for host in 0..6 {
        let address = format!("203.0.113.{host}");
        let tried = log_in_from(&world, &address, &hana.email, "wrong password").await;
        assert_eq!(tried, 401);
    }
    let address = "203.0.113.99";
    let right = json!({"username": "hana", "password": hana.password});
    assert_eq!(send_from(&world, address, right.clone()).await, 429);
    let other = log_in_from(&world, address, &sora.email, &sora.password).await;
    assert_eq!(other, 200);
    later(&world, 300);
    assert_eq!(send_from(&world, address, right).await, 200);
}

#[tokio::test]
async fn an_address_is_throttled_and_uses_up_nobodys_attempts() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("LoginAddressRate".into(), "3/5m".into());
        let rate = "LoginAccountRate".into();
        options.parameters.insert(rate, "4/5m".into());
    })
    .await;
    let hana = world.sign_up("hana").await;
    for _ in 0..3 {
        log_in(&world, &hana.email, "wrong password")
            .await
            .expect(401);
    }
    for _ in 0..6 {
        let answer = log_in(&world, &hana.email, &hana.password).await;
        let answer = answer.expect_error(429, "too_many_requests", &[]);
        assert_eq!(header_of(&answer, header::RETRY_AFTER), "300");
    }
    // What a client says of its address counts for nothing.
    let body = json!({"email": hana.email, "password": hana.password});
    for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        let headers = [(name, "203.0.113.9")];
        post_with(&world, "/login", &headers, body.clone())
            .await
            .expect(429);
    }
    // The account has one attempt left, from anywhere else.
    assert_eq!(
        log_in_from(&world, "203.0.113.7", &hana.email, &hana.password).await,
        200
    );
    assert_eq!(
        log_in_from(&world, "203.0.113.8", &hana.email, &hana.password).await,
        429
    );

    later(&world, 300);
    log_in(&world, &hana.email, &hana.password)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_at_once_are_counted_one_by_one() {
    let world = World::with(|options| {
        options.parameters.insert("LoginRate".into(), "5/5m".into());
    })
    .await;
    let hana = world.sign_up("hana").await;
    let all = (0..20).map(|_| log_in(&world, &hana.email, "wrong password"));
    let answers = join_all(all).await;
    let tried = answers.iter().filter(|answer| answer.status == 401).count();
    let throttled = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((tried, throttled), (5, 15));
}
