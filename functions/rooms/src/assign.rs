//! The draw of a slot: who meets whom. Fired each minute for the slots that are due, and by an
//! operator. Once a night it also enrolls those who come every week ([`weekly::sweep`]).
//!
//! It may run twice at once, be cut anywhere and start again; there is one result. A claim freezes
//! what the draw depends on and could change: which earlier slots it looks back on, and which of
//! them were closed. Then the gates are closed, so that the enrollments stand still, and who wishes not
//! to meet whom is written down as the first run read it ([`wishes::frozen`]). From there all runs reckon the same rooms and write the same items; the last write says that they are all
//! there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use enishi_shared::{
    App, Error, Function, Result, UserId,
    function::on,
    metric,
    store::{Change, Found, Written, decode, s, when},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    draw::draw,
    enrollment::EnrollmentItem,
    person::{self, person_key},
    seating::{self, Member, Seats, by_partition, close_gates, draw_key, table, ttl},
    slot::{Slot, SlotId, Slots},
    weekly, wishes,
};

/// `rooms-assign`
///
/// Budget: of each person, and mostly much less: one reads the attendance of a hundred, and a write
/// takes 25 items, each of which holds 150 people or 25 rooms. Beside these 5 of its own, 8 to read
/// the enrollments, 1 for the wishes of five hundred and 8 for each of at most 30 earlier slots (more above a
/// megabyte a partition); 1 for a slot that is drawn already. Of the night's sweep 1 each minute; 2 for each
/// hundred schedules, 16 at least, and 2 for each that has a new day.
pub const FUNCTION: Function =
    Function::event("rooms-assign", |app, event| on(app, event, assign_due)).budget(1);

/// How many earlier slots the draw looks back on to keep people apart.
const HISTORY: i32 = 30;
/// A draw later than this after it was due raises the alarm.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// What the schedule sends.
#[derive(Debug, Deserialize)]
pub struct Tick {
    /// The minute for which the schedule fired.
    pub scheduled_time: Timestamp,
}

/// The outcome of a draw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Drawn {
    /// The slot's date, where the slots are.
    #[schema(format = Date, example = "2026-11-21")]
    pub date: String,
    /// The slot's time, where the slots are.
    #[schema(pattern = "^([01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")]
    pub time: String,
    /// How many people were enrolled.
    #[schema(example = 12)]
    pub enrolled: u32,
    /// How many rooms they were drawn into.
    #[schema(example = 3)]
    pub rooms: u32,
}

/// The record of a slot's draw.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draw {
    /// How far it is.
    pub state: State,
    /// The drawn slots it looks back on, most recent first.
    pub history: Vec<SlotId>,
    /// How many people a room is meant for.
    pub room_size: u32,
    /// The earliest of those that was not closed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_from: Option<SlotId>,
    /// How many people were drawn.
    pub enrolled: u32,
    /// How many rooms were drawn; those of walk-ins come after them.
    pub rooms: u32,
    /// How many people are in each room: drawn, walked in or moved there, and not withdrawn. Once people are
    /// brought together, none where nobody is present.
    pub sizes: Sizes,
    /// When it was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_at: Option<Timestamp>,
    /// Of how many rooms, in order, the people were told.
    #[serde(default)]
    pub told: u32,
    /// Whether its meetings were opened.
    #[serde(default)]
    pub opened: bool,
    /// Whether its attendance was entered and its meetings were ended.
    #[serde(default)]
    pub closed: bool,
    /// Seconds; DynamoDB removes it then.
    pub ttl: i64,
}

/// How far a draw is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its input is frozen.
    Drawing,
    /// All of it is written.
    Drawn,
    /// It was over before it was drawn (see `missed`).
    Missed,
}

/// The number of people in each room, a byte a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes(#[serde(with = "enishi_shared::store::bytes")] Vec<u8>);

impl Sizes {
    /// Of rooms with so many people.
    pub fn new(sizes: impl IntoIterator<Item = usize>) -> Self {
        let sizes = sizes.into_iter();
        Self(
            sizes
                .map(|size| u8::try_from(size).unwrap_or(u8::MAX))
                .collect(),
        )
    }

    /// How many rooms there are.
    pub fn rooms(&self) -> u32 {
        count(self.0.len())
    }

    /// The rooms that somebody is in and that have a seat, those with less than two more than
    /// `room_size`; the smallest first.
    pub fn with_a_seat(&self, room_size: u32) -> impl Iterator<Item = u32> + use<> {
        let below_full = |size: u8| size > 0 && u32::from(size) < room_size.saturating_add(2);
        let mut rooms: Vec<(u8, u32)> = self.0.iter().copied().zip(0..).collect();
        rooms.retain(|(size, _)| below_full(*size));
        rooms.sort_unstable();
        rooms.into_iter().map(|(_, room)| room)
    }

