//! `POST /api/users/register`.

mod birthdays;
mod close;
mod me;
pub mod photo;

use futures_util::future::join_all;
use http::header;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    identity::{
        account, disable, header_of, items, later, log_in, mailed, mails, newcomer as signing_up,
        part_of_token, post, post_with,
    },
    support::{Answer, Person, World, text, tokyo},
};

/// What `POST /api/users/register` takes.
fn newcomer(name: &str) -> Value {
    json!({
        "email": format!("{name}@example.com"), "password": format!("correct horse {name}"),
        "name": name, "birth_date": "1995-03-02", "gender": "female",
    })
}

/// [`newcomer`] with one value changed.
fn but(field: &str, value: Value) -> Value {
    let mut body = newcomer("seoyeon");
    body[field] = value;
    body
}

async fn register(world: &World, body: Value) -> Answer {
    post(world, "/api/users/register", body).await
}

/// Follows the link in the mail to a [`newcomer`].
async fn verify(world: &World, name: &str) {
    let token = mailed(world, &format!("{name}@example.com")).await;
    let proof = json!({"token": token, "password": format!("correct horse {name}")});
    post(world, "/api/auth/email/verify", proof)
        .await
        .expect(204);
    world.stack.settle().await;
}

/// Adds the saju profile to somebody's account.
async fn join(world: &World, person: &Person, key: &str, body: Value) -> Answer {
    let bearer = format!("Bearer {}", person.access_token);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    post_with(world, "/api/users/register", &headers, body).await
}

/// Somebody's profile as it lies in the table, if there is one.
fn profile(world: &World, id: &str) -> Option<Value> {
    let table = &world.stack.environment()["SajuMe"]["SAJU_TABLE"];
    let key = json!({"pk": {"S": format!("USER#{id}")}, "sk": {"S": "PROFILE"}});
    let request = json!({"TableName": table, "Key": key, "ConsistentRead": true});
    let request = enishi_local::database::from_json(request).unwrap();
    let answer = world.stack.database().get_item(request).unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    answer.get("Item").cloned()
}

/// Where somebody stands in the pool.
fn listed(world: &World, id: &str) -> String {
    text(&profile(world, id).unwrap()["listing_key"]["S"])
}

fn accounts(world: &World) -> usize {
    let is_account = |item: &&Value| item["sk"]["S"] == "ACCOUNT";
    items(world).iter().filter(is_account).count()
}

#[tokio::test]
async fn registering_answers_the_account_and_logs_nobody_in() {
    let world = World::new().await;
    let body = but("name", json!("서연"));
    let answer = register(&world, body).await.expect(201);
    let id = answer.text("user_id");
    assert_eq!(
        answer.body,
        json!({"user_id": id, "name": "서연", "email": "seoyeon@example.com"})
    );
    assert_eq!(header_of(&answer, header::CACHE_CONTROL), "no-store");

    // The address is to be proved, as after every sign-up.
    let token = mailed(&world, "seoyeon@example.com").await;
    let proof = json!({"token": token, "password": "correct horse seoyeon"});
    post(&world, "/api/auth/email/verify", proof)
        .await
        .expect(204);
    world.stack.settle().await;

    let body = json!({"email": "SEOYEON@example.com", "password": "correct horse seoyeon"});
    let answer = post(&world, "/api/users/login", body).await.expect(200);
    let claims = part_of_token(&answer.text("access_token"), 1);
    assert_eq!(
        (text(&claims["sub"]), text(&claims["name"])),
        (id.clone(), "서연".into())
    );
    assert_eq!(listed(&world, &id), "POOL#female#male#1995-03-02");
}

#[tokio::test]
async fn whoever_does_not_say_looks_for_the_opposite_gender_or_for_everyone() {
    let world = World::new().await;
    for (gender, pool) in [
        ("female", "POOL#female#male#1995-03-02"),
        ("male", "POOL#male#female#1995-03-02"),
        ("other", "POOL#other#any#1995-03-02"),
    ] {
        let mut body = newcomer(gender);
        body["gender"] = json!(gender);
        let id = register(&world, body).await.expect(201).text("user_id");
        verify(&world, gender).await;
        assert_eq!(listed(&world, &id), pool);
    }
}

