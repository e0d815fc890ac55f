//! `POST /api/users`, and the closing of the account.

use futures_util::future::join_all;
use http::header;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{but, items, join, me, newcomer, register};
use crate::{
    identity::{
        account, header_of, log_in, mails, newcomer as signing_up, part_of_token, post, post_with,
    },
    support::{Answer, World, text},
};

async fn sign_up(world: &World, body: Value) -> Answer {
    post(world, "/api/users", body).await
}

/// Nobody was made.
fn nobody_is_there(world: &World) {
    assert!(items(world, "USER#").is_empty());
    assert!(items(world, "CHOICE#").is_empty());
}

#[tokio::test]
async fn signing_up_logs_in_at_once_with_a_profile_that_nobody_has_checked() {
    let world = World::new().await;
    let answer = sign_up(&world, newcomer("hana", "student")).await;
    let answer = answer.expect(201);
    assert_eq!(header_of(&answer, header::CACHE_CONTROL), "no-store");
    assert_eq!(answer.text("name"), "hana");
    assert_eq!(answer.body["is_authenticated"], false);
    assert_eq!(answer.text("token_type"), "Bearer");
    assert_eq!(answer.body["expires_in"], 900);
    let token = answer.text("access_token");
    let claims = part_of_token(&token, 1);
    assert_eq!(text(&claims["sub"]), answer.text("user_id"));
    assert_eq!(claims["name"], "hana");
    let profile = world
        .call("GET", "/api/visits/me", Some(&token), None)
        .await;
    let profile = profile.expect(200).body;
    assert_eq!(profile["affiliation"]["name"], "縁大学");
    assert_eq!(
        profile["documents"],
        json!({"state": "none", "reason": null})
    );

    assert_eq!(mails(&world, "hana@example.com").await, 1);
    let refresh = json!({"refresh_token": answer.text("refresh_token")});
    post(&world, "/api/auth/refresh", refresh).await.expect(200);
    log_in(&world, "hana@example.com", "correct horse hana")
        .await
        .expect(200);
}

