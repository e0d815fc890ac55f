//! Signing up, and users: who is let in, what they are shown, and what they may change.

use http::header;
use serde_json::{Value, json};

use super::{Member, admin, call, delete, get, invited, keyed, newcomer, put, world};
use crate::{
    identity::{
        account, later,
        market_sessions::{enter, forged, products, unverified, verified},
        prove,
    },
    support::{Answer, World, text},
};

const USERS: &str = "/v1/service/users";

/// Signs up with a Firebase token.
async fn sign_up(world: &World, id_token: &str, body: Value) -> Answer {
    world.call("POST", USERS, Some(id_token), Some(body)).await
}

/// Where a user is.
fn of(user: &Member) -> String {
    format!("{USERS}/{}", user.id)
}

#[tokio::test]
async fn an_admin_makes_an_organisation_and_is_shown_as_the_specification_shows_a_user() {
    let world = world(3, 360).await;
    let hana = verified(&world, "hana@example.com").await;
    let answer = sign_up(&world, &hana.id_token, newcomer(&hana, "admin")).await;
    let user = answer.expect(200).body["user"].clone();
    let (id, organization_id) = (text(&user["id"]), text(&user["organization_id"]));
    assert_eq!(
        user,
        json!({
            "id": id, "created_at": "2026-11-20 11:00:00", "uid": hana.uid,
            "email": "hana@example.com", "organization_id": organization_id,
            "company_name": "いろは株式会社", "postal_code": "123-4567", "role": "admin",
            "last_signin_at": "2026-11-20 11:00:00", "is_app_download": 0, "is_signup": 1,
            "video_length": 360,
        })
    );
    let path = format!("/v1/service/organizations/{organization_id}");
    let token = Some(hana.id_token.as_str());
    let found = world.call("GET", &path, token, None).await.expect(200);
    let organization = &found.body["organization"];
    assert_eq!(organization["seats"], 3);
    assert_eq!(organization["members"], 1);
    assert_eq!(
        organization["address"],
        "東京都港区白銀高輪1-1-1 パークレジデンス1201"
    );
    let name = text(&organization["name"]);
    assert!(name.len() == 36 && name != organization_id, "{name}");
    // Once more: they belong to one.
    let again = sign_up(&world, &hana.id_token, newcomer(&hana, "admin")).await;
    again.expect_error(409, "conflict", &["uid: already_exists"]);
}

#[tokio::test]
async fn a_sign_up_speaks_of_who_sends_it() {
    let world = world(1, 0).await;
    let hana = verified(&world, "hana@example.com").await;
    let body = json!({
        "uid": "somebody", "email": "else@example.com", "role": "admin", "company_name": "a",
        "postal_code": "123-4567", "address": "a",
    });
    let answer = sign_up(&world, &hana.id_token, body).await;
    answer.expect_error(
        400,
        "invalid_parameter",
        &["uid: invalid", "email: invalid"],
    );
    // An address is one however it is written.
    let mut body = newcomer(&hana, "admin");
    body["email"] = json!("Hana@Example.COM");
    sign_up(&world, &hana.id_token, body).await.expect(200);
    // Our own tokens say nothing of an identity at Firebase.
    let sora = world.sign_up("sora").await;
    let answer = sign_up(&world, &sora.access_token, json!({})).await;
    answer.expect_error(401, "access_token_invalid", &[]);
    let nobody = forged(&world, "nobody", &json!({}));
    let answer = sign_up(&world, &nobody, newcomer(&hana, "admin")).await;
    answer.expect(400);
}

#[tokio::test]
async fn every_field_of_a_sign_up_is_needed_and_looked_at() {
    let world = world(1, 0).await;
    let hana = verified(&world, "hana@example.com").await;
    let answer = sign_up(&world, &hana.id_token, json!({})).await;
    let fields = [
        "uid",
        "email",
        "role",
        "company_name",
        "postal_code",
        "address",
    ];
    let missing = fields.map(|field| format!("{field}: missing_field"));
    let mut named: Vec<String> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| format!("{}: {}", text(&error["field"]), text(&error["code"])))
        .collect();
    named.sort();
    let mut missing = missing.to_vec();
    missing.sort();
    assert_eq!(named, missing, "{}", answer.text);
    for (field, wrong) in [
        ("uid", json!("")),
        ("email", json!("hana")),
        ("role", json!("owner")),
        ("company_name", json!(" ")),
        ("company_name", json!("a".repeat(201))),
        ("postal_code", json!("12-34567")),
        ("address", json!("a\nb")),
        ("address", json!(7)),
    ] {
        let mut body = newcomer(&hana, "admin");
        body[field] = wrong;
        let answer = sign_up(&world, &hana.id_token, body).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
}

