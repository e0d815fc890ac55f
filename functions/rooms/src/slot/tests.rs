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
    assert_eq!(slots.open(at("08:54:59")).count(), 0);
    assert_eq!(slots.open(at("08:55:00")).count(), 1);
    assert_eq!(slots.open(at("09:30:00")).count(), 0);
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
        ("2026-11-20", Some("09:0")),
        ("2026-11-20", Some("009:00")),
        ("2026-11-20", Some("+9:00")),
        ("2026-11-20", Some("09b:00")),
        ("2026-11-20", Some("09:00:00")),
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
    let nine = slots().requested(now, "2026-11-20", Some("9:00")).unwrap();
    assert_eq!(nine.time(), "09:00");
}

fn nightly(zone: &str, times: &str) -> Slots {
    Slots::from_json(&format!(
        r#"{{"times":{times},"days":["mon","tue","wed","thu","fri","sat","sun"],"minutes":30,
            "room_size":4,"time_zone":"{zone}"}}"#
    ))
    .unwrap()
}

#[test]
fn yesterdays_slot_can_be_asked_for_while_it_runs() {
    let slots = nightly("Asia/Tokyo", r#"["23:45"]"#);
    let at = |time: &str| format!("2026-11-21T{time}+09:00").parse().unwrap();
    for (now, found) in [("00:14:59", true), ("00:15:00", false)] {
        let slot = slots.requested(at(now), "2026-11-20", None);
        assert_eq!(slot.is_ok(), found, "{now}");
    }
    assert!(slots.requested(at("00:00"), "2026-11-19", None).is_err());
}

#[test]
fn the_repeated_hour_has_two_slots_in_order_of_time() {
    let slots = nightly("Europe/Berlin", r#"["02:00","02:30","03:00"]"#);
    let now = "2026-10-24T12:00:00Z".parse().unwrap();
    let night: Vec<(String, String)> = slots
        .between("2026-10-25".parse().unwrap(), "2026-10-25".parse().unwrap())
        .iter()
        .map(|slot| (slot.id().to_string(), slot.start.to_string()))
        .collect();
    let expected = [
        ("2026-10-25T02:00", "2026-10-25T00:00:00Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02b:00", "2026-10-25T01:00:00Z"),
        ("2026-10-25T02b:30", "2026-10-25T01:30:00Z"),
        ("2026-10-25T03:00", "2026-10-25T02:00:00Z"),
    ];
    assert_eq!(
        night,
        expected.map(|(id, start)| (id.to_owned(), start.to_owned()))
    );
    assert!(night.is_sorted());
    for (id, start) in expected {
        let id: SlotId = id.parse().unwrap();
        assert_eq!(slots.id_at(start.parse().unwrap()), id);
        assert_eq!(slots.by_id(id).start.to_string(), start);
        let room = RoomId::new(id, 3);
        assert_eq!(room.to_string().parse(), Ok(room));
    }
    assert_eq!(
        RoomId::new("2026-10-25T02b:30".parse().unwrap(), 3).to_string(),
        "20261025T02b30-3"
    );
    let again = slots.requested(now, "2026-10-25", Some("02b:30")).unwrap();
    assert_eq!(again.id().to_string(), "2026-10-25T02b:30");
    // No other night has it, and no other hour.
    assert!(slots.requested(now, "2026-10-26", Some("02b:30")).is_err());
    assert!(slots.requested(now, "2026-10-25", Some("03b:00")).is_err());
}

#[test]
fn the_hour_that_spring_leaves_out_has_its_slots_an_hour_later() {
    let slots = nightly("Europe/Berlin", r#"["02:30"]"#);
    let now = "2027-03-27T12:00:00Z".parse().unwrap();
    let slot = slots.requested(now, "2027-03-28", None).unwrap();
    assert_eq!(slot.id().to_string(), "2027-03-28T02:30");
    assert_eq!(slot.start.to_string(), "2027-03-28T01:30:00Z");
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
