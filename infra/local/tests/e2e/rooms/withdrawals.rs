//! `DELETE /register/{date}` after the draw: until the start one may still leave.

use serde_json::{Value, json};

use super::hall::Hall;
use crate::support::{MORNING, text};

const PATH: &str = "/register/2026-11-21";

#[tokio::test]
async fn a_late_withdrawal_is_half_an_absence_and_the_others_see_it() {
    let hall = Hall::new().await;
    let guests = hall.guests(4);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    let room = hall.room(&guests[0], MORNING).await;
    // Before the meeting is open, and when they had said that they are there.
    hall.at("08:56").await;
    hall.participate(&guests[0]).await;
    hall.set("08:59:59");
    for _ in 0..2 {
        hall.delete(&guests[0], PATH).await.expect(204);
    }
    let list = hall.get(&guests[0], "/register/").await.expect(200);
    assert_eq!(list.body[0]["status"], "withdrawn");
    let gone = |answer: crate::support::Answer| drop(answer.expect_error(404, "not_found", &[]));
    gone(hall.meeting_url(&guests[0], MORNING).await);
    gone(
        hall.get(&guests[0], &format!("/meeting_url/{}", guests[0].id))
            .await,
    );
    gone(hall.join(&guests[0], &room).await);
    gone(hall.post(&guests[0], "/participated", json!({})).await);
    gone(
        hall.post(&guests[0], "/participated", json!({"room_id": room}))
            .await,
    );
    // They were seen off: they do not come back.
    let again = hall.enroll(&guests[0], MORNING).await;
    again.expect_error(409, "conflict", &[]);

    let seen = hall.meeting_url(&guests[1], MORNING).await.expect(200);
    let mut members = seen.body["members"].as_array().unwrap().clone();
    members.sort_by_key(|member| text(&member["username"]));
    let expected = json!([
        {"username": "p0", "withdrawn": true},
        {"username": "p1"}, {"username": "p2"}, {"username": "p3"},
    ]);
    assert_eq!(Value::from(members), expected);
    for guest in &guests[1..3] {
        hall.connect(guest, MORNING).await;
    }

    // From the start on it is too late.
    hall.set("09:00");
    let late = hall.delete(&guests[3], PATH).await;
    late.expect_error(409, "conflict", &[]);
    hall.world.stack.settle().await;
    hall.set("09:30");
    let closed = json!([{"slot": "2026-11-21T09:00", "assigned": 4, "no_shows": 1}]);
    assert_eq!(hall.sweep("RoomsClose").await.unwrap(), closed);
    let mut rates = Vec::new();
    for guest in &guests {
        rates.push(hall.rate(guest).await);
    }
    assert_eq!(rates, [50, 100, 100, 0]);
    for guest in &guests[..2] {
        let seen = hall.get(guest, "/me/rooms").await.expect(200);
        let room = &seen.body["rooms"][0];
        assert_eq!(room["withdrawn"] == true, guest.id == guests[0].id);
        let members = room["members"].as_array().unwrap();
        let of = |name: &str| members.iter().find(|member| member["username"] == name);
        let withdrawn = json!({
            "user_id": guests[0].id, "username": "p0", "participate": false, "withdrawn": true,
        });
        assert_eq!(of("p0"), Some(&withdrawn));
        let absent = json!({"user_id": guests[3].id, "username": "p3", "participate": false});
        assert_eq!(of("p3"), Some(&absent));
    }
    // The next day nothing is held against them.
    hall.enroll(&guests[0], "2026-11-22").await.expect(201);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn nobody_walks_into_a_room_that_all_have_left() {
    let hall = Hall::with_slots(&["09:00"], 2).await;
    let mut guests = hall.guests(4);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    let seating = hall.seating(&guests, MORNING).await;
    assert_eq!(seating.len(), 2);
    let (left, names) = seating.first_key_value().unwrap();
    for guest in guests.extract_if(.., |guest| names.contains(&guest.name)) {
        hall.delete(&guest, PATH).await.expect(204);
    }
    // The other room takes two, and a third has nobody to be with.
    for (name, alone) in [
        ("one", false),
        ("two", false),
        ("three", true),
        ("four", true),
    ] {
        let guest = hall.guest(name);
        hall.enroll(&guest, MORNING).await.expect(201);
        assert_eq!(hall.room(&guest, MORNING).await == *left, alone, "{name}");
        guests.push(guest);
    }
    // Whoever walked in may leave as well.
    let walked_in = guests.pop().unwrap();
    hall.delete(&walked_in, PATH).await.expect(204);
    hall.at("08:56").await;
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 2);
    hall.at("09:30").await;
    assert_eq!(hall.rate(&walked_in).await, 50);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn a_room_that_all_have_left_has_no_meeting() {
    let hall = Hall::new().await;
    let guests = hall.guests(2);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    for guest in &guests {
        hall.delete(guest, PATH).await.expect(204);
    }
    hall.at("08:56").await;
    assert!(hall.world.stack.chime().live_meetings().is_empty());
    hall.at("09:30").await;
    for guest in &guests {
        assert_eq!(hall.rate(guest).await, 50);
    }
    hall.world.nothing_given_up();
}
