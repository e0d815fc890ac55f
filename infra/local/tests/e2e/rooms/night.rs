//! Slots by night: over midnight, and where the clocks are set back.

use enishi_local::clock::LocalClock;
use serde_json::{Value, json};

use super::hall::{Guest, Hall, sizes};
use crate::support::MORNING;

#[tokio::test]
async fn a_slot_over_midnight_can_be_joined_walked_into_and_listed_after_it() {
    let hall = Hall::with_slots(&["23:45"], 4).await;
    let mut guests = hall.guests(3);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("23:35").await;
    hall.at("23:41").await;
    hall.connect(&guests[0], MORNING).await;

    hall.world.at("2026-11-22T00:05").await;
    hall.connect(&guests[1], MORNING).await;
    hall.participate(&guests[2]).await;
    let late = hall.guest("late");
    let body = json!({"date": MORNING, "time": "23:45"});
    let walked_in = hall.post(&late, "/register/", body).await.expect(201);
    assert_eq!(walked_in.text("status"), "assigned");
    hall.connect(&late, MORNING).await;
    guests.push(late);
    assert_eq!(sizes(&hall.seating(&guests, MORNING).await), [4]);
    for guest in &guests {
        let list = hall.get(guest, "/register/").await.expect(200);
        assert_eq!(list.body[0]["date"], MORNING, "{}", list.text);
        assert_eq!(list.body[0]["starts_at"], "2026-11-21T14:45:00Z");
        for query in ["", "?time=23:45", "?date=2026-11-21"] {
            let path = format!("/meeting_url/{}{query}", guest.id);
            let answer = hall.get(guest, &path).await.expect(200);
            assert_eq!(answer.text("status"), "ready", "{query}");
        }
    }

    hall.world.at("2026-11-22T00:15").await;
    for guest in &guests {
        let list = hall.get(guest, "/register/").await.expect(200);
        assert_eq!(list.body, json!([]));
        assert_eq!(hall.rate(guest).await, 100);
    }
    let answer = hall.enroll(&hall.guest("later"), MORNING).await;
    answer.expect_error(400, "invalid_parameter", &["date: invalid"]);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn the_repeated_hour_of_autumn_has_two_slots() {
    let slots = json!({
        "times": ["02:30"], "days": ["sun"], "minutes": 30, "room_size": 4,
        "time_zone": "Europe/Berlin",
    });
    let hall = Hall::with(|options| {
        options.parameters.insert("Slots".into(), slots.to_string());
        options.clock = LocalClock::still("2026-10-24T12:00:00Z".parse().unwrap());
    })
    .await;
    let at = async |time: &str| {
        let time = format!("2026-10-25T{time}:00Z");
        hall.world.stack.at(time.parse().unwrap()).await;
    };
    let (first, second) = (hall.guests(2), hall.guests(3));
    let enroll = async |guests: &[Guest], time: &str, starts_at: &str| {
        for guest in guests {
            let body = json!({"date": "2026-10-25", "time": time});
            let answer = hall.post(guest, "/register/", body).await.expect(201);
            assert_eq!(answer.text("starts_at"), starts_at);
        }
    };
    enroll(&first, "2:30", "2026-10-25T00:30:00Z").await;
    enroll(&second, "02b:30", "2026-10-25T01:30:00Z").await;
    // Whoever is in both is in two slots.
    enroll(&first[..1], "2b:30", "2026-10-25T01:30:00Z").await;
    let list = hall.get(&first[0], "/register/").await.expect(200).body;
    let times: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["time"])
        .collect();
    assert_eq!(times, ["02:30", "02b:30"]);
    let room = async |guest: &Guest, time: &str| {
        let path = format!("/meeting_url/{}?date=2026-10-25&time={time}", guest.id);
        hall.get(guest, &path).await.expect(200)
    };

    at("00:20").await;
    assert_eq!(
        room(&first[0], "02:30").await.text("room_id"),
        "20261025T0230-0"
    );
    assert_eq!(room(&second[0], "02b:30").await.text("status"), "pending");
    at("00:35").await;
    hall.participate(&first[0]).await;
    assert_eq!(hall.rate(&first[1]).await, 100);
    // It is closed when it ends, at 02:00 for the second time.
    at("01:00").await;
    assert_eq!(hall.rate(&first[0]).await, 100);
    assert_eq!(hall.rate(&first[1]).await, 0);

    at("01:20").await;
    let drawn = room(&second[0], "02b:30").await;
    assert_eq!(drawn.text("room_id"), "20261025T02b30-0");
    assert_eq!(drawn.body["members"].as_array().unwrap().len(), 4);
    at("01:26").await;
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 1);
    hall.connected(&hall.join(&second[0], "20261025T02b30-0").await.expect(200));
    at("01:40").await;
    at("02:00").await;
    assert_eq!(hall.rate(&second[0]).await, 100);
    assert_eq!(hall.rate(&second[1]).await, 0);
    assert_eq!(hall.rate(&first[0]).await, 50);
    // No other day has it.
    let body = json!({"date": "2026-11-01", "time": "02b:30"});
    let answer = hall.post(&first[0], "/register/", body).await;
    answer.expect_error(400, "invalid_parameter", &["time: invalid"]);
    hall.world.nothing_given_up();
}
