//! DynamoDB, the way this house uses it: one table a service, items found by [`Key`], and writes
//! that may come twice.
//!
//! The SDK itself sends a write again when an acknowledgement is lost. So a conditional write
//! leaves its mark in the item (`write_id`): a retry that meets its own mark has succeeded. A
//! transaction carries a `ClientRequestToken`, which DynamoDB honours for ten minutes.

use std::{collections::HashMap, time::Duration};

pub use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Serialize, de::DeserializeOwned};

use crate::{app::App, error::Error};

mod failure;
mod query;
mod write;

pub use failure::{OrFailed, failed};
pub use query::{Page, Query};

/// An item as DynamoDB returns it.
pub type Item = HashMap<String, AttributeValue>;

const WRITE_ID: &str = "write_id";
/// Attempts at what DynamoDB left unprocessed or refused because of a concurrent transaction.
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

    fn attributes(&self) -> Item {
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

#[track_caller]
fn encode<T: Serialize>(key: &Key, value: &T) -> Result<Item, Error> {
    let mut item: Item =
        serde_dynamo::to_item(value).map_err(|_| Error::internal("a value cannot be stored"))?;
    item.extend(key.attributes());
    Ok(item)
}

/// What became of a conditional write.
#[derive(Debug)]
pub enum Written {
    /// It was done, now or by an earlier attempt of this same write.
    Done,
    /// Its condition failed; the item as it stands, if there is one.
    Refused(Option<Item>),
}

/// Why a part of a transaction failed.
#[derive(Debug)]
pub struct Refusal {
    /// The part's position, as it was added.
    pub part: usize,
    /// The item as it stands, if there is one.
    pub item: Option<Item>,
}

/// What became of a transaction.
#[derive(Debug)]
pub enum Committed {
    /// All of it was done.
    Done,
    /// None of it was: these parts' conditions failed.
    Refused(Vec<Refusal>),
}

/// One part of a transaction, or the same write on its own.
#[derive(Debug)]
pub enum Write {
    /// Puts an item where none is.
    Create(Key, Item),
    /// Puts an item, whatever is there.
    Put(Key, Item),
    /// Puts an item in the place of one that fulfils a condition.
    Replace(Key, Item, Expression),
    /// An update expression under an optional condition.
    Update(Key, Expression),
    /// Removes an item, under a condition or (empty) unconditionally.
    Delete(Key, Expression),
    /// Writes nothing; the transaction fails when the condition does.
    Check(Key, Expression),
}

/// Expressions with their names and values.
#[derive(Clone, Debug, Default)]
pub struct Expression {
    update: Option<String>,
    condition: Option<String>,
    names: HashMap<String, String>,
    values: Item,
}

impl Expression {
    /// An update expression.
    pub fn update(expression: impl Into<String>) -> Self {
        Self {
            update: Some(expression.into()),
            ..Self::default()
        }
    }

    /// A condition alone.
    pub fn when(condition: impl Into<String>) -> Self {
        Self::default().and_when(condition)
    }

    /// Adds the condition.
    #[must_use]
    pub fn and_when(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// Gives `#name` its attribute.
    #[must_use]
    pub fn name(mut self, placeholder: &str, attribute: &str) -> Self {
        self.names.insert(placeholder.into(), attribute.into());
        self
    }

    /// Gives `:value` its value.
    #[must_use]
    pub fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.into(), value);
        self
    }

    fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    fn values(&self) -> Option<Item> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

impl Write {
    /// [`Write::Create`] of a serialisable value.
    ///
    /// # Errors
    /// `internal_server_error` when the value cannot be stored.
    pub fn create<T: Serialize>(key: Key, value: &T) -> Result<Self, Error> {
        let item = encode(&key, value)?;
        Ok(Self::Create(key, item))
    }

    /// [`Write::Put`] of a serialisable value.
    ///
    /// # Errors
    /// `internal_server_error` when the value cannot be stored.
    pub fn put<T: Serialize>(key: Key, value: &T) -> Result<Self, Error> {
        let item = encode(&key, value)?;
        Ok(Self::Put(key, item))
    }

    /// [`Write::Replace`] by a serialisable value.
    ///
    /// # Errors
    /// `internal_server_error` when the value cannot be stored.
    pub fn replace<T: Serialize>(
        key: Key,
        value: &T,
        condition: Expression,
    ) -> Result<Self, Error> {
        let item = encode(&key, value)?;
        Ok(Self::Replace(key, item, condition))
    }
}

/// One DynamoDB table.
#[derive(Clone)]
pub struct Table {
    app: App,
    name: String,
}

impl Table {
    /// The table whose name is in `variable`, such as `ROOMS_TABLE`.
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
        let mut found = HashMap::new();
        if keys.is_empty() {
            return Ok(found);
        }
        let mut wanted = Some(HashMap::from([(
            self.name.clone(),
            KeysAndAttributes::builder()
                .set_keys(Some(keys.iter().map(Key::attributes).collect()))
                .consistent_read(true)
                .build()
                .map_err(|error| Error::internal(error))?,
        )]));
        for attempt in 0..ATTEMPTS {
            let output = self
                .app
                .dynamodb()
                .batch_get_item()
                .set_request_items(wanted)
                .send()
                .await
                .or_failed()?;
            for item in output
                .responses
                .into_iter()
                .flatten()
                .flat_map(|(_, items)| items)
            {
                if let Some(key) = Key::of(&item) {
                    found.insert(key, item);
                }
            }
            wanted = output.unprocessed_keys.filter(|left| !left.is_empty());
            if wanted.is_none() {
                return Ok(found);
            }
            self.pause(attempt).await;
        }
        Err(Error::unavailable(1))
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

    fn write_id(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.app.random::<16>())
    }

    /// Waits before the next attempt: 20 ms doubling, half of it random.
    pub(crate) async fn pause(&self, attempt: u32) {
        let longest = 20_u64 << attempt.min(6);
        let [random, ..] = self.app.random::<1>();
        let millis = longest / 2 + longest * u64::from(random) / 512;
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
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
