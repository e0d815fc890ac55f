//! Who may tell us something.

use enishi_local::stripe::{CONNECT_SIGNING_SECRET, SIGNING_SECRET, signature};
use http::Request;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::support::Answer;

async fn post(world: &World, body: &str, signature: Option<&str>) -> Answer {
    let mut request = Request::post("/webhook/stripe").header("content-type", "application/json");
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    world
        .send(request.body(body.to_owned().into()).unwrap())
        .await
}

fn event(id: &str, now: Timestamp) -> String {
    json!({
        "id": id, "object": "event", "type": "account.updated", "created": now.as_second(),
        "livemode": false, "data": {"object": {"id": "acct_1", "object": "account"}},
    })
    .to_string()
}

#[tokio::test]
async fn only_what_stripe_signed_lately_is_taken() {
    let world = World::new().await;
    let now = world.stack.clock().now();
    let body = event("evt_1", now);
    let good = signature(&body, SIGNING_SECRET, now);
    let minutes = SignedDuration::from_mins;
    let refused = [
        None,
        Some(String::new()),
        Some("t=1,v1=00".into()),
        Some(good.replace("v1=", "v0=")),
        Some(signature(&body, "whsec_of_somebody_else", now)),
        Some(signature(&body, "", now)),
        Some(signature(&format!("{body} "), SIGNING_SECRET, now)),
        Some(signature(&body, SIGNING_SECRET, now - minutes(6))),
        Some(signature(&body, SIGNING_SECRET, now + minutes(6))),
    ];
    for signature in refused {
        post(&world, &body, signature.as_deref())
            .await
            .expect_error(400, "invalid_parameter", &["stripe-signature: invalid"]);
    }
    let tampered = body.replace("acct_1", "acct_2");
    let answer = post(&world, &tampered, Some(&good)).await;
    answer.expect_error(400, "invalid_parameter", &["stripe-signature: invalid"]);
    assert!(dump(&world).is_empty());

    for secret in [SIGNING_SECRET, CONNECT_SIGNING_SECRET] {
        for age in [0, 4] {
            let signature = signature(&body, secret, now - minutes(age));
            let answer = post(&world, &body, Some(&signature)).await.expect(200);
            assert_eq!(answer.text, r#"{"received":true}"#);
        }
    }
    let rows = dump(&world);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["detail_type"]["S"], "stripe.account.updated");
    let kept = rows[0]["body"]["B"].as_str().unwrap();
    use base64::Engine as _;
    let kept = base64::prelude::BASE64_STANDARD.decode(kept).unwrap();
    assert_eq!(kept, body.as_bytes());
}

#[tokio::test]
async fn what_is_signed_and_cannot_be_read_is_kept_once() {
    let world = World::new().await;
    let now = world.stack.clock().now();
    for body in [r#"{"id": 1}"#, "no JSON"] {
        for _ in 0..2 {
            let signature = signature(body, SIGNING_SECRET, now);
            let answer = post(&world, body, Some(&signature)).await;
            answer.expect_error(500, "internal_server_error", &[]);
        }
    }
    let rows = dump(&world);
    assert_eq!(rows.len(), 2, "{rows:?}");
    for row in rows {
        assert!(text(&row["pk"]["S"]).starts_with("UNREADABLE#"));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let world = World::new().await;
    let body = "x".repeat(257 * 1024);
    let signature = signature(&body, SIGNING_SECRET, world.stack.clock().now());
    let answer = post(&world, &body, Some(&signature)).await;
    answer.expect_error(413, "payload_too_large", &[]);
}

#[tokio::test]
async fn what_is_told_of_somebody_elses_payment_is_left_alone() {
    let world = World::new().await;
    let now = world.stack.clock().now();
    for (id, object, object_id) in [
        ("evt_1", "checkout.session", "cs_test_nothing"),
        ("evt_2", "refund", "re_nothing"),
        ("evt_3", "invoice", "in_nothing"),
        ("evt_4", "checkout.session", "../customers"),
    ] {
        let body = event(id, now)
            .replace("account.updated", &format!("{object}.completed"))
            .replace("invoice.completed", "invoice.paid")
            .replace("refund.completed", "refund.created")
            .replace(r#""object":"account""#, &format!(r#""object":"{object}""#))
            .replace("acct_1", object_id);
        let signature = signature(&body, SIGNING_SECRET, now);
        post(&world, &body, Some(&signature)).await.expect(200);
    }
    world.stack.settle().await;
    assert!(world.stack.lambda().dead_letters().is_empty());
    assert_eq!(dump(&world).len(), 4);
}