    /// The room of the next person who walks in, and the sizes with them in it: the smallest that
    /// somebody is in, until all have two more than `room_size`; then a new one. So nobody is put
    /// alone while another room has less than that. Into those of `apart` only where no other one has a seat.
    pub fn walk_in(&self, room_size: u32, apart: &BTreeSet<u32>) -> (u32, Self) {
        let mut sizes = self.0.clone();
        let with_a_seat = || self.with_a_seat(room_size);
        let smallest = with_a_seat().find(|room| !apart.contains(room));
        let room = match smallest.or_else(|| with_a_seat().next()) {
            Some(room) => room as usize,
            None => sizes
                .iter()
                .position(|size| *size == 0)
                .unwrap_or(sizes.len()),
        };
        match sizes.get_mut(room) {
            Some(size) => *size = size.saturating_add(1),
            None => sizes.push(1),
        }
        (count(room), Self(sizes))
    }

    /// The sizes without one person in `room`.
    #[must_use]
    pub fn without_one_in(&self, room: u32) -> Self {
        let mut sizes = self.0.clone();
        if let Some(size) = usize::try_from(room)
            .ok()
            .and_then(|room| sizes.get_mut(room))
        {
            *size = size.saturating_sub(1);
        }
        Self(sizes)
    }
}

impl Draw {
    fn without_rooms(slot: &Slot, state: State) -> Self {
        Self {
            state,
            room_size: 0,
            history: Vec::new(),
            open_from: None,
            enrolled: 0,
            rooms: 0,
            sizes: Sizes::default(),
            drawn_at: None,
            told: 0,
            opened: false,
            closed: false,
            ttl: ttl(slot),
        }
    }

    /// How many people a room is meant for.
    pub fn room_size(&self) -> usize {
        self.room_size as usize
    }

    /// Whether all of it is written.
    pub fn is_drawn(&self) -> bool {
        self.state == State::Drawn
    }

    /// Whether it was drawn before the slot began. Who was told of their room later than that may
    /// have given up, and counts as absent in no case.
    pub fn was_in_time(&self, slot: &Slot) -> bool {
        self.drawn_at.is_none_or(|drawn_at| drawn_at < slot.start)
    }

    /// Whether the slot was over before it was drawn.
    pub fn is_missed(&self) -> bool {
        self.state == State::Missed
    }

    /// The rooms with a seat, the smallest first.
    pub fn with_a_seat(&self) -> impl Iterator<Item = u32> + use<> {
        self.sizes.with_a_seat(self.room_size)
    }

    /// The room of the next person who walks in, and the sizes with them in it. They are to be kept out of
    /// those of `apart`.
    pub fn walk_in(&self, apart: &BTreeSet<u32>) -> (u32, Sizes) {
        self.sizes.walk_in(self.room_size, apart)
    }

    /// How many rooms there are, those of walk-ins included.
    pub fn all_rooms(&self) -> u32 {
        self.sizes.rooms()
    }
}

/// Reads the record of a slot's draw. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn read(app: &App, slot_id: SlotId) -> Result<Option<Draw>> {
    table(app)?.get(&draw_key(slot_id)).await
}

/// Draws every slot that is due and not yet drawn, so that a missed or late run heals itself. One
/// slot's failure does not keep the others from being drawn.
async fn assign_due(app: App, tick: Tick) -> Result<Vec<Drawn>> {
    let slots = app.config::<Slots>()?;
    let mut drawn = Vec::new();
    let mut failure = None;
    for slot in slots.to_draw(tick.scheduled_time) {
        // A tick may come late. What is over then is drawn no more: its people are told (see `missed`).
        if slot.end <= app.now() {
            continue;
        }
        match assign(&app, &slot).await {
            Ok(outcome) => drawn.push(outcome),
            Err(error) => failure = Some(error),
        }
    }
    // Nothing of the night's work is in the way of a draw: it comes after them, and ends soon.
    if let Err(error) = weekly::sweep(&app, tick.scheduled_time).await {
        failure = Some(error);
    }
    failure.map_or(Ok(drawn), Err)
}

