//! `POST /register/` and `DELETE /register/{date}` before the draw.

use futures_util::future::join_all;
use http::header;
use serde_json::json;

use super::hall::Hall;
use crate::support::{MORNING, World};

#[tokio::test]
async fn enrolling_answers_the_enrollment_and_repeating_it_the_same_one() {
    let world = World::new().await;
    let person = world.sign_up("hanako").await;
    let answer = world
        .post(&person, "/register/", json!({"date": MORNING}))
        .await
        .expect(201);
    insta::assert_json_snapshot!(answer.body, {".id" => "[id]", ".user_id" => "[user]"}, @r#"
    {
      "date": "2026-11-21",
      "id": "[id]",
      "starts_at": "2026-11-21T00:00:00Z",
      "status": "enrolled",
      "time": "09:00",
      "user_id": "[user]"
    }
    "#);
    assert_eq!(answer.text("user_id"), person.id);

    for path in ["/register", "/register/"] {
        for body in [
            json!({"date": MORNING}),
            json!({"date": MORNING, "time": "09:00"}),
            json!({"date": MORNING, "time": "9:00"}),
        ] {
            let again = world.post(&person, path, body).await.expect(200);
            assert_eq!(again.body, answer.body);
        }
    }
}

#[tokio::test]
async fn enrolling_many_times_at_once_is_enrolling_once() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    let answers = join_all((0..10).map(|_| hall.enroll(&guest, MORNING))).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1);
    for answer in &answers {
        assert!(
            [200, 201].contains(&answer.status.as_u16()),
            "{}",
            answer.text
        );
        assert_eq!(answer.body, answers[0].body);
    }
    assert_eq!(hall.draw(MORNING).await["enrolled"], 1);
}

