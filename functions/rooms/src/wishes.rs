//! Never again with: whom somebody does not wish to meet. Private, and one-sided: the other never learns of
//! it, though it keeps both apart.
//!
//! Both lie with the attendance, in the item at [`person_key`]: those whom somebody named, by name, and
//! those who named them, so that a walk-in is kept apart in both directions by one read, and who goes is
//! taken out of the others' lists. Both sides change in one transaction.
//!
//! A wish may come and go while a draw is run for the second time. So the first run to read them writes
//! down the pairs among those who are enrolled, by their numbers in the draw, and every run goes by what is
//! written ([`frozen`]).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use enishi_shared::{
    App, Error, Result, UserId,
    store::{
        Change, Condition, Item, Key, Outcome, Path, Race, Transaction, Written, decode, when,
    },
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::{
    person::person_key,
    seating::{self, Mark, partition, roster_key, state_key, table, take_room},
    slot::{RoomId, Slot, SlotId},
};

/// How many people one may name.
pub const MOST: usize = 50;
/// How many people's wishes an item holds: 50 of each, 8 bytes each.
const PEOPLE_AN_ITEM: usize = 500;
/// Of how many rooms it is asked whether somebody is in there.
const ROOMS: usize = 16;
/// People who are let go of at once.
const AT_ONCE: usize = 8;

/// Somebody's wishes, and others' about them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Wishes {
    /// Whom they named, and under which name they met them.
    #[serde(default)]
    pub avoids: BTreeMap<UserId, String>,
    /// Who named them.
    #[serde(default)]
    avoided_by: BTreeSet<UserId>,
    /// They have closed their account.
    #[serde(default)]
    gone: bool,
}

impl Wishes {
    /// Whether these two are to be kept apart, whoever of them wished it.
    pub fn keep_from(&self, other: UserId) -> bool {
        self.avoids.contains_key(&other) || self.avoided_by.contains(&other)
    }

    /// Whether there is somebody to be kept apart from.
    pub fn any(&self) -> bool {
        !self.avoids.is_empty() || !self.avoided_by.is_empty()
    }

    /// As they were read: that nobody changed whom this person named.
    fn unchanged(&self) -> Condition {
        let avoids = (!self.avoids.is_empty()).then_some(&self.avoids);
        when().same("avoids", avoids).absent("gone")
    }

    fn change(&self, avoids: &BTreeMap<UserId, String>) -> Change {
        let change = match avoids.is_empty() {
            true => Change::new().remove("avoids"),
            false => Change::new().set("avoids", avoids),
        };
        change.when(self.unchanged())
    }
}

/// Reads somebody's wishes out of the items at [`person_key`].
///
/// # Errors
/// `internal_server_error` when the item has an unknown form.
pub fn take(items: &HashMap<Key, Item>, user_id: UserId) -> Result<Wishes> {
    let item = items.get(&person_key(user_id)).cloned();
    item.map_or(Ok(Wishes::default()), decode)
}

/// Reads the caller's wishes. One request.
///
/// # Errors
/// `access_token_invalid` when they have closed their account.
pub async fn read(app: &App, user_id: UserId) -> Result<Wishes> {
    let wishes: Option<Wishes> = table(app)?.get(&person_key(user_id)).await?;
    match wishes.unwrap_or_default() {
        wishes if wishes.gone => Err(Error::token_invalid()),
        wishes => Ok(wishes),
    }
}

/// Of a drawn slot's rooms, in the order in which somebody who walks in would get them, those in which there is
/// somebody to be kept apart from. Of the first sixteen: who avoids somebody in each of them sits as
/// others do. One request, none without wishes.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn apart(
    app: &App,
    slot_id: SlotId,
    wishes: &Wishes,
    rooms: impl Iterator<Item = u32>,
) -> Result<BTreeSet<u32>> {
    if !wishes.any() {
        return Ok(BTreeSet::new());
    }
    let rooms: Vec<RoomId> = rooms
        .take(ROOMS)
        .map(|room| RoomId::new(slot_id, room))
        .collect();
    let keys = rooms
        .iter()
        .flat_map(|room| [roster_key(*room), state_key(*room)]);
    // Rooms share rosters.
    let keys: HashSet<Key> = keys.collect();
    let keys: Vec<Key> = keys.into_iter().collect();
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut items = table(app)?.batch_get(&keys).await?;
    let mut apart = BTreeSet::new();
    for id in rooms {
        let room = take_room(id, &mut items)?;
        let people = room.map_or(Vec::new(), |room| room.people());
        if people.into_iter().any(|other| wishes.keep_from(other)) {
            apart.insert(id.number);
        }
    }
    Ok(apart)
}

