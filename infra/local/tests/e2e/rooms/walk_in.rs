//! Walk-ins: from the draw to the slot's end.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::json;

use super::hall::{Guest, Hall, sizes};
use crate::support::MORNING;

#[tokio::test]
async fn a_walk_in_gets_a_seat_in_the_smallest_room_and_a_new_one_when_all_are_full() {
    let hall = Hall::new().await;
    let mut guests = hall.guests(7);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    let mut rooms: BTreeMap<String, usize> = hall
        .seating(&guests, MORNING)
        .await
        .into_iter()
        .map(|(room, names)| (room, names.len()))
        .collect();
    assert_eq!(rooms.values().sum::<usize>(), 7);
    // 4 + 3 take five more up to six each, so that nobody sits alone before; then come rooms of six.
    for number in 0..14 {
        let guest = hall.guest(&format!("walk-in {number}"));
        let answer = hall.enroll(&guest, MORNING).await.expect(201);
        assert_eq!(answer.text("status"), "assigned");
        let room = hall.room(&guest, MORNING).await;
        let smallest = rooms.values().copied().filter(|size| *size < 6).min();
        assert_eq!(rooms.get(&room).copied(), smallest, "{number}: {rooms:?}");
        *rooms.entry(room).or_default() += 1;
        guests.push(guest);
    }
    let expected: BTreeMap<String, usize> = [6, 6, 6, 3]
        .into_iter()
        .enumerate()
        .map(|(number, size)| (room(number), size))
        .collect();
    assert_eq!(rooms, expected);
    assert_eq!(sizes(&hall.seating(&guests, MORNING).await), [3, 6, 6, 6]);
}

fn room(number: usize) -> String {
    format!("20261121T0900-{number}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_who_walk_in_at_once_are_all_seated() {
    let hall = Hall::new().await;
    let mut guests = hall.guests(12);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    let late: Vec<Guest> = (0..30)
        .map(|number| hall.guest(&format!("late{number}")))
        .collect();
    let mut waiting = late.clone();
    for _ in 0..10 {
        let asked = waiting.iter().map(|guest| hall.enroll(guest, MORNING));
        let answers = join_all(asked).await;
        let mut again = Vec::new();
        for (guest, answer) in waiting.into_iter().zip(answers) {
            match answer.status.as_u16() {
                503 => again.push(guest),
                _ => drop(answer.expect(201)),
            }
        }
        waiting = again;
    }
    assert!(waiting.is_empty(), "{waiting:?}");
    guests.extend(late);
    let sizes = sizes(&hall.seating(&guests, MORNING).await);
    assert_eq!(sizes, [6; 7]);
}

#[tokio::test]
async fn walking_in_many_times_at_once_takes_one_seat() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    hall.at("08:50").await;
    let answers = join_all((0..8).map(|_| hall.enroll(&guest, MORNING))).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1);
    for answer in &answers {
        assert_eq!(answer.body, answers[0].body, "{}", answer.text);
    }
    let guests = [guest, hall.guest("taro")];
    hall.enroll(&guests[1], MORNING).await.expect(201);
    assert_eq!(sizes(&hall.seating(&guests, MORNING).await), [2]);
}

#[tokio::test]
async fn a_slot_that_nobody_enrolled_for_takes_walk_ins_until_it_ends() {
    let hall = Hall::new().await;
    hall.at("08:50").await;
    let guests = hall.guests(6);
    hall.enroll(&guests[0], MORNING).await.expect(201);
    hall.at("08:56").await;
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 1);
    for guest in &guests[1..5] {
        hall.enroll(guest, MORNING).await.expect(201);
    }
    hall.set("09:29:59");
    hall.enroll(&guests[5], MORNING).await.expect(201);
    assert_eq!(sizes(&hall.seating(&guests, MORNING).await), [6]);
    for guest in &guests {
        hall.connect(guest, MORNING).await;
    }
    hall.set("09:30");
    let answer = hall.enroll(&hall.guest("late"), MORNING).await;
    answer.expect_error(409, "conflict", &[]);
    hall.at("09:30").await;
    for guest in &guests {
        assert_eq!(hall.rate(guest).await, 100);
    }
    assert!(hall.world.stack.chime().live_meetings().is_empty());
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn a_walk_in_is_a_member_like_any_other() {
    let hall = Hall::with_slots(&["09:00"], 2).await;
    let (here, away, early) = (hall.guest("here"), hall.guest("away"), hall.guest("early"));
    hall.enroll(&early, MORNING).await.expect(201);
    hall.at("08:50").await;
    hall.enroll(&here, MORNING).await.expect(201);
    hall.at("08:56").await;
    hall.enroll(&away, MORNING).await.expect(201);
    // All in one room: those who were there, who came before the opening, who came after it.
    let guests = [early.clone(), here.clone(), away.clone()];
    let seating = hall.seating(&guests, MORNING).await;
    assert_eq!(sizes(&seating), [3]);
    let one = hall.connect(&early, MORNING).await;
    let other = hall.connect(&here, MORNING).await;
    assert_eq!(one.body["Meeting"], other.body["Meeting"]);
    let third = hall.join(&away, &room(0)).await.expect(200);
    assert_eq!(one.body["Meeting"], third.body["Meeting"]);
    hall.at("09:30").await;

    assert_eq!(hall.rate(&here).await, 100);
    assert_eq!(hall.rate(&away).await, 0);
    let answer = hall.get(&early, "/me/rooms").await.expect(200);
    let mut members = answer.body["rooms"][0]["members"]
        .as_array()
        .unwrap()
        .clone();
    members.sort_by_key(|member| member["username"].to_string());
    assert_eq!(
        json!(members),
        json!([
            {"user_id": away.id, "username": "away", "participate": false},
            {"user_id": early.id, "username": "early", "participate": true},
            {"user_id": here.id, "username": "here", "participate": true},
        ])
    );
    // They have met, which the next draws know: in rooms of two each gets a stranger.
    let strangers: Vec<Guest> = (0..3)
        .map(|n| hall.guest(&format!("stranger{n}")))
        .collect();
    let everybody = [guests.to_vec(), strangers].concat();
    hall.enroll_all(&everybody, "2026-11-22").await;
    hall.world.at("2026-11-22T08:50").await;
    for (room, names) in hall.seating(&everybody, "2026-11-22").await {
        let known = names
            .iter()
            .filter(|name| !name.starts_with("stranger"))
            .count();
        assert_eq!((names.len(), known), (2, 1), "{room}: {names:?}");
    }
}
