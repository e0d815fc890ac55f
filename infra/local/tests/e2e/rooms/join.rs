//! `GET /rooms/{room_id}/join`: the meeting's life.

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::future::join_all;
use serde_json::Value;

use super::hall::Hall;
use crate::support::{MORNING, text};

const ROOM: &str = "20261121T0900-0";

async fn four(hall: &Hall) -> Vec<super::hall::Guest> {
    let guests = hall.guests(4);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    guests
}

fn no_nulls(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().all(no_nulls),
        Value::Object(fields) => fields.values().all(no_nulls),
        _ => true,
    }
}

#[tokio::test]
async fn the_answer_is_what_the_browser_client_takes() {
    let hall = Hall::new().await;
    let guests = four(&hall).await;
    hall.at("08:56").await;
    let answer = hall.join(&guests[0], ROOM).await.expect(200);
    assert!(no_nulls(&answer.body), "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, {
        ".Attendee.AttendeeId" => "[string]",
        ".Attendee.ExternalUserId" => "[string]",
        ".Attendee.JoinToken" => "[string]",
        ".Meeting.MeetingId" => "[string]",
        ".Meeting.MediaPlacement.AudioFallbackUrl" => "[string]",
        ".Meeting.MediaPlacement.AudioHostUrl" => "[string]",
        ".Meeting.MediaPlacement.EventIngestionUrl" => "[string]",
        ".Meeting.MediaPlacement.SignalingUrl" => "[string]",
        ".Meeting.MediaPlacement.TurnControlUrl" => "[string]",
    }, @r#"
    {
      "Attendee": {
        "AttendeeId": "[string]",
        "ExternalUserId": "[string]",
        "JoinToken": "[string]"
      },
      "Meeting": {
        "ExternalMeetingId": "enishi_20261121T0900-0",
        "MediaPlacement": {
          "AudioFallbackUrl": "[string]",
          "AudioHostUrl": "[string]",
          "EventIngestionUrl": "[string]",
          "SignalingUrl": "[string]",
          "TurnControlUrl": "[string]"
        },
        "MediaRegion": "ap-northeast-1",
        "MeetingId": "[string]"
      }
    }
    "#);
    assert_eq!(answer.headers["cache-control"], "no-store");
    // Stacks of one account share Chime's tokens: the same one would be the same meeting.
    let tokens = &hall.world.stack.chime().snapshot()["tokens"];
    let tokens: Vec<&String> = tokens.as_object().unwrap().keys().collect();
    assert_eq!(tokens, ["enishi_20261121T0900-0-1"]);
    // What the others see of one says nothing about one.
    let external = text(&answer.body["Attendee"]["ExternalUserId"]);
    assert!(!external.contains(&guests[0].id) && !external.contains(&guests[0].name));
}

#[tokio::test]
async fn all_members_get_one_meeting_and_each_their_own_token_only() {
    let hall = Hall::new().await;
    let guests = four(&hall).await;
    hall.at("08:56").await;
    assert_eq!(hall.world.asked("CreateMeetingWithAttendees"), 1);
    let before = hall.world.stack.chime().requests();
    let answers = join_all(guests.iter().map(|guest| hall.join(guest, ROOM))).await;
    // The meeting was open: nobody had to ask Chime.
    assert_eq!(hall.world.stack.chime().requests(), before);

    let tokens: Vec<String> = answers
        .iter()
        .map(|answer| text(&answer.body["Attendee"]["JoinToken"]))
        .collect();
    assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), 4);
    for (answer, own) in answers.iter().zip(&tokens) {
        assert_eq!(answer.body["Meeting"], answers[0].body["Meeting"]);
        for token in &tokens {
            assert_eq!(answer.text.contains(token.as_str()), token == own);
        }
    }
    for (guest, answer) in guests.iter().zip(&answers) {
        hall.connected(answer);
        // Asking again answers the same.
        assert_eq!(hall.join(guest, ROOM).await.expect(200).body, answer.body);
    }
    // At rest tokens are sealed.
    let mut binary = Vec::new();
    let dump = Value::Array(hall.dump());
    binaries(&dump, &mut binary);
    assert!(binary.len() > 4);
    let dump = dump.to_string();
    for token in &tokens {
        assert!(!dump.contains(token.as_str()), "a token lies in plain text");
        let plain = |bytes: &Vec<u8>| bytes.windows(token.len()).any(|it| it == token.as_bytes());
        assert!(!binary.iter().any(plain), "a token lies in plain bytes");
    }
}

fn binaries(value: &Value, found: &mut Vec<Vec<u8>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| binaries(item, found)),
        Value::Object(fields) => {
            if let Some(Value::String(binary)) = fields.get("B") {
                found.push(BASE64_STANDARD.decode(binary).unwrap());
            }
            fields.values().for_each(|item| binaries(item, found));
        }
        _ => {}
    }
}

#[tokio::test]
async fn only_members_join_and_only_in_its_time() {
    let hall = Hall::new().await;
    let guests = four(&hall).await;
    let stranger = hall.guest("stranger");
    for time in ["08:54:59", "08:56", "09:30"] {
        hall.set(time);
        hall.join(&stranger, ROOM)
            .await
            .expect_error(404, "not_found", &[]);
        for unknown in [
            "20261121T0900-1",
            "20261121T0900-4294967295",
            "20261121T0900-4294967296",
            "20261121T0900-00",
            "20261121T0915-0",
            "20261122T0900-0",
            "20261131T0900-0",
            "20261121T0900",
            "x",
            "%00",
        ] {
            let answer = hall.join(&guests[0], unknown).await;
            assert_eq!(answer.status, 404, "{unknown}");
            answer.expect_error(404, "not_found", &[]);
        }
    }
    for (time, status) in [
        ("08:54:59", 409),
        ("08:55", 200),
        ("09:29:59", 200),
        ("09:30", 409),
    ] {
        hall.set(time);
        assert_eq!(hall.join(&guests[0], ROOM).await.status, status, "{time}");
    }
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 1);
}

