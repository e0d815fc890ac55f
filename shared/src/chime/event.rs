//! What Chime tells of meetings.

use jiff::Timestamp;
use serde::Deserialize;

use super::venue;
use crate::{app::App, error::Error};

/// A meeting's state change, as EventBridge hands it over; the envelope often lacks an `id`. Chime's events
/// are best-effort, may repeat and come in any order.
#[derive(Deserialize)]
pub struct StateChange {
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_type: String,
    /// Milliseconds since 1970.
    timestamp: i64,
    meeting_id: String,
    external_meeting_id: Option<String>,
    external_user_id: Option<String>,
}

/// What happened in a meeting of this stack.
#[derive(Debug, PartialEq, Eq)]
pub struct Happening {
    /// The venue that it is a meeting of.
    pub venue: String,
    /// The meeting, by Chime's id.
    pub meeting_id: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happens in meetings.
#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody is there, by their [`external_user_id`](super::external_user_id).
    Joined(String),
    /// Somebody is not there any more, by theirs where it is told.
    Left(Option<String>),
    /// It is over.
    Ended,
}

impl StateChange {
    /// What happened, if it concerns us: not in another stack's meetings, and not with recorders and the
    /// like, which are no people and keep no meeting alive.
    ///
    /// # Errors
    /// `internal_server_error` where `STACK_NAME` is missing or too long.
    pub fn happening(self, app: &App) -> Result<Option<Happening>, Error> {
        let detail = self.detail;
        let name = detail.external_meeting_id.unwrap_or_default();
        let (Some(venue), Ok(at)) = (
            venue(app, &name)?,
            Timestamp::from_millisecond(detail.timestamp),
        ) else {
            return Ok(None);
        };
        let who = detail.external_user_id;
        if who.as_deref().is_some_and(|who| who.starts_with("aws:")) {
            return Ok(None);
        }
        let what = match (detail.event_type.as_str(), who) {
            ("chime:AttendeeJoined", Some(who)) => What::Joined(who),
            ("chime:AttendeeLeft" | "chime:AttendeeDropped", who) => What::Left(who),
            ("chime:MeetingEnded", _) => What::Ended,
            _ => return Ok(None),
        };
        Ok(Some(Happening {
            venue: venue.to_owned(),
            meeting_id: detail.meeting_id,
            at,
            what,
        }))
    }
}