/// Draws a slot's rooms, or answers what was drawn.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer; the next run goes on from there.
pub async fn assign(app: &App, slot: &Slot) -> Result<Drawn> {
    let slot_id = slot.id();
    let claim = match read(app, slot_id).await? {
        Some(draw) => draw,
        None => claim(app, slot).await?,
    };
    if claim.state != State::Drawing {
        return Ok(outcome(slot, &claim));
    }
    close_gates(app, slot).await?;
    let people = enrolled(app, slot_id).await?;
    let index: Index = people
        .iter()
        .map(|member| member.user_id)
        .zip(0..)
        .collect();
    let (rates, apart) = records(app, &people, &index, claim.open_from).await?;
    let apart = wishes::frozen(app, slot, people.len(), &apart).await?;
    let history = history(app, &index, &claim).await?;
    // The reckoning is the one piece that takes the processor for long.
    let rooms = draw(&rates, &history, &apart, claim.room_size as usize);
    let rooms = seated(people, rooms);

    let (rosters, seats) = seating::items(slot, &rooms);
    table(app)?.put_all(rosters).await?;
    table(app)?.put_all(seats).await?;
    let enrolled = rooms.iter().map(Vec::len).sum::<usize>();
    let drawn = Change::new()
        .set("state", State::Drawn)
        .set("enrolled", enrolled)
        .set("rooms", rooms.len())
        .set("sizes", Sizes::new(rooms.iter().map(Vec::len)))
        .set("drawn_at", app.now())
        .when(when().eq("state", State::Drawing));
    let draw = match table(app)?.update(draw_key(slot_id), drawn).await? {
        Written::Refused(found) => claimed(found)?,
        Written::Done => {
            let late = app.now().duration_since(slot.drawn_at()) > LATE;
            metric::count("SlotDrawnLate", u32::from(late));
            Draw {
                state: State::Drawn,
                enrolled: count(enrolled),
                rooms: count(rooms.len()),
                ..claim
            }
        }
    };
    Ok(outcome(slot, &draw))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What was drawn, as it is answered.
pub fn outcome(slot: &Slot, draw: &Draw) -> Drawn {
    Drawn {
        date: slot.date(),
        time: slot.time(),
        enrolled: draw.enrolled,
        rooms: draw.rooms,
    }
}

/// Freezes what could change between two runs of the same draw.
async fn claim(app: &App, slot: &Slot) -> Result<Draw> {
    let slot_id = slot.id();
    let earlier = table(app)?
        .query("pk = :slots AND sk < :slot")
        .value(":slots", s("SLOTS"))
        .value(":slot", s(slot_id))
        .descending()
        .limit(HISTORY)
        .page::<EarlierSlot>()
        .await?
        .items;
    let claim = Draw {
        room_size: count(app.config::<Slots>()?.room_size),
        open_from: earlier
            .iter()
            .rev()
            .find(|slot| !slot.draw.closed)
            .map(|slot| slot.sk),
        history: earlier
            .into_iter()
            .filter(|slot| slot.draw.is_drawn())
            .map(|slot| slot.sk)
            .collect(),
        ..Draw::without_rooms(slot, State::Drawing)
    };
    match table(app)?.create(draw_key(slot_id), &claim).await? {
        Written::Done => Ok(claim),
        Written::Refused(found) => claimed(found),
    }
}

/// The claim of the run that was faster. Nobody deletes one.
fn claimed(found: Found) -> Result<Draw> {
    let draw = found.item()?;
    draw.ok_or_else(|| Error::internal("the draw's claim is gone"))
}

/// The record of a slot's draw, as it is listed.
#[derive(Deserialize)]
pub struct EarlierSlot {
    /// The slot.
    pub sk: SlotId,
    /// Its draw.
    #[serde(flatten)]
    pub draw: Draw,
}

/// Everybody who is in the draw, in order of their ids. People who walked in are not.
async fn enrolled(app: &App, slot_id: SlotId) -> Result<Vec<Member>> {
    // `E$` sorts right behind whatever starts with `E#`.
    let enrollments: Vec<EnrollmentItem> = by_partition(app, slot_id, "E#", "E$")
        .await?
        .into_iter()
        .map(decode)
        .collect::<Result<_>>()?;
    let mut people: Vec<Member> = enrollments
        .into_iter()
        .filter(|enrollment| enrollment.room_id.is_none())
        .map(|enrollment| Member {
            user_id: enrollment.user_id,
            username: Some(enrollment.username),
        })
        .collect();
    people.sort_by_key(|person| person.user_id);
    Ok(people)
}

/// Everybody's number in the draw.
type Index = HashMap<UserId, u32>;
/// Those of two people.
type Pair = (u32, u32);

/// Everybody's rate, and the pairs of whom one wishes not to meet the other. A hundred people a request; their
/// records are let go of as soon as this is known.
async fn records(
    app: &App,
    people: &[Member],
    index: &Index,
    open_from: Option<SlotId>,
) -> Result<(Vec<u8>, Vec<Pair>)> {
    let table = &table(app)?;
    let records: Vec<Vec<(u8, Vec<Pair>)>> =
        stream::iter(people.chunks(100).map(<[Member]>::to_vec))
            .map(|people| async move {
                let keys: Vec<_> = people
                    .iter()
                    .map(|member| person_key(member.user_id))
                    .collect();
                let items = table.batch_get(&keys).await?;
                people
                    .iter()
                    .map(|member| {
                        let rate = person::take(&items, member.user_id)?.rate_before(open_from);
                        let avoids = wishes::take(&items, member.user_id)?.avoids;
                        let number = |user_id| index.get(user_id).copied();
                        let pair = |other| Some((number(&member.user_id)?, number(other)?));
                        Ok((rate, avoids.keys().filter_map(pair).collect()))
                    })
                    .collect::<Result<_>>()
            })
            .buffered(8)
            .try_collect()
            .await?;
    let (rates, apart): (Vec<u8>, Vec<_>) = records.into_iter().flatten().unzip();
    Ok((rates, apart.concat()))
}

/// The rooms of earlier slots, most recent first, as indices into `people`; those who are not
/// here today are left out. Eight requests a slot.
async fn history(app: &App, index: &Index, claim: &Draw) -> Result<Vec<Vec<Vec<u32>>>> {
    stream::iter(claim.history.clone())
        .map(|slot_id| async move {
            // Walk-ins are entered when a slot closes; a slot that was open at the claim counts
            // without them, whenever it is read.
            let closed = claim.open_from.is_none_or(|open_from| slot_id < open_from);
            let seats = seating::read_seats(app, slot_id, closed).await?;
            Ok::<_, Error>(groups(&seats, index))
        })
        .buffered(4)
        .try_collect()
        .await
}

fn groups(seats: &[Seats], index: &Index) -> Vec<Vec<u32>> {
    // Somebody's later seat is where they were moved: those of walk-ins come last.
    let seats = seats.iter().flat_map(Seats::iter);
    let found = seats.filter_map(|(user, room)| Some((*index.get(&user)?, room)));
    let seats: HashMap<u32, u32> = found.collect();
    let mut rooms: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (person, room) in seats {
        rooms.entry(room).or_default().push(person);
    }
    rooms
        .into_values()
        .map(|mut room| {
            room.sort_unstable();
            room
        })
        .collect()
}

/// The drawn rooms with their people, larger rooms first.
fn seated(people: Vec<Member>, rooms: Vec<Vec<u32>>) -> Vec<Vec<Member>> {
    let mut people: Vec<Option<Member>> = people.into_iter().map(Some).collect();
    let mut rooms: Vec<Vec<Member>> = rooms
        .into_iter()
        .map(|room| {
            room.into_iter()
                .filter_map(|index| people.get_mut(index as usize)?.take())
                .collect()
        })
        .collect();
    rooms.sort_by_key(|room| std::cmp::Reverse(room.len()));
    rooms
}

/// Corrects how many people are in each room, unless somebody walks in at this moment: the next run does
/// it then. One request, none where nothing has changed.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn recount(app: &App, slot: &Slot, draw: &Draw, sizes: Sizes) -> Result<()> {
    if sizes != draw.sizes {
        let change = Change::new()
            .set("sizes", sizes)
            .when(when().eq("sizes", &draw.sizes));
        table(app)?.update(draw_key(slot.id()), change).await?;
    }
    Ok(())
}

/// Settles that a slot which is over will not be drawn any more, unless it is drawn. Whatever run is
/// under way, either this or the draw's last write comes about. Answers whether it is so. At most two
/// requests.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn miss(app: &App, slot: &Slot) -> Result<bool> {
    let table = table(app)?;
    let missed = Draw::without_rooms(slot, State::Missed);
    let found = match table.create(draw_key(slot.id()), &missed).await? {
        Written::Done => return Ok(true),
        Written::Refused(found) => claimed(found)?,
    };
    if found.state != State::Drawing {
        return Ok(found.is_missed());
    }
    let change = Change::new()
        .set("state", State::Missed)
        .when(when().eq("state", State::Drawing));
    match table.update(draw_key(slot.id()), change).await? {
        Written::Done => Ok(true),
        Written::Refused(found) => Ok(claimed(found)?.is_missed()),
    }
}

#[cfg(test)]
mod tests;
