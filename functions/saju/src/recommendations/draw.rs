//! The draw of a day's list: of the candidates that the pool gives, five, and not always the same
//! few.
//!
//! Some births go well with almost everybody: by score alone their people would stand on a great
//! many lists and others on none. So each time somebody was shown takes half a point off; among
//! [`crate::pool::CANDIDATES`] people whose scores lie close together, that decides.

use std::cmp::Reverse;

use enishi_shared::{
    App, Error, Result, UserId,
    store::{Item, Key, Outcome, Table, Transaction, decode},
};
use jiff::{SignedDuration, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    pool::{Scored, candidates, lot},
    profile::{Profile, partition, profile_missing, shown_once_more, today},
    standing,
};

/// How many are recommended a day.
pub const A_DAY: usize = 5;
/// Attempts to store a list: one more than the first when somebody on it has just gone.
pub const STORE_REQUESTS: usize = 2;
/// How long a list is kept: it is read until midnight only.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// A day's list.
#[derive(Serialize, Deserialize)]
struct List {
    /// The people on it, first recommendation first.
    entries: Vec<UserId>,
    /// When DynamoDB may delete it, in seconds since 1970.
    ttl: i64,
}

/// Where somebody's list of a day lies.
pub fn list_key(user_id: UserId, day: Date) -> Key {
    Key::new(partition(user_id), format!("RECOMMENDED#{day}"))
}

/// The people on a stored list.
///
/// # Errors
/// `internal_server_error` when it is none.
pub fn people(list: Item) -> Result<Vec<UserId>> {
    decode(list).map(|list: List| list.entries)
}

/// Draws today's list, stores it, counts everybody on it as shown once more, and notes that `me` was here
/// today ([`standing::see`]), all or nothing. When another request of the same person was faster, its
/// list counts. An empty list is not stored.
///
/// # Errors
/// `profile_missing` when `me` has just gone; `service_unavailable` when DynamoDB does not answer, or one after the other on the list goes
/// while it is stored.
pub async fn draw(app: &App, table: &Table, mut me: Profile) -> Result<Vec<UserId>> {
    let now = app.now();
    let (user_id, today) = (me.candidate.user_id, today(now));
    let found = candidates(table, &me.candidate, today).await?;
    let mut candidates = ranked(found, user_id, today);
    for _ in 0..STORE_REQUESTS {
        let entries: Vec<UserId> = candidates.iter().copied().take(A_DAY).collect();
        if entries.is_empty() && me.standing.seen_on == Some(today) {
            return Ok(entries);
        }
        let list = List {
            ttl: (now + KEPT).as_second(),
            entries,
        };
        let mut tx = Transaction::new(app);
        let here = standing::see(&mut tx, table, &me, today)?;
        let stored = match list.entries.is_empty() {
            true => None,
            false => Some(tx.create(table, list_key(user_id, today), &list)?),
        };
        let shown: Vec<_> = list
            .entries
            .iter()
            .map(|user_id| (*user_id, shown_once_more(&mut tx, table, *user_id)))
            .collect();
        let refused = match tx.commit().await? {
            Outcome::Done => return Ok(list.entries),
            Outcome::Refused(refused) => refused,
        };
        let faster = stored.map(|stored| refused.item(stored)).transpose()?;
        if let Some(faster) = faster.flatten() {
            return Ok(faster.entries);
        }
        if refused.is(here) {
            me = refused.item(here)?.ok_or_else(profile_missing)?;
        }
        // Who has gone is left out, which is no race: the rest can be stored at once.
        for (user_id, part) in shown {
            if refused.is(part) {
                candidates.retain(|candidate| *candidate != user_id);
            }
        }
    }
    Err(Error::unavailable(1))
}

/// The candidates, those of the narrower window of ages first, by `score − shown / 2`; equals by a lot that is each person's own and
/// another every day.
pub fn ranked(mut candidates: Vec<Scored>, me: UserId, today: Date) -> Vec<UserId> {
    candidates.sort_by_cached_key(|one| {
        let Scored {
            candidate,
            widened,
            score,
        } = one;
        let shown = i64::try_from(candidate.listing_order).unwrap_or(i64::MAX);
        let points = (2 * i64::from(*score)).saturating_sub(shown);
        (*widened, Reverse(points), lot(me, today, candidate.user_id))
    });
    candidates
        .into_iter()
        .map(|one| one.candidate.user_id)
        .collect()
}

#[cfg(test)]
mod tests;
