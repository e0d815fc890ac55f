//! Records of a table's stream, and the answer that says which of them failed: the stream goes on
//! from the first of those (`ReportBatchItemFailures`).

use aws_lambda_events::{
    dynamodb::Event,
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::store::Key;

/// An item that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<T> {
    /// Where it stands in the stream.
    pub sequence_number: Option<String>,
    /// The item as it was written.
    pub item: T,
}

/// Hands the items of an event to `handle`, which answers the sequence numbers of those that failed.
/// An item that is no `T` has failed too.
pub async fn records<T, Fut>(
    event: Event,
    handle: impl FnOnce(Vec<Record<T>>) -> Fut,
) -> DynamoDbEventResponse
where
    T: DeserializeOwned,
    Fut: Future<Output = Vec<String>>,
{
    let mut records = Vec::with_capacity(event.records.len());
    let mut failed = Vec::new();
    for record in event.records {
        let sequence_number = record.change.sequence_number;
        match serde_dynamo::from_item(record.change.new_image) {
            Ok(item) => records.push(Record {
                sequence_number,
                item,
            }),
            // The message may quote a value, and values can be personal.
            Err(_) => {
                tracing::error!("an item of the stream has an unknown form");
                failed.extend(sequence_number);
            }
        }
    }
    failed.extend(handle(records).await);
    failures(failed)
}

/// The places that an event tells of, whatever became of the items there.
pub fn places(event: Event) -> Vec<Record<Key>> {
    let records = event.records.into_iter();
    let places = records.filter_map(|record| {
        Some(Record {
            sequence_number: record.change.sequence_number,
            item: serde_dynamo::from_item(record.change.keys)
                .ok()
                .map(|Place { pk, sk }| Key { pk, sk })?,
        })
    });
    places.collect()
}

/// The records of an event in two: those whose items' sort keys are so, and the others.
pub fn partition(event: Event, is_so: impl Fn(&str) -> bool) -> (Event, Event) {
    let (mut those, mut others) = (Event::default(), Event::default());
    for record in event.records {
        let keys = serde_dynamo::from_item(record.change.keys.clone());
        match keys.is_ok_and(|Place { sk, .. }| is_so(&sk)) {
            true => those.records.push(record),
            false => others.records.push(record),
        }
    }
    (those, others)
}

#[derive(Deserialize)]
struct Place {
    pk: String,
    sk: String,
}

/// The answer that these records failed, by their sequence numbers.
pub fn failures(failed: Vec<String>) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    for sequence_number in failed {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence_number);
        response.batch_item_failures.push(failure);
    }
    response
}
