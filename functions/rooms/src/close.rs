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
use serde::Serialize;

use crate::{
    assign::{Draw, EarlierSlot, Tick},
    erase,
    gather::bring_back,
    missed,
    open::mark,
    person::{self, Morning, person_key},
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
pub const LOOKS_BACK: i32 = 20;
/// How often people are brought back before what is there counts: one for each who goes to the same room.
const ROUNDS: usize = 8;
/// Attendances entered at once.
pub const AT_ONCE: usize = 32;

/// What became of one slot.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Closed {
    /// It took place.
    Met {
        /// The slot.
        slot: SlotId,
        /// How many were in its rooms.
        assigned: usize,
        /// How many of these were absent.
        no_shows: usize,
    },
    /// It was over before it was drawn.
    Missed {
        /// The slot.
        slot: SlotId,
        /// How many were told.
        missed: usize,
    },
}

async fn close_due(app: App, tick: Tick) -> Result<Vec<Closed>> {
    let slots = app.config::<Slots>()?;
    let latest = table(&app)?
        .query("pk = :slots AND sk <= :now")
        .value(":slots", s("SLOTS"))
        .value(":now", s(slots.id_at(tick.scheduled_time)))
        .descending()
        .limit(LOOKS_BACK)
        .page::<EarlierSlot>()
        .await?;
    let mut closed = Vec::new();
    let mut failure = None;
    for slot in missed::find(&app, &slots, &latest.items) {
        match missed::tell(&app, &slot).await {
            Ok(0) => {}
            Ok(missed) => closed.push(Closed::Missed {
                slot: slot.id(),
                missed,
            }),
            Err(error) => failure = Some(error),
        }
    }
    // Oldest first: attendance is entered in the order in which it happened.
    for EarlierSlot { sk, draw } in latest.items.into_iter().rev() {
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
    let no_shows = seats().filter(|(room, member)| {
        morning(draw, slot, room, member.user_id) == Some(Morning::Attended(false))
    });
    let (assigned, no_shows) = (seats().count(), no_shows.count());
    enter_attendance(app, slot, draw, &rooms).await?;
    enter_walk_ins(app, slot, &rooms).await?;
    end_meetings(app, &rooms).await?;
    mark(app, slot, "closed").await?;
    Ok(Closed::Met {
        slot: slot.id(),
        assigned,
        no_shows,
    })
}

/// What is entered of a member; `None` of who was not there when the rooms were drawn too late.
fn morning(draw: &Draw, slot: &Slot, room: &Room, user_id: UserId) -> Option<Morning> {
    if room.withdrawn.contains(&user_id) {
        return Some(Morning::WITHDRAWN);
    }
    let attended = room.took_part(user_id);
    (attended || draw.was_in_time(slot)).then_some(Morning::Attended(attended))
}

/// Enters what became of it for all who have an account. A name that is still there though its
/// owner has gone is taken out: the draw was running when they went.
async fn enter_attendance(app: &App, slot: &Slot, draw: &Draw, rooms: &[Room]) -> Result<()> {
    let people: Vec<(RoomId, UserId, Option<Morning>)> = rooms
        .iter()
        .flat_map(|room| {
            let named = room.members.iter().filter(|one| one.username.is_some());
            named.map(|member| {
                let morning = morning(draw, slot, room, member.user_id);
                (room.id, member.user_id, morning)
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
        .map(|(room, user_id, morning)| async move {
            if person::take(known, user_id)?.gone {
                return erase::leave(app, slot_id, room, user_id).await;
            }
            let Some(morning) = morning else {
                return Ok(());
            };
            let stored = known.get(&person_key(user_id)).cloned();
            person::enter(app, user_id, stored, slot_id, morning).await
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
                .filter(|member| !room.withdrawn.contains(&member.user_id))
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
