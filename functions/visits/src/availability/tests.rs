use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

type Fallible = Result<(), Box<dyn std::error::Error>>;

/// With clocks that are moved by an hour, by half an hour, by two, at midnight, and never; and offsets of
/// hours, of half hours and of quarters.
const ZONES: [&str; 10] = [
    "Asia/Tokyo",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "America/Havana",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Africa/Casablanca",
];

fn update(value: Value) -> Result<AvailabilityUpdate, String> {
    let update: AvailabilityUpdate =
        serde_json::from_value(value).map_err(|error| error.to_string())?;
    match update.validate() {
        Ok(()) => Ok(update),
        Err(report) => Err(report.to_string()),
    }
}

fn availability(value: Value) -> Result<Availability, String> {
    Ok(Availability::default().with(update(value)?))
}

/// By asking of each minute what the clock on the wall shows.
fn slowly(
    availability: &Availability,
    zone: &TimeZone,
    range: Range<Timestamp>,
    length: SignedDuration,
    busy: &BTreeSet<Timestamp>,
) -> Vec<Timestamp> {
    let has_time = |minute: Timestamp| {
        let shown = zone.to_datetime(minute);
        let shown_minutes = shown.hour() as u16 * 60 + shown.minute() as u16;
        let is_in = |hours: &Hours| (hours.from.0..hours.to.0).contains(&shown_minutes);
        availability.hours(shown.date()).iter().any(is_in)
    };
    let every = |from: Timestamp, to: Timestamp, step: SignedDuration| {
        let times = std::iter::successors(Some(from), move |time| Some(*time + step));
        times.take_while(move |time| *time < to)
    };
    let minute = SignedDuration::from_mins(1);
    every(on_grid(range.start), range.end, CELL)
        .filter(|start| {
            let end = *start + length;
            every(*start, end, minute).all(has_time)
                && every(*start, end, CELL).all(|cell| !busy.contains(&cell))
        })
        .collect()
}

fn hours() -> impl Strategy<Value = (Clock, Clock)> {
    (0..96_u16, 1..=32_u16)
        .prop_map(|(from, length)| (Clock(from * 15), Clock((from + length).min(96) * 15)))
}

/// Whatever somebody may say, overlapping hours too.
fn any_availability(first: Date) -> impl Strategy<Value = Availability> {
    const DAYS: [Day; 7] = [
        Day::Monday,
        Day::Tuesday,
        Day::Wednesday,
        Day::Thursday,
        Day::Friday,
        Day::Saturday,
        Day::Sunday,
    ];
    let weekly = proptest::collection::vec((0..7_usize, hours()), 0..20);
    let exception = (0..5_i64, proptest::collection::vec(hours(), 0..4));
    let exceptions = proptest::collection::vec(exception, 0..3);
    (weekly, exceptions).prop_map(move |(weekly, exceptions)| Availability {
        weekly: weekly
            .into_iter()
            .map(|(day, (from, to))| WeeklyHours {
                day: DAYS[day],
                from,
                to,
            })
            .collect(),
        exceptions: exceptions
            .into_iter()
            .map(|(day, available)| Exception {
                date: first.saturating_add(day.days()),
                available: available
                    .into_iter()
                    .map(|(from, to)| Hours { from, to })
                    .collect(),
            })
            .collect(),
    })
}

/// A zone, and a stretch of up to four days there, which begins within a day before clocks are moved,
/// where they are.
fn anywhen() -> impl Strategy<Value = (TimeZone, Range<Timestamp>)> {
    let minutes = 0..36 * 60_i64;
    (0..ZONES.len(), 0..20_usize, minutes, 1..4 * 24 * 4_i64).prop_map(
        |(zone, nth, before, quarters)| {
            let zone = TimeZone::get(ZONES[zone]).unwrap_or(TimeZone::UTC);
            let new_year = Timestamp::from_second(1_767_225_600).unwrap_or_default();
            let moved = zone.following(new_year).nth(nth).map(|it| it.timestamp());
            let start = moved.unwrap_or(new_year) - SignedDuration::from_mins(before);
            (zone, start..start + CELL * quarters as i32)
        },
    )
}

proptest! {
    #[test]
    fn a_start_is_free_where_the_clock_on_the_wall_says_so(
        ((zone, range), availability) in anywhen().prop_flat_map(|(zone, range)| {
            let first = zone.to_datetime(range.start).date();
            (Just((zone, range)), any_availability(first))
        }),
        cells in 1..=8_i32,
        booked in proptest::collection::btree_set(0..400_i32, 0..20),
    ) {
        let busy = booked.into_iter().map(|cell| on_grid(range.start) + CELL * cell).collect();
        let length = CELL * cells;
        let fast = free_starts(&availability, &zone, range.clone(), length, &busy);
        prop_assert_eq!(fast, slowly(&availability, &zone, range, length, &busy));
    }

    #[test]
    fn what_is_said_is_shown(minutes in 0..=96_u16) {
        let clock = Clock(minutes * 15);
        prop_assert_eq!(clock.to_string().parse(), Ok(clock));
    }
}

