//! `POST /api/auth/refresh`: rotation, the grace, and what ends a family.

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use http::header;
use insta::assert_json_snapshot;

use crate::{
    identity::{disable, header_of, later, log_in, refresh},
    support::{Answer, World},
};

const DAY: i64 = 24 * 60 * 60;

/// Spends a token for the next.
async fn next(world: &World, token: &str) -> String {
    refresh(world, token)
        .await
        .expect(200)
        .text("refresh_token")
}

#[track_caller]
fn refused(answer: Answer) {
    let answer = answer.expect_error(401, "access_token_invalid", &[]);
    assert_eq!(
        header_of(&answer, header::WWW_AUTHENTICATE),
        "Bearer realm=\"enishi\""
    );
}

#[tokio::test]
async fn a_refresh_gives_the_next_tokens() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    later(&world, 3600);
    world
        .get(&hana, "/me/rooms")
        .await
        .expect_error(401, "access_token_expired", &[]);
    let answer = refresh(&world, &hana.refresh_token).await.expect(200);
    assert_json_snapshot!(answer.body, {
        ".access_token" => "[jwt]", ".refresh_token" => "[token]",
    }, @r#"
    {
      "access_token": "[jwt]",
      "expires_in": 900,
      "refresh_token": "[token]",
      "token_type": "Bearer"
    }
    "#);
    assert_eq!(header_of(&answer, header::CACHE_CONTROL), "no-store");
    assert_ne!(answer.text("refresh_token"), hana.refresh_token);
    let token = answer.text("access_token");
    world
        .call("GET", "/me/rooms", Some(&token), None)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_refreshes_at_once_get_one_successor_and_log_nobody_out() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let answers = join_all((0..50).map(|_| refresh(&world, &hana.refresh_token))).await;
    let mut successors: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.expect(200).text("refresh_token"))
        .collect();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    // Each of fifty tabs goes on with what it got.
    let mut current = successors.remove(0);
    for _ in 0..3 {
        let answers = join_all((0..5).map(|_| next(&world, &current))).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        current = answers[0].clone();
    }
    later(&world, 60);
    next(&world, &current).await;
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let lost = next(&world, &hana.refresh_token).await;
    for seconds in [0, 10, 19] {
        later(&world, seconds);
        let again = refresh(&world, &hana.refresh_token).await.expect(200);
        assert_eq!(again.text("refresh_token"), lost);
        let token = again.text("access_token");
        world
            .call("GET", "/me/rooms", Some(&token), None)
            .await
            .expect(200);
    }
    let mut current = lost;
    for _ in 0..5 {
        later(&world, 3600);
        let lost = next(&world, &current).await;
        let again = next(&world, &current).await;
        assert_eq!(again, lost);
        current = again;
    }
}

#[tokio::test]
async fn after_the_grace_a_spent_token_ends_its_family() {
    for seconds in [30, 31, 20 * DAY] {
        let world = World::new().await;
        let hana = world.sign_up("hana").await;
        let other = log_in(&world, &hana.email, &hana.password)
            .await
            .expect(200);
        let newest = next(&world, &hana.refresh_token).await;
        later(&world, seconds);
        refused(refresh(&world, &hana.refresh_token).await);
        refused(refresh(&world, &newest).await);
        refused(refresh(&world, &hana.refresh_token).await);
        // The person's other sessions go on.
        next(&world, &other.text("refresh_token")).await;
    }
}

#[tokio::test]
async fn the_grace_is_configured() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("RefreshGraceSeconds".into(), "5".into());
    })
    .await;
    let hana = world.sign_up("hana").await;
    let newest = next(&world, &hana.refresh_token).await;
    later(&world, 4);
    assert_eq!(next(&world, &hana.refresh_token).await, newest);
    later(&world, 1);
    refused(refresh(&world, &hana.refresh_token).await);
    refused(refresh(&world, &newest).await);
}

#[tokio::test]
async fn a_grandparent_ends_the_family_even_within_the_grace() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let parent = next(&world, &hana.refresh_token).await;
    let newest = next(&world, &parent).await;
    refused(refresh(&world, &hana.refresh_token).await);
    refused(refresh(&world, &parent).await);
    refused(refresh(&world, &newest).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thief_and_the_owner_cannot_both_go_on() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    // The thief spends the copy first, the owner comes to it later.
    let thiefs = next(&world, &hana.refresh_token).await;
    let thiefs = next(&world, &thiefs).await;
    later(&world, 600);
    let owner = refresh(&world, &hana.refresh_token);
    let (owner, thief) = tokio::join!(owner, refresh(&world, &thiefs));
    refused(owner);
    if thief.status == 200 {
        refused(refresh(&world, &thief.text("refresh_token")).await);
    } else {
        refused(thief);
    }
}

