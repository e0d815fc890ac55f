//! `GET` and `PUT /me/schedule`, and the sweep that enrolls those who come every week.

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::hall::{Guest, Hall};
use crate::{
    crash::{Fault, Faults},
    support::{MORNING, text, tokyo},
};

async fn put(hall: &Hall, guest: &Guest, schedule: Value) -> Value {
    let answer = hall
        .call(guest, "PUT", "/me/schedule", Some(schedule))
        .await;
    answer.expect(200).body
}

/// The days that somebody is enrolled for.
async fn days(hall: &Hall, guest: &Guest) -> Vec<String> {
    let list = hall
        .get(guest, "/register/?limit=100")
        .await
        .expect(200)
        .body;
    let list = list.as_array().unwrap();
    list.iter()
        .map(|item| format!("{} {}", text(&item["date"]), text(&item["time"])))
        .collect()
}

/// Nine o'clock on these days of November 2026, of which the 21st is a Saturday.
fn at_nine(days: &[u32]) -> Vec<String> {
    days.iter()
        .map(|day| format!("2026-11-{day} 09:00"))
        .collect()
}

#[tokio::test]
async fn somebody_comes_every_week_but_for_the_day_they_withdrew() {
    let hall = Hall::new().await;
    let (guest, other) = (hall.guest("hanako"), hall.guest("taro"));
    let none = hall.get(&guest, "/me/schedule").await.expect(200);
    assert_eq!(none.body, json!({"days": []}));
    let schedule = json!({"days": ["thu", "mon", "sat", "mon"]});
    let shown = json!({"days": ["mon", "thu", "sat"], "time": "09:00"});
    // The evening of the 20th; repeating it changes nothing.
    for _ in 0..2 {
        assert_eq!(put(&hall, &guest, schedule.clone()).await, shown);
        assert_eq!(days(&hall, &guest).await, at_nine(&[21, 23, 26]));
    }
    let answer = hall.get(&guest, "/me/schedule").await.expect(200);
    assert_eq!(answer.body, shown);
    assert_eq!(days(&hall, &other).await, at_nine(&[]));

    // An ordinary enrollment, which can be withdrawn by itself, and stays so.
    hall.delete(&guest, "/register/2026-11-23")
        .await
        .expect(204);
    assert_eq!(put(&hall, &guest, schedule.clone()).await, shown);
    assert_eq!(days(&hall, &guest).await, at_nine(&[21, 26]));
    hall.world.at("2026-11-21T00:00").await;
    assert_eq!(days(&hall, &guest).await, at_nine(&[21, 26, 28]));
    hall.at("08:50").await;
    hall.room(&guest, MORNING).await;
    hall.world.at("2026-11-22T00:00").await;
    assert_eq!(days(&hall, &guest).await, at_nine(&[26, 28]));
    hall.world.at("2026-11-23T00:00").await;
    assert_eq!(days(&hall, &guest).await, at_nine(&[26, 28, 30]));
    // They may change their mind.
    hall.enroll(&guest, "2026-11-23").await.expect(201);
    assert_eq!(days(&hall, &guest).await, at_nine(&[23, 26, 28, 30]));
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn a_night_that_was_missed_is_made_up_for() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    put(
        &hall,
        &guest,
        json!({"days": ["sat", "sun"], "until": "2026-12-05"}),
    )
    .await;
    // Nothing ran for nine days.
    hall.world.at("2026-11-30T13:27").await;
    assert_eq!(days(&hall, &guest).await, ["2026-12-05 09:00"]);
    hall.world.at("2026-12-06T00:00").await;
    assert_eq!(days(&hall, &guest).await, at_nine(&[]));
    // It is over.
    let none = hall.get(&guest, "/me/schedule").await.expect(200);
    assert_eq!(none.body, json!({"days": []}));
}

