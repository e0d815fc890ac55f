//! Chime throttles, fails, answers late or has no room for one more meeting.

use enishi_local::chime::{Fault, Quotas};
use http::header;
use serde_json::{Value, json};

use super::hall::{Guest, Hall};
use crate::support::{Answer, MORNING, text};

async fn pairs(hall: &Hall, rooms: usize) -> Vec<Guest> {
    let guests = hall.guests(2 * rooms);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    assert_eq!(hall.seating(&guests, MORNING).await.len(), rooms);
    guests
}

/// 503 with `Retry-After`.
#[track_caller]
fn try_again(answer: Answer) {
    let answer = answer.expect_error(503, "service_unavailable", &[]);
    let seconds = answer.headers[header::RETRY_AFTER].to_str().unwrap();
    assert!(
        (1..=60).contains(&seconds.parse::<u32>().unwrap()),
        "{seconds}"
    );
}

/// Joining works, or is to be tried again and works then.
async fn joins(hall: &Hall, guest: &Guest, room: &str) -> Answer {
    let answer = hall.join(guest, room).await;
    let answer = match answer.status.as_u16() {
        200 => answer,
        _ => {
            try_again(answer);
            hall.join(guest, room).await.expect(200)
        }
    };
    hall.connected(&answer);
    answer
}

#[tokio::test]
async fn joining_survives_whatever_befalls_the_opening() {
    let hall = Hall::with_slots(&["09:00"], 2).await;
    let guests = pairs(&hall, 4).await;
    hall.set("08:58");
    let faults = [
        Fault::Throttled,
        Fault::Unavailable,
        Fault::Conflict,
        Fault::Lost,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let room = format!("20261121T0900-{number}");
        hall.world
            .stack
            .chime()
            .inject("CreateMeetingWithAttendees", fault);
        let mut meetings = Vec::new();
        for guest in &guests {
            if hall.room(guest, MORNING).await == room {
                let answer = joins(&hall, guest, &room).await;
                meetings.push(text(&answer.body["Meeting"]["MeetingId"]));
            }
        }
        assert_eq!(meetings.len(), 2, "{fault:?}");
        assert_eq!(meetings[0], meetings[1], "{fault:?}");
    }
    // Nothing was made twice.
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 4);
}

#[tokio::test]
async fn joining_survives_whatever_befalls_a_look_at_the_meeting_or_a_late_attendee() {
    let hall = Hall::with_slots(&["09:00"], 2).await;
    let guests = pairs(&hall, 1).await;
    hall.at("08:56").await;
    hall.connect(&guests[0], MORNING).await;
    // Nothing is known of the meeting any more but what Chime says: its events got lost.
    hall.set("09:10");
    let room = "20261121T0900-0";
    for fault in [Fault::Throttled, Fault::Unavailable, Fault::Lost] {
        hall.world.stack.chime().inject("GetMeeting", fault);
        joins(&hall, &guests[1], room).await;
    }
    for fault in [Fault::Throttled, Fault::Conflict, Fault::Lost] {
        let late = hall.guest(&format!("{fault:?}"));
        hall.enroll(&late, MORNING).await.expect(201);
        hall.world.stack.chime().inject("CreateAttendee", fault);
        let room = hall.room(&late, MORNING).await;
        joins(&hall, &late, &room).await;
    }
}

#[tokio::test]
async fn a_meeting_that_was_made_but_not_noted_is_not_given_out_after_its_end() {
    let hall = Hall::with_slots(&["09:00"], 2).await;
    let guests = pairs(&hall, 1).await;
    let room = "20261121T0900-0";
    hall.at("08:56").await;
    for (made, later, over) in [
        ("09:02", "09:08", "09:14"),
        // So soon it still lives.
        ("09:15", "09:17", "09:23"),
        ("09:23:30", "09:29", "09:29:30"),
    ] {
        hall.at(made).await;
        assert!(
            hall.world.stack.chime().live_meetings().is_empty(),
            "{made}"
        );
        // Carried out, though the answer says otherwise.
        hall.world
            .stack
            .chime()
            .inject("CreateMeetingWithAttendees", Fault::Conflict);
        try_again(hall.join(&guests[0], room).await);
        assert_eq!(hall.world.stack.chime().live_meetings().len(), 1);
        hall.set(later);
        let answer = hall.join(&guests[1], room).await.expect(200);
        hall.connected(&answer);
        assert_eq!(hall.world.stack.chime().live_meetings().len(), 1);
        let other = hall.join(&guests[0], room).await.expect(200);
        assert_eq!(other.body["Meeting"], answer.body["Meeting"]);
        // Over before the next round.
        let (meeting, attendee) = (&answer.body["Meeting"], &answer.body["Attendee"]);
        let (meeting, attendee) = (text(&meeting["MeetingId"]), text(&attendee["AttendeeId"]));
        hall.world.stack.chime().leave(&meeting, &attendee).unwrap();
        hall.at(over).await;
    }
}

