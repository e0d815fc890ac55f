//! `live-close`: closes the connections of sessions that have ended, and erases what there is of
//! somebody who has closed their account.
//!
//! A connection begins in a transaction that asks whether its session goes on, so all that there are
//! of one that has ended are found here. A ticket of it that is still there opens nothing.

use enishi_shared::{
    App, Function, Result, UserId,
    events::{AccountDeleted, Detail, Ended, SessionEnded},
    function::on,
    live::{self, Connection, partition},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use crate::ticket;

/// `live-close`.
///
/// Budget: of each connection; 1 beside these, and after a closed account 1 more, and 1 for each
/// ticket that was not used.
pub const FUNCTION: Function =
    Function::event("live-close", |app, event| on(app, event, handle)).budget(1);

/// Connections at once.
const AT_ONCE: usize = 8;

/// The events that end connections, in EventBridge's envelope.
#[derive(Deserialize)]
#[serde(tag = "detail-type", content = "detail")]
pub enum Event {
    /// Some of somebody's sessions have ended.
    #[serde(rename = "session.ended")]
    SessionEnded(Detail<SessionEnded>),
    /// All have.
    #[serde(rename = "account.deleted")]
    AccountDeleted(Detail<AccountDeleted>),
}

/// Closes the connections that the event ends.
///
/// # Errors
/// Whatever keeps one from being closed; the event comes again.
pub async fn handle(app: App, event: Event) -> Result<()> {
    match event {
        Event::SessionEnded(Detail { data, .. }) => {
            close(&app, data.user_id, |connection| {
                let session = &connection.session;
                match &data.ended {
                    Ended::SessionId(id) => session.session_id == *id,
                    Ended::BeforeEpoch(epoch) => session.epoch < *epoch,
                }
            })
            .await
        }
        Event::AccountDeleted(Detail { data, .. }) => {
            close(&app, data.user_id, |_| true).await?;
            let of_person = partition(data.user_id);
            live::table(&app)?
                .delete_all(&of_person, ticket::PREFIX)
                .await
        }
    }
}

async fn close(app: &App, user_id: UserId, ended: impl Fn(&Connection) -> bool) -> Result<()> {
    let table = live::table(app)?;
    let mut connections = Connection::of(app, &table, user_id).await?;
    connections.retain(ended);
    stream::iter(connections)
        .map(Ok)
        .try_for_each_concurrent(AT_ONCE, async |connection| {
            live::close(app, &table, &connection).await
        })
        .await
}

#[cfg(test)]
mod tests {
    use enishi_shared::events::Announcement;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/live-close.json");
        assert!(matches!(
            serde_json::from_str(sample),
            Ok(Event::SessionEnded(_))
        ));
    }

    #[test]
    fn events_are_known_by_what_announces_them() {
        let envelope = |detail_type: &str, data: serde_json::Value| {
            json!({
                "detail-type": detail_type,
                "detail": {"id": "1", "time": "2026-11-20T00:00:00Z", "data": data},
            })
        };
        let user_id = UserId::NOBODY;
        for ended in [Ended::SessionId("s".into()), Ended::BeforeEpoch(1)] {
            let data = json!(SessionEnded { user_id, ended });
            assert!(matches!(
                serde_json::from_value(envelope(SessionEnded::DETAIL_TYPE, data)),
                Ok(Event::SessionEnded(_))
            ));
        }
        let deleted = envelope(
            AccountDeleted::DETAIL_TYPE,
            json!(AccountDeleted { user_id }),
        );
        assert!(matches!(
            serde_json::from_value(deleted),
            Ok(Event::AccountDeleted(_))
        ));
    }
}
