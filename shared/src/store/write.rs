//! Writes that may come twice: single, in batches, and in transactions.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        delete_item::DeleteItemError, put_item::PutItemError,
        transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
    },
    types::{
        ConditionCheck, Delete, Put, PutRequest, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem, Update, WriteRequest,
    },
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    ATTEMPTS, Committed, Expression, Item, Key, OrFailed as _, Refusal, Table, WRITE_ID, Write,
    Written, failed, s,
};
use crate::error::Error;

impl Table {
    /// Writes one item. One request. A condition that this same write fulfilled in an earlier
    /// attempt, whose answer was lost, counts as done; only if somebody else wrote the item between
    /// the two attempts is it reported as refused, with that newer item.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn write(&self, write: Write) -> Result<Written, Error> {
        let write_id = self.write_id();
        let refused = match write {
            Write::Create(_, item) => self.put(item, &write_id, Expression::when(ABSENT)).await?,
            Write::Put(_, item) => self.put(item, &write_id, Expression::default()).await?,
            Write::Replace(_, item, condition) => self.put(item, &write_id, condition).await?,
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

    /// Removes an item, if it is there. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn delete(&self, key: Key) -> Result<(), Error> {
        self.write(Write::Delete(key, Expression::default()))
            .await?;
        Ok(())
    }

    async fn put(
        &self,
        mut item: Item,
        write_id: &str,
        condition: Expression,
    ) -> Result<Option<Option<Item>>, Error> {
        item.insert(WRITE_ID.into(), s(write_id));
        let result = self
            .app
            .dynamodb()
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .set_condition_expression(condition.condition)
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
        self.transact_with(writes, self, Vec::new()).await
    }

    /// [`Table::transact`] over two tables: `theirs` go to `other` and count on after `writes`.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer or the conflict lasts.
    pub async fn transact_with(
        &self,
        writes: Vec<Write>,
        other: &Self,
        theirs: Vec<Write>,
    ) -> Result<Committed, Error> {
        let token = self.write_id();
        let mut parts = Vec::with_capacity(writes.len() + theirs.len());
        for write in writes {
            parts.push(self.part(write)?);
        }
        for write in theirs {
            parts.push(other.part(write)?);
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

    fn put_part(&self, item: Item, condition: Expression) -> Result<Put, Error> {
        let old = condition.condition.is_some().then_some(ALL_OLD);
        Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .set_condition_expression(condition.condition)
            .set_return_values_on_condition_check_failure(old)
            .build()
            .map_err(|error| Error::internal(error))
    }

    fn part(&self, write: Write) -> Result<TransactWriteItem, Error> {
        let part = TransactWriteItem::builder();
        Ok(match write {
            Write::Create(_, item) => part.put(self.put_part(item, Expression::when(ABSENT))?),
            Write::Put(_, item) => part.put(self.put_part(item, Expression::default())?),
            Write::Replace(_, item, condition) => part.put(self.put_part(item, condition)?),
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
                    .map_err(|error| Error::internal(error))?,
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
                    .map_err(|error| Error::internal(error))?,
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
                    .map_err(|error| Error::internal(error))?,
            ),
        }
        .build())
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