#[tokio::test]
async fn a_session_ends_thirty_days_after_its_last_refresh() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    later(&world, 30 * DAY - 1);
    let token = next(&world, &hana.refresh_token).await;
    later(&world, 30 * DAY - 1);
    let token = next(&world, &token).await;
    later(&world, 30 * DAY);
    refused(refresh(&world, &token).await);
}

#[tokio::test]
async fn a_session_ends_a_year_after_its_log_in() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let mut token = hana.refresh_token;
    for _ in 0..14 {
        later(&world, 26 * DAY);
        token = next(&world, &token).await;
    }
    later(&world, DAY - 1);
    token = next(&world, &token).await;
    later(&world, 1);
    refused(refresh(&world, &token).await);
}

#[tokio::test]
async fn what_is_no_token_is_refused_and_ends_nothing() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let sora = world.sign_up("sora").await;
    let token = hana.refresh_token.as_str();
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap();
    let others = BASE64_URL_SAFE_NO_PAD.decode(&sora.refresh_token).unwrap();
    let encode = |parts: &[&[u8]]| BASE64_URL_SAFE_NO_PAD.encode(parts.concat());
    // The user's id, the session's id, the secret.
    let (user, session, secret) = (&bytes[..16], &bytes[16..32], &bytes[32..]);
    let mut flipped = bytes.clone();
    flipped[20] ^= 1;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let last = "AEIMQUYcgkosw048";
    let at = token.len() - 1;
    let respelt: Vec<String> = ('A'..='z')
        .filter(|char| char.is_ascii_alphanumeric() && !last.contains(*char))
        .map(|char| format!("{}{char}", &token[..at]))
        .collect();
    let mut wrong = vec![
        "x".to_owned(),
        "null".to_owned(),
        "縁".to_owned(),
        "A".repeat(86),
        "A".repeat(512),
        token[1..].to_owned(),
        token[..at].to_owned(),
        token[..at - 1].to_owned(),
        token[..43].to_owned(),
        format!("{token}A"),
        format!("{token}=="),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{token}{token}"),
        format!("Bearer {token}"),
        BASE64_STANDARD.encode(&bytes),
        hex,
        token.to_ascii_lowercase(),
        hana.access_token.chars().take(512).collect(),
        hana.id.clone(),
        encode(&[&others[..16], session, secret]),
        encode(&[&[0; 16], session, secret]),
        encode(&[user, &others[16..32], secret]),
        encode(&[user, &others[16..32], &others[32..]]),
        encode(&[user, secret, session]),
        encode(&[session, user, secret]),
        encode(&[&flipped]),
        encode(&[user, session, secret, &[0]]),
        encode(&[user, session, &secret[1..]]),
        encode(&[&bytes[16..]]),
        encode(&[&bytes[32..]]),
    ];
    wrong.extend(respelt);
    let mut seen = Vec::new();
    for wrong in &wrong {
        let answer = refresh(&world, wrong).await;
        assert_eq!(answer.status, 401, "{wrong}: {}", answer.text);
        seen.push(answer.text.clone());
        refused(answer);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "all are answered alike");
    next(&world, &hana.refresh_token).await;
    next(&world, &sora.refresh_token).await;
}

#[tokio::test]
async fn a_right_session_with_a_wrong_secret_counts_as_a_spent_token() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&hana.refresh_token).unwrap();
    bytes[63] ^= 1;
    refused(refresh(&world, &BASE64_URL_SAFE_NO_PAD.encode(bytes)).await);
    refused(refresh(&world, &hana.refresh_token).await);
}

#[tokio::test]
async fn refreshes_are_throttled_by_address_and_spend_nothing_then() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("RefreshRate".into(), "3/5m".into());
    })
    .await;
    let hana = world.sign_up("hana").await;
    let mut token = hana.refresh_token;
    later(&world, 100);
    for _ in 0..3 {
        token = next(&world, &token).await;
    }
    for _ in 0..2 {
        let answer = refresh(&world, &token).await;
        let answer = answer.expect_error(429, "too_many_requests", &[]);
        assert_eq!(header_of(&answer, header::RETRY_AFTER), "200");
    }
    later(&world, 200);
    next(&world, &token).await;
}

#[tokio::test]
async fn a_refresh_shows_what_the_account_has_become() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let token = next(&world, &hana.refresh_token).await;
    disable(&world, &hana);
    // Even the answer that was given a moment ago is not given again.
    refused(refresh(&world, &hana.refresh_token).await);
    refused(refresh(&world, &token).await);
}
