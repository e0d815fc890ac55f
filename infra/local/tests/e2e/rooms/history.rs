//! `GET /me/rooms`.

use serde_json::{Value, json};

use super::hall::{Hall, next_page};
use crate::support::{MORNING, text};

#[tokio::test]
async fn ones_rooms_are_listed_newest_first_with_who_was_there() {
    let hall = Hall::new().await;
    let guests = hall.guests(2);
    let answer = hall.get(&guests[0], "/me/rooms").await.expect(200);
    assert_eq!(answer.body, json!({"rate": 100, "rooms": []}));

    let days: Vec<String> = (21..26).map(|day| format!("2026-11-{day}")).collect();
    for (number, day) in days.iter().enumerate() {
        hall.enroll_all(&guests, day).await;
        hall.world.at(&format!("{day}T08:50")).await;
        hall.world.at(&format!("{day}T08:56")).await;
        if number % 2 == 0 {
            hall.participate(&guests[0]).await;
        }
        hall.participate(&guests[1]).await;
        // Told at once, before the slot is over; the rate follows when it is.
        let answer = hall.get(&guests[1], "/me/rooms").await.expect(200);
        assert_eq!(answer.body["rooms"][0]["participate"], true);
        hall.world.at(&format!("{day}T09:30")).await;
    }
    // Not drawn yet, so there is no room.
    hall.enroll_all(&guests, "2026-11-26").await;

    let answer = hall.get(&guests[0], "/me/rooms").await.expect(200);
    assert_eq!(answer.body["rate"], 60);
    insta::assert_json_snapshot!(answer.body["rooms"][0], {
        ".members[].user_id" => "[id]",
        ".members" => insta::sorted_redaction(),
    }, @r#"
    {
      "date": "2026-11-25",
      "members": [
        {
          "participate": true,
          "user_id": "[id]",
          "username": "p0"
        },
        {
          "participate": true,
          "user_id": "[id]",
          "username": "p1"
        }
      ],
      "participate": true,
      "room_id": "20261125T0900-0",
      "time": "09:00"
    }
    "#);
    for limit in 1..=6 {
        let mut path = format!("/me/rooms?limit={limit}");
        let mut rooms: Vec<Value> = Vec::new();
        loop {
            let page = hall.get(&guests[0], &path).await.expect(200);
            let list = page.body["rooms"].as_array().unwrap();
            assert!(list.len() <= limit);
            rooms.extend(list.clone());
            match next_page(&page) {
                Some(next) => path = next,
                None => break,
            }
        }
        let dates: Vec<String> = rooms.iter().map(|room| text(&room["date"])).collect();
        assert!(
            dates.iter().eq(days.iter().rev()),
            "limit={limit}: {dates:?}"
        );
        for (room, there) in rooms.iter().zip([true, false, true, false, true]) {
            assert_eq!(room["participate"], there);
        }
    }
}

#[tokio::test]
async fn two_slots_of_a_day_are_two_rooms() {
    let hall = Hall::with_slots(&["07:30", "09:00"], 4).await;
    let guests = hall.guests(2);
    for time in ["07:30", "09:00"] {
        for guest in &guests {
            let body = json!({"date": MORNING, "time": time});
            hall.post(guest, "/register/", body).await.expect(201);
        }
    }
    hall.at("07:20").await;
    hall.set("07:30");
    hall.participate(&guests[0]).await;
    hall.at("08:50").await;
    hall.at("09:30").await;
    let answer = hall.get(&guests[0], "/me/rooms").await.expect(200);
    assert_eq!(answer.body["rate"], 50);
    let rooms = answer.body["rooms"].as_array().unwrap();
    let rooms: Vec<_> = rooms
        .iter()
        .map(|room| (&room["room_id"], &room["participate"]))
        .collect();
    assert_eq!(
        rooms,
        [
            (&json!("20261121T0900-0"), &json!(false)),
            (&json!("20261121T0730-0"), &json!(true)),
        ]
    );
}
