//! A room with its people: its roster, which the draw writes, and its state.

use std::collections::{BTreeSet, HashMap};

use enishi_shared::{
    App, Error, Result, UserId,
    store::{Change, Item, Key, Path, Table, Transaction, Written, decode, when},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    by_partition, meeting_key,
    presence::{self, Seen},
    roster_key, state_key, table, ttl,
};
use crate::{
    person::{self, person_key},
    slot::{RoomId, Slot},
};

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The user's id.
    pub user_id: UserId,
    /// The name others see; `None` when they have closed their account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

impl Member {
    /// As they stand in [`RoomState::walk_ins`].
    pub(super) fn entry(&self) -> String {
        let username = self.username.as_deref().unwrap_or_default();
        format!("{} {username}", self.user_id)
    }
}

/// A member as others see one.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberName {
    /// The name others see.
    #[schema(example = "hanako")]
    pub username: String,
    /// They have withdrawn after the draw and will not come; else it is left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false, example = true)]
    pub withdrawn: bool,
}

/// The rooms of one roster item.
#[derive(Debug, Serialize, Deserialize)]
pub struct Roster {
    /// The number of the first one.
    pub first: u32,
    /// Their members, by room.
    pub rooms: Vec<Vec<Member>>,
    pub(super) ttl: i64,
}

impl Roster {
    /// Takes out the members of the room with this number.
    fn take(&mut self, number: u32) -> Option<Vec<Member>> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.rooms.get_mut(index).map(std::mem::take)
    }
}

/// What happened in a room.
#[derive(Debug, Default, Deserialize)]
pub struct RoomState {
    /// Who took part, by user id.
    #[serde(default)]
    pub participants: BTreeSet<UserId>,
    /// Who has withdrawn after the draw, by user id.
    #[serde(default)]
    withdrawn: BTreeSet<UserId>,
    /// Who walked in, or was moved here: `<user id> <username>`; no name when they have closed their account.
    #[serde(default)]
    walk_ins: Texts,
    /// Who was moved to another room, by user id.
    #[serde(default)]
    moved: Texts,
}

/// A set of texts, so that adding twice is adding once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Texts(#[serde(with = "serde_dynamo::string_set")] pub(super) BTreeSet<String>);

impl RoomState {
    fn walk_ins(&self) -> impl Iterator<Item = Member> {
        self.walk_ins.0.iter().filter_map(|entry| {
            let (user_id, username) = entry.split_once(' ')?;
            Some(Member {
                user_id: user_id.parse().ok()?,
                username: (!username.is_empty()).then(|| username.to_owned()),
            })
        })
    }
}

/// Seats somebody who walked in.
pub fn seat_walk_in(
    tx: &mut Transaction,
    table: &Table,
    room: RoomId,
    slot: &Slot,
    member: &Member,
) {
    let seated = Change::new()
        .set("ttl", ttl(slot))
        .insert("walk_ins", member.entry());
    tx.update(table, state_key(room), seated);
}

/// Marks a member as withdrawn after the draw.
pub fn mark_withdrawn(
    tx: &mut Transaction,
    table: &Table,
    room: RoomId,
    slot: &Slot,
    user_id: UserId,
) {
    let withdrawn = Change::new()
        .set("ttl", ttl(slot))
        .insert("withdrawn", user_id);
    tx.update(table, state_key(room), withdrawn);
}

/// Marks a member as taking part, and answers whether they are still in this room: not where they were moved
/// to another one. One request; marking twice is marking once.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn mark_participant(
    app: &App,
    room: RoomId,
    slot: &Slot,
    user_id: UserId,
) -> Result<bool> {
    let takes_part = Change::new()
        .set("ttl", ttl(slot))
        .insert("participants", user_id)
        .when(when().lacks("moved", user_id));
    let written = table(app)?.update(state_key(room), takes_part).await?;
    Ok(matches!(written, Written::Done))
}

