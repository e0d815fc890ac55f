//! The search of the pool: whom somebody could be introduced to, best score first, for a number of
//! requests that does not grow with the pool.
//!
//! A score depends on the genders and the buckets of two births only. So every occupied bucket is scored in memory,
//! and the index is asked for the people of one bucket after the other, from the best down, until
//! [`CANDIDATES`] stand. In a small pool a bucket holds one person, and it takes a request each; in
//! a large one the first bucket holds them all.

pub mod search;

use std::hash::{DefaultHasher, Hash, Hasher};

use enishi_shared::{
    Result, UserId, listing,
    store::{Item, Key, Page, Table, s},
};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    pillars::Bucket,
    profile::{Candidate, Gender, MIN_AGE, Wanted, age, occupied_key, pool},
    relation::{Relation, relation_key},
    score::{Side, score_of},
};
use search::{Search, Step, Visit};

/// How many candidates are looked for: enough to spread what is shown over, see
/// [`crate::recommendations`].
pub const CANDIDATES: usize = 30;
/// The most requests that finding the occupied buckets takes: one a pool, of three genders with two
/// wishes each.
pub const OCCUPIED_REQUESTS: usize = 6;
/// The most requests that finding the people in them takes, the look-ups of what is between them
/// and the caller included.
pub const SEARCH_REQUESTS: usize = 30;

/// Who says neither a least nor a greatest age looks among people so many years younger and older, and
/// among so many years more each time that fewer than [`ENOUGH`] are found.
pub const WINDOW: u8 = 7;
/// With so many people no window is widened.
pub const ENOUGH: usize = crate::recommendations::draw::A_DAY;

/// Somebody who could be recommended.
#[derive(Clone, Debug)]
pub struct Scored {
    /// Who.
    pub candidate: Candidate,
    /// How often the window of ages was widened to find them.
    pub widened: u8,
    /// 0–100.
    pub score: u8,
}

/// People of one gender, wish and birth: a partition of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Partition {
    /// Their gender.
    pub gender: Gender,
    /// Their wish.
    pub wanted: Wanted,
    /// Their birth.
    pub bucket: Bucket,
}

impl Partition {
    /// What a score with any of them depends on.
    fn side(&self) -> Side {
        Side {
            pillars: self.bucket.pillars(),
            gender: self.gender,
        }
    }
}

/// Whom `me` could be introduced to, best score first: at least [`CANDIDATES`] people, unless there
/// are fewer or the requests are used up first. Each wants to see the other, and nothing is
/// between them: no block, no request whatever became of it. Nobody left out has a better score
/// than anybody in it, again unless the requests were used up.
///
/// Where `me` does not say an age, those of the first window come first, and those of a wider one only
/// where fewer than [`ENOUGH`] are found before.
///
/// Takes at most [`OCCUPIED_REQUESTS`] and [`SEARCH_REQUESTS`].
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn candidates(table: &Table, me: &Candidate, today: Date) -> Result<Vec<Scored>> {
    let occupied = try_join_all(pools(me).map(|pool| occupied(table, me, today, pool))).await?;
    let visits = visits(me, today, occupied.into_iter().flatten())?;
    let mut search = Search::new(me, today, visits);
    loop {
        match search.step() {
            Step::Ask(visits) => {
                let asked = visits.into_iter().map(|visit| async {
                    let page = people(table, &visit).await?;
                    Ok::<_, enishi_shared::Error>((visit, page))
                });
                for (visit, page) in try_join_all(asked).await? {
                    search.found(visit, page);
                }
            }
            Step::Check(people) => {
                let apart = kept_apart(table, me.user_id, &people).await?;
                search.checked(&apart);
            }
            Step::Done(candidates) => return Ok(candidates),
        }
    }
}

/// Every occupied partition with its score for `me`, in no order. Equal scores come in an order of lots
/// that is each person's own and another every day, or the same few dates of birth would always
/// come first.
///
/// # Errors
/// `internal_server_error`: what is stored was checked before.
pub fn visits(
    me: &Candidate,
    today: Date,
    occupied: impl Iterator<Item = Partition>,
) -> Result<Vec<Visit>> {
    let mine = me.side()?;
    Ok(occupied
        .map(|partition| Visit {
            widened: widenings(me, age(partition.bucket.date(), today), today),
            score: score_of(&mine, &partition.side()),
            lot: lot(me.user_id, today, partition),
            partition,
            after: None,
        })
        .collect())
}

/// A number by chance, but always the same for one person, day and thing.
pub fn lot(user_id: UserId, today: Date, thing: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (user_id, today, thing).hash(&mut hasher);
    hasher.finish()
}

/// The pools of those whom `me` wishes to see and who wish to see somebody of the gender of `me`.
pub fn pools(me: &Candidate) -> impl Iterator<Item = (Gender, Wanted)> {
    let (wanted, mine) = (me.wanted(), me.gender.as_wanted());
    Gender::ALL
        .into_iter()
        .filter(move |gender| wanted.includes(*gender))
        .flat_map(move |gender| [(gender, mine), (gender, Wanted::Any)])
}

