//! Closing an account takes away what rooms holds of it, and leaves the others their rooms.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::hall::{Guest, Hall};
use crate::{
    crash::{Fault, Faults},
    support::{MORNING, text},
};

async fn erase(hall: &Hall, guest: &Guest) {
    let erased = hall.world.account_deleted("RoomsErase", &guest.id).await;
    assert_eq!(erased, Ok(Value::Null));
}

/// The keys of the items that name somebody or are their own; the mark that they have gone is not
/// one of them, nor are letters in the outbox, which goes by itself.
fn left(hall: &Hall, guest: &Guest) -> Vec<String> {
    let about = |item: &Value| {
        let mut told = item.clone();
        // Random letters can happen to be a name.
        told["write_id"] = Value::Null;
        let (text, key) = (told.to_string(), format!("{}{}", item["pk"], item["sk"]));
        let gone = item["gone"]["BOOL"] == true && item["mornings"].is_null();
        let announced = key.contains("OUTBOX#");
        !announced && (text.contains(&guest.name) || (key.contains(&guest.id) && !gone))
    };
    let items = hall.dump().into_iter().filter(about);
    items
        .map(|item| format!("{} {}", text(&item["pk"]["S"]), text(&item["sk"]["S"])))
        .collect()
}

/// The names in the newest of somebody's rooms, `-` for somebody without one, and whether each took
/// part.
async fn last_room(hall: &Hall, guest: &Guest) -> Vec<(String, bool)> {
    let answer = hall.get(guest, "/me/rooms").await.expect(200);
    let members = answer.body["rooms"][0]["members"].as_array().unwrap();
    let mut members: Vec<(String, bool)> = members
        .iter()
        .map(|member| {
            let name = member["username"].as_str().unwrap_or("-");
            (name.to_owned(), member["participate"] == true)
        })
        .collect();
    members.sort();
    members
}

