//! Whether somebody stands in the pool that recommendations are drawn from: once their address is
//! verified, while they want to be listed, and for [`QUIET_DAYS`] days after they were last seen.
//!
//! Seen is whoever asks for the recommendations of a day. That is noted with the day's list, in its
//! transaction: on the profile, and in a row of its own (`USER#<user>` / `SEEN`) by which
//! [`sweep`](crate::sweep) finds those who have not been seen since.
//!
//! The place is the profile's `listing_key`; without one it is in no pool. Whoever changes what the
//! place follows from writes it anew, on the condition that all of that is as it was read
//! ([`moved`]): so it agrees with the rest whatever happens at once.

use enishi_shared::{
    App, Result, UserId, listing,
    patch::Patch,
    store::{Change, Condition, Key, Outcome, Part, Table, Transaction, n, s, when},
};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use crate::profile::{Profile, check_exists, partition, profile_key};

/// Who has not been seen for so many days is in the pool no more.
pub const QUIET_DAYS: i64 = 30;
/// Over so many partitions of the index it is spread who was seen when.
pub const SHARDS: u8 = 4;
/// How many are taken out of the pool between two looks.
const PAGE: i32 = 100;

/// What decides, beside the profile's own fields, whether somebody stands in the pool. Who joined before
/// there was such a thing has none of it, and is in the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Whether the account's address is still to be verified.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
    /// Whether they want neither to be recommended nor to be asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlisted: bool,
    /// The day in Korea on which they joined or last asked for recommendations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_on: Option<Date>,
}

impl Standing {
    /// Of somebody who joins.
    pub fn new(verified: bool, today: Date) -> Self {
        Self {
            unverified: !verified,
            unlisted: false,
            seen_on: Some(today),
        }
    }

    /// Whether they stand in the pool on a day.
    pub fn is_in_pool(&self, today: Date) -> bool {
        let quiet = self.seen_on.is_some_and(|day| day <= quiet_since(today));
        !(self.unverified || self.unlisted || quiet)
    }
}

/// Who was last seen on this day or before it has gone quiet.
fn quiet_since(today: Date) -> Date {
    today.saturating_sub(QUIET_DAYS.days())
}

/// The change by which the profile `before` gets the birthday, the standing, the wishes and the place of `after`:
/// refused where what the place follows from has changed meanwhile.
pub fn moved(change: Change, before: &Profile, after: &Profile) -> Change {
    let Profile {
        candidate,
        standing,
        ..
    } = after;
    let flag = |is_so: bool| {
        if is_so {
            Patch::Value(true)
        } else {
            Patch::Null
        }
    };
    let place = candidate.listing_key.as_ref();
    let lunar = after.lunar_birth.as_ref();
    change
        .patch("listing_key", &place.map_or(Patch::Null, Patch::Value))
        .patch("lunar_birth", &lunar.map_or(Patch::Null, Patch::Value))
        .set("birth_date", candidate.birth_date)
        .set("preferences", &candidate.preferences)
        .patch("unverified", &flag(standing.unverified))
        .patch("unlisted", &flag(standing.unlisted))
        .patch(
            "seen_on",
            &standing.seen_on.map_or(Patch::Null, Patch::Value),
        )
        .when(unchanged(before))
}

fn unchanged(before: &Profile) -> Condition {
    let Profile {
        candidate,
        standing,
        lunar_birth,
        ..
    } = before;
    when()
        .same("listing_key", candidate.listing_key.as_ref())
        .same("lunar_birth", lunar_birth.as_ref())
        .eq("birth_date", candidate.birth_date)
        .same("birth_time", candidate.birth_time)
        .eq("preferences", &candidate.preferences)
        .present("unverified", standing.unverified)
        .present("unlisted", standing.unlisted)
        .same("seen_on", standing.seen_on)
}

