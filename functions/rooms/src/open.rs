//! What is due beside the draw, each minute: the meetings of a drawn slot are opened, its people are told where
//! they meet ([`tell`]), those who are alone are brought together ([`gather`]), and the evening before all are
//! reminded.
//!
//! Meetings are opened shortly before the slot starts: at the rate that Chime allows, of the rooms that fit into the quota's unreserved share by their number ([`may_open`]). Whoever joins one
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
    gather::gather,
    seating::{self, draw_key, meeting_key, table},
    slot::{RoomId, Slot, SlotId, Slots},
    tell,
};

/// `rooms-open`
///
/// Budget: of each room that is opened, and one to Chime, and of each person who is told: 1 for the live
/// connection, 1 for 25 letters. Beside these 1 for a slot that is due, 9 to open it, 9 to tell its people, 16
/// to look for who is alone, 1 for every hundred of them, 1 for each room that people are brought into, and 10 to
/// remind them.
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

/// What became of one minute.
#[derive(Debug, Default, Serialize)]
pub struct Done {
    opened: Vec<Opened>,
    /// Who were brought together.
    gathered: usize,
    /// Who were told where they meet.
    told: usize,
    /// Who were reminded.
    reminded: usize,
}

/// What is due, the most urgent first; what fails keeps nothing else from being done.
async fn open_due(app: App, tick: Tick) -> Result<Done> {
    let (slots, now) = (app.config::<Slots>()?, tick.scheduled_time);
    let mut done = Done::default();
    let mut failure = None;
    let mut draws = Vec::new();
    for slot in slots.to_draw(now) {
        let draw = assign::read(&app, slot.id()).await?;
        let draw = draw.filter(|draw| draw.is_drawn() && !draw.closed);
        draws.extend(draw.map(|draw| (slot, draw)));
    }
    let is_due = |due: &[Slot], slot: &Slot| due.contains(slot);
    let to_open: Vec<Slot> = slots.to_open(now).collect();
    for (slot, draw) in draws.iter().filter(|(slot, _)| is_due(&to_open, slot)) {
        if draw.opened {
            continue;
        }
        match open(&app, slot, draw).await {
            Ok(outcome) => done.opened.push(outcome),
            Err(error) => failure = Some(error),
        }
    }
    let to_gather: Vec<Slot> = slots.to_gather(now).collect();
    for (slot, draw) in draws.iter().filter(|(slot, _)| is_due(&to_gather, slot)) {
        match gather(&app, slot, draw).await {
            Ok(people) => done.gathered += people,
            Err(error) => failure = Some(error),
        }
    }
    for (slot, draw) in &draws {
        match tell::ready(&app, slot, draw).await {
            Ok(people) => done.told += people,
            Err(error) => failure = Some(error),
        }
    }
    for slot in slots.to_remind(now) {
        match tell::remind(&app, &slot).await {
            Ok(people) => done.reminded += people,
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(done), Err)
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
