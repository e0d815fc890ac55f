//! Its flows under faults.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::crash_wishes::{comes, names};
use crate::{
    crash::{Flow, Scene, flows},
    support::MORNING,
};

flows!(rooms: enroll, walk_in, withdraw, draw, remind, tell, open, join, gather, close, bring_back, miss, erase,
    calendar);

async fn enroll(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsEnroll",
        two_meet: true,
    };
    flow.survives(
        async |_| {},
        async |scene| enrolls(scene, 0).await,
        enrolled_once,
    )
    .await;
}

async fn walk_in(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsEnroll",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            for person in 0..4 {
                enrolls(scene, person).await;
            }
            scene.at("08:50");
            scene.fire("RoomsAssign").await.unwrap();
        },
        async |scene| enrolls(scene, 4).await,
        everybody_has_one_room,
    )
    .await;
}

async fn withdraw(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsWithdraw",
        two_meet: true,
    };
    flow.survives(
        async |scene| drawn(scene, "08:56").await,
        async |scene| {
            let path = format!("/register/{MORNING}");
            scene.call(0, "DELETE", &path, None).await.0 == 204
        },
        one_has_left,
    )
    .await;
}

async fn miss(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsClose",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            // What was before this morning is told of.
            scene.fire("RoomsClose").await.unwrap();
            for person in 0..5 {
                assert!(enrolls(scene, person).await);
            }
            scene.at("09:31");
        },
        async |scene| scene.fire("RoomsClose").await.is_ok(),
        everybody_is_told_once,
    )
    .await;
}

async fn calendar(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsCalendar",
        two_meet: true,
    };
    flow.survives(
        async |scene| assert!(enrolls(scene, 0).await),
        async |scene| made_and_read(scene).await.is_some(),
        one_feed_is_there,
    )
    .await;
}

async fn draw(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsAssign",
        two_meet: true,
    };
    flow.survives(
        yesterday_and_enrollments,
        async |scene| scene.fire("RoomsAssign").await.is_ok(),
        everybody_has_one_room,
    )
    .await;
}

async fn remind(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsOpen",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            for person in 0..5 {
                assert!(enrolls(scene, person).await);
            }
        },
        async |scene| scene.fire("RoomsOpen").await.is_ok(),
        async |scene| each_is_written_to_once(scene, "reminder").await,
    )
    .await;
}

async fn tell(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsOpen",
        two_meet: true,
    };
    flow.survives(
        async |scene| drawn(scene, "08:51").await,
        async |scene| scene.fire("RoomsOpen").await.is_ok(),
        async |scene| each_is_written_to_once(scene, "ready").await,
    )
    .await;
}

/// That everybody's letter is announced, under its one name, and that no later run announces any.
async fn each_is_written_to_once(scene: &mut Scene, what: &str) -> Result<(), String> {
    let announced = |scene: &Scene| -> BTreeSet<String> {
        let items = scene.world.items("RoomsTable").into_iter();
        let rows = items.map(|item| item["pk"]["S"].as_str().unwrap_or_default().to_owned());
        rows.filter(|row| row.starts_with("OUTBOX#")).collect()
    };
    let expected = scene.people.iter();
    let expected: BTreeSet<String> = expected
        .map(|person| format!("OUTBOX#{what}-{MORNING}T09:00-{person}"))
        .collect();
    let found = announced(scene);
    if found != expected {
        return Err(format!("announced {found:?}"));
    }
    let before = scene.world.items("RoomsTable");
    scene.fire("RoomsOpen").await?;
    match scene.world.items("RoomsTable") == before {
        true => Ok(()),
        false => Err("a run with nothing to do has written something".into()),
    }
}

async fn gather(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsOpen",
        two_meet: true,
    };
    flow.survives(
        two_are_alone,
        async |scene| scene.fire("RoomsOpen").await.is_ok(),
        async |scene| {
            let rooms = seating(scene).await;
            everybody_has_one_room(scene).await?;
            let together =
                |people: &Vec<usize>| alone(scene).iter().all(|one| people.contains(one));
            match rooms.values().any(together) && rooms.values().flatten().count() == 8 {
                true => Ok(()),
                false => Err(format!("{:?} in {rooms:?}", alone(scene))),
            }
        },
    )
    .await;
}

