//! Slots: the times at which people meet, and the moments that follow from them. All of it comes
//! from one configuration value.

use std::str::FromStr;

use enishi_shared::{
    Error, Result,
    app::{ConfigError, Configure, Env},
    civil::{hour_minute, parse_date, parse_time},
};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// Rooms are drawn this long before the slot: 08:50 for 09:00.
const DRAWN_BEFORE: SignedDuration = SignedDuration::from_mins(10);
/// Meetings are opened this long before the slot. A meeting that nobody joins ends after five
/// minutes, so it must not be much earlier.
const OPENED_BEFORE: SignedDuration = SignedDuration::from_mins(4);
/// People may join this long before the slot.
const JOINED_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// Who is enrolled is reminded from this hour of the day before, for so long.
const REMINDED_FROM: i8 = 20;
const REMINDED_FOR: SignedDuration = SignedDuration::from_hours(3);
/// Those who are alone in their room are brought together from so long after the start until so long before
/// the end.
const GATHERED_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// How many days ahead one may enroll.
const DAYS_AHEAD: i64 = 30;

/// `SLOTS`, JSON: `{"times": ["09:00"], "days": ["mon", …], "minutes": 30, "room_size": 4,
/// "time_zone": "Asia/Tokyo"}`.
pub struct Slots {
    times: Vec<Time>,
    days: Vec<Weekday>,
    length: SignedDuration,
    /// How many people a room is meant for.
    pub room_size: usize,
    zone: TimeZone,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    times: Vec<String>,
    days: Vec<String>,
    minutes: i64,
    room_size: usize,
    time_zone: String,
}

impl Configure for Slots {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Self::from_json(env.required("SLOTS")?).ok_or(ConfigError::Invalid("SLOTS"))
    }
}

impl Slots {
    fn from_json(json: &str) -> Option<Self> {
        let raw: Raw = serde_json::from_str(json).ok()?;
        let mut times: Vec<Time> = raw
            .times
            .iter()
            .map(|time| parse_time(time))
            .collect::<Option<_>>()?;
        times.sort();
        times.dedup();
        let days: Vec<Weekday> = raw
            .days
            .iter()
            .map(|day| weekday(day))
            .collect::<Option<_>>()?;
        let valid = !times.is_empty()
            && !days.is_empty()
            && (1..=24 * 60).contains(&raw.minutes)
            && (2..=100).contains(&raw.room_size);
        valid.then_some(Self {
            times,
            days,
            length: SignedDuration::from_mins(raw.minutes),
            room_size: raw.room_size,
            zone: TimeZone::get(&raw.time_zone).ok()?,
        })
    }

