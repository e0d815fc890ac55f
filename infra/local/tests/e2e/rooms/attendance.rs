//! Who is there: `POST /participated`, and what Chime tells.

use serde_json::{Value, json};

use super::hall::{Guest, Hall};
use crate::support::{MORNING, text, tokyo};

const ROOM: &str = "20261121T0900-0";

async fn two(hall: &Hall) -> Vec<Guest> {
    let guests = hall.guests(2);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    guests
}

async fn participates(hall: &Hall, guest: &Guest) -> bool {
    let answer = hall.meeting_url(guest, MORNING).await.expect(200);
    answer.body["participate"].as_bool().unwrap()
}

#[tokio::test]
async fn one_says_that_one_is_there_with_and_without_naming_the_room() {
    let hall = Hall::with_slots(&["09:00"], 6).await;
    let guests = hall.guests(6);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    hall.set("08:55");
    for (guest, (path, body)) in guests.iter().zip([
        ("/participated", None),
        ("/participated", Some(json!({}))),
        ("/participated", Some(json!({"room_id": null}))),
        ("/participated", Some(json!({"room_id": ROOM}))),
        ("/paticipated", None),
        ("/paticipated", Some(json!({"room_id": ROOM}))),
    ]) {
        assert!(!participates(&hall, guest).await);
        // Saying it twice is saying it once.
        for _ in 0..2 {
            let answer = hall
                .call(guest, "POST", path, body.clone())
                .await
                .expect(200);
            assert_eq!(answer.body, json!({"room_id": ROOM, "participate": true}));
        }
        assert!(participates(&hall, guest).await);
    }
}

#[tokio::test]
async fn one_takes_part_in_ones_own_room_in_its_time_only() {
    let hall = Hall::new().await;
    let guests = two(&hall).await;
    let stranger = hall.guest("stranger");
    let path = "/participated";
    for (time, status) in [
        ("08:54:59", 409),
        ("08:55", 200),
        ("09:29:59", 200),
        ("09:30", 409),
    ] {
        hall.set(time);
        for body in [json!({}), json!({"room_id": ROOM})] {
            let answer = hall.post(&guests[0], path, body.clone()).await;
            assert_eq!(answer.status, status, "{time} {body}");
        }
        for room in [ROOM, "20261121T0900-1", "20261122T0900-0", "x", ""] {
            let answer = hall.post(&stranger, path, json!({"room_id": room})).await;
            answer.expect_error(404, "not_found", &[]);
        }
        let answer = hall.call(&stranger, "POST", path, None).await;
        assert_eq!(
            answer.status,
            if status == 200 { 404 } else { 409 },
            "{time}"
        );
    }
    for (body, field) in [
        (json!({"room_id": 1}), "room_id: invalid"),
        (json!({"room": ROOM}), "room: invalid"),
    ] {
        let answer = hall.post(&guests[0], path, body).await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
    assert!(!participates(&hall, &guests[1]).await);
}

#[tokio::test]
async fn who_enrolled_without_a_draw_has_no_room_to_take_part_in() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    hall.enroll(&guest, MORNING).await.expect(201);
    hall.set("09:00");
    let answer = hall.post(&guest, "/participated", json!({})).await;
    answer.expect_error(404, "not_found", &[]);
}

/// What Chime sends of somebody in a meeting at a time.
fn event(kind: &str, answer: &Value, time: &str) -> Value {
    let at = tokyo(&format!("{MORNING}T{time}"));
    json!({
        "version": "0",
        "source": "aws.chime",
        "detail-type": "Chime Meeting State Change",
        "account": "000000000000",
        "region": "ap-northeast-1",
        "time": at.to_string(),
        "resources": [],
        "detail": {
            "version": "0",
            "eventType": format!("chime:{kind}"),
            "timestamp": at.as_millisecond(),
            "meetingId": answer["Meeting"]["MeetingId"],
            "externalMeetingId": answer["Meeting"]["ExternalMeetingId"],
            "attendeeId": answer["Attendee"]["AttendeeId"],
            "externalUserId": answer["Attendee"]["ExternalUserId"],
            "networkType": "Voip",
            "mediaRegion": "ap-northeast-1",
        },
    })
}

async fn tell(hall: &Hall, event: Value) {
    let told = hall
        .world
        .stack
        .lambda()
        .invoke("RoomsAttendance", event.clone())
        .await;
    assert_eq!(told, Ok(Value::Null), "{event}");
}

