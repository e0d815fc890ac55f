//! DynamoDB, the way this house uses it: one table a service, items found by [`Key`], and writes
//! that may come twice.
//!
//! The SDK itself sends a write again when an acknowledgement is lost. So a conditional write
//! leaves its mark in the item (`write_id`): a retry that meets its own mark has succeeded. A
//! transaction carries a `ClientRequestToken`, which DynamoDB honours for ten minutes.

use std::{collections::HashMap, time::Duration};

pub use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        delete_item::DeleteItemError, put_item::PutItemError, query::builders::QueryFluentBuilder,
        transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
    },
    types::{
        ConditionCheck, Delete, KeysAndAttributes, Put, PutRequest,
        ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update, WriteRequest,
    },
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Serialize, de::DeserializeOwned};

use crate::{app::App, error::Error};

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
}

/// A page of a query.
#[derive(Debug)]
pub struct Page<T> {
    /// The items, in the order of the sort key.
    pub items: Vec<T>,
    /// The last key read, when there is more.
    pub next: Option<Item>,
}

/// One DynamoDB table.
#[derive(Clone)]
pub struct Table {
    app: App,
    name: String,
}

impl Table {
    /// The table called `name`.
    pub fn new(app: &App, name: &str) -> Self {
        Self {
            app: app.clone(),
            name: name.to_owned(),
        }
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
                .map_err(Error::internal)?,
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

    /// Starts a query of one partition.
    pub fn query(&self, condition: &str) -> Query {
        Query(
            self.app
                .dynamodb()
                .query()
                .table_name(&self.name)
                .key_condition_expression(condition)
                .consistent_read(true),
        )
    }

    /// Writes one item. One request. A condition that this same write fulfilled in an earlier
    /// attempt, whose answer was lost, counts as done; only if somebody else wrote the item between
    /// the two attempts is it reported as refused, with that newer item.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn write(&self, write: Write) -> Result<Written, Error> {
        let write_id = self.write_id();
        let refused = match write {
            Write::Create(key, item) => self.put(item, &write_id, Some(&key)).await?,
            Write::Put(_, item) => self.put(item, &write_id, None).await?,
            Write::Update(key, expression) => {
                let expression = marked(expression, &write_id);
                let result = self
                    .app
                    .dynamodb()
                    .update_item()
                    .table_name(&self.name)
                    .set_key(Some(key.attributes()))
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .set_update_expression(expression.update)
                    .set_condition_expression(expression.condition)
                    .return_values_on_condition_check_failure(ALL_OLD)
                    .send()
                    .await;
                refusal(result, |error| match error {
                    UpdateItemError::ConditionalCheckFailedException(refused) => Some(refused.item),
                    _ => None,
                })?
            }
            Write::Delete(key, expression) => {
                let result = self
                    .app
                    .dynamodb()
                    .delete_item()
                    .table_name(&self.name)
                    .set_key(Some(key.attributes()))
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .set_condition_expression(expression.condition)
                    .return_values_on_condition_check_failure(ALL_OLD)
                    .send()
                    .await;
                refusal(result, |error| match error {
                    DeleteItemError::ConditionalCheckFailedException(refused) => Some(refused.item),
                    _ => None,
                })?
            }
            Write::Check(..) => return Err(Error::internal("a check alone is a read")),
        };
        Ok(match refused {
            Some(Some(item)) if bears(&item, &write_id) => Written::Done,
            Some(item) => Written::Refused(item),
            None => Written::Done,
        })
    }

    async fn put(
        &self,
        mut item: Item,
        write_id: &str,
        create: Option<&Key>,
    ) -> Result<Option<Option<Item>>, Error> {
        item.insert(WRITE_ID.into(), s(write_id));
        let result = self
            .app
            .dynamodb()
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_condition_expression(create.map(|_| ABSENT.to_owned()))
            .return_values_on_condition_check_failure(ALL_OLD)
            .send()
            .await;
        refusal(result, |error| match error {
            PutItemError::ConditionalCheckFailedException(refused) => Some(refused.item),
            _ => None,
        })
    }

    /// Puts any number of items whatever is there, 25 a request, eight requests at a time.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer or leaves items unwritten.
    pub async fn put_all(&self, writes: Vec<Write>) -> Result<(), Error> {
        let mut items: Vec<Item> = Vec::with_capacity(writes.len());
        for write in writes {
            match write {
                Write::Put(_, item) => items.push(item),
                _ => return Err(Error::internal("a batch only puts")),
            }
        }
        let chunks: Vec<Vec<Item>> = items.chunks(25).map(<[Item]>::to_vec).collect();
        stream::iter(chunks)
            .map(|chunk| self.put_chunk(chunk))
            .buffer_unordered(8)
            .try_collect()
            .await
    }

