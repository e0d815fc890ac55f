//! Documents: uploaded, handed in, looked at, decided on, and gone.

use enishi_local::{client::declared, mailbox::Mail};
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{change, items, me, register};
use crate::{
    identity::{later, prove},
    support::{Answer, Person, World, text},
};

pub const CARD: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF not much of a card";
pub const LICENCE: &[u8] = b"%PDF-1.7 not much of a licence";

/// Where somebody may send a JPEG and a PDF.
pub async fn allowed(world: &World, person: &Person, card: &[u8], licence: &[u8]) -> Answer {
    let body = json!({
        "type_card": declared("image/jpeg", card),
        "identity_card": declared("application/pdf", licence),
    });
    world.post(person, "/api/certificates", body).await
}

/// PUTs a file where it is allowed.
pub async fn send(world: &World, allowed: &Value, file: &'static [u8]) -> Answer {
    let mut request = Request::put(text(&allowed["upload_url"]));
    for (name, value) in allowed["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    world
        .send_anywhere(request.body(file.into()).unwrap())
        .await
}

/// Hands in what was uploaded.
pub async fn hand_in(world: &World, person: &Person) -> Answer {
    let token = Some(person.access_token.as_str());
    world
        .call("POST", "/api/certificates/submit", token, None)
        .await
}

/// Both documents of somebody whose address is verified, uploaded.
pub async fn upload(world: &World, person: &Person) {
    let allowed = allowed(world, person, CARD, LICENCE).await.expect(200).body;
    send(world, &allowed["type_card"], CARD).await.expect(200);
    send(world, &allowed["identity_card"], LICENCE)
        .await
        .expect(200);
}

/// [`upload`], and handed in.
pub async fn submit(world: &World, person: &Person) {
    upload(world, person).await;
    hand_in(world, person).await.expect(200);
}

/// Somebody new whose documents wait.
pub async fn waiting(world: &World, name: &str, kind: &str) -> Person {
    let person = register(world, name, kind).await;
    prove(world, &person).await;
    submit(world, &person).await;
    person
}

pub async fn view(world: &World, operator: &Person, person: &Person) -> Answer {
    let path = format!("/api/operator/certificates/{}/view", person.id);
    let token = Some(operator.access_token.as_str());
    world.call("POST", &path, token, None).await
}

pub async fn decide(world: &World, operator: &Person, person: &Person, body: Value) -> Answer {
    let path = format!("/api/operator/certificates/{}", person.id);
    let token = Some(operator.access_token.as_str());
    world.call("PUT", &path, token, Some(body)).await
}

/// The objects of the bucket.
pub async fn objects(world: &World) -> Vec<String> {
    let app = world.app("VisitsErase", |_| {});
    let bucket = world.stack.environment()["VisitsErase"]["CERTIFICATES_BUCKET"].clone();
    let listed = app.s3().list_objects_v2().bucket(bucket).send().await;
    let listed = listed.unwrap();
    let keys = listed.contents().iter();
    keys.map(|object| object.key().unwrap().to_owned())
        .collect()
}

/// GETs a link.
pub async fn read(world: &World, url: &str) -> Answer {
    let get = Request::get(url).body(Default::default()).unwrap();
    world.send_anywhere(get).await
}

/// What somebody was written about their documents.
async fn letters(world: &World, person: &Person) -> Vec<Mail> {
    world.stack.settle().await;
    let mut mails = world.stack.mailbox().mails();
    mails.retain(|mail| mail.to == [person.email.clone()] && mail.subject.contains("本人確認"));
    mails
}

fn audits(world: &World) -> Vec<Value> {
    items(world, "AUDIT#")
}

#[tokio::test]
async fn documents_are_uploaded_looked_at_and_approved() {
    let world = World::new().await;
    let operator = world.operator().await;
    let sora = waiting(&world, "sora", "company").await;
    assert_eq!(me(&world, &sora).await["documents"]["state"], "submitted");
    assert_eq!(objects(&world).await.len(), 2);
    let queue = world.get(&operator, "/api/operator/certificates").await;
    let queue = queue.expect(200).body;
    assert_eq!(queue.as_array().unwrap().len(), 1);
    assert_eq!(queue[0]["user_id"], sora.id);
    assert_eq!(queue[0]["name"], "sora");
    assert!(!queue.to_string().contains("X-Amz"));

    let links = view(&world, &operator, &sora).await.expect(200);
    assert_eq!(links.headers["cache-control"], "no-store");
    assert_eq!(audits(&world).len(), 1);
    assert_eq!(text(&audits(&world)[0]["user_id"]["S"]), sora.id);
    for (card, file, kind) in [
        ("type_card", CARD, "image/jpeg"),
        ("identity_card", LICENCE, "application/pdf"),
    ] {
        let answer = read(&world, &links.text(card)).await.expect(200);
        assert_eq!(answer.headers["content-type"], kind);
        assert_eq!(answer.text, String::from_utf8_lossy(file));
    }
    later(&world, 61);
    read(&world, &links.text("type_card")).await.expect(403);

    let approve = json!({"decision": "approve"});
    for _ in 0..2 {
        let answer = decide(&world, &operator, &sora, approve.clone()).await;
        assert_eq!(answer.expect(200).body["state"], "approved");
    }
    assert!(objects(&world).await.is_empty());
    let profile = me(&world, &sora).await;
    assert_eq!(profile["is_authenticated"], true);
    assert_eq!(profile["documents"]["state"], "approved");
    let queue = world.get(&operator, "/api/operator/certificates").await;
    assert_eq!(queue.expect(200).body, json!([]));
    view(&world, &operator, &sora).await.expect(404);
    for path in ["/api/companies", "/api/departments"] {
        let choices = world.call("GET", path, None, None).await.expect(200).body;
        assert_eq!(choices.as_array().unwrap().len(), 1, "{path}");
    }
    allowed(&world, &sora, CARD, LICENCE).await.expect(409);
    assert_eq!(audits(&world).len(), 2);
    let letters = letters(&world, &sora).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].subject, "本人確認が完了しました");
}

