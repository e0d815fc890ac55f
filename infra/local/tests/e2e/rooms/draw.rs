//! The draw: by the schedule and by an operator.

use std::collections::BTreeSet;

use serde_json::json;

use super::hall::{Guest, Hall, Seating, sizes};
use crate::support::{MORNING, World};

#[tokio::test]
async fn twelve_people_are_drawn_into_three_rooms_of_four() {
    let hall = Hall::new().await;
    let guests = hall.guests(12);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:49").await;
    let answer = hall.meeting_url(&guests[0], MORNING).await.expect(200);
    assert_eq!(answer.body, json!({"status": "pending"}));
    hall.at("08:50").await;
    let seating = hall.seating(&guests, MORNING).await;
    assert_eq!(sizes(&seating), [4, 4, 4]);
    let rooms: Vec<&String> = seating.keys().collect();
    assert_eq!(
        rooms,
        ["20261121T0900-0", "20261121T0900-1", "20261121T0900-2"]
    );
}

#[tokio::test]
async fn rooms_differ_by_one_at_most_and_nobody_is_alone() {
    let hall = Hall::new().await;
    for (day, (people, expected)) in [
        (1, vec![1]),
        (2, vec![2]),
        (5, vec![5]),
        (6, vec![3, 3]),
        (7, vec![3, 4]),
        (9, vec![3, 3, 3]),
        (10, vec![3, 3, 4]),
    ]
    .into_iter()
    .enumerate()
    {
        // The later days first: they have no earlier ones to look back on.
        let date = format!("2026-12-{:02}", 19 - day);
        let guests = hall.guests(people);
        hall.enroll_all(&guests, &date).await;
        let drawn = hall.draw(&date).await;
        assert_eq!(
            drawn,
            json!({"date": date, "time": "09:00", "enrolled": people, "rooms": expected.len()})
        );
        assert_eq!(sizes(&hall.seating(&guests, &date).await), expected);
    }
}

#[tokio::test]
async fn draws_at_once_give_one_result_and_repeated_ones_change_nothing() {
    let hall = Hall::new().await;
    let (guests, operator) = (hall.guests(12), hall.operator());
    hall.enroll_all(&guests, MORNING).await;
    hall.set("08:50");
    let (first, second, schedule, again) = tokio::join!(
        hall.post(&operator, "/assign_room/", json!({"date": MORNING})),
        hall.post(&operator, "/assign_room/09:00", json!({})),
        hall.sweep("RoomsAssign"),
        hall.sweep("RoomsAssign"),
    );
    let drawn = json!({"date": MORNING, "time": "09:00", "enrolled": 12, "rooms": 3});
    assert_eq!(first.expect(200).body, drawn);
    assert_eq!(second.expect(200).body, drawn);
    assert_eq!(schedule.unwrap(), json!([drawn]));
    assert_eq!(again.unwrap(), json!([drawn]));
    let seating = hall.seating(&guests, MORNING).await;
    assert_eq!(sizes(&seating), [4, 4, 4]);

    let before = hall.dump();
    assert_eq!(hall.draw(MORNING).await, drawn);
    assert_eq!(hall.sweep("RoomsAssign").await.unwrap(), json!([drawn]));
    assert_eq!(hall.dump(), before);

    // Who walks in is in no draw.
    hall.enroll(&hall.guest("late"), MORNING).await.expect(201);
    assert_eq!(hall.draw(MORNING).await, drawn);
    // Nor does the answer change when the slot is over.
    hall.set("12:00");
    assert_eq!(hall.draw(MORNING).await, drawn);
}

#[tokio::test]
async fn only_an_operator_draws_by_hand() {
    let world = World::new().await;
    let person = world.sign_up("hanako").await;
    let operator = world.operator().await;
    let body = json!({"date": MORNING, "confirm": true});
    for path in ["/assign_room", "/assign_room/", "/assign_room/09:00"] {
        world
            .call("POST", path, None, Some(body.clone()))
            .await
            .expect_error(401, "access_token_invalid", &[]);
        let answer = world.post(&person, path, body.clone()).await;
        answer.expect_error(403, "forbidden", &[]);
    }
    let drawn = json!({"date": MORNING, "time": "09:00", "enrolled": 0, "rooms": 0});
    for path in ["/assign_room", "/assign_room/", "/assign_room/09:00"] {
        assert_eq!(
            world
                .post(&operator, path, body.clone())
                .await
                .expect(200)
                .body,
            drawn
        );
    }
}

