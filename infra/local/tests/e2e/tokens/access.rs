//! Access tokens as a function verifies them, at `GET /me/rooms`.

mod forged;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_local::keys::Keys;
use enishi_shared::{
    app::{Configure as _, Env},
    error::Code,
    token::{SigningKey, TokenConfig},
};
use http::{Request, header};
use insta::assert_json_snapshot;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    identity::{header_of, later, part_of_token},
    support::{Answer, Person, World, text, tokyo},
};

/// Signs whatever it is given.
struct Signer {
    kid: String,
    pair: Ed25519KeyPair,
}

impl Signer {
    fn new(key: &SigningKey) -> Self {
        let pkcs8 = BASE64_STANDARD.decode(&key.pkcs8).unwrap();
        Self {
            kid: key.kid.clone(),
            pair: Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap(),
        }
    }

    /// The stack's own, as an issuing function reads it.
    async fn of(world: &World) -> Self {
        let secret = &world.stack.environment()["IdentityLogin"]["TOKEN_SIGNING_SECRET"];
        let scope = "IdentityLogin/20261120/ap-northeast-1/secretsmanager/aws4_request";
        let request = Request::post(world.stack.aws_url())
            .header("x-amz-target", "secretsmanager.GetSecretValue")
            .header(
                header::AUTHORIZATION,
                format!("AWS4-HMAC-SHA256 Credential={scope}, x"),
            )
            .body(json!({"SecretId": secret}).to_string().into());
        let answer = world.send_anywhere(request.unwrap()).await.expect(200);
        Self::new(&serde_json::from_str(&answer.text("SecretString")).unwrap())
    }

    /// The same name, another key.
    fn impostor(&self) -> Self {
        Self {
            kid: self.kid.clone(),
            pair: Ed25519KeyPair::generate().unwrap(),
        }
    }

    fn header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        signed(header, claims, |input| {
            self.pair.sign(input).as_ref().to_vec()
        })
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let input = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let signature = encode(sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// `value` with a field set, or without it.
fn with(value: &Value, field: &str, other: impl Into<Value>) -> Value {
    let mut value = value.clone();
    value[field] = other.into();
    value
}

fn without(value: &Value, field: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(field);
    value
}

fn claims(person: &Person) -> Value {
    part_of_token(&person.access_token, 1)
}

/// Calls with an `Authorization` header as it is.
async fn authorised(world: &World, value: &str) -> Answer {
    let request = Request::get("/me/rooms").header(header::AUTHORIZATION, value);
    world.send(request.body(Default::default()).unwrap()).await
}

async fn with_token(world: &World, token: &str) -> Answer {
    authorised(world, &format!("Bearer {token}")).await
}

#[tokio::test]
async fn an_access_token_says_who_for_whom_and_for_how_long() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    assert_json_snapshot!(part_of_token(&hana.access_token, 0), { ".kid" => "[kid]" }, @r#"
    {
      "alg": "EdDSA",
      "kid": "[kid]",
      "typ": "at+jwt"
    }
    "#);
    assert_json_snapshot!(claims(&hana), { ".sid" => "[session]", ".sub" => "[uuid]" }, @r#"
    {
      "aud": "enishi",
      "email": "hana@example.com",
      "exp": 1795173300,
      "iat": 1795172400,
      "iss": "enishi",
      "name": "hana",
      "sid": "[session]",
      "sub": "[uuid]"
    }
    "#);
    assert_eq!(claims(&hana)["sub"], hana.id.as_str());
    let refresh_token = BASE64_URL_SAFE_NO_PAD.decode(&hana.refresh_token).unwrap();
    assert_eq!(claims(&hana)["sid"], encode(&refresh_token[16..32]));
}

#[tokio::test]
async fn an_access_token_expires_after_fifteen_minutes() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    later(&world, 899);
    world.get(&hana, "/me/rooms").await.expect(200);
    later(&world, 1);
    for _ in 0..2 {
        let answer = world.get(&hana, "/me/rooms").await;
        answer.expect_error(401, "access_token_expired", &[]);
        later(&world, 365 * 24 * 60 * 60);
    }
    // That it has expired is said of our own tokens only.
    let forged = Signer::of(&world).await.impostor();
    let forged = forged.sign(&forged.header(), &claims(&hana));
    let answer = with_token(&world, &forged).await;
    answer.expect_error(401, "access_token_invalid", &[]);
}

#[tokio::test]
async fn what_is_a_little_different_is_taken() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let token = &hana.access_token;
    for value in [
        format!("Bearer {token}"),
        format!("bearer {token}"),
        format!("BEARER {token}"),
        format!("bEaReR   {token}  "),
    ] {
        authorised(&world, &value).await.expect(200);
    }
    let signer = Signer::of(&world).await;
    let (head, body) = (signer.header(), claims(&hana));
    let now = body["iat"].as_i64().unwrap();
    for (header, claims) in [
        (head.clone(), body.clone()),
        (with(&head, "typ", "AT+JWT"), body.clone()),
        (with(&head, "typ", "application/at+jwt"), body.clone()),
        // An issuer's clock may be a minute ahead.
        (head.clone(), with(&body, "iat", now + 60)),
        (head.clone(), with(&body, "scope", "")),
        (head.clone(), with(&body, "jti", "of a later version")),
    ] {
        let token = signer.sign(&header, &claims);
        with_token(&world, &token).await.expect(200);
    }
}

#[tokio::test]
async fn two_keys_live_side_by_side_while_they_are_exchanged() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Keys::generate().unwrap(), Keys::generate().unwrap());
    let published = |keys: &Keys| -> Value {
        let keys: Value = serde_json::from_str(&keys.public_keys).unwrap();
        keys["keys"][0].clone()
    };
    let both = json!({"keys": [published(&old), published(&new)]});
    let installed = Keys {
        public_keys: both.to_string(),
        ..new.clone()
    };
    let installed = serde_json::to_string(&installed).unwrap();
    std::fs::write(folder.path().join("keys.json"), installed).unwrap();
    let world = World::with(|options| options.directory = Some(folder.path().to_owned())).await;

    let hana = world.sign_up("hana").await;
    assert_eq!(
        part_of_token(&hana.access_token, 0)["kid"],
        published(&new)["kid"]
    );
    world.get(&hana, "/me/rooms").await.expect(200);
    let [old, new] =
        [old, new].map(|keys| Signer::new(&serde_json::from_str(&keys.token_signing_key).unwrap()));
    // Tokens of the old key are good until they expire.
    let token = old.sign(&old.header(), &claims(&hana));
    with_token(&world, &token).await.expect(200);
    // Each under its own name only.
    for token in [
        old.sign(&new.header(), &claims(&hana)),
        new.sign(&old.header(), &claims(&hana)),
    ] {
        let answer = with_token(&world, &token).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    let jwks = world
        .call("GET", "/.well-known/jwks.json", None, None)
        .await
        .expect(200);
    assert_eq!(jwks.body, both);
}

