//! From the tables' streams to the bus: each outbox row becomes one event, at least once.
//!
//! The event-source mappings hand over inserted outbox rows only. What EventBridge does not take
//! is reported row by row, so that the stream goes on from the first failure; a row that never
//! works ends in the dead-letter queue.
//!
//! Budget: 0 DynamoDB requests; one to EventBridge for ten rows.
//!
//! `EVENT_BUS`: the bus's name.

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use enishi_shared::{
    App, Function, Result,
    app::{ConfigError, Configure, Env},
    events::{OutboxRow, PutEvent, put_events},
    function::on,
};

/// `platform-relay`
pub const FUNCTION: Function =
    Function::event("platform-relay", |app, event| on(app, event, relay)).without_store();

struct Bus(String);

impl Configure for Bus {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("EVENT_BUS")?.to_owned()))
    }
}

async fn relay(app: App, event: Event) -> Result<DynamoDbEventResponse> {
    let bus = app.config::<Bus>()?;
    let mut entries = Vec::new();
    let mut failed = Vec::new();
    for record in event.records {
        let sequence_number = record.change.sequence_number.clone();
        match row(record) {
            Some(row) => entries.push(PutEvent {
                sequence_number,
                row,
            }),
            None => {
                tracing::error!("an outbox row has an unknown form");
                failed.extend(sequence_number);
            }
        }
    }
    failed.extend(put_events(&app, &bus.0, entries).await);
    let mut response = DynamoDbEventResponse::default();
    for sequence_number in failed {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence_number);
        response.batch_item_failures.push(failure);
    }
    Ok(response)
}

fn row(record: EventRecord) -> Option<OutboxRow> {
    serde_dynamo::from_item(record.change.new_image).ok()
}