#[tokio::test]
async fn every_wrong_value_is_named() {
    let world = World::new().await;
    let long = |count| json!("縁".repeat(count));
    for (field, wrong) in [
        ("name", json!("")),
        ("name", json!(" 花")),
        ("name", json!("花\n子")),
        ("name", long(101)),
        ("date_of_birth", json!("2000-4-2")),
        ("date_of_birth", json!("2000-04-02T00:00:00Z")),
        ("date_of_birth", json!("1899-12-31")),
        ("date_of_birth", json!("2026-11-21")),
        ("phone_number", json!("090 1234 5678")),
        ("phone_number", json!("12345")),
        ("email", json!("hana")),
        ("password", json!("1234567")),
        ("type", json!("employee")),
        ("affiliation", json!(" ")),
        ("affiliation", long(121)),
        ("affiliation", json!("縁\n大学")),
        ("job", json!("社長")),
        ("job", json!("engineer")),
        ("department", json!("")),
        ("position", json!(" 部長")),
        ("position", long(101)),
        ("comment", json!("")),
        ("comment", long(2001)),
        ("comment", json!("連絡先は090-1234-5678です")),
        ("comment", json!("ｈａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ")),
        ("comment", json!("詳しくは example.com へ")),
        ("time_zone", json!("Tokyo")),
        ("time_zone", json!("+09:00")),
        ("is_authenticated", json!(true)),
    ] {
        let answer = sign_up(&world, but("student", field, wrong.clone())).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    for field in [
        "name",
        "date_of_birth",
        "phone_number",
        "email",
        "password",
        "type",
        "affiliation",
    ] {
        let mut body = newcomer("hana", "student");
        body.as_object_mut().unwrap().remove(field);
        let missing = format!("{field}: missing_field");
        let answer = sign_up(&world, body).await;
        answer.expect_error(400, "invalid_parameter", &[&missing]);
    }
    nobody_is_there(&world);
}

#[tokio::test]
async fn employees_have_a_job_and_students_need_none() {
    let world = World::new().await;
    for (kind, status) in [("company", 400), ("student", 201)] {
        let mut body = newcomer(kind, kind);
        body.as_object_mut().unwrap().remove("job");
        let answer = sign_up(&world, body).await.expect(status);
        if status == 400 {
            answer.expect_error(400, "invalid_parameter", &["job: missing_field"]);
            nobody_is_there(&world);
        }
    }
    for job in ["エンジニア", "総合職", "研究職"] {
        let mut body = newcomer(job, "company");
        body["email"] = json!(format!("e{}@example.com", items(&world, "USER#").len()));
        body["job"] = json!(job);
        sign_up(&world, body).await.expect(201);
    }
}

#[tokio::test]
async fn there_is_one_affiliation_of_a_name_however_it_is_written() {
    let world = World::new().await;
    let mut first = None;
    for (number, name) in ["Enishi 大学", "ＥＮＩＳＨＩ　大学", " enishi 大学 "]
        .iter()
        .enumerate()
    {
        let mut body = newcomer(&format!("p{number}"), "student");
        body["affiliation"] = json!(name);
        let answer = sign_up(&world, body).await.expect(201);
        let token = answer.text("access_token");
        let profile = world
            .call("GET", "/api/visits/me", Some(&token), None)
            .await;
        let affiliation = profile.expect(200).body["affiliation"].clone();
        assert_eq!(affiliation["name"], "Enishi 大学");
        assert_eq!(*first.get_or_insert(affiliation.clone()), affiliation);
    }
    assert_eq!(items(&world, "CHOICE#university#").len(), 1);
    assert_eq!(items(&world, "CHOICE#department#").len(), 1);

    // By its id; which is a university's, and no company's.
    let id = first.unwrap()["id"].clone();
    sign_up(&world, but("student", "affiliation", id.clone()))
        .await
        .expect(201);
    let unknown = ["affiliation: missing"];
    let answer = sign_up(&world, but("company", "affiliation", id)).await;
    answer.expect_error(400, "invalid_parameter", &unknown);
    let nothing = json!("019aa2b4-7c1e-8d33-9f0a-5b1c2d3e4f50");
    let mut body = but("company", "affiliation", nothing.clone());
    body["department"] = nothing;
    let answer = sign_up(&world, body).await;
    let both = ["affiliation: missing", "department: missing"];
    answer.expect_error(400, "invalid_parameter", &both);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_of_a_company_that_is_new_make_it_once() {
    let world = World::new().await;
    let many = (0..6).map(|number| sign_up(&world, newcomer(&format!("p{number}"), "company")));
    for answer in join_all(many).await {
        answer.expect(201);
    }
    assert_eq!(items(&world, "CHOICE#company#").len(), 1);
    assert_eq!(items(&world, "USER#").len(), 6);
}

#[tokio::test]
async fn a_taken_email_is_named_and_with_its_token_the_profile_is_added() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let taken = ["email: already_exists"];
    let answer = sign_up(&world, newcomer("hana", "student")).await;
    answer.expect_error(409, "conflict", &taken);
    nobody_is_there(&world);
    let other = world
        .post(&hana, "/api/users", newcomer("sora", "student"))
        .await;
    other.expect_error(409, "conflict", &taken);

    let answer = join(&world, &hana, "student").await.expect(201);
    assert_eq!(answer.text("user_id"), hana.id);
    assert_eq!(
        account(&world, &hana)["products"],
        json!({"L": [{"S": "rooms"}, {"S": "visits"}]})
    );
    assert_eq!(me(&world, &hana).await["name"], "hana");
    let again = join(&world, &hana, "company").await;
    again.expect_error(409, "conflict", &[]);
    assert_eq!(me(&world, &hana).await["type"], "student");
    // The password was ignored, and the account got no second mail.
    assert_eq!(mails(&world, &hana.email).await, 1);

    // The other way round.
    let sora = register(&world, "sora", "company").await;
    let body = signing_up("sora", &sora.email, "not looked at");
    world.post(&sora, "/signup", body).await.expect(201);
}

#[tokio::test]
async fn a_repetition_answers_the_same_account_with_new_tokens() {
    let world = World::with(|options| {
        let often = ("RegisterEmailRate".into(), "100/1h".into());
        options.parameters.extend([often]);
    })
    .await;
    let keyed = async |body: Value| {
        let headers = [("idempotency-key", "k1")];
        post_with(&world, "/api/users", &headers, body).await
    };
    let first = keyed(newcomer("hana", "student")).await.expect(201);
    let again = keyed(newcomer("hana", "student")).await.expect(201);
    assert_eq!(first.text("user_id"), again.text("user_id"));
    assert_ne!(first.text("refresh_token"), again.text("refresh_token"));
    let spent = json!({"refresh_token": again.text("refresh_token")});
    post(&world, "/api/auth/refresh", spent).await.expect(200);
    for (field, other) in [
        ("email", json!("Hana@example.com")),
        ("password", json!("another password")),
        ("name", json!("other")),
        ("date_of_birth", json!("2000-04-03")),
        ("phone_number", json!("090-1234-5679")),
        ("type", json!("company")),
        ("affiliation", json!("別大学")),
        ("job", json!("総合職")),
        ("department", json!("理学部")),
        ("position", json!("部長")),
        ("comment", json!("はじめまして")),
        ("time_zone", json!("Asia/Seoul")),
    ] {
        let answer = keyed(but("student", field, other)).await;
        answer.expect_error(409, "conflict", &[]);
    }
    assert_eq!(items(&world, "USER#").len(), 1);
    assert_eq!(mails(&world, "hana@example.com").await, 1);
}

#[tokio::test]
async fn who_closes_their_account_leaves_no_profile() {
    let world = World::new().await;
    let hana = register(&world, "hana", "student").await;
    let sora = register(&world, "sora", "student").await;
    let token = Some(hana.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
    let answer = world.get(&hana, "/api/visits/me").await;
    answer.expect_error(403, "profile_missing", &[]);
    me(&world, &sora).await;
    // What was noted for it goes with the last of their documents.
    let later = world.stack.clock().now() + SignedDuration::from_mins(75);
    world.stack.at(later).await;
    let left = world.items("VisitsTable");
    let about =
        |item: &&Value| item.to_string().contains(&hana.id) || item.to_string().contains("hana");
    assert_eq!(left.iter().find(about), None);
}
