//! Invitations: who gets one, who may accept it, and which seats they take.

use serde_json::{Value, json};

use super::{
    Member, admin, allowance, delete, get, invited, items, keyed, logged_in, newcomer, post, world,
};
use crate::{
    identity::{
        later, mailed, mails,
        market_sessions::{Caller, unverified, verified, verify},
    },
    support::{Answer, World, text},
};

const INVITATIONS: &str = "/v1/service/invitations";
const DAY: i64 = 24 * 60 * 60;

async fn invite(world: &World, by: &Member, email: &str) -> Answer {
    let body = json!({
        "email": email, "role": "member", "organization_id": by.organization_id,
    });
    post(world, by, INVITATIONS, body).await
}

async fn accept(world: &World, caller: &Caller, token: &str) -> Answer {
    let path = "/v1/service/invitations/accept";
    let body = Some(json!({"token": token}));
    world.call("POST", path, Some(&caller.id_token), body).await
}

async fn listed(world: &World, by: &Member) -> Vec<Value> {
    let answer = get(world, by, INVITATIONS).await.expect(200);
    answer.body["invitations"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_invitation_comes_by_mail_and_is_accepted_once() {
    let world = world(2, 60).await;
    let hana = admin(&world, "hana").await;
    let answer = invite(&world, &hana, "sora@example.com").await.expect(200);
    assert_eq!(answer.text, "");
    let token = mailed(&world, "sora@example.com").await;
    let mail = world.stack.mailbox().mails().pop().unwrap();
    let letter = mail.text.unwrap();
    assert!(
        letter.contains("「いろは株式会社」から、Enishiの組織への招待"),
        "{letter}"
    );
    assert!(
        letter.contains("You have been invited by \"いろは株式会社\""),
        "{letter}"
    );
    // The token lies nowhere; its digest does.
    let stored = world.items("OrgsTable");
    assert!(stored.iter().all(|item| !item.to_string().contains(&token)));

    let open = listed(&world, &hana).await;
    let id = text(&open[0]["id"]);
    assert_eq!(
        open,
        [json!({
            "id": id, "created_at": "2026-11-20 11:00:00", "email": "sora@example.com",
            "role": "member", "expires_at": "2026-11-27 11:00:00",
        })]
    );
    let sora = verified(&world, "Sora@example.com").await;
    let answer = accept(&world, &sora, &token).await.expect(200);
    let user = &answer.body["user"];
    assert_eq!(user["organization_id"], json!(hana.organization_id));
    assert_eq!(user["role"], "member");
    assert_eq!(user["company_name"], "いろは株式会社");
    assert_eq!(user["video_length"], 60);
    assert!(listed(&world, &hana).await.is_empty());
    let again = accept(&world, &sora, &token).await;
    again.expect_error(409, "conflict", &["uid: already_exists"]);
    let ame = verified(&world, "ame@example.com").await;
    let used = accept(&world, &ame, &token).await;
    used.expect_error(400, "invalid_parameter", &["token: invalid"]);
    assert_eq!(mails(&world, "sora@example.com").await, 1);
}

#[tokio::test]
async fn only_the_invited_address_accepts_and_only_once_it_is_verified() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    invite(&world, &hana, "sora@example.com").await.expect(200);
    let token = mailed(&world, "sora@example.com").await;
    let sora = unverified(&world, "sora@example.com").await;
    accept(&world, &sora, &token)
        .await
        .expect_error(403, "forbidden", &[]);
    let ame = verified(&world, "ame@example.com").await;
    accept(&world, &ame, &token)
        .await
        .expect_error(403, "forbidden", &[]);
    for wrong in [
        "x",
        &format!("{token}A"),
        &token[..60],
        &token.replace('-', "_"),
    ] {
        if wrong != token {
            let answer = accept(&world, &ame, wrong).await;
            answer.expect_error(400, "invalid_parameter", &["token: invalid"]);
        }
    }
    let sora = verify(&world, sora).await;
    accept(&world, &sora, &token).await.expect(200);
}

#[tokio::test]
async fn a_newer_invitation_replaces_the_older_one() {
    let world = world(2, 0).await;
    let hana = admin(&world, "hana").await;
    invite(&world, &hana, "sora@example.com").await.expect(200);
    let older = mailed(&world, "sora@example.com").await;
    // There is a seat for one, however often they are invited.
    let body = json!({
        "email": "SORA@example.com", "role": "admin", "organization_id": hana.organization_id,
    });
    post(&world, &hana, INVITATIONS, body).await.expect(200);
    let newer = mailed(&world, "SORA@example.com").await;
    assert_eq!(listed(&world, &hana).await.len(), 1);
    let sora = verified(&world, "sora@example.com").await;
    let answer = accept(&world, &sora, &older).await;
    answer.expect_error(400, "invalid_parameter", &["token: invalid"]);
    let answer = accept(&world, &sora, &newer).await.expect(200);
    assert_eq!(answer.body["user"]["role"], "admin");
    assert!(items(&world, "EMAIL#").is_empty());
}

#[tokio::test]
async fn an_invitation_is_open_for_seven_days_and_takes_a_seat_for_as_long() {
    let world = world(2, 0).await;
    let hana = admin(&world, "hana").await;
    invite(&world, &hana, "sora@example.com").await.expect(200);
    let token = mailed(&world, "sora@example.com").await;
    later(&world, 7 * DAY - 1);
    let hana = logged_in(&world, hana).await;
    let full = invite(&world, &hana, "ame@example.com").await;
    full.expect_error(409, "conflict", &[]);
    assert_eq!(listed(&world, &hana).await.len(), 1);
    later(&world, 1);
    assert!(listed(&world, &hana).await.is_empty());
    let sora = verified(&world, "sora@example.com").await;
    let late = accept(&world, &sora, &token).await;
    late.expect_error(400, "invalid_parameter", &["token: invalid"]);
    let body = Some(newcomer(&sora, "member"));
    let late = world.call("POST", "/v1/service/users", Some(&sora.id_token), body);
    late.await.expect_error(403, "forbidden", &[]);
    invite(&world, &hana, "ame@example.com").await.expect(200);
    let token = mailed(&world, "ame@example.com").await;
    let ame = verified(&world, "ame@example.com").await;
    accept(&world, &ame, &token).await.expect(200);
    // The last seat is hers.
    invite(&world, &hana, "sora@example.com").await.expect(409);
}

#[tokio::test]
async fn what_was_taken_back_is_open_no_more() {
    let world = world(2, 0).await;
    let hana = admin(&world, "hana").await;
    let other = admin(&world, "other").await;
    invite(&world, &hana, "sora@example.com").await.expect(200);
    let token = mailed(&world, "sora@example.com").await;
    let id = text(&listed(&world, &hana).await[0]["id"]);
    let path = format!("{INVITATIONS}/{id}");
    delete(&world, &other, &path)
        .await
        .expect_error(404, "not_found", &[]);
    let answer = delete(&world, &hana, &path).await.expect(200);
    assert_eq!(answer.text, "");
    delete(&world, &hana, &path)
        .await
        .expect_error(404, "not_found", &[]);
    let sora = verified(&world, "sora@example.com").await;
    let answer = accept(&world, &sora, &token).await;
    answer.expect_error(400, "invalid_parameter", &["token: invalid"]);
    invite(&world, &hana, "ame@example.com").await.expect(200);
}

#[tokio::test]
async fn an_organisation_invites_fifty_a_day_and_an_address_gets_three_a_week() {
    let world = World::with(|options| {
        allowance(100, 0)(options);
        for limit in ["InvitationRate", "InvitationAddressRate"] {
            options.parameters.remove(limit);
        }
    })
    .await;
    let [hana, other, third] = ["hana", "other", "third"].map(|name| admin(&world, name));
    let (hana, other, third) = (hana.await, other.await, third.await);
    for by in [&hana, &other, &third] {
        invite(&world, by, "sora@example.com").await.expect(200);
    }
    let refused = invite(&world, &hana, "Sora@example.com").await;
    let refused = refused.expect_error(429, "too_many_requests", &[]);
    assert!(refused.headers.contains_key("retry-after"));
    // The refused one was counted, as the attempt that it was.
    for nth in 2..50 {
        invite(&world, &hana, &format!("p{nth}@example.com"))
            .await
            .expect(200);
    }
    let refused = invite(&world, &hana, "last@example.com").await;
    refused.expect_error(429, "too_many_requests", &[]);
    invite(&world, &other, "last@example.com").await.expect(200);
    later(&world, DAY);
    let hana = logged_in(&world, hana).await;
    invite(&world, &hana, "last@example.com").await.expect(200);
    later(&world, 6 * DAY);
    let hana = logged_in(&world, hana).await;
    invite(&world, &hana, "sora@example.com").await.expect(200);
}

#[tokio::test]
async fn the_same_request_with_a_key_invites_mails_and_counts_once() {
    let world = World::with(|options| {
        allowance(3, 0)(options);
        options.parameters.remove("InvitationAddressRate");
    })
    .await;
    let hana = admin(&world, "hana").await;
    let body = json!({
        "email": "sora@example.com", "role": "member", "organization_id": hana.organization_id,
    });
    for _ in 0..5 {
        keyed(&world, &hana, INVITATIONS, "one", body.clone())
            .await
            .expect(200);
    }
    let token = mailed(&world, "sora@example.com").await;
    assert_eq!(mails(&world, "sora@example.com").await, 1);
    let mut other = body.clone();
    other["role"] = json!("admin");
    keyed(&world, &hana, INVITATIONS, "one", other)
        .await
        .expect_error(409, "conflict", &[]);
    let sora = verified(&world, "sora@example.com").await;
    accept(&world, &sora, &token).await.expect(200);
    keyed(&world, &hana, INVITATIONS, "one", body.clone())
        .await
        .expect(200);
    keyed(&world, &hana, INVITATIONS, "two", body)
        .await
        .expect_error(409, "conflict", &["email: already_exists"]);
}

#[tokio::test]
async fn an_invitation_says_where_to_and_is_for_who_is_not_there_yet() {
    let world = world(5, 0).await;
    let hana = admin(&world, "hana").await;
    let other = admin(&world, "other").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let body = json!({
        "email": "ame@example.com", "role": "member", "organization_id": other.organization_id,
    });
    let answer = post(&world, &hana, INVITATIONS, body).await;
    answer.expect_error(400, "invalid_parameter", &["organization_id: missing"]);
    let there = invite(&world, &hana, &sora.firebase.email).await;
    there.expect_error(409, "conflict", &["email: already_exists"]);
    // Somebody elsewhere can be invited, and cannot accept while they are there.
    invite(&world, &hana, &other.firebase.email)
        .await
        .expect(200);
    let token = mailed(&world, &other.firebase.email).await;
    let answer = accept(&world, &other.firebase, &token).await;
    answer.expect_error(409, "conflict", &["uid: already_exists"]);
    let path = format!("/v1/service/organizations/{}", other.organization_id);
    delete(&world, &other, &path).await.expect(200);
    accept(&world, &other.firebase, &token).await.expect(200);
}

#[tokio::test]
async fn an_event_that_comes_twice_mails_once() {
    let world = world(2, 0).await;
    let hana = admin(&world, "hana").await;
    invite(&world, &hana, "sora@example.com").await.expect(200);
    world.stack.settle().await;
    let outbox = items(&world, "OUTBOX#");
    let outbox = outbox
        .iter()
        .find(|item| item["detail_type"]["S"] == "orgs.invited");
    let detail: Value =
        serde_json::from_str(outbox.unwrap()["detail"]["S"].as_str().unwrap()).unwrap();
    let event = json!({"source": "enishi.orgs", "detail-type": "orgs.invited", "detail": detail});
    world
        .stack
        .lambda()
        .invoke("OrgsMail", event.clone())
        .await
        .unwrap();
    assert_eq!(mails(&world, "sora@example.com").await, 1);
    // One that was taken back is not mailed at all.
    let id = text(&listed(&world, &hana).await[0]["id"]);
    delete(&world, &hana, &format!("{INVITATIONS}/{id}"))
        .await
        .expect(200);
    let mut late = event;
    late["detail"]["id"] = json!("another");
    world.stack.lambda().invoke("OrgsMail", late).await.unwrap();
    assert_eq!(mails(&world, "sora@example.com").await, 1);
}
