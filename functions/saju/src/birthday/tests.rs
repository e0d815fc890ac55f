//! The conversion against the table of the Korea Astronomy and Space Science Institute, and against
//! the Chinese calendar.

use std::{collections::BTreeSet, sync::LazyLock};

use icu_calendar::cal::ChineseTraditional;
use jiff::{ToSpan as _, civil::date};
use korean_lunar_calendar::lunar_to_gregorian;
use tyme4rs::tyme::solar::SolarDay;

use super::*;
use crate::pillars::{FIRST_DATE, LAST_DATE};

fn lunar(text: &str, leap_month: bool) -> Birthday {
    Birthday {
        date: Written::parse(text).unwrap(),
        calendar: Calendar::Lunar,
        leap_month,
    }
}

fn solar(text: &str) -> Birthday {
    Birthday {
        calendar: Calendar::Solar,
        ..lunar(text, false)
    }
}

fn days() -> impl Iterator<Item = Date> {
    FIRST_DATE
        .series(1.day())
        .take_while(|day| *day <= LAST_DATE)
}

/// What the table of the institute says of a lunar date.
fn by_table(lunar: &Birthday) -> Option<Date> {
    let Written { year, month, day } = lunar.date;
    let found = lunar_to_gregorian(&korean_lunar_calendar::LunarDate {
        year: year.into(),
        month: (month, lunar.leap_month),
        day,
    })?;
    found.to_string().parse().ok()
}

/// Every lunar date of the years that are reckoned, with its solar one, in order.
static LUNAR_DATES: LazyLock<Vec<(Birthday, Date)>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for year in 1919..=2050 {
        for (month, leap_month) in (1..=12).flat_map(|month| [(month, false), (month, true)]) {
            for day in 1..=31 {
                let given = Birthday {
                    date: Written { year, month, day },
                    calendar: Calendar::Lunar,
                    leap_month,
                };
                if let Ok(solar) = given.solar() {
                    all.push((given, solar));
                }
            }
        }
    }
    all.retain(|(_, solar)| (FIRST_DATE..=LAST_DATE).contains(solar));
    all
});

#[test]
fn every_day_has_one_lunar_date() {
    assert!(LUNAR_DATES.iter().map(|(_, solar)| *solar).eq(days()));
}

#[test]
fn a_thousand_random_dates_are_as_the_institute_s_table_says() {
    let all = &*LUNAR_DATES;
    // A linear congruential generator (Knuth's MMIX): the same dates every time.
    let mut state = 18_u64;
    let mut checked = BTreeSet::new();
    while checked.len() < 1_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let (given, solar) = &all[(state >> 33) as usize % all.len()];
        assert_eq!(by_table(given), Some(*solar), "{given:?}");
        checked.insert(*solar);
    }
}

/// The first of each month, leap months among them: 1,620 of them, and with their lengths all
/// 47,848 days.
#[test]
fn every_month_begins_and_ends_as_the_institute_s_table_says() {
    let mut months = 0;
    let all = &*LUNAR_DATES;
    for (index, (given, solar)) in all.iter().enumerate() {
        let last = all.get(index + 1).is_none_or(|next| next.0.date.day == 1);
        if given.date.day == 1 || last {
            assert_eq!(by_table(given), Some(*solar), "{given:?}");
            months += usize::from(given.date.day == 1);
        }
    }
    assert_eq!((months, all.len()), (1_620, 47_848));
}

