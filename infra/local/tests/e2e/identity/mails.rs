//! The mails, and what their links are for: `…/email/verify`, `…/password/forgot` and `…/reset`.

use futures_util::future::join_all;
use http::header;
use insta::assert_snapshot;
use serde_json::json;

use super::*;

const HOUR: i64 = 60 * 60;

/// With the password: an access token lives for fifteen minutes, and these tests travel in time.
async fn verify(world: &World, person: &Person, token: &str) -> Answer {
    let body = json!({"token": token, "password": person.password});
    post(world, "/api/auth/email/verify", body).await
}

async fn forgot(world: &World, email: &str) -> Answer {
    post(world, "/api/auth/password/forgot", json!({"email": email})).await
}

async fn reset(world: &World, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    post(world, "/api/auth/password/reset", body).await
}

/// Asks for the mail and takes the token from it.
async fn reset_token(world: &World, email: &str) -> String {
    // Mails on their way could come after it.
    world.stack.settle().await;
    forgot(world, email).await.expect(202);
    mailed(world, email).await
}

#[track_caller]
fn refused(answer: Answer) {
    answer.expect_error(400, "invalid_parameter", &["token: invalid"]);
}

fn is_verified(world: &World, person: &Person) -> bool {
    account(world, person)["email_verified_at"]["S"].is_string()
}

#[tokio::test]
async fn the_link_of_the_first_mail_verifies_the_address_for_seven_days() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let token = mailed(&world, &hana.email).await;
    let mails = world.stack.mailbox().mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].from, "enishi@example.com");
    assert_eq!(mails[0].to, [hana.email.as_str()]);
    let text = mails[0].text.as_deref().unwrap().replace(&token, "[token]");
    assert_snapshot!(text, @r"
    hana 様

    Enishi へようこそ。お会いできてうれしいです。
    次のリンクを開いて、メールアドレスの確認をお願いします(7日間有効です)。
    ログインした状態で開くか、登録時のパスワードを入力してください。

    http://localhost:5173/verify-email?token=[token]

    お心当たりのない場合は、どなたかがこのアドレスで登録したものと思われます。
    リンクを開かず、このメールを破棄してください。ご自身でこのアドレスをお使いになるときは、
    ログイン画面からパスワードを再設定してください。登録した方は利用できなくなります。

    --

    Hello hana,

    Welcome to Enishi, it is lovely to have you here.
    Please open the link above to confirm your e-mail address; it works for seven days.
    You will need to be logged in, or to give the password that you signed up with.

    If you did not sign up, somebody else did with your address: do not open the link, and
    delete this mail. To use the address yourself, choose a new password at the log-in page;
    whoever signed up is then shut out.

    Enishi
    ");
    assert!(!is_verified(&world, &hana));

    later(&world, 7 * 24 * HOUR - 1);
    for _ in 0..2 {
        let answer = verify(&world, &hana, &token).await.expect(204);
        assert_eq!(answer.text, "");
        assert!(is_verified(&world, &hana));
    }
    later(&world, 1);
    refused(verify(&world, &hana, &token).await);
    assert!(is_verified(&world, &hana));
}

#[tokio::test]
async fn a_link_is_good_for_its_own_purpose_account_and_address() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let first = mailed(&world, &hana.email).await;
    refused(reset(&world, &first, "another password").await);
    let second = reset_token(&world, &hana.email).await;
    assert_ne!(first, second);
    refused(verify(&world, &hana, &second).await);
    let last = first.chars().next_back().unwrap();
    let other = if last == 'A' { 'E' } else { 'A' };
    for wrong in [
        format!("{first}A"),
        first[1..].to_owned(),
        first.replace(last, &other.to_string()),
    ] {
        refused(verify(&world, &hana, &wrong).await);
    }
    assert!(!is_verified(&world, &hana));

    edit_account(&world, &hana, |account| {
        account["email"] = json!({"S": "new@example.com"})
    });
    refused(verify(&world, &hana, &first).await);
    refused(reset(&world, &second, "another password").await);
    edit_account(&world, &hana, |account| {
        account["email"] = json!({"S": hana.email})
    });
    disable(&world, &hana);
    refused(verify(&world, &hana, &first).await);
    refused(reset(&world, &second, "another password").await);
    assert!(!is_verified(&world, &hana));
}