#[tokio::test]
async fn every_wrong_value_is_named() {
    let world = World::new().await;
    let long = |count| json!("가".repeat(count));
    for (field, wrong) in [
        ("email", json!("seoyeon")),
        (
            "email",
            json!(format!("{}@{}.kr", "a".repeat(64), "b".repeat(187))),
        ),
        ("email", json!(null)),
        ("password", json!("1234567")),
        ("password", long(129)),
        ("name", json!("")),
        ("name", json!("  ")),
        ("name", json!(" 서연")),
        ("name", json!("서\n연")),
        ("name", long(101)),
        ("name", json!(7)),
        ("birth_date", json!("1995-3-2")),
        ("birth_date", json!("19950302")),
        ("birth_date", json!("1995-03-02T00:00:00Z")),
        ("birth_date", json!("2007-02-29")),
        ("birth_date", json!("1995-13-01")),
        ("birth_date", json!("1919-12-31")),
        ("birth_date", json!("2050-12-31")),
        ("birth_date", json!("2051-01-01")),
        ("birth_date", json!("")),
        ("birth_date", json!(19_950_302)),
        ("gender", json!("Female")),
        ("gender", json!("any")),
        ("gender", json!(null)),
        ("gender", json!(1)),
        ("gender", json!(["female"])),
        ("username", json!("seoyeon")),
    ] {
        let answer = register(&world, but(field, wrong.clone())).await;
        let answer = answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
        assert_eq!(
            answer.body["error"], answer.body["message"],
            "{field}: {wrong}"
        );
    }
    for field in ["email", "password", "name", "birth_date", "gender"] {
        let mut body = newcomer("seoyeon");
        body.as_object_mut().unwrap().remove(field);
        let missing = format!("{field}: missing_field");
        let answer = register(&world, body).await;
        answer.expect_error(400, "invalid_parameter", &[&missing]);
    }
    assert_eq!(accounts(&world), 0);

    register(&world, but("name", long(100))).await.expect(201);
    let mut oldest = newcomer("oldest");
    oldest["birth_date"] = json!("1920-01-01");
    register(&world, oldest).await.expect(201);
}

#[tokio::test]
async fn one_must_have_turned_19_in_korea() {
    let world = World::new().await;
    let born = |date: &str, name: &str| {
        let mut body = newcomer(name);
        body["birth_date"] = json!(date);
        register(&world, body)
    };
    let refused = ["birth_date: invalid"];
    let set = |time: &str| world.stack.clock().set(Some(tokyo(time)));

    born("2007-11-20", "today").await.expect(201);
    let answer = born("2007-11-21", "tomorrow").await;
    let answer = answer.expect_error(400, "invalid_parameter", &refused);
    assert_eq!(answer.body["message"], "you must be 19 or older");
    let future = born("2026-11-21", "future").await;
    future.expect_error(400, "invalid_parameter", &refused);

    set("2026-11-20T23:59:59");
    let still = born("2007-11-21", "tomorrow").await;
    still.expect_error(400, "invalid_parameter", &refused);
    set("2026-11-21T00:00:00");
    born("2007-11-21", "tomorrow").await.expect(201);

    // The years of a 29 February are complete on 1 March.
    set("2027-02-28T23:59:59");
    let leap = born("2008-02-29", "leap").await;
    leap.expect_error(400, "invalid_parameter", &refused);
    set("2027-03-01T00:00:00");
    born("2008-02-29", "leap").await.expect(201);
}

