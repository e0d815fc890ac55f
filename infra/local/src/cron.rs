//! When a schedule is due: `cron(minute hour * * ? *)`, the same on some days of the week,
//! `cron(minute hour ? * MON-FRI *)`, and `rate(n minutes|hours|days)`.
//!
//! Just the part of EventBridge Scheduler's expressions that the template may use. It leaves to
//! others: waiting, firing, and what is fired.
//!
//! Where clocks change, it does as EventBridge Scheduler does: a time of day that is skipped in
//! spring is not due that day, and one that comes twice in autumn is due the first time only.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

use jiff::civil::{Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// A parsed schedule expression with its time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Timetable(Rhythm);

#[derive(Debug, Clone, PartialEq)]
enum Rhythm {
    /// Seconds, counted from the epoch, whatever the time zone.
    Every(i64),
    Daily(Daily),
}

/// A time of day; `None` is every hour, or every minute.
#[derive(Debug, Clone, PartialEq)]
struct Daily {
    hour: Option<i8>,
    minute: Option<i8>,
    /// On which days of the week, from Sunday.
    days: [bool; 7],
    zone: TimeZone,
}

/// Parses an expression in an IANA time zone (`UTC`, `Asia/Tokyo`).
///
/// # Errors
/// One sentence without its full stop.
pub fn parse(expression: &str, time_zone: &str) -> Result<Timetable, String> {
    let zone = TimeZone::get(time_zone).map_err(|_| format!("no time zone is `{time_zone}`"))?;
    let (kind, fields) = expression
        .strip_suffix(')')
        .and_then(|rest| rest.split_once('('))
        .ok_or_else(|| format!("`{expression}` is neither `cron(…)` nor `rate(…)`"))?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let rhythm = match (kind, fields.as_slice()) {
        ("cron", [minute, hour, "*", "*", "?", "*"]) => daily(minute, hour, "*", zone)?,
        ("cron", [minute, hour, "?", "*", week, "*"]) => daily(minute, hour, week, zone)?,
        ("rate", [count, unit]) => Rhythm::Every(
            period(count, unit).ok_or_else(|| format!("no rate is `{count} {unit}`"))?,
        ),
        _ => {
            return Err(format!(
                "`{expression}` is neither `cron(minute hour * * ? *)`, \
                 `cron(minute hour ? * MON-FRI *)` nor `rate(n unit)`"
            ));
        }
    };
    Ok(Timetable(rhythm))
}

impl Timetable {
    /// The first due time strictly after `t`; [`Timestamp::MAX`] at the end of all time.
    ///
    /// A rate is due at the whole multiples of its period since the epoch, so that the answer does
    /// not depend on when the process began.
    pub fn next_after(&self, t: Timestamp) -> Timestamp {
        let next = match &self.0 {
            Rhythm::Every(seconds) => {
                // `as_second` rounds towards zero; before the epoch the nanoseconds tell.
                let second = t.as_second() - i64::from(t.subsec_nanosecond() < 0);
                Timestamp::from_second((second.div_euclid(*seconds) + 1) * seconds).ok()
            }
            Rhythm::Daily(daily) => daily.next_after(t),
        };
        next.unwrap_or(Timestamp::MAX)
    }
}

fn daily(minute: &str, hour: &str, week: &str, zone: TimeZone) -> Result<Rhythm, String> {
    Ok(Rhythm::Daily(Daily {
        minute: field(minute, 59).ok_or_else(|| format!("no minute is `{minute}`"))?,
        hour: field(hour, 23).ok_or_else(|| format!("no hour is `{hour}`"))?,
        days: days_of(week).ok_or_else(|| format!("no days of the week are `{week}`"))?,
        zone,
    }))
}

/// `None` for `*`, else a number up to `most`; the outer `None` for anything else.
fn field(text: &str, most: i8) -> Option<Option<i8>> {
    if text == "*" {
        return Some(None);
    }
    digits(text)?
        .try_into()
        .ok()
        .filter(|number| *number <= most)
        .map(Some)
}

/// `*`, or days and ranges of days between commas: `MON-FRI`, `SAT,SUN`, and 1 for Sunday to 7.
fn days_of(text: &str) -> Option<[bool; 7]> {
    if text == "*" {
        return Some([true; 7]);
    }
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        if first > last {
            return None;
        }
        days[first..=last].fill(true);
    }
    Some(days)
}

/// A day of the week, from Sunday.
fn day(text: &str) -> Option<usize> {
    const NAMES: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    let named = NAMES
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text));
    named.or_else(|| match digits(text)? {
        number @ 1..=7 => usize::try_from(number - 1).ok(),
        _ => None,
    })
}

