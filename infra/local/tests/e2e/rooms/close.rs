//! The close: no-shows, rates, the end of the meetings.

use enishi_local::chime::Fault;
use serde_json::{Value, json};

use super::hall::{Guest, Hall};
use crate::support::{MORNING, tokyo};

/// A morning of `guests`, of whom `present` say that they are there.
async fn morning(hall: &Hall, date: &str, guests: &[Guest], present: &[&Guest]) {
    hall.enroll_all(guests, date).await;
    hall.world.at(&format!("{date}T08:50")).await;
    hall.world
        .stack
        .clock()
        .set(Some(tokyo(&format!("{date}T09:00"))));
    for guest in present {
        hall.participate(guest).await;
    }
    hall.world.at(&format!("{date}T09:30")).await;
}

#[tokio::test]
async fn who_stays_away_has_a_lower_rate() {
    let hall = Hall::new().await;
    let guests = hall.guests(3);
    let mut rates = Vec::new();
    for (date, present) in [
        (MORNING, vec![&guests[0]]),
        ("2026-11-22", vec![&guests[0], &guests[1]]),
        ("2026-11-23", vec![&guests[0], &guests[1]]),
        ("2026-11-24", vec![&guests[0], &guests[2]]),
    ] {
        morning(&hall, date, &guests, &present).await;
        for guest in &guests {
            rates.push(hall.rate(guest).await);
        }
    }
    assert_eq!(rates, [100, 0, 0, 100, 50, 0, 100, 67, 0, 100, 50, 25]);
    // A morning without them counts for nobody.
    hall.world.at("2026-11-25T08:50").await;
    hall.world.at("2026-11-25T09:30").await;
    assert_eq!(hall.rate(&guests[1]).await, 50);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn the_last_twenty_mornings_count() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    // Twenty mornings as they were entered, away on the first three.
    let mornings: serde_json::Map<String, Value> = (1..=20)
        .map(|day| (format!("2026-10-{day:02}T09:00"), json!({"BOOL": day > 3})))
        .collect();
    hall.put(&json!({
        "pk": {"S": format!("PERSON#{}", guest.id)},
        "sk": {"S": "PERSON"},
        "mornings": {"M": mornings},
        "rate": {"N": "85"},
    }));
    assert_eq!(hall.rate(&guest).await, 85);
    for (date, comes, rate) in [
        (MORNING, true, 90),
        ("2026-11-22", false, 90),
        ("2026-11-23", true, 95),
    ] {
        let present = if comes { vec![&guest] } else { vec![] };
        morning(&hall, date, std::slice::from_ref(&guest), &present).await;
        assert_eq!(hall.rate(&guest).await, rate, "{date}");
    }
}