/// Of all 47,848 days: each on which the two calendars differ is as the institute's table has it.
/// The Chinese one is checked against another library, from 1958 on: before, what is told of its
/// new moons near midnight is not unanimous.
#[test]
fn the_days_on_which_korea_and_china_differ_are_korean() {
    let mut runs: Vec<(Date, Date)> = Vec::new();
    let mut differing = 0;
    for (given, solar) in &*LUNAR_DATES {
        let (year, month, day) = (solar.year(), solar.month(), solar.day());
        let (number, day) = (month.unsigned_abs(), day.unsigned_abs());
        let chinese = LunarDate::try_new_iso(year.into(), number, day)
            .unwrap()
            .to_calendar(ChineseTraditional::new());
        let month = chinese.month().to_input();
        let chinese = (
            chinese.cyclic_year().related_iso,
            month.number(),
            month.is_leap(),
            chinese.day_of_month().0,
        );
        if year >= 1958 {
            let other = SolarDay::from_ymd(year.into(), number.into(), day.into()).get_lunar_day();
            let (month, leap) = (other.get_month().unsigned_abs(), other.get_month() < 0);
            let other = (other.get_year(), month, leap, other.get_day());
            let (year, month, leap, day) = chinese;
            assert_eq!(other, (year as isize, month.into(), leap, day.into()));
        }
        let Written { year, month, day } = given.date;
        if chinese == (year.into(), month, given.leap_month, day) {
            continue;
        }
        assert_eq!(by_table(given), Some(*solar), "{given:?}");
        differing += 1;
        match runs.last_mut() {
            Some((_, last)) if *last + 1.day() == *solar => *last = *solar,
            _ => runs.push((*solar, *solar)),
        }
    }
    eprintln!("{differing} days differ, in {} runs: {runs:?}", runs.len());
    assert_eq!((differing, runs.len()), (1_798, 57));
    assert!(runs.contains(&(date(1997, 2, 7), date(1997, 3, 8))));
    assert!(runs.contains(&(date(2012, 4, 21), date(2012, 7, 18))));
}

/// As papers had it: who keeps 설날 of 1997, 2027 and 2028 in Korea keeps it a day after China;
/// the leap months of 2012 and 2017 are other ones.
#[test]
fn days_in_print_on_which_korea_and_china_differ() {
    for (given, solar) in [
        (lunar("1997-01-01", false), date(1997, 2, 8)),
        (lunar("2027-01-01", false), date(2027, 2, 7)),
        (lunar("2028-01-01", false), date(2028, 1, 27)),
        (lunar("2012-03-01", true), date(2012, 4, 21)),
        (lunar("2012-04-01", false), date(2012, 5, 21)),
        (lunar("2017-05-01", true), date(2017, 6, 24)),
        (lunar("2017-06-01", false), date(2017, 7, 23)),
    ] {
        assert_eq!(given.solar(), Ok(solar), "{given:?}");
        assert_eq!(by_table(&given), Some(solar), "{given:?}");
    }
}

#[test]
fn what_is_no_date_is_named() {
    let leap = |birthday: Birthday| matches!(birthday.solar(), Err(NoDate::LeapMonth(_)));
    let none = |birthday: Birthday| matches!(birthday.solar(), Err(NoDate::Date(_)));
    // 1995 had a leap month 8, of 29 days; its second month had 30.
    assert_eq!(lunar("1995-08-01", true).solar(), Ok(date(1995, 9, 25)));
    assert_eq!(lunar("1995-02-30", false).solar(), Ok(date(1995, 3, 30)));
    assert!(leap(lunar("1995-03-01", true)) && leap(lunar("1996-08-01", true)));
    assert!(none(lunar("1995-08-30", true)) && none(lunar("1995-01-31", false)));
    assert!(none(solar("1995-02-30")) && none(solar("2023-02-29")));
    let leap_of_the_solar_calendar = Birthday {
        leap_month: true,
        ..solar("1995-08-01")
    };
    assert!(leap(leap_of_the_solar_calendar));
    assert_eq!(solar("2024-02-29").solar(), Ok(date(2024, 2, 29)));
}

#[test]
fn a_date_is_written_in_one_way() {
    for text in ["1995-02-30", "0000-01-01", "9999-12-31"] {
        assert_eq!(Written::parse(text).unwrap().to_string(), text);
        // Far years convert or are refused, and nothing panics.
        let _ = lunar(text, false).solar();
        let _ = lunar(text, true).solar();
    }
    for text in [
        "",
        "1995-3-02",
        "1995-03-2",
        "+995-03-02",
        "1995-+3-02",
        "1995-13-01",
        "1995-00-01",
        "1995-01-00",
        "1995-01-32",
        "1995/01/01",
        "19950101",
        "1995-01-01 ",
        "1995-01-001",
        "가1-01",
        "19950-1-01",
    ] {
        assert_eq!(Written::parse(text), None, "{text}");
    }
}