    async fn put_chunk(&self, items: Vec<Item>) -> Result<(), Error> {
        let mut requests = Vec::with_capacity(items.len());
        for item in items {
            let put = PutRequest::builder()
                .set_item(Some(item))
                .build()
                .map_err(Error::internal)?;
            requests.push(WriteRequest::builder().put_request(put).build());
        }
        let mut left = Some(HashMap::from([(self.name.clone(), requests)]));
        for attempt in 0..ATTEMPTS {
            let output = self
                .app
                .dynamodb()
                .batch_write_item()
                .set_request_items(left)
                .send()
                .await
                .or_failed()?;
            left = output.unprocessed_items.filter(|left| !left.is_empty());
            if left.is_none() {
                return Ok(());
            }
            self.pause(attempt).await;
        }
        Err(Error::unavailable(1))
    }

    /// Writes all parts or none (at most 100). One request, more only while another transaction
    /// holds one of the items.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer or the conflict lasts.
    pub async fn transact(&self, writes: Vec<Write>) -> Result<Committed, Error> {
        let token = self.write_id();
        let mut parts = Vec::with_capacity(writes.len());
        for write in writes {
            parts.push(self.part(write)?);
        }
        for attempt in 0..ATTEMPTS {
            let error = match self
                .app
                .dynamodb()
                .transact_write_items()
                .set_transact_items(Some(parts.clone()))
                .client_request_token(&token)
                .send()
                .await
            {
                Ok(_) => return Ok(Committed::Done),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons();
                    let refused: Vec<Refusal> = reasons
                        .iter()
                        .enumerate()
                        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
                        .map(|(part, reason)| Refusal {
                            part,
                            item: reason.item.clone(),
                        })
                        .collect();
                    if !refused.is_empty() {
                        return Ok(Committed::Refused(refused));
                    }
                    let passing = |code: Option<&str>| {
                        matches!(
                            code,
                            Some(
                                "TransactionConflict"
                                    | "ThrottlingError"
                                    | "ProvisionedThroughputExceeded"
                            )
                        )
                    };
                    if !reasons.iter().any(|reason| passing(reason.code())) {
                        return Err(failed(error));
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ => return Err(failed(error)),
            }
            self.pause(attempt).await;
        }
        Err(Error::unavailable(1))
    }

    fn part(&self, write: Write) -> Result<TransactWriteItem, Error> {
        let part = TransactWriteItem::builder();
        Ok(match write {
            Write::Create(_, item) => part.put(
                Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(item))
                    .condition_expression(ABSENT)
                    .return_values_on_condition_check_failure(ALL_OLD)
                    .build()
                    .map_err(Error::internal)?,
            ),
            Write::Put(_, item) => part.put(
                Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(item))
                    .build()
                    .map_err(Error::internal)?,
            ),
            Write::Update(key, expression) => part.update(
                Update::builder()
                    .table_name(&self.name)
                    .set_key(Some(key.attributes()))
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .set_update_expression(expression.update)
                    .set_condition_expression(expression.condition)
                    .return_values_on_condition_check_failure(ALL_OLD)
                    .build()
                    .map_err(Error::internal)?,
            ),
            Write::Delete(key, expression) => part.delete(
                Delete::builder()
                    .table_name(&self.name)
                    .set_key(Some(key.attributes()))
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .set_condition_expression(expression.condition)
                    .return_values_on_condition_check_failure(ALL_OLD)
                    .build()
                    .map_err(Error::internal)?,
            ),
            Write::Check(key, expression) => part.condition_check(
                ConditionCheck::builder()
                    .table_name(&self.name)
                    .set_key(Some(key.attributes()))
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .set_condition_expression(expression.condition)
                    .return_values_on_condition_check_failure(ALL_OLD)
                    .build()
                    .map_err(Error::internal)?,
            ),
        }
        .build())
    }

    fn write_id(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.app.random::<16>())
    }

    /// Waits before the next attempt: 20 ms doubling, half of it random.
    async fn pause(&self, attempt: u32) {
        let longest = 20_u64 << attempt.min(6);
        let [random, ..] = self.app.random::<1>();
        let millis = longest / 2 + longest * u64::from(random) / 512;
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

const ABSENT: &str = "attribute_not_exists(pk)";
const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// Adds the write's mark to an update expression's `SET` clause.
fn marked(mut expression: Expression, write_id: &str) -> Expression {
    if let Some(update) = &mut expression.update {
        *update = match update.strip_prefix("SET ") {
            Some(rest) => format!("SET #write_id = :write_id, {rest}"),
            None => format!("SET #write_id = :write_id {update}"),
        };
        expression.names.insert("#write_id".into(), WRITE_ID.into());
        expression.values.insert(":write_id".into(), s(write_id));
    }
    expression
}

fn bears(item: &Item, write_id: &str) -> bool {
    item.get(WRITE_ID)
        .and_then(|value| value.as_s().ok())
        .is_some_and(|mark| mark == write_id)
}

/// `None`: written. `Some(item)`: the condition failed on this item.
#[track_caller]
fn refusal<T, E, R>(
    result: Result<T, SdkError<E, R>>,
    refused: impl FnOnce(E) -> Option<Option<Item>>,
) -> Result<Option<Option<Item>>, Error>
where
    E: ProvideErrorMetadata,
{
    match result {
        Ok(_) => Ok(None),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
            Ok(Some(match error {
                SdkError::ServiceError(context) => refused(context.into_err()).flatten(),
                _ => None,
            }))
        }
        Err(error) => Err(failed(error)),
    }
}