#[tokio::test]
async fn the_first_one_opens_a_room_that_is_not_open_yet() {
    let hall = Hall::new().await;
    let guests = four(&hall).await;
    hall.set("08:55");
    let answers = join_all(guests.iter().map(|guest| hall.join(guest, ROOM))).await;
    let mut meetings = BTreeSet::new();
    for (guest, answer) in guests.iter().zip(answers) {
        // Chime allows ten requests a second, and says so to who comes at the same moment.
        let answer = match answer.status.as_u16() {
            503 => hall.join(guest, ROOM).await,
            _ => answer,
        };
        let answer = answer.expect(200);
        hall.connected(&answer);
        meetings.insert(text(&answer.body["Meeting"]["MeetingId"]));
    }
    assert_eq!(meetings.len(), 1);
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 1);
    hall.at("08:56").await;
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 1);
}

#[tokio::test]
async fn a_room_that_nobody_joined_for_five_minutes_is_opened_anew() {
    let hall = Hall::new().await;
    let guests = four(&hall).await;
    hall.at("08:56").await;
    let first = hall.join(&guests[0], ROOM).await.expect(200);
    // Chime says that it has ended.
    hall.at("09:02").await;
    assert!(hall.world.stack.chime().live_meetings().is_empty());
    let second = hall.join(&guests[0], ROOM).await.expect(200);
    assert_ne!(
        second.body["Meeting"]["MeetingId"],
        first.body["Meeting"]["MeetingId"]
    );
    assert_ne!(
        second.body["Attendee"]["JoinToken"],
        first.body["Attendee"]["JoinToken"]
    );
    hall.connected(&second);
    assert_eq!(hall.world.asked("GetMeeting"), 0);
    let other = hall.join(&guests[1], ROOM).await.expect(200);
    assert_eq!(other.body["Meeting"], second.body["Meeting"]);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn an_end_that_nobody_told_of_is_found_out() {
    let hall = Hall::new().await;
    let guests = four(&hall).await;
    hall.at("08:56").await;
    let first = hall.join(&guests[0], ROOM).await.expect(200);
    // The clock goes on, but Chime's events do not arrive.
    hall.set("09:02");
    let answers = join_all(guests.iter().map(|guest| hall.join(guest, ROOM))).await;
    let second = text(&answers[0].body["Meeting"]["MeetingId"]);
    assert_ne!(second, text(&first.body["Meeting"]["MeetingId"]));
    for answer in answers {
        let answer = answer.expect(200);
        assert_eq!(text(&answer.body["Meeting"]["MeetingId"]), second);
        hall.connected(&answer);
    }
    // Now they do: the end of the first meeting is none of the second's.
    hall.world.stack.settle().await;
    let again = hall.join(&guests[1], ROOM).await.expect(200);
    assert_eq!(text(&again.body["Meeting"]["MeetingId"]), second);
}

#[tokio::test]
async fn a_meeting_with_people_in_it_lives_on() {
    let hall = Hall::new().await;
    let guests = four(&hall).await;
    hall.at("08:56").await;
    let first = hall.connect(&guests[0], MORNING).await;
    for time in ["08:59", "09:04", "09:15"] {
        hall.at(time).await;
        let answer = hall.connect(&guests[1], MORNING).await;
        assert_eq!(answer.body["Meeting"], first.body["Meeting"], "{time}");
    }
    // The last one goes: five minutes later the meeting is over.
    hall.at("09:18").await;
    for guest in &guests[..2] {
        let answer = hall.join(guest, ROOM).await.expect(200);
        let attendee = text(&answer.body["Attendee"]["AttendeeId"]);
        let meeting = text(&answer.body["Meeting"]["MeetingId"]);
        hall.world.stack.chime().leave(&meeting, &attendee).unwrap();
    }
    hall.world.stack.settle().await;
    for (time, same) in [("09:22:30", true), ("09:22:50", true), ("09:23:10", false)] {
        hall.set(time);
        let answer = hall.join(&guests[2], ROOM).await.expect(200);
        assert_eq!(
            answer.body["Meeting"] == first.body["Meeting"],
            same,
            "{time}"
        );
        if !same {
            hall.connected(&answer);
        }
    }
}

#[tokio::test]
async fn more_than_ten_members_each_have_their_own_attendee() {
    let hall = Hall::with_slots(&["09:00"], 12).await;
    let guests = hall.guests(12);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    hall.at("08:56").await;
    assert_eq!(hall.world.asked("CreateMeetingWithAttendees"), 1);
    assert_eq!(hall.world.asked("BatchCreateAttendee"), 1);
    let mut attendees = BTreeSet::new();
    for guest in &guests {
        let answer = hall.join(guest, ROOM).await.expect(200);
        hall.connected(&answer);
        attendees.insert(text(&answer.body["Attendee"]["AttendeeId"]));
    }
    assert_eq!(attendees.len(), 12);
    assert_eq!(hall.world.asked("CreateAttendee"), 0);
    // Who walks in is made an attendee at joining, and then known.
    let late = hall.guest("late");
    hall.enroll(&late, MORNING).await.expect(201);
    for _ in 0..2 {
        hall.connected(&hall.join(&late, ROOM).await.expect(200));
    }
    assert_eq!(hall.world.asked("CreateAttendee"), 1);
    // Recorded as present, all of them.
    hall.world.stack.settle().await;
    hall.at("09:30").await;
    for guest in guests.iter().chain([&late]) {
        assert_eq!(hall.rate(guest).await, 100);
    }
}