/// When somebody was last seen.
#[derive(Serialize, Deserialize)]
struct Seen {
    user_id: UserId,
    listing_key: String,
    /// The day as a number, 20261120.
    listing_order: i64,
}

fn seen_key(user_id: UserId) -> Key {
    Key::new(partition(user_id), "SEEN")
}

fn number(day: Date) -> i64 {
    let (year, month) = (i64::from(day.year()), i64::from(day.month()));
    (year * 100 + month) * 100 + i64::from(day.day())
}

fn shard(number: u8) -> String {
    format!("SEEN#{number}")
}

/// The row that says that somebody was seen on a day, and where it lies; to be written with the day's
/// profile.
pub fn seen(user_id: UserId, today: Date) -> (Key, impl Serialize) {
    let [.., last] = user_id.to_bytes();
    let seen = Seen {
        user_id,
        listing_key: shard(last % SHARDS),
        listing_order: number(today),
    };
    (seen_key(user_id), seen)
}

/// Notes that somebody is here today, who is back in the pool with that; refused when what was read of
/// them is not so any more, or they have gone. Once a day it is a change, else a look.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn see(
    tx: &mut Transaction,
    table: &Table,
    me: &Profile,
    today: Date,
) -> Result<Part<Profile>> {
    let user_id = me.candidate.user_id;
    if me.standing.seen_on == Some(today) {
        return Ok(check_exists(tx, table, user_id).of());
    }
    let mut after = me.clone();
    after.standing.seen_on = Some(today);
    after.place(today)?;
    let (key, row) = seen(user_id, today);
    tx.put(table, key, &row)?;
    let change = moved(Change::new(), me, &after);
    Ok(tx.update(table, profile_key(user_id), change).of())
}

/// Takes those out of the pool who have gone quiet, and answers how many. One request a person, and one
/// for each of [`SHARDS`] and each hundred.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer; the next run goes on.
pub async fn let_quiet_ones_go(app: &App, table: &Table, today: Date) -> Result<usize> {
    let since = quiet_since(today);
    let mut people = 0;
    for shard in (0..SHARDS).map(shard) {
        let mut after = None;
        loop {
            let page = table
                .query("listing_key = :shard AND listing_order <= :since")
                .index(listing::INDEX)
                .value(":shard", s(&shard))
                .value(":since", n(number(since)))
                .limit(PAGE)
                .after(after)
                .page::<Seen>()
                .await?;
            for Seen { user_id, .. } in page.items {
                let mut tx = Transaction::new(app);
                let quiet = when().le("seen_on", since);
                let change = Change::new().remove("listing_key").when(quiet);
                tx.update(table, profile_key(user_id), change);
                let quiet = when().le("listing_order", number(since));
                tx.delete_when(table, seen_key(user_id), quiet);
                // Refused, they are back, or have closed their account.
                if let Outcome::Done = tx.commit().await? {
                    people += 1;
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(people)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_is_in_the_pool_for_thirty_days_after_one_was_seen() {
        let seen_on = date(2026, 11, 20);
        let standing = Standing::new(true, seen_on);
        assert!(standing.is_in_pool(seen_on));
        assert!(standing.is_in_pool(date(2026, 12, 19)));
        assert!(!standing.is_in_pool(date(2026, 12, 20)));
        for (verified, listed) in [(false, true), (true, false), (false, false)] {
            let standing = Standing {
                unverified: !verified,
                unlisted: !listed,
                ..standing.clone()
            };
            assert!(!standing.is_in_pool(seen_on));
        }
    }

    proptest! {
        #[test]
        fn the_sweep_finds_exactly_who_is_not_in_the_pool_any_more(seen in 0..200_i32, now in 0..200_i32) {
            let day = |days: i32| date(2026, 1, 1).saturating_add(days.days());
            let (seen, today) = (day(seen), day(now));
            let found = number(seen) <= number(quiet_since(today));
            prop_assert_eq!(found, !Standing::new(true, seen).is_in_pool(today));
        }
    }
}
