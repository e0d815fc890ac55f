//! The market's session keys: `PUT` and `DELETE /api/session`, the cookie, and the LogInLog.

use std::collections::BTreeSet;

use super::{
    market_sessions::{Caller, begin, enter, verified},
    *,
};

const DAY: i64 = 24 * 60 * 60;
const COOKIE: &str = "HttpOnly; Secure; SameSite=Strict; Path=/api/session; Max-Age=";

/// Spends a session key that is in the body.
pub async fn renew(world: &World, key: &str) -> Answer {
    let body = json!({"session_key": key});
    world.call("PUT", "/api/session", None, Some(body)).await
}

/// Spends a session key as a browser does.
async fn renew_by_cookie(world: &World, cookies: &[&str], body: Option<Value>) -> Answer {
    let mut request = Request::put("/api/session");
    for cookie in cookies {
        request = request.header(header::COOKIE, *cookie);
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    world.send(request.body(body.into()).unwrap()).await
}

async fn next(world: &World, key: &str) -> String {
    renew(world, key).await.expect(200).text("session_key")
}

#[track_caller]
fn refused(answer: Answer) {
    let answer = answer.expect_error(401, "access_token_invalid", &[]);
    let how = header_of(&answer, header::WWW_AUTHENTICATE);
    assert_eq!(how, "Bearer realm=\"enishi\"");
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
}

/// The LogInLog.
fn log(world: &World) -> Vec<Value> {
    let mut log = items(world);
    log.retain(|item| attribute(item, "sk").starts_with("LOGIN#"));
    log.sort_by_key(|item| attribute(item, "sk"));
    log
}

#[tokio::test]
async fn the_cookie_holds_the_key_and_nobody_else_sees_it() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let first = begin(&world, &hana.id_token).await.expect(200);
    let key = first.text("session_key");
    let idle = 30 * DAY;
    let expected = format!("session_key={key}; {COOKIE}{idle}");
    assert_eq!(header_of(&first, header::SET_COOKIE), expected);
    let all = first.headers.get_all(header::SET_COOKIE);
    assert_eq!(all.iter().count(), 1);

    let cookies = [&*format!("a=b; session_key={key}; c=d")];
    let second = renew_by_cookie(&world, &cookies, None).await.expect(200);
    let fields: Vec<&String> = second.body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["access_token", "expires_in", "session_key"]);
    let key = second.text("session_key");
    let expected = format!("session_key={key}; {COOKIE}{idle}");
    assert_eq!(header_of(&second, header::SET_COOKIE), expected);
    let token = second.text("access_token");
    world
        .call("GET", "/api/users/me", Some(&token), None)
        .await
        .expect(200);

    // In a header of its own, beside others.
    let cookies = ["a=b", &*format!("session_key={key}")];
    let third = renew_by_cookie(&world, &cookies, Some(json!({}))).await;
    let newest = third.expect(200).text("session_key");
    // The body's key counts, whatever the cookie is.
    let body = Some(json!({"session_key": newest}));
    for cookie in ["session_key=x", &*format!("session_key={key}")] {
        renew_by_cookie(&world, &[cookie], body.clone())
            .await
            .expect(200);
    }
    let cookies = [&*format!("session_key={newest}")];
    let body = Some(json!({"session_key": "x"}));
    refused(renew_by_cookie(&world, &cookies, body).await);
}

#[tokio::test]
async fn without_a_key_there_is_no_session() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let key = enter(&world, &hana).await.refresh_token;
    for cookies in [
        vec![],
        vec!["session_key="],
        vec!["session_key"],
        vec!["SESSION_KEY=x", "a=session_key"],
        vec!["session_key=x"],
        vec!["session_key=\"\""],
    ] {
        refused(renew_by_cookie(&world, &cookies, None).await);
        refused(renew_by_cookie(&world, &cookies, Some(json!({}))).await);
    }
    for (body, field) in [
        (json!({"session_key": ""}), "session_key: invalid"),
        (json!({"session_key": 1}), "session_key: invalid"),
        (
            json!({"session_key": "x".repeat(513)}),
            "session_key: invalid",
        ),
        (json!({"refresh_token": key}), "refresh_token: invalid"),
    ] {
        let answer = renew_by_cookie(&world, &[&format!("session_key={key}")], Some(body)).await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
    next(&world, &key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_spent_and_forgiven_for_the_grace_only() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let other = enter(&world, &hana).await.refresh_token;
    let first = enter(&world, &hana).await.refresh_token;
    // Several tabs at once get the same key, and one entry in the log.
    let tabs = futures_util::future::join_all((0..4).map(|_| next(&world, &first))).await;
    let second = tabs[0].clone();
    assert!(tabs.iter().all(|key| *key == second));
    assert_ne!(second, first);
    assert_eq!(log(&world).len(), 3);
    later(&world, 29);
    assert_eq!(next(&world, &first).await, second);
    let third = next(&world, &second).await;
    later(&world, 30);
    refused(renew(&world, &second).await);
    refused(renew(&world, &third).await);
    // The person's other sessions go on.
    next(&world, &other).await;
}

#[tokio::test]
async fn a_session_and_its_cookie_end_together() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let mut key = enter(&world, &hana).await.refresh_token;
    let mut max_age = String::new();
    for _ in 0..14 {
        later(&world, 25 * DAY);
        let answer = renew(&world, &key).await.expect(200);
        max_age = header_of(&answer, header::SET_COOKIE);
        // Within the grace the same key comes with the same end.
        let again = renew(&world, &key).await.expect(200);
        assert_eq!(header_of(&again, header::SET_COOKIE), max_age);
        key = answer.text("session_key");
    }
    assert!(
        max_age.ends_with(&format!("Max-Age={}", 15 * DAY)),
        "{max_age}"
    );
    later(&world, 15 * DAY);
    refused(renew(&world, &key).await);
}

