//! Dates and times of day, each in the one form that the API takes. The library's own parsers take
//! more.

use jiff::civil::{Date, Time};
use serde::{Deserialize as _, Deserializer, de};

/// Exactly `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<Date> {
    Date::strptime("%Y-%m-%d", text)
        .ok()
        .filter(|date| date.to_string() == text)
}

/// Exactly `HH:MM`.
pub fn parse_time(text: &str) -> Option<Time> {
    Time::strptime(HOUR_MINUTE, text)
        .ok()
        .filter(|time| hour_minute(*time) == text)
}

const HOUR_MINUTE: &str = "%H:%M";

/// `HH:MM`.
pub fn hour_minute(time: Time) -> String {
    time.strftime(HOUR_MINUTE).to_string()
}

/// [`parse_date`] for `#[serde(deserialize_with = …)]`.
///
/// # Errors
/// What is no such text.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_date(&text).ok_or_else(|| de::Error::custom("not a date like 2026-11-21"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_date_and_a_time_have_one_form() {
        for date in [
            "2026-02-30",
            "20261120",
            "2026-11-1",
            " 2026-11-01",
            "2026-11-01T09:00",
            "",
            "+002026-11-01",
        ] {
            assert_eq!(parse_date(date), None, "{date}");
        }
        for time in [
            "9:00", "09:00:00", "24:00", "25:00", "0900", "09:60", " 09:00", "",
        ] {
            assert_eq!(parse_time(time), None, "{time}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(year in 1..=9999_i16, month in 1..=12_i8, day in 1..=28_i8, hour in 0..24_i8, minute in 0..60_i8) {
            let date = Date::new(year, month, day)?;
            prop_assert_eq!(parse_date(&date.to_string()), Some(date));
            let time = Time::new(hour, minute, 0, 0)?;
            prop_assert_eq!(parse_time(&hour_minute(time)), Some(time));
        }
    }
}