#[tokio::test]
async fn what_a_schedule_names_no_more_is_withdrawn_and_nothing_else() {
    let hall = Hall::with_slots(&["09:00", "21:00"], 4).await;
    let guest = hall.guest("hanako");
    // By hand: it stays whatever becomes of the schedule.
    hall.enroll(&guest, "2026-11-24").await.expect(201);
    put(&hall, &guest, json!({"days": ["sat", "mon", "tue", "wed"]})).await;
    assert_eq!(days(&hall, &guest).await, at_nine(&[21, 23, 24, 25]));

    // Another time, fewer days, a pause, an end.
    let evening = json!({"days": ["sat", "mon"], "time": "21:00"});
    put(&hall, &guest, evening).await;
    let expected = ["2026-11-21 21:00", "2026-11-23 21:00", "2026-11-24 09:00"];
    assert_eq!(days(&hall, &guest).await, expected);
    let paused = json!({"days": ["mon", "sat"], "time": "21:00", "paused_until": "2026-11-23"});
    assert_eq!(put(&hall, &guest, paused.clone()).await, paused);
    assert_eq!(days(&hall, &guest).await, expected[1..]);
    put(
        &hall,
        &guest,
        json!({"days": ["sat", "mon"], "until": "2026-11-22"}),
    )
    .await;
    assert_eq!(days(&hall, &guest).await, at_nine(&[21, 24]));

    // In the draw it stays; what is to come goes.
    hall.at("08:50").await;
    put(&hall, &guest, json!({"days": ["sun"]})).await;
    assert_eq!(days(&hall, &guest).await, at_nine(&[21, 22, 24]));
    assert_eq!(
        put(&hall, &guest, json!({"days": []})).await,
        json!({"days": []})
    );
    assert_eq!(days(&hall, &guest).await, at_nine(&[21, 24]));
    for night in 22..30 {
        hall.world.at(&format!("2026-11-{night}T00:00")).await;
    }
    assert_eq!(days(&hall, &guest).await, at_nine(&[]));
    let none = hall.get(&guest, "/me/schedule").await.expect(200);
    assert_eq!(none.body, json!({"days": []}));
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    let paused = json!({"days": ["mon"], "time": "09:00", "paused_until": "2026-12-01"});
    put(&hall, &guest, paused).await;
    assert_eq!(days(&hall, &guest).await, at_nine(&[]));
    for night in 21..=30 {
        hall.world.at(&format!("2026-11-{night}T00:00")).await;
        assert_eq!(days(&hall, &guest).await.len(), usize::from(night == 30));
    }
    assert_eq!(days(&hall, &guest).await, ["2026-12-07 09:00"]);
}

