//! Opening the meetings of a drawn slot, shortly before it starts: at the rate that Chime allows,
//! of the rooms that fit into the quota's unreserved share by their number ([`may_open`]). Whoever joins one
//! of these that is not open yet opens it (see `join`).

use enishi_shared::{
    App, Function, Result,
    chime::{ChimeError, ChimeQuota, Pace, Venue},
    function::on,
    metric,
    store::{Change, when},
};
use serde::Serialize;

use crate::{
    assign::{self, Draw, Tick},
    seating::{self, draw_key, meeting_key, table},
    slot::{RoomId, Slot, SlotId, Slots},
};

/// `rooms-open`
///
/// Budget: of each room, and one to Chime; 1 beside these for a slot that is due and 9 to open it.
pub const FUNCTION: Function =
    Function::event("rooms-open", |app, event| on(app, event, open_due)).budget(2);

/// What became of one slot's meetings.
#[derive(Debug, Serialize)]
pub struct Opened {
    slot: SlotId,
    /// Open now.
    open: usize,
    /// Beyond the quota or its unreserved share.
    beyond_quota: usize,
}

async fn open_due(app: App, tick: Tick) -> Result<Vec<Opened>> {
    let slots = app.config::<Slots>()?;
    let mut opened = Vec::new();
    let mut failure = None;
    for slot in slots.to_open(tick.scheduled_time) {
        let draw = assign::read(&app, slot.id()).await?;
        let Some(draw) = draw.filter(|draw| draw.is_drawn() && !draw.opened && !draw.closed) else {
            continue;
        };
        match open(&app, &slot, &draw).await {
            Ok(outcome) => opened.push(outcome),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(opened), Err)
}

async fn open(app: &App, slot: &Slot, draw: &Draw) -> Result<Opened> {
    let mut pace = Pace::new(&*app.config::<ChimeQuota>()?);
    let rooms = seating::read_rooms(app, slot, draw.all_rooms()).await?;
    let mut open = 0;
    let mut beyond_quota = 0;
    let mut failed = None;
    for room in rooms {
        let people = room.people();
        if people.is_empty() {
            continue;
        }
        if !may_open(app, room.id)? {
            beyond_quota += 1;
            continue;
        }
        let name = room.id.to_string();
        let venue = Venue::new(app, table(app)?, meeting_key(room.id), &name).await?;
        if room.meeting.is_none() {
            pace.next().await;
        }
        let opened = pace.patiently(|| venue.open(room.meeting.clone(), &people));
        match opened.await {
            Ok(_) => open += 1,
            Err(ChimeError::QuotaExceeded) => beyond_quota += 1,
            // The other rooms go on; the next run tries this one again.
            Err(error) => failed = Some(error),
        }
    }
    metric::count(
        "MeetingsBeyondQuota",
        u32::try_from(beyond_quota).unwrap_or(u32::MAX),
    );
    if let Some(error) = failed {
        return Err(error.into());
    }
    mark(app, slot, "opened").await?;
    Ok(Opened {
        slot: slot.id(),
        open,
        beyond_quota,
    })
}

/// Whether a room may have a meeting: the first of a slot's rooms do, as many as leave the reserved share of
/// the quota to appointments, whoever opens them and however many come.
///
/// # Errors
/// `internal_server_error` where the quota is of a wrong form.
pub fn may_open(app: &App, room: RoomId) -> Result<bool> {
    let unreserved = app.config::<ChimeQuota>()?.unreserved();
    Ok(usize::try_from(room.number).is_ok_and(|number| number < unreserved))
}

/// Marks a step of a drawn slot as done. One request; marking twice is marking once.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn mark(app: &App, slot: &Slot, step: &str) -> Result<()> {
    let done = Change::new().set(step, true).when(when().exists("pk"));
    table(app)?.update(draw_key(slot.id()), done).await?;
    Ok(())
}
