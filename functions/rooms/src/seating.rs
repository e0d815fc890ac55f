//! Who sits where: the items that a draw writes, and how a person or a room is found in them.
//!
//! A slot's items lie in eight partitions. *Seats* lead from a person to a room: packed, 150
//! people an item, in the order of a hash of the user id, each item keyed by the last hash
//! it covers. One query, `first item whose key is not below my hash`, finds a person however many
//! there are. *Rosters* lead from a room to its people, 25 rooms an item, found by the room's
//! number. Both are written once and are the history that later draws read.
//!
//! A room's *state* is what happens later: who took part, who walked in, who came and left when, and who was
//! moved to another room. Of somebody who was, the enrollment names the room.

use std::collections::BTreeMap;

use enishi_shared::{
    App, Result, UserId,
    seal::sha256,
    store::{Item, Key, Table, decode, s},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::slot::{RoomId, Slot, SlotId};

mod moving;
mod presence;
mod room;

pub use moving::bring;
pub use presence::{note_came, note_left};
pub use room::{
    Member, MemberName, Room, RoomState, Roster, find_room, mark_participant, mark_withdrawn,
    read_people, read_room, read_rooms, room_keys, seat_walk_in, take_room, unname,
};

/// Partitions a slot; a slot's reads and writes spread over them.
pub const PARTITIONS: u32 = 8;
/// Gates a slot: items that an enrollment checks and the draw closes. Sixteen, because concurrent
/// transactions on one item get in each other's way.
pub const GATES: u32 = 16;
/// People a seats item.
const SEATS_AN_ITEM: usize = 150;
/// Rooms a roster item.
const ROOMS_AN_ITEM: u32 = 25;
/// The seats item of a partition's walk-ins; sorts behind the drawn ones'.
const WALK_IN_SEATS: &str = "S#~";
/// How long a slot's items are kept, in seconds.
const KEPT_SECONDS: i64 = 400 * 24 * 60 * 60;

/// How long marks are kept after their slot, in seconds.
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// `ROOMS_TABLE`: the service's table.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn table(app: &App) -> Result<Table> {
    Table::named(app, "ROOMS_TABLE")
}

/// When an item of this slot may be removed, in seconds since 1970.
pub fn ttl(slot: &Slot) -> i64 {
    slot.end.as_second() + KEPT_SECONDS
}

/// The partition key of one of a slot's eight partitions.
pub fn partition(slot_id: SlotId, partition: u32) -> String {
    format!("SLOT#{slot_id}#P{partition}")
}

