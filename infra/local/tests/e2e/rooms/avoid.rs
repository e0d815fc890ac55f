//! `GET`, `PUT` and `DELETE /me/avoid`: people who are kept apart, and the other never learns it.

use std::collections::BTreeSet;

use jiff::{ToSpan as _, civil::date};
use serde_json::{Value, json};

use super::hall::{Guest, Hall, sizes};
use crate::{
    crash::{Fault, Faults},
    support::{MORNING, text, tokyo},
};

async fn avoid(hall: &Hall, guest: &Guest, other: &Guest) {
    let path = format!("/me/avoid/{}", other.id);
    let answer = hall.call(guest, "PUT", &path, None).await;
    answer.expect(204);
}

async fn list(hall: &Hall, guest: &Guest) -> Value {
    hall.get(guest, "/me/avoid").await.expect(200).body
}

/// Draws a morning of these people, who were enrolled or are now; the next one's date.
async fn morning(hall: &Hall, guests: &[Guest], day: u32) -> Vec<BTreeSet<String>> {
    let date = format!("2026-11-{day}");
    hall.enroll_all(guests, &date).await;
    hall.world.at(&format!("{date}T08:50")).await;
    let seating = hall.seating(guests, &date).await;
    hall.world.at(&format!("{date}T09:30")).await;
    seating.into_values().collect()
}

fn meet(rooms: &[BTreeSet<String>], a: &Guest, b: &Guest) -> bool {
    let both = |room: &BTreeSet<String>| room.contains(&a.name) && room.contains(&b.name);
    rooms.iter().any(both)
}