#[tokio::test]
async fn the_opening_goes_on_while_chime_throttles() {
    let hall = Hall::with_slots(&["09:00"], 2).await;
    let guests = pairs(&hall, 3).await;
    for fault in [Fault::Conflict, Fault::Lost, Fault::Throttled] {
        hall.world
            .stack
            .chime()
            .inject("CreateMeetingWithAttendees", fault);
    }
    hall.at("08:56").await;
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 3);
    let before = hall.world.stack.chime().requests();
    for guest in &guests {
        hall.connect(guest, MORNING).await;
    }
    assert_eq!(hall.world.stack.chime().requests(), before);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn a_meeting_beyond_the_quota_is_to_be_tried_again() {
    let hall = Hall::with(|options| {
        options.parameters.insert("Slots".into(), slots_of_two());
        options.quotas = Quotas {
            concurrent_meetings: Some(2),
            ..Quotas::default()
        };
    })
    .await;
    let guests = pairs(&hall, 3).await;
    hall.set("08:56");
    let done = hall.sweep("RoomsOpen").await.unwrap();
    let opened = &done["opened"];
    let slot = "2026-11-21T09:00";
    assert_eq!(
        *opened,
        json!([{"slot": slot, "open": 2, "beyond_quota": 1}])
    );
    // Once is enough; nothing to alarm on again.
    let done = hall.sweep("RoomsOpen").await.unwrap();
    assert_eq!(done["opened"], json!([]));

    let open = hall.world.stack.chime().live_meetings();
    let open: Vec<&str> = open
        .iter()
        .map(|it| it.external_meeting_id.as_str())
        .collect();
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for guest in &guests {
        let room = hall.room(guest, MORNING).await;
        match open.contains(&format!("enishi_{room}").as_str()) {
            true => inside.push(guest),
            false => outside.push((guest, room)),
        }
    }
    assert_eq!((inside.len(), outside.len()), (4, 2));
    for (guest, room) in &outside {
        try_again(hall.join(guest, room).await);
    }
    for guest in inside {
        hall.connect(guest, MORNING).await;
    }
    // A room is left by all: five minutes later there is a meeting for the other.
    let first = hall.world.stack.chime().snapshot();
    let (id, meeting) = first["meetings"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    for attendee in meeting["present"].as_array().unwrap() {
        hall.world.stack.chime().leave(id, &text(attendee)).unwrap();
    }
    hall.at("09:02").await;
    for (guest, _) in &outside {
        hall.connect(guest, MORNING).await;
    }
}

#[tokio::test]
async fn neither_the_opening_nor_who_joins_takes_of_the_reserved_share_of_the_quota() {
    let hall = Hall::with(|options| {
        for (name, value) in [
            ("Slots", slots_of_two()),
            ("ChimeMeetingQuota", "3".into()),
            ("ChimeReservedPercent", "67".into()),
        ] {
            options.parameters.insert(name.into(), value);
        }
    })
    .await;
    let guests = pairs(&hall, 3).await;
    hall.set("08:55");
    // Whoever opens it: of the three rooms the first has a meeting.
    for opened in [false, true] {
        if opened {
            hall.set("08:57");
            let done = hall.sweep("RoomsOpen").await.unwrap();
            let opened = &done["opened"];
            assert_eq!(
                (&opened[0]["open"], &opened[0]["beyond_quota"]),
                (&json!(1), &json!(2))
            );
        }
        for guest in &guests {
            let room = hall.room(guest, MORNING).await;
            let answer = hall.join(guest, &room).await;
            match room.ends_with("-0") {
                true => hall.connected(&answer.expect(200)),
                false => try_again(answer),
            }
        }
        assert_eq!(hall.world.stack.chime().live_meetings().len(), 1);
    }
    assert_eq!(hall.world.asked("CreateMeetingWithAttendees"), 1);
}

fn slots_of_two() -> String {
    let slots: Value = json!({
        "times": ["09:00"], "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "minutes": 30, "room_size": 2, "time_zone": "Asia/Tokyo",
    });
    slots.to_string()
}
