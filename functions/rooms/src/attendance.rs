//! Chime's meeting state changes: who joined is present, an ended meeting is retired.
//!
//! The events are best-effort, may repeat and come in any order; each only adds to what is known.

use enishi_shared::{
    App, Function, Result,
    chime::{external_user_id, retire, seen, venue},
    function::on,
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    seating::{find_room, mark_participant, meeting_key, table},
    slot::{RoomId, Slots},
};

/// `rooms-attendance`
///
/// Budget: when somebody joins; 1 when somebody leaves or a meeting ends.
pub const FUNCTION: Function =
    Function::event("rooms-attendance", |app, event| on(app, event, attendance)).budget(3);

/// The EventBridge envelope; it often lacks an `id`.
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

async fn attendance(app: App, StateChange { detail }: StateChange) -> Result<()> {
    // Meetings that are none of our rooms' have other names.
    let name = detail.external_meeting_id.as_deref().unwrap_or_default();
    let room = venue(&app, name)?.and_then(|venue| venue.parse::<RoomId>().ok());
    let (Some(id), Ok(time)) = (room, Timestamp::from_millisecond(detail.timestamp)) else {
        return Ok(());
    };
    // Recorders and the like are no people, and keep no meeting alive.
    let user = detail.external_user_id.as_deref();
    if user.is_some_and(|user| user.starts_with("aws:")) {
        return Ok(());
    }
    match detail.event_type.as_str() {
        "chime:AttendeeJoined" => joined(&app, id, &detail, time).await,
        "chime:AttendeeLeft" | "chime:AttendeeDropped" => {
            seen(&table(&app)?, &meeting_key(id), &detail.meeting_id, time).await
        }
        "chime:MeetingEnded" => {
            retire(&app, &table(&app)?, &meeting_key(id), &detail.meeting_id).await
        }
        _ => Ok(()),
    }
}

async fn joined(app: &App, id: RoomId, detail: &Detail, time: Timestamp) -> Result<()> {
    let Some(external_id) = detail.external_user_id.as_deref() else {
        return Ok(());
    };
    let slot = app.config::<Slots>()?.by_id(id.slot_id());
    if !slot.is_open(time) {
        return Ok(());
    }
    // A meeting may be called like a room and be none of ours.
    let Some(room) = find_room(app, id).await? else {
        return Ok(());
    };
    let name = id.to_string();
    if let Some(member) = room
        .members
        .iter()
        .find(|member| external_user_id(&name, member.user_id) == external_id)
    {
        mark_participant(app, id, &slot, member.user_id).await?;
    }
    seen(&table(app)?, &meeting_key(id), &detail.meeting_id, time).await
}
