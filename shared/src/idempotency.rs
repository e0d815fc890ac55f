//! `Idempotency-Key` on creations: for 24 hours the same key with the same body answers the
//! first result again, with another body 409. What was created and with which status is stored,
//! never a secret: a replay issues tokens anew.
//!
//! The record goes into the transaction of the creation itself, so there is no state between
//! "created" and "remembered".

use axum::{extract::FromRequestParts, http::request::Parts};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::Error,
    seal::sha256,
    store::{Expression, Item, Key, Write, decode, n, s},
};

const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// The request's `Idempotency-Key`: 1–255 visible ASCII characters.
pub struct IdempotencyKey(pub Option<String>);

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Self(None));
        };
        match value.to_str() {
            Ok(key) if !key.is_empty() && key.len() <= 255 => Ok(Self(Some(key.to_owned()))),
            _ => Err(Error::invalid(
                "Idempotency-Key",
                "Idempotency-Key is 1 to 255 visible characters",
            )),
        }
    }
}

/// One keyed creation.
pub struct Creation {
    place: Key,
    fingerprint: String,
    ttl: i64,
}

#[derive(Deserialize)]
struct Record {
    fingerprint: String,
    created_id: String,
    ttl: i64,
}

impl Creation {
    /// `scope` tells endpoint and caller apart; `body` is what a repetition must repeat. It must
    /// not hold a secret: its digest is stored.
    pub fn new<T: Serialize>(app: &App, scope: &str, key: &str, body: &T) -> Result<Self, Error> {
        let body = serde_json::to_vec(body)
            .map_err(|_| Error::internal("a request cannot be fingerprinted"))?;
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(sha256(bytes));
        Ok(Self {
            place: Key::new(
                format!(
                    "IDEMPOTENCY#{}",
                    encode(format!("{scope}\n{key}").as_bytes())
                ),
                "IDEMPOTENCY",
            ),
            fingerprint: encode(&body),
            ttl: app.now().as_second() + KEPT_SECONDS,
        })
    }

    /// The write that remembers what is created; part of its transaction. An expired record that
    /// DynamoDB has not removed yet is written over.
    ///
    /// # Errors
    /// Never: a write of strings can always be made.
    pub fn remember(&self, created_id: &str) -> Result<Write, Error> {
        Ok(Write::Update(
            self.place.clone(),
            Expression::update("SET fingerprint = :fingerprint, created_id = :id, #ttl = :ttl")
                .and_when("attribute_not_exists(pk) OR #ttl <= :now")
                .name("#ttl", "ttl")
                .value(":fingerprint", s(&self.fingerprint))
                .value(":id", s(created_id))
                .value(":ttl", n(self.ttl))
                .value(":now", n(self.ttl - KEPT_SECONDS)),
        ))
    }

    /// What the key created before, from the item that refused [`Self::remember`].
    ///
    /// # Errors
    /// `conflict` when the key came with another body.
    pub fn recall(&self, app: &App, item: Item) -> Result<Option<String>, Error> {
        let record: Record = decode(item)?;
        if record.ttl <= app.now().as_second() {
            return Ok(None);
        }
        if record.fingerprint != self.fingerprint {
            return Err(Error::conflict(
                "this Idempotency-Key was used with another body",
            ));
        }
        Ok(Some(record.created_id))
    }
}
