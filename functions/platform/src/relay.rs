//! From the tables' streams to the bus: each outbox row becomes one event, at least once.
//!
//! The event-source mappings hand over inserted outbox rows only. What EventBridge does not take
//! is reported row by row, so that the stream goes on from the first failure; a row that never
//! works ends in the dead-letter queue.
//!
//! `EVENT_BUS`: the bus's name.

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use enishi_shared::{
    App, Function, Result,
    app::{ConfigError, Configure, Env},
    events::put_events,
    function::on,
    stream,
};

/// `platform-relay`
///
/// One request to EventBridge for ten rows.
pub const FUNCTION: Function =
    Function::event("platform-relay", |app, event| on(app, event, relay));

struct Bus(String);

impl Configure for Bus {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("EVENT_BUS")?.to_owned()))
    }
}

async fn relay(app: App, event: Event) -> Result<DynamoDbEventResponse> {
    let bus = app.config::<Bus>()?;
    Ok(stream::records(event, |rows| put_events(&app, &bus.0, rows)).await)
}
