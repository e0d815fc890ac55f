//! DynamoDB, the way this house uses it: one table a service, items found by [`Key`], and writes
//! that may come twice.
//!
//! The SDK itself sends a write again when an acknowledgement is lost. So a conditional write
//! leaves its mark in the item (`write_id`): a retry that meets its own mark has succeeded. A
//! transaction carries a `ClientRequestToken`, which DynamoDB honours for ten minutes.

use std::collections::HashMap;

pub use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{
    operation::transact_get_items::TransactGetItemsError,
    types::{Get, KeysAndAttributes, TransactGetItem},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Serialize, de::DeserializeOwned};

use crate::{app::App, error::Error};

mod change;
mod condition;
mod contention;
mod failure;
mod query;
#[cfg(test)]
mod tests;
mod transaction;
mod write;

pub use change::{Change, Counting, Repeatable};
pub use condition::{Condition, Path, gone, when};
pub use contention::Race;
use contention::pause;
pub use failure::{OrFailed, failed};
pub use query::{Page, Query};
use transaction::passes;
pub use transaction::{Outcome, Part, Refused, Transaction, Unknown};
pub use write::{Found, Written};

/// An item as DynamoDB returns it.
pub type Item = HashMap<String, AttributeValue>;

const WRITE_ID: &str = "write_id";
/// Attempts at what DynamoDB left unprocessed.
const ATTEMPTS: u32 = 8;

/// An item's place: partition and sort key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition key, `pk`.
    pub pk: String,
    /// Sort key, `sk`.
    pub sk: String,
}

