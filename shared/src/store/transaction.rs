//! Transactions whose parts have names: handles that tell afterwards which part was refused, and
//! what is there.

use std::{
    convert::Infallible,
    fmt::{self, Display},
    marker::PhantomData,
    str::FromStr,
};

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem, Update,
    },
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Change, Condition, Found, Item, Key, Race, Table, condition::Terms, encode, failed, when,
    write_id,
};
use crate::{app::App, error::Error, idempotency::Creation};

/// DynamoDB takes no more parts.
const MOST: usize = 100;

/// Writes to any tables, of which all are done or none.
///
/// ```ignore
/// let mut tx = Transaction::new(&app);
/// let seat = tx.create(&table, seat_key(room, user_id), &seat)?;
/// tx.check(&table, person_key(user_id), when().absent("gone"));
/// match tx.commit().await? {
///     Outcome::Done => Ok(()),
///     Outcome::Refused(refused) if refused.is(seat) => Err(taken(refused.item(seat)?)),
///     Outcome::Refused(_) => Err(Error::token_invalid()),
/// }
/// ```
#[must_use]
pub struct Transaction {
    app: App,
    parts: Vec<(String, Write)>,
}

/// What a part does.
enum Write {
    Put(Item, Condition),
    Update(Key, Result<Rendered, Error>),
    Delete(Key, Condition),
    Check(Key, Condition),
}

/// An update's expressions.
struct Rendered {
    terms: Terms,
    update: String,
    condition: Option<String>,
}

/// A part of a transaction, where a `T` lies.
pub struct Part<T = Unknown> {
    number: usize,
    item: PhantomData<fn() -> T>,
}

/// Of a [`Part`] that was not told what lies there; see [`Part::of`].
pub enum Unknown {}

impl<T> Part<T> {
    /// The same part, as one where a `U` lies.
    pub fn of<U>(self) -> Part<U> {
        Part {
            number: self.number,
            item: PhantomData,
        }
    }
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Part<T> {}

impl<T> fmt::Debug for Part<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Part({})", self.number)
    }
}

/// What became of a transaction. Only one that was committed under an `Idempotency-Key`
/// ([`Transaction::commit_once`]) can have been replayed.
#[derive(Debug)]
pub enum Outcome<Id = Infallible> {
    /// All of it was done.
    Done,
    /// None of it was: the same key has created this before, with the same body.
    Replayed {
        /// What it created.
        id: Id,
        /// The parts that would have been refused.
        refused: Refused,
    },
    /// None of it was: the conditions of some parts failed.
    Refused(Refused),
}

/// The parts of a transaction whose conditions failed.
#[derive(Debug)]
pub struct Refused(Vec<(usize, Option<Item>)>);

impl Refused {
    /// Whether this part was refused.
    pub fn is<T>(&self, part: Part<T>) -> bool {
        self.0.iter().any(|(number, _)| *number == part.number)
    }

    /// Whether nothing but these parts was refused.
    pub fn only(&self, parts: &[Part]) -> bool {
        let among = |(number, _): &(usize, _)| parts.iter().any(|part| part.number == *number);
        self.0.iter().all(among)
    }

    /// The item that refused this part; `None` when the part was not refused, or by nothing being
    /// there.
    ///
    /// # Errors
    /// `internal_server_error` when the item is not a `T`.
    pub fn item<T: DeserializeOwned>(&self, part: Part<T>) -> Result<Option<T>, Error> {
        self.found(part).item()
    }

    /// [`Self::item`], not read yet.
    pub fn found<T>(&self, part: Part<T>) -> Found {
        let mut refused = self.0.iter();
        let found = refused.find(|(number, _)| *number == part.number);
        Found(found.and_then(|(_, item)| item.clone()))
    }
}

