//! Who is in a room at this moment, as far as Chime and they themselves have told.
//!
//! Of each person a room's state keeps when they last came, when they last left and when they were moved there,
//! each by itself and only ever later. So whatever is told twice, late or out of order, the same is known in
//! the end.

use std::collections::HashMap;

use enishi_shared::{
    App, Result, UserId,
    store::{Change, Item, Path, when},
};
use jiff::{SignedDuration, Timestamp};

use super::{Room, state_key, table, ttl};
use crate::slot::{RoomId, Slot};

/// Whoever was moved is expected in the new room for so long.
const EXPECTED: SignedDuration = SignedDuration::from_mins(3);

/// When somebody was last seen, in milliseconds since 1970; never is the earliest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    came: i64,
    left: i64,
    moved: i64,
}

/// What a room's state says of its people.
pub fn seen(state: &Item) -> HashMap<UserId, Seen> {
    let mut people: HashMap<UserId, Seen> = HashMap::new();
    for (name, value) in state {
        let Some((what, user_id)) = name.split_once('#') else {
            continue;
        };
        let time = value.as_n().ok().and_then(|time| time.parse().ok());
        if let (Ok(user_id), Some(time)) = (user_id.parse(), time) {
            let seen = people.entry(user_id).or_default();
            match what {
                "came" => seen.came = time,
                "left" => seen.left = time,
                "moved" => seen.moved = time,
                _ => {}
            }
        }
    }
    people
}

impl Seen {
    /// Whether they were moved here a moment ago, and are on their way.
    fn is_expected(self, now: Timestamp) -> bool {
        let until = self.moved.saturating_add(EXPECTED.as_secs() * 1000);
        self.moved > self.came && self.moved > self.left && now.as_millisecond() < until
    }

    /// Whether they have left since they came.
    fn has_left(self) -> bool {
        self.left > self.came
    }
}

impl Room {
    /// Who is there, or was moved there a moment ago.
    pub fn present(&self, now: Timestamp) -> Vec<UserId> {
        let mut people = self.people();
        people.retain(|user_id| {
            let seen = self.seen.get(user_id).copied().unwrap_or_default();
            let is_here = self.participants.contains(user_id) && !seen.has_left();
            is_here || seen.is_expected(now)
        });
        people
    }

    /// When somebody came last, in milliseconds since 1970; the earliest where it is not known.
    pub fn came(&self, user_id: UserId) -> i64 {
        self.seen.get(&user_id).map_or(0, |seen| seen.came)
    }

    /// When somebody left last, in milliseconds since 1970; the earliest where it is not known.
    pub fn left(&self, user_id: UserId) -> i64 {
        self.seen.get(&user_id).map_or(0, |seen| seen.left)
    }

    /// Who was moved there a moment ago and has not come yet.
    pub fn expected(&self, now: Timestamp) -> Vec<UserId> {
        let mut people = self.people();
        people.retain(|user_id| {
            let seen = self.seen.get(user_id).copied().unwrap_or_default();
            seen.is_expected(now)
        });
        people
    }
}

/// Notes that somebody came into a room's meeting: they take part. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn note_came(
    app: &App,
    room: RoomId,
    slot: &Slot,
    user_id: UserId,
    at: Timestamp,
) -> Result<()> {
    let takes_part = later("came", slot, user_id, at).insert("participants", user_id);
    // Refused, a later coming is known, and with it that they take part.
    table(app)?.update(state_key(room), takes_part).await?;
    Ok(())
}

/// Notes that somebody left a room's meeting. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn note_left(
    app: &App,
    room: RoomId,
    slot: &Slot,
    user_id: UserId,
    at: Timestamp,
) -> Result<()> {
    let left = later("left", slot, user_id, at);
    table(app)?.update(state_key(room), left).await?;
    Ok(())
}

fn later(what: &str, slot: &Slot, user_id: UserId, at: Timestamp) -> Change {
    let path = Path::new(&format!("{what}#{user_id}"));
    let at = at.as_millisecond();
    let is_later = when().absent(path.clone()).or(when().lt(path.clone(), at));
    Change::new()
        .set("ttl", ttl(slot))
        .set(path, at)
        .when(is_later)
}

#[cfg(test)]
mod tests {
    use enishi_shared::store::n;

    use super::*;

    #[test]
    fn the_latest_that_is_known_counts() {
        let id = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50";
        let user_id: UserId = id.parse().unwrap();
        let now = Timestamp::from_second(1_000).unwrap();
        let of = |times: &[(&str, i64)]| {
            let times = times.iter();
            let item = times.map(|(what, time)| (format!("{what}#{id}"), n(time * 1_000)));
            let seen = seen(&item.collect());
            seen.get(&user_id).copied().unwrap_or_default()
        };
        assert!(!of(&[]).has_left());
        assert!(!of(&[("came", 900)]).has_left());
        assert!(of(&[("came", 900), ("left", 950)]).has_left());
        assert!(!of(&[("came", 960), ("left", 950)]).has_left());
        assert!(of(&[("left", 950)]).has_left());
        assert!(of(&[("moved", 900)]).is_expected(now));
        assert!(!of(&[("moved", 800)]).is_expected(now));
        assert!(!of(&[("moved", 900), ("came", 910)]).is_expected(now));
        assert!(!of(&[("moved", 900), ("left", 910)]).is_expected(now));
        assert!(of(&[("moved", 900), ("came", 850), ("left", 890)]).is_expected(now));
    }
}
