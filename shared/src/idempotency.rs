//! `Idempotency-Key` on creations: for 24 hours the same key with the same body answers the
//! first result again, with another body 409. What was created and with which status is stored,
//! never a secret: a replay issues tokens anew.
//!
//! The record goes into the transaction of the creation itself, so there is no state between
//! "created" and "remembered".

use std::{slice::from_ref, str::FromStr};

use axum::{extract::FromRequestParts, http::request::Parts};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams,
    openapi::{
        Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::ObjectBuilder,
    },
};

use crate::{
    app::App,
    error::Error,
    seal::sha256,
    store::{Change, Item, Key, Part, Table, Transaction, decode, gone},
};

const KEPT_SECONDS: i64 = 24 * 60 * 60;
/// The longest key, in bytes.
const LONGEST: usize = 255;

/// The request's `Idempotency-Key`: 1–255 visible ASCII characters.
pub struct IdempotencyKey(pub Option<String>);

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let key = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST))
            // What stands around a header's value does not count.
            .pattern(Some(r"^[!-~]([\t -~]*[!-~])?$"));
        let description = "The same key with the same body answers the same, for 24 hours.";
        let parameter = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(key))
            .example(Some("8e03978e-40d5-43e8-bc93-6894a57f9324".into()));
        vec![parameter.build()]
    }
}

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Self(None));
        };
        match value.to_str() {
            Ok(key) if !key.is_empty() && key.len() <= LONGEST => Ok(Self(Some(key.to_owned()))),
            _ => Err(Error::invalid(
                "Idempotency-Key",
                "Idempotency-Key is 1 to 255 visible characters",
            )),
        }
    }
}

impl IdempotencyKey {
    /// What the request is to create, once. `scope` tells endpoint and caller apart; `body` is what
    /// a repetition must repeat. It must not hold a secret: its digest is stored.
    ///
    /// # Errors
    /// `internal_server_error` when `body` is no JSON.
    pub fn creation<T: Serialize>(
        &self,
        app: &App,
        scope: &str,
        body: &T,
    ) -> Result<Option<Creation>, Error> {
        let Some(key) = &self.0 else {
            return Ok(None);
        };
        let body = serde_json::to_vec(body)
            .map_err(|_| Error::internal("a request cannot be fingerprinted"))?;
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(sha256(bytes));
        let digest = encode(format!("{scope}\n{key}").as_bytes());
        Ok(Some(Creation {
            place: Key::new(format!("IDEMPOTENCY#{digest}"), "IDEMPOTENCY"),
            fingerprint: encode(&body),
            ttl: app.now().as_second() + KEPT_SECONDS,
        }))
    }
}

/// One keyed creation.
pub struct Creation {
    place: Key,
    fingerprint: String,
    ttl: i64,
}

/// What a key was used for, as it lies in a table.
#[derive(Deserialize)]
pub(crate) struct Record {
    fingerprint: String,
    created_id: String,
    ttl: i64,
}

impl Creation {
    /// What the key created before, for who may not be able to create it any more. One request.
    ///
    /// # Errors
    /// `conflict` when the key came with another body, `service_unavailable` when DynamoDB does not answer.
    pub async fn created<Id: FromStr>(
        &self,
        app: &App,
        table: &Table,
    ) -> Result<Option<Id>, Error> {
        let found = table.batch_get(from_ref(&self.place)).await?;
        self.created_in(app, found.into_values().next())
    }

    /// Where it lies what the key was used for, for who reads it together with something else.
    pub fn key(&self) -> Key {
        self.place.clone()
    }

    /// [`Self::created`], of what lies at [`Self::key`].
    ///
    /// # Errors
    /// `conflict` when the key came with another body.
    pub fn created_in<Id: FromStr>(
        &self,
        app: &App,
        found: Option<Item>,
    ) -> Result<Option<Id>, Error> {
        let Some(record) = found.map(decode).transpose()? else {
            return Ok(None);
        };
        let id = self.recall(app.now().as_second(), record)?;
        Ok(id.and_then(|id| id.parse().ok()))
    }

    /// The part of a transaction that remembers what it creates. An expired record that DynamoDB has
    /// not removed yet is written over.
    pub(crate) fn remember(
        &self,
        tx: &mut Transaction,
        table: &Table,
        created_id: &impl ToString,
    ) -> Part<Record> {
        let change = Change::new()
            .set("fingerprint", &self.fingerprint)
            .set("created_id", created_id.to_string())
            .set("ttl", self.ttl)
            .when(gone(self.ttl - KEPT_SECONDS));
        tx.update(table, self.place.clone(), change).of()
    }

    /// What the key created before; `None` when that is forgotten by now.
    ///
    /// # Errors
    /// `conflict` when the key came with another body.
    pub(crate) fn recall(&self, now: i64, record: Record) -> Result<Option<String>, Error> {
        if record.ttl <= now {
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