/// A room with its people, as read.
#[derive(Debug)]
pub struct Room {
    /// Which one.
    pub id: RoomId,
    /// Those drawn, then those who walked in or were moved here; without those who were moved away.
    pub members: Vec<Member>,
    drawn: usize,
    /// Who was drawn into it, whether they were moved away or not.
    pub(super) drawn_here: BTreeSet<UserId>,
    pub(super) walked_in: Texts,
    pub(super) moved: Texts,
    pub(super) seen: HashMap<UserId, Seen>,
    /// Who took part, by user id.
    pub participants: BTreeSet<UserId>,
    /// Who has withdrawn after the draw, by user id.
    pub withdrawn: BTreeSet<UserId>,
    /// The record of its meeting.
    pub meeting: Option<Item>,
}

impl Room {
    /// The ids of those who may come: all but those who have withdrawn or closed their account.
    pub fn people(&self) -> Vec<UserId> {
        let there = self.members.iter().filter(|member| {
            member.username.is_some() && !self.withdrawn.contains(&member.user_id)
        });
        there.map(|member| member.user_id).collect()
    }

    /// Whether this person took part. Who has withdrawn did not, though they may have been there before.
    pub fn took_part(&self, user_id: UserId) -> bool {
        self.participants.contains(&user_id) && !self.withdrawn.contains(&user_id)
    }

    /// Whether this person belongs to it.
    pub fn has(&self, user_id: UserId) -> bool {
        self.people().contains(&user_id)
    }

    /// Whether this person was in it, and was moved to another room.
    pub fn has_moved(&self, user_id: UserId) -> bool {
        self.moved.0.contains(&user_id.to_string())
    }

    /// Everybody who is or was in it, by user id: who was moved may still be seen there.
    pub fn everybody(&self) -> impl Iterator<Item = UserId> {
        let members = self.members.iter().map(|member| member.user_id);
        members.chain(self.moved.0.iter().filter_map(|id| id.parse().ok()))
    }

    /// Those who were drawn into it and may come.
    pub fn drawn(&self) -> impl Iterator<Item = &Member> {
        let drawn = self.members.iter().take(self.drawn);
        drawn
            .filter(|member| member.username.is_some() && !self.withdrawn.contains(&member.user_id))
    }

    /// Those who walked in, or were moved here.
    pub fn walk_ins(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().skip(self.drawn)
    }

    /// Those who have an account, as others see them.
    pub fn names(&self) -> Vec<MemberName> {
        let names = self.members.iter().filter_map(|member| {
            Some(MemberName {
                username: member.username.clone()?,
                withdrawn: self.withdrawn.contains(&member.user_id),
            })
        });
        names.collect()
    }
}

/// The change that takes somebody's name out of a room, and of what: `items` hold its roster and its
/// state as they were read, and it is refused when they have changed. `None` when it is not in there.
/// The seat stays, without a name: others were in a room with somebody.
///
/// # Errors
/// `internal_server_error` when an item has an unknown form.
pub fn unname(
    id: RoomId,
    user_id: UserId,
    items: &HashMap<Key, Item>,
) -> Result<Option<(Key, Change)>> {
    let named = |member: &Member| member.user_id == user_id && member.username.is_some();
    let item = |key: &Key| items.get(key).cloned();
    let roster: Option<Roster> = item(&roster_key(id)).map(decode).transpose()?;
    let seat = roster.and_then(|roster| {
        let room = usize::try_from(id.number.checked_sub(roster.first)?).ok()?;
        Some((room, roster.rooms.get(room)?.iter().position(named)?))
    });
    if let Some((room, seat)) = seat {
        let place = Path::new("rooms").index(room).index(seat);
        let unnamed = Change::new()
            .remove(place.clone().field("username"))
            .when(when().eq(place.field("user_id"), user_id));
        return Ok(Some((roster_key(id), unnamed)));
    }
    let state: Option<RoomState> = item(&state_key(id)).map(decode).transpose()?;
    let state = state.unwrap_or_default();
    let Some(walk_in) = state.walk_ins().find(named) else {
        return Ok(None);
    };
    let mut nameless = state.walk_ins.clone();
    nameless.0.remove(&walk_in.entry());
    nameless.0.insert(
        Member {
            username: None,
            ..walk_in
        }
        .entry(),
    );
    let unnamed = Change::new()
        .set("walk_ins", nameless)
        .when(when().eq("walk_ins", &state.walk_ins));
    Ok(Some((state_key(id), unnamed)))
}

