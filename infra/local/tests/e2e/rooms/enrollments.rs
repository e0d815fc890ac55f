//! `GET /register/` and `DELETE /register/{date}`.

use serde_json::{Value, json};

use super::hall::{Hall, next_page};
use crate::support::{MORNING, text};

fn dates(list: &Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| text(&item["date"]))
        .collect()
}

#[tokio::test]
async fn enrollments_are_listed_from_today_on_page_by_page() {
    let hall = Hall::new().await;
    let (guest, other) = (hall.guest("hanako"), hall.guest("taro"));
    let days: Vec<String> = (21..28).map(|day| format!("2026-11-{day}")).collect();
    // In no order.
    for day in days.iter().rev() {
        hall.enroll(&guest, day).await.expect(201);
        hall.enroll(&other, day).await.expect(201);
    }
    hall.at("08:50").await;

    for limit in 1..=8 {
        let mut path = format!("/register/?limit={limit}");
        let mut all = Vec::new();
        loop {
            let page = hall.get(&guest, &path).await.expect(200);
            let list = page.body.as_array().unwrap();
            assert!(list.len() <= limit, "{}", page.text);
            all.extend(list.clone());
            match next_page(&page) {
                Some(next) => path = next,
                None => break,
            }
            assert_eq!(list.len(), limit, "a page before the last is full");
        }
        let all = Value::Array(all);
        assert_eq!(dates(&all), days, "limit={limit}");
        for (index, item) in all.as_array().unwrap().iter().enumerate() {
            let status = if index == 0 { "assigned" } else { "enrolled" };
            assert_eq!(item["status"], status);
            assert_eq!(item["user_id"], guest.id);
        }
    }
    // All of today's day, even after its slot; yesterday no more.
    hall.set("23:59:59");
    assert_eq!(
        dates(&hall.get(&guest, "/register").await.expect(200).body),
        days
    );
    hall.world
        .stack
        .clock()
        .set(Some(crate::support::tokyo("2026-11-22T00:00")));
    assert_eq!(
        dates(&hall.get(&guest, "/register").await.expect(200).body),
        days[1..]
    );
}

#[tokio::test]
async fn a_wrong_page_is_refused_by_its_parameter() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    for list in ["/register/", "/me/rooms"] {
        for (query, field) in [
            ("limit=0", "limit: invalid"),
            ("limit=101", "limit: invalid"),
            ("limit=-1", "limit: invalid"),
            ("limit=x", "limit: invalid"),
            ("cursor=", "cursor: invalid"),
            ("cursor=%21%21", "cursor: invalid"),
            ("cursor=_w", "cursor: invalid"),
            ("page=2", "page: invalid"),
        ] {
            let answer = hall.get(&guest, &format!("{list}?{query}")).await;
            assert_eq!(answer.status, 400, "{list}?{query}");
            answer.expect_error(400, "invalid_parameter", &[field]);
        }
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_withdrawal_before_the_draw() {
    let hall = Hall::new().await;
    let guests = hall.guests(3);
    let path = format!("/register/{MORNING}");
    hall.enroll_all(&guests, MORNING).await;
    let first = hall.get(&guests[0], "/register/").await.expect(200);

    let gone = hall.delete(&guests[0], &path).await.expect(204);
    assert_eq!(gone.text, "");
    hall.delete(&guests[0], &path)
        .await
        .expect_error(404, "not_found", &[]);
    assert_eq!(
        hall.get(&guests[0], "/register/").await.expect(200).body,
        json!([])
    );
    hall.meeting_url(&guests[0], MORNING)
        .await
        .expect_error(404, "not_found", &[]);

    let again = hall.enroll(&guests[0], MORNING).await.expect(201);
    assert_ne!(again.body["id"], first.body[0]["id"]);
    hall.delete(&guests[1], &format!("{path}?time=09:00"))
        .await
        .expect(204);

    hall.at("08:50").await;
    let left = [guests[0].clone(), guests[2].clone()];
    assert_eq!(hall.seating(&left, MORNING).await.len(), 1);
    hall.delete(&guests[1], &path)
        .await
        .expect_error(404, "not_found", &[]);
    // Who has withdrawn in time may walk in.
    hall.enroll(&guests[1], MORNING).await.expect(201);
    assert_eq!(hall.seating(&guests, MORNING).await.len(), 1);
}

#[tokio::test]
async fn a_withdrawal_from_no_slot_is_refused_by_its_parameter() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    for (rest, field) in [
        ("yesterday", "date: invalid"),
        ("2026-11-19", "date: invalid"),
        ("2026-12-21", "date: invalid"),
        ("2026-11-21?time=10:00", "time: invalid"),
        ("2026-11-21?time=", "time: invalid"),
        ("2026-11-21?hour=9", "hour: invalid"),
    ] {
        let answer = hall.delete(&guest, &format!("/register/{rest}")).await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
}
