//! Nobody alone in the meeting: who is brought together, how they are told, and what is kept of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::hall::{Guest, Hall};
use crate::{
    live::Socket,
    support::{Answer, MORNING, text},
};

/// Eight people in two rooms of four, by room; the meetings are open.
async fn two_rooms(hall: &Hall) -> BTreeMap<String, Vec<Guest>> {
    let guests = hall.guests(8);
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    let seating = hall.seating(&guests, MORNING).await;
    hall.at("08:56").await;
    hall.set("09:00");
    let by_name = |name: &String| guests.iter().find(|guest| guest.name == *name).unwrap();
    let rooms = seating.into_iter();
    rooms
        .map(|(room, names)| {
            (
                room,
                names.iter().map(|name| by_name(name).clone()).collect(),
            )
        })
        .collect()
}

fn rooms_of(rooms: &BTreeMap<String, Vec<Guest>>) -> [(String, Vec<Guest>); 2] {
    let rooms: Vec<_> = rooms.clone().into_iter().collect();
    rooms.try_into().unwrap()
}

/// Leaves a meeting, as a browser does.
async fn leave(hall: &Hall, joined: &Answer) {
    let (meeting, attendee) = (&joined.body["Meeting"], &joined.body["Attendee"]);
    let left = hall
        .world
        .stack
        .chime()
        .leave(&text(&meeting["MeetingId"]), &text(&attendee["AttendeeId"]));
    left.unwrap();
    hall.world.stack.settle().await;
}

async fn members(hall: &Hall, guest: &Guest) -> BTreeSet<String> {
    let found = hall.meeting_url(guest, MORNING).await.expect(200);
    let members = found.body["members"].as_array().unwrap().clone();
    members
        .iter()
        .map(|member| text(&member["username"]))
        .collect()
}

/// Whether somebody took part, by name, in the only room of somebody's history.
async fn met(hall: &Hall, guest: &Guest) -> (String, BTreeMap<String, bool>) {
    let history = hall.get(guest, "/me/rooms").await.expect(200);
    let [room] = history.body["rooms"].as_array().unwrap().as_slice() else {
        panic!("{}", history.text);
    };
    let members = room["members"].as_array().unwrap().iter();
    let members = members.map(|member| {
        (
            text(&member["username"]),
            member["participate"].as_bool().unwrap(),
        )
    });
    (text(&room["room_id"]), members.collect())
}

