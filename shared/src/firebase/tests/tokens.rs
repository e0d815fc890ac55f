//! Which tokens are taken.

use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::{
    error::Code,
    firebase::{FirebaseUser, verify},
};

/// A good token with another claim.
fn claiming(name: &str, value: Value) -> String {
    sign(&header(), &with(claims(), name, value), &KEYS[0])
}

/// A good token with another header.
fn headed(name: &str, value: Value) -> String {
    sign(&with(header(), name, value), &claims(), &KEYS[0])
}

/// The header and the claims of a good token, with whatever signature.
fn forged(header: &Value, signature: &[u8]) -> String {
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
    format!("{}.{}.{signature}", part(header), part(&claims()))
}

fn hmac(key: &[u8]) -> String {
    let header = with(header(), "alg", json!("HS256"));
    let signed = format!("{}.{}", part(&header), part(&claims()));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    forged(
        &header,
        aws_lc_rs::hmac::sign(&key, signed.as_bytes()).as_ref(),
    )
}

fn ecdsa() -> String {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let header = with(header(), "alg", json!("ES256"));
    let signed = format!("{}.{}", part(&header), part(&claims()));
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    forged(&header, signature.as_ref())
}

fn unsigned(claims: &Value) -> String {
    format!(
        "{}.{}.",
        part(&json!({"alg": "none", "typ": "JWT"})),
        part(claims)
    )
}

