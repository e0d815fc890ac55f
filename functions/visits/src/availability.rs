//! When somebody has time: hours of the week in the time zone of their profile, and days that are
//! otherwise. [`free_starts`] makes of it when a visit can begin.
//!
//! Hours are those of a clock on the wall. On the day on which it is put forward an hour that it leaves
//! out is not there; on the day on which it is put back one that it shows twice is there twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
    str::FromStr,
};

use enishi_shared::{civil, patch::given};
use garde::Validate;
use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, DateTime, Weekday},
    tz::{Offset, TimeZone},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

use crate::busy::CELL;

#[cfg(test)]
mod tests;

/// How many hours of the week somebody may name.
const MOST_WEEKLY: usize = 50;
/// How many days may be otherwise.
const MOST_EXCEPTIONS: usize = 100;
/// How many hours one of them may have.
const MOST_A_DAY: usize = 12;
/// A day, in minutes.
const DAY: u16 = 24 * 60;
/// What clocks are set by, in minutes.
const QUARTER: u16 = 15;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are called what they are")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

/// A quarter of an hour on the clock: `09:00`, or `24:00`, the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(
    value_type = String,
    pattern = "^(([01][0-9]|2[0-3]):(00|15|30|45)|24:00)$",
    example = "09:00"
)]
pub struct Clock(u16);

impl Clock {
    /// So many minutes after midnight, if a clock can show it.
    pub fn new(minutes: u16) -> Option<Self> {
        (minutes <= DAY && minutes.is_multiple_of(QUARTER)).then_some(Self(minutes))
    }

    /// This time of a day, whatever clocks do there.
    fn on(self, date: Date) -> DateTime {
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        midnight.saturating_add(i64::from(self.0).minutes())
    }
}

impl FromStr for Clock {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let minutes = match text {
            "24:00" => Some(DAY),
            _ => civil::parse_time(text).and_then(|time| {
                u16::try_from(time.hour() as i32 * 60 + time.minute() as i32).ok()
            }),
        };
        let clock = minutes.and_then(Self::new);
        clock.ok_or("a quarter of an hour such as 09:15, or 24:00")
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Hours of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// From when on.
    #[garde(skip)]
    pub from: Clock,
    /// Until when: later than `from`. Hours across midnight are those of two days.
    #[garde(custom(after(self.from)))]
    #[schema(example = "12:00")]
    pub to: Clock,
}

/// Hours of each week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeeklyHours {
    /// On which day.
    #[garde(skip)]
    #[schema(example = "monday")]
    pub day: Day,
    /// From when on.
    #[garde(skip)]
    pub from: Clock,
    /// Until when: later than `from`. Hours across midnight are those of two days.
    #[garde(custom(after(self.from)))]
    #[schema(example = "12:00")]
    pub to: Clock,
}

/// A day that is otherwise than its week says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Which.
    #[garde(skip)]
    #[serde(deserialize_with = "civil::date")]
    #[schema(value_type = String, format = Date, example = "2026-12-24")]
    pub date: Date,
    /// The hours of that day, instead of the week's; none: one has no time.
    #[garde(length(max = MOST_A_DAY), custom(apart), dive)]
    #[schema(max_items = 12)]
    pub available: Vec<Hours>,
}

/// When somebody has time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Availability {
    /// The hours of each week.
    #[schema(max_items = 50)]
    pub weekly: Vec<WeeklyHours>,
    /// The days that are otherwise.
    #[schema(max_items = 100)]
    pub exceptions: Vec<Exception>,
}

/// What is to change of it: what is left out stays, what is given takes the place of all that was there.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityUpdate {
    /// The hours of each week: at most 50, which do not overlap.
    #[garde(custom(week), dive)]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 50)]
    pub weekly: Option<Vec<WeeklyHours>>,
    /// The days that are otherwise: at most 100, each once.
    #[garde(custom(once), dive)]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 100)]
    pub exceptions: Option<Vec<Exception>>,
}

fn after(from: Clock) -> impl Fn(&Clock, &()) -> garde::Result {
    move |to, ()| match from < *to {
        true => Ok(()),
        false => Err(garde::Error::new("later than from")),
    }
}

/// Hours of one day that do not overlap.
fn apart<'a>(hours: impl IntoIterator<Item = &'a Hours>, (): &()) -> garde::Result {
    let mut hours: Vec<_> = hours.into_iter().collect();
    hours.sort_by_key(|hours| hours.from);
    let overlap = |pair: &[&Hours]| matches!(pair, [one, next] if next.from < one.to);
    match hours.windows(2).any(overlap) {
        true => Err(garde::Error::new("hours that do not overlap")),
        false => Ok(()),
    }
}