    /// Today, where the slots are.
    pub fn today(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone.clone()).date()
    }

    /// The slot of a date and a time (the first of the day unless told) that one may ask for:
    /// configured, not before today, at most 30 days ahead.
    ///
    /// # Errors
    /// `invalid_parameter` on `date` or `time`.
    pub fn requested(&self, now: Timestamp, date: &str, time: Option<&str>) -> Result<Slot> {
        let date: Date = parse_date(date)
            .ok_or_else(|| Error::invalid("date", "date must be a date such as 2026-11-21"))?;
        let time = match time {
            Some(time) => parse_time(time)
                .filter(|time| self.times.contains(time))
                .ok_or_else(|| Error::invalid("time", "there is no slot at this time"))?,
            None => self.first_time(),
        };
        let today = self.today(now);
        if date < today {
            return Err(Error::invalid("date", "date is in the past"));
        }
        if date > today.saturating_add(DAYS_AHEAD.days()) {
            return Err(Error::invalid("date", "date is more than 30 days ahead"));
        }
        self.slot(date, time)
            .ok_or_else(|| Error::invalid("date", "there is no slot on this day"))
    }

    /// The slot that runs at `now`, or the next one.
    pub fn next(&self, now: Timestamp) -> Option<Slot> {
        self.around(now).find(|slot| slot.end > now)
    }

    /// The slots for which it is time to draw: from ten minutes before the start to the end.
    pub fn to_draw(&self, now: Timestamp) -> impl Iterator<Item = Slot> + use<> {
        self.around(now)
            .filter(move |slot| slot.drawn_at() <= now && now < slot.end)
    }

    /// The slots for which it is time to open the meetings: from four minutes before the start.
    pub fn to_open(&self, now: Timestamp) -> impl Iterator<Item = Slot> + use<> {
        self.around(now)
            .filter(move |slot| minus(slot.start, OPENED_BEFORE) <= now && now < slot.end)
    }

    /// The slots whose people are reminded at `now`: in the evening before.
    pub fn to_remind(&self, now: Timestamp) -> impl Iterator<Item = Slot> + use<> {
        let zone = self.zone.clone();
        self.around(now).filter(move |slot| {
            let evening = slot.date.yesterday().ok();
            let evening = evening.map(|date| date.at(REMINDED_FROM, 0, 0, 0));
            let from = evening.and_then(|evening| zone.to_timestamp(evening).ok());
            from.is_some_and(|from| from <= now && minus(now, REMINDED_FOR) < from)
        })
    }

    /// The slots in which nobody is to be alone at `now`: from five minutes after the start to five
    /// minutes before the end.
    pub fn to_gather(&self, now: Timestamp) -> impl Iterator<Item = Slot> + use<> {
        self.around(now).filter(move |slot| {
            slot.start <= minus(now, GATHERED_AFTER) && now < minus(slot.end, GATHERED_AFTER)
        })
    }

    /// The name of the time zone, `Asia/Tokyo`.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The slot that one can be in at `now`: from five minutes before the start to the end.
    pub fn current(&self, now: Timestamp) -> Option<Slot> {
        self.around(now).find(|slot| slot.is_open(now))
    }

    /// The slot that an id names, whether it can still be asked for or not.
    pub fn by_id(&self, SlotId(start): SlotId) -> Slot {
        self.at(start.date(), start.time())
    }

    /// What the id of a slot that starts at `now` would be: the ids of all that have started are
    /// not above it.
    pub fn id_at(&self, now: Timestamp) -> String {
        SlotId(now.to_zoned(self.zone.clone()).datetime()).to_string()
    }

    fn first_time(&self) -> Time {
        self.times.first().copied().unwrap_or(Time::midnight())
    }

    /// The slots from yesterday to a week ahead, in order: a slot may reach over midnight, and a
    /// week holds every weekday.
    fn around(&self, now: Timestamp) -> impl Iterator<Item = Slot> + use<> {
        let today = self.today(now);
        let mut slots = Vec::new();
        for day in -1..=7_i64 {
            let date = today.saturating_add(day.days());
            slots.extend(self.times.iter().filter_map(|time| self.slot(date, *time)));
        }
        slots.into_iter()
    }

    fn slot(&self, date: Date, time: Time) -> Option<Slot> {
        self.days
            .contains(&date.weekday())
            .then(|| self.at(date, time))
    }

    fn at(&self, date: Date, time: Time) -> Slot {
        let start = self
            .zone
            .to_timestamp(DateTime::from_parts(date, time))
            .unwrap_or(Timestamp::MAX);
        Slot {
            date,
            time,
            start,
            end: start.saturating_add(self.length).unwrap_or(Timestamp::MAX),
        }
    }
}

/// One slot of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    date: Date,
    time: Time,
    /// When it starts.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

impl Slot {
    /// Its id.
    pub fn id(&self) -> SlotId {
        SlotId(DateTime::from_parts(self.date, self.time))
    }

    /// `2026-11-21`, where the slots are.
    pub fn date(&self) -> String {
        self.date.to_string()
    }

    /// `09:00`, where the slots are.
    pub fn time(&self) -> String {
        hour_minute(self.time)
    }

    /// When its rooms are due to be drawn.
    pub fn drawn_at(&self) -> Timestamp {
        minus(self.start, DRAWN_BEFORE)
    }

    /// Whether one can be in it: from five minutes before the start to the end.
    pub fn is_open(&self, now: Timestamp) -> bool {
        minus(self.start, JOINED_BEFORE) <= now && now < self.end
    }

    /// [`Self::is_open`], or the answer that says why not.
    ///
    /// # Errors
    /// `conflict`.
    pub fn require_open(&self, now: Timestamp) -> Result<()> {
        if self.is_open(now) {
            Ok(())
        } else if now < self.end {
            Err(Error::conflict(
                "the room opens five minutes before the slot",
            ))
        } else {
            Err(Error::conflict("the slot is over"))
        }
    }
}