/// Reads a room with its people, for somebody who calls. One request.
///
/// # Errors
/// `access_token_invalid` when they have closed their account, `not_found` when there is no such room.
pub async fn read_room(app: &App, id: RoomId, caller: UserId) -> Result<Room> {
    let [roster, state, meeting] = room_keys(id);
    let keys = [roster, state, meeting, person_key(caller)];
    let mut items = table(app)?.batch_get(&keys).await?;
    person::take_caller(&items, caller)?;
    take_room(id, &mut items)?.ok_or_else(|| Error::not_found("room"))
}

/// Reads a room with its people, if there is one. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn find_room(app: &App, id: RoomId) -> Result<Option<Room>> {
    let keys = room_keys(id);
    let mut items = table(app)?.batch_get(&keys).await?;
    take_room(id, &mut items)
}

/// The items that make up a room.
pub fn room_keys(id: RoomId) -> [Key; 3] {
    [roster_key(id), state_key(id), meeting_key(id)]
}

/// Puts a room together from the items of [`room_keys`]; `None` when nobody is in it.
///
/// # Errors
/// `internal_server_error` when an item has an unknown form.
pub fn take_room(id: RoomId, items: &mut HashMap<Key, Item>) -> Result<Option<Room>> {
    let roster: Option<Roster> = items
        .get(&roster_key(id))
        .cloned()
        .map(decode)
        .transpose()?;
    let drawn = roster.and_then(|mut roster| roster.take(id.number));
    assemble(id, drawn.unwrap_or_default(), items)
}

/// The room of those drawn, with what happened in it.
fn assemble(
    id: RoomId,
    drawn: Vec<Member>,
    items: &mut HashMap<Key, Item>,
) -> Result<Option<Room>> {
    let state = items.remove(&state_key(id));
    let seen = state.as_ref().map(presence::seen).unwrap_or_default();
    let state: RoomState = state.map(decode).transpose()?.unwrap_or_default();
    let mut members = drawn;
    let drawn_here = members.iter().map(|member| member.user_id).collect();
    members.retain(|member| !state.moved.0.contains(&member.user_id.to_string()));
    let drawn = members.len();
    members.extend(state.walk_ins());
    let is_nobodys = members.is_empty() && state.moved.0.is_empty();
    Ok((!is_nobodys).then(|| Room {
        id,
        members,
        drawn,
        drawn_here,
        walked_in: state.walk_ins,
        moved: state.moved,
        seen,
        participants: state.participants,
        withdrawn: state.withdrawn,
        meeting: items.remove(&meeting_key(id)),
    }))
}

/// All rooms of a drawn slot that somebody is in, in order. Requests grow with the rooms: eight,
/// more above a megabyte a partition.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn read_rooms(app: &App, slot: &Slot, rooms: u32) -> Result<Vec<Room>> {
    // Meetings, rosters and states sort next to each other.
    read_from(app, slot, rooms, "MEETING#").await
}

/// [`read_rooms`], without their meetings, which are most of what there is to read.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn read_people(app: &App, slot: &Slot, rooms: u32) -> Result<Vec<Room>> {
    read_from(app, slot, rooms, "R#").await
}

async fn read_from(app: &App, slot: &Slot, rooms: u32, from: &str) -> Result<Vec<Room>> {
    let mut items: HashMap<Key, Item> = by_partition(app, slot.id(), from, "ROOM#~")
        .await?
        .into_iter()
        .filter_map(|item| Some((Key::of(&item)?, item)))
        .collect();
    // A roster is read once for all of its rooms.
    let mut rosters: HashMap<Key, Roster> = HashMap::new();
    let mut found = Vec::new();
    for number in 0..rooms {
        let id = RoomId::new(slot.id(), number);
        let key = roster_key(id);
        if let Some(item) = items.remove(&key) {
            rosters.insert(key.clone(), decode(item)?);
        }
        let drawn = rosters.get_mut(&key).and_then(|roster| roster.take(number));
        found.extend(assemble(id, drawn.unwrap_or_default(), &mut items)?);
    }
    Ok(found)
}