fn week(weekly: &Option<Vec<WeeklyHours>>, context: &()) -> garde::Result {
    let weekly = weekly.as_deref().unwrap_or_default();
    if weekly.len() > MOST_WEEKLY {
        return Err(garde::Error::new("at most 50 hours"));
    }
    let mut days = BTreeMap::<Day, Vec<Hours>>::new();
    for &WeeklyHours { day, from, to } in weekly {
        days.entry(day).or_default().push(Hours { from, to });
    }
    days.values().try_for_each(|hours| apart(hours, context))
}

fn once(exceptions: &Option<Vec<Exception>>, (): &()) -> garde::Result {
    let exceptions = exceptions.as_deref().unwrap_or_default();
    if exceptions.len() > MOST_EXCEPTIONS {
        return Err(garde::Error::new("at most 100 days"));
    }
    let dates: BTreeSet<Date> = exceptions.iter().map(|one| one.date).collect();
    match dates.len() == exceptions.len() {
        true => Ok(()),
        false => Err(garde::Error::new("each date once")),
    }
}

impl Availability {
    /// As it is after a change.
    #[must_use]
    pub fn with(self, update: AvailabilityUpdate) -> Self {
        Self {
            weekly: update.weekly.unwrap_or(self.weekly),
            exceptions: update.exceptions.unwrap_or(self.exceptions),
        }
    }

    /// The hours of a day.
    fn hours(&self, date: Date) -> Vec<Hours> {
        if let Some(exception) = self.exceptions.iter().find(|one| one.date == date) {
            return exception.available.clone();
        }
        let day = Day::from(date.weekday());
        let todays = self.weekly.iter().filter(|hours| hours.day == day);
        todays
            .map(|&WeeklyHours { from, to, .. }| Hours { from, to })
            .collect()
    }

    /// The hours of a stretch of time as spans that do not touch, the first one first.
    fn spans(&self, zone: &TimeZone, range: Range<Timestamp>) -> Vec<Range<Timestamp>> {
        let mut spans = Vec::new();
        for (part, offset) in unmoved(zone, range) {
            let (mut date, last) = (date(offset, part.start), date(offset, part.end));
            while date <= last {
                for Hours { from, to } in self.hours(date) {
                    let at = |clock: Clock| offset.to_timestamp(clock.on(date));
                    let (Ok(from), Ok(to)) = (at(from), at(to)) else {
                        continue;
                    };
                    let span = from.max(part.start)..to.min(part.end);
                    if !span.is_empty() {
                        spans.push(span);
                    }
                }
                date = date.saturating_add(1.day());
            }
        }
        spans.sort_by_key(|span| span.start);
        let mut joined: Vec<Range<Timestamp>> = Vec::new();
        for span in spans {
            match joined.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => joined.push(span),
            }
        }
        joined
    }
}

fn date(offset: Offset, time: Timestamp) -> Date {
    offset.to_datetime(time).date()
}

/// The parts of a stretch of time in which no clock of the zone is moved, each with its offset.
fn unmoved(zone: &TimeZone, range: Range<Timestamp>) -> Vec<(Range<Timestamp>, Offset)> {
    let moved = zone.following(range.start).map(|moved| moved.timestamp());
    let mut parts = Vec::new();
    let mut start = range.start;
    for end in moved
        .take_while(|moved| *moved < range.end)
        .chain([range.end])
    {
        parts.push((start..end, zone.to_offset(start)));
        start = end;
    }
    parts
}

/// When a visit of this length can begin: on the grid, from the range's start on and before its end,
/// within the speaker's hours from its start to its end, and where no cell of it is booked.
pub fn free_starts(
    availability: &Availability,
    zone: &TimeZone,
    range: Range<Timestamp>,
    length: SignedDuration,
    busy: &BTreeSet<Timestamp>,
) -> Vec<Timestamp> {
    let mut starts = Vec::new();
    for span in availability.spans(zone, range.start..range.end + length) {
        let mut start = on_grid(span.start);
        while start + length <= span.end && start < range.end {
            if busy.range(start..start + length).next().is_none() {
                starts.push(start);
            }
            start += CELL;
        }
    }
    starts
}

/// The first time of the grid that is not before `time`.
pub fn on_grid(time: Timestamp) -> Timestamp {
    let cell = CELL.as_nanos();
    let over = time.as_nanosecond().rem_euclid(cell);
    match over {
        0 => time,
        _ => time + SignedDuration::from_nanos_i128(cell - over),
    }
}