/// The error of an AWS call, for the caller: 503 when the service did not answer or throttled even
/// after the SDK's own retries, else 500. The log gets the code only: messages can quote items.
#[track_caller]
pub fn failed<E, R>(error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata,
{
    let code = error.code().unwrap_or("");
    let passing = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        _ => [
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "TooManyRequestsException",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "InternalServerError",
            "InternalServiceError",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "ServiceFailureException",
        ]
        .contains(&code),
    };
    let place = std::panic::Location::caller();
    tracing::error!(
        code,
        kind = kind(&error),
        file = place.file(),
        line = place.line(),
        "an AWS call failed"
    );
    if passing {
        Error::unavailable(1)
    } else {
        Error::new(
            crate::error::Code::InternalServerError,
            "something went wrong on our side",
        )
    }
}

/// [`failed`] on a result.
pub trait OrFailed<T> {
    /// The error of an AWS call, for the caller; see [`failed`].
    ///
    /// # Errors
    /// The call's.
    fn or_failed(self) -> Result<T, Error>;
}

impl<T, E: ProvideErrorMetadata, R> OrFailed<T> for Result<T, SdkError<E, R>> {
    #[track_caller]
    fn or_failed(self) -> Result<T, Error> {
        match self {
            Ok(output) => Ok(output),
            Err(error) => Err(failed(error)),
        }
    }
}

fn kind<E, R>(error: &SdkError<E, R>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "construction",
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "dispatch",
        SdkError::ResponseError(_) => "response",
        SdkError::ServiceError(_) => "service",
        _ => "other",
    }
}

/// A query of one partition, in the order of the sort key.
#[derive(Clone)]
pub struct Query(QueryFluentBuilder);

impl Query {
    /// Gives `:value` of the key condition its value.
    #[must_use]
    pub fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.0 = self.0.expression_attribute_values(placeholder, value);
        self
    }

    /// Asks an index, which reads eventually consistently.
    #[must_use]
    pub fn index(mut self, name: &str) -> Self {
        self.0 = self.0.index_name(name).consistent_read(false);
        self
    }

    /// At most this many items.
    #[must_use]
    pub fn limit(mut self, limit: i32) -> Self {
        self.0 = self.0.limit(limit);
        self
    }

    /// Newest (largest sort key) first.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.0 = self.0.scan_index_forward(false);
        self
    }

    /// Goes on after this key.
    #[must_use]
    pub fn after(mut self, key: Option<Item>) -> Self {
        self.0 = self.0.set_exclusive_start_key(key);
        self
    }

    /// One page. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn page<T: DeserializeOwned>(self) -> Result<Page<T>, Error> {
        let output = self.0.send().await.or_failed()?;
        Ok(Page {
            items: output
                .items
                .unwrap_or_default()
                .into_iter()
                .map(decode)
                .collect::<Result<_, _>>()?,
            next: output.last_evaluated_key,
        })
    }

    /// The items of every page, for batch runs: one request a megabyte.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn all(self) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let page = self.clone().after(after).0.send().await.or_failed()?;
            items.extend(page.items.unwrap_or_default());
            after = page.last_evaluated_key;
            if after.is_none() {
                return Ok(items);
            }
        }
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
