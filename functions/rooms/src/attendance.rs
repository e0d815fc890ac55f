//! Chime's meeting state changes: who joined is present, an ended meeting is retired.
//!
//! Whatever is told, however often and in whichever order, only adds to what is known.

use enishi_shared::{
    App, Function, Result, UserId,
    chime::{Happening, StateChange, What, external_user_id, retire, seen},
    function::on,
};
use jiff::Timestamp;

use crate::{
    seating::{Room, find_room, meeting_key, note_came, note_left, table},
    slot::{RoomId, Slots},
};

/// `rooms-attendance`
///
/// Budget: when somebody joins or leaves; 1 when a meeting ends.
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
        What::Left(who) => {
            left(&app, id, who.as_deref(), at).await?;
            seen(&table, &meeting_key(id), &meeting_id, at).await
        }
        What::Ended => retire(&app, &table, &meeting_key(id), &meeting_id).await,
    }
}

/// Notes that who joined came, and so takes part. Answers whether they joined a room of ours in its time.
async fn joined(app: &App, id: RoomId, who: &str, at: Timestamp) -> Result<bool> {
    let slot = app.config::<Slots>()?.by_id(id.slot_id());
    if !slot.is_open(at) {
        return Ok(false);
    }
    // A meeting may be called like a room and be none of ours.
    let Some(room) = find_room(app, id).await? else {
        return Ok(false);
    };
    if let Some(user_id) = known(&room, who) {
        note_came(app, id, &slot, user_id, at).await?;
    }
    Ok(true)
}

/// Notes who left, while it matters: as long as the slot runs.
async fn left(app: &App, id: RoomId, who: Option<&str>, at: Timestamp) -> Result<()> {
    let slot = app.config::<Slots>()?.by_id(id.slot_id());
    let is_running = slot.is_open(at) && slot.is_open(app.now());
    let (Some(who), true) = (who, is_running) else {
        return Ok(());
    };
    let room = find_room(app, id).await?;
    match room.and_then(|room| known(&room, who)) {
        Some(user_id) => note_left(app, id, &slot, user_id, at).await,
        None => Ok(()),
    }
}

/// Who of a room's people is called so in its meetings. Who was moved may still be there.
fn known(room: &Room, who: &str) -> Option<UserId> {
    let name = room.id.to_string();
    room.everybody()
        .find(|user_id| external_user_id(&name, *user_id) == who)
}
