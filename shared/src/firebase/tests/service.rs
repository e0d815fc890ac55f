//! Who may call under `/v1/service`.

use aws_lc_rs::signature::Ed25519KeyPair;
use axum::extract::FromRequestParts as _;

use super::*;
use crate::{
    auth::ServiceUser,
    error::{Code, Error},
    token::{SigningKey, Subject, issue},
};

/// Our own keys: the environment of a function that verifies, and the secret that signs.
fn own_keys() -> (String, String) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let jwks = json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "ours",
        "x": BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
    }]});
    let secret = SigningKey {
        kid: "ours".into(),
        pkcs8: BASE64_STANDARD.encode(pair.to_pkcs8().unwrap().as_ref()),
    };
    (jwks.to_string(), serde_json::to_string(&secret).unwrap())
}

async fn caller(app: &App, authorization: Option<&str>) -> Result<ServiceUser, Error> {
    let mut request = http::Request::builder();
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    ServiceUser::from_request_parts(&mut parts, app).await
}

#[tokio::test]
async fn our_tokens_and_firebases_are_taken_each_by_its_own_rules() {
    let world = World::new().await;
    let (jwks, secret) = own_keys();
    world.answers(move |asked| match asked.path.as_str() {
        "/" => {
            let secret = json!({"SecretString": secret});
            (200, "", secret.to_string())
        }
        _ => published(asked),
    });
    let app = world.app_with(&[
        ("TOKEN_ISSUER", "enishi"),
        ("TOKEN_AUDIENCE", "enishi"),
        ("TOKEN_PUBLIC_KEYS", &jwks),
        ("TOKEN_SIGNING_SECRET", "signing"),
    ]);
    let subject = Subject {
        user_id: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50",
        session_id: "s",
        name: "hana",
        email: "hana@example.com",
        operator: false,
    };
    let ours = issue(&app, subject).await.unwrap();
    match caller(&app, Some(&format!("Bearer {ours}"))).await {
        Ok(ServiceUser::User(user)) => assert_eq!(user.claims.name, "hana"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.fetches(), 0);
    match caller(&app, Some(&format!("bearer {}", good()))).await {
        Ok(ServiceUser::Firebase(user)) => assert_eq!(user.uid, "u1"),
        other => panic!("{other:?}"),
    }
    // Neither becomes the other by saying so.
    let as_ours = sign(&with(header(), "typ", json!("at+jwt")), &claims(), &KEYS[0]);
    let (head, rest) = ours.split_once('.').unwrap();
    let without_type = json!({"alg": "EdDSA", "kid": "ours", "typ": "JWT"});
    let as_theirs = format!("{}.{rest}", part(&without_type));
    assert_ne!(head, part(&without_type));
    for wrong in [
        None,
        Some(String::new()),
        Some("Bearer".into()),
        Some(format!("Basic {ours}")),
        Some("Bearer e30.e30.e30".into()),
        Some(format!("Bearer {as_ours}")),
        Some(format!("Bearer {as_theirs}")),
    ] {
        let refused = caller(&app, wrong.as_deref()).await.unwrap_err();
        assert_eq!(refused.code(), Code::AccessTokenInvalid, "{wrong:?}");
    }
    world.later(3_600);
    for old in [ours, good()] {
        let refused = caller(&app, Some(&format!("Bearer {old}"))).await;
        assert_eq!(refused.unwrap_err().code(), Code::AccessTokenExpired);
    }
}
