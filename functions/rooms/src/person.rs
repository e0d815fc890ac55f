//! A person's attendance: the last mornings they were assigned to, and their `rate` over twenty.
//!
//! Mornings are kept by slot, so entering one twice, or two of them out of order, gives the same
//! record; and the rate as of any earlier moment can still be told, which lets a draw that is
//! repeated see the same rates.

use std::collections::{BTreeMap, HashMap};

use enishi_shared::{
    App, Error, Result, UserId,
    store::{Change, Item, Key, Part, Race, Table, Transaction, Written, decode, when},
};
use serde::{Deserialize, Serialize};

use crate::{seating::table, slot::SlotId};

/// How many assigned mornings a rate is reckoned over.
const MORNINGS: usize = 20;
/// How many are kept: more, so that the rate as of an earlier moment stays what it was.
const KEPT: usize = 2 * MORNINGS;
/// How long it is known that somebody has gone, in seconds: longer than anybody enrolls ahead, so that
/// the close of any slot they are in knows it.
const GONE_SECONDS: i64 = 40 * 24 * 60 * 60;

/// The stored record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Attendance {
    /// Slot id to what became of it.
    #[serde(default)]
    mornings: BTreeMap<SlotId, Morning>,
    /// They have closed their account: of what there was, this alone is kept, for a while.
    #[serde(default)]
    pub gone: bool,
}

/// What became of a morning that somebody was assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Morning {
    /// Whether they took part.
    Attended(bool),
    /// They said so after the draw, before the start: half an absence.
    Withdrawn(Withdrawn),
}

/// How a withdrawal is written: `withdrawn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Withdrawn {
    /// After the draw.
    Withdrawn,
}

impl Morning {
    /// Of somebody who has withdrawn after the draw.
    pub const WITHDRAWN: Self = Self::Withdrawn(Withdrawn::Withdrawn);

    /// In halves of a morning.
    fn attended(self) -> usize {
        match self {
            Self::Attended(attended) => 2 * usize::from(attended),
            Self::Withdrawn(_) => 1,
        }
    }
}

impl Attendance {
    /// round(100 · attended / counted) over the last 20 assigned mornings, 100 before any; of one that
    /// somebody has withdrawn from after the draw one half is attended.
    pub fn rate(&self) -> u8 {
        Self::rate_over(self.mornings.values().copied())
    }

    /// The rate as it stood when the slots before `slot_id` were closed and no others.
    pub fn rate_before(&self, slot_id: Option<SlotId>) -> u8 {
        Self::rate_over(
            self.mornings
                .iter()
                .filter(|(morning, _)| slot_id.is_none_or(|slot_id| **morning < slot_id))
                .map(|(_, morning)| *morning),
        )
    }

    fn rate_over(mornings: impl DoubleEndedIterator<Item = Morning>) -> u8 {
        let (counted, halves) = mornings
            .rev()
            .take(MORNINGS)
            .fold((0_usize, 0_usize), |(counted, sum), morning| {
                (counted + 1, sum + morning.attended())
            });
        if counted == 0 {
            return 100;
        }
        u8::try_from((100 * halves + counted) / (2 * counted)).unwrap_or(100)
    }

    fn enter(&mut self, slot_id: SlotId, morning: Morning) {
        self.mornings.insert(slot_id, morning);
        while self.mornings.len() > KEPT {
            self.mornings.pop_first();
        }
    }
}

/// Where a person's attendance lies.
pub fn person_key(user_id: UserId) -> Key {
    Key::new(format!("PERSON#{user_id}"), "PERSON")
}

/// Leaves of a person only that they have gone. After it they can enroll for nothing (see
/// [`check_here`]), and no morning is entered. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn go(app: &App, user_id: UserId) -> Result<()> {
    let gone = Change::new()
        .set("gone", true)
        .set("ttl", app.now().as_second() + GONE_SECONDS)
        .remove("mornings")
        .remove("rate");
    table(app)?.update(person_key(user_id), gone).await?;
    Ok(())
}

/// That somebody is here: refused once they have gone.
pub fn check_here(tx: &mut Transaction, table: &Table, user_id: UserId) -> Part {
    tx.check(table, person_key(user_id), when().absent("gone"))
}

/// Reads a person's attendance out of the items at [`person_key`].
///
/// # Errors
/// `internal_server_error` when the item has an unknown form.
pub fn take(items: &HashMap<Key, Item>, user_id: UserId) -> Result<Attendance> {
    items
        .get(&person_key(user_id))
        .cloned()
        .map_or(Ok(Attendance::default()), decode)
}

