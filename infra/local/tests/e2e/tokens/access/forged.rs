//! Every way to forge or to misshape an access token that we could think of.

use aws_lc_rs::{hmac, signature::KeyPair as _};

use super::*;

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