#[tokio::test]
async fn impossible_schedules_name_their_field() {
    let slots = json!({
        "times": ["09:00"], "days": ["mon", "wed"], "minutes": 30, "room_size": 4,
        "time_zone": "Asia/Tokyo",
    });
    let hall = Hall::with(|options| {
        options.parameters.insert("Slots".into(), slots.to_string());
    })
    .await;
    let guest = hall.guest("hanako");
    for (schedule, field) in [
        (json!({"days": ["mon", "tue"]}), "days: invalid"),
        (json!({"days": ["mon"], "time": "10:00"}), "time: invalid"),
        (
            json!({"days": ["mon"], "until": "2026-11-19"}),
            "until: invalid",
        ),
    ] {
        let answer = hall
            .call(&guest, "PUT", "/me/schedule", Some(schedule))
            .await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
    for schedule in [
        json!({"days": "mon"}),
        json!({"days": ["monday"]}),
        json!({"time": "09:00"}),
        json!({"days": ["mon"], "until": "tomorrow"}),
        json!({"days": ["mon"], "paused_until": "2026-02-30"}),
        json!({"days": ["mon"], "from": "2026-11-21"}),
    ] {
        let answer = hall
            .call(&guest, "PUT", "/me/schedule", Some(schedule))
            .await;
        answer.expect(400);
    }
    let none = hall.get(&guest, "/me/schedule").await.expect(200);
    assert_eq!(none.body, json!({"days": []}));
}

/// In which shard somebody's schedule lies.
fn shard(id: &str) -> u8 {
    digest(&SHA256, id.as_bytes()).as_ref()[0] / 32
}

#[tokio::test]
async fn a_sweep_goes_on_where_it_was_cut() {
    let faults = Faults::default();
    let hall = Hall::with(|options| options.connections = faults.connections()).await;
    // More of one shard than are read at once.
    let guests: Vec<Guest> = std::iter::repeat_with(|| hall.guest("p"))
        .filter(|guest| shard(&guest.id) == 3)
        .take(230)
        .collect();
    for guest in &guests {
        hall.put(&json!({
            "pk": {"S": "WEEKLY#3"}, "sk": {"S": format!("U#{}", guest.id)},
            "user_id": {"S": guest.id}, "username": {"S": "p"}, "time": {"S": "09:00"},
            "days": {"L": [{"S": "sat"}]}, "written": {"S": "2026-11-21"}, "revision": {"N": "0"},
        }));
    }
    let at = |time: &str| hall.world.stack.clock().set(Some(tokyo(time)));
    let enrolled = || {
        let items = hall.dump();
        let of_these = |item: &&Value| text(&item["sk"]["S"]).starts_with("E#");
        items.iter().filter(of_these).count()
    };
    let mut before = 0;
    for (run, nth) in [3, 90, 60, 40].into_iter().enumerate() {
        at(&format!("2026-11-21T00:0{run}"));
        faults.watch("RoomsAssign", Some((Fault::GoneBefore, nth)));
        let outcome = hall.sweep("RoomsAssign").await;
        assert!(outcome.is_err(), "run {run}: {outcome:?}, {}", enrolled());
        assert!(faults.end().1);
        assert!(enrolled() >= before && enrolled() < 230, "{}", enrolled());
        before = enrolled();
    }
    assert!(before > 100, "{before}");
    at("2026-11-21T00:05");
    hall.world.stack.aws().forget_calls();
    hall.sweep("RoomsAssign").await.unwrap();
    assert_eq!(enrolled(), 230);
    // What was written before is not asked for again.
    let calls = hall.world.stack.aws().calls().len();
    assert!(calls < 2 * (230 - before) + 40, "{calls} {before}");
    for guest in &guests {
        assert_eq!(days(&hall, guest).await, at_nine(&[28]));
    }
    // The night is over; the next one begins.
    for (time, most) in [("2026-11-21T00:06", 1), ("2026-11-22T00:00", 21)] {
        at(time);
        hall.world.stack.aws().forget_calls();
        hall.sweep("RoomsAssign").await.unwrap();
        let calls = hall.world.stack.aws().calls().len();
        assert!(calls <= most, "{time}: {calls}");
    }
    assert_eq!(enrolled(), 230);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweeps_at_once_enroll_everybody_once() {
    let hall = Hall::new().await;
    let guests = hall.guests(24);
    join_all(
        guests
            .iter()
            .map(|guest| put(&hall, guest, json!({"days": ["sat"]}))),
    )
    .await;
    hall.world
        .stack
        .clock()
        .set(Some(tokyo("2026-11-21T00:00")));
    // And people who withdraw and change their schedule meanwhile.
    let sweeps = join_all((0..4).map(|_| hall.sweep("RoomsAssign")));
    let withdrawals = join_all(guests[..8].iter().map(|guest| async {
        hall.delete(guest, "/register/2026-11-21").await.expect(204);
    }));
    let changes = join_all(
        guests[8..16]
            .iter()
            .map(|guest| put(&hall, guest, json!({"days": ["sat", "mon"]}))),
    );
    let (swept, _, _) = tokio::join!(sweeps, withdrawals, changes);
    assert!(swept.iter().all(Result::is_ok), "{swept:?}");
    for (number, guest) in guests.iter().enumerate() {
        let expected: &[u32] = match number {
            0..8 => &[28],
            8..16 => &[21, 23, 28],
            _ => &[21, 28],
        };
        assert_eq!(days(&hall, guest).await, at_nine(expected), "{number}");
    }
}

#[tokio::test]
async fn who_closes_their_account_comes_no_more() {
    let hall = Hall::new().await;
    let (gone, other) = (hall.guest("hanako"), hall.guest("taro"));
    for guest in [&gone, &other] {
        put(&hall, guest, json!({"days": ["sat", "sun"]})).await;
    }
    let erased = hall.world.account_deleted("RoomsErase", &gone.id).await;
    assert_eq!(erased, Ok(Value::Null));
    hall.world.at("2026-11-21T00:00").await;
    assert_eq!(days(&hall, &gone).await, at_nine(&[]));
    assert_eq!(days(&hall, &other).await, at_nine(&[21, 22, 28]));
    let schedule = Some(json!({"days": ["sat"]}));
    let answer = hall.call(&gone, "PUT", "/me/schedule", schedule).await;
    answer.expect_error(401, "access_token_invalid", &[]);
    let left = |item: &&Value| text(&item["sk"]["S"]) == format!("U#{}", gone.id);
    assert_eq!(hall.dump().iter().filter(left).count(), 0);
}