#[tokio::test]
async fn who_connects_is_present() {
    let hall = Hall::new().await;
    let guests = two(&hall).await;
    hall.at("08:56").await;
    hall.connect(&guests[0], MORNING).await;
    hall.world.stack.settle().await;
    assert!(participates(&hall, &guests[0]).await);
    assert!(!participates(&hall, &guests[1]).await);
    // Getting the credentials is not being there.
    hall.join(&guests[1], ROOM).await.expect(200);
    hall.world.stack.settle().await;
    assert!(!participates(&hall, &guests[1]).await);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn events_may_come_twice_late_and_in_any_order() {
    let hall = Hall::new().await;
    let guests = two(&hall).await;
    hall.at("08:56").await;
    let first = hall.join(&guests[0], ROOM).await.expect(200).body;
    // Gone before they came, and more than once.
    for kind in [
        "AttendeeLeft",
        "AttendeeDropped",
        "AttendeeJoined",
        "AttendeeLeft",
    ] {
        for _ in 0..2 {
            tell(&hall, event(kind, &first, "08:58")).await;
        }
    }
    assert!(participates(&hall, &guests[0]).await);

    // Of two generations: what is told of the first does nothing to the second.
    hall.at("09:04").await;
    let second = hall.join(&guests[1], ROOM).await.expect(200).body;
    assert_ne!(
        first["Meeting"]["MeetingId"],
        second["Meeting"]["MeetingId"]
    );
    for kind in [
        "MeetingEnded",
        "AttendeeJoined",
        "AttendeeLeft",
        "MeetingStarted",
        "Other",
    ] {
        tell(&hall, event(kind, &first, "09:01")).await;
    }
    let again = hall.join(&guests[1], ROOM).await.expect(200).body;
    assert_eq!(again, second);
    // Presence in an ended meeting was presence.
    let mut late = event("AttendeeJoined", &first, "08:59");
    late["detail"]["externalUserId"] = second["Attendee"]["ExternalUserId"].clone();
    tell(&hall, late).await;
    assert!(participates(&hall, &guests[1]).await);
    // The end told twice begins one generation, not two.
    for _ in 0..2 {
        tell(&hall, event("MeetingEnded", &second, "09:04")).await;
    }
    let generation = |hall: &Hall| {
        let items = hall.dump();
        let meeting = |item: &&Value| text(&item["sk"]["S"]).starts_with("MEETING#");
        let item = items.iter().find(meeting).unwrap();
        text(&item["generation"]["N"])
    };
    assert_eq!(generation(&hall), "3");
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn recorders_and_other_peoples_meetings_are_no_concern() {
    let hall = Hall::new().await;
    let guests = two(&hall).await;
    hall.at("08:56").await;
    let answer = hall.join(&guests[0], ROOM).await.expect(200).body;
    let before = hall.dump();
    let chime = hall.world.stack.chime();
    let recorder = chime
        .join_recorder(&text(&answer["Meeting"]["MeetingId"]))
        .unwrap();
    hall.at("08:59").await;
    chime
        .leave(&text(&answer["Meeting"]["MeetingId"]), &recorder)
        .unwrap();
    hall.world.stack.settle().await;
    for name in [
        "enishi_visit-1",
        "enishi_20261121T0900-7",
        "enishi_20991121T0900-0",
        "enishi_20261121T0900",
        "enishi_",
        "",
        // Other stacks' rooms of the same name.
        "enishi-staging_20261121T0900-0",
        "20261121T0900-0",
    ] {
        for kind in ["AttendeeJoined", "AttendeeLeft", "MeetingEnded"] {
            let mut other = event(kind, &answer, "09:00");
            other["detail"]["externalMeetingId"] = name.into();
            other["detail"]["meetingId"] = "another".into();
            tell(&hall, other).await;
        }
    }
    // A meeting without a name, a member nobody knows, a time out of the slot.
    let mut other = event("AttendeeJoined", &answer, "09:00");
    other["detail"]
        .as_object_mut()
        .unwrap()
        .remove("externalMeetingId");
    tell(&hall, other).await;
    tell(&hall, event("AttendeeJoined", &answer, "08:54")).await;
    tell(&hall, event("AttendeeJoined", &answer, "09:31")).await;
    assert!(!participates(&hall, &guests[0]).await);
    assert_eq!(hall.dump(), before);
    // The recorder kept nothing alive: whoever comes after the end gets a new meeting.
    hall.set("09:02");
    let next = hall.join(&guests[0], ROOM).await.expect(200);
    assert_ne!(
        next.body["Meeting"]["MeetingId"],
        answer["Meeting"]["MeetingId"]
    );
    hall.connected(&next);
    hall.world.nothing_given_up();
}