#[tokio::test]
async fn two_who_are_alone_meet_after_five_minutes_and_history_says_whom_they_met() {
    let hall = Hall::new().await;
    let [(first, stays), (second, moves)] = rooms_of(&two_rooms(&hall).await);
    hall.connect(&stays[0], MORNING).await;
    hall.connect(&moves[0], MORNING).await;
    hall.at("09:04").await;
    assert_eq!(hall.room(&moves[0], MORNING).await, second);
    hall.at("09:05").await;
    assert_eq!(hall.room(&moves[0], MORNING).await, first);
    assert_eq!(hall.room(&stays[0], MORNING).await, first);
    let names = |guests: &[Guest]| -> BTreeSet<String> {
        guests.iter().map(|guest| guest.name.clone()).collect()
    };
    let together: BTreeSet<String> = names(&stays)
        .into_iter()
        .chain([moves[0].name.clone()])
        .collect();
    assert_eq!(members(&hall, &stays[0]).await, together);
    assert_eq!(members(&hall, &moves[0]).await, together);
    // Who has not come keeps the room they were drawn into.
    assert_eq!(members(&hall, &moves[1]).await, names(&moves[1..]));

    // The former room says where to go on.
    let answer = hall.join(&moves[0], &second).await;
    answer.expect_error(409, "conflict", &[]);
    let answer = hall.post(&moves[0], "/participated", json!({"room_id": second}));
    answer.await.expect_error(409, "conflict", &[]);
    hall.connect(&moves[0], MORNING).await;
    hall.world.stack.settle().await;
    let answer = hall.post(&moves[0], "/participated", json!({})).await;
    assert_eq!(answer.expect(200).text("room_id"), first);
    for time in ["09:06", "09:07", "09:15"] {
        hall.at(time).await;
        assert_eq!(hall.room(&moves[0], MORNING).await, first);
    }

    hall.at("09:31").await;
    for guest in [&stays[0], &moves[0]] {
        let (room, members) = met(&hall, guest).await;
        assert_eq!(room, first);
        assert_eq!(members.keys().cloned().collect::<BTreeSet<_>>(), together);
        let came: BTreeSet<_> = members.into_iter().filter(|(_, came)| *came).collect();
        let both = [&stays[0], &moves[0]].map(|guest| (guest.name.clone(), true));
        assert_eq!(came, both.into());
        assert_eq!(hall.rate(guest).await, 100);
    }
    let (room, members) = met(&hall, &moves[1]).await;
    assert_eq!(room, second);
    assert!(members.values().all(|came| !came) && members.len() == 3);
    assert_eq!(hall.rate(&moves[1]).await, 0);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn who_is_moved_is_told_on_the_live_connection_until_they_come() {
    let hall = Hall::new().await;
    let mut people = hall.world.people(2).await;
    let guests: Vec<Guest> = people.iter().map(Guest::of).collect();
    let others: Vec<Guest> = (0..6)
        .map(|number| hall.guest(&format!("other{number}")))
        .collect();
    // The two are apart: they met the morning before.
    hall.enroll_all(&guests, MORNING).await;
    hall.at("08:50").await;
    hall.at("09:31").await;
    let next = |time: &str| format!("2026-11-22T{time}");
    hall.enroll_all(&[guests.clone(), others].concat(), "2026-11-22")
        .await;
    hall.world.at(&next("08:50")).await;
    let room = hall.room(&guests[0], "2026-11-22").await;
    assert_ne!(room, hall.room(&guests[1], "2026-11-22").await);
    hall.world.at(&next("08:56")).await;
    hall.world.at(&next("09:00")).await;
    for guest in &guests {
        hall.connect(guest, "2026-11-22").await;
    }
    hall.world.refresh_all(&mut people).await;
    let mut sockets = Vec::new();
    for person in &people {
        sockets.push(Socket::open(&hall.world, person).await);
    }
    hall.world.at(&next("09:05")).await;
    let mut told = 0;
    for (guest, socket) in guests.iter().zip(&mut sockets) {
        let now = hall.meeting_url(guest, "2026-11-22").await.expect(200);
        let was = if guest.id == guests[0].id { &room } else { "" };
        if now.text("room_id") == *was || guest.id != guests[0].id && now.text("room_id") != room {
            socket.expect_nothing().await;
            continue;
        }
        told += 1;
        let frame = socket.next().await;
        assert_eq!(frame["type"], "roomMoved");
        for field in ["room_id", "url", "date", "time", "members"] {
            assert_eq!(frame[field], now.body[field], "{field}");
        }
        // Again, while they are on their way, and no more when they are there.
        hall.world.at(&next("09:06")).await;
        assert_eq!(socket.next().await, frame);
        hall.connect(guest, "2026-11-22").await;
        hall.world.stack.settle().await;
        hall.world.at(&next("09:07")).await;
        socket.expect_nothing().await;
    }
    assert_eq!(told, 1);
}

#[tokio::test]
async fn who_comes_late_to_an_empty_room_or_is_left_alone_finds_company_within_a_minute() {
    let hall = Hall::new().await;
    let [(first, stays), (second, late)] = rooms_of(&two_rooms(&hall).await);
    for guest in &stays[..2] {
        hall.connect(guest, MORNING).await;
    }
    hall.at("09:05").await;
    hall.set("09:09:30");
    let joined = hall.connect(&late[0], MORNING).await;
    assert_eq!(hall.room(&late[0], MORNING).await, second);
    hall.at("09:10").await;
    assert_eq!(hall.room(&late[0], MORNING).await, first);
    leave(&hall, &joined).await;
    let joined = hall.connect(&late[0], MORNING).await;
    hall.world.stack.settle().await;
    // Two come to the former room: they have each other.
    for guest in &late[1..3] {
        hall.connect(guest, MORNING).await;
    }
    hall.at("09:11").await;
    assert_eq!(hall.room(&late[1], MORNING).await, second);
    // One of them leaves.
    hall.set("09:12");
    let again = hall.join(&late[1], &second).await.expect(200);
    leave(&hall, &again).await;
    hall.at("09:13").await;
    assert_eq!(hall.room(&late[2], MORNING).await, first);
    assert_eq!(hall.room(&late[0], MORNING).await, first);
    drop(joined);
    // In the last five minutes everybody stays.
    hall.set("09:26");
    hall.connect(&late[3], MORNING).await;
    hall.at("09:26").await;
    assert_eq!(hall.room(&late[3], MORNING).await, second);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn who_never_goes_to_the_new_room_took_part_where_they_were() {
    let hall = Hall::new().await;
    let [(first, stays), (second, moves)] = rooms_of(&two_rooms(&hall).await);
    hall.connect(&stays[0], MORNING).await;
    hall.connect(&moves[0], MORNING).await;
    hall.at("09:05").await;
    assert_eq!(hall.room(&moves[0], MORNING).await, first);
    // Nobody comes: both are alone again, and there is nobody else.
    for time in ["09:09", "09:10", "09:20"] {
        hall.at(time).await;
    }
    hall.at("09:31").await;
    let (room, members) = met(&hall, &moves[0]).await;
    assert_eq!((room, members[&moves[0].name]), (second, true));
    assert_eq!(hall.rate(&moves[0]).await, 100);
    let (room, members) = met(&hall, &stays[0]).await;
    assert_eq!(room, first);
    assert!(!members.contains_key(&moves[0].name));
    assert_eq!(hall.rate(&stays[0]).await, 100);
}

#[tokio::test]
async fn of_who_was_moved_and_goes_no_name_is_kept_in_either_room() {
    let hall = Hall::new().await;
    let [(_, stays), (_, moves)] = rooms_of(&two_rooms(&hall).await);
    hall.connect(&stays[0], MORNING).await;
    hall.connect(&moves[0], MORNING).await;
    hall.at("09:05").await;
    let gone = &moves[0];
    hall.world
        .account_deleted("RoomsErase", &gone.id)
        .await
        .unwrap();
    let kept = |hall: &Hall| -> Vec<Value> {
        let name = format!("\"{}\"", gone.name);
        let entry = format!("{} {}", gone.id, gone.name);
        let items = hall.dump().into_iter();
        let names = |item: &Value| {
            let text = item.to_string();
            !text.contains("OUTBOX#") && (text.contains(&name) || text.contains(&entry))
        };
        items.filter(names).collect()
    };
    assert_eq!(kept(&hall), Vec::<Value>::new());
    assert!(!members(&hall, &stays[0]).await.contains(&gone.name));
    hall.at("09:31").await;
    assert_eq!(kept(&hall), Vec::<Value>::new());
    hall.world.nothing_given_up();
}

/// Mornings on which people come, go and follow, or do not, as chance has it.
#[tokio::test]
async fn whoever_could_have_company_has_it_and_nobody_is_in_two_rooms() {
    for seed in 1..=3_u64 {
        let hall = Hall::new().await;
        let guests = hall.guests(19);
        hall.enroll_all(&guests, MORNING).await;
        hall.at("08:50").await;
        hall.at("08:56").await;
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut below = |bound: u64| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
        };
        let mut here: BTreeMap<usize, Answer> = BTreeMap::new();
        for minute in [1, 3, 5, 6, 8, 11, 14] {
            hall.set(&format!("09:{minute:02}"));
            for (number, guest) in guests.iter().enumerate() {
                if here.contains_key(&number) && below(6) == 0 {
                    leave(&hall, &here.remove(&number).unwrap()).await;
                } else if !here.contains_key(&number) && below(7) == 0 {
                    here.insert(number, hall.connect(guest, MORNING).await);
                }
            }
            hall.at(&format!("09:{minute:02}")).await;
            if minute < 5 {
                continue;
            }
            // As seen by each of them; `seating` fails where somebody is in two rooms or in none.
            let seating = hall.seating(&guests, MORNING).await;
            let present = |names: &BTreeSet<String>| {
                let there = here
                    .keys()
                    .filter(|number| names.contains(&guests[**number].name));
                there.count()
            };
            let sizes: Vec<usize> = seating.values().map(present).collect();
            let alone = sizes.iter().filter(|size| **size == 1).count();
            let places = sizes.iter().any(|size| (2..6).contains(size));
            assert!(
                alone == 0 || alone == 1 && !places,
                "{seed} {minute}: {sizes:?}"
            );
            // They follow.
            for (number, joined) in &mut here {
                let room = hall.room(&guests[*number], MORNING).await;
                let meeting = text(&joined.body["Meeting"]["ExternalMeetingId"]);
                if !meeting.ends_with(&room) {
                    leave(&hall, joined).await;
                    *joined = hall.connect(&guests[*number], MORNING).await;
                }
            }
            hall.world.stack.settle().await;
        }
        hall.world.nothing_given_up();
    }
}
