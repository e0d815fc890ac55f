//! Queries of one partition.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;

use super::{AttributeValue, Item, Key, OrFailed as _, Table, decode, s};
use crate::error::Error;

/// A page of a query.
#[derive(Debug)]
pub struct Page<T> {
    /// The items, in the order of the sort key.
    pub items: Vec<T>,
    /// The last key read, when there is more.
    pub next: Option<Item>,
}

/// A query of one partition, in the order of the sort key.
#[derive(Clone)]
pub struct Query(QueryFluentBuilder);

impl Table {
    /// Deletes the items of a partition whose sort keys start with `prefix`; all of them where it is
    /// empty. One request for each 200 of them, and one for each, eight at once.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn delete_all(&self, pk: &str, prefix: &str) -> Result<(), Error> {
        let query = match prefix {
            "" => self.query("pk = :pk"),
            _ => self
                .query("pk = :pk AND begins_with(sk, :prefix)")
                .value(":prefix", s(prefix)),
        };
        let query = query.value(":pk", s(pk)).limit(200);
        let mut after = None;
        loop {
            let page = query.clone().after(after).0.send().await.or_failed()?;
            let keys = page.items().iter().filter_map(Key::of).map(Ok);
            stream::iter(keys)
                .try_for_each_concurrent(8, |key| self.delete(key))
                .await?;
            after = page.last_evaluated_key;
            if after.is_none() {
                return Ok(());
            }
        }
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
}

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

    /// Reads eventually consistently, for half the price: what was written within the last second may be
    /// missing.
    #[must_use]
    pub fn eventual(mut self) -> Self {
        self.0 = self.0.consistent_read(false);
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

    /// Does something with each of the items, a hundred read and eight in work at once, and answers how
    /// many there were. One that fails does not stop the others. One request for each hundred, beside what
    /// `act` does.
    ///
    /// # Errors
    /// The last of `act`'s; `service_unavailable` when DynamoDB does not answer.
    pub async fn each<T, F, Fut>(self, act: F) -> Result<usize, Error>
    where
        T: DeserializeOwned,
        F: Fn(T) -> Fut,
        Fut: Future<Output = Result<(), Error>>,
    {
        let query = self.limit(100);
        let mut count = 0;
        let mut failure = None;
        let mut after = None;
        loop {
            let page = query.clone().after(after).page::<T>().await?;
            count += page.items.len();
            let outcomes: Vec<Result<(), Error>> = stream::iter(page.items)
                .map(&act)
                .buffer_unordered(8)
                .collect()
                .await;
            failure = outcomes.into_iter().find_map(Result::err).or(failure);
            after = page.next;
            if after.is_none() {
                return failure.map_or(Ok(count), Err);
            }
        }
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