/// What a verifying function knows, and a token that it takes at the moment of its making.
fn verifier() -> (TokenConfig, String, Timestamp) {
    let keys = Keys::generate().unwrap();
    let now = tokyo("2026-11-20T20:00");
    let env: Env = [
        ("TOKEN_ISSUER", "enishi"),
        ("TOKEN_AUDIENCE", "enishi"),
        ("TOKEN_PUBLIC_KEYS", &keys.public_keys),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    let signer = Signer::new(&serde_json::from_str(&keys.token_signing_key).unwrap());
    let claims = json!({
        "iss": "enishi", "aud": "enishi", "sub": "x", "sid": "x", "name": "花子",
        "email": "x@example.jp", "iat": now.as_second(), "exp": now.as_second() + 900,
    });
    let token = signer.sign(&signer.header(), &claims);
    (TokenConfig::configure(&env).unwrap(), token, now)
}

#[test]
fn no_text_is_a_token() {
    let (config, token, now) = verifier();
    assert!(config.verify(&token, now).is_ok());
    let segment = "[A-Za-z0-9_-]{0,40}";
    let text = format!("\\PC{{0,60}}|{segment}\\.{segment}\\.{segment}|[.=]{{0,8}}");
    proptest!(|(text in text.as_str())| {
        let refused = config.verify(&text, now).map_err(|error| error.code());
        prop_assert_eq!(refused.err(), Some(Code::AccessTokenInvalid));
    });
}

#[test]
fn a_token_with_one_byte_changed_is_none() {
    let (config, token, now) = verifier();
    proptest!(|(at in 0..token.len(), byte in 0x20_u8..0x7f)| {
        let mut bytes = token.clone().into_bytes();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        let refused = config.verify(&changed, now).map_err(|error| error.code());
        prop_assert_eq!(refused.err(), Some(Code::AccessTokenInvalid));
    });
}

#[test]
fn a_token_cut_or_joined_anywhere_is_none() {
    let (config, token, now) = verifier();
    for at in 0..token.len() {
        for other in [
            token[..at].to_owned(),
            token[at + 1..].to_owned(),
            format!("{token}{}", &token[at..]),
        ] {
            let refused = config.verify(&other, now).map_err(|error| error.code());
            assert_eq!(refused.err(), Some(Code::AccessTokenInvalid), "{other}");
        }
    }
}