#[tokio::test]
async fn a_member_signs_up_with_an_open_invitation_to_their_verified_address() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = verified(&world, "sora@example.com").await;
    let refused = sign_up(&world, &sora.id_token, newcomer(&sora, "member")).await;
    refused.expect_error(403, "forbidden", &[]);
    let invitation = json!({
        "email": "Sora@Example.com", "role": "admin", "organization_id": hana.organization_id,
    });
    let path = "/v1/service/invitations";
    call(&world, &hana, "POST", path, Some(invitation.clone()))
        .await
        .expect(200);
    let ame = unverified(&world, "ame@example.com").await;
    let mut other = invitation;
    other["email"] = json!("ame@example.com");
    call(&world, &hana, "POST", path, Some(other))
        .await
        .expect(200);
    let refused = sign_up(&world, &ame.id_token, newcomer(&ame, "member")).await;
    refused.expect_error(403, "forbidden", &[]);
    // They come as what they were invited.
    let answer = sign_up(&world, &sora.id_token, newcomer(&sora, "member")).await;
    let user = &answer.expect(200).body["user"];
    assert_eq!(user["organization_id"], json!(hana.organization_id));
    assert_eq!(user["role"], "admin");
    // An admin of their own needs no proof.
    let answer = sign_up(&world, &ame.id_token, newcomer(&ame, "admin")).await;
    let user = &answer.expect(200).body["user"];
    assert_ne!(user["organization_id"], json!(hana.organization_id));
}

#[tokio::test]
async fn the_same_request_with_a_key_answers_the_same_user() {
    let world = world(1, 0).await;
    let firebase = verified(&world, "hana@example.com").await;
    let body = newcomer(&firebase, "admin");
    let nobody = String::new();
    let hana = Member {
        id: nobody.clone(),
        organization_id: nobody,
        firebase,
    };
    let first = keyed(&world, &hana, USERS, "one", body.clone())
        .await
        .expect(200);
    let again = keyed(&world, &hana, USERS, "one", body.clone())
        .await
        .expect(200);
    assert_eq!(first.body, again.body);
    keyed(&world, &hana, USERS, "two", body.clone())
        .await
        .expect(409);
    let mut other = body;
    other["address"] = json!("another");
    keyed(&world, &hana, USERS, "one", other).await.expect(409);
    assert_eq!(super::items(&world, "ORG#").len(), 2);
}

#[tokio::test]
async fn an_account_that_both_sides_know_is_joined_and_either_token_is_good() {
    let world = world(1, 0).await;
    let mut sora = world.sign_up("sora").await;
    let caller = verified(&world, &sora.email).await;
    // Whose it is, only one side knows.
    let refused = sign_up(&world, &caller.id_token, newcomer(&caller, "admin")).await;
    refused.expect_error(409, "conflict", &["email: already_exists"]);
    prove(&world, &sora).await;
    let answer = sign_up(&world, &caller.id_token, newcomer(&caller, "admin")).await;
    assert_eq!(text(&answer.expect(200).body["user"]["id"]), sora.id);
    assert_eq!(products(&world, &sora), ["rooms", "orgs"]);
    assert!(account(&world, &sora)["password_hash"].is_null());

    sora.access_token = enter(&world, &caller).await.access_token;
    for token in [&caller.id_token, &sora.access_token] {
        let path = format!("{USERS}/{}", sora.id);
        let found = world.call("GET", &path, Some(token), None).await;
        assert_eq!(found.expect(200).body["user"]["uid"], json!(caller.uid));
    }
}