#[tokio::test]
async fn a_taken_email_is_named_whichever_product_it_registered_with() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    register(&world, newcomer("seoyeon")).await.expect(201);
    let taken = ["email: already_exists"];
    for email in ["hana@example.com", "Seoyeon@EXAMPLE.com"] {
        let answer = register(&world, but("email", json!(email))).await;
        let answer = answer.expect_error(409, "conflict", &taken);
        assert_eq!(answer.body["error"], "email is already in use");
    }
    let body = signing_up("seoyeon", "seoyeon@example.com", "password1");
    let answer = post(&world, "/signup", body).await;
    answer.expect_error(409, "conflict", &taken);

    assert_eq!(accounts(&world), 2);
    assert_eq!(mails(&world, "seoyeon@example.com").await, 1);
    assert!(profile(&world, &hana.id).is_none());
    log_in(&world, &hana.email, &hana.password)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_one_email_at_once_one_gets_it() {
    let world = World::new().await;
    let many = (0..6).map(|number| register(&world, but("name", json!(format!("p{number}")))));
    let answers = join_all(many).await;
    let (created, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(created.len(), 1);
    for answer in refused {
        answer.expect_error(409, "conflict", &["email: already_exists"]);
    }
    assert_eq!(accounts(&world), 1);
    assert_eq!(mails(&world, "seoyeon@example.com").await, 1);
    assert!(profile(&world, &created[0].text("user_id")).is_some());
}

#[tokio::test]
async fn with_the_token_of_an_account_the_saju_profile_is_added_to_it() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    world.sign_up("sora").await;
    let body = |email: &str, name: &str| {
        let mut body = newcomer(name);
        body["email"] = json!(email);
        body
    };
    let taken = ["email: already_exists"];
    for (key, email) in [("1", "nobody@example.com"), ("2", "sora@example.com")] {
        let answer = join(&world, &hana, key, body(email, "하나")).await;
        answer.expect_error(409, "conflict", &taken);
    }
    let first = join(&world, &hana, "3", body("HANA@example.com", "하나")).await;
    let first = first.expect(201);
    assert_eq!(
        first.body,
        json!({"user_id": hana.id, "name": "하나", "email": "hana@example.com"})
    );
    let stored = account(&world, &hana);
    assert_eq!(
        stored["products"],
        json!({"L": [{"S": "rooms"}, {"S": "saju"}]})
    );
    assert_eq!(
        (&stored["username"], &stored["name"]),
        (&json!({"S": "hana"}), &json!({"S": "하나"}))
    );
    verify(&world, "hana").await;
    assert_eq!(listed(&world, &hana.id), "POOL#female#male#1995-03-02");

    // The same once more is recognised; with another key it has the profile.
    let again = join(&world, &hana, "3", body("HANA@example.com", "하나")).await;
    assert_eq!(again.expect(201).body, first.body);
    let other = join(&world, &hana, "3", body("HANA@example.com", "두나")).await;
    other.expect_error(409, "conflict", &[]);
    let second = join(&world, &hana, "4", body("hana@example.com", "두나")).await;
    let second = second.expect_error(409, "conflict", &[]);
    assert_eq!(
        second.body["message"],
        "your account has this profile already"
    );
    assert_eq!(
        text(&profile(&world, &hana.id).unwrap()["name"]["S"]),
        "하나"
    );

    // The password was ignored, no second mail sent, and rooms goes on.
    log_in(&world, &hana.email, "correct horse 하나")
        .await
        .expect(401);
    let token = log_in(&world, &hana.email, &hana.password)
        .await
        .expect(200);
    let name = part_of_token(&token.text("access_token"), 1)["name"].clone();
    assert_eq!(name, "hana");
    assert_eq!(mails(&world, &hana.email).await, 1);
    world.get(&hana, "/me/rooms").await.expect(200);
}

