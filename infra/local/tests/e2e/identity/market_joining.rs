//! `POST /api/session` where the e-mail has an account already: who joins it, and who does not get
//! at it.

use super::{
    market_sessions::{begin, enter, forged, products, rows, unverified, verified, verify},
    *,
};

#[track_caller]
fn refused(answer: Answer) {
    let answer = answer.expect_error(409, "conflict", &["email: already_exists"]);
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn an_account_is_joined_when_both_addresses_are_verified() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    prove(&world, &hana).await;
    let sent = mails(&world, &hana.email).await;
    let caller = verified(&world, "Hana@Example.com").await;
    for _ in 0..2 {
        assert_eq!(enter(&world, &caller).await.id, hana.id);
        assert_eq!(products(&world, &hana), ["rooms", "market"]);
    }
    assert_eq!(rows(&world, "FIREBASE#"), 1);
    assert_eq!(rows(&world, "EMAIL#"), 1);
    assert_eq!(mails(&world, &hana.email).await, sent);
    // What it was before, it still is.
    let account = account(&world, &hana);
    assert_eq!(attribute(&account, "username"), "hana");
    assert_eq!(attribute(&account, "firebase_uid"), caller.uid);
}

#[tokio::test]
async fn joining_ends_older_sessions_and_drops_the_older_password() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    prove(&world, &hana).await;
    let other = log_in(&world, &hana.email, &hana.password).await;
    let other = other.expect(200).text("refresh_token");
    let caller = verified(&world, &hana.email).await;
    let joined = enter(&world, &caller).await;
    for older in [&hana.refresh_token, &other] {
        let answer = refresh(&world, older).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    log_in(&world, &hana.email, &hana.password)
        .await
        .expect(401);
    assert!(account(&world, &hana)["password_hash"].is_null());
    // What began with the proof goes on, whoever logs in again.
    enter(&world, &caller).await;
    super::session_keys::renew(&world, &joined.refresh_token)
        .await
        .expect(200);

    // A new password is one beside Firebase.
    let body = json!({"email": hana.email});
    post(&world, "/api/auth/password/forgot", body)
        .await
        .expect(202);
    let token = mailed(&world, &hana.email).await;
    let body = json!({"token": token, "password": "a quiet evening"});
    post(&world, "/api/auth/password/reset", body)
        .await
        .expect(204);
    for _ in 0..2 {
        assert_eq!(enter(&world, &caller).await.id, hana.id);
        log_in(&world, &hana.email, "a quiet evening")
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn a_uid_whose_address_becomes_verified_ends_older_sessions() {
    let world = World::new().await;
    // Somebody signs up at Firebase with another's address, and its owner gets hold of that account.
    let stranger = unverified(&world, "hana@example.com").await;
    let before = enter(&world, &stranger).await;
    let owner = verify(&world, stranger).await;
    let after = enter(&world, &owner).await;
    assert_eq!(after.id, before.id);
    super::session_keys::renew(&world, &before.refresh_token)
        .await
        .expect_error(401, "access_token_invalid", &[]);
    enter(&world, &owner).await;
    super::session_keys::renew(&world, &after.refresh_token)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_known_uid_becomes_a_customer_only_once() {
    let world = World::new().await;
    let caller = verified(&world, "hana@example.com").await;
    let hana = enter(&world, &caller).await;
    edit_account(&world, &hana, |account| {
        account["products"] = json!({"L": [{"S": "saju"}]});
    });
    for _ in 0..2 {
        enter(&world, &caller).await;
        assert_eq!(products(&world, &hana), ["saju", "market"]);
    }
}

#[tokio::test]
async fn nothing_is_joined_while_either_address_is_unverified() {
    let world = World::new().await;
    // Neither, then Firebase only, then both.
    let hana = world.sign_up("hana").await;
    let caller = unverified(&world, &hana.email).await;
    refused(begin(&world, &caller.id_token).await);
    let caller = verify(&world, caller).await;
    refused(begin(&world, &caller.id_token).await);
    assert_eq!(rows(&world, "FIREBASE#"), 0);
    prove(&world, &hana).await;
    assert_eq!(enter(&world, &caller).await.id, hana.id);

    // The account only, then both.
    let sora = world.sign_up("sora").await;
    prove(&world, &sora).await;
    let caller = unverified(&world, &sora.email).await;
    refused(begin(&world, &caller.id_token).await);
    assert_eq!(products(&world, &sora), ["rooms"]);
    let caller = verify(&world, caller).await;
    assert_eq!(enter(&world, &caller).await.id, sora.id);
}

#[tokio::test]
async fn another_identity_with_the_same_address_gets_nothing() {
    let world = World::new().await;
    let caller = verified(&world, "hana@example.com").await;
    let hana = enter(&world, &caller).await;
    let claims = json!({"email": "hana@example.com", "email_verified": true});
    refused(begin(&world, &forged(&world, "another", &claims)).await);
    assert_eq!(
        attribute(&account(&world, &hana), "firebase_uid"),
        caller.uid
    );
    assert_eq!(enter(&world, &caller).await.id, hana.id);
}

#[tokio::test]
async fn a_known_uid_with_anothers_address_stays_who_it_is() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    prove(&world, &hana).await;
    let thief = unverified(&world, "thief@example.com").await;
    let person = enter(&world, &thief).await;
    for verified in [false, true] {
        let claims = json!({"email": hana.email, "email_verified": verified});
        let answer = begin(&world, &forged(&world, &thief.uid, &claims)).await;
        let token = answer.expect(200).text("access_token");
        assert_eq!(part_of_token(&token, 1)["sub"], person.id.as_str());
        assert_eq!(part_of_token(&token, 1)["email"], "thief@example.com");
    }
    let account = account(&world, &person);
    assert_eq!(attribute(&account, "email"), "thief@example.com");
    // Another address says nothing about the account's.
    assert!(account["email_verified_at"].is_null());
}

#[tokio::test]
async fn who_signed_up_with_anothers_address_is_out_once_its_owner_sets_a_password() {
    let world = World::new().await;
    let thief = unverified(&world, "hana@example.com").await;
    let person = enter(&world, &thief).await;
    // The owner signs up, learns that there is an account, and asks for a new password.
    let body = newcomer("hana", "hana@example.com", "password of hana");
    post(&world, "/signup", body)
        .await
        .expect_error(409, "conflict", &["email: already_exists"]);
    let body = json!({"email": "hana@example.com"});
    post(&world, "/api/auth/password/forgot", body)
        .await
        .expect(202);
    let body = json!({
        "token": mailed(&world, "hana@example.com").await, "password": "password of hana",
    });
    for _ in 0..2 {
        post(&world, "/api/auth/password/reset", body.clone())
            .await
            .expect(204);
    }

    assert_eq!(rows(&world, "FIREBASE#"), 0);
    assert!(account(&world, &person)["firebase_uid"].is_null());
    refused(begin(&world, &thief.id_token).await);
    super::session_keys::renew(&world, &person.refresh_token)
        .await
        .expect_error(401, "access_token_invalid", &[]);
    log_in(&world, "hana@example.com", "password of hana")
        .await
        .expect(200);
    // Who proves the address at Firebase as well is its owner.
    let owner = verify(&world, thief).await;
    assert_eq!(enter(&world, &owner).await.id, person.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_joins_at_once_are_one() {
    for round in 0..5 {
        let world = World::new().await;
        let hana = world.sign_up("hana").await;
        prove(&world, &hana).await;
        let caller = verified(&world, &hana.email).await;
        let (one, other) = tokio::join!(enter(&world, &caller), enter(&world, &caller));
        assert_eq!([&one.id, &other.id], [&hana.id; 2], "round {round}");
        assert_eq!(products(&world, &hana), ["rooms", "market"]);
    }
}
