//! `GET /meeting_url/{user_id}`.

use serde_json::json;

use super::hall::Hall;
use crate::support::{MORNING, World};

#[tokio::test]
async fn the_room_is_pending_until_it_is_drawn_and_ready_then() {
    let world = World::new().await;
    let mut person = world.sign_up("hanako").await;
    let mut other = world.sign_up("taro").await;
    let path = format!("/meeting_url/{}", person.id);
    world
        .get(&person, &path)
        .await
        .expect_error(404, "not_found", &[]);
    for person in [&person, &other] {
        world
            .post(person, "/register/", json!({"date": MORNING}))
            .await
            .expect(201);
    }
    let answer = world.get(&person, &path).await.expect(200);
    assert_eq!(answer.body, json!({"status": "pending"}));

    world.at("2026-11-21T08:50").await;
    world.refresh(&mut person).await;
    world.refresh(&mut other).await;
    let answer = world.get(&person, &path).await.expect(200);
    insta::assert_json_snapshot!(answer.body, {".members" => insta::sorted_redaction()}, @r#"
    {
      "date": "2026-11-21",
      "members": [
        {
          "username": "hanako"
        },
        {
          "username": "taro"
        }
      ],
      "participate": false,
      "room_id": "20261121T0900-0",
      "status": "ready",
      "time": "09:00",
      "url": "http://localhost:5173/rooms/20261121T0900-0"
    }
    "#);
    assert!(answer.text.contains(&person.name) && answer.text.contains(&other.name));
    // One's own only.
    world
        .get(&other, &path)
        .await
        .expect_error(404, "not_found", &[]);
}

#[tokio::test]
async fn one_asks_for_any_slot_and_for_the_next_one_enrolled_for_by_default() {
    let hall = Hall::with_slots(&["07:30", "09:00"], 4).await;
    let guest = hall.guest("hanako");
    let path = format!("/meeting_url/{}", guest.id);
    let nine = json!({"date": MORNING, "time": "09:00"});
    hall.post(&guest, "/register/", nine).await.expect(201);

    let pending = json!({"status": "pending"});
    let ask = async |query: &str| hall.get(&guest, &format!("{path}{query}")).await;
    for (query, found) in [
        // The next slot is at 07:30, the next one enrolled for at nine.
        ("", true),
        ("?date=2026-11-21", true),
        ("?date=2026-11-21&time=07:30", false),
        ("?date=2026-11-21&time=09:00", true),
        ("?date=2026-11-21&time=9:00", true),
        ("?date=2026-11-22", false),
        ("?date=2026-11-22&time=09:00", false),
        ("?time=09:00", true),
        ("?time=9:00", true),
        ("?time=07:30", false),
    ] {
        let answer = ask(query).await;
        assert_eq!(answer.status, if found { 200 } else { 404 }, "{query}");
    }
    hall.at("08:00").await;
    // The slot of 07:30 is over.
    assert_eq!(ask("").await.expect(200).body, pending);
    assert_eq!(ask("?time=09:00").await.expect(200).body, pending);
    hall.at("08:50").await;
    assert_eq!(ask("").await.expect(200).text("room_id"), "20261121T0900-0");
    hall.at("09:29").await;
    assert_eq!(ask("").await.expect(200).text("status"), "ready");
    hall.at("09:30").await;
    // Whoever names the time or the day means what was; without these there is none to come.
    ask("").await.expect_error(404, "not_found", &[]);
    for query in ["?time=09:00", "?date=2026-11-21"] {
        assert_eq!(ask(query).await.expect(200).text("status"), "ready");
    }
    // The next one, days later, is found by its time and without anything.
    let later = json!({"date": "2026-11-25", "time": "09:00"});
    hall.post(&guest, "/register/", later).await.expect(201);
    for query in ["", "?time=09:00", "?date=2026-11-25"] {
        assert_eq!(ask(query).await.expect(200).body, pending, "{query}");
    }
    assert_eq!(
        ask("?date=2026-11-21").await.expect(200).text("status"),
        "ready"
    );

    for (query, field) in [
        ("?date=2026-11-20", "date: invalid"),
        ("?date=2026-11-19&time=09:00", "date: invalid"),
        ("?date=2026-12-22", "date: invalid"),
        ("?date=x", "date: invalid"),
        ("?time=10:00", "time: invalid"),
        ("?date=2026-11-21&time=x", "time: invalid"),
        ("?day=2026-11-21", "day: invalid"),
    ] {
        ask(query)
            .await
            .expect_error(400, "invalid_parameter", &[field]);
    }
}