/// Eight people are in two rooms, and of each one has come.
async fn two_are_alone(scene: &mut Scene) {
    for number in 5..8 {
        let id = format!("019aa2b4-7c1e-7d33-9f0a-00000000000{number}");
        scene.people.push(id);
    }
    for person in 0..8 {
        assert!(enrolls(scene, person).await);
    }
    scene.at("08:50");
    scene.fire("RoomsAssign").await.unwrap();
    scene.at("08:56");
    scene.fire("RoomsOpen").await.unwrap();
    scene.at("09:00");
    let rooms = seating(scene).await;
    let alone: Vec<usize> = rooms.values().map(|people| people[0]).collect();
    assert_eq!(alone.len(), 2);
    for person in &alone {
        let (status, _) = scene.call(*person, "POST", "/participated", None).await;
        assert_eq!(status, 200);
    }
    scene.token = alone.iter().map(usize::to_string).collect();
    scene.at("09:05");
}

/// Who they were.
fn alone(scene: &Scene) -> Vec<usize> {
    let digits = scene.token.chars().filter_map(|digit| digit.to_digit(10));
    digits.map(|digit| digit as usize).collect()
}

async fn bring_back(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsClose",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            two_are_alone(scene).await;
            scene.fire("RoomsOpen").await.unwrap();
            // Whoever was moved never came.
            scene.at("09:30");
        },
        async |scene| scene.fire("RoomsClose").await.is_ok(),
        async |scene| {
            let alone = alone(scene);
            for person in 0..8 {
                let (_, answer) = scene.call(person, "GET", "/me/rooms", None).await;
                let came = alone.contains(&person);
                let room = &answer["rooms"][0];
                let members = room["members"].as_array().into_iter().flatten();
                let here = members
                    .filter(|member| member["participate"] == true)
                    .count();
                if answer["rate"] != if came { 100 } else { 0 }
                    || room["participate"] != came
                    || here != 1
                {
                    return Err(format!("{person}: {answer}"));
                }
            }
            Ok(())
        },
    )
    .await;
}

async fn open(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsOpen",
        two_meet: true,
    };
    flow.survives(
        async |scene| drawn(scene, "08:56").await,
        async |scene| scene.fire("RoomsOpen").await.is_ok(),
        every_room_has_one_meeting,
    )
    .await;
}

async fn join(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsJoin",
        two_meet: true,
    };
    flow.survives(
        async |scene| drawn(scene, "08:57").await,
        async |scene| joins(scene, 0).await.0 == 200,
        everybody_gets_in,
    )
    .await;
}

async fn close(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsClose",
        two_meet: true,
    };
    flow.survives(
        over,
        async |scene| scene.fire("RoomsClose").await.is_ok(),
        closed_once,
    )
    .await;
}

async fn erase(name: &'static str) {
    let flow = Flow {
        name,
        function: "RoomsErase",
        two_meet: true,
    };
    flow.survives(
        a_room_and_enrollments,
        async |scene| {
            let gone = &scene.people[0];
            let erased = scene.world.account_deleted("RoomsErase", gone).await;
            erased.is_ok()
        },
        others_remain,
    )
    .await;
}

/// Where somebody's room is; `None` while it is not drawn.
async fn room_of(scene: &Scene, person: usize) -> Option<String> {
    let path = format!("/meeting_url/{}?date={MORNING}", scene.people[person]);
    let (status, answer) = scene.call(person, "GET", &path, None).await;
    assert_eq!(status, 200, "{answer}");
    Some(answer["room_id"].as_str()?.to_owned())
}

/// Everybody's room, by room.
async fn seating(scene: &Scene) -> BTreeMap<String, Vec<usize>> {
    let mut rooms: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for person in 0..scene.people.len() {
        let room = room_of(scene, person).await;
        rooms
            .entry(room.unwrap_or_else(|| "none".into()))
            .or_default()
            .push(person);
    }
    rooms
}

/// The rooms' meetings that live, by room.
fn meetings(scene: &Scene) -> BTreeMap<String, usize> {
    let mut meetings = BTreeMap::new();
    for meeting in scene.world.stack.chime().live_meetings() {
        let room = meeting.external_meeting_id.replace("enishi_", "");
        *meetings.entry(room).or_default() += 1;
    }
    meetings
}

pub async fn enrolls(scene: &Scene, person: usize) -> bool {
    let body = json!({"date": MORNING});
    let (status, _) = scene.call(person, "POST", "/register/", Some(body)).await;
    matches!(status, 200 | 201)
}

async fn joins(scene: &Scene, person: usize) -> (u16, Value) {
    let room = room_of(scene, person).await.unwrap();
    scene
        .call(person, "GET", &format!("/rooms/{room}/join"), None)
        .await
}