/// Enters a wish, `known` being all there were. `None`: somebody else changed them in between. One
/// request.
///
/// # Errors
/// `not_found` when the other has closed their account.
pub async fn add(
    app: &App,
    user_id: UserId,
    known: &Wishes,
    other: UserId,
    name: String,
) -> Result<Option<()>> {
    let table = table(app)?;
    let mut avoids = known.avoids.clone();
    avoids.insert(other, name);
    let mut tx = Transaction::new(app);
    tx.update(&table, person_key(user_id), known.change(&avoids));
    let named = Change::new()
        .insert("avoided_by", user_id)
        .when(when().absent("gone"));
    let named = tx.update(&table, person_key(other), named);
    match tx.commit().await? {
        Outcome::Done => Ok(Some(())),
        Outcome::Refused(refused) if refused.is(named) => Err(Error::not_found("user")),
        Outcome::Refused(_) => Ok(None),
    }
}

/// Takes a wish back. Two requests, more only while somebody else changes them.
///
/// # Errors
/// `access_token_invalid` when the caller has closed their account.
pub async fn remove(app: &App, user_id: UserId, other: UserId) -> Result<()> {
    let table = table(app)?;
    let mut race = Race::new(app);
    loop {
        let known = read(app, user_id).await?;
        let mut avoids = known.avoids.clone();
        if avoids.remove(&other).is_none() {
            return Ok(());
        }
        let mut tx = Transaction::new(app);
        tx.update(&table, person_key(user_id), known.change(&avoids));
        tx.update(&table, person_key(other), no_more_by(user_id));
        match tx.commit().await? {
            Outcome::Done => return Ok(()),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// That this person wishes nothing of somebody any more.
fn no_more_by(user_id: UserId) -> Change {
    let change = Change::new().discard("avoided_by", user_id);
    change.when(when().exists("pk"))
}

/// Erases the wishes of somebody who has the mark that they have gone, and takes them out of others'. One
/// request for each of these people, and two.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn erase(app: &App, user_id: UserId) -> Result<()> {
    let table = &table(app)?;
    let items = table.batch_get(&[person_key(user_id)]).await?;
    let wishes = take(&items, user_id)?;
    if !wishes.any() {
        return Ok(());
    }
    let named = wishes.avoids.keys();
    let named = named.map(|other| (*other, no_more_by(user_id)));
    let place = || Path::new("avoids").field(user_id);
    let forgotten = wishes.avoided_by.iter().map(|other| {
        let change = Change::new().remove(place());
        (*other, change.when(when().exists(place())))
    });
    stream::iter(named.chain(forgotten).map(Ok::<_, Error>))
        .try_for_each_concurrent(AT_ONCE, |(other, change)| async move {
            // Refused: it was done before.
            table.update(person_key(other), change).await?;
            Ok(())
        })
        .await?;
    let erased = Change::new().remove("avoids").remove("avoided_by");
    table.update(person_key(user_id), erased).await?;
    Ok(())
}

/// The wishes of some of those who are drawn, as the first run of the draw read them.
#[derive(Debug, Serialize, Deserialize)]
struct Frozen {
    /// 8 bytes a wish: the numbers of both people in the draw, big-endian.
    #[serde(with = "enishi_shared::store::bytes")]
    pairs: Vec<u8>,
    #[serde(flatten)]
    mark: Mark,
}

fn frozen_key(slot_id: SlotId, number: usize) -> Key {
    let first = u32::try_from(number).unwrap_or_default() % seating::PARTITIONS;
    Key::new(partition(slot_id, first), format!("W#{number:04}"))
}

/// The pairs of a draw of `people`, which stand still: `read` if no run wrote any down before. One request
/// for each five hundred people.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn frozen(
    app: &App,
    slot: &Slot,
    people: usize,
    read: &[(u32, u32)],
) -> Result<Vec<(u32, u32)>> {
    let table = &table(app)?;
    let pairs: Vec<Vec<u8>> = stream::iter(0..people.div_ceil(PEOPLE_AN_ITEM))
        .map(|number| async move {
            let of_these = |pair: &&(u32, u32)| pair.0 as usize / PEOPLE_AN_ITEM == number;
            let frozen = Frozen {
                pairs: pack(read.iter().filter(of_these)),
                mark: Mark::of(slot),
            };
            let key = frozen_key(slot.id(), number);
            Ok::<_, Error>(match table.create(key, &frozen).await? {
                Written::Done => frozen.pairs,
                Written::Refused(found) => found
                    .item::<Frozen>()?
                    .map_or(frozen.pairs, |found| found.pairs),
            })
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(pairs.iter().flat_map(|pairs| unpack(pairs)).collect())
}

fn pack<'a>(pairs: impl Iterator<Item = &'a (u32, u32)>) -> Vec<u8> {
    let bytes = |(a, b): &(u32, u32)| a.to_be_bytes().into_iter().chain(b.to_be_bytes());
    pairs.flat_map(bytes).collect()
}

fn unpack(pairs: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    pairs.as_chunks::<8>().0.iter().map(|pair| {
        let [a, b, c, d, e, f, g, h] = *pair;
        let number = u32::from_be_bytes;
        (number([a, b, c, d]), number([e, f, g, h]))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pairs_are_read_as_they_were_written(pairs: Vec<(u32, u32)>) {
            let packed = pack(pairs.iter());
            prop_assert_eq!(packed.len(), 8 * pairs.len());
            prop_assert_eq!(unpack(&packed).collect::<Vec<_>>(), pairs);
        }
    }
}
