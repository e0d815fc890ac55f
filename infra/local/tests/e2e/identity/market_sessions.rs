//! `POST /api/session`: who is let in with a Firebase ID token, and what it makes of them.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_local::firebase::PROJECT;
use insta::assert_json_snapshot;

use super::*;

/// Somebody at Firebase, with an ID token.
pub struct Caller {
    pub uid: String,
    pub email: String,
    pub id_token: String,
}

const PASSWORD: &str = "secret at Firebase";

/// What an app or a server asks of the emulator.
async fn ask(world: &World, path: &str, body: Value) -> Answer {
    let uri = format!(
        "{}/identitytoolkit.googleapis.com/v1/{path}",
        world.stack.aws_url()
    );
    let request = Request::post(uri)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, "Bearer owner")
        .body(body.to_string().into())
        .unwrap();
    world.send_anywhere(request).await.expect(200)
}

/// Signs somebody up at Firebase, with an unverified address.
pub async fn unverified(world: &World, email: &str) -> Caller {
    let body = json!({"email": email, "password": PASSWORD, "displayName": "花"});
    let answer = ask(world, "accounts:signUp?key=any", body).await;
    Caller {
        uid: answer.text("localId"),
        email: email.to_owned(),
        id_token: answer.text("idToken"),
    }
}

/// Their address is verified at Firebase from now on; here is the token that says so.
pub async fn verify(world: &World, caller: Caller) -> Caller {
    let body = json!({"localId": caller.uid, "emailVerified": true});
    ask(world, &format!("projects/{PROJECT}/accounts:update"), body).await;
    let body = json!({"email": caller.email, "password": PASSWORD});
    let answer = ask(world, "accounts:signInWithPassword?key=any", body).await;
    let id_token = answer.text("idToken");
    Caller { id_token, ..caller }
}

/// Somebody with a verified address.
pub async fn verified(world: &World, email: &str) -> Caller {
    let caller = unverified(world, email).await;
    verify(world, caller).await
}