/// Five people met the morning before, so that the draw has something to look back on.
async fn yesterday_and_enrollments(scene: &mut Scene) {
    for date in ["2026-11-20T08:00", "2026-11-20T08:50", "2026-11-20T09:31"] {
        scene.at_time(date);
        match &date[11..] {
            "08:00" => {
                for person in 0..5 {
                    let body = json!({"date": "2026-11-20"});
                    let (status, _) = scene.call(person, "POST", "/register/", Some(body)).await;
                    assert_eq!(status, 201);
                }
            }
            "08:50" => drop(scene.fire("RoomsAssign").await.unwrap()),
            _ => drop(scene.fire("RoomsClose").await.unwrap()),
        }
    }
    for person in 0..5 {
        assert!(enrolls(scene, person).await);
    }
    scene.at("08:50");
}

async fn drawn(scene: &mut Scene, time: &str) {
    for person in 0..5 {
        assert!(enrolls(scene, person).await);
    }
    scene.at("08:50");
    scene.fire("RoomsAssign").await.unwrap();
    scene.at(time);
}

/// All but the last one took part.
async fn over(scene: &mut Scene) {
    drawn(scene, "08:56").await;
    scene.fire("RoomsOpen").await.unwrap();
    for person in 0..4 {
        let (status, _) = scene.call(person, "POST", "/participated", None).await;
        assert_eq!(status, 200);
    }
    scene.at("09:30");
}

async fn enrolled_once(scene: &mut Scene) -> Result<(), String> {
    let (_, list) = scene.call(0, "GET", "/register/", None).await;
    if list.as_array().map(Vec::len) != Some(1) {
        return Err(list.to_string());
    }
    for person in 1..5 {
        enrolls(scene, person).await;
    }
    scene.at("08:50");
    scene.fire("RoomsAssign").await?;
    everybody_has_one_room(scene).await
}

/// In a room, in one, with the people who are in it; and drawing again changes nothing.
pub async fn everybody_has_one_room(scene: &mut Scene) -> Result<(), String> {
    let rooms = seating(scene).await;
    if rooms.contains_key("none") {
        return Err(format!("somebody has no room: {rooms:?}"));
    }
    for (room, people) in &rooms {
        let path = format!("/meeting_url/{}?date={MORNING}", scene.people[people[0]]);
        let (_, answer) = scene.call(people[0], "GET", &path, None).await;
        let names: BTreeSet<String> = answer["members"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|member| member["username"].as_str().unwrap_or_default().to_owned())
            .collect();
        let expected: BTreeSet<String> = people
            .iter()
            .map(|person| scene.people[*person][35..].to_owned())
            .collect();
        if names != expected || answer["members"].as_array().map(Vec::len) != Some(people.len()) {
            return Err(format!("{room} has {names:?} and should have {expected:?}"));
        }
    }
    scene.fire("RoomsAssign").await?;
    let again = seating(scene).await;
    if again == rooms {
        Ok(())
    } else {
        Err(format!("drawn again: {rooms:?}, then {again:?}"))
    }
}

async fn every_room_has_one_meeting(scene: &mut Scene) -> Result<(), String> {
    let rooms: BTreeSet<String> = seating(scene).await.into_keys().collect();
    let meetings = meetings(scene);
    if meetings.values().all(|count| *count == 1) && meetings.keys().eq(rooms.iter()) {
        everybody_gets_in(scene).await
    } else {
        Err(format!("{meetings:?} for {rooms:?}"))
    }
}

/// Everybody of a room joins one meeting, with their own credentials.
async fn everybody_gets_in(scene: &mut Scene) -> Result<(), String> {
    for (room, people) in seating(scene).await {
        let mut meetings = BTreeSet::new();
        let mut attendees = BTreeSet::new();
        for person in &people {
            let (status, answer) = joins(scene, *person).await;
            if status != 200 {
                return Err(format!("{status} {answer}"));
            }
            meetings.insert(answer["Meeting"]["MeetingId"].to_string());
            attendees.insert(answer["Attendee"]["AttendeeId"].to_string());
        }
        if meetings.len() != 1 || attendees.len() != people.len() {
            return Err(format!("{room}: {meetings:?} {attendees:?}"));
        }
    }
    match meetings(scene).iter().find(|(_, count)| **count > 1) {
        Some((room, count)) => Err(format!("{room} has {count} live meetings")),
        None => Ok(()),
    }
}

/// Two people met yesterday, and are enrolled for today.
async fn a_room_and_enrollments(scene: &mut Scene) {
    for date in ["2026-11-20T08:00", "2026-11-20T08:50"] {
        scene.at_time(date);
        for (person, day) in [(0, 20), (1, 20), (0, 21), (1, 21)] {
            let body = json!({"date": format!("2026-11-{day}")});
            let (status, _) = scene.call(person, "POST", "/register/", Some(body)).await;
            assert!(matches!(status, 200 | 201));
        }
        scene.fire("RoomsAssign").await.unwrap();
    }
    for (person, other) in [(0, 1), (1, 0)] {
        assert!(names(scene, "PUT", person, other).await);
    }
    assert!(comes(scene, 0, json!(["sat", "mon"])).await);
}

