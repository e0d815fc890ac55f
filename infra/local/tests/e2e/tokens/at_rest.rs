//! What lies in `IDENTITY_TABLE`: nothing that whoever reads it could log in with.

use std::collections::BTreeSet;

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::{
    identity::{
        attribute, items, log_in, mailed,
        market_sessions::{begin, enter, verified},
        newcomer, post, post_with, put, refresh,
        session_keys::renew,
    },
    support::{Person, World},
};

/// Every string in the items, names of attributes too.
fn strings(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
            // Events lie as JSON in a string; keys consist of parts.
            if let Ok(inner) = serde_json::from_str::<Value>(text)
                && (inner.is_object() || inner.is_array())
            {
                strings(&inner, found);
            }
            found.extend(text.split(['#', '$', ',']).map(str::to_owned));
        }
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                strings(value, found);
            }
        }
        _ => {}
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(pair).collect()
}

/// What a string may stand for: itself, or what it is the base64 or the hex of.
fn readings(text: &str) -> Vec<Vec<u8>> {
    let mut readings = vec![text.as_bytes().to_vec()];
    for engine in [
        &BASE64_STANDARD,
        &BASE64_STANDARD_NO_PAD,
        &BASE64_URL_SAFE,
        &BASE64_URL_SAFE_NO_PAD,
    ] {
        readings.extend(engine.decode(text).ok());
    }
    readings.extend(unhex(text));
    readings
}