#[tokio::test]
async fn an_admin_sees_everybody_of_theirs_and_a_member_themselves() {
    let world = world(3, 120).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let other = admin(&world, "other").await;
    let ids = |answer: Answer| -> Vec<String> {
        let users = answer.expect(200).body["users"].as_array().unwrap().clone();
        users.iter().map(|user| text(&user["id"])).collect()
    };
    let mut both = vec![hana.id.clone(), sora.id.clone()];
    both.sort();
    assert_eq!(ids(get(&world, &hana, USERS).await), both);
    assert_eq!(ids(get(&world, &sora, USERS).await), [sora.id.as_str()]);
    assert_eq!(ids(get(&world, &other, USERS).await), [other.id.as_str()]);

    for whom in [&hana, &sora] {
        let found = get(&world, &hana, &of(whom)).await.expect(200);
        assert_eq!(found.body["user"]["email"], json!(whom.firebase.email));
        assert_eq!(found.body["user"]["video_length"], 120);
    }
    get(&world, &sora, &of(&sora)).await.expect(200);
    get(&world, &sora, &of(&hana))
        .await
        .expect_error(403, "forbidden", &[]);
    get(&world, &other, &of(&hana))
        .await
        .expect_error(404, "not_found", &[]);
    get(&world, &hana, &format!("{USERS}/nobody"))
        .await
        .expect(404);
}

#[tokio::test]
async fn an_address_is_changed_to_that_of_the_token_only() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let body = json!({"email": "SORA@example.com", "is_app_download": 1});
    let answer = put(&world, &sora, &of(&sora), body).await.expect(200);
    let user = &answer.body["user"];
    assert_eq!(user["email"], "SORA@example.com");
    assert_eq!(user["is_app_download"], 1);
    // What is left out stays.
    let answer = put(&world, &sora, &of(&sora), json!({})).await.expect(200);
    assert_eq!(&answer.body["user"], user);

    for by in [&sora, &hana] {
        let body = json!({"email": "efg@efg.com"});
        let answer = put(&world, by, &of(&sora), body).await;
        answer.expect_error(400, "invalid_parameter", &["email: invalid"]);
    }
    let body = json!({"email": hana.firebase.email});
    let answer = put(&world, &hana, &of(&sora), body).await;
    answer.expect_error(400, "invalid_parameter", &["email: invalid"]);
    for wrong in [json!(2), json!(-1), json!(true), Value::Null] {
        let body = json!({"is_app_download": wrong});
        let answer = put(&world, &sora, &of(&sora), body).await;
        answer.expect_error(400, "invalid_parameter", &["is_app_download: invalid"]);
    }
    let body = json!({"is_app_download": 0});
    let answer = put(&world, &hana, &of(&sora), body.clone())
        .await
        .expect(200);
    assert_eq!(answer.body["user"]["is_app_download"], 0);
    put(&world, &sora, &of(&hana), body).await.expect(403);
}

#[tokio::test]
async fn the_last_log_in_is_that_of_the_last_token_that_was_seen() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    later(&world, 3000);
    // A refreshed token is of the same log-in.
    let seen = get(&world, &hana, &of(&hana)).await.expect(200);
    assert_eq!(seen.body["user"]["last_signin_at"], "2026-11-20 11:00:00");
    let hana = super::logged_in(&world, hana).await;
    get(&world, &hana, "/v1/service/organization_members")
        .await
        .expect(200);
    let ours = enter(&world, &hana.firebase).await;
    let seen = world.get(&ours, &of(&hana)).await.expect(200);
    assert_eq!(seen.body["user"]["last_signin_at"], "2026-11-20 11:50:00");
    // Nothing else about them has changed.
    assert_eq!(seen.body["user"]["created_at"], "2026-11-20 11:00:00");
}

#[tokio::test]
async fn ping_is_everybodys() {
    let world = World::new().await;
    let path = "/v1/service/connection/ping";
    let answer = world.call("GET", path, None, None).await.expect(200);
    assert_eq!(answer.body, json!({"ping": "pong"}));
    assert!(answer.headers.contains_key(header::CONTENT_TYPE));
}

#[tokio::test]
async fn nobody_but_themselves_and_their_admins_deletes_a_user() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let other = admin(&world, "other").await;
    delete(&world, &sora, &of(&hana))
        .await
        .expect_error(403, "forbidden", &[]);
    delete(&world, &other, &of(&sora))
        .await
        .expect_error(404, "not_found", &[]);
    let deleted = delete(&world, &hana, &of(&sora)).await.expect(200);
    assert_eq!(deleted.body, json!({"user": {}}));
    delete(&world, &hana, &of(&sora))
        .await
        .expect_error(404, "not_found", &[]);
}
