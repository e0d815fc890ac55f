//! `POST /signup`.

use enishi_shared::password::Cost;
use futures_util::future::join_all;
use http::header;
use insta::assert_json_snapshot;
use serde_json::json;

use super::*;

async fn sign_up(world: &World, username: &str, email: &str, password: &str) -> Answer {
    post(world, "/signup", newcomer(username, email, password)).await
}

/// Makes an account like those of the other products: without the rooms profile and a username.
fn as_from_saju(world: &World, person: &Person) {
    edit_account(world, person, |account| {
        account.as_object_mut().unwrap().remove("username");
        account["name"] = json!({"S": "Minjun"});
        account["products"] = json!({"L": [{"S": "saju"}]});
    });
}

#[tokio::test]
async fn signing_up_answers_the_account_and_logs_it_in() {
    let world = World::new().await;
    let answer = sign_up(&world, "花子", "Hana@Example.jp", "a quiet morning").await;
    let answer = answer.expect(201);
    assert_json_snapshot!(answer.body, {
        ".user_id" => "[uuid]", ".access_token" => "[jwt]", ".refresh_token" => "[token]",
    }, @r#"
    {
      "access_token": "[jwt]",
      "email": "Hana@Example.jp",
      "expires_in": 900,
      "refresh_token": "[token]",
      "token_type": "Bearer",
      "user_id": "[uuid]",
      "username": "花子"
    }
    "#);
    assert_eq!(
        answer
            .text("user_id")
            .parse::<uuid::Uuid>()
            .unwrap()
            .get_version_num(),
        7
    );
    assert_eq!(header_of(&answer, header::CACHE_CONTROL), "no-store");
    assert_eq!(header_of(&answer, header::CONTENT_TYPE), "application/json");
    assert_eq!(
        header_of(&answer, header::X_CONTENT_TYPE_OPTIONS),
        "nosniff"
    );

    let token = answer.text("access_token");
    world
        .call("GET", "/me/rooms", Some(&token), None)
        .await
        .expect(200);
    refresh(&world, &answer.text("refresh_token"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_password_is_hashed_at_the_cost_that_owasp_recommends() {
    let world = World::with(|options| options.password_cost = Cost::default()).await;
    let person = world.sign_up("Hana").await;
    let hash = text(&account(&world, &person)["password_hash"]["S"]);
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
}

#[tokio::test]
async fn a_taken_email_or_username_is_named() {
    let world = World::new().await;
    sign_up(&world, "hana", "hana@example.jp", "password1")
        .await
        .expect(201);
    for (username, email, taken) in [
        ("sora", "hana@example.jp", vec!["email: already_exists"]),
        ("sora", "HANA@Example.JP", vec!["email: already_exists"]),
        ("hana", "sora@example.jp", vec!["username: already_exists"]),
        ("HANA", "sora@example.jp", vec!["username: already_exists"]),
        (
            "ｈａｎａ",
            "sora@example.jp",
            vec!["username: already_exists"],
        ),
        (
            "hana",
            "Hana@example.jp",
            vec!["email: already_exists", "username: already_exists"],
        ),
    ] {
        let answer = sign_up(&world, username, email, "password2").await;
        answer.expect_error(409, "conflict", &taken);
    }
    // What was refused has taken nothing, and changed nothing.
    sign_up(&world, "sora", "sora@example.jp", "password2")
        .await
        .expect(201);
    log_in(&world, "hana@example.jp", "password1")
        .await
        .expect(200);
    assert_eq!(mails(&world, "hana@example.jp").await, 1);
}

#[tokio::test]
async fn an_international_address_and_name_are_one_however_they_are_written() {
    let world = World::new().await;
    let answer = sign_up(&world, "Ｈａｎａ", "Hana@例え.jp", "password1").await;
    let answer = answer.expect(201);
    assert_eq!(answer.text("username"), "Hana");
    assert_eq!(answer.text("email"), "Hana@例え.jp");
    assert_eq!(mails(&world, "Hana@xn--r8jz45g.jp").await, 1);
    let taken = sign_up(&world, "sora", "hana@xn--r8jz45g.jp", "password2").await;
    taken.expect_error(409, "conflict", &["email: already_exists"]);
    for name in [
        json!({"email": "HANA@XN--R8JZ45G.JP", "password": "password1"}),
        json!({"email": "hana@例え。jp", "password": "password1"}),
        json!({"username": "hANA", "password": "password1"}),
        json!({"username": "ｈａｎａ", "password": "password1"}),
    ] {
        let logged_in = post(&world, "/login", name).await.expect(200);
        assert_eq!(logged_in.text("user_id"), answer.text("user_id"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_one_email_at_once_one_gets_it() {
    let world = World::new().await;
    let names: Vec<String> = (0..6).map(|number| format!("p{number}")).collect();
    let all = names
        .iter()
        .map(|name| sign_up(&world, name, "one@example.jp", "password1"));
    let answers = join_all(all).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.expect_error(409, "conflict", &["email: already_exists"]);
    }
    assert_eq!(mails(&world, "one@example.jp").await, 1);
}

#[tokio::test]
async fn with_the_token_of_an_account_the_rooms_profile_is_added_to_it() {
    let world = World::new().await;
    world.sign_up("hana").await;
    let person = world.sign_up("min").await;
    as_from_saju(&world, &person);
    let bearer = format!("Bearer {}", person.access_token);
    let join = async |username: &str, email: &str, key: &str| {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        let body = newcomer(username, email, "another password");
        post_with(&world, "/signup", &headers, body).await
    };

    let other_email = join("sora", "sora@example.com", "1").await;
    other_email.expect_error(409, "conflict", &["email: already_exists"]);
    let others_email = join("sora", "hana@example.com", "2").await;
    others_email.expect_error(409, "conflict", &["email: already_exists"]);
    let taken = join("hana", &person.email, "3").await;
    taken.expect_error(409, "conflict", &["username: already_exists"]);

    let first = join("sora", "MIN@example.com", "4").await.expect(201);
    assert_eq!(first.text("user_id"), person.id);
    assert_eq!(first.text("username"), "sora");
    assert_eq!(first.text("email"), "min@example.com");
    assert_eq!(
        part_of_token(&first.text("access_token"), 1)["name"],
        "sora"
    );
    let products = &account(&world, &person)["products"];
    assert_eq!(*products, json!({"L": [{"S": "saju"}, {"S": "rooms"}]}));

    // The same once more is recognised, another profile refused.
    let again = join("sora", "MIN@example.com", "4").await.expect(201);
    assert_eq!(again.text("user_id"), person.id);
    refresh(&world, &first.text("refresh_token"))
        .await
        .expect(200);
    refresh(&world, &again.text("refresh_token"))
        .await
        .expect(200);
    for username in ["umi", "sora"] {
        let second = join(username, "min@example.com", username).await;
        let second = second.expect_error(409, "conflict", &[]);
        assert_eq!(
            second.body["message"],
            "your account has this profile already"
        );
    }

    // The password was ignored.
    log_in(&world, &person.email, "another password")
        .await
        .expect(401);
    log_in(&world, &person.email, &person.password)
        .await
        .expect(200);
    assert_eq!(mails(&world, &person.email).await, 1);
}

#[tokio::test]
async fn a_sign_up_with_a_token_that_is_not_good_makes_nothing() {
    let world = World::new().await;
    let person = world.sign_up("min").await;
    let bearer = format!("Bearer {}", person.access_token);
    let body = newcomer("sora", "sora@example.com", "password1");
    for wrong in ["Bearer x", "Bearer", "x", &bearer[..bearer.len() - 1]] {
        let answer = post_with(&world, "/signup", &[("authorization", wrong)], body.clone()).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    // Its account has a profile already.
    let body = newcomer("umi", &person.email, "password1");
    let own = post_with(
        &world,
        "/signup",
        &[("authorization", &bearer)],
        body.clone(),
    )
    .await;
    own.expect_error(409, "conflict", &[]);
    disable(&world, &person);
    let disabled = post_with(&world, "/signup", &[("authorization", &bearer)], body).await;
    disabled.expect_error(401, "access_token_invalid", &[]);

    assert_eq!(
        items(&world)
            .iter()
            .filter(|item| item["sk"]["S"] == "ACCOUNT")
            .count(),
        1
    );
}

#[tokio::test]
async fn an_idempotency_key_gives_the_same_account_with_new_tokens() {
    let world = World::new().await;
    let keyed = async |key: &str, body: Value| {
        post_with(&world, "/signup", &[("idempotency-key", key)], body).await
    };
    let body = newcomer("hana", "hana@example.jp", "password1");
    let first = keyed("k1", body.clone()).await.expect(201);
    let again = keyed("k1", body.clone()).await.expect(201);
    for field in ["user_id", "username", "email"] {
        assert_eq!(first.text(field), again.text(field));
    }
    for answer in [&first, &again] {
        let token = answer.text("access_token");
        world
            .call("GET", "/me/rooms", Some(&token), None)
            .await
            .expect(200);
        refresh(&world, &answer.text("refresh_token"))
            .await
            .expect(200);
    }
    assert_ne!(first.text("refresh_token"), again.text("refresh_token"));
    assert_eq!(mails(&world, "hana@example.jp").await, 1);

    for other in [
        newcomer("hana2", "hana@example.jp", "password1"),
        newcomer("hana", "HANA@example.jp", "password1"),
        newcomer("hana", "hana@example.jp", "password2"),
    ] {
        keyed("k1", other).await.expect_error(409, "conflict", &[]);
    }
    let other_key = keyed("k2", body.clone()).await;
    let both = ["email: already_exists", "username: already_exists"];
    other_key.expect_error(409, "conflict", &both);

    // After a day the key is forgotten, the account is not.
    later(&world, 24 * 60 * 60 - 1);
    keyed("k1", body.clone()).await.expect(201);
    later(&world, 1);
    keyed("k1", body).await.expect_error(409, "conflict", &both);
}

#[tokio::test]
async fn two_people_who_choose_the_same_idempotency_key_both_sign_up() {
    let world = World::new().await;
    let headers = [("idempotency-key", "1")];
    let mut ids = Vec::new();
    for name in ["hana", "sora", "hana"] {
        let body = newcomer(name, &format!("{name}@example.jp"), "password1");
        let answer = post_with(&world, "/signup", &headers, body).await;
        ids.push(answer.expect(201).text("user_id"));
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids[0], ids[2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_idempotency_key_used_many_times_at_once_makes_one_account() {
    let world = World::new().await;
    let headers = [("idempotency-key", "k1")];
    let all = (0..6).map(|_| {
        let body = newcomer("hana", "hana@example.jp", "password1");
        post_with(&world, "/signup", &headers, body)
    });
    let answers = join_all(all).await;
    let id = answers[0].text("user_id");
    for answer in answers {
        let answer = answer.expect(201);
        assert_eq!(answer.text("user_id"), id);
        refresh(&world, &answer.text("refresh_token"))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn an_idempotency_key_has_one_to_255_characters() {
    let world = World::new().await;
    let body = newcomer("hana", "hana@example.jp", "password1");
    let long = "k".repeat(256);
    for wrong in ["", &long, "鍵"] {
        let headers = [("idempotency-key", wrong)];
        let answer = post_with(&world, "/signup", &headers, body.clone()).await;
        answer.expect_error(400, "invalid_parameter", &["Idempotency-Key: invalid"]);
    }
    let headers = [("idempotency-key", &long[1..])];
    post_with(&world, "/signup", &headers, body)
        .await
        .expect(201);
}

#[tokio::test]
async fn sign_ups_are_throttled_by_address_and_by_email() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("RegisterRate".into(), "4/1h".into());
        options
            .parameters
            .insert("RegisterEmailRate".into(), "2/1h".into());
    })
    .await;
    later(&world, 600);
    sign_up(&world, "hana", "hana@example.jp", "password1")
        .await
        .expect(201);
    let taken = sign_up(&world, "umi", "Hana@example.jp", "password1").await;
    taken.expect(409);
    let email = sign_up(&world, "umi", "HANA@example.jp", "password1").await;
    let email = email.expect_error(429, "too_many_requests", &[]);
    assert_eq!(header_of(&email, header::RETRY_AFTER), "3000");
    sign_up(&world, "sora", "sora@example.jp", "password1")
        .await
        .expect(201);
    let address = sign_up(&world, "riku", "riku@example.jp", "password1").await;
    let address = address.expect_error(429, "too_many_requests", &[]);
    assert_eq!(header_of(&address, header::RETRY_AFTER), "3000");

    later(&world, 3000);
    sign_up(&world, "riku", "riku@example.jp", "password1")
        .await
        .expect(201);
}
