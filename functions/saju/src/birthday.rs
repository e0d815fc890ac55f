//! Birthdays as they are given: by the solar calendar, or by the Korean lunisolar one (음력 陰曆), as
//! many Koreans celebrate theirs.
//!
//! The pillars are reckoned from the solar date, to which a lunar one is converted once, when it is
//! given; what was given is kept and shown. The Korean calendar is not the Chinese one: new moons
//! and the middles of the sun's signs (중기 中氣) are taken at Korean time, and where one of them
//! falls between midnight in Seoul and in Beijing a month begins a day apart or another month is
//! the leap month (윤달 閏月), until the next new moon.

use std::fmt;

use enishi_shared::Error;
use icu_calendar::{Date as LunarDate, Iso, error::LunisolarDateError, types::Month};
use jiff::{
    Timestamp,
    civil::{Date, Time},
};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use crate::{
    pillars::Birth,
    profile::{self, MIN_AGE},
};

/// The calendar by which a date is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// 양력(陽曆): the Gregorian calendar.
    #[default]
    Solar,
    /// 음력(陰曆): the Korean lunisolar calendar, as the Korea Astronomy and Space Science Institute
    /// publishes it.
    Lunar,
}

/// A date as it is written, `YYYY-MM-DD`, of whichever calendar: a lunar 30 February exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    year: i16,
    month: u8,
    day: u8,
}

impl Written {
    /// Exactly `YYYY-MM-DD`, of a month from 1 to 12 and a day from 1 to 31.
    pub fn parse(text: &str) -> Option<Self> {
        let date = Self {
            year: text.get(..4)?.parse().ok()?,
            month: text.get(5..7)?.parse().ok()?,
            day: text.get(8..)?.parse().ok()?,
        };
        let within = (1..=12).contains(&date.month) && (1..=31).contains(&date.day);
        // The one way to write it: the parser of numbers knows several.
        (within && date.to_string() == text).then_some(date)
    }
}

impl From<Date> for Written {
    fn from(date: Date) -> Self {
        Self {
            year: date.year(),
            month: date.month().unsigned_abs(),
            day: date.day().unsigned_abs(),
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for Written {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a date like 1995-03-02"))
    }
}

/// A lunar birthday, as it is stored beside the solar date that it was converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lunar {
    /// Year, month and day of the lunar calendar.
    pub date: Written,
    /// Whether the month is the leap month (윤달 閏月) that follows the one of the same number.
    pub leap_month: bool,
}

/// A birthday as it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birthday {
    /// By `calendar`.
    pub date: Written,
    /// Solar or lunar.
    pub calendar: Calendar,
    /// Whether the month is a leap month; never by the solar calendar.
    pub leap_month: bool,
}

/// Why a birthday is no date of its calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDate {
    /// The calendar has no such date.
    Date(String),
    /// The year has no such leap month, or the calendar none at all.
    LeapMonth(String),
}

impl NoDate {
    /// The client's mistake, in `leap_month` or else in `field`.
    pub fn in_field(self, field: &'static str) -> Error {
        match self {
            Self::Date(message) => Error::invalid(field, message),
            Self::LeapMonth(message) => Error::invalid("leap_month", message),
        }
    }
}

impl Birthday {
    /// One that was given by the solar calendar.
    pub fn of(solar: Date) -> Self {
        Self {
            date: solar.into(),
            calendar: Calendar::Solar,
            leap_month: false,
        }
    }

    /// What is stored of it beside the solar date.
    pub fn lunar(&self) -> Option<Lunar> {
        match self.calendar {
            Calendar::Solar => None,
            Calendar::Lunar => Some(Lunar {
                date: self.date,
                leap_month: self.leap_month,
            }),
        }
    }

    /// The solar date. A lunar one of any year is converted; whether it can be reckoned with is
    /// [`crate::pillars::Birth`]'s to say.
    ///
    /// # Errors
    /// [`NoDate`].
    pub fn solar(&self) -> Result<Date, NoDate> {
        match self.calendar {
            Calendar::Solar => self.as_solar(),
            Calendar::Lunar => self.as_lunar(),
        }
    }

    /// The birth that is reckoned with, of somebody who may have a profile.
    ///
    /// # Errors
    /// `invalid_parameter` naming `leap_month`, or else `field`: no such date, one that is not
    /// reckoned, or of somebody who is too young.
    pub fn born(
        &self,
        time: Option<Time>,
        field: &'static str,
        now: Timestamp,
    ) -> enishi_shared::Result<Birth> {
        let date = self.solar().map_err(|error| error.in_field(field))?;
        let birth =
            Birth::new(date, time).map_err(|error| Error::invalid(field, error.to_string()))?;
        if profile::age(date, profile::today(now)) < MIN_AGE {
            let message = format!("you must be {MIN_AGE} or older");
            return Err(Error::invalid(field, message));
        }
        Ok(birth)
    }

    fn as_solar(&self) -> Result<Date, NoDate> {
        if self.leap_month {
            let message = "the solar calendar has no leap months";
            return Err(NoDate::LeapMonth(message.to_owned()));
        }
        let Written { year, month, day } = self.date;
        let date = Date::new(year, month.cast_signed(), day.cast_signed());
        date.map_err(|_| NoDate::Date(format!("{} is not in the solar calendar", self.date)))
    }

    fn as_lunar(&self) -> Result<Date, NoDate> {
        let Written { year, month, day } = self.date;
        let of_year = match self.leap_month {
            true => Month::leap(month),
            false => Month::new(month),
        };
        let no_date = || NoDate::Date(format!("{} is not in the lunar calendar", self.date));
        let lunar =
            LunarDate::try_new_korean_traditional(year.into(), of_year, day).map_err(|error| {
                match error {
                    LunisolarDateError::MonthNotInYear => {
                        let message =
                            format!("month {month} of the lunar year {year} has no leap month");
                        NoDate::LeapMonth(message)
                    }
                    _ => no_date(),
                }
            })?;
        let iso = lunar.to_calendar(Iso);
        let (month, day) = (iso.month().number(), iso.day_of_month().0);
        let year = i16::try_from(iso.era_year().year).map_err(|_| no_date())?;
        Date::new(year, month.cast_signed(), day.cast_signed()).map_err(|_| no_date())
    }
}

#[cfg(test)]
mod tests;