#[tokio::test]
async fn a_close_deletes_the_meetings_and_a_second_one_changes_nothing() {
    let hall = Hall::new().await;
    let guests = hall.guests(12);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    hall.at("08:56").await;
    for guest in &guests[..6] {
        hall.connect(guest, MORNING).await;
    }
    let last = hall
        .join(&guests[0], &hall.room(&guests[0], MORNING).await)
        .await
        .expect(200);
    hall.at("09:29").await;
    assert_eq!(hall.rate(&guests[11]).await, 100);
    assert!(!hall.world.stack.chime().live_meetings().is_empty());

    hall.set("09:30");
    hall.world.stack.settle().await;
    let (one, other) = tokio::join!(hall.sweep("RoomsClose"), hall.sweep("RoomsClose"));
    let closed = json!([{"slot": "2026-11-21T09:00", "assigned": 12, "no_shows": 6}]);
    assert_eq!(one.unwrap(), closed);
    assert_eq!(other.unwrap(), closed);
    assert!(hall.world.stack.chime().live_meetings().is_empty());
    for (index, guest) in guests.iter().enumerate() {
        assert_eq!(hall.rate(guest).await, if index < 6 { 100 } else { 0 });
    }
    hall.world.stack.settle().await;

    let before = hall.dump();
    assert_eq!(hall.sweep("RoomsClose").await.unwrap(), json!([]));
    hall.at("09:31").await;
    assert_eq!(hall.dump(), before);

    // Nothing that comes late opens a meeting or mends a rate.
    let (meeting, attendee) = (&last.body["Meeting"], &last.body["Attendee"]);
    for (kind, time) in [
        ("AttendeeJoined", "09:31"),
        ("AttendeeLeft", "09:30"),
        ("AttendeeDropped", "09:29"),
        ("MeetingEnded", "09:30"),
    ] {
        let event = json!({"detail": {
            "eventType": format!("chime:{kind}"),
            "timestamp": tokyo(&format!("{MORNING}T{time}")).as_millisecond(),
            "meetingId": meeting["MeetingId"],
            "externalMeetingId": meeting["ExternalMeetingId"],
            "externalUserId": attendee["ExternalUserId"],
        }});
        hall.world
            .stack
            .lambda()
            .invoke("RoomsAttendance", event)
            .await
            .unwrap();
    }
    assert_eq!(hall.dump(), before);
    let room = hall.room(&guests[6], MORNING).await;
    hall.join(&guests[6], &room)
        .await
        .expect_error(409, "conflict", &[]);
    let body = json!({"room_id": room});
    hall.post(&guests[6], "/participated", body)
        .await
        .expect_error(409, "conflict", &[]);
    assert_eq!(hall.rate(&guests[6]).await, 0);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn a_presence_told_after_the_close_changes_no_rate() {
    let hall = Hall::new().await;
    let guests = hall.guests(2);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    hall.at("08:56").await;
    // Connected, but Chime's events wait until after the close.
    hall.set("09:00");
    hall.connect(&guests[0], MORNING).await;
    hall.set("09:30");
    hall.sweep("RoomsClose").await.unwrap();
    assert_eq!(hall.rate(&guests[0]).await, 0);
    hall.at("09:31").await;
    hall.at("09:32").await;
    assert_eq!(hall.rate(&guests[0]).await, 0);
    assert!(hall.world.stack.chime().live_meetings().is_empty());
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn a_missed_close_is_made_up_for_later() {
    let hall = Hall::new().await;
    let guests = hall.guests(2);
    for date in [MORNING, "2026-11-22"] {
        hall.enroll_all(&guests, date).await;
    }
    hall.at("08:50").await;
    hall.at("08:58").await;
    hall.participate(&guests[0]).await;
    // Nothing runs until the next morning's draw, which runs beside the close.
    hall.world.at("2026-11-22T08:50").await;
    assert_eq!(hall.rate(&guests[0]).await, 100);
    assert_eq!(hall.rate(&guests[1]).await, 0);
    assert_eq!(hall.seating(&guests, "2026-11-22").await.len(), 1);
    assert!(hall.world.stack.chime().live_meetings().is_empty());

    // The second morning is closed days later.
    hall.world.at("2026-11-25T12:00").await;
    assert_eq!(hall.rate(&guests[0]).await, 50);
    assert_eq!(hall.rate(&guests[1]).await, 0);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn what_a_close_could_not_do_the_next_minute_does() {
    let hall = Hall::with_slots(&["09:00"], 2).await;
    let guests = hall.guests(4);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    hall.at("08:56").await;
    for guest in &guests[..3] {
        hall.connect(guest, MORNING).await;
    }
    hall.world.stack.settle().await;
    // Five attempts of ours, of three of the SDK's.
    hall.set("09:30");
    for _ in 0..15 {
        hall.world
            .stack
            .chime()
            .inject("DeleteMeeting", Fault::Throttled);
    }
    hall.sweep("RoomsClose").await.unwrap_err();
    hall.at("09:31").await;
    for (index, guest) in guests.iter().enumerate() {
        assert_eq!(hall.rate(guest).await, if index < 3 { 100 } else { 0 });
    }
    assert!(hall.world.stack.chime().live_meetings().is_empty());
    assert_eq!(hall.sweep("RoomsClose").await.unwrap(), json!([]));
}