fn has(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

/// Somebody who has used all there is, and every secret they were given or gave.
async fn lived(world: &World) -> (Person, String, Vec<String>) {
    let password = "a quiet morning at nine";
    let body = newcomer("hana", "hana@example.com", password);
    let headers = [("idempotency-key", "k1")];
    let first = post_with(world, "/signup", &headers, body.clone())
        .await
        .expect(201);
    let mut secrets = vec![password.to_owned(), mailed(world, "hana@example.com").await];
    let mut answers = vec![
        post_with(world, "/signup", &headers, body)
            .await
            .expect(201),
    ];
    answers.push(
        log_in(world, "hana@example.com", password)
            .await
            .expect(200),
    );
    answers.push(
        log_in(world, "hana@example.com", "a wrong password")
            .await
            .expect(401),
    );
    secrets.push("a wrong password".into());
    let mut current = first.text("refresh_token");
    for _ in 0..3 {
        let answer = refresh(world, &current).await.expect(200);
        current = answer.text("refresh_token");
        answers.push(answer);
    }
    for password in ["the second password", "the third password"] {
        let body = json!({"email": "hana@example.com"});
        post(world, "/api/auth/password/forgot", body)
            .await
            .expect(202);
        let token = mailed(world, "hana@example.com").await;
        if password == "the second password" {
            let body = json!({"token": token, "password": password});
            post(world, "/api/auth/password/reset", body)
                .await
                .expect(204);
        }
        secrets.extend([token, password.to_owned()]);
    }
    let last = log_in(world, "hana@example.com", "the second password")
        .await
        .expect(200);
    current = last.text("refresh_token");
    let next = refresh(world, &current).await.expect(200);
    secrets.extend([current, next.text("refresh_token")]);
    let person = Person {
        id: first.text("user_id"),
        name: "hana".into(),
        email: "hana@example.com".into(),
        password: "the second password".into(),
        access_token: next.text("access_token"),
        refresh_token: next.text("refresh_token"),
    };
    answers.extend([first, last, next]);
    for answer in answers {
        for field in ["access_token", "refresh_token"] {
            secrets.extend(answer.body[field].as_str().map(str::to_owned));
        }
    }
    let session = BASE64_URL_SAFE_NO_PAD
        .decode(&person.refresh_token)
        .unwrap();
    let session = BASE64_URL_SAFE_NO_PAD.encode(&session[16..32]);
    (person, session, secrets)
}

/// What must not lie in a table for the sake of these secrets: they, and parts that would do.
fn searched(secrets: &[String]) -> Vec<Vec<u8>> {
    let mut searched: Vec<Vec<u8>> = Vec::new();
    for secret in secrets {
        searched.push(secret.as_bytes().to_vec());
        if let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(secret) {
            // Of a refresh token the ids are no secret, and both halves of the rest would be.
            let at = if bytes.len() == 64 { 32 } else { 0 };
            searched.push(bytes[at..at + 16].to_vec());
            searched.push(bytes[at + 16..].to_vec());
        }
        // An access token without its signature, and the signature.
        for part in secret
            .split('.')
            .skip(1)
            .filter(|part| secret.starts_with("eyJ") && !part.is_empty())
        {
            searched.push(part.as_bytes().to_vec());
            searched.push(BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
        }
    }
    searched
}

/// Fails if any of it lies in the items, in whatever spelling.
fn absent(items: &[Value], searched: &[Vec<u8>]) {
    let mut found = BTreeSet::new();
    strings(&json!(items), &mut found);
    let dump = json!(items).to_string();
    for secret in searched {
        assert!(!has(dump.as_bytes(), secret), "a secret lies in the table");
        for text in &found {
            for reading in readings(text) {
                assert!(
                    !has(&reading, secret),
                    "a secret lies in the table as {text}"
                );
            }
        }
        for spelling in [
            BASE64_STANDARD_NO_PAD.encode(secret),
            BASE64_URL_SAFE_NO_PAD.encode(secret),
            secret.iter().map(|byte| format!("{byte:02x}")).collect(),
            secret.iter().map(|byte| format!("{byte:02X}")).collect(),
        ] {
            assert!(
                !dump.contains(&spelling),
                "a secret lies in the table, encoded"
            );
        }
    }
    // The search itself finds what is there.
    let digest = &found.iter().find(|text| text.len() == 43).unwrap();
    assert!(has(dump.as_bytes(), digest.as_bytes()));
}

#[tokio::test]
async fn the_table_holds_no_secret_in_any_spelling() {
    let world = World::new().await;
    let (_, _, secrets) = lived(&world).await;
    let searched = searched(&secrets);
    assert!(searched.len() > 60, "{}", searched.len());

    let items = items(&world);
    let kinds: BTreeSet<String> = items
        .iter()
        .map(|item| attribute(item, "pk").split('#').next().unwrap().to_owned())
        .collect();
    let all = [
        "ACCOUNT",
        "EMAIL",
        "IDEMPOTENCY",
        "MAIL",
        "OUTBOX",
        "THROTTLE",
        "USERNAME",
    ];
    assert!(kinds.iter().eq(all), "{kinds:?}");
    for of_account in ["SESSION#", "TOKEN#"] {
        let is = |item: &Value| attribute(item, "sk").starts_with(of_account);
        assert!(items.iter().any(is), "{of_account}");
    }
    absent(&items, &searched);
}

#[tokio::test]
async fn nor_does_it_hold_one_of_the_markets_sessions() {
    let world = World::new().await;
    let hana = verified(&world, "hana@example.com").await;
    let person = enter(&world, &hana).await;
    let mut secrets = vec![
        hana.id_token.clone(),
        person.access_token.clone(),
        person.refresh_token.clone(),
    ];
    for _ in 0..3 {
        let key = secrets.last().unwrap();
        let answer = renew(&world, key).await.expect(200);
        secrets.extend([answer.text("access_token"), answer.text("session_key")]);
    }
    let items = items(&world);
    let searched = searched(&secrets);
    assert!(searched.len() > 20, "{}", searched.len());
    absent(&items, &searched);

    // Nor can anything of it be presented: not a row of the log, and not with the ids before it.
    let mut found = BTreeSet::new();
    strings(&json!(items), &mut found);
    let key = secrets.last().unwrap();
    let ids = BASE64_URL_SAFE_NO_PAD.decode(key).unwrap()[..32].to_vec();
    let session = |item: &&Value| attribute(item, "sk").starts_with("SESSION#");
    let session = items.iter().find(session).unwrap();
    let decoded = |text| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let digests = found.iter().filter_map(|text| Some((text, decoded(text)?)));
    let digests: Vec<_> = digests.filter(|(_, bytes)| bytes.len() == 32).collect();
    assert!(digests.len() >= 4, "{digests:?}");
    for (digest, secret) in digests {
        let whole = BASE64_URL_SAFE_NO_PAD.encode([ids.clone(), secret].concat());
        for presented in [digest, &whole] {
            let answer = renew(&world, presented).await;
            answer.expect_error(401, "access_token_invalid", &[]);
            // What counts as spent ends the session; here it is again for the next.
            put(&world, session);
        }
        let answer = begin(&world, digest).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    renew(&world, key).await.expect(200);
}

#[tokio::test]
async fn nothing_in_the_table_can_be_presented() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("RefreshRate".into(), "999999/1h".into());
    })
    .await;
    let (person, session, _) = lived(&world).await;
    // Within the grace, when the salt tells most.
    let rows = items(&world);
    let is_session = |item: &&Value| attribute(item, "sk") == format!("SESSION#{session}");
    let row = rows.iter().find(is_session).unwrap();
    let mut found = BTreeSet::new();
    strings(&json!(rows), &mut found);

    let user = person.id.parse::<uuid::Uuid>().unwrap().into_bytes();
    let ids = [
        &user,
        BASE64_URL_SAFE_NO_PAD.decode(&session).unwrap().as_slice(),
    ]
    .concat();
    let mut presented = BTreeSet::new();
    for text in &found {
        presented.insert(text.clone());
        for mut reading in readings(text) {
            // Whole, or behind the ids, which are no secret; 16 bytes could be one at least.
            presented.insert(BASE64_URL_SAFE_NO_PAD.encode(&reading));
            if (16..=64).contains(&reading.len()) {
                reading.resize(32, 0);
                presented.insert(BASE64_URL_SAFE_NO_PAD.encode([&ids, &*reading].concat()));
            }
        }
    }
    presented.retain(|text| text.len() == 86);
    assert!(presented.len() > 100, "{}", presented.len());
    for token in presented {
        // What counts as spent ends the session; here it is again for the next.
        put(&world, row);
        let answer = refresh(&world, &token).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    put(&world, row);
    for token in found.iter().filter(|text| text.len() == 43) {
        let body = json!({"token": token, "password": "password of a thief"});
        let answer = post(&world, "/api/auth/password/reset", body).await;
        answer.expect_error(400, "invalid_parameter", &["token: invalid"]);
        let answer = post(&world, "/api/auth/email/verify", json!({"token": token})).await;
        answer.expect_error(400, "invalid_parameter", &["token: invalid"]);
    }
    let hash = found.iter().find(|text| text.starts_with("$argon2id$"));
    log_in(&world, &person.email, hash.unwrap())
        .await
        .expect(401);
    refresh(&world, &person.refresh_token).await.expect(200);
    log_in(&world, &person.email, &person.password)
        .await
        .expect(200);
}
