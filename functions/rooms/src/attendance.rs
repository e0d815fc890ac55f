//! Chime's meeting state changes: who joined is present, an ended meeting is retired.
//!
//! Whatever is told, however often and in whichever order, only adds to what is known.

use enishi_shared::{
    App, Function, Result,
    chime::{Happening, StateChange, What, external_user_id, retire, seen},
    function::on,
};
use jiff::Timestamp;

use crate::{
    seating::{find_room, mark_participant, meeting_key, table},
    slot::{RoomId, Slots},
};

/// `rooms-attendance`
///
/// Budget: when somebody joins; 1 when somebody leaves or a meeting ends.
pub const FUNCTION: Function =
    Function::event("rooms-attendance", |app, event| on(app, event, attendance)).budget(3);

async fn attendance(app: App, change: StateChange) -> Result<()> {
    let Some(Happening {
        venue,
        meeting_id,
        at,
        what,
    }) = change.happening(&app)?
    else {
        return Ok(());
    };
    // Meetings that are none of our rooms' have other names.
    let Ok(id) = venue.parse::<RoomId>() else {
        return Ok(());
    };
    let table = table(&app)?;
    match what {
        What::Joined(who) => {
            if joined(&app, id, &who, at).await? {
                seen(&table, &meeting_key(id), &meeting_id, at).await?;
            }
            Ok(())
        }
        What::Left => seen(&table, &meeting_key(id), &meeting_id, at).await,
        What::Ended => retire(&app, &table, &meeting_key(id), &meeting_id).await,
    }
}

/// Marks who joined as taking part. Answers whether they joined a room of ours in its time.
async fn joined(app: &App, id: RoomId, who: &str, at: Timestamp) -> Result<bool> {
    let slot = app.config::<Slots>()?.by_id(id.slot_id());
    if !slot.is_open(at) {
        return Ok(false);
    }
    // A meeting may be called like a room and be none of ours.
    let Some(room) = find_room(app, id).await? else {
        return Ok(false);
    };
    let name = id.to_string();
    let mut members = room.members.iter();
    if let Some(member) = members.find(|member| external_user_id(&name, member.user_id) == who) {
        mark_participant(app, id, &slot, member.user_id).await?;
    }
    Ok(true)
}