fn minus(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.saturating_sub(duration).unwrap_or(Timestamp::MIN)
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// A slot's id, `2026-11-21T09:00` where the slots are: unique, and in order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotId(DateTime);

/// The text is no slot's id.
#[derive(Debug, thiserror::Error)]
#[error("not the id of a slot")]
pub struct NotASlot;

impl std::fmt::Display for SlotId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.strftime("%Y-%m-%dT%H:%M").fmt(formatter)
    }
}

impl FromStr for SlotId {
    type Err = NotASlot;

    fn from_str(text: &str) -> Result<Self, NotASlot> {
        let id = DateTime::strptime("%Y-%m-%dT%H:%M", text).map(Self);
        // One slot, one spelling.
        id.ok().filter(|id| id.to_string() == text).ok_or(NotASlot)
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
            .pattern(Some("^[0-9]{8}T[0-9]{4}-(0|[1-9][0-9]*)$"))
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

impl std::fmt::Display for RoomId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{}-{}",
            self.slot.0.strftime("%Y%m%dT%H%M"),
            self.number
        )
    }
}

impl FromStr for RoomId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (slot, number) = text.split_once('-').ok_or(())?;
        let id = Self {
            slot: SlotId(DateTime::strptime("%Y%m%dT%H%M", slot).map_err(|_| ())?),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn slots() -> Slots {
        Slots::from_json(
            r#"{"times":["09:00","07:30"],"days":["mon","tue","wed","thu","fri"],"minutes":30,
                "room_size":4,"time_zone":"Asia/Tokyo"}"#,
        )
        .unwrap()
    }

    #[test]
    fn the_next_slot_runs_until_its_end() {
        // A Friday; the weekend has no slots.
        for (now, next) in [
            ("2026-11-20T07:59:00+09:00", "2026-11-20T07:30"),
            ("2026-11-20T08:00:00+09:00", "2026-11-20T09:00"),
            ("2026-11-20T09:30:00+09:00", "2026-11-23T07:30"),
        ] {
            assert_eq!(
                slots().next(now.parse().unwrap()).unwrap().id().to_string(),
                next,
                "{now}"
            );
        }
    }

    #[test]
    fn drawing_opening_and_joining_have_their_moments() {
        let slots = slots();
        let at = |time: &str| {
            format!("2026-11-20T{time}+09:00")
                .parse::<Timestamp>()
                .unwrap()
        };
        assert_eq!(slots.to_draw(at("08:49:59")).count(), 0);
        assert_eq!(slots.to_draw(at("08:50:00")).count(), 1);
        assert_eq!(slots.to_open(at("08:55:59")).count(), 0);
        assert_eq!(slots.to_open(at("08:56:00")).count(), 1);
        assert!(slots.current(at("08:54:59")).is_none());
        assert!(slots.current(at("08:55:00")).is_some());
        assert!(slots.current(at("09:30:00")).is_none());
    }

    #[test]
    fn impossible_requests_name_their_field() {
        let now = "2026-11-20T08:00:00+09:00".parse().unwrap();
        for (date, time) in [
            ("2026-11-19", None),
            ("2026-11-21", None),
            ("2026-12-21", None),
            ("2026-02-30", None),
            ("20261120", None),
            ("2026-11-20", Some("10:00")),
            ("2026-11-20", Some("9:00")),
            ("2026-11-20", Some("25:00")),
        ] {
            assert!(
                slots().requested(now, date, time).is_err(),
                "{date} {time:?}"
            );
        }
        assert_eq!(
            slots().requested(now, "2026-11-20", None).unwrap().time(),
            "07:30"
        );
    }

    #[test]
    fn a_room_id_has_one_spelling() {
        let id: RoomId = "20261120T0900-17".parse().unwrap();
        assert_eq!(id.slot_id().to_string(), "2026-11-20T09:00");
        assert_eq!(id.number, 17);
        for wrong in [
            "",
            "20261120T0900-017",
            "20261120T0900-+1",
            "20261120T0900",
            "x-1",
        ] {
            assert!(wrong.parse::<RoomId>().is_err(), "{wrong}");
        }
    }
}