#[tokio::test]
async fn somebody_is_not_met_again_and_never_learns_it() {
    let hall = Hall::new().await;
    let guests = hall.guests(4);
    // Four of a room of four, all of whom met.
    assert_eq!(morning(&hall, &guests, 21).await.len(), 1);
    let [me, other, ..] = &guests[..] else {
        unreachable!()
    };
    let seen = hall.get(me, "/me/rooms").await.expect(200).body;
    let members = seen["rooms"][0]["members"].as_array().unwrap();
    let shown = members.iter().find(|member| member["username"] == "p1");
    assert_eq!(shown.unwrap()["user_id"], other.id);

    let before = hall.get(other, "/me/rooms").await.expect(200).body;
    for _ in 0..2 {
        avoid(&hall, me, other).await;
    }
    let named = json!([{"user_id": other.id, "username": "p1"}]);
    assert_eq!(list(&hall, me).await, named);
    assert_eq!(list(&hall, other).await, json!([]));
    assert_eq!(hall.get(other, "/me/rooms").await.expect(200).body, before);

    // Two rooms of two, though everybody would fit into one.
    for day in 22..26 {
        let rooms = morning(&hall, &guests, day).await;
        assert_eq!(rooms.len(), 2);
        assert!(!meet(&rooms, me, other), "{rooms:?}");
    }
    // One-sided as the wish is, the other could name them too: that is their own.
    avoid(&hall, other, me).await;
    let path = format!("/me/avoid/{}", other.id);
    for _ in 0..2 {
        hall.delete(me, &path).await.expect(204);
    }
    assert_eq!(list(&hall, me).await, json!([]));
    let theirs = json!([{"user_id": me.id, "username": "p0"}]);
    assert_eq!(list(&hall, other).await, theirs);
    assert!(!meet(&morning(&hall, &guests, 26).await, me, other));
    let path = format!("/me/avoid/{}", me.id);
    hall.delete(other, &path).await.expect(204);
    assert_eq!(morning(&hall, &guests, 27).await.len(), 1);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn where_nobody_could_be_seated_otherwise_they_meet() {
    let hall = Hall::new().await;
    let guests = hall.guests(3);
    morning(&hall, &guests, 21).await;
    avoid(&hall, &guests[0], &guests[1]).await;
    // Nobody sits alone for it.
    assert_eq!(morning(&hall, &guests, 22).await.len(), 1);
    assert_eq!(morning(&hall, &guests[..2], 23).await.len(), 1);
}

#[tokio::test]
async fn who_is_alone_is_not_brought_to_whom_they_avoid() {
    let hall = Hall::new().await;
    let guests = hall.guests(4);
    morning(&hall, &guests, 21).await;
    let [me, other, ..] = &guests[..] else {
        unreachable!()
    };
    avoid(&hall, me, other).await;
    let date = "2026-11-22";
    hall.enroll_all(&guests, date).await;
    hall.world.at(&format!("{date}T08:50")).await;
    let room = async |guest: &Guest| hall.room(guest, date).await;
    let (mine, theirs) = (room(me).await, room(other).await);
    let others = [&guests[2], &guests[3]];
    let mut with_me = Vec::new();
    for guest in others {
        with_me.push(room(guest).await == mine);
    }
    assert_eq!(with_me.iter().filter(|with| **with).count(), 1);
    hall.world.at(&format!("{date}T08:56")).await;
    hall.world.at(&format!("{date}T09:00")).await;
    for guest in [me, other] {
        hall.connect(guest, date).await;
    }
    hall.world.at(&format!("{date}T09:05")).await;
    assert_eq!(
        (room(me).await, room(other).await),
        (mine.clone(), theirs.clone())
    );
    // Another one of the other's room comes: there are two now, and still one of them is avoided.
    let third = others[usize::from(with_me[0])];
    hall.connect(third, date).await;
    hall.world.at(&format!("{date}T09:06")).await;
    assert_eq!((room(me).await, room(third).await), (mine, theirs));
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn only_people_one_has_met_can_be_named() {
    let hall = Hall::with_slots(&["09:00"], 2).await;
    let guests = hall.guests(4);
    hall.enroll_all(&guests, MORNING).await;
    let put = async |guest: &Guest, other: &str| {
        hall.call(guest, "PUT", &format!("/me/avoid/{other}"), None)
            .await
    };
    for other in &guests[1..] {
        put(&guests[0], &other.id)
            .await
            .expect_error(404, "not_found", &[]);
    }
    hall.at("08:50").await;
    let seating = hall.seating(&guests, MORNING).await;
    let mut met = 0;
    for other in &guests[1..] {
        let rooms: Vec<_> = seating.values().cloned().collect();
        let answer = put(&guests[0], &other.id).await;
        if meet(&rooms, &guests[0], other) {
            answer.expect(204);
            met += 1;
        } else {
            answer.expect_error(404, "not_found", &[]);
        }
    }
    assert_eq!(met, 1);
    let stranger = hall.guest("stranger");
    put(&stranger, &guests[0].id)
        .await
        .expect_error(404, "not_found", &[]);
    put(&guests[0], &stranger.id)
        .await
        .expect_error(404, "not_found", &[]);
    put(&guests[0], "somebody")
        .await
        .expect_error(404, "not_found", &[]);
    hall.delete(&guests[0], &format!("/me/avoid/{}", stranger.id))
        .await
        .expect(204);
    hall.delete(&guests[0], "/me/avoid/somebody")
        .await
        .expect_error(404, "not_found", &[]);
    put(&guests[0], &guests[0].id)
        .await
        .expect_error(404, "not_found", &[]);
}

#[tokio::test]
async fn fifty_people_can_be_named() {
    let hall = Hall::new().await;
    let guests = hall.guests(2);
    morning(&hall, &guests, 21).await;
    let [me, other] = &guests[..] else {
        unreachable!()
    };
    let fill = |count: usize| {
        let named: serde_json::Map<String, Value> = (0..count)
            .map(|number| (hall.guest("x").id, json!({"S": format!("x{number}")})))
            .collect();
        hall.put(&json!({
            "pk": {"S": format!("PERSON#{}", me.id)}, "sk": {"S": "PERSON"}, "avoids": {"M": named},
        }));
    };
    let path = format!("/me/avoid/{}", other.id);
    fill(50);
    let answer = hall.call(me, "PUT", &path, None).await;
    answer.expect_error(409, "conflict", &[]);
    assert_eq!(list(&hall, me).await.as_array().unwrap().len(), 50);
    fill(49);
    hall.call(me, "PUT", &path, None).await.expect(204);
    hall.call(me, "PUT", &path, None).await.expect(204);
    assert_eq!(list(&hall, me).await.as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn a_walk_in_is_seated_where_nobody_is_whom_one_of_them_avoids() {
    for they_named_me in [false, true] {
        let hall = Hall::with_slots(&["09:00"], 2).await;
        let (me, other) = (hall.guest("me"), hall.guest("other"));
        assert_eq!(
            morning(&hall, &[me.clone(), other.clone()], 21).await.len(),
            1
        );
        match they_named_me {
            true => avoid(&hall, &other, &me).await,
            false => avoid(&hall, &me, &other).await,
        }
        for day in 22..28 {
            let date = format!("2026-11-{day}");
            let mut guests = hall.guests(3);
            guests.push(other.clone());
            hall.enroll_all(&guests, &date).await;
            hall.world.at(&format!("{date}T08:50")).await;
            hall.enroll(&me, &date).await.expect(201);
            guests.push(me.clone());
            let seating = hall.seating(&guests, &date).await;
            assert_eq!(sizes(&seating), [2, 3]);
            let rooms: Vec<_> = seating.into_values().collect();
            assert!(!meet(&rooms, &me, &other), "{rooms:?}");
            // Others sit where there is a seat.
            let late = hall.guest("late");
            hall.enroll(&late, &date).await.expect(201);
            guests.push(late);
            assert_eq!(sizes(&hall.seating(&guests, &date).await), [3, 3]);
        }
        // There is one room only.
        hall.enroll_all(std::slice::from_ref(&other), "2026-11-28")
            .await;
        hall.world.at("2026-11-28T08:50").await;
        hall.enroll(&me, "2026-11-28").await.expect(201);
        let seating = hall.seating(&[me, other], "2026-11-28").await;
        assert_eq!(sizes(&seating), [2]);
    }
}

#[tokio::test]
async fn wishes_go_with_the_account() {
    let hall = Hall::new().await;
    let guests = hall.guests(3);
    morning(&hall, &guests, 21).await;
    let [gone, named, naming] = &guests[..] else {
        unreachable!()
    };
    avoid(&hall, gone, named).await;
    avoid(&hall, naming, gone).await;
    avoid(&hall, naming, named).await;
    for _ in 0..2 {
        let erased = hall.world.account_deleted("RoomsErase", &gone.id).await;
        assert_eq!(erased, Ok(Value::Null));
    }
    let left = json!([{"user_id": named.id, "username": "p1"}]);
    assert_eq!(list(&hall, naming).await, left);
    // Nothing says that there was a wish.
    for item in hall.dump() {
        let text = json!([item["avoids"], item["avoided_by"]]).to_string();
        assert!(!text.contains(&gone.id), "{item}");
        let key = text_of(&item);
        assert!(
            !key.contains(&gone.id) || item["avoids"].is_null(),
            "{item}"
        );
    }
    // A token outlives its account, but nothing comes of it.
    let path = format!("/me/avoid/{}", named.id);
    for (method, path) in [("GET", "/me/avoid"), ("PUT", &*path), ("DELETE", &*path)] {
        let answer = hall.call(gone, method, path, None).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    let answer = hall
        .call(named, "PUT", &format!("/me/avoid/{}", gone.id), None)
        .await;
    answer.expect_error(404, "not_found", &[]);
}

#[tokio::test]
async fn a_draw_that_runs_again_goes_by_the_wishes_that_it_read_first() {
    let faults = Faults::default();
    let hall = Hall::with(|options| options.connections = faults.connections()).await;
    let guests = hall.guests(4);
    morning(&hall, &guests, 21).await;
    let [me, other, ..] = &guests[..] else {
        unreachable!()
    };
    let path = format!("/me/avoid/{}", other.id);
    let (mut before, mut after) = (0, 0);
    for nth in 0..60_u8 {
        let date = date(2026, 11, 22).saturating_add(i64::from(nth).days());
        hall.call(me, "PUT", &path, None).await.expect(204);
        hall.enroll_all(&guests, &date.to_string()).await;
        let due = tokyo(&format!("{date}T08:50"));
        hall.world.stack.clock().set(Some(due));
        faults.watch("RoomsAssign", Some((Fault::GoneBefore, usize::from(nth))));
        let drawn = hall.sweep("RoomsAssign").await;
        let (_, hit) = faults.end();
        assert_eq!(drawn.is_err(), hit);
        let of_today = |item: &Value| {
            let (pk, sk) = (text(&item["pk"]["S"]), text(&item["sk"]["S"]));
            pk.contains(&date.to_string()) && sk.starts_with("W#")
        };
        let read = hall.dump().iter().any(of_today);
        // Whatever they wish now.
        hall.delete(me, &path).await.expect(204);
        hall.world.at(&format!("{date}T08:51")).await;
        let rooms = hall.seating(&guests, &date.to_string()).await;
        assert_eq!(rooms.len(), if read { 2 } else { 1 }, "{nth}: {rooms:?}");
        let rooms: Vec<_> = rooms.into_values().collect();
        assert_eq!(meet(&rooms, me, other), !read, "{nth}: {rooms:?}");
        hall.world.at(&format!("{date}T09:30")).await;
        before += usize::from(hit && !read);
        after += usize::from(hit && read);
        if !hit {
            assert!(before > 2 && after > 2, "{before} {after}");
            return;
        }
    }
    panic!("the draw never came to its end");
}

fn text_of(item: &Value) -> String {
    text(&item["pk"]["S"])
}
