//! Single writes that may come twice, and batches of them.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::{put_item::PutItemError, update_item::UpdateItemError},
    types::{PutRequest, ReturnValuesOnConditionCheckFailure, WriteRequest},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    ATTEMPTS, Change, Condition, Item, Key, OrFailed as _, Table, WRITE_ID, condition::Terms,
    decode, encode, failed, pause, s, when, write_id,
};
use crate::error::Error;

/// What became of a write with a condition.
#[derive(Debug)]
pub enum Written {
    /// It was done, now or by an earlier attempt of this same write.
    Done,
    /// Its condition failed.
    Refused(Found),
}

/// What a refused write found in its place.
#[derive(Debug)]
pub struct Found(pub(super) Option<Item>);

impl Found {
    /// The item as it stands; `None` when there is none.
    ///
    /// # Errors
    /// `internal_server_error` when it is not a `T`.
    pub fn item<T: DeserializeOwned>(self) -> Result<Option<T>, Error> {
        self.0.map(decode).transpose()
    }
}

const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// Each write leaves its mark in the item (`write_id`). A condition that this same write fulfilled
/// in an earlier attempt, whose answer was lost, meets that mark and counts as done; only if somebody
/// else wrote the item between the two attempts is it reported as refused, with that newer item.
impl Table {
    /// Puts an item where none is. One request; so for all single writes.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer; so for all single writes.
    pub async fn create<T: Serialize>(&self, key: Key, item: &T) -> Result<Written, Error> {
        self.replace(key, item, when().absent("pk")).await
    }

    /// Puts an item, whatever is there.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub async fn put<T: Serialize>(&self, key: Key, item: &T) -> Result<(), Error> {
        self.replace(key, item, when()).await?;
        Ok(())
    }

    /// Puts an item in the place of one that fulfils a condition.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub async fn replace<T: Serialize>(
        &self,
        key: Key,
        item: &T,
        condition: Condition,
    ) -> Result<Written, Error> {
        let write_id = write_id(&self.app);
        let mut item = encode(&key, item)?;
        item.insert(WRITE_ID.into(), s(&write_id));
        let mut terms = Terms::default();
        let condition = condition.render(&mut terms)?;
        let put = self.app.dynamodb().put_item().table_name(&self.name);
        let result = put
            .set_item(Some(item))
            .set_condition_expression(condition)
            .set_expression_attribute_names(terms.names())
            .set_expression_attribute_values(terms.values())
            .return_values_on_condition_check_failure(ALL_OLD)
            .send()
            .await;
        written(result, &write_id, |error| match error {
            PutItemError::ConditionalCheckFailedException(refused) => refused.item,
            _ => None,
        })
    }

    /// Changes an item, under the change's own condition.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub async fn update(&self, key: Key, change: Change) -> Result<Written, Error> {
        let write_id = write_id(&self.app);
        let mut terms = Terms::default();
        let (update, condition) = change.set(WRITE_ID, &write_id).render(&mut terms)?;
        let request = self.app.dynamodb().update_item().table_name(&self.name);
        let result = request
            .set_key(Some(key.attributes()))
            .update_expression(update)
            .set_condition_expression(condition)
            .set_expression_attribute_names(terms.names())
            .set_expression_attribute_values(terms.values())
            .return_values_on_condition_check_failure(ALL_OLD)
            .send()
            .await;
        written(result, &write_id, |error| match error {
            UpdateItemError::ConditionalCheckFailedException(refused) => refused.item,
            _ => None,
        })
    }

    /// Removes an item, if it is there.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub async fn delete(&self, key: Key) -> Result<(), Error> {
        let request = self.app.dynamodb().delete_item().table_name(&self.name);
        let request = request.set_key(Some(key.attributes()));
        request.send().await.or_failed()?;
        Ok(())
    }

    /// Puts any number of items whatever is there, 25 a request, eight requests at a time.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer or leaves items unwritten.
    pub async fn put_all<T: Serialize>(
        &self,
        items: impl IntoIterator<Item = (Key, T)>,
    ) -> Result<(), Error> {
        let items: Vec<Item> = items
            .into_iter()
            .map(|(key, item)| encode(&key, &item))
            .collect::<Result<_, _>>()?;
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
                .map_err(|error| Error::internal(error))?;
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
            pause(&self.app, attempt).await;
        }
        Err(Error::unavailable(1))
    }
}

/// What became of a write, from its answer and from the item that `refused` takes out of one.
#[track_caller]
fn written<O, E: ProvideErrorMetadata, R>(
    result: Result<O, SdkError<E, R>>,
    write_id: &str,
    refused: impl FnOnce(E) -> Option<Item>,
) -> Result<Written, Error> {
    let item = match result {
        Ok(_) => return Ok(Written::Done),
        Err(SdkError::ServiceError(context))
            if context.err().code() == Some("ConditionalCheckFailedException") =>
        {
            refused(context.into_err())
        }
        Err(error) => return Err(failed(error)),
    };
    let mark = item
        .as_ref()
        .and_then(|item| item.get(WRITE_ID)?.as_s().ok());
    if mark.is_some_and(|mark| mark == write_id) {
        return Ok(Written::Done);
    }
    Ok(Written::Refused(Found(item)))
}