#[tokio::test]
async fn who_goes_before_the_draw_is_not_drawn() {
    let hall = Hall::new().await;
    let mut guests = hall.guests(5);
    for date in [MORNING, "2026-11-22"] {
        hall.enroll_all(&guests, date).await;
    }
    let gone = guests.remove(0);
    let others: Vec<Value> = (hall.dump().into_iter())
        .filter(|item| !item.to_string().contains(&gone.id))
        .collect();
    for _ in 0..2 {
        erase(&hall, &gone).await;
        assert!(left(&hall, &gone).is_empty(), "{:?}", left(&hall, &gone));
    }
    let after = hall.dump();
    assert!(others.iter().all(|item| after.contains(item)));

    // A token outlives its account, but nothing comes of it.
    for date in [MORNING, "2026-11-23"] {
        let answer = hall.enroll(&gone, date).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    let list = hall.get(&gone, "/register/").await.expect(200);
    assert_eq!(list.body, json!([]));
    hall.at("08:50").await;
    let late = hall.enroll(&gone, MORNING).await;
    late.expect_error(401, "access_token_invalid", &[]);
    assert_eq!(hall.seating(&guests, MORNING).await.len(), 1);
    assert!(left(&hall, &gone).is_empty());
}

#[tokio::test]
async fn who_goes_after_the_draw_leaves_an_empty_seat() {
    let hall = Hall::new().await;
    let mut guests = hall.guests(8);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    let before = hall.seating(&guests, MORNING).await;
    let (late, gone_late) = (hall.guest("late"), hall.guest("too-late"));
    for guest in [&late, &gone_late] {
        hall.enroll(guest, MORNING).await.expect(201);
    }
    hall.set("08:55");
    hall.participate(&gone_late).await;
    let gone = guests.remove(0);
    let room = hall.room(&gone, MORNING).await;
    for guest in [&gone, &gone_late] {
        erase(&hall, guest).await;
        assert!(left(&hall, guest).is_empty(), "{:?}", left(&hall, guest));
        // A token outlives its account, but leads to nobody.
        for path in [
            format!("/rooms/{room}/join"),
            format!("/meeting_url/{}?date={MORNING}", guest.id),
            "/me/rooms".to_owned(),
        ] {
            let answer = hall.get(guest, &path).await;
            answer.expect_error(401, "access_token_invalid", &[]);
        }
    }
    // The others sit where they sat.
    guests.push(late.clone());
    let after = hall.seating(&guests, MORNING).await;
    for (room, names) in &after {
        assert!(
            names
                .iter()
                .all(|name| *name == late.name || before[room].contains(name))
        );
    }
    hall.at("08:56").await;
    for guest in &guests {
        hall.connect(guest, MORNING).await;
    }
    hall.at("09:30").await;
    for guest in &guests {
        assert_eq!(hall.rate(guest).await, 100);
    }
    // Somebody was there, or was expected, who has no name any more.
    let mate = guests
        .iter()
        .find(|guest| before[&room].contains(&guest.name));
    let seen = last_room(&hall, mate.unwrap()).await;
    assert!(seen.contains(&("-".into(), false)), "{seen:?}");
    let mut nameless = Vec::new();
    for guest in &guests {
        let seen = last_room(&hall, guest).await;
        nameless.extend(seen.into_iter().filter(|(name, _)| name == "-"));
    }
    assert!(nameless.contains(&("-".into(), true)), "{nameless:?}");
    for guest in [&gone, &gone_late] {
        assert!(left(&hall, guest).is_empty(), "{:?}", left(&hall, guest));
    }
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn a_room_that_all_have_left_is_not_opened() {
    let hall = Hall::with_slots(&["09:00"], 2).await;
    let guests = hall.guests(4);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    let room = hall.room(&guests[0], MORNING).await;
    let mut others = Vec::new();
    for guest in &guests {
        match hall.room(guest, MORNING).await == room {
            true => erase(&hall, guest).await,
            false => others.push(guest),
        }
    }
    hall.at("08:56").await;
    assert_eq!(hall.world.stack.chime().live_meetings().len(), 1);
    for guest in others {
        hall.connect(guest, MORNING).await;
    }
    hall.at("09:30").await;
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn who_goes_after_the_slot_is_nobody_in_the_history_of_the_others() {
    let hall = Hall::new().await;
    let mut person = hall.world.sign_up("leaving").await;
    let me = Guest::of(&person);
    let mut guests = hall.guests(3);
    guests.push(me.clone());
    for date in [MORNING, "2026-11-22"] {
        hall.enroll_all(&guests, date).await;
        hall.world.at(&format!("{date}T08:50")).await;
        hall.world.at(&format!("{date}T09:00")).await;
        for guest in &guests[1..] {
            hall.participate(guest).await;
        }
        hall.world.at(&format!("{date}T09:30")).await;
    }
    let rate = hall.rate(&guests[0]).await;
    hall.world.stack.aws().forget_calls();

    hall.world.refresh(&mut person).await;
    let token = Some(person.access_token.as_str());
    let closed = hall.world.call("DELETE", "/api/users/me", token, None);
    closed.await.expect(204);
    hall.world.stack.settle().await;
    let calls = hall.world.stack.aws().calls();
    let taken = calls.iter().filter(|call| call.function == "RoomsErase");
    assert_eq!(taken.count(), 6 + 2 * 4);
    guests.retain(|guest| guest.id != me.id);

    assert!(left(&hall, &me).is_empty(), "{:?}", left(&hall, &me));
    let expected = [("-", true), ("p0", false), ("p1", true), ("p2", true)];
    let expected = expected.map(|(name, there)| (name.to_owned(), there));
    for guest in &guests {
        assert_eq!(last_room(&hall, guest).await, expected);
        let answer = hall.get(guest, "/me/rooms").await.expect(200);
        assert_eq!(answer.body["rooms"].as_array().unwrap().len(), 2);
    }
    assert_eq!(hall.rate(&guests[0]).await, rate);
    // Again, and the next draw goes as ever.
    let histories = hall.dump();
    erase(&hall, &me).await;
    let again = hall.dump();
    let others = |items: &[Value]| -> Vec<Value> {
        let others = items
            .iter()
            .filter(|item| !item["pk"].to_string().contains(&me.id));
        others.cloned().collect()
    };
    assert_eq!(others(&again), others(&histories));
    hall.enroll_all(&guests, "2026-11-23").await;
    hall.world.at("2026-11-23T08:50").await;
    assert_eq!(hall.seating(&guests, "2026-11-23").await.len(), 1);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn who_goes_while_the_draw_runs_is_gone_when_the_slot_is_over() {
    let faults = Faults::default();
    let hall = Hall::with(|options| options.connections = faults.connections()).await;
    let mut in_between = 0;
    for nth in 0..40 {
        let date = format!("2026-11-{:02}", 21 + nth % 10);
        let date = if nth < 10 {
            date
        } else {
            format!("2026-12-{:02}", nth - 9)
        };
        let mut guests = hall.guests(5);
        guests[0].name = format!("gone{nth}!");
        hall.enroll_all(&guests, &date).await;
        let begin = format!("{date}T08:50");
        hall.world
            .stack
            .clock()
            .set(Some(crate::support::tokyo(&begin)));
        faults.watch("RoomsAssign", Some((Fault::GoneBefore, nth)));
        let drawn = hall.sweep("RoomsAssign").await;
        let gone = guests.remove(0);
        let (_, hit) = faults.end();
        assert_eq!(drawn.is_err(), hit);
        erase(&hall, &gone).await;
        in_between += usize::from(!left(&hall, &gone).is_empty());

        hall.world.at(&format!("{date}T08:51")).await;
        // Until then they are shown, if they are in the draw.
        let rooms = join_all(guests.iter().map(|guest| hall.room(guest, &date))).await;
        assert_eq!(rooms[0], rooms[3]);
        hall.world.at(&format!("{date}T09:30")).await;
        assert!(left(&hall, &gone).is_empty(), "{:?}", left(&hall, &gone));
        for guest in &guests {
            assert_eq!(hall.rate(guest).await, 0);
        }
        hall.world.nothing_given_up();
        if !hit {
            assert!(in_between > 2, "{in_between}");
            return;
        }
    }
    panic!("the draw never came to its end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_enrolls_and_walks_in_while_they_go_is_gone() {
    let hall = Hall::new().await;
    let staying = hall.guests(3);
    hall.enroll_all(&staying, MORNING).await;
    for (time, number) in [("08:49", 0), ("08:50", 10)] {
        hall.at(time).await;
        let leaving: Vec<Guest> = (number..number + 10)
            .map(|number| hall.guest(&format!("gone{number}!")))
            .collect();
        join_all(leaving.iter().map(|guest| async {
            let (answer, ()) = tokio::join!(hall.enroll(guest, MORNING), erase(&hall, guest));
            assert!(
                [201, 401, 503].contains(&answer.status.as_u16()),
                "{}",
                answer.text
            );
        }))
        .await;
        for guest in &leaving {
            assert!(left(&hall, guest).is_empty(), "{:?}", left(&hall, guest));
        }
    }
    assert_eq!(hall.seating(&staying, MORNING).await.len(), 1);
}
