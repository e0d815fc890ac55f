//! Booked time: a row for each quarter of an hour that somebody is in a meeting, made for both in the
//! transaction that books it. None is made where one is: so nobody is booked twice.

use std::collections::BTreeSet;

use enishi_shared::{
    Result, UserId,
    store::{Key, Part, Table, Transaction, s},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    matching::{MatchingId, StoredMatching},
    state::{Bookings, Party, Terms},
};

/// The length of a cell.
pub const CELL: SignedDuration = SignedDuration::from_mins(15);
/// How long a row is kept after its cell, in seconds.
const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// That somebody is in a meeting for a quarter of an hour.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Busy {
    /// Which.
    pub matching_id: MatchingId,
    /// Seconds; DynamoDB removes the row then.
    ttl: i64,
}

/// The partition of somebody's booked time, in the order of time.
pub fn busy(user_id: UserId) -> String {
    format!("BUSY#{user_id}")
}

/// Where the row of the cell that begins at `start` lies.
pub fn busy_key(user_id: UserId, start: Timestamp) -> Key {
    // As many characters in every time, or their order as text would not be theirs.
    Key::new(busy(user_id), format!("{start:.0}"))
}

/// The starts of the cells of a visit: at most eight.
pub fn cells(terms: Terms) -> impl Iterator<Item = Timestamp> {
    let starts = std::iter::successors(Some(terms.date), |start| Some(*start + CELL));
    starts.take_while(move |start| *start < terms.end())
}

/// The starts of somebody's booked cells from `from` up to `to`. One request for a month and more.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn busy_between(
    table: &Table,
    user_id: UserId,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeSet<Timestamp>> {
    #[derive(Deserialize)]
    struct Row {
        sk: Timestamp,
    }
    let (from, to) = (busy_key(user_id, from), busy_key(user_id, to));
    let page = table
        .query("pk = :pk AND sk BETWEEN :from AND :to")
        .value(":pk", s(from.pk))
        .value(":from", s(from.sk))
        .value(":to", s(to.sk))
        .page::<Row>()
        .await?;
    Ok(page.items.into_iter().map(|row| row.sk).collect())
}

/// Does with the rows of both what a step says. The parts that are answered are refused where somebody
/// is in another meeting.
///
/// # Errors
/// `internal_server_error` when a row cannot be stored.
pub fn change(
    tx: &mut Transaction,
    table: &Table,
    stored: &StoredMatching,
    bookings: Bookings,
) -> Result<Vec<Part<Busy>>> {
    let (from, to) = match bookings {
        Bookings::Unchanged => return Ok(Vec::new()),
        Bookings::Book(to) => (None, Some(to)),
        Bookings::Move { from, to } => (Some(from), Some(to)),
        Bookings::Free(from) => (Some(from), None),
    };
    let before: Vec<Timestamp> = from.into_iter().flat_map(cells).collect();
    let after: Vec<Timestamp> = to.into_iter().flat_map(cells).collect();
    let mut taken = Vec::new();
    for party in Party::ALL {
        let user_id = stored.user(party);
        for start in before.iter().filter(|start| !after.contains(start)) {
            tx.delete(table, busy_key(user_id, *start));
        }
        for start in after.iter().filter(|start| !before.contains(start)) {
            let busy = Busy {
                matching_id: stored.matching_id,
                ttl: (*start + CELL).as_second() + KEPT_SECONDS,
            };
            taken.push(tx.create(table, busy_key(user_id, *start), &busy)?);
        }
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_has_a_cell_for_each_quarter_of_an_hour_in_the_order_of_time() {
        let date = Timestamp::constant(1_795_172_400, 0);
        for minutes in [15, 60, 120] {
            let starts: Vec<_> = cells(Terms { date, minutes }).collect();
            assert_eq!(starts.len(), usize::from(minutes / 15));
            assert_eq!(starts.first(), Some(&date));
            let keys = starts
                .iter()
                .map(|start| busy_key(UserId::NOBODY, *start).sk);
            let keys: Vec<_> = keys.collect();
            assert_eq!(
                keys.first().map(String::as_str),
                Some("2026-11-20T11:00:00Z")
            );
            assert!(keys.is_sorted() && keys.iter().all(|key| key.len() == 20));
        }
    }
}
