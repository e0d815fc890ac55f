//! The sweeps of each minute: missed, late, fired by hand.

use bytes::Bytes;
use http::{Request, header};
use serde_json::{Value, json};

use super::hall::{Hall, sizes};
use crate::support::{Answer, MORNING};

#[tokio::test]
async fn a_draw_and_an_opening_that_were_missed_are_made_up_for() {
    let hall = Hall::new().await;
    let guests = hall.guests(8);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:40").await;
    let answer = hall.meeting_url(&guests[0], MORNING).await.expect(200);
    assert_eq!(answer.text("status"), "pending");
    // Nothing ran from 08:41 to 08:57. The opening may come before the draw; it comes again.
    hall.at("08:58").await;
    assert_eq!(sizes(&hall.seating(&guests, MORNING).await), [4, 4]);
    hall.at("08:59").await;
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 2);
    let before = hall.world.stack.chime().requests();
    for guest in &guests {
        hall.connect(guest, MORNING).await;
    }
    assert_eq!(hall.world.stack.chime().requests(), before);
    // Each minute from now on there is nothing to do.
    hall.world.stack.settle().await;
    let dump = hall.dump();
    for time in ["09:00", "09:01", "09:02"] {
        hall.at(time).await;
    }
    assert_eq!(hall.dump(), dump);
    assert_eq!(hall.world.stack.chime().requests(), before);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn the_draw_is_made_up_for_as_long_as_the_slot_runs() {
    let hall = Hall::new().await;
    let guests = hall.guests(3);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("09:29").await;
    assert_eq!(sizes(&hall.seating(&guests, MORNING).await), [3]);
    hall.connect(&guests[0], MORNING).await;
    hall.at("09:30").await;
    // Who had given up by then is no no-show.
    for guest in &guests {
        assert_eq!(hall.rate(guest).await, 100);
    }
    let seen = hall.get(&guests[1], "/me/rooms").await.expect(200);
    assert_eq!(seen.body["rooms"][0]["participate"], false);
}

#[tokio::test]
async fn a_developer_fires_a_sweep_for_any_minute() {
    let hall = Hall::new().await;
    let guests = hall.guests(4);
    hall.enroll_all(&guests, MORNING).await;
    let fire = async |function: &str, time: &str| -> Answer {
        let body = json!({"at": crate::support::tokyo(&format!("{MORNING}T{time}"))});
        let uri = format!("{}/_enishi/fire/{function}", hall.world.stack.aws_url());
        let request = Request::post(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(body.to_string()))
            .unwrap();
        hall.world.send_anywhere(request).await
    };
    let fired =
        async |function: &str, time: &str| -> Value { fire(function, time).await.expect(200).body };
    let drawn = json!([{"date": MORNING, "time": "09:00", "enrolled": 4, "rooms": 1}]);
    let opened = json!([{"slot": "2026-11-21T09:00", "open": 1, "beyond_quota": 0}]);
    let done = |opened: Value, told: usize| -> Value {
        json!({"opened": opened, "gathered": 0, "told": told, "reminded": 0})
    };
    let closed = json!([{"slot": "2026-11-21T09:00", "assigned": 4, "no_shows": 4}]);
    assert_eq!(fired("rooms-assign", "08:49").await, json!([]));
    assert_eq!(fired("rooms-open", "08:56").await, done(json!([]), 0));
    assert_eq!(fired("rooms-assign", "08:50").await, drawn);
    assert_eq!(fired("RoomsAssign", "08:51").await, drawn);
    assert_eq!(fired("rooms-open", "08:55").await, done(json!([]), 4));
    assert_eq!(fired("rooms-open", "08:56").await, done(opened, 0));
    assert_eq!(fired("rooms-open", "08:57").await, done(json!([]), 0));
    assert_eq!(fired("rooms-close", "09:29").await, json!([]));
    assert_eq!(fired("rooms-close", "09:30").await, closed);
    assert_eq!(fired("rooms-close", "09:31").await, json!([]));
    fire("rooms-enroll", "09:00").await.expect(404);
}
