//! Closing a slot after its end: attendance and rates are entered, meetings are ended.
//!
//! Every step is safe to repeat; the slot counts as closed only when all are done, and until then
//! the next minute's run does it again.

use enishi_shared::{
    App, Function, Result, UserId,
    chime::{ChimeQuota, Pace, delete},
    function::on,
    store::s,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::{
    assign::{Draw, Tick},
    erase,
    gather::bring_back,
    open::mark,
    person::{self, person_key},
    seating::{self, Room, meeting_key, table},
    slot::{RoomId, Slot, SlotId, Slots},
};

/// `rooms-close`
///
/// Budget: of each person whose name is taken out, 1 of the others and of each meeting, and one to
/// Chime, and of each who was moved and never came. Beside these 1, and to close a slot 9, 8 more where somebody
/// never came, up to 8 for walk-ins, and 1 for every hundred people.
pub const FUNCTION: Function =
    Function::event("rooms-close", |app, event| on(app, event, close_due)).budget(3);

/// How many of the latest slots that were drawn and have begun are looked at for ones not closed yet.
const LOOKS_BACK: i32 = 20;
/// How often people are brought back before what is there counts: one for each who goes to the same room.
const ROUNDS: usize = 8;
/// Attendances entered at once.
const AT_ONCE: usize = 32;

/// What became of one slot.
#[derive(Debug, Serialize)]
pub struct Closed {
    slot: SlotId,
    assigned: usize,
    no_shows: usize,
}

async fn close_due(app: App, tick: Tick) -> Result<Vec<Closed>> {
    #[derive(Deserialize)]
    struct DrawnSlot {
        sk: SlotId,
        #[serde(flatten)]
        draw: Draw,
    }
    let slots = app.config::<Slots>()?;
    let latest = table(&app)?
        .query("pk = :slots AND sk <= :now")
        .value(":slots", s("SLOTS"))
        .value(":now", s(slots.id_at(tick.scheduled_time)))
        .descending()
        .limit(LOOKS_BACK)
        .page::<DrawnSlot>()
        .await?;
    let mut closed = Vec::new();
    let mut failure = None;
    // Oldest first: attendance is entered in the order in which it happened.
    for DrawnSlot { sk, draw } in latest.items.into_iter().rev() {
        let slot = slots.by_id(sk);
        if !draw.is_drawn() || draw.closed || slot.end > tick.scheduled_time {
            continue;
        }
        match close(&app, &slot, &draw).await {
            Ok(outcome) => closed.push(outcome),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(closed), Err)
}

async fn close(app: &App, slot: &Slot, draw: &Draw) -> Result<Closed> {
    let mut rooms = seating::read_rooms(app, slot, draw.all_rooms()).await?;
    // What is entered is what is there then, whichever run brought somebody back.
    for _ in 0..ROUNDS {
        if !bring_back(app, slot, &rooms).await? {
            break;
        }
        rooms = seating::read_rooms(app, slot, draw.all_rooms()).await?;
    }
    let seats = || {
        rooms
            .iter()
            .flat_map(|room| room.members.iter().map(move |member| (room, member)))
    };
    let no_shows = seats().filter(|(room, member)| !room.participants.contains(&member.user_id));
    let (assigned, no_shows) = (seats().count(), no_shows.count());
    enter_attendance(app, slot, &rooms).await?;
    enter_walk_ins(app, slot, &rooms).await?;
    end_meetings(app, &rooms).await?;
    mark(app, slot, "closed").await?;
    Ok(Closed {
        slot: slot.id(),
        assigned,
        no_shows,
    })
}

/// Enters whether they took part for all who have an account. A name that is still there though its
/// owner has gone is taken out: the draw was running when they went.
async fn enter_attendance(app: &App, slot: &Slot, rooms: &[Room]) -> Result<()> {
    let people: Vec<(RoomId, UserId, bool)> = rooms
        .iter()
        .flat_map(|room| {
            room.people().into_iter().map(|user_id| {
                let attended = room.participants.contains(&user_id);
                (room.id, user_id, attended)
            })
        })
        .collect();
    let keys: Vec<_> = people
        .iter()
        .map(|(_, user_id, _)| person_key(*user_id))
        .collect();
    let known = table(app)?.batch_get_all(&keys).await?;
    let (known, slot_id) = (&known, slot.id());
    stream::iter(people)
        .map(|(room, user_id, attended)| async move {
            if person::take(known, user_id)?.gone {
                return erase::leave(app, slot_id, room, user_id).await;
            }
            let stored = known.get(&person_key(user_id)).cloned();
            person::enter(app, user_id, stored, slot_id, attended).await
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Those who walked in or were moved are part of what later draws look back on.
async fn enter_walk_ins(app: &App, slot: &Slot, rooms: &[Room]) -> Result<()> {
    let walk_ins: Vec<(UserId, u32)> = rooms
        .iter()
        .flat_map(|room| {
            room.walk_ins()
                .map(|member| (member.user_id, room.id.number))
        })
        .collect();
    let seats = seating::walk_in_seats(slot, &walk_ins);
    table(app)?.put_all(seats).await
}

async fn end_meetings(app: &App, rooms: &[Room]) -> Result<()> {
    let table = table(app)?;
    let mut pace = Pace::new(&*app.config::<ChimeQuota>()?);
    for room in rooms.iter().filter(|room| room.meeting.is_some()) {
        let key = meeting_key(room.id);
        pace.next().await;
        pace.patiently(|| delete(app, &table, &key, room.meeting.clone()))
            .await?;
    }
    Ok(())
}
