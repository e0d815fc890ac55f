//! Nobody alone in the meeting: from five minutes after the start, each minute, those who are alone in their room
//! are brought together ([`merges`]), and told so. `rooms-open` does it.
//!
//! People are moved, and one by one: who has not come yet keeps their room, and is brought to others when they
//! turn up there alone. So a room holds no more people than a merge may bring together, however many are late.
//! Nobody is brought to whom they are to be kept apart from: who could meet nobody else stays where they are.
//!
//! Each minute starts from what is known then. A move that was cut off after its transaction is told by the next
//! minute's run, for whoever has not come to their new room is told again for three minutes.

use std::collections::HashMap;

use enishi_shared::{App, Result, UserId, store::Key};

use crate::{
    assign::{Draw, Sizes, recount},
    company::{Merge, merges},
    letters::{Place, RoomMoved},
    person::person_key,
    seating::{Member, Room, bring, read_people, table},
    slot::Slot,
    tell::push,
    wishes::{self, Wishes},
};

/// Brings those together who are alone. Answers how many were moved.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer; the next run starts anew.
pub async fn gather(app: &App, slot: &Slot, draw: &Draw) -> Result<usize> {
    let mut rooms = read_people(app, slot, draw.all_rooms()).await?;
    let now = app.now();
    let present: Vec<Vec<UserId>> = (rooms.iter().map(|room| room.present(now))).collect();
    let wishes = wishes_of(app, &present).await?;
    let keep_from = |one: usize, other: usize| {
        let person = present.get(one).and_then(|people| people.first());
        let wishes = person.and_then(|person| wishes.get(person));
        let mut others = present.get(other).into_iter().flatten();
        wishes.is_some_and(|wishes| others.any(|other| wishes.keep_from(*other)))
    };
    let sizes: Vec<usize> = present.iter().map(Vec::len).collect();
    let mut moved = 0;
    for merge in merges(&sizes, draw.room_size(), keep_from) {
        moved += merge_rooms(app, slot, &rooms, &merge).await?;
    }
    if moved > 0 {
        rooms = read_people(app, slot, draw.all_rooms()).await?;
    }
    // Whoever walks in from now on comes to where somebody is, if anybody is anywhere.
    let mut sizes = vec![0; draw.all_rooms() as usize];
    for room in &rooms {
        if let Some(size) = sizes.get_mut(room.id.number as usize)
            && !room.present(now).is_empty()
        {
            *size = room.people().len();
        }
    }
    if sizes.iter().any(|size| *size > 0) {
        recount(app, slot, draw, Sizes::new(sizes)).await?;
    }
    for room in &rooms {
        let people = room.expected(now);
        if !people.is_empty() {
            let frame = RoomMoved {
                r#type: "roomMoved",
                place: Place::of(app, slot, room)?,
            };
            push(app, room, &people, &frame).await;
        }
    }
    Ok(moved)
}

/// The wishes of those who are alone, where there is anybody whom they could be brought to. One request for a hundred.
async fn wishes_of(app: &App, present: &[Vec<UserId>]) -> Result<HashMap<UserId, Wishes>> {
    let mut alone = Vec::new();
    if present.iter().filter(|people| !people.is_empty()).count() > 1 {
        let single = |people: &Vec<UserId>| <[UserId; 1]>::try_from(people.as_slice()).ok();
        alone.extend(present.iter().filter_map(single).flatten());
    }
    if alone.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<Key> = alone.iter().map(|person| person_key(*person)).collect();
    let items = table(app)?.batch_get_all(&keys).await?;
    let wishes = alone.into_iter();
    wishes
        .map(|person| Ok((person, wishes::take(&items, person)?)))
        .collect()
}

/// Answers how many were moved: all, or nobody where something has changed meanwhile.
async fn merge_rooms(app: &App, slot: &Slot, rooms: &[Room], merge: &Merge) -> Result<usize> {
    let now = app.now();
    let Some(to) = rooms.get(merge.to) else {
        return Ok(0);
    };
    let from = merge.from.iter().filter_map(|room| rooms.get(*room));
    let people: Vec<(&Room, &Member)> = from
        .filter_map(|room| {
            let alone = room.present(now).first().copied()?;
            let member = room.members.iter().find(|member| member.user_id == alone)?;
            Some((room, member))
        })
        .collect();
    let stays = to.present(now).first().copied();
    let done = bring(app, slot, to, &people, stays).await?;
    Ok(if done { people.len() } else { 0 })
}

/// Brings those who were moved and never came back to where they took part last, so that what is kept of the
/// slot is what happened. Answers whether there was anybody: then the rooms are to be read again, for another run
/// may have been faster, and of those who go back to one room only the first does. One request each.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer; once more does no harm.
pub async fn bring_back(app: &App, slot: &Slot, rooms: &[Room]) -> Result<bool> {
    let mut any = false;
    for room in rooms {
        let missing = |member: &&Member| {
            member.username.is_some() && !room.participants.contains(&member.user_id)
        };
        for member in room.members.iter().filter(missing) {
            let user_id = member.user_id;
            let was_there =
                |other: &&Room| other.has_moved(user_id) && other.participants.contains(&user_id);
            let last = rooms
                .iter()
                .filter(was_there)
                .max_by_key(|other| other.came(user_id));
            if let Some(last) = last {
                any = true;
                bring(app, slot, last, &[(room, member)], None).await?;
            }
        }
    }
    Ok(any)
}