fn period(count: &str, unit: &str) -> Option<i64> {
    let count = digits(count).filter(|count| (1..=10_000).contains(count))?;
    // As in EventBridge: `1 minute`, `2 minutes`.
    let seconds = match (unit, count) {
        ("minute", 1) | ("minutes", 2..) => 60,
        ("hour", 1) | ("hours", 2..) => 3_600,
        ("day", 1) | ("days", 2..) => 86_400,
        _ => return None,
    };
    Some(count * seconds)
}

/// A number of digits alone: `parse` would take a sign too.
fn digits(text: &str) -> Option<i64> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

impl Daily {
    fn next_after(&self, t: Timestamp) -> Option<Timestamp> {
        let range = |fixed: Option<i8>, most: i8| fixed.map_or(0..=most, |one| one..=one);
        let mut date = self.zone.to_datetime(t).date();
        // Two weeks: a single day's time may be over today and skipped in a week's time, where clocks go
        // forward then or the zone crosses the date line.
        for _ in 0..=14 {
            if !self.is_on(date.weekday()) {
                date = date.checked_add(1.day()).ok()?;
                continue;
            }
            for hour in range(self.hour, 23) {
                for minute in range(self.minute, 59) {
                    let time = Time::new(hour, minute, 0, 0).ok()?;
                    let moment = self.zone.to_ambiguous_timestamp(date.to_datetime(time));
                    let due = match moment.offset() {
                        AmbiguousOffset::Unambiguous { offset } => offset,
                        AmbiguousOffset::Fold { before, .. } => before,
                        AmbiguousOffset::Gap { .. } => continue,
                    }
                    .to_timestamp(date.to_datetime(time))
                    .ok()?;
                    if due > t {
                        return Some(due);
                    }
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn is_on(&self, day: Weekday) -> bool {
        usize::try_from(day.to_sunday_zero_offset())
            .ok()
            .and_then(|day| self.days.get(day))
            .is_some_and(|is_on| *is_on)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn next(expression: &str, zone: &str, after: &str) -> String {
        parse(expression, zone)
            .unwrap()
            .next_after(after.parse().unwrap())
            .to_string()
    }

    #[test]
    fn a_time_of_day_is_due_once_a_day_in_its_own_zone() {
        let at = |after| next("cron(50 8 * * ? *)", "Asia/Tokyo", after);
        assert_eq!(at("2026-11-20T23:49:59Z"), "2026-11-20T23:50:00Z");
        assert_eq!(at("2026-11-20T23:50:00Z"), "2026-11-21T23:50:00Z");
    }

    #[test]
    fn a_star_is_every_minute_or_every_hour() {
        assert_eq!(
            next("cron(* * * * ? *)", "UTC", "2026-01-01T00:00:30Z"),
            "2026-01-01T00:01:00Z"
        );
        assert_eq!(
            next("cron(5 * * * ? *)", "UTC", "2026-01-01T23:05:00Z"),
            "2026-01-02T00:05:00Z"
        );
        assert_eq!(
            next("cron(* 9 * * ? *)", "UTC", "2026-01-01T09:59:00Z"),
            "2026-01-02T09:00:00Z"
        );
    }

    #[test]
    fn days_of_the_week_are_named_or_counted_from_sunday() {
        let due = |days: &str| {
            let mut due = Vec::new();
            let timetable = parse(&format!("cron(50 8 ? * {days} *)"), "Asia/Tokyo").unwrap();
            // A Sunday, in the morning.
            let mut t: Timestamp = "2026-11-22T00:00:00+09:00".parse().unwrap();
            for _ in 0..4 {
                t = timetable.next_after(t);
                let zoned = t.in_tz("Asia/Tokyo").unwrap();
                assert_eq!(zoned.strftime("%H:%M").to_string(), "08:50");
                due.push(zoned.day());
            }
            due
        };
        assert_eq!(due("MON-FRI"), [23, 24, 25, 26]);
        assert_eq!(due("2-6"), [23, 24, 25, 26]);
        assert_eq!(due("fri,SAT-SAT,1"), [22, 27, 28, 29]);
        assert_eq!(due("*"), [22, 23, 24, 25]);
        assert_eq!(due("SAT"), [28, 5, 12, 19]);
        // A Sunday's time that is skipped in spring is due a week later.
        assert_eq!(
            next(
                "cron(30 2 ? * SUN *)",
                "America/New_York",
                "2026-03-01T03:00:00-05:00"
            ),
            "2026-03-15T06:30:00Z"
        );
    }

    #[test]
    fn a_time_skipped_in_spring_is_due_the_next_day() {
        let at = |after| next("cron(30 2 * * ? *)", "America/New_York", after);
        assert_eq!(at("2026-03-08T00:00:00-05:00"), "2026-03-09T06:30:00Z");
    }

    #[test]
    fn a_time_that_comes_twice_in_autumn_is_due_the_first_time_only() {
        let at = |after| next("cron(30 1 * * ? *)", "America/New_York", after);
        assert_eq!(at("2026-11-01T00:00:00-04:00"), "2026-11-01T05:30:00Z");
        assert_eq!(at("2026-11-01T05:30:00Z"), "2026-11-02T06:30:00Z");
    }

    #[test]
    fn a_day_that_a_zone_leaves_out_is_left_out() {
        // Samoa had no 30 December 2011.
        let at = |after| next("cron(0 9 * * ? *)", "Pacific/Apia", after);
        assert_eq!(at("2011-12-29T09:00:00-10:00"), "2011-12-30T19:00:00Z");
    }

    #[test]
    fn a_rate_is_due_at_whole_multiples_since_the_epoch() {
        let at = |expression, after| next(expression, "Asia/Tokyo", after);
        assert_eq!(
            at("rate(1 minute)", "2026-01-01T00:00:00Z"),
            "2026-01-01T00:01:00Z"
        );
        assert_eq!(
            at("rate(5 minutes)", "2026-01-01T00:02:03.5Z"),
            "2026-01-01T00:05:00Z"
        );
        assert_eq!(
            at("rate(1 day)", "2026-01-01T15:00:00Z"),
            "2026-01-02T00:00:00Z"
        );
        assert_eq!(
            at("rate(1 minute)", "1969-12-31T23:58:59.5Z"),
            "1969-12-31T23:59:00Z"
        );
    }

    #[test]
    fn at_the_end_of_time_nothing_more_is_due() {
        for expression in ["rate(1 day)", "cron(0 0 * * ? *)"] {
            let timetable = parse(expression, "UTC").unwrap();
            assert_eq!(timetable.next_after(Timestamp::MAX), Timestamp::MAX);
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for expression in [
            "",
            "at(2026-01-01T00:00:00)",
            "cron(0 9 * * ?)",
            "cron(0 9 ? * FRI-MON *)",
            "cron(0 9 ? * MONDAY *)",
            "cron(0 9 ? * 0-6 *)",
            "cron(0 9 ? * 2#1 *)",
            "cron(0 9 ? * MON, *)",
            "cron(0 9 * * MON *)",
            "cron(0 9 ? * ? *)",
            "cron(0/5 * * * ? *)",
            "cron(60 9 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(+1 9 * * ? *)",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(2 minute)",
            "rate(2 weeks)",
            "rate(1 minute",
        ] {
            assert!(parse(expression, "UTC").is_err(), "{expression}");
        }
        assert!(parse("rate(1 minute)", "Mars/Olympus").is_err());
    }

    proptest! {
        #[test]
        fn the_next_time_is_later_and_nothing_is_due_between(
            second in -3_000_000_000_i64..6_000_000_000,
            nanosecond in 0_i32..1_000_000_000,
            (expression, most_days) in prop_oneof![
                Just(("cron(30 1 * * ? *)", 3)),
                Just(("cron(15 * * * ? *)", 2)),
                Just(("cron(* * * * ? *)", 2)),
                Just(("cron(30 1 ? * MON-FRI *)", 5)),
                Just(("rate(7 minutes)", 1)),
                Just(("rate(3 hours)", 1)),
            ],
            zone in prop_oneof![
                Just("UTC"), Just("Asia/Tokyo"), Just("America/New_York"), Just("Australia/Lord_Howe"),
            ],
            between in 0.0_f64..1.0,
        ) {
            let t = Timestamp::new(second, nanosecond).unwrap();
            let timetable = parse(expression, zone).unwrap();
            let next = timetable.next_after(t);
            prop_assert!(next > t);
            prop_assert!(next.as_second() - t.as_second() <= most_days * 86_400);
            #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
            let part = ((next.as_nanosecond() - t.as_nanosecond()) as f64 * between * 0.999) as i128;
            let middle = Timestamp::from_nanosecond(t.as_nanosecond() + part).unwrap();
            prop_assert_eq!(timetable.next_after(middle), next);
        }
    }
}