#[tokio::test]
async fn logging_out_ends_this_session_and_takes_the_cookie() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let here = enter(&world, &hana).await;
    let there = enter(&world, &hana).await;
    for _ in 0..2 {
        let token = Some(here.access_token.as_str());
        let answer = world.call("DELETE", "/api/session", token, None).await;
        let answer = answer.expect(204);
        assert_eq!(
            header_of(&answer, header::SET_COOKIE),
            format!("session_key=; {COOKIE}0")
        );
        assert_eq!(answer.text, "");
    }
    refused(renew(&world, &here.refresh_token).await);
    next(&world, &there.refresh_token).await;
    let cookie = format!("session_key={}", there.refresh_token);
    let request = Request::delete("/api/session").header(header::COOKIE, cookie);
    let answer = world.send(request.body(Default::default()).unwrap()).await;
    answer.expect_error(401, "access_token_invalid", &[]);
    // The other way out is as good.
    let token = Some(there.access_token.as_str());
    world
        .call("POST", "/api/auth/logout", token, None)
        .await
        .expect(204);
    refused(renew(&world, &there.refresh_token).await);
}

#[tokio::test]
async fn renewals_share_the_throttle_of_refreshes() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("RefreshRate".into(), "2/5m".into());
    })
    .await;
    let hana = verified(&world, "hana@example.com").await;
    let first = enter(&world, &hana).await.refresh_token;
    let second = next(&world, &first).await;
    refresh(&world, &second).await.expect(200);
    let answer = renew(&world, &second).await;
    answer.expect_error(429, "too_many_requests", &[]);
}

#[tokio::test]
async fn every_key_given_out_is_in_the_log_as_a_digest() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let person = enter(&world, &hana).await;
    let mut keys = vec![person.refresh_token.clone()];
    later(&world, 60);
    keys.push(next(&world, &keys[0]).await);
    next(&world, &keys[0]).await;
    later(&world, 60);
    // A session key is a refresh token by another name.
    let answer = refresh(&world, &keys[1]).await.expect(200);
    keys.push(answer.text("refresh_token"));

    let log = log(&world);
    let digests: Vec<String> = log
        .iter()
        .map(|row| attribute(row, "session_key"))
        .collect();
    let expected: Vec<String> = keys.iter().map(|key| digest(key)).collect();
    assert_eq!(digests, expected, "in the order in which they were given");
    let now = world.stack.clock().now().as_second();
    let sid = text(&part_of_token(&person.access_token, 1)["sid"]);
    for (row, ago) in log.iter().zip([120, 60, 0]) {
        assert_eq!(attribute(row, "pk"), format!("ACCOUNT#{}", person.id));
        assert_eq!(attribute(row, "session_id"), sid);
        let at: jiff::Timestamp = attribute(row, "at").parse().unwrap();
        assert_eq!(at.as_second(), now - ago);
        assert_eq!(text(&row["ttl"]["N"]), (now - ago + 365 * DAY).to_string());
        let fields: BTreeSet<&String> = row.as_object().unwrap().keys().collect();
        let known = ["at", "pk", "session_id", "session_key", "sk", "ttl"];
        assert!(fields.into_iter().eq(known.iter()), "{row}");
    }

    // Sessions of other products are in no log.
    let sora = world.sign_up("sora").await;
    refresh(&world, &sora.refresh_token).await.expect(200);
    assert_eq!(self::log(&world).len(), 3);
}

fn digest(key: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(key).unwrap();
    BASE64_URL_SAFE_NO_PAD.encode(enishi_shared::seal::sha256(&bytes))
}

#[tokio::test]
async fn a_session_key_keeps_to_its_own_account() {
    let world = World::new().await;
    let hana = enter(&world, &verified(&world, "hana@example.com").await).await;
    let sora: Caller = verified(&world, "sora@example.com").await;
    let sora = enter(&world, &sora).await;
    let answer = renew(&world, &hana.refresh_token).await.expect(200);
    let sub = part_of_token(&answer.text("access_token"), 1)["sub"].clone();
    assert_eq!(sub, hana.id.as_str());
    // A token of another product's session is renewed the same way, and is still its own.
    let mina = world.sign_up("mina").await;
    let answer = renew(&world, &mina.refresh_token).await.expect(200);
    let sub = part_of_token(&answer.text("access_token"), 1)["sub"].clone();
    assert_eq!(sub, mina.id.as_str());
    disable(&world, &sora);
    refused(renew(&world, &sora.refresh_token).await);
}