/// Spreads people evenly and in a fixed order: 32 hex digits.
fn hash(user_id: UserId) -> String {
    sha256(user_id.to_string().as_bytes())[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn gate_number(user_id: UserId) -> u32 {
    u32::from(sha256(user_id.to_string().as_bytes())[0]) * GATES / 256
}

/// In which of eight partitions somebody's items lie.
pub fn person_partition(user_id: UserId) -> u32 {
    gate_number(user_id) * PARTITIONS / GATES
}

/// Where a person's enrollment for a slot lies.
pub fn enrollment_key(slot_id: SlotId, user_id: UserId) -> Key {
    Key::new(
        partition(slot_id, person_partition(user_id)),
        format!("E#{user_id}"),
    )
}

/// Where it is marked that somebody withdrew, before the draw: their schedule leaves this day alone.
pub fn withdrawn_key(slot_id: SlotId, user_id: UserId) -> Key {
    Key::new(
        partition(slot_id, person_partition(user_id)),
        format!("X#{user_id}"),
    )
}

/// A mark that is of use until the slot is over.
#[derive(Debug, Serialize, Deserialize)]
pub struct Mark {
    ttl: i64,
}

impl Mark {
    /// For this slot.
    pub fn of(slot: &Slot) -> Self {
        Self {
            ttl: slot.end.as_second() + DAY_SECONDS,
        }
    }
}

/// The gate that a person's enrollment passes. Absent while the slot takes enrollments.
pub fn gate_key(slot_id: SlotId, user_id: UserId) -> Key {
    gate(slot_id, gate_number(user_id))
}

fn gate(slot_id: SlotId, number: u32) -> Key {
    Key::new(
        partition(slot_id, number * PARTITIONS / GATES),
        format!("GATE#{number:02}"),
    )
}

/// Closes a slot's gates: from then on no transaction that checks one commits.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer; closing again is as good.
pub async fn close_gates(app: &App, slot: &Slot) -> Result<()> {
    #[derive(Serialize)]
    struct Gate {
        ttl: i64,
    }
    let closed = |number| (gate(slot.id(), number), Gate { ttl: ttl(slot) });
    table(app)?.put_all((0..GATES).map(closed)).await
}

/// Where the record of a slot's draw lies.
pub fn draw_key(slot_id: SlotId) -> Key {
    Key::new("SLOTS", slot_id)
}

fn room_partition(slot_id: SlotId, number: u32) -> String {
    partition(slot_id, number / ROOMS_AN_ITEM % PARTITIONS)
}

/// Where the roster of a room lies.
pub fn roster_key(room: RoomId) -> Key {
    Key::new(
        room_partition(room.slot_id(), room.number),
        format!("R#{:06}", room.number / ROOMS_AN_ITEM),
    )
}

/// Where a room's state lies.
pub fn state_key(room: RoomId) -> Key {
    Key::new(
        room_partition(room.slot_id(), room.number),
        format!("ROOM#{:06}", room.number),
    )
}

/// Where a room's meeting lies.
pub fn meeting_key(room: RoomId) -> Key {
    Key::new(
        room_partition(room.slot_id(), room.number),
        format!("MEETING#{:06}", room.number),
    )
}

/// Items, each with where it is to lie.
pub type Items<T> = Vec<(Key, T)>;

/// The packed seats of up to 150 people.
#[derive(Debug, Serialize, Deserialize)]
pub struct Seats {
    /// 20 bytes a person: the user id, then the room's number, big-endian.
    #[serde(with = "enishi_shared::store::bytes")]
    seats: Vec<u8>,
    ttl: i64,
}

impl Seats {
    fn pack(slot: &Slot, people: impl Iterator<Item = (UserId, u32)>) -> Self {
        Self {
            seats: people
                .flat_map(|(user, room)| user.to_bytes().into_iter().chain(room.to_be_bytes()))
                .collect(),
            ttl: ttl(slot),
        }
    }

    /// Everybody in it with the number of their room.
    pub fn iter(&self) -> impl Iterator<Item = (UserId, u32)> {
        self.seats.as_chunks::<20>().0.iter().map(|seat| {
            let [user @ .., a, b, c, d] = *seat;
            (UserId::from_bytes(user), u32::from_be_bytes([a, b, c, d]))
        })
    }
}

/// The items of a draw: rosters, to be stored first, and seats, so that whoever finds a seat finds its
/// room.
pub fn items(slot: &Slot, rooms: &[Vec<Member>]) -> (Items<Roster>, Items<Seats>) {
    let mut rosters = Vec::new();
    let mut people = Vec::new();
    let mut number = 0;
    for chunk in rooms.chunks(ROOMS_AN_ITEM as usize) {
        let first = number;
        for room in chunk {
            for member in room {
                people.push((hash(member.user_id), member.user_id, number));
            }
            number += 1;
        }
        let roster = Roster {
            first,
            rooms: chunk.to_vec(),
            ttl: ttl(slot),
        };
        rosters.push((roster_key(RoomId::new(slot.id(), first)), roster));
    }
    people.sort();
    let mut partitions = vec![Vec::new(); PARTITIONS as usize];
    for (hash, user, room) in people {
        if let Some(partition) = partitions.get_mut(person_partition(user) as usize) {
            partition.push((hash, user, room));
        }
    }
    let mut seats = Vec::new();
    for (number, people) in (0..).zip(partitions) {
        for chunk in people.chunks(SEATS_AN_ITEM) {
            let Some((last, ..)) = chunk.last() else {
                continue;
            };
            let packed = Seats::pack(slot, chunk.iter().map(|(_, user, room)| (*user, *room)));
            let key = Key::new(partition(slot.id(), number), format!("S#{last}"));
            seats.push((key, packed));
        }
    }
    (rosters, seats)
}

/// The seats of a slot's walk-ins, for the draws to come.
pub fn walk_in_seats(slot: &Slot, walk_ins: &[(UserId, u32)]) -> Items<Seats> {
    let mut partitions: BTreeMap<u32, Vec<(UserId, u32)>> = BTreeMap::new();
    for seat in walk_ins {
        let number = person_partition(seat.0);
        partitions.entry(number).or_default().push(*seat);
    }
    partitions
        .into_iter()
        .map(|(number, seats)| {
            let key = Key::new(partition(slot.id(), number), WALK_IN_SEATS);
            (key, Seats::pack(slot, seats.into_iter()))
        })
        .collect()
}

/// The room that a person was drawn into. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn find_seat(app: &App, slot_id: SlotId, user_id: UserId) -> Result<Option<RoomId>> {
    let page = table(app)?
        .query("pk = :pk AND sk BETWEEN :from AND :to")
        .value(":pk", s(partition(slot_id, person_partition(user_id))))
        .value(":from", s(format!("S#{}", hash(user_id))))
        .value(":to", s(WALK_IN_SEATS))
        .limit(1)
        .page::<Seats>()
        .await?;
    Ok(page
        .items
        .first()
        .and_then(|seats| seats.iter().find(|(seated, _)| *seated == user_id))
        .map(|(_, number)| RoomId::new(slot_id, number)))
}

/// Everybody's seats of a slot; those of walk-ins, which are entered when it closes, only if
/// asked for. Eight requests, more above a megabyte a partition.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn read_seats(app: &App, slot_id: SlotId, walk_ins: bool) -> Result<Vec<Seats>> {
    let last = if walk_ins { WALK_IN_SEATS } else { "S#}" };
    let items = by_partition(app, slot_id, "S#", last).await?;
    items.into_iter().map(decode).collect()
}

/// The items of all of a slot's partitions whose sort keys lie between `from` and `to`.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn by_partition(app: &App, slot_id: SlotId, from: &str, to: &str) -> Result<Vec<Item>> {
    let table = table(app)?;
    let items: Vec<Vec<Item>> = stream::iter(0..PARTITIONS)
        .map(|number| {
            table
                .query("pk = :pk AND sk BETWEEN :from AND :to")
                .value(":pk", s(partition(slot_id, number)))
                .value(":from", s(from))
                .value(":to", s(to))
                .all()
        })
        .buffered(PARTITIONS as usize)
        .try_collect()
        .await?;
    Ok(items.into_iter().flatten().collect())
}