/// The least and the greatest age that `me` wishes to see.
fn ages(me: &Candidate) -> (u8, u8) {
    let least = me.preferences.min_age.unwrap_or(MIN_AGE).max(MIN_AGE);
    (least, me.preferences.max_age.unwrap_or(u8::MAX))
}

/// How often the window of ages of `me` is widened before it holds somebody of this age: 0 where `me`
/// says both a least and a greatest one. Who says one of the two has the window on the other side of it.
pub fn widenings(me: &Candidate, age: u8, today: Date) -> u8 {
    let mine = me.age(today);
    let (min_age, max_age) = (me.preferences.min_age, me.preferences.max_age);
    let first = mine.min(max_age.unwrap_or(mine));
    let last = mine.max(min_age.unwrap_or(mine));
    let least = min_age.unwrap_or(first.saturating_sub(WINDOW));
    let most = max_age.unwrap_or(last.saturating_add(WINDOW));
    let years = least.saturating_sub(age).max(age.saturating_sub(most));
    years.div_ceil(WINDOW)
}

/// The occupied partitions of a pool whose people are of the right age. One request.
async fn occupied(
    table: &Table,
    me: &Candidate,
    today: Date,
    (gender, wanted): (Gender, Wanted),
) -> Result<Vec<Partition>> {
    #[derive(Deserialize)]
    struct Year {
        sk: String,
        codes: Vec<u16>,
    }
    let (least, most) = ages(me);
    let year = |age: u8| occupied_key(gender, wanted, today.year() - i16::from(age));
    // Whoever has not had the birthday of this year was born a year earlier.
    let Key { pk, sk: first } = occupied_key(gender, wanted, today.year() - i16::from(most) - 1);
    let years = table
        .query("pk = :pool AND sk BETWEEN :first AND :last")
        .value(":pool", s(pk))
        .value(":first", s(first))
        .value(":last", s(year(least).sk))
        .page::<Year>()
        .await?;
    let buckets = years.items.iter().flat_map(|year| {
        let number = year.sk.parse().unwrap_or_default();
        let bucket = move |code| Bucket::from_code(number, code);
        year.codes.iter().copied().filter_map(bucket)
    });
    Ok(buckets
        .filter(|bucket| (least..=most).contains(&age(bucket.date(), today)))
        .map(|bucket| Partition {
            gender,
            wanted,
            bucket,
        })
        .collect())
}

/// The people of a partition, those first who were shown least. One request.
async fn people(table: &Table, visit: &Visit) -> Result<Page<Candidate>> {
    let Partition {
        gender,
        wanted,
        bucket,
    } = visit.partition;
    table
        .query("listing_key = :pool")
        .index(listing::INDEX)
        .value(":pool", s(pool(gender, wanted, bucket)))
        .limit(search::PAGE)
        .after(visit.after.clone())
        .page()
        .await
}

/// Which of these people must not be recommended to `me`. One request, for at most 100.
async fn kept_apart(table: &Table, me: UserId, people: &[UserId]) -> Result<Vec<UserId>> {
    let keys: Vec<Key> = people
        .iter()
        .map(|other| relation_key(me, *other))
        .collect();
    let relations = table.batch_get(&keys).await?.into_values();
    let relations: Vec<Relation> = relations
        .map(|item: Item| enishi_shared::store::decode(item))
        .collect::<Result<_>>()?;
    Ok(relations
        .into_iter()
        .filter(Relation::keeps_apart)
        .map(|relation| relation.other_id)
        .collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::profile::Preferences;

    #[test]
    fn a_window_is_seven_years_on_either_side_of_what_one_says() {
        let today = date(2026, 11, 20);
        let times = |min_age, max_age, age| {
            let me = Candidate {
                user_id: UserId::NOBODY,
                birth_date: date(1996, 1, 1),
                birth_time: None,
                gender: Gender::Female,
                location: None,
                preferences: Preferences {
                    min_age,
                    max_age,
                    ..Preferences::default()
                },
                listing_key: None,
                listing_order: 0,
            };
            widenings(&me, age, today)
        };
        for (min_age, max_age, age, expected) in [
            // Somebody of thirty.
            (None, None, 23, 0),
            (None, None, 22, 1),
            (None, None, 37, 0),
            (None, None, 38, 1),
            (None, None, 44, 1),
            (None, None, 45, 2),
            (None, None, 106, 10),
            (Some(19), Some(99), 99, 0),
            (Some(25), None, 25, 0),
            (Some(25), None, 38, 1),
            (None, Some(60), 60, 0),
            (None, Some(60), 22, 1),
            // Who looks for others than people of one's own age.
            (Some(40), None, 47, 0),
            (Some(40), None, 48, 1),
            (None, Some(25), 19, 0),
        ] {
            let found = times(min_age, max_age, age);
            assert_eq!(found, expected, "{min_age:?} {max_age:?} {age}");
        }
    }
}
