//! `GET /slots`.

use serde_json::json;

use super::hall::Hall;
use crate::support::World;

#[tokio::test]
async fn anybody_learns_when_people_meet() {
    let world = World::new().await;
    let answer = world.call("GET", "/slots", None, None).await.expect(200);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "days": [
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun"
      ],
      "minutes": 30,
      "next": {
        "date": "2026-11-21",
        "ends_at": "2026-11-21T00:30:00Z",
        "starts_at": "2026-11-21T00:00:00Z",
        "time": "09:00"
      },
      "room_size": 4,
      "time_zone": "Asia/Tokyo",
      "times": [
        "09:00"
      ]
    }
    "#);
}

#[tokio::test]
async fn the_next_slot_is_the_one_that_runs() {
    let hall = Hall::with_slots(&["19:00", "7:30"], 3).await;
    for (time, next) in [("07:59", "07:30"), ("08:00", "19:00")] {
        hall.set(time);
        let answer = hall.world.call("GET", "/slots", None, None).await;
        let body = answer.expect(200).body;
        assert_eq!(body["next"]["time"], next);
        assert_eq!(body["times"], json!(["07:30", "19:00"]));
        assert_eq!(body["room_size"], 3);
    }
}