/// What must not be taken, each with its name.
fn wrong() -> Vec<(&'static str, String)> {
    let now = noon().as_second();
    let good = good();
    let parts: Vec<&str> = good.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    let other = with(claims(), "sub", json!("u2"));
    let none = with(header(), "alg", json!("none"));
    let rs256 = header();
    let ours = PROJECT.to_owned();
    vec![
        ("alg none", forged(&none, b"")),
        (
            "alg none with a signature",
            format!("{}.{body}.{signature}", part(&none)),
        ),
        ("alg None", headed("alg", json!("None"))),
        ("alg rs256", headed("alg", json!("rs256"))),
        ("alg missing", headed("alg", Value::Null)),
        ("alg RS384", headed("alg", json!("RS384"))),
        ("alg PS256", headed("alg", json!("PS256"))),
        (
            "HS256 with the public key as secret",
            hmac(KEYS[0].public_key().as_ref()),
        ),
        (
            "HS256 with the modulus as secret",
            hmac(jwk("", &KEYS[0])["n"].as_str().unwrap().as_bytes()),
        ),
        ("HS256 with no secret", hmac(b"")),
        ("ES256", ecdsa()),
        (
            "signed by a key that is not published",
            sign(&header(), &claims(), &KEYS[2]),
        ),
        (
            "signed by the other published key",
            sign(&header(), &claims(), &KEYS[1]),
        ),
        ("kid unknown", headed("kid", json!("three"))),
        ("kid missing", headed("kid", Value::Null)),
        ("kid empty", headed("kid", json!(""))),
        ("kid no string", headed("kid", json!(1))),
        (
            "a key of its own in the header",
            sign(
                &with(
                    with(header(), "kid", json!("mine")),
                    "jwk",
                    jwk("mine", &KEYS[2]),
                ),
                &claims(),
                &KEYS[2],
            ),
        ),
        ("a critical extension", headed("crit", json!(["b64"]))),
        ("aud of another project", claiming("aud", json!("another"))),
        ("aud empty", claiming("aud", json!(""))),
        ("aud several", claiming("aud", json!([ours]))),
        (
            "iss of another project",
            claiming("iss", json!("https://securetoken.google.com/another")),
        ),
        (
            "iss somebody else's",
            claiming("iss", json!("https://accounts.google.com")),
        ),
        (
            "iss without TLS",
            claiming(
                "iss",
                json!(format!("http://securetoken.google.com/{PROJECT}")),
            ),
        ),
        (
            "iss of a session cookie",
            claiming(
                "iss",
                json!(format!("https://session.firebase.google.com/{PROJECT}")),
            ),
        ),
        (
            "iss with more",
            claiming(
                "iss",
                json!(format!("https://securetoken.google.com/{PROJECT}/")),
            ),
        ),
        (
            "wholly another project's",
            sign(
                &header(),
                &with(
                    with(claims(), "aud", json!("another")),
                    "iss",
                    json!("https://securetoken.google.com/another"),
                ),
                &KEYS[0],
            ),
        ),
        ("sub empty", claiming("sub", json!(""))),
        (
            "sub of 129 characters",
            claiming("sub", json!("x".repeat(129))),
        ),
        ("sub no string", claiming("sub", json!(1))),
        ("iat in the future", claiming("iat", json!(now + 61))),
        ("iat no time", claiming("iat", json!(i64::MAX))),
        (
            "auth_time in the future",
            claiming("auth_time", json!(now + 61)),
        ),
        ("auth_time no time", claiming("auth_time", json!(i64::MIN))),
        ("iss missing", claiming("iss", Value::Null)),
        ("aud missing", claiming("aud", Value::Null)),
        ("sub missing", claiming("sub", Value::Null)),
        ("iat missing", claiming("iat", Value::Null)),
        ("exp missing", claiming("exp", Value::Null)),
        ("auth_time missing", claiming("auth_time", Value::Null)),
        (
            "exp a string",
            claiming("exp", json!((now + 60).to_string())),
        ),
        ("no claims", sign(&header(), &json!({}), &KEYS[0])),
        ("claims no object", sign(&header(), &json!([]), &KEYS[0])),
        (
            "tampered payload",
            format!("{head}.{}.{signature}", part(&other)),
        ),
        (
            "tampered header",
            format!(
                "{}.{body}.{signature}",
                part(&with(header(), "typ", json!("at+jwt")))
            ),
        ),
        ("tampered signature", forged(&rs256, &[1; 256])),
        (
            "short signature",
            format!("{head}.{body}.{}", &signature[..signature.len() - 4]),
        ),
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{good}.{signature}")),
        ("five parts", format!("{good}.{head}.{body}")),
        ("one part", head.to_owned()),
        ("padded", format!("{good}=")),
        ("a space before", format!(" {good}")),
        ("a line break after", format!("{good}\n")),
        ("with Bearer", format!("Bearer {good}")),
        ("the claims alone", body.to_owned()),
        ("empty", String::new()),
        ("dots", "..".into()),
        ("garbage", "縁.🙂.\0".into()),
        ("an emulator's without an emulator", unsigned(&claims())),
    ]
}

#[tokio::test]
async fn what_is_not_googles_for_us_and_of_now_is_refused() {
    let world = World::new().await;
    let app = world.app();
    let wrong = wrong();
    assert!(wrong.len() >= 25);
    for (name, token) in wrong {
        let code = verify(&app, &token).await.map_err(|error| error.code());
        assert_eq!(code, Err(Code::AccessTokenInvalid), "{name}");
    }
    assert_eq!(world.fetches(), 1);
    // The same process takes a good one.
    verify(&app, &good()).await.unwrap();
}

#[tokio::test]
async fn what_has_expired_says_so() {
    let world = World::new().await;
    let app = world.app();
    let now = noon().as_second();
    for (name, exp) in [("long ago", 0), ("a second ago", now - 1), ("now", now)] {
        let token = claiming("exp", json!(exp));
        let code = verify(&app, &token).await.map_err(|error| error.code());
        assert_eq!(code, Err(Code::AccessTokenExpired), "{name}");
    }
    verify(&app, &claiming("exp", json!(now + 1)))
        .await
        .unwrap();
    // What is wrong besides is not told apart.
    let both = with(with(claims(), "exp", json!(now)), "aud", json!("another"));
    let code = verify(&app, &sign(&header(), &both, &KEYS[0])).await;
    assert_eq!(code.unwrap_err().code(), Code::AccessTokenInvalid);
}

