//! Slots: the times at which people meet, and the moments that follow from them. All of it comes
//! from one configuration value.

use enishi_shared::{
    Error, Result,
    app::{ConfigError, Configure, Env},
    civil::parse_date,
};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Weekday},
    tz::{AmbiguousOffset, TimeZone},
};
use serde::Deserialize;

mod ids;
#[cfg(test)]
mod tests;

pub use ids::{NotASlot, RoomId, SlotId};

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
/// The days of the week as the configuration and the API write them, Monday first.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// `SLOTS`, JSON: `{"times": ["09:00"], "days": ["mon", …], "minutes": 30, "room_size": 4,
/// "time_zone": "Asia/Tokyo"}`.
pub struct Slots {
    times: Vec<ClockTime>,
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
    pub(crate) fn from_json(json: &str) -> Option<Self> {
        let raw: Raw = serde_json::from_str(json).ok()?;
        let mut times: Vec<ClockTime> = raw
            .times
            .iter()
            .map(|time| ClockTime::parse(time).filter(|time| !time.again))
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

    /// The times of day at which slots start, `09:00`, in order.
    pub fn times(&self) -> Vec<String> {
        self.times.iter().map(ClockTime::to_string).collect()
    }

    /// The days of the week that have slots, `mon` to `sun`, in order.
    pub fn days(&self) -> Vec<&'static str> {
        let days = DAYS.iter().filter(|(_, day)| self.days.contains(day));
        days.map(|(name, _)| *name).collect()
    }

    /// How long a slot is, in minutes.
    pub fn minutes(&self) -> i64 {
        self.length.as_mins()
    }

    /// The IANA name of the time zone that dates and times are in, `Asia/Tokyo`.
    pub fn time_zone(&self) -> &str {
        self.zone.iana_name().unwrap_or_default()
    }

    /// The slot of a date and a time (the first of the day unless told) that one may ask for:
    /// configured, not before today unless it still runs, at most 30 days ahead.
    ///
    /// # Errors
    /// `invalid_parameter` on `date` or `time`.
    pub fn requested(&self, now: Timestamp, date: &str, time: Option<&str>) -> Result<Slot> {
        let date = self.requested_date(now, date)?;
        let time = match time {
            Some(time) => self.requested_time(time)?,
            None => self.first_time(),
        };
        let slot = self.slot(date, time).ok_or_else(|| {
            if time.again && self.days.contains(&date.weekday()) {
                no_such_time()
            } else {
                no_such_day()
            }
        })?;
        // One of yesterday may reach over midnight.
        if date < self.today(now) && slot.end <= now {
            return Err(past());
        }
        Ok(slot)
    }

    /// A day that one may ask for: it has slots, and is not before today unless one still runs.
    ///
    /// # Errors
    /// `invalid_parameter` on `date`.
    pub fn requested_day(&self, now: Timestamp, date: &str) -> Result<Date> {
        let date = self.requested_date(now, date)?;
        let slots = self.of(date);
        if slots.is_empty() {
            return Err(no_such_day());
        }
        if date < self.today(now) && slots.iter().all(|slot| slot.end <= now) {
            return Err(past());
        }
        Ok(date)
    }

    /// From yesterday, whose last slot may still run, to 30 days ahead.
    fn requested_date(&self, now: Timestamp, date: &str) -> Result<Date> {
        let date: Date = parse_date(date)
            .ok_or_else(|| Error::invalid("date", "date must be a date such as 2026-11-21"))?;
        let today = self.today(now);
        if date < today.saturating_sub(1.day()) {
            return Err(past());
        }
        if date > today.saturating_add(DAYS_AHEAD.days()) {
            return Err(Error::invalid("date", "date is more than 30 days ahead"));
        }
        Ok(date)
    }

    /// A time at which there are slots; `9:00` is `09:00`.
    ///
    /// # Errors
    /// `invalid_parameter` on `time`.
    pub fn requested_time(&self, time: &str) -> Result<ClockTime> {
        let time = ClockTime::parse(time).ok_or_else(no_such_time)?;
        let first = ClockTime {
            again: false,
            ..time
        };
        let known = self.times.contains(&first);
        known.then_some(time).ok_or_else(no_such_time)
    }

    /// What the ids of today's slots do not sort before, nor those of one that began yesterday and has
    /// not ended.
    pub fn shown_from(&self, now: Timestamp) -> String {
        let today = self.today(now).to_string();
        let running = self.next(now).map(|slot| slot.id().to_string());
        running.map_or(today.clone(), |running| running.min(today))
    }

    /// The slot that runs at `now`, or the next one.
    pub fn next(&self, now: Timestamp) -> Option<Slot> {
        self.coming(now).next()
    }

    /// The slots that have not ended at `now`, the one that runs first, a week's.
    pub fn coming(&self, now: Timestamp) -> impl Iterator<Item = Slot> + use<> {
        self.around(now).filter(move |slot| slot.end > now)
    }