impl Key {
    /// A place from both keys.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// As DynamoDB takes it, and a query what it goes on after.
    pub fn attributes(&self) -> Item {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    /// The place of an item that was read.
    pub fn of(item: &Item) -> Option<Self> {
        Some(Self::new(
            item.get("pk")?.as_s().ok()?,
            item.get("sk")?.as_s().ok()?,
        ))
    }
}

/// A string attribute value.
pub fn s(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute value.
pub fn n(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Reads an item; what it holds beside `T`'s fields is left out.
///
/// # Errors
/// `internal_server_error` when the item is not a `T`.
#[track_caller]
pub fn decode<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    // serde_dynamo's messages may quote a value, and values can be personal.
    serde_dynamo::from_item(item).map_err(|_| Error::internal("an item has an unknown form"))
}

/// Makes the item of a value.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
#[track_caller]
pub fn encode<T: Serialize>(key: &Key, value: &T) -> Result<Item, Error> {
    let mut item: Item =
        serde_dynamo::to_item(value).map_err(|_| Error::internal("a value cannot be stored"))?;
    item.extend(key.attributes());
    Ok(item)
}

/// One DynamoDB table.
#[derive(Clone)]
pub struct Table {
    app: App,
    name: String,
}

impl Table {
    /// The table whose name is in `variable`, such as `IDENTITY_TABLE`.
    ///
    /// # Errors
    /// `internal_server_error` when it is not configured.
    pub fn named(app: &App, variable: &'static str) -> Result<Self, Error> {
        let name = app.env().required(variable);
        Ok(Self {
            name: name.map_err(|error| Error::internal(error))?.to_owned(),
            app: app.clone(),
        })
    }

    /// Reads one item, consistently. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer; so for all methods below.
    pub async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Error> {
        let output = self
            .app
            .dynamodb()
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .or_failed()?;
        output.item.map(decode).transpose()
    }

    /// Reads up to 100 items at once, consistently; those that are not there are left out. One
    /// request, more only while DynamoDB leaves keys unprocessed.
    pub async fn batch_get(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, Error> {
        let places: Vec<_> = keys.iter().map(|key| (self, key.clone())).collect();
        let items = batch_get(&self.app, &places).await?;
        let found = keys.iter().cloned().zip(items);
        Ok(found.filter_map(|(key, item)| Some((key, item?))).collect())
    }

    /// Reads up to 100 items as they stand at one moment, which [`Self::batch_get`] does not; those
    /// that are not there are left out. One request, more only while a transaction holds one of them.
    pub async fn snapshot(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, Error> {
        let get = |key: &Key| {
            let get = Get::builder().table_name(&self.name);
            let get = get.set_key(Some(key.attributes())).build();
            get.map(|get| TransactGetItem::builder().get(get).build())
        };
        let items: Vec<TransactGetItem> = keys
            .iter()
            .map(get)
            .collect::<Result<_, _>>()
            .map_err(|error| Error::internal(error))?;
        let mut race = Race::new(&self.app);
        loop {
            let request = self.app.dynamodb().transact_get_items();
            match request.set_transact_items(Some(items.clone())).send().await {
                Ok(output) => {
                    let items = output.responses.into_iter().flatten();
                    let items = items.filter_map(|response| response.item);
                    return Ok(items
                        .filter_map(|item| Some((Key::of(&item)?, item)))
                        .collect());
                }
                Err(error) => match error.as_service_error() {
                    Some(TransactGetItemsError::TransactionCanceledException(cancelled))
                        if passes(cancelled.cancellation_reasons()) => {}
                    _ => return Err(failed(error)),
                },
            }
            race.lost().await?;
        }
    }

    /// Reads any number of items, 100 a request, eight requests at a time.
    pub async fn batch_get_all(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, Error> {
        stream::iter(keys.chunks(100).map(<[Key]>::to_vec))
            .map(|chunk| async move { self.batch_get(&chunk).await })
            .buffer_unordered(8)
            .try_fold(HashMap::new(), |mut all, chunk| async move {
                all.extend(chunk);
                Ok(all)
            })
            .await
    }
}

/// Reads up to 100 items of any tables at once, consistently, in the order of their places. One request,
/// more only while DynamoDB leaves keys unprocessed.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn batch_get(app: &App, places: &[(&Table, Key)]) -> Result<Vec<Option<Item>>, Error> {
    let mut keys: HashMap<String, Vec<Item>> = HashMap::new();
    for (table, key) in places {
        let keys = keys.entry(table.name.clone()).or_default();
        keys.push(key.attributes());
    }
    let wanted = keys.into_iter().map(|(table, keys)| {
        let keys = KeysAndAttributes::builder().set_keys(Some(keys));
        let keys = keys.consistent_read(true).build();
        keys.map(|keys| (table, keys))
    });
    let wanted: Result<HashMap<_, _>, _> = wanted.collect();
    let mut wanted = wanted.map_err(|error| Error::internal(error))?;
    let mut found: HashMap<(String, Key), Item> = HashMap::new();
    let mut attempt = 0;
    while !wanted.is_empty() {
        if attempt == ATTEMPTS {
            return Err(Error::unavailable(1));
        }
        if attempt > 0 {
            pause(app, attempt - 1).await;
        }
        attempt += 1;
        let request = app.dynamodb().batch_get_item();
        let output = request.set_request_items(Some(wanted)).send().await;
        let output = output.or_failed()?;
        for (table, items) in output.responses.into_iter().flatten() {
            let keyed = items
                .into_iter()
                .filter_map(|item| Some((Key::of(&item)?, item)));
            found.extend(keyed.map(|(key, item)| ((table.clone(), key), item)));
        }
        wanted = output.unprocessed_keys.unwrap_or_default();
    }
    let places = places.iter();
    let found = places.map(|(table, key)| found.remove(&(table.name.clone(), key.clone())));
    Ok(found.collect())
}

fn write_id(app: &App) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(app.random::<16>())
}

/// `#[serde(with = "…")]` for bytes, stored as DynamoDB's binary.
pub mod bytes {
    use serde::{Deserializer, Serializer, de::Visitor};

    /// Writes bytes.
    ///
    /// # Errors
    /// The serialiser's.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    /// Reads bytes.
    ///
    /// # Errors
    /// When the attribute is no binary.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
