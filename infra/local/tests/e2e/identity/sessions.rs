//! Log-out, the public keys, and what browsers and clients are told in headers.

use http::header;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
use serde_json::json;

use super::*;

const ORIGIN: &str = "http://localhost:5173";

#[tokio::test]
async fn logging_out_ends_this_session_and_no_other() {
    let world = World::new().await;
    let mut hana = world.sign_up("hana").await;
    let before = hana.refresh_token.clone();
    let other = log_in(&world, &hana.email, &hana.password)
        .await
        .expect(200);
    world.refresh(&mut hana).await;

    // Doing it again is 204 again; the access token lasts its fifteen minutes.
    for _ in 0..2 {
        let token = Some(hana.access_token.as_str());
        let answer = world.call("POST", "/api/auth/logout", token, None).await;
        assert_eq!(answer.expect(204).text, "");
    }
    for token in [&hana.refresh_token, &before] {
        let answer = refresh(&world, token).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    world.get(&hana, "/me/rooms").await.expect(200);
    refresh(&world, &other.text("refresh_token"))
        .await
        .expect(200);
    log_in(&world, &hana.email, &hana.password)
        .await
        .expect(200);
}

#[tokio::test]
async fn logging_out_takes_a_valid_token() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let refresh_token = Some(hana.refresh_token.as_str());
    for token in [None, Some(""), Some("x"), refresh_token] {
        let answer = world.call("POST", "/api/auth/logout", token, None).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    refresh(&world, &hana.refresh_token).await.expect(200);
    later(&world, 900);
    let token = Some(hana.access_token.as_str());
    let answer = world.call("POST", "/api/auth/logout", token, None).await;
    answer.expect_error(401, "access_token_expired", &[]);
}

#[tokio::test]
async fn the_published_keys_verify_and_cannot_sign() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let answer = world
        .call("GET", "/.well-known/jwks.json", None, None)
        .await
        .expect(200);
    assert_eq!(
        header_of(&answer, header::CACHE_CONTROL),
        "public, max-age=300"
    );
    assert_eq!(header_of(&answer, header::CONTENT_TYPE), "application/json");
    insta::assert_json_snapshot!(answer.body, {
        ".keys[].kid" => "[kid]", ".keys[].x" => "[x]",
    }, @r#"
    {
      "keys": [
        {
          "alg": "EdDSA",
          "crv": "Ed25519",
          "kid": "[kid]",
          "kty": "OKP",
          "use": "sig",
          "x": "[x]"
        }
      ]
    }
    "#);

    let keys: JwkSet = serde_json::from_value(answer.body).unwrap();
    let kid = text(&part_of_token(&hana.access_token, 0)["kid"]);
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["enishi"]);
    validation.set_issuer(&["enishi"]);
    // The stack's clock is not the system's.
    validation.validate_exp = false;
    let token = decode::<Value>(&hana.access_token, &key, &validation).unwrap();
    assert_eq!(token.claims["sub"], hana.id.as_str());
}

#[tokio::test]
async fn a_browser_may_ask_from_the_front_end_and_from_nowhere_else() {
    let world = World::new().await;
    let preflight = async |path: &str, origin: &str, method: &str| {
        let request = Request::options(path)
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, method)
            .header(
                header::ACCESS_CONTROL_REQUEST_HEADERS,
                "authorization,content-type,idempotency-key",
            );
        world.send(request.body(Default::default()).unwrap()).await
    };
    for (path, method) in [
        ("/signup", "POST"),
        ("/login", "POST"),
        ("/api/users/login", "POST"),
        ("/api/auth/refresh", "POST"),
        ("/api/auth/logout", "POST"),
        ("/api/auth/password/forgot", "POST"),
        ("/api/auth/password/reset", "POST"),
        ("/api/auth/email/verify", "POST"),
        ("/.well-known/jwks.json", "GET"),
    ] {
        let answer = preflight(path, ORIGIN, method).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.status);
        let is = |name| header_of(&answer, name);
        assert_eq!(is(header::ACCESS_CONTROL_ALLOW_ORIGIN), ORIGIN);
        assert_eq!(is(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "true");
        assert_eq!(
            is(header::ACCESS_CONTROL_ALLOW_METHODS),
            "GET,POST,PUT,PATCH,DELETE"
        );
        assert_eq!(
            is(header::ACCESS_CONTROL_ALLOW_HEADERS),
            "authorization,content-type,idempotency-key"
        );
        assert_eq!(is(header::ACCESS_CONTROL_MAX_AGE), "600");

        for origin in [
            "https://evil.example",
            "http://localhost:5173.evil.example",
            "null",
        ] {
            let answer = preflight(path, origin, method).await;
            let shared = answer
                .headers
                .keys()
                .any(|name| name.as_str().starts_with("access-control-"));
            assert!(!shared, "{path} for {origin}");
        }
    }

    // Successes and failures alike, or a page could not read why.
    let body = newcomer("hana", "hana@example.jp", "password1");
    for status in [201, 409] {
        let headers = [("origin", ORIGIN)];
        let answer = post_with(&world, "/signup", &headers, body.clone())
            .await
            .expect(status);
        assert_eq!(
            header_of(&answer, header::ACCESS_CONTROL_ALLOW_ORIGIN),
            ORIGIN
        );
        let exposed = header_of(&answer, header::ACCESS_CONTROL_EXPOSE_HEADERS);
        assert_eq!(
            exposed,
            "allow,apigw-requestid,link,location,retry-after,www-authenticate"
        );
    }
}

#[tokio::test]
async fn every_401_says_how_to_authenticate() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let login = log_in(&world, &hana.email, "wrong password").await;
    let spent = refresh(&world, "x").await;
    for (answer, code) in [
        (login, "invalid_credentials"),
        (spent, "access_token_invalid"),
    ] {
        let answer = answer.expect_error(401, code, &[]);
        assert_eq!(
            header_of(&answer, header::WWW_AUTHENTICATE),
            "Bearer realm=\"enishi\""
        );
    }
    let (get, me) = ("GET", "/me/rooms");
    let none = world.call(get, me, None, None).await;
    let wrong = world.call(get, me, Some("x"), None).await;
    let log_out = world.call("POST", "/api/auth/logout", None, None).await;
    for answer in [none, wrong, log_out] {
        let answer = answer.expect_error(401, "access_token_invalid", &[]);
        let how = header_of(&answer, header::WWW_AUTHENTICATE);
        assert_eq!(how, "Bearer realm=\"enishi\", error=\"invalid_token\"");
        assert_eq!(header_of(&answer, header::CACHE_CONTROL), "no-store");
    }
    later(&world, 900);
    let expired = world.get(&hana, me).await;
    let expired = expired.expect_error(401, "access_token_expired", &[]);
    let how = header_of(&expired, header::WWW_AUTHENTICATE);
    assert!(how.ends_with("error_description=\"expired\""), "{how}");
}

#[tokio::test]
async fn a_disabled_account_gets_no_new_tokens() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    disable(&world, &hana);
    let answer = refresh(&world, &hana.refresh_token).await;
    answer.expect_error(401, "access_token_invalid", &[]);
    log_in(&world, &hana.email, &hana.password)
        .await
        .expect(401);
    // Allowed again, it goes on where it stopped: nothing was spent.
    edit_account(&world, &hana, |account| {
        account["status"] = json!({"S": "active"})
    });
    refresh(&world, &hana.refresh_token).await.expect(200);
}