#[tokio::test]
async fn a_link_alone_does_not_verify_an_account() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let token = mailed(&world, &hana.email).await;
    let sora = world.sign_up("sora").await;
    let path = "/api/auth/email/verify";
    let alone = json!({"token": token});
    let answer = post(&world, path, alone.clone()).await;
    let answer = answer.expect_error(401, "access_token_invalid", &[]);
    assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
    let answer = world.post(&sora, path, alone.clone()).await;
    answer.expect_error(403, "forbidden", &[]);
    let answer = verify(&world, &sora, &token).await;
    answer.expect_error(401, "invalid_credentials", &[]);
    assert!(!is_verified(&world, &hana));

    // Whoever is logged in as somebody else has the password all the same.
    let proof = json!({"token": token, "password": hana.password});
    world.post(&sora, path, proof).await.expect(204);
    assert!(is_verified(&world, &hana));
    // The second time nothing happens, not even to whoever is in already.
    world.post(&hana, path, alone).await.expect(204);
    refresh(&world, &hana.refresh_token).await.expect(200);
}

#[tokio::test]
async fn passwords_are_not_guessed_with_a_link() {
    let world = World::with(|options| {
        options.parameters.insert("LoginRate".into(), "3/5m".into());
    })
    .await;
    let hana = world.sign_up("hana").await;
    let token = mailed(&world, &hana.email).await;
    let path = "/api/auth/email/verify";
    for _ in 0..3 {
        let guess = json!({"token": token, "password": "wrong password"});
        post(&world, path, guess).await.expect(401);
    }
    let answer = verify(&world, &hana, &token).await;
    answer.expect_error(429, "too_many_requests", &[]);
    assert!(!is_verified(&world, &hana));
}

#[tokio::test]
async fn the_operator_scope_comes_with_the_verified_address() {
    use enishi_local::stack::{OPERATOR_EMAIL, OPERATOR_PASSWORD};
    let world = World::new().await;
    let email = OPERATOR_EMAIL.to_uppercase();
    let body = newcomer("operator", &email, OPERATOR_PASSWORD);
    let mut first = post(&world, "/signup", body).await.expect(201);
    let assign = async |answer: &Answer| {
        let token = answer.text("access_token");
        let body = Some(json!({"date": "2026-11-21", "confirm": true}));
        let path = "/assign_room/";
        world.call("POST", path, Some(&token), body).await
    };
    assign(&first).await.expect_error(403, "forbidden", &[]);
    let second = log_in(&world, OPERATOR_EMAIL, OPERATOR_PASSWORD)
        .await
        .expect(200);
    assign(&second).await.expect(403);
    assert!(part_of_token(&second.text("access_token"), 1)["scope"].is_null());

    later(&world, 1);
    let operator = Person::new("operator", &email, OPERATOR_PASSWORD, &first);
    prove(&world, &operator).await;
    // The sessions in hand stay as they are; the next one has it, and its successors.
    assign(&first).await.expect(403);
    first = refresh(&world, &first.text("refresh_token"))
        .await
        .expect(200);
    assign(&first).await.expect_error(403, "forbidden", &[]);
    let third = log_in(&world, OPERATOR_EMAIL, OPERATOR_PASSWORD)
        .await
        .expect(200);
    assign(&third).await.expect(200);
    assert_eq!(
        part_of_token(&third.text("access_token"), 1)["scope"],
        "operator"
    );
    let third = refresh(&world, &third.text("refresh_token")).await;
    assign(&third.expect(200)).await.expect(200);

    // Others stay what they are.
    let hana = world.sign_up("hana").await;
    prove(&world, &hana).await;
    let hana = log_in(&world, &hana.email, &hana.password)
        .await
        .expect(200);
    assign(&hana).await.expect_error(403, "forbidden", &[]);
}

#[tokio::test]
async fn the_operator_of_a_local_stack_is_the_first_of_the_listed_addresses() {
    use enishi_local::{import, stack::OPERATOR_PASSWORD};
    let listed = async |emails: &str| {
        let name = "OperatorEmails".to_owned();
        World::with(|options| drop(options.parameters.insert(name, emails.to_owned()))).await
    };
    let world = listed("chief@example.com, second@example.com").await;
    let email = import::operator(&world.stack).unwrap().unwrap();
    assert_eq!(email, "chief@example.com");
    let answer = log_in(&world, email, OPERATOR_PASSWORD).await.expect(200);
    let token = answer.text("access_token");
    assert_eq!(part_of_token(&token, 1)["scope"], "operator");

    let world = listed("").await;
    assert_eq!(import::operator(&world.stack), Ok(None));
}

