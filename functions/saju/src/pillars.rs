//! The four pillars (사주 四柱) of a birth: year, month, day and, when its time is known, hour.
//!
//! The reckoning:
//! - Time is Korean time, UTC+9, throughout; the summer times and the half-hour zone of past
//!   decades are not undone: a birth time counts as it was given.
//! - Year and month turn at the instants of the twelve jie (절기 節), the year at 입춘(立春), not at
//!   midnight and not at the lunar new year. See [`jie::JIE`].
//! - The day turns at midnight. Between 23:00 and 24:00 the day pillar stays that of the civil day
//!   (야자시 夜子時); there is no early turn at 23:00.
//! - Double hours begin at odd hours: 자시(子時) is 23:00–01:00. From 23:00 on, the hour's stem is
//!   that of the 자시 which follows, so the hours run on through the sixty without a break.
//! - A birth without a time is reckoned at noon and has no hour pillar.

pub mod bucket;
pub mod cycle;
mod jie;
#[cfg(test)]
mod sun;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::civil::{Date, Time, date, time};

pub use bucket::Bucket;
pub use cycle::{Branch, Element, Pillar, Stem};

/// The first date of birth that is reckoned.
pub const FIRST_DATE: Date = date(1920, 1, 1);
/// The last date of birth that is reckoned.
pub const LAST_DATE: Date = date(2050, 12, 31);

const NOON: Time = time(12, 0, 0, 0);
const SECONDS_A_DAY: u32 = 24 * 60 * 60;

/// A date outside [`FIRST_DATE`] to [`LAST_DATE`]: the client's mistake, in `birth_date`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the date is not within {FIRST_DATE} to {LAST_DATE}")
    }
}

impl std::error::Error for OutOfRange {}

/// When somebody was born, in Korean time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    date: Date,
    time: Option<Time>,
}

/// The pillars (주 柱) of a birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pillars {
    /// 연주(年柱)
    pub year: Pillar,
    /// 월주(月柱)
    pub month: Pillar,
    /// 일주(日柱)
    pub day: Pillar,
    /// 시주(時柱), when the time is known.
    pub hour: Option<Pillar>,
}

impl Birth {
    /// A birth on that date, at that time when it is known.
    ///
    /// # Errors
    /// [`OutOfRange`] before [`FIRST_DATE`] and after [`LAST_DATE`].
    pub fn new(date: Date, time: Option<Time>) -> Result<Self, OutOfRange> {
        match in_range(date) {
            true => Ok(Self { date, time }),
            false => Err(OutOfRange),
        }
    }

    /// The date of birth.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The time of birth, when it is known.
    pub fn time(&self) -> Option<Time> {
        self.time
    }

    /// The pillars.
    pub fn pillars(&self) -> Pillars {
        let day = day_pillar(self.date);
        Pillars {
            hour: self.time.map(|time| hour_pillar(day.stem, time)),
            ..pillars_without_hour(self.date, self.is_past_term())
        }
    }

    /// The people with the same year, month and day pillars.
    pub fn bucket(&self) -> Bucket {
        Bucket::of(self.date, self.is_past_term())
    }

    /// Whether the month's jie had come; at its very second it has.
    fn is_past_term(&self) -> bool {
        is_past_term(self.date, self.time.unwrap_or(NOON))
    }
}

/// `경오(庚午) 신사(辛巳) 경진(庚辰)`: year, month, day and, when known, hour.
impl fmt::Display for Pillars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.year, self.month, self.day)?;
        self.hour.map_or(Ok(()), |hour| write!(f, " {hour}"))
    }
}

/// The day pillar (일주 日柱, 일진 日辰) of any civil date.
pub fn day_pillar(day: Date) -> Pillar {
    // 1970-01-01 is 신사(辛巳), the eighteenth of the sixty.
    let days = day.duration_since(date(1970, 1, 1)).as_hours() / 24;
    Pillar::from_index((days + 17).rem_euclid(60) as u32)
}

fn in_range(date: Date) -> bool {
    (FIRST_DATE..=LAST_DATE).contains(&date)
}

/// The instant of the jie in the date's month, in seconds since the month began. The date must be
/// in range.
fn term(date: Date) -> u32 {
    jie::JIE[(date.year() - jie::FIRST_YEAR) as usize][date.month() as usize - 1]
}

/// When on this date its jie falls, in seconds since midnight; `None` on most dates.
fn term_of_day(date: Date) -> Option<u32> {
    let midnight = (date.day() as u32 - 1) * SECONDS_A_DAY;
    let seconds = term(date).checked_sub(midnight)?;
    (seconds < SECONDS_A_DAY).then_some(seconds)
}

fn is_past_term(date: Date, time: Time) -> bool {
    let (day, hour) = (date.day() as u32 - 1, time.hour() as u32);
    let (minute, second) = (time.minute() as u32, time.second() as u32);
    day * SECONDS_A_DAY + hour * 3600 + minute * 60 + second >= term(date)
}

/// The pillars of a date before (`false`) or after (`true`) the jie of its civil month.
fn pillars_without_hour(date: Date, past_term: bool) -> Pillars {
    let month = date.month() as u32;
    // 입춘(立春), February's jie, begins the year; year 4 was 갑자(甲子).
    let begun = month > 2 || (month == 2 && past_term);
    let year = Pillar::from_index(date.year() as u32 - 4 - u32::from(!begun));
    // 0 is 인월(寅月), which February's jie begins, 11 축월(丑月).
    let number = (month + 9 + u32::from(past_term)) % 12;
    Pillars {
        year,
        month: month_pillar(year.stem, number),
        day: day_pillar(date),
        hour: None,
    }
}

/// 오호둔(五虎遁): 인월(寅月) is 병인(丙寅) in a year of 갑(甲) or 기(己), and moves on by two stems a
/// year.
fn month_pillar(year: Stem, number: u32) -> Pillar {
    Pillar {
        stem: Stem::from_index(2 * year.index() as u32 + 2 + number),
        branch: Branch::from_index(2 + number),
    }
}

/// 오서둔(五鼠遁): 자시(子時) is 갑자(甲子) on a day of 갑(甲) or 기(己), and moves on by two stems a
/// day.
fn hour_pillar(day: Stem, time: Time) -> Pillar {
    // 0 from midnight, 12 from 23:00.
    let number = (time.hour() as u32).div_ceil(2);
    Pillar {
        stem: Stem::from_index(2 * day.index() as u32 + number),
        branch: Branch::from_index(number),
    }
}