#[tokio::test]
async fn after_a_rejection_others_can_be_sent() {
    let world = World::new().await;
    let operator = world.operator().await;
    let hana = waiting(&world, "hana", "student").await;
    let answer = decide(&world, &operator, &hana, json!({"decision": "reject"})).await;
    answer.expect_error(400, "invalid_parameter", &["reason: missing_field"]);
    let reject = json!({"decision": "reject", "reason": "生年月日が読めません。"});
    decide(&world, &operator, &hana, reject).await.expect(200);
    let profile = me(&world, &hana).await;
    assert_eq!(profile["is_authenticated"], false);
    let expected = json!({"state": "rejected", "reason": "生年月日が読めません。"});
    assert_eq!(profile["documents"], expected);
    assert!(objects(&world).await.is_empty());
    let letters = letters(&world, &hana).await;
    assert_eq!(letters.len(), 1);
    let letter = letters[0].text.as_deref().unwrap();
    assert!(letter.contains("生年月日が読めません。"), "{letter}");
    assert!(!letter.contains("hana"), "{letter}");
    let choices = world.call("GET", "/api/universities", None, None).await;
    assert_eq!(choices.expect(200).body, json!([]));
    let approve = json!({"decision": "approve"});
    decide(&world, &operator, &hana, approve).await.expect(409);
    submit(&world, &hana).await;
    assert_eq!(me(&world, &hana).await["documents"]["state"], "submitted");
}

