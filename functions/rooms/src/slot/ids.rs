//! The ids of slots and of their rooms.

use std::{fmt, str::FromStr};

use enishi_shared::civil::parse_date;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::ClockTime;

/// A slot's id, `2026-11-21T09:00` where the slots are: unique, and in order of time. Where clocks are
/// set back it says which of the two, `2026-10-25T02:30` or `2026-10-25T02b:30` ([`ClockTime`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotId {
    pub(super) date: Date,
    pub(super) time: ClockTime,
}

/// The text is no slot's id.
#[derive(Debug, thiserror::Error)]
#[error("not the id of a slot")]
pub struct NotASlot;

impl fmt::Display for SlotId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}T{}", self.date, self.time)
    }
}

impl SlotId {
    /// Its day, where the slots are.
    pub fn date(&self) -> Date {
        self.date
    }
}

impl FromStr for SlotId {
    type Err = NotASlot;

    fn from_str(text: &str) -> Result<Self, NotASlot> {
        let (date, time) = text.split_once('T').ok_or(NotASlot)?;
        let id = Self {
            date: parse_date(date).ok_or(NotASlot)?,
            time: ClockTime::parse(time).ok_or(NotASlot)?,
        };
        // One slot, one spelling.
        (id.to_string() == text).then_some(id).ok_or(NotASlot)
    }
}

impl TryFrom<String> for SlotId {
    type Error = NotASlot;

    fn try_from(text: String) -> Result<Self, NotASlot> {
        text.parse()
    }
}

impl From<SlotId> for String {
    fn from(id: SlotId) -> Self {
        id.to_string()
    }
}

/// A room: its slot and its number in it. Its id, `20261121T0900-17`, says both, so that drawing
/// a slot again names the same rooms and any room is found without an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomId {
    slot: SlotId,
    /// From 0.
    pub number: u32,
}

impl PartialSchema for RoomId {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A room's id: its slot and its number in it."))
            .pattern(Some("^[0-9]{8}T[0-9]{2}b?[0-9]{2}-(0|[1-9][0-9]*)$"))
            .examples(["20261121T0900-0"]);
        text.into()
    }
}

impl ToSchema for RoomId {}

impl RoomId {
    /// The room of `slot` with this number.
    pub fn new(slot: SlotId, number: u32) -> Self {
        Self { slot, number }
    }

    /// The id of the room's slot.
    pub fn slot_id(&self) -> SlotId {
        self.slot
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SlotId { date, time } = self.slot;
        let ClockTime { hour, minute, .. } = time;
        let (date, b) = (date.strftime("%Y%m%d"), time.b());
        write!(formatter, "{date}T{hour:02}{b}{minute:02}-{}", self.number)
    }
}

impl FromStr for RoomId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (slot, number) = text.split_once('-').ok_or(())?;
        let (date, time) = slot.split_once('T').ok_or(())?;
        let (hour, minute) = time
            .split_at_checked(time.len().wrapping_sub(2))
            .ok_or(())?;
        let id = Self {
            slot: SlotId {
                date: Date::strptime("%Y%m%d", date).map_err(|_| ())?,
                time: ClockTime::parse(&format!("{hour}:{minute}")).ok_or(())?,
            },
            number: number.parse().map_err(|_| ())?,
        };
        // One room, one spelling.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(())
        }
    }
}