#[tokio::test]
async fn a_wrong_request_is_refused_by_its_field() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    for (body, field) in [
        (json!({}), "date: missing_field"),
        (json!({"time": "09:00"}), "date: missing_field"),
        (json!({"date": null}), "date: invalid"),
        (json!({"date": 20261121}), "date: invalid"),
        (json!({"date": [MORNING]}), "date: invalid"),
        (json!({"date": ""}), "date: invalid"),
        (json!({"date": "tomorrow"}), "date: invalid"),
        (json!({"date": "20261121"}), "date: invalid"),
        (json!({"date": "2026-11-1"}), "date: invalid"),
        (json!({"date": "2026-11-31"}), "date: invalid"),
        (json!({"date": "2026-11-21T09:00"}), "date: invalid"),
        (json!({"date": "+002026-11-21"}), "date: invalid"),
        (json!({"date": "2026-11-19"}), "date: invalid"),
        (json!({"date": "1926-11-21"}), "date: invalid"),
        (json!({"date": "2026-12-21"}), "date: invalid"),
        (json!({"date": "9999-12-31"}), "date: invalid"),
        (json!({"date": MORNING, "time": "10:00"}), "time: invalid"),
        (json!({"date": MORNING, "time": "9:0"}), "time: invalid"),
        (json!({"date": MORNING, "time": "09b:00"}), "time: invalid"),
        (
            json!({"date": MORNING, "time": "09:00:00"}),
            "time: invalid",
        ),
        (json!({"date": MORNING, "time": "25:00"}), "time: invalid"),
        (json!({"date": MORNING, "time": ""}), "time: invalid"),
        (json!({"date": MORNING, "time": 9}), "time: invalid"),
        (
            json!({"date": MORNING, "zoom_url": "x"}),
            "zoom_url: invalid",
        ),
    ] {
        let answer = hall.post(&guest, "/register/", body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
    for body in [json!([MORNING]), json!("2026-11-21"), json!(null)] {
        let answer = hall.post(&guest, "/register/", body).await;
        answer.expect_error(400, "invalid_format", &[]);
    }
    assert_eq!(
        hall.get(&guest, "/register/").await.expect(200).body,
        json!([])
    );
    // Thirty days ahead is not too far.
    hall.enroll(&guest, "2026-12-20").await.expect(201);
}

#[tokio::test]
async fn only_both_spellings_of_the_path_enroll() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    for path in [
        "/register/x",
        "/register/x/y",
        "/register/2026-11-21",
        "/register/register/",
    ] {
        let answer = hall.post(&guest, path, json!({"date": MORNING})).await;
        answer.expect_error(404, "not_found", &[]);
        let answer = hall.get(&guest, path).await;
        answer.expect_error(404, "not_found", &[]);
    }
    for path in ["/register", "/register/"] {
        assert_eq!(hall.get(&guest, path).await.expect(200).body, json!([]));
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let hall = Hall::new().await;
    for (method, path) in [
        ("POST", "/register/"),
        ("POST", "/register"),
        ("GET", "/register/"),
        ("DELETE", "/register/2026-11-21"),
        ("GET", "/meeting_url/somebody"),
        ("GET", "/rooms/20261121T0900-0/join"),
        ("POST", "/participated"),
        ("POST", "/paticipated"),
        ("GET", "/me/rooms"),
        ("POST", "/me/calendar"),
        ("DELETE", "/me/calendar"),
        ("POST", "/assign_room/"),
        ("POST", "/assign_room/09:00"),
    ] {
        for token in [None, Some("x.y.z")] {
            let body = (method == "POST").then(|| json!({"date": MORNING}));
            let answer = hall.world.call(method, path, token, body).await;
            let answer = answer.expect_error(401, "access_token_invalid", &[]);
            assert!(
                answer.headers.contains_key(header::WWW_AUTHENTICATE),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_slot_that_is_over_takes_nobody() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    hall.set("09:30");
    let answer = hall.enroll(&guest, MORNING).await;
    answer.expect_error(409, "conflict", &[]);
    // Nobody drew, so a late guest of a running slot is enrolled for a draw that may come yet.
    hall.set("09:29:59");
    assert_eq!(
        hall.enroll(&guest, MORNING)
            .await
            .expect(201)
            .text("status"),
        "enrolled"
    );
}

#[tokio::test]
async fn days_without_slots_take_nobody() {
    let slots = json!({
        "times": ["09:00"], "days": ["mon"], "minutes": 30, "room_size": 4,
        "time_zone": "Asia/Tokyo",
    });
    let hall = Hall::with(|options| {
        options.parameters.insert("Slots".into(), slots.to_string());
    })
    .await;
    let guest = hall.guest("hanako");
    // The first morning is a Saturday.
    let answer = hall.enroll(&guest, MORNING).await;
    answer.expect_error(400, "invalid_parameter", &["date: invalid"]);
    hall.enroll(&guest, "2026-11-23").await.expect(201);
}

#[tokio::test]
async fn the_first_of_several_slots_is_the_default() {
    let hall = Hall::with_slots(&["09:00", "07:30"], 4).await;
    let guest = hall.guest("hanako");
    assert_eq!(
        hall.enroll(&guest, MORNING).await.expect(201).text("time"),
        "07:30"
    );
    let nine = json!({"date": MORNING, "time": "09:00"});
    assert_eq!(
        hall.post(&guest, "/register/", nine)
            .await
            .expect(201)
            .text("time"),
        "09:00"
    );
    let list = hall.get(&guest, "/register/").await.expect(200);
    assert_eq!(list.body[0]["time"], "07:30");
    assert_eq!(list.body[1]["time"], "09:00");
    // Drawing the one leaves the other open.
    hall.draw(MORNING).await;
    let list = hall.get(&guest, "/register/").await.expect(200);
    assert_eq!(list.body[0]["status"], "assigned");
    assert_eq!(list.body[1]["status"], "enrolled");
    let path = format!("/register/{MORNING}");
    for time in ["07:30", "9:00"] {
        hall.delete(&guest, &format!("{path}?time={time}"))
            .await
            .expect(204);
    }
    let list = hall.get(&guest, "/register/").await.expect(200);
    assert_eq!(list.body.as_array().unwrap().len(), 1, "{}", list.text);
    assert_eq!(list.body[0]["status"], "withdrawn");
}

#[tokio::test]
async fn an_idempotency_key_stands_for_one_enrollment() {
    let hall = Hall::new().await;
    let (guest, other) = (hall.guest("hanako"), hall.guest("taro"));
    let body = json!({"date": MORNING});
    let first = hall.enroll_keyed(&guest, "k", &body).await.expect(201);
    let replay = hall.enroll_keyed(&guest, "k", &body).await.expect(201);
    assert_eq!(replay.body, first.body);
    // Without the key it is a repetition like any other.
    assert_eq!(
        hall.enroll(&guest, MORNING).await.expect(200).body,
        first.body
    );
    for wrong in [
        json!({"date": "2026-11-22"}),
        json!({"date": MORNING, "time": "09:00"}),
    ] {
        let answer = hall.enroll_keyed(&guest, "k", &wrong).await;
        answer.expect_error(409, "conflict", &[]);
    }
    // Another person's key is another key.
    let others = hall
        .enroll_keyed(&other, "k", &json!({"date": "2026-11-22"}))
        .await;
    assert_ne!(others.expect(201).text("id"), first.text("id"));
    let list = hall.get(&guest, "/register/").await.expect(200);
    assert_eq!(list.body.as_array().unwrap().len(), 1, "{}", list.text);

    for key in ["", &"k".repeat(256)] {
        let answer = hall.enroll_keyed(&guest, key, &body).await;
        answer.expect_error(400, "invalid_parameter", &["Idempotency-Key: invalid"]);
    }

    // What was created with the key is gone: the key does not create it again.
    hall.delete(&guest, &format!("/register/{MORNING}"))
        .await
        .expect(204);
    hall.enroll_keyed(&guest, "k", &body)
        .await
        .expect_error(409, "conflict", &[]);
    // After a day it is a new key, whether the old record was removed or not.
    hall.world
        .stack
        .clock()
        .set(Some(crate::support::tokyo("2026-11-21T20:00")));
    hall.enroll_keyed(&guest, "k", &json!({"date": "2026-11-23"}))
        .await
        .expect(201);
}

#[tokio::test]
async fn an_idempotency_key_stands_for_one_walk_in_too() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    hall.at("08:50").await;
    let body = json!({"date": MORNING});
    let first = hall.enroll_keyed(&guest, "k", &body).await.expect(201);
    let replay = hall.enroll_keyed(&guest, "k", &body).await.expect(201);
    assert_eq!(replay.body, first.body);
    let answer = hall
        .enroll_keyed(&guest, "k", &json!({"date": "2026-11-22"}))
        .await;
    answer.expect_error(409, "conflict", &[]);
    // Sent twice at once it is one seat too.
    let twice = hall.guest("jiro");
    let (one, two) = tokio::join!(
        hall.enroll_keyed(&twice, "k", &body),
        hall.enroll_keyed(&twice, "k", &body)
    );
    assert_eq!(one.expect(201).body, two.expect(201).body);
    // And a key that was used before the draw is not free after it.
    let early = hall.guest("taro");
    hall.enroll_keyed(&early, "k", &json!({"date": "2026-11-22"}))
        .await
        .expect(201);
    let answer = hall.enroll_keyed(&early, "k", &body).await;
    answer.expect_error(409, "conflict", &[]);
}

#[tokio::test]
async fn of_one_key_sent_at_once_with_two_bodies_one_enrolls() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    let (one, two) = (json!({"date": MORNING}), json!({"date": "2026-11-22"}));
    let (one, two) = tokio::join!(
        hall.enroll_keyed(&guest, "k", &one),
        hall.enroll_keyed(&guest, "k", &two)
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text, two.text);
}
