//! Events: an announcement is an outbox row, written in the same transaction as the state it
//! announces; `platform-relay` puts it on the bus, at least once. Consumers recognise a repetition
//! by the event's `id`. What one service announces and another takes is declared here, in one place;
//! what a service tells itself is its own.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_smithy_types::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    error::Error,
    store::{Key, Table, Transaction, failed},
    stream::Record,
};

mod catalogue;

pub use catalogue::{
    AccountCreated, AccountDeleted, AccountVerified, DisputeSummary, Ended, MailRequested,
    NamedRefund, PaymentDisputeLost, PaymentDisputeWon, PaymentDisputed, PaymentExpired,
    PaymentFailed, PaymentProcessing, PaymentRefundFailed, PaymentRefunded, PaymentReversed,
    PaymentSettled, PaymentSummary, Recipient, ReversalSummary, SessionEnded, StripeEvent,
};

/// The partition keys of outbox rows start with this; `template.yaml` filters streams by it.
pub const OUTBOX: &str = "OUTBOX#";
/// A row is kept this long after it was written; the stream itself holds it for a day.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a service announces.
pub trait Announcement: Serialize + DeserializeOwned {
    /// EventBridge's `detail-type`, such as `account.created`.
    const DETAIL_TYPE: &'static str;
    /// EventBridge's `source`, such as `enishi.identity`.
    const SOURCE: &'static str;
}

/// EventBridge's `detail` of each of our events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Detail<T> {
    /// The same in every repetition.
    pub id: String,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub data: T,
}

/// One of our events as EventBridge hands it to a function, as far as it is read.
#[derive(Clone, Debug, Deserialize)]
pub struct Event<T> {
    /// What we said.
    pub detail: Detail<T>,
}

/// An outbox row.
#[derive(Debug, Serialize, Deserialize)]
pub struct OutboxRow {
    /// EventBridge's `source`.
    pub source: String,
    /// EventBridge's `detail-type`.
    pub detail_type: String,
    /// EventBridge's `detail`: a [`Detail`] as JSON.
    pub detail: String,
    /// When it happened.
    pub time: Timestamp,
    /// Seconds; DynamoDB removes the row then.
    pub ttl: i64,
}

/// Announces `data` in the transaction of what it announces.
///
/// # Errors
/// `internal_server_error` when it cannot be serialised.
pub fn announce<T: Announcement>(
    tx: &mut Transaction,
    table: &Table,
    data: T,
) -> Result<(), Error> {
    let (key, row) = outbox_row(tx.app(), data)?;
    tx.create(table, key, &row)?;
    Ok(())
}

/// The row that announces `data`, and where it lies; for what is announced alone.
///
/// # Errors
/// `internal_server_error` when it cannot be serialised.
pub fn outbox_row<T: Announcement>(app: &App, data: T) -> Result<(Key, OutboxRow), Error> {
    named_row(app, app.new_id().to_string(), data)
}

/// [`outbox_row`], under an id that follows from what is announced: put again, whatever is there, it
/// announces nothing new, for the relay takes rows that are inserted, and consumers know the id.
///
/// # Errors
/// `internal_server_error` when it cannot be serialised.
pub fn named_row<T: Announcement>(
    app: &App,
    id: String,
    data: T,
) -> Result<(Key, OutboxRow), Error> {
    let time = app.now();
    let detail = Detail { id, time, data };
    let row = OutboxRow {
        source: T::SOURCE.to_owned(),
        detail_type: T::DETAIL_TYPE.to_owned(),
        detail: serde_json::to_string(&detail)
            .map_err(|_| Error::internal("an event cannot be serialised"))?,
        time,
        ttl: time.as_second() + KEPT.as_secs(),
    };
    let key = Key::new(format!("{OUTBOX}{}", detail.id), "OUTBOX");
    Ok((key, row))
}

/// `PutEvents` takes ten entries and 256 KB a request.
const ENTRIES: usize = 10;
const REQUEST_BYTES: usize = 240 * 1024;

/// Puts outbox rows on the bus and answers the sequence numbers of those that it did not take. One
/// request for ten of them.
pub async fn put_events(app: &App, bus: &str, events: Vec<Record<OutboxRow>>) -> Vec<String> {
    let mut refused = Vec::new();
    let mut batch: Vec<Record<OutboxRow>> = Vec::new();
    let mut bytes = 0;
    for event in events {
        let size =
            event.item.detail.len() + event.item.source.len() + event.item.detail_type.len() + 64;
        if batch.len() == ENTRIES || (!batch.is_empty() && bytes + size > REQUEST_BYTES) {
            refused.extend(put_batch(app, bus, std::mem::take(&mut batch)).await);
            bytes = 0;
        }
        bytes += size;
        batch.push(event);
    }
    if !batch.is_empty() {
        refused.extend(put_batch(app, bus, batch).await);
    }
    refused
}

async fn put_batch(app: &App, bus: &str, batch: Vec<Record<OutboxRow>>) -> Vec<String> {
    let sequence_numbers: Vec<Option<String>> = batch
        .iter()
        .map(|event| event.sequence_number.clone())
        .collect();
    let entries = batch.into_iter().map(|event| {
        PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(event.item.source)
            .detail_type(event.item.detail_type)
            .detail(event.item.detail)
            .time(DateTime::from_millis(event.item.time.as_millisecond()))
            .build()
    });
    let answer = app
        .eventbridge()
        .put_events()
        .set_entries(Some(entries.collect()))
        .send()
        .await;
    match answer {
        // A success says for each entry whether it was taken.
        Ok(output) => sequence_numbers
            .into_iter()
            .zip(
                output
                    .entries
                    .unwrap_or_default()
                    .into_iter()
                    .map(Some)
                    .chain(std::iter::repeat(None)),
            )
            .filter(|(_, result)| {
                result
                    .as_ref()
                    .is_none_or(|result| result.event_id.is_none())
            })
            .filter_map(|(sequence_number, _)| sequence_number)
            .collect(),
        Err(error) => {
            failed(error);
            sequence_numbers.into_iter().flatten().collect()
        }
    }
}