/// An emulator's token with these claims beside those that every token has.
pub fn forged(world: &World, uid: &str, more: &Value) -> String {
    let now = world.stack.clock().now().as_second();
    let mut claims = json!({
        "iss": format!("https://securetoken.google.com/{PROJECT}"),
        "aud": PROJECT, "sub": uid, "iat": now, "exp": now + 3600, "auth_time": now,
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(json!({"alg": "none"})), part(claims))
}

/// Logs in to the market.
pub async fn begin(world: &World, id_token: &str) -> Answer {
    post(world, "/api/session", json!({"id_token": id_token})).await
}

/// Logs in, as somebody that the other helpers take.
pub async fn enter(world: &World, caller: &Caller) -> Person {
    let answer = begin(world, &caller.id_token).await.expect(200);
    Person {
        id: text(&part_of_token(&answer.text("access_token"), 1)["sub"]),
        name: "花".into(),
        email: caller.email.clone(),
        password: String::new(),
        access_token: answer.text("access_token"),
        refresh_token: answer.text("session_key"),
    }
}

/// How many items have a partition key that begins so.
pub fn rows(world: &World, prefix: &str) -> usize {
    let items = items(world);
    let keys = items.iter().map(|item| attribute(item, "pk"));
    keys.filter(|key| key.starts_with(prefix)).count()
}

/// The products of an account.
pub fn products(world: &World, person: &Person) -> Vec<String> {
    let account = account(world, person);
    let products = account["products"]["L"].as_array().unwrap();
    products.iter().map(|one| text(&one["S"])).collect()
}

#[tokio::test]
async fn the_first_token_makes_the_customer() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let answer = begin(&world, &hana.id_token).await.expect(200);
    assert_json_snapshot!(answer.body, {
        ".access_token" => "[jwt]", ".session_key" => "[key]",
    }, @r#"
    {
      "access_token": "[jwt]",
      "expires_in": 900,
      "session_key": "[key]"
    }
    "#);
    assert_eq!(header_of(&answer, header::CACHE_CONTROL), "no-store");
    let token = answer.text("access_token");
    let me = world
        .call("GET", "/api/users/me", Some(&token), None)
        .await
        .expect(200);
    assert_eq!(me.text("email"), "hana@example.com");
    assert_eq!(me.text("name"), "花");

    let hana = enter(&world, &hana).await;
    assert_eq!(
        hana.id,
        me.text("user_id"),
        "the second log-in is the same customer"
    );
    assert_ne!(hana.refresh_token, answer.text("session_key"));
    assert_eq!(products(&world, &hana), ["market"]);
    let account = account(&world, &hana);
    assert!(account["email_verified_at"]["S"].is_string());
    assert!(account["password_hash"].is_null());
    assert!(account["username"].is_null());
    for kind in ["ACCOUNT#", "EMAIL#", "FIREBASE#", "OUTBOX#"] {
        let expected = if kind == "ACCOUNT#" { 5 } else { 1 };
        assert_eq!(rows(&world, kind), expected, "{kind}");
    }
    // Firebase has asked already whether the address is theirs.
    assert_eq!(mails(&world, "hana@example.com").await, 0);
    log_in(&world, "hana@example.com", PASSWORD)
        .await
        .expect(401);
}

#[tokio::test]
async fn an_unverified_address_is_asked_and_becomes_verified_at_either_side() {
    let world = World::new().await;
    let hana = unverified(&world, "hana@example.com").await;
    let person = enter(&world, &hana).await;
    let is_verified = || account(&world, &person)["email_verified_at"]["S"].is_string();
    assert!(!is_verified());
    assert_eq!(mails(&world, "hana@example.com").await, 1);
    enter(&world, &hana).await;
    assert!(!is_verified());
    let hana = verify(&world, hana).await;
    assert_eq!(enter(&world, &hana).await.id, person.id);
    assert!(is_verified());

    let sora = unverified(&world, "sora@example.com").await;
    let person = enter(&world, &sora).await;
    prove(&world, &person).await;
    // What is verified here stays so, whatever Firebase knows of it.
    assert_eq!(enter(&world, &sora).await.id, person.id);
    assert!(account(&world, &person)["email_verified_at"]["S"].is_string());
}

#[tokio::test]
async fn a_verified_operator_is_one_here_too() {
    let world = World::new().await;
    let email = enishi_local::stack::OPERATOR_EMAIL;
    let caller = unverified(&world, email).await;
    let scope = |person: &Person| part_of_token(&person.access_token, 1)["scope"].clone();
    let before = scope(&enter(&world, &caller).await);
    let caller = verify(&world, caller).await;
    let after = scope(&enter(&world, &caller).await);
    assert!(!before.to_string().contains("operator"), "{before}");
    assert!(after.to_string().contains("operator"), "{after}");
}

#[tokio::test]
async fn a_body_that_is_none_and_a_token_that_is_none_are_refused() {
    let world = World::new().await;
    for (body, field) in [
        (json!({}), "id_token: missing_field"),
        (json!({"id_token": ""}), "id_token: invalid"),
        (json!({"id_token": 1}), "id_token: invalid"),
        (json!({"id_token": "x".repeat(8193)}), "id_token: invalid"),
        (json!({"id_token": "x", "uid": "y"}), "uid: invalid"),
    ] {
        let answer = post(&world, "/api/session", body).await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
    let sora = world.sign_up("sora").await;
    let elsewhere = json!({"aud": "other", "email": "a@example.com"});
    let issued = json!({"iss": "https://example.com", "email": "a@example.com"});
    for wrong in [
        "x".to_owned(),
        "e30.e30.".to_owned(),
        sora.access_token.clone(),
        sora.refresh_token.clone(),
        forged(&world, "uid", &elsewhere),
        forged(&world, "uid", &issued),
        forged(&world, "", &json!({"email": "a@example.com"})),
        format!(
            "{}c2ln",
            forged(&world, "uid", &json!({"email": "a@example.com"}))
        ),
    ] {
        let answer = begin(&world, &wrong).await;
        let answer = answer.expect_error(401, "access_token_invalid", &[]);
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    let hana = verified(&world, "hana@example.com").await;
    later(&world, 3600);
    let answer = begin(&world, &hana.id_token).await;
    answer.expect_error(401, "access_token_expired", &[]);
    assert_eq!(rows(&world, "FIREBASE#"), 0);
}

#[tokio::test]
async fn an_account_without_an_address_is_told_that_it_needs_one() {
    let world = World::new().await;
    for claims in [
        json!({}),
        json!({"email": "", "email_verified": true}),
        json!({"email": "no address", "email_verified": true}),
    ] {
        let answer = begin(&world, &forged(&world, "uid", &claims)).await;
        let answer = answer.expect_error(400, "invalid_parameter", &["id_token: invalid"]);
        assert!(answer.text("message").contains("e-mail"), "{}", answer.text);
    }
    assert_eq!(rows(&world, "FIREBASE#"), 0);
    // Whoever is known stays known, even if the address is taken away there.
    let claims = json!({"email": "hana@example.com", "email_verified": true, "name": "\u{7}\n"});
    let first = begin(&world, &forged(&world, "uid", &claims))
        .await
        .expect(200);
    let second = begin(&world, &forged(&world, "uid", &json!({})))
        .await
        .expect(200);
    let id = |answer: &Answer| part_of_token(&answer.text("access_token"), 1)["sub"].clone();
    assert_eq!(id(&first), id(&second));
}

#[tokio::test]
async fn a_disabled_account_is_closed_to_firebase_too() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let person = enter(&world, &hana).await;
    disable(&world, &person);
    let answer = begin(&world, &hana.id_token).await;
    answer.expect_error(401, "access_token_invalid", &[]);
    // Nor does another identity get at it.
    let claims = json!({"email": "hana@example.com", "email_verified": true});
    let answer = begin(&world, &forged(&world, "another", &claims)).await;
    answer.expect_error(409, "conflict", &["email: already_exists"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_first_tokens_at_once_make_one_account() {
    for round in 0..6 {
        let world = World::new().await;
        // Every other time the address is no proof of anything.
        let hana = match round % 2 {
            0 => verified(&world, "hana@example.com").await,
            _ => unverified(&world, "hana@example.com").await,
        };
        let (one, other) =
            tokio::join!(begin(&world, &hana.id_token), begin(&world, &hana.id_token));
        let id = |answer: Answer| {
            text(&part_of_token(&answer.expect(200).text("access_token"), 1)["sub"])
        };
        assert_eq!(id(one), id(other), "round {round}");
        for kind in ["EMAIL#", "FIREBASE#", "OUTBOX#"] {
            assert_eq!(rows(&world, kind), 1, "{kind}");
        }
        let accounts = items(&world);
        let accounts = accounts
            .iter()
            .filter(|item| attribute(item, "sk") == "ACCOUNT");
        assert_eq!(accounts.count(), 1);
    }
}

#[tokio::test]
async fn closing_the_account_frees_the_uid() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let before = enter(&world, &hana).await;
    let token = Some(before.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    assert_eq!(rows(&world, "FIREBASE#"), 0);
    assert_eq!(rows(&world, "EMAIL#"), 0);
    super::session_keys::renew(&world, &before.refresh_token)
        .await
        .expect_error(401, "access_token_invalid", &[]);
    let after = enter(&world, &hana).await;
    assert_ne!(after.id, before.id);
    assert_eq!(rows(&world, "FIREBASE#"), 1);
}

#[tokio::test]
async fn log_ins_are_throttled_by_uid_and_by_address() {
    let world = World::with(|options| {
        options.parameters.insert("LoginRate".into(), "2/5m".into());
        options
            .parameters
            .insert("LoginAddressRate".into(), "8/5m".into());
    })
    .await;
    let hana = verified(&world, "hana@example.com").await;
    let sora = verified(&world, "sora@example.com").await;
    later(&world, 100);
    for _ in 0..2 {
        enter(&world, &hana).await;
    }
    let answer = begin(&world, &hana.id_token).await;
    let answer = answer.expect_error(429, "too_many_requests", &[]);
    assert_eq!(header_of(&answer, header::RETRY_AFTER), "200");
    enter(&world, &sora).await;
    for _ in 0..4 {
        begin(&world, "x").await.expect(401);
    }
    let answer = begin(&world, &sora.id_token).await;
    answer.expect_error(429, "too_many_requests", &[]);
    later(&world, 200);
    enter(&world, &hana).await;
}