    /// The slots that have ended at `now`, from the day `since` on.
    pub fn over(&self, since: Date, now: Timestamp) -> impl Iterator<Item = Slot> + use<> {
        let slots = self.between(since, self.today(now));
        slots.into_iter().filter(move |slot| slot.end <= now)
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

    /// The slots that one can be in at `now`: from five minutes before the start to the end. Where one
    /// follows another, both for five minutes.
    pub fn open(&self, now: Timestamp) -> impl Iterator<Item = Slot> + use<> {
        self.around(now).filter(move |slot| slot.is_open(now))
    }

    /// The slot that an id names, whether it can still be asked for or not.
    pub fn by_id(&self, SlotId { date, time }: SlotId) -> Slot {
        self.at(date, time)
    }

    /// What the id of a slot that starts at `now` would be: the ids of all that have started are
    /// not above it.
    pub fn id_at(&self, now: Timestamp) -> SlotId {
        let here = now.to_zoned(self.zone.clone());
        let (hour, minute) = (here.hour(), here.minute());
        // Of the two moments with these hands the first one is meant, unless told otherwise.
        let first = self.zone.to_timestamp(here.datetime());
        let again = first.is_ok_and(|first| first < now);
        SlotId {
            date: here.date(),
            time: ClockTime {
                hour,
                again,
                minute,
            },
        }
    }

    fn first_time(&self) -> ClockTime {
        self.times.first().copied().unwrap_or(ClockTime::MIDNIGHT)
    }

    /// The slots from yesterday to a week ahead, in order: a slot may reach over midnight, and a
    /// week holds every weekday.
    fn around(&self, now: Timestamp) -> impl Iterator<Item = Slot> + use<> {
        let today = self.today(now);
        let slots = self.between(
            today.saturating_sub(1.day()),
            today.saturating_add(7.days()),
        );
        slots.into_iter()
    }

    /// The slots of the days from `first` to `last`, in order.
    fn between(&self, first: Date, last: Date) -> Vec<Slot> {
        let days = first.series(1.day()).take_while(|date| *date <= last);
        let mut slots: Vec<Slot> = days.flat_map(|date| self.of(date)).collect();
        slots.sort_by_key(|slot| slot.start);
        slots
    }

    /// The slots of a day: one for each time, two where the clocks show it twice.
    fn of(&self, date: Date) -> Vec<Slot> {
        let again = |time: &ClockTime| ClockTime {
            again: true,
            ..*time
        };
        let times = self.times.iter().flat_map(|time| [*time, again(time)]);
        times.filter_map(|time| self.slot(date, time)).collect()
    }

    fn slot(&self, date: Date, time: ClockTime) -> Option<Slot> {
        let twice = || {
            let moment = self.zone.to_ambiguous_timestamp(time.on(date));
            matches!(moment.offset(), AmbiguousOffset::Fold { .. })
        };
        (self.days.contains(&date.weekday()) && (!time.again || twice()))
            .then(|| self.at(date, time))
    }

    fn at(&self, date: Date, time: ClockTime) -> Slot {
        let moment = self.zone.to_ambiguous_timestamp(time.on(date));
        let start = if time.again {
            moment.later()
        } else {
            moment.compatible()
        };
        let start = start.unwrap_or(Timestamp::MAX);
        Slot {
            date,
            time,
            start,
            end: start.saturating_add(self.length).unwrap_or(Timestamp::MAX),
        }
    }
}

fn no_such_time() -> Error {
    Error::invalid("time", "there is no slot at this time")
}

fn no_such_day() -> Error {
    Error::invalid("date", "there is no slot on this day")
}

fn past() -> Error {
    Error::invalid("date", "date is in the past")
}

/// A time of day. Where clocks are set back, what they show again has a `b` behind the hour, as
/// German law writes it: `02:30`, then `02b:30`. In order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime {
    hour: i8,
    again: bool,
    minute: i8,
}

impl ClockTime {
    const MIDNIGHT: Self = Self {
        hour: 0,
        again: false,
        minute: 0,
    };

    /// Reads `09:00`, `9:00` or `02b:30`.
    fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let (hour, again) = match hour.strip_suffix('b') {
            Some(hour) => (hour, true),
            None => (hour, false),
        };
        let number = |text: &str| -> Option<i8> {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        let lengths = (1..=2).contains(&hour.len()) && minute.len() == 2;
        let time = Self {
            hour: number(hour)?,
            again,
            minute: number(minute)?,
        };
        (lengths && time.hour < 24 && time.minute < 60).then_some(time)
    }

    fn on(self, date: Date) -> DateTime {
        date.at(self.hour, self.minute, 0, 0)
    }

    fn b(self) -> &'static str {
        if self.again { "b" } else { "" }
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { hour, minute, .. } = self;
        write!(formatter, "{hour:02}{}:{minute:02}", self.b())
    }
}

/// One slot of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    date: Date,
    time: ClockTime,
    /// When it starts.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

impl Slot {
    /// Its id.
    pub fn id(&self) -> SlotId {
        SlotId {
            date: self.date,
            time: self.time,
        }
    }

    /// `2026-11-21`, where the slots are.
    pub fn date(&self) -> String {
        self.date.to_string()
    }

    /// `09:00`, where the slots are; `02b:30` where clocks show it for the second time.
    pub fn time(&self) -> String {
        self.time.to_string()
    }

    /// Whether it starts at this time of day.
    pub fn is_at(&self, time: ClockTime) -> bool {
        self.time == time
    }

    /// From when on one can be in it: five minutes before the start.
    pub fn opens_at(&self) -> Timestamp {
        minus(self.start, JOINED_BEFORE)
    }

    /// When its rooms are due to be drawn.
    pub fn drawn_at(&self) -> Timestamp {
        minus(self.start, DRAWN_BEFORE)
    }

    /// Whether one can be in it: from five minutes before the start to the end.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.opens_at() <= now && now < self.end
    }

    /// [`Self::is_open`], or the answer that says why not.
    ///
    /// # Errors
    /// `conflict`.
    pub fn require_open(&self, now: Timestamp) -> Result<()> {
        if self.is_open(now) {
            Ok(())
        } else if now < self.end {
            Err(Error::conflict(format!(
                "the room opens at {}",
                self.opens_at()
            )))
        } else {
            Err(Error::conflict("the slot is over"))
        }
    }
}

fn minus(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.saturating_sub(duration).unwrap_or(Timestamp::MIN)
}

fn weekday(text: &str) -> Option<Weekday> {
    let day = DAYS.iter().find(|(name, _)| *name == text);
    day.map(|(_, day)| *day)
}