#[tokio::test]
async fn with_the_token_of_a_saju_account_the_rooms_profile_is_added_to_it() {
    let world = World::new().await;
    let person = super::register(&world, "seoyeon", "1995-03-02", "female").await;
    let bearer = format!("Bearer {}", person.access_token);
    let body = signing_up("yeon", &person.email, "password1");
    let headers = [("authorization", bearer.as_str())];
    let answer = post_with(&world, "/signup", &headers, body.clone()).await;
    let answer = answer.expect(201);
    assert_eq!(answer.text("user_id"), person.id);
    let claims = part_of_token(&answer.text("access_token"), 1);
    assert_eq!(claims["name"], "yeon");
    assert_eq!(
        account(&world, &person)["products"],
        json!({"L": [{"S": "saju"}, {"S": "rooms"}]})
    );
    let again = post_with(&world, "/signup", &headers, body).await;
    again.expect_error(409, "conflict", &[]);
}

#[tokio::test]
async fn a_bad_token_or_a_disabled_account_makes_nothing() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let mut stranger = hana.clone();
    stranger.access_token.pop();
    let answer = join(&world, &stranger, "1", newcomer("hana")).await;
    answer.expect_error(401, "access_token_invalid", &[]);
    disable(&world, &hana);
    let answer = join(&world, &hana, "2", newcomer("hana")).await;
    answer.expect_error(401, "access_token_invalid", &[]);
    assert!(profile(&world, &hana.id).is_none());
}

#[tokio::test]
async fn an_idempotency_key_answers_the_same_account() {
    let world = World::new().await;
    let keyed = async |key: &str, body: Value| {
        post_with(
            &world,
            "/api/users/register",
            &[("idempotency-key", key)],
            body,
        )
        .await
    };
    let first = keyed("k1", newcomer("seoyeon")).await.expect(201);
    let again = keyed("k1", newcomer("seoyeon")).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(mails(&world, "seoyeon@example.com").await, 1);
    for (field, other) in [
        ("email", json!("Seoyeon@example.com")),
        ("password", json!("another password")),
        ("name", json!("other")),
        ("birth_date", json!("1995-03-03")),
        ("gender", json!("other")),
    ] {
        let answer = keyed("k1", but(field, other)).await;
        answer.expect_error(409, "conflict", &[]);
    }
    let taken = ["email: already_exists"];
    let answer = keyed("k2", newcomer("seoyeon")).await;
    answer.expect_error(409, "conflict", &taken);
    // Another's key is another, and so is one of `/signup`.
    let other = but("email", json!("other@example.com"));
    keyed("k1", other).await.expect(201);
    let body = signing_up("hana", "hana@example.com", "password1");
    post_with(&world, "/signup", &[("idempotency-key", "k1")], body)
        .await
        .expect(201);
    later(&world, SignedDuration::from_hours(24).as_secs());
    let answer = keyed("k1", newcomer("seoyeon")).await;
    answer.expect_error(409, "conflict", &taken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_idempotency_key_used_many_times_at_once_makes_one_account() {
    let world = World::new().await;
    let headers = [("idempotency-key", "k1")];
    let path = "/api/users/register";
    let all = (0..6).map(|_| post_with(&world, path, &headers, newcomer("seoyeon")));
    let answers = join_all(all).await;
    for answer in &answers {
        assert_eq!(
            (answer.status.as_u16(), &answer.body),
            (201, &answers[0].body)
        );
    }
    assert_eq!(accounts(&world), 1);
}

#[tokio::test]
async fn registering_is_throttled_by_address_and_by_email_with_sign_ups() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("RegisterRate".into(), "3/1h".into());
        options
            .parameters
            .insert("RegisterEmailRate".into(), "1/1h".into());
    })
    .await;
    register(&world, newcomer("seoyeon")).await.expect(201);
    let body = signing_up("seoyeon", "Seoyeon@example.com", "password1");
    let answer = post(&world, "/signup", body).await;
    let answer = answer.expect_error(429, "too_many_requests", &[]);
    assert_eq!(header_of(&answer, header::RETRY_AFTER), "3600");
    register(&world, newcomer("jiwoo")).await.expect(201);
    let answer = register(&world, newcomer("minjun")).await;
    answer.expect_error(429, "too_many_requests", &[]);
}
