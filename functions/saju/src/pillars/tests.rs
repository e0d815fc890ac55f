//! Pillars against the heavens, against the library behind the table, and against charts in print.

use std::sync::LazyLock;

use jiff::{
    SignedDuration, ToSpan as _,
    civil::{Date, DateTime, date},
};

use super::{jie::JIE, *};

#[path = "../../examples/jie_table.rs"]
mod jie_table;

/// The reference's instants of the jie from 소한 1919 to 대설 2051, in order; seconds since 1970,
/// Korean time.
static REFERENCE: LazyLock<Vec<f64>> = LazyLock::new(|| {
    (1919..=2051)
        .flat_map(|year| (1..=12).map(move |month| sun::jie(year, month)))
        .collect()
});

/// The table's instants, likewise.
fn table() -> impl Iterator<Item = (Date, i64)> {
    (1919..).zip(&JIE).flat_map(|(year, row)| {
        (1..).zip(row).map(move |(month, seconds)| {
            let first = date(year, month, 1);
            let instant = i64::from(sun::days_since_epoch(first)) * 86_400 + i64::from(*seconds);
            (first, instant)
        })
    })
}

/// Year and month pillars after so many of the reference's jie: counted on, without the rules
/// that lead from a year's stem to its months. 입춘 1984, the 781st of them after 소한 1919, began
/// the year 갑자(甲子), the first of the sixty, and the month 병인(丙寅), the third.
fn counted(passed: usize) -> (Pillar, Pillar) {
    let since_1984 = passed as i32 - 1 - (12 * (1984 - 1919) + 1);
    let pillar = |index: i32| Pillar::from_index(index.rem_euclid(60) as u32);
    (pillar(since_1984.div_euclid(12)), pillar(since_1984 + 2))
}

/// The day pillar by the Julian day number: 2001-01-01, number 2,451,911, was 갑자(甲子).
fn day_by_number(day: Date) -> Pillar {
    Pillar::from_index((sun::julian_day_number(day) - 2_451_911).rem_euclid(60) as u32)
}

fn at(moment: DateTime) -> Pillars {
    let birth = Birth::new(moment.date(), Some(moment.time())).unwrap();
    birth.pillars()
}

#[test]
fn the_table_is_what_the_tool_writes() {
    assert!(
        jie_table::render() == include_str!("jie.rs"),
        "run examples/jie_table.rs"
    );
}

#[test]
fn the_table_agrees_with_the_sun_to_seconds() {
    let mut worst = [(0.0_f64, date(1, 1, 1)); 2];
    for ((month, instant), reference) in table().zip(REFERENCE.iter()) {
        let off = (instant as f64 - reference).abs();
        let era = &mut worst[usize::from(month.year() > 2005)];
        *era = if off > era.0 { (off, month) } else { *era };
    }
    let [(measured, then), (forecast, when)] = worst;
    eprintln!(
        "table against sun: {measured:.1} s at most up to 2005 ({then}), {forecast:.1} s after ({when})"
    );
    assert_eq!((table().count(), REFERENCE.len()), (1596, 1596));
    // ΔT parts them: each has its own fit to what was measured, and later its own forecast.
    assert!(measured < 10.0 && forecast < 60.0);
}

#[test]
fn noon_of_every_date_agrees_with_the_sun() {
    let (mut dates, mut near) = (0, 0);
    for day in FIRST_DATE
        .series(1.day())
        .take_while(|day| *day <= LAST_DATE)
    {
        let noon = f64::from(sun::days_since_epoch(day)) * 86_400.0 + 43_200.0;
        let passed = REFERENCE.partition_point(|instant| *instant <= noon);
        let (year, month) = counted(passed);
        let pillars = Birth::new(day, None).unwrap().pillars();
        let reference = Pillars {
            year,
            month,
            day: day_by_number(day),
            hour: None,
        };
        assert_eq!(pillars, reference, "{day}");
        let nearby = &REFERENCE[passed - 1..=passed];
        near += usize::from(nearby.iter().any(|instant| (instant - noon).abs() < 60.0));
        dates += 1;
    }
    eprintln!("noon: {dates} dates agree; on {near} noon is within a minute of a jie");
    assert_eq!(dates, 47_848);
}

#[test]
fn two_minutes_around_every_jie_agree_with_the_sun() {
    let mut points = 0;
    for (index, instant) in REFERENCE.iter().enumerate() {
        for (seconds, passed) in [(-120, index), (120, index + 1)] {
            let seconds = SignedDuration::from_secs(instant.round() as i64 + seconds);
            let moment = date(1970, 1, 1).at(0, 0, 0, 0) + seconds;
            if !in_range(moment.date()) {
                continue;
            }
            let pillars = at(moment);
            assert_eq!((pillars.year, pillars.month), counted(passed), "{moment}");
            points += 1;
        }
    }
    eprintln!("two minutes around the jie: {points} points agree");
    assert_eq!(points, 2 * 12 * 131);
}

