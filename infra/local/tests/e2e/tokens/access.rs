//! Access tokens as a function verifies them, at `GET /me/rooms`.

use aws_lc_rs::{hmac, signature::Ed25519KeyPair, signature::KeyPair as _};
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

/// The group's order, little-endian; adding it to a signature's second half gives another number
/// that a careless verifier takes for the same.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn malleated(signature: &[u8]) -> Vec<u8> {
    let mut signature = signature.to_vec();
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = ((sum & 0xff) as u8, sum >> 8);
    }
    signature
}

/// What is in the place of a good token, by what is wrong with it.
async fn forgeries(world: &World, hana: &Person, sora: &Person) -> Vec<(&'static str, String)> {
    let signer = Signer::of(world).await;
    let other = signer.impostor();
    let (head, body) = (signer.header(), claims(hana));
    let now = body["iat"].as_i64().unwrap();
    let good = hana.access_token.as_str();
    let parts: Vec<&str> = good.split('.').collect();
    let (input, signature) = good.rsplit_once('.').unwrap();
    let signature_bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let public = signer.pair.public_key().as_ref().to_vec();
    let jwks = world
        .call("GET", "/.well-known/jwks.json", None, None)
        .await;
    let jwk = jwks.body["keys"][0].to_string();
    let x = text(&jwks.body["keys"][0]["x"]);
    let own_jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "kid": signer.kid,
        "x": encode(other.pair.public_key().as_ref()),
    });
    let unsigned = |alg: &str| signed(&with(&head, "alg", alg), &body, |_| Vec::new());
    let with_key = |algorithm, alg: &str, key: &[u8]| {
        signed(&with(&head, "alg", alg), &body, |input| {
            hmac::sign(&hmac::Key::new(algorithm, key), input)
                .as_ref()
                .to_vec()
        })
    };
    let last = good.chars().next_back().unwrap();
    // The last of 86 characters stands for two bits; the other four must be zero.
    let respelt = char::from(u32::from(last) as u8 + 1);
    let mut flipped = signature_bytes.clone();
    flipped[0] ^= 1;
    let elevated = encode(with(&body, "scope", "operator").to_string());
    let head_of = |field, value: Value| signer.sign(&with(&head, field, value), &body);
    let body_of = |field, value: Value| signer.sign(&head, &with(&body, field, value));

    let mut cases = vec![
        ("another key with the same kid", other.sign(&head, &body)),
        (
            "another key in its own header",
            other.sign(&with(&head, "jwk", own_jwk), &body),
        ),
        (
            "a key's address",
            other.sign(&with(&head, "jku", "https://evil.example/jwks"), &body),
        ),
        ("no signature", format!("{input}.")),
        ("no signature and no dot", input.to_owned()),
        (
            "a flipped signature",
            format!("{input}.{}", encode(&flipped)),
        ),
        (
            "a truncated signature",
            format!("{input}.{}", encode(&signature_bytes[..63])),
        ),
        (
            "a longer signature",
            format!("{input}.{}", encode([&*signature_bytes, &[0]].concat())),
        ),
        (
            "a signature of zeros",
            format!("{input}.{}", encode([0; 64])),
        ),
        (
            "a malleated signature",
            format!("{input}.{}", encode(malleated(&signature_bytes))),
        ),
        (
            "a respelt signature",
            format!("{}{respelt}", &good[..good.len() - 1]),
        ),
        ("a padded signature", format!("{good}==")),
        (
            "a signature in hex",
            format!(
                "{input}.{}",
                flipped
                    .iter()
                    .map(|b| format!("{b:02x}"))
                    .collect::<String>()
            ),
        ),
        (
            "other claims",
            format!("{}.{elevated}.{signature}", parts[0]),
        ),
        (
            "another token's signature",
            format!("{input}.{}", sora.access_token.rsplit_once('.').unwrap().1),
        ),
        (
            "another token's claims",
            format!(
                "{}.{}.{signature}",
                parts[0],
                sora.access_token.split('.').nth(1).unwrap()
            ),
        ),
        ("alg none", unsigned("none")),
        ("alg None", unsigned("None")),
        ("alg NONE with a signature", head_of("alg", "NONE".into())),
        ("alg EdDSA unsigned", unsigned("EdDSA")),
        ("alg Ed25519", head_of("alg", "Ed25519".into())),
        ("alg eddsa", head_of("alg", "eddsa".into())),
        ("alg ES256", head_of("alg", "ES256".into())),
        ("alg RS256", head_of("alg", "RS256".into())),
        (
            "alg HS256 over our signature",
            head_of("alg", "HS256".into()),
        ),
        ("no alg", signer.sign(&without(&head, "alg"), &body)),
        ("alg null", head_of("alg", Value::Null)),
        (
            "HS256 with the public key",
            with_key(hmac::HMAC_SHA256, "HS256", &public),
        ),
        (
            "HS256 with the public key's text",
            with_key(hmac::HMAC_SHA256, "HS256", x.as_bytes()),
        ),
        (
            "HS256 with the JWK",
            with_key(hmac::HMAC_SHA256, "HS256", jwk.as_bytes()),
        ),
        (
            "HS256 with an empty key",
            with_key(hmac::HMAC_SHA256, "HS256", b""),
        ),
        (
            "HS384 with the public key",
            with_key(hmac::HMAC_SHA384, "HS384", &public),
        ),
        (
            "HS512 with the public key",
            with_key(hmac::HMAC_SHA512, "HS512", &public),
        ),
        (
            "EdDSA with an HMAC",
            with_key(hmac::HMAC_SHA512, "EdDSA", &public),
        ),
        ("typ JWT", head_of("typ", "JWT".into())),
        ("typ of an ID token", head_of("typ", "id+jwt".into())),
        ("typ empty", head_of("typ", "".into())),
        ("typ null", head_of("typ", Value::Null)),
        ("no typ", signer.sign(&without(&head, "typ"), &body)),
        ("an unknown kid", head_of("kid", "other".into())),
        ("an empty kid", head_of("kid", "".into())),
        ("a kid that is no string", head_of("kid", 1.into())),
        ("no kid", signer.sign(&without(&head, "kid"), &body)),
        ("another audience", body_of("aud", "other".into())),
        ("an audience in upper case", body_of("aud", "ENISHI".into())),
        ("an empty audience", body_of("aud", "".into())),
        ("another issuer", body_of("iss", "other".into())),
        (
            "an issuer with more to it",
            body_of("iss", "enishi.evil.example".into()),
        ),
        ("no claims", signer.sign(&head, &json!({}))),
        (
            "claims that are no object",
            signer.sign(&head, &json!([body])),
        ),
        (
            "a header that is no object",
            signer.sign(&json!([head]), &body),
        ),
        (
            "issued a minute and more ahead",
            body_of("iat", (now + 61).into()),
        ),
        (
            "issued in a year",
            body_of("iat", (now + 365 * 86_400).into()),
        ),
        ("issued beyond all time", body_of("iat", i64::MAX.into())),
        ("issued before all time", body_of("iat", i64::MIN.into())),
        ("iat as text", body_of("iat", now.to_string().into())),
        (
            "exp as text",
            body_of("exp", (now + 900).to_string().into()),
        ),
        (
            "exp with a fraction",
            body_of("exp", 1_795_173_300.5.into()),
        ),
        ("exp null", body_of("exp", Value::Null)),
        ("sub as a number", body_of("sub", 1.into())),
        ("sub null", body_of("sub", Value::Null)),
        ("a refresh token", hana.refresh_token.clone()),
        ("nothing", String::new()),
        ("one dot", ".".into()),
        ("two dots", "..".into()),
        ("three dots", "...".into()),
        ("four parts", format!("{good}.")),
        ("four parts, the first empty", format!(".{good}")),
        ("five parts", format!("{good}.x.y")),
        ("words", "a.b.c".into()),
        ("null", "null".into()),
        ("two tokens", format!("{good} {good}")),
        ("a token in quotes", format!("\"{good}\"")),
        ("an upper-case token", good.to_ascii_uppercase()),
        ("a percent-encoded token", good.replace('.', "%2E")),
    ];
    for claim in ["iss", "aud", "sub", "sid", "name", "email", "iat", "exp"] {
        cases.push((claim, signer.sign(&head, &without(&body, claim))));
    }
    cases
}