#[test]
fn an_hour_that_is_left_out_is_not_there_and_one_that_is_shown_twice_is_there_twice() -> Fallible {
    let zone = TimeZone::get("Europe/Berlin")?;
    let always = availability(json!({"weekly": [
        {"day": "sunday", "from": "01:00", "to": "04:00"},
    ]}))?;
    let hour = SignedDuration::from_hours(1);
    let starts = |day: &str| -> Result<Vec<String>, jiff::Error> {
        let from: Timestamp = format!("{day}T00:00:00Z").parse()?;
        let range = from..from + hour * 24;
        let starts = free_starts(&always, &zone, range, hour, &BTreeSet::new());
        Ok(starts
            .iter()
            .map(|start| start.strftime("%H:%M").to_string())
            .collect())
    };
    // 01:00–02:00 and 03:00–04:00 there, which follow one another.
    let spring = ["00:00", "00:15", "00:30", "00:45", "01:00"];
    assert_eq!(starts("2027-03-28")?, spring);
    // Four hours, of which the range leaves out the first.
    assert_eq!(starts("2026-10-25")?.len(), 9);
    assert_eq!(starts("2026-11-01")?.len(), 9);
    Ok(())
}

#[test]
fn a_day_that_is_otherwise_takes_the_place_of_its_week() -> Fallible {
    let zone = TimeZone::get("Asia/Tokyo")?;
    let mostly = availability(json!({
        "weekly": [
            {"day": "monday", "from": "22:00", "to": "24:00"},
            {"day": "tuesday", "from": "00:00", "to": "01:00"},
        ],
        "exceptions": [
            {"date": "2026-11-30", "available": []},
            {"date": "2026-12-02", "available": [{"from": "09:00", "to": "09:30"}]},
        ],
    }))?;
    let from: Timestamp = "2026-11-22T15:00:00Z".parse()?;
    let range = from..from + SignedDuration::from_hours(11 * 24);
    let half = SignedDuration::from_mins(30);
    let starts = free_starts(&mostly, &zone, range.clone(), half, &BTreeSet::new());
    let starts: Vec<String> = starts.iter().map(ToString::to_string).collect();
    // Monday evening and on past midnight; a Monday without; a Wednesday of its own.
    let first: Vec<String> = (0..11)
        .map(|cell| ("2026-11-23T13:00:00Z".parse::<Timestamp>()).map(|at| at + CELL * cell))
        .map(|at| at.map(|at| at.to_string()))
        .collect::<Result<_, _>>()?;
    assert_eq!(starts[..11], first);
    let rest = [
        "2026-11-30T15:00:00Z",
        "2026-11-30T15:15:00Z",
        "2026-11-30T15:30:00Z",
        "2026-12-02T00:00:00Z",
    ];
    assert_eq!(starts[11..], rest);

    let busy = BTreeSet::from(["2026-11-23T13:30:00Z".parse()?]);
    let left = free_starts(&mostly, &zone, range, half, &busy);
    assert_eq!(left.len(), 13);
    Ok(())
}

#[test]
fn hours_are_quarters_in_order_that_do_not_overlap() -> Fallible {
    let row = |from: &str, to: &str| json!({"day": "friday", "from": from, "to": to});
    for right in [
        json!({}),
        json!({"weekly": [], "exceptions": []}),
        json!({"weekly": [row("12:00", "24:00"), row("00:00", "12:00")]}),
        json!({"weekly": [row("09:00", "10:00"),
            {"day": "monday", "from": "09:00", "to": "10:00"}]}),
        json!({"exceptions": [{"date": "2026-12-24", "available": []}]}),
    ] {
        update(right)?;
    }
    for wrong in [
        json!({"weekly": null}),
        json!({"weekly": [row("09:00", "09:00")]}),
        json!({"weekly": [row("22:00", "02:00")]}),
        json!({"weekly": [row("9:00", "10:00")]}),
        json!({"weekly": [row("09:10", "10:00")]}),
        json!({"weekly": [row("09:00", "24:15")]}),
        json!({"weekly": [row("24:00", "24:00")]}),
        json!({"weekly": [row("09:00", "10:00"), row("09:45", "11:00")]}),
        json!({"weekly": [{"day": "Friday", "from": "09:00", "to": "10:00"}]}),
        json!({"weekly": vec![row("09:00", "10:00"); 51]}),
        json!({"exceptions": [{"date": "2026-12-24"}]}),
        json!({"exceptions": [{"date": "2026-12-24", "available": [
            {"from": "09:00", "to": "12:00"}, {"from": "11:00", "to": "13:00"},
        ]}]}),
        json!({"exceptions": vec![json!({"date": "2026-12-24", "available": []}); 2]}),
    ] {
        assert!(update(wrong.clone()).is_err(), "{wrong}");
    }
    Ok(())
}