#[tokio::test]
async fn a_stranger_who_signs_up_with_the_operators_address_never_gets_the_scope() {
    use enishi_local::stack::OPERATOR_EMAIL;
    let world = World::new().await;
    let body = newcomer("stranger", OPERATOR_EMAIL, "password of a stranger");
    let stranger = post(&world, "/signup", body).await.expect(201);
    let stranger = Person::new("stranger", OPERATOR_EMAIL, "", &stranger);
    let scope = |answer: &Answer| part_of_token(&answer.text("access_token"), 1)["scope"].clone();

    // The owner follows the link.
    later(&world, 60);
    let link = json!({"token": mailed(&world, OPERATOR_EMAIL).await});
    let answer = post(&world, "/api/auth/email/verify", link).await;
    answer.expect_error(401, "access_token_invalid", &[]);
    let refreshed = refresh(&world, &stranger.refresh_token).await.expect(200);
    assert!(scope(&refreshed).is_null());
    let again = log_in(&world, OPERATOR_EMAIL, "password of a stranger").await;
    assert!(scope(&again.expect(200)).is_null());
    assert!(!is_verified(&world, &stranger));

    // The owner does as the mail says, and the stranger is out.
    let token = reset_token(&world, OPERATOR_EMAIL).await;
    let answer = reset(&world, &token, "password of the owner").await;
    answer.expect(204);
    let refreshed = refresh(&world, &refreshed.text("refresh_token")).await;
    refreshed.expect_error(401, "access_token_invalid", &[]);
    log_in(&world, OPERATOR_EMAIL, "password of a stranger")
        .await
        .expect(401);
    let owner = log_in(&world, OPERATOR_EMAIL, "password of the owner").await;
    assert_eq!(scope(&owner.expect(200)), "operator");
}

#[tokio::test]
async fn a_forgotten_password_is_answered_alike_whoever_asks() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let gone = world.sign_up("gone").await;
    world.stack.settle().await;
    disable(&world, &gone);
    let mut seen = Vec::new();
    for email in [
        hana.email.as_str(),
        "HANA@example.com",
        "nobody@example.com",
        &gone.email,
    ] {
        world.stack.aws().forget_calls();
        let answer = forgot(&world, email).await.expect(202);
        let message = "if this address has an account, a mail is on its way";
        assert_eq!(answer.body, json!({"message": message}));
        let mut headers = answer.headers.clone();
        for changing in ["apigw-requestid", "date"] {
            headers.remove(changing);
        }
        let calls = world.stack.aws().calls();
        let calls: Vec<String> = calls.into_iter().map(|call| call.request).collect();
        seen.push((answer.text, headers, calls));
    }
    for other in &seen[1..] {
        assert_eq!(*other, seen[0]);
    }
    assert_eq!(mails(&world, &hana.email).await, 3);
    assert_eq!(mails(&world, &gone.email).await, 1);
    assert_eq!(world.stack.mailbox().mails().len(), 4);
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn a_new_password_ends_all_sessions() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let sora = world.sign_up("sora").await;
    let other = log_in(&world, &hana.email, &hana.password)
        .await
        .expect(200);
    let token = reset_token(&world, &hana.email).await;
    let answer = reset(&world, &token, "a quiet evening").await.expect(204);
    assert_eq!(answer.text, "");

    for ended in [&hana.refresh_token, &other.text("refresh_token")] {
        let answer = refresh(&world, ended).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    log_in(&world, &hana.email, &hana.password)
        .await
        .expect(401);
    let new = log_in(&world, &hana.email, "a quiet evening")
        .await
        .expect(200);
    refresh(&world, &new.text("refresh_token"))
        .await
        .expect(200);
    refresh(&world, &sora.refresh_token).await.expect(200);
    // Who opened the link reads the address's mail.
    assert!(is_verified(&world, &hana));
    // An access token lasts its fifteen minutes.
    world.get(&hana, "/me/rooms").await.expect(200);
    later(&world, 15 * 60);
    world
        .get(&hana, "/me/rooms")
        .await
        .expect_error(401, "access_token_expired", &[]);
}

#[tokio::test]
async fn a_reset_link_sets_one_password_and_answers_its_own_repetition() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let older = reset_token(&world, &hana.email).await;
    let token = reset_token(&world, &hana.email).await;
    reset(&world, &token, "the second one").await.expect(204);
    let session = log_in(&world, &hana.email, "the second one")
        .await
        .expect(200);

    refused(reset(&world, &token, "the third one").await);
    // A lost answer is asked for again, and ends nothing.
    later(&world, 599);
    reset(&world, &token, "the second one").await.expect(204);
    refresh(&world, &session.text("refresh_token"))
        .await
        .expect(200);
    later(&world, 1);
    refused(reset(&world, &token, "the second one").await);
    // The other mails' links are void with it.
    refused(reset(&world, &older, "the second one").await);
    refused(reset(&world, &older, "the third one").await);
    log_in(&world, &hana.email, "the second one")
        .await
        .expect(200);

    // A repetition from before the next new password does not count as done.
    let token = reset_token(&world, &hana.email).await;
    let next = reset_token(&world, &hana.email).await;
    reset(&world, &token, "the fourth one").await.expect(204);
    refused(reset(&world, &next, "the fifth one").await);
    let next = reset_token(&world, &hana.email).await;
    reset(&world, &next, "the fourth one").await.expect(204);
    refused(reset(&world, &token, "the fourth one").await);
}