/// [`take`], of the caller.
///
/// # Errors
/// `access_token_invalid` once they have gone: a token outlives its account.
pub fn take_caller(items: &HashMap<Key, Item>, user_id: UserId) -> Result<Attendance> {
    match take(items, user_id)? {
        attendance if attendance.gone => Err(Error::token_invalid()),
        attendance => Ok(attendance),
    }
}

/// Enters a morning into a person's attendance, `known` as it was read, unless they have gone. One
/// request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn enter(
    app: &App,
    user_id: UserId,
    known: Option<Item>,
    slot_id: SlotId,
    morning: Morning,
) -> Result<()> {
    let table = table(app)?;
    let mut stored: Option<Attendance> = known.map(decode).transpose()?;
    // Another slot's close may enter one for the same person.
    let mut race = Race::new(app);
    loop {
        let mut after = stored.clone().unwrap_or_default();
        if after.gone {
            return Ok(());
        }
        after.enter(slot_id, morning);
        let unchanged = match &stored {
            Some(before) if before.mornings == after.mornings => return Ok(()),
            Some(before) if !before.mornings.is_empty() => when().eq("mornings", &before.mornings),
            // There may be wishes of theirs (see `wishes`).
            _ => when().absent("mornings").absent("gone"),
        };
        let change = Change::new()
            .set("mornings", &after.mornings)
            .set("rate", after.rate())
            .when(unchanged);
        match table.update(person_key(user_id), change).await? {
            Written::Done => return Ok(()),
            Written::Refused(found) => stored = found.item()?,
        }
        race.lost().await?;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const PRESENT: Morning = Morning::Attended(true);

    fn slot(id: &str) -> SlotId {
        id.parse().unwrap()
    }

    #[test]
    fn the_rate_is_a_rounded_percentage_of_the_last_twenty() {
        let mut attendance = Attendance::default();
        assert_eq!(attendance.rate(), 100);
        for (day, attended) in [(1, true), (2, false), (3, true)] {
            attendance.enter(
                slot(&format!("2026-11-0{day}T09:00")),
                Morning::Attended(attended),
            );
        }
        assert_eq!(attendance.rate(), 67);
        assert_eq!(attendance.rate_before(Some(slot("2026-11-03T09:00"))), 50);
        assert_eq!(attendance.rate_before(Some(slot("2026-11-01T09:00"))), 100);
        for day in 10..30 {
            attendance.enter(slot(&format!("2026-11-{day}T09:00")), PRESENT);
        }
        assert_eq!(attendance.rate(), 100);
    }

    #[test]
    fn a_late_withdrawal_is_half_an_absence() {
        let mut attendance = Attendance::default();
        attendance.enter(slot("2026-11-01T09:00"), Morning::WITHDRAWN);
        assert_eq!(attendance.rate(), 50);
        attendance.enter(slot("2026-11-02T09:00"), PRESENT);
        assert_eq!(attendance.rate(), 75);
        attendance.enter(slot("2026-11-03T09:00"), Morning::Attended(false));
        assert_eq!(attendance.rate(), 50);
        let stored = serde_json::to_value(&attendance).unwrap();
        let mornings = serde_json::json!({
            "2026-11-01T09:00": "withdrawn", "2026-11-02T09:00": true, "2026-11-03T09:00": false,
        });
        assert_eq!(stored["mornings"], mornings);
        let read: Attendance = serde_json::from_value(stored).unwrap();
        assert_eq!(read.mornings, attendance.mornings);
    }

    #[test]
    fn the_rate_as_of_a_moment_stays_when_later_mornings_are_entered() {
        let mut attendance = Attendance::default();
        attendance.enter(slot("2026-11-01T09:00"), Morning::Attended(false));
        for day in 2..=20 {
            attendance.enter(slot(&format!("2026-11-{day:02}T09:00")), PRESENT);
        }
        let moment = Some(slot("2026-11-21T09:00"));
        assert_eq!(attendance.rate_before(moment), 95);
        for day in 21..=30 {
            attendance.enter(slot(&format!("2026-11-{day:02}T09:00")), PRESENT);
            assert_eq!(attendance.rate_before(moment), 95);
            assert_eq!(attendance.rate(), 100);
        }
    }

    #[test]
    fn entering_twice_or_out_of_order_gives_the_same_record() {
        let mornings = [("2026-11-02T09:00", false), ("2026-11-01T09:00", true)];
        let mut forward = Attendance::default();
        let mut backward = Attendance::default();
        for (id, attended) in mornings.iter().chain(&mornings) {
            forward.enter(slot(id), Morning::Attended(*attended));
        }
        for (id, attended) in mornings.iter().rev() {
            backward.enter(slot(id), Morning::Attended(*attended));
        }
        assert_eq!(forward.mornings, backward.mornings);
    }
}