#[tokio::test]
async fn only_what_was_declared_is_taken_and_only_what_it_claims_to_be() {
    let world = World::new().await;
    let hana = register(&world, "hana", "student").await;
    let unverified = allowed(&world, &hana, CARD, LICENCE).await;
    unverified.expect_error(403, "forbidden", &[]);
    prove(&world, &hana).await;
    hand_in(&world, &hana).await.expect(409);
    const PAGE: &[u8] = b"<!DOCTYPE html><script>alert(1)</script>";
    let put = allowed(&world, &hana, PAGE, LICENCE).await.expect(200).body;
    assert!(put["type_card"]["url"].is_null());
    let missing = ["type_card: missing", "identity_card: missing"];
    let answer = hand_in(&world, &hana).await;
    answer.expect_error(400, "invalid_parameter", &missing);
    // Another byte, another length, another type.
    send(
        &world,
        &put["identity_card"],
        b"%PDF-1.7 not much of a licencE",
    )
    .await
    .expect(400);
    assert!(
        !send(&world, &put["identity_card"], b"%PDF-")
            .await
            .status
            .is_success()
    );
    let mut other = put["identity_card"].clone();
    other["headers"]["content-type"] = json!("text/html");
    send(&world, &other, LICENCE).await.expect(403);
    send(&world, &put["type_card"], PAGE).await.expect(200);
    send(&world, &put["identity_card"], LICENCE)
        .await
        .expect(200);
    send(&world, &put["identity_card"], LICENCE)
        .await
        .expect(412);
    let answer = hand_in(&world, &hana).await;
    answer.expect_error(400, "invalid_parameter", &["type_card: invalid"]);
    assert_eq!(me(&world, &hana).await["documents"]["state"], "none");
    for (field, wrong) in [
        ("content_type", json!("image/gif")),
        ("size", json!(0)),
        ("size", json!(10 * 1024 * 1024 + 1)),
        ("sha256", json!("00")),
    ] {
        let mut body = json!({
            "type_card": declared("image/png", CARD), "identity_card": declared("image/png", CARD),
        });
        body["type_card"][field] = wrong;
        let answer = world.post(&hana, "/api/certificates", body).await;
        let named = format!("type_card.{field}: invalid");
        answer.expect_error(400, "invalid_parameter", &[&named]);
    }
}

#[tokio::test]
async fn who_is_called_otherwise_or_leaves_leaves_no_documents() {
    let world = World::new().await;
    let operator = world.operator().await;
    let hana = waiting(&world, "hana", "student").await;
    let sora = waiting(&world, "sora", "company").await;
    change(&world, &hana, json!({"name": "花"}))
        .await
        .expect(200);
    assert_eq!(me(&world, &hana).await["documents"]["state"], "none");
    assert_eq!(objects(&world).await.len(), 2);
    let queue = world.get(&operator, "/api/operator/certificates").await;
    assert_eq!(queue.expect(200).body[0]["user_id"], sora.id);

    let on_its_way = allowed(&world, &hana, CARD, LICENCE).await.expect(200).body;
    for person in [&hana, &sora] {
        let token = Some(person.access_token.as_str());
        world
            .call("DELETE", "/api/users/me", token, None)
            .await
            .expect(204);
    }
    world.stack.settle().await;
    assert!(objects(&world).await.is_empty());
    assert!(items(&world, "REVIEWS").is_empty());
    assert!(items(&world, "USER#").is_empty());
    // What was allowed before comes after all, and goes too.
    send(&world, &on_its_way["type_card"], CARD)
        .await
        .expect(200);
    assert_eq!(objects(&world).await.len(), 1);
    let hour = world.stack.clock().now() + SignedDuration::from_mins(75);
    world.stack.at(hour).await;
    assert!(objects(&world).await.is_empty());
    assert!(items(&world, "ERASURES").is_empty());
}

#[tokio::test]
async fn the_queue_is_the_operators_alone() {
    let world = World::new().await;
    let hana = waiting(&world, "hana", "student").await;
    for answer in [
        world.get(&hana, "/api/operator/certificates").await,
        view(&world, &hana, &hana).await,
        decide(&world, &hana, &hana, json!({"decision": "approve"})).await,
    ] {
        answer.expect_error(403, "forbidden", &[]);
    }
    assert!(audits(&world).is_empty());
}