#[tokio::test]
async fn an_operator_names_the_slot_in_the_path_or_in_the_body() {
    let hall = Hall::with_slots(&["07:30", "09:00"], 4).await;
    let operator = hall.operator();
    for (path, body, field) in [
        ("/assign_room/", json!({"date": "x"}), "date: invalid"),
        (
            "/assign_room/",
            json!({"date": "2026-11-19"}),
            "date: invalid",
        ),
        (
            "/assign_room/",
            json!({"date": "2026-12-21"}),
            "date: invalid",
        ),
        ("/assign_room/", json!({"date": 1}), "date: invalid"),
        (
            "/assign_room/",
            json!({"date": MORNING, "time": "08:00"}),
            "time: invalid",
        ),
        ("/assign_room/", json!({"day": MORNING}), "day: invalid"),
        (
            "/assign_room/09:00",
            json!({"date": MORNING, "time": "07:30"}),
            "time: invalid",
        ),
        // Not due before 07:20.
        (
            "/assign_room/",
            json!({"date": MORNING}),
            "confirm: invalid",
        ),
        (
            "/assign_room/9:00",
            json!({"date": MORNING, "confirm": false}),
            "confirm: invalid",
        ),
        (
            "/assign_room/8:00",
            json!({"date": MORNING}),
            "time: invalid",
        ),
    ] {
        let answer = hall.post(&operator, path, body.clone()).await;
        assert_eq!(answer.status, 400, "{path} {body}");
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
    let answer = hall
        .post(&operator, "/assign_room/09:00/x", json!({}))
        .await;
    answer.expect_error(404, "not_found", &[]);

    hall.set("07:20");
    let guest = hall.guest("hanako");
    for time in ["07:30", "09:00"] {
        let body = json!({"date": MORNING, "time": time});
        hall.post(&guest, "/register/", body).await.expect(201);
    }
    let early = hall.post(&operator, "/assign_room/9:00", json!({})).await;
    let early = early.expect_error(400, "invalid_parameter", &["confirm: invalid"]);
    assert!(
        early.text.contains("2026-11-20T23:50:00Z"),
        "{}",
        early.text
    );
    // Today and the first slot by default, with and without a body.
    for (method_body, path, time) in [
        (None, "/assign_room/", "07:30"),
        (None, "/assign_room", "07:30"),
        (Some(json!({})), "/assign_room/", "07:30"),
        (None, "/assign_room/07:30", "07:30"),
        (
            Some(json!({"time": "9:00", "confirm": true})),
            "/assign_room/",
            "09:00",
        ),
        // Drawn before its time, it is answered as ever.
        (Some(json!({"time": "09:00"})), "/assign_room/9:00", "09:00"),
        (
            Some(json!({"date": MORNING, "time": "09:00"})),
            "/assign_room/09:00",
            "09:00",
        ),
        (
            Some(json!({"date": MORNING})),
            "/assign_room/09:00",
            "09:00",
        ),
    ] {
        let answer = hall
            .call(&operator, "POST", path, method_body)
            .await
            .expect(200);
        let drawn = json!({"date": MORNING, "time": time, "enrolled": 1, "rooms": 1});
        assert_eq!(answer.body, drawn, "{path}");
    }
}

#[tokio::test]
async fn a_slot_that_is_over_is_not_drawn_any_more() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    hall.enroll(&guest, MORNING).await.expect(201);
    hall.set("09:30");
    let answer = hall
        .post(&hall.operator(), "/assign_room/", json!({}))
        .await;
    answer.expect_error(409, "conflict", &[]);
    assert_eq!(hall.sweep("RoomsAssign").await.unwrap(), json!([]));
    hall.at("09:31").await;
    let list = hall.get(&guest, "/register/").await.expect(200);
    assert_eq!(list.body[0]["status"], "missed");
    // Who was let down is no no-show.
    let answer = hall.get(&guest, "/me/rooms").await.expect(200);
    assert_eq!(answer.body, json!({"rate": 100, "rooms": []}));
    hall.world.nothing_given_up();
}

fn repeats(met: &mut BTreeSet<(String, String)>, seating: &Seating) -> usize {
    let mut repeats = 0;
    for room in seating.values() {
        for one in room {
            for other in room.iter().filter(|other| one < *other) {
                repeats += usize::from(!met.insert((one.clone(), other.clone())));
            }
        }
    }
    repeats
}

/// Of four people who come from three rooms two have met: three rooms repeat three pairs at least.
#[tokio::test]
async fn over_three_mornings_people_meet_again_no_more_than_they_must() {
    let hall = Hall::new().await;
    let guests = hall.guests(12);
    let mut met = BTreeSet::new();
    let mut repeated = Vec::new();
    for date in [MORNING, "2026-11-22", "2026-11-23"] {
        hall.enroll_all(&guests, date).await;
        hall.world.at(&format!("{date}T08:50")).await;
        let seating = hall.seating(&guests, date).await;
        assert_eq!(sizes(&seating), [4, 4, 4]);
        repeated.push(repeats(&mut met, &seating));
        hall.world.at(&format!("{date}T09:30")).await;
    }
    assert_eq!(repeated, [0, 3, 3]);
}

#[tokio::test]
async fn those_who_often_stay_away_are_spread_over_the_rooms() {
    let hall = Hall::new().await;
    let mut absent: Vec<Guest> = Vec::new();
    for day in 21..25 {
        // Alone, so that nobody has met anybody.
        let date = format!("2026-11-{day}");
        let guest = hall.guest(&format!("absent{day}"));
        hall.enroll(&guest, &date).await.expect(201);
        hall.world.at(&format!("{date}T08:50")).await;
        hall.world.at(&format!("{date}T09:30")).await;
        assert_eq!(hall.rate(&guest).await, 0);
        absent.push(guest);
    }
    let mut guests = hall.guests(12);
    guests.extend(absent);
    hall.enroll_all(&guests, "2026-11-25").await;
    hall.world.at("2026-11-25T08:50").await;
    let seating = hall.seating(&guests, "2026-11-25").await;
    assert_eq!(sizes(&seating), [4, 4, 4, 4]);
    for (room, names) in seating {
        let absent = names
            .iter()
            .filter(|name| name.starts_with("absent"))
            .count();
        assert_eq!(absent, 1, "{room}: {names:?}");
    }
}

#[tokio::test]
async fn a_draw_weeks_ahead_keeps_nothing_from_being_closed() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    hall.enroll(&guest, MORNING).await.expect(201);
    // The last first: a draw looks back on those before.
    for day in (0..21).rev() {
        let date = jiff::civil::date(2026, 11, 29).saturating_add(jiff::Span::new().days(day));
        hall.draw(&date.to_string()).await;
    }
    hall.at("08:50").await;
    hall.at("09:30").await;
    assert_eq!(hall.rate(&guest).await, 0);
}