#[tokio::test]
async fn a_forged_or_misshapen_token_is_refused_whatever_is_wrong_with_it() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let sora = world.sign_up("sora").await;
    let good = world.get(&hana, "/me/rooms").await.expect(200);
    let expected = world.call("GET", "/me/rooms", None, None).await;
    let expected = expected.expect_error(401, "access_token_invalid", &[]);
    let how = header_of(&expected, header::WWW_AUTHENTICATE);

    for (case, token) in forgeries(&world, &hana, &sora).await {
        let answer = with_token(&world, &token).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.text),
            (401, &expected.text),
            "{case}"
        );
        assert_eq!(header_of(&answer, header::WWW_AUTHENTICATE), how, "{case}");
    }
    let token = &hana.access_token;
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "bearer ,",
        token,
        &format!("Bearer{token}"),
        &format!("Bearer:{token}"),
        &format!("Bearer\t{token}"),
        &format!("Basic {token}"),
        &format!("DPoP {token}"),
        &format!("Token {token}"),
        &format!("Bearer Bearer {token}"),
        &format!("Bearer {token}, Bearer {token}"),
        &format!("Bearer {token};"),
        &format!("Basic x, Bearer {token}"),
    ] {
        let answer = authorised(&world, value).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.text),
            (401, &expected.text),
            "{value}"
        );
    }
    // A token is taken from nowhere else.
    let path = format!("/me/rooms?access_token={token}");
    world.call("GET", &path, None, None).await.expect(401);
    let request = Request::get("/me/rooms").header("cookie", format!("access_token={token}"));
    world
        .send(request.body(Default::default()).unwrap())
        .await
        .expect(401);
    let twice = Request::get("/me/rooms")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    world
        .send(twice.body(Default::default()).unwrap())
        .await
        .expect(401);

    let again = world.get(&hana, "/me/rooms").await.expect(200);
    assert_eq!(again.text, good.text);
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