/// Nobody in the room that was drawn, and not in the one to come.
async fn others_remain(scene: &mut Scene) -> Result<(), String> {
    let (_, list) = scene.call(0, "GET", "/register/", None).await;
    let (_, met) = scene.call(1, "GET", "/me/rooms", None).await;
    scene.at("08:50");
    scene.fire("RoomsAssign").await?;
    let path = format!("/meeting_url/{}?date={MORNING}", scene.people[1]);
    let (_, room) = scene.call(1, "GET", &path, None).await;
    let names = |members: &Value| -> BTreeSet<String> {
        let members = members.as_array().into_iter().flatten();
        members
            .map(|member| member["username"].as_str().unwrap_or("nobody").to_owned())
            .collect()
    };
    let (met, room) = (names(&met["rooms"][0]["members"]), names(&room["members"]));
    let (_, named) = scene.call(1, "GET", "/me/avoid", None).await;
    let (_, schedule) = scene.call(0, "GET", "/me/schedule", None).await;
    let rest = list == json!([]) && named == json!([]) && schedule == json!({"days": []});
    if rest && met.iter().eq(["1", "nobody"]) && room.iter().eq(["1"]) {
        Ok(())
    } else {
        Err(format!(
            "{list} {named} {schedule}, met {met:?}, meets {room:?}"
        ))
    }
}

async fn closed_once(scene: &mut Scene) -> Result<(), String> {
    if !meetings(scene).is_empty() {
        return Err(format!("left: {:?}", meetings(scene)));
    }
    for person in 0..5 {
        let (_, answer) = scene.call(person, "GET", "/me/rooms", None).await;
        let expected = if person == 4 { 0 } else { 100 };
        let rooms = answer["rooms"].as_array().map(Vec::len);
        if answer["rate"] != expected || rooms != Some(1) {
            return Err(format!("{person}: {answer}"));
        }
    }
    Ok(())
}

/// Makes an address and reads what is there, by whom it was made for.
async fn made_and_read(scene: &Scene) -> Option<String> {
    let (status, made) = scene.call(0, "POST", "/me/calendar", None).await;
    if status != 201 {
        return None;
    }
    let url = made["url"].as_str()?;
    Some(url.strip_prefix(&scene.world.stack.url())?.to_owned())
}

async fn one_feed_is_there(scene: &mut Scene) -> Result<(), String> {
    let path = made_and_read(scene).await.ok_or("no address")?;
    let feed = scene.world.call("GET", &path, None, None).await;
    let items = scene.world.items("RoomsTable");
    let addresses = items.iter().filter(|item| item["sk"]["S"] == "CALENDAR");
    match (feed.text.matches("BEGIN:VEVENT").count(), addresses.count()) {
        (1, 1) => Ok(()),
        counts => Err(format!("{counts:?}: {}", feed.text)),
    }
}

/// Four are in the room, and know of the fifth; so does whoever counts.
async fn one_has_left(scene: &mut Scene) -> Result<(), String> {
    let path = format!("/meeting_url/{}?date={MORNING}", scene.people[1]);
    let (_, answer) = scene.call(1, "GET", &path, None).await;
    let members = answer["members"].as_array().into_iter().flatten();
    let left: Vec<&Value> = members
        .filter(|member| member["withdrawn"] == true)
        .collect();
    let items = scene.world.items("RoomsTable");
    let draw = items.iter().find(|item| item["pk"]["S"] == "SLOTS");
    // One room, of four.
    let sizes = draw.map(|draw| draw["sizes"]["B"].clone());
    if left != [&json!({"username": "0", "withdrawn": true})] || sizes != Some(json!("BA==")) {
        return Err(format!("{answer}, {sizes:?}"));
    }
    scene.at("09:30");
    scene.fire("RoomsClose").await?;
    let (_, history) = scene.call(0, "GET", "/me/rooms", None).await;
    match history["rate"].as_i64() {
        Some(50) => Ok(()),
        rate => Err(format!("{rate:?}")),
    }
}

async fn everybody_is_told_once(scene: &mut Scene) -> Result<(), String> {
    scene.world.stack.settle().await;
    let items = scene.world.items("RoomsTable");
    let letters = items.iter().filter(|item| item["sk"]["S"] == "OUTBOX");
    let letters = letters.count();
    let missed = items.iter().filter(|item| item["missed"]["BOOL"] == true);
    let missed = missed.count();
    let closed = items.iter().any(|item| {
        item["sk"]["S"] == format!("{MORNING}T09:00") && item["closed"]["BOOL"] == true
    });
    match (letters, missed, closed) {
        (5, 5, true) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}