#[tokio::test]
async fn a_reset_link_lasts_an_hour() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let early = reset_token(&world, &hana.email).await;
    later(&world, HOUR);
    refused(reset(&world, &early, "too late by now").await);
    let late = reset_token(&world, &hana.email).await;
    later(&world, HOUR - 1);
    reset(&world, &late, "just in time").await.expect(204);
    // The repetition does not outlast the hour either.
    later(&world, 1);
    refused(reset(&world, &late, "just in time").await);
    log_in(&world, &hana.email, "just in time")
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_new_passwords_at_once_one_is_set() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let token = reset_token(&world, &hana.email).await;
    let passwords: Vec<String> = (0..4).map(|number| format!("password {number}")).collect();
    let answers = join_all(passwords.iter().map(|one| reset(&world, &token, one))).await;
    let mut set = Vec::new();
    for (password, answer) in passwords.iter().zip(answers) {
        if answer.status == 204 {
            set.push(password);
        } else {
            refused(answer);
        }
    }
    assert_eq!(set.len(), 1);
    for password in &passwords {
        let status = if set.contains(&password) { 200 } else { 401 };
        log_in(&world, &hana.email, password).await.expect(status);
    }
    // The very same request many times at once is one.
    let token = reset_token(&world, &hana.email).await;
    for answer in join_all((0..4).map(|_| reset(&world, &token, "the same one"))).await {
        answer.expect(204);
    }
}

#[tokio::test]
async fn mails_and_resets_are_throttled() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("ForgotRate".into(), "2/1h".into());
        options
            .parameters
            .insert("ForgotAddressRate".into(), "5/1h".into());
        options
            .parameters
            .insert("ResetAddressRate".into(), "2/1h".into());
    })
    .await;
    later(&world, 600);
    for email in ["hana@example.com", "nobody@example.com"] {
        for _ in 0..2 {
            forgot(&world, email).await.expect(202);
        }
    }
    let answer = forgot(&world, "HANA@example.com").await;
    let answer = answer.expect_error(429, "too_many_requests", &[]);
    assert_eq!(header_of(&answer, header::RETRY_AFTER), "3000");
    forgot(&world, "other@example.com")
        .await
        .expect_error(429, "too_many_requests", &[]);

    let unknown = "A".repeat(64);
    for _ in 0..2 {
        refused(reset(&world, &unknown, "password1").await);
    }
    let answer = reset(&world, &unknown, "password1").await;
    let answer = answer.expect_error(429, "too_many_requests", &[]);
    assert_eq!(header_of(&answer, header::RETRY_AFTER), "3000");

    later(&world, 3000);
    forgot(&world, "hana@example.com").await.expect(202);
    refused(reset(&world, &unknown, "password1").await);
}

#[tokio::test]
async fn an_event_that_comes_again_sends_no_second_mail() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    forgot(&world, &hana.email).await.expect(202);
    assert_eq!(mails(&world, &hana.email).await, 2);
    let deliver = async |row: &Value| {
        let detail: Value = serde_json::from_str(&attribute(row, "detail")).unwrap();
        let event = json!({
            "source": attribute(row, "source"),
            "detail-type": attribute(row, "detail_type"),
            "detail": detail,
        });
        world
            .stack
            .lambda()
            .invoke("IdentityMail", event)
            .await
            .unwrap();
    };
    let rows: Vec<Value> = items(&world)
        .into_iter()
        .filter(|item| attribute(item, "sk") == "OUTBOX")
        .collect();
    let mut kinds: Vec<String> = rows
        .iter()
        .map(|row| attribute(row, "detail_type"))
        .collect();
    kinds.sort();
    assert_eq!(kinds, ["account.created", "password.forgotten"]);
    for row in rows.iter().chain(&rows) {
        deliver(row).await;
    }
    // As long as anything may still be delivered.
    later(&world, 7 * 24 * HOUR);
    for row in &rows {
        deliver(row).await;
    }
    assert_eq!(mails(&world, &hana.email).await, 2);
}

#[tokio::test]
async fn an_event_of_somebody_verified_or_gone_sends_no_mail() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    prove(&world, &hana).await;
    let gone = world.sign_up("gone").await;
    world.stack.settle().await;
    disable(&world, &gone);
    let before = world.stack.mailbox().mails().len();
    let nobody = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50";
    for (number, id) in [hana.id.as_str(), &gone.id, nobody].into_iter().enumerate() {
        let event = json!({
            "source": "enishi.identity",
            "detail-type": "account.created",
            "detail": {
                "id": format!("019aa2b4-7c1f-7a02-8d11-00000000000{number}"),
                "time": "2026-11-20T11:00:00Z",
                "data": {"user_id": id},
            },
        });
        world
            .stack
            .lambda()
            .invoke("IdentityMail", event)
            .await
            .unwrap();
    }
    assert_eq!(world.stack.mailbox().mails().len(), before);
}