#[test]
fn the_pillars_turn_at_the_second_of_the_jie() {
    for (first, instant) in table().filter(|(first, _)| in_range(*first)) {
        let moment = date(1970, 1, 1).at(0, 0, 0, 0) + SignedDuration::from_secs(instant);
        assert_eq!(moment.date().first_of_month(), first);
        let before = at(moment - 1.second());
        let after = at(moment);
        assert_eq!(
            after.month.index(),
            (before.month.index() + 1) % 60,
            "{moment}"
        );
        let turned = usize::from(first.month() == 2);
        assert_eq!(
            after.year.index(),
            (before.year.index() + turned) % 60,
            "{moment}"
        );
    }
}

/// To the minute, as Korean papers give them after the almanac (역서 曆書) of the Korea Astronomy
/// and Space Science Institute.
#[test]
fn ipchun_is_when_korean_almanacs_say() {
    for (moment, minutes) in [
        (date(2021, 2, 3), 23 * 60 + 59),
        (date(2024, 2, 4), 17 * 60 + 27),
    ] {
        let seconds = term_of_day(moment).unwrap();
        assert!(
            (seconds.cast_signed() - minutes * 60).abs() < 60,
            "{moment} {seconds}"
        );
    }
}

/// Days in print: see <https://ytliu0.github.io/ChineseCalendar/sexagenary.html> for the formula
/// (JDN + 49) mod 60; 2000-01-01 is number 55 of the sixty and 2001-01-01 number 1.
#[test]
fn known_days_have_their_pillars() {
    for (day, name) in [
        (date(1949, 10, 1), "갑자(甲子)"),
        (date(1970, 1, 1), "신사(辛巳)"),
        (date(1984, 2, 2), "병인(丙寅)"),
        (date(2000, 1, 1), "무오(戊午)"),
        (date(2001, 1, 1), "갑자(甲子)"),
        (date(1900, 1, 1), "갑술(甲戌)"),
        (date(2100, 1, 1), "계묘(癸卯)"),
    ] {
        assert_eq!(day_pillar(day).to_string(), name, "{day}");
        assert_eq!(day_pillar(day), day_by_number(day));
        assert_eq!(
            day_pillar(day).index() as i32,
            (sun::julian_day_number(day) + 49) % 60
        );
    }
}

#[test]
fn charts_in_print_come_out() {
    for (moment, chart) in [
        // Roh Moo-hyun, as Korean papers print it (Kyongbuk Ilbo 2020).
        (
            date(1946, 9, 1).at(8, 0, 0, 0),
            "병술(丙戌) 병신(丙申) 무인(戊寅) 병진(丙辰)",
        ),
        // Steve Jobs and Bill Gates, by the clock of their births' places.
        (
            date(1955, 2, 24).at(19, 15, 0, 0),
            "을미(乙未) 무인(戊寅) 병진(丙辰) 무술(戊戌)",
        ),
        (
            date(1955, 10, 28).at(22, 0, 0, 0),
            "을미(乙未) 병술(丙戌) 임술(壬戌) 신해(辛亥)",
        ),
    ] {
        assert_eq!(at(moment).to_string(), chart, "{moment}");
    }
    // Kim Dae-jung, born hours before 소한: still the month of 자(子).
    let birth = Birth::new(date(1924, 1, 6), None).unwrap();
    assert_eq!(
        birth.pillars().to_string(),
        "계해(癸亥) 갑자(甲子) 갑신(甲申)"
    );
}

#[test]
fn the_year_begins_at_ipchun_in_korean_time() {
    // 입춘 1984 was on February 4 in Beijing and on February 5, 00:19, in Seoul.
    let years = [date(1984, 2, 4), date(1984, 2, 5)]
        .map(|day| Birth::new(day, None).unwrap().pillars().year.to_string());
    assert_eq!(years, ["계해(癸亥)", "갑자(甲子)"]);
}

#[test]
fn hours_run_on_and_the_day_turns_at_midnight() {
    let mut moment = date(1990, 5, 15).at(1, 0, 0, 0);
    let mut last = at(moment).hour.unwrap();
    assert_eq!(last.branch, Branch::CHUK);
    for _ in 0..60 * 12 {
        moment += 1.hour();
        let next = at(moment).hour.unwrap();
        let step = moment.hour() as usize % 2;
        assert_eq!(next.index(), (last.index() + step) % 60, "{moment}");
        last = next;
    }
    // A day of 갑(甲): its early 자시 is 갑자, its late one 병자, and the day is the same.
    let day = date(2001, 1, 1);
    let hours = [(0, 59), (1, 0), (22, 59), (23, 0)].map(|(hour, minute)| {
        let pillars = at(day.at(hour, minute, 0, 0));
        assert_eq!(pillars.day.to_string(), "갑자(甲子)");
        pillars.hour.unwrap().to_string()
    });
    assert_eq!(
        hours,
        ["갑자(甲子)", "을축(乙丑)", "을해(乙亥)", "병자(丙子)"]
    );
}

#[test]
fn dates_outside_the_table_are_refused() {
    for day in [date(1919, 12, 31), date(2051, 1, 1), Date::MIN, Date::MAX] {
        assert_eq!(Birth::new(day, None), Err(OutOfRange));
    }
    let ends = [FIRST_DATE, LAST_DATE].map(|day| Birth::new(day, None).unwrap().pillars());
    // 소한 had not come on new year's day: the month of 자(子) of the year before.
    assert_eq!(ends[0].to_string(), "기미(己未) 병자(丙子) 무오(戊午)");
    assert_eq!(ends[1].year.to_string(), "경오(庚午)");
}
