//! Events: an announcement is an outbox row, written in the same transaction as the state it
//! announces; `platform-relay` puts it on the bus, at least once. Consumers recognise a repetition
//! by the event's `id`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    error::Error,
    store::{Key, Write},
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

/// The write that announces `data`; goes into the transaction of what it announces.
///
/// # Errors
/// `internal_server_error` when it cannot be serialised.
pub fn announce<T: Announcement>(app: &App, data: T) -> Result<Write, Error> {
    let id = app.new_id().to_string();
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
    Write::create(Key::new(format!("{OUTBOX}{}", detail.id), "OUTBOX"), &row)
}