#[tokio::test]
async fn what_cannot_be_right_costs_no_fetch() {
    let world = World::new().await;
    let app = world.app();
    for token in [
        "",
        "a.b.c",
        &headed("kid", Value::Null),
        &hmac(b""),
        &unsigned(&claims()),
    ] {
        assert!(verify(&app, token).await.is_err());
    }
    assert_eq!(world.fetches(), 0);
}

#[tokio::test]
async fn a_good_token_tells_who_it_is() {
    let world = World::new().await;
    let app = world.app();
    let hana = FirebaseUser {
        uid: "u1".into(),
        email: Some("u1@example.com".into()),
        email_verified: true,
        name: Some("Hana".into()),
        auth_time: "2026-11-20T11:50:00Z".parse().unwrap(),
        issued_at: "2026-11-20T11:59:00Z".parse().unwrap(),
    };
    assert_eq!(verify(&app, &good()).await.unwrap(), hana);
    let second = sign(&with(header(), "kid", json!("two")), &claims(), &KEYS[1]);
    assert_eq!(verify(&app, &second).await.unwrap(), hana);

    let longest = "縁".repeat(128);
    let user = verify(&app, &claiming("sub", json!(longest)))
        .await
        .unwrap();
    assert_eq!(user.uid, longest);
    let now = noon().as_second();
    for (name, value) in [
        ("iat", json!(now + 60)),
        ("auth_time", json!(now + 60)),
        ("anything", json!({"of": ["our", "own"]})),
    ] {
        assert!(verify(&app, &claiming(name, value)).await.is_ok(), "{name}");
    }

    let mut anonymous: Map<String, Value> = claims().as_object().unwrap().clone();
    anonymous.remove("email");
    anonymous.remove("name");
    let user = verify(&app, &sign(&header(), &anonymous.into(), &KEYS[0])).await;
    let user = user.unwrap();
    assert_eq!(
        (user.email, user.email_verified, user.name),
        (None, false, None)
    );
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn with_an_emulator_its_unsigned_tokens_are_taken_and_no_others() {
    let world = World::new().await;
    let app = world.app_with(&[("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9")]);
    let user = verify(&app, &unsigned(&claims())).await.unwrap();
    assert_eq!(user.uid, "u1");
    let now = noon().as_second();
    let none = json!({"alg": "none"});
    for (name, token, code) in [
        ("signed", good(), Code::AccessTokenInvalid),
        ("a signature", forged(&none, b"x"), Code::AccessTokenInvalid),
        (
            "two parts",
            format!("{}.{}", part(&none), part(&claims())),
            Code::AccessTokenInvalid,
        ),
        (
            "four parts",
            format!("{}.", unsigned(&claims())),
            Code::AccessTokenInvalid,
        ),
        (
            "another project",
            unsigned(&with(claims(), "aud", json!("another"))),
            Code::AccessTokenInvalid,
        ),
        (
            "of nobody",
            unsigned(&with(claims(), "sub", json!(""))),
            Code::AccessTokenInvalid,
        ),
        (
            "expired",
            unsigned(&with(claims(), "exp", json!(now))),
            Code::AccessTokenExpired,
        ),
    ] {
        let answer = verify(&app, &token).await.map_err(|error| error.code());
        assert_eq!(answer, Err(code), "{name}");
    }
    assert_eq!(world.fetches(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever character of a good token becomes another one, it is no token any more.
    #[test]
    fn no_character_of_a_token_can_be_changed(at in any::<prop::sample::Index>(), other in any::<char>()) {
        let mut token: Vec<char> = good().chars().collect();
        let at = at.index(token.len());
        prop_assume!(token[at] != other);
        token[at] = other;
        let token: String = token.into_iter().collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let taken = runtime.block_on(async {
            let world = World::new().await;
            verify(&world.app(), &token).await.is_ok()
        });
        prop_assert!(!taken);
    }
}