impl Transaction {
    /// A transaction without a part yet.
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            parts: Vec::new(),
        }
    }

    /// The world it is committed in.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Puts an item where none is.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be stored; so for all that take an item.
    pub fn create<T: Serialize>(
        &mut self,
        table: &Table,
        key: Key,
        item: &T,
    ) -> Result<Part<T>, Error> {
        self.replace(table, key, item, when().absent("pk"))
    }

    /// Puts an item, whatever is there.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn put<T: Serialize>(&mut self, table: &Table, key: Key, item: &T) -> Result<(), Error> {
        self.replace(table, key, item, when())?;
        Ok(())
    }

    /// Puts an item in the place of one that fulfils a condition.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn replace<T: Serialize>(
        &mut self,
        table: &Table,
        key: Key,
        item: &T,
        condition: Condition,
    ) -> Result<Part<T>, Error> {
        let item = encode(&key, item)?;
        Ok(self.part(table, Write::Put(item, condition)))
    }

    /// Changes an item, under the change's own condition.
    pub fn update<K>(&mut self, table: &Table, key: Key, change: Change<K>) -> Part {
        let mut terms = Terms::default();
        let rendered = change.render(&mut terms);
        let rendered = rendered.map(|(update, condition)| Rendered {
            terms,
            update,
            condition,
        });
        self.part(table, Write::Update(key, rendered))
    }

    /// Removes an item, if it is there.
    pub fn delete(&mut self, table: &Table, key: Key) {
        self.delete_when(table, key, when());
    }

    /// Removes an item that fulfils a condition.
    pub fn delete_when(&mut self, table: &Table, key: Key, condition: Condition) -> Part {
        self.part(table, Write::Delete(key, condition))
    }

    /// Writes nothing, but is refused when the condition fails.
    pub fn check(&mut self, table: &Table, key: Key, condition: Condition) -> Part {
        self.part(table, Write::Check(key, condition))
    }

    fn part<T>(&mut self, table: &Table, write: Write) -> Part<T> {
        self.parts.push((table.name.clone(), write));
        Part {
            number: self.parts.len() - 1,
            item: PhantomData,
        }
    }

    /// Writes all parts or none. One request, more only while another transaction holds one of the
    /// items.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer or the conflict lasts;
    /// `internal_server_error` with more than 100 parts.
    pub async fn commit(self) -> Result<Outcome, Error> {
        Ok(match self.send().await? {
            None => Outcome::Done,
            Some(refused) => Outcome::Refused(refused),
        })
    }

    /// [`Self::commit`], at most once for an `Idempotency-Key`: what is created, `id`, is remembered
    /// in `table` as a further part. Without a key it is a plain commit.
    ///
    /// # Errors
    /// As [`Self::commit`]; `conflict` when the key came with another body before.
    pub async fn commit_once<Id: Display + FromStr>(
        mut self,
        table: &Table,
        creation: Option<&Creation>,
        id: &Id,
    ) -> Result<Outcome<Id>, Error> {
        let record = creation.map(|creation| creation.remember(&mut self, table, id));
        let now = self.app.now().as_second();
        let Some(refused) = self.send().await? else {
            return Ok(Outcome::Done);
        };
        if let (Some(creation), Some(record)) = (creation, record)
            && let Some(record) = refused.item(record)?
            && let Some(id) = creation.recall(now, record)?
        {
            let id = id
                .parse()
                .map_err(|_| Error::internal("what was created has an unknown id"))?;
            return Ok(Outcome::Replayed { id, refused });
        }
        Ok(Outcome::Refused(refused))
    }

    /// `None`: done.
    async fn send(self) -> Result<Option<Refused>, Error> {
        if self.parts.len() > MOST {
            return Err(Error::internal("a transaction has at most 100 parts"));
        }
        let token = write_id(&self.app);
        let mut parts = Vec::with_capacity(self.parts.len());
        for (table, write) in self.parts {
            parts.push(write.build(table)?);
        }
        let mut race = Race::new(&self.app);
        loop {
            let request = self.app.dynamodb().transact_write_items();
            let request = request
                .set_transact_items(Some(parts.clone()))
                .client_request_token(&token);
            let error = match request.send().await {
                Ok(_) => return Ok(None),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons();
                    let refused: Vec<_> = reasons
                        .iter()
                        .enumerate()
                        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
                        .map(|(number, reason)| (number, reason.item.clone()))
                        .collect();
                    if !refused.is_empty() {
                        return Ok(Some(Refused(refused)));
                    }
                    if !passes(reasons) {
                        return Err(failed(error));
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ => return Err(failed(error)),
            }
            race.lost().await?;
        }
    }
}

/// Whether a transaction that was cancelled for these reasons may be done later: none of them lasts.
pub(super) fn passes(reasons: &[CancellationReason]) -> bool {
    let lasts = |reason: &CancellationReason| {
        !matches!(
            reason.code(),
            None | Some(
                "None"
                    | "TransactionConflict"
                    | "ThrottlingError"
                    | "ProvisionedThroughputExceeded"
            )
        )
    };
    !reasons.is_empty() && !reasons.iter().any(lasts)
}

const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl Write {
    fn build(self, table: String) -> Result<TransactWriteItem, Error> {
        let incomplete = |error: BuildError| Error::internal(error);
        let mut terms = Terms::default();
        let part = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(item, condition) => {
                let condition = condition.render(&mut terms)?;
                let put = Put::builder()
                    .table_name(table)
                    .set_item(Some(item))
                    .set_return_values_on_condition_check_failure(
                        condition.is_some().then_some(ALL_OLD),
                    )
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(terms.names())
                    .set_expression_attribute_values(terms.values());
                part.put(put.build().map_err(incomplete)?)
            }
            Self::Update(key, rendered) => {
                let Rendered {
                    terms,
                    update,
                    condition,
                } = rendered?;
                let update = Update::builder()
                    .table_name(table)
                    .set_key(Some(key.attributes()))
                    .update_expression(update)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(terms.names())
                    .set_expression_attribute_values(terms.values())
                    .return_values_on_condition_check_failure(ALL_OLD);
                part.update(update.build().map_err(incomplete)?)
            }
            Self::Delete(key, condition) => {
                let delete = Delete::builder()
                    .table_name(table)
                    .set_key(Some(key.attributes()))
                    .set_condition_expression(condition.render(&mut terms)?)
                    .set_expression_attribute_names(terms.names())
                    .set_expression_attribute_values(terms.values())
                    .return_values_on_condition_check_failure(ALL_OLD);
                part.delete(delete.build().map_err(incomplete)?)
            }
            Self::Check(key, condition) => {
                let check = ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key.attributes()))
                    .set_condition_expression(condition.render(&mut terms)?)
                    .set_expression_attribute_names(terms.names())
                    .set_expression_attribute_values(terms.values())
                    .return_values_on_condition_check_failure(ALL_OLD);
                part.condition_check(check.build().map_err(incomplete)?)
            }
        }
        .build())
    }
}
