//! The flows: what is prepared, done and checked.

use std::collections::BTreeSet;

use enishi_local::demo::mailed_token;
use serde_json::{Value, json};

use super::{Flow, Scene};
use crate::support::MORNING;

pub const FLOWS: [Flow; 12] = [
    Flow {
        name: "sign-up",
        function: "IdentitySignup",
        prepare: |_| Box::pin(async {}),
        act: |scene| Box::pin(async { sign_up(scene).await.0 == 201 }),
        check: |scene| Box::pin(one_account(scene)),
    },
    Flow {
        name: "relay",
        function: "PlatformRelay",
        prepare: |scene| {
            Box::pin(async {
                assert_eq!(sign_up(scene).await.0, 201);
            })
        },
        act: |scene| {
            Box::pin(async {
                scene.world.stack.settle().await;
                true
            })
        },
        check: |scene| Box::pin(async { mailed(scene) }),
    },
    Flow {
        name: "refresh",
        function: "IdentityRefresh",
        prepare: |scene| {
            Box::pin(async {
                let (_, answer) = sign_up(scene).await;
                scene.people[0].token = answer["refresh_token"].as_str().unwrap().to_owned();
            })
        },
        act: |scene| Box::pin(async { refresh(scene, &scene.people[0].token).await.0 == 200 }),
        check: |scene| Box::pin(family_lives(scene)),
    },
    Flow {
        name: "close account",
        function: "IdentityDeleteMe",
        prepare: |scene| Box::pin(somebody_with_an_account(scene)),
        // Whoever lost the answer is told that there is no account any more.
        act: |scene| Box::pin(async { matches!(close_account(scene).await, 204 | 401) }),
        check: |scene| Box::pin(gone_for_good(scene)),
    },
    Flow {
        name: "identity's erase",
        function: "IdentityErase",
        prepare: |scene| {
            Box::pin(async {
                somebody_with_an_account(scene).await;
                assert_eq!(close_account(scene).await, 204);
            })
        },
        act: |scene| {
            Box::pin(async {
                let id = &scene.people[0].id;
                let erased = scene.world.account_deleted("IdentityErase", id);
                erased.await.is_ok()
            })
        },
        check: |scene| Box::pin(gone_for_good(scene)),
    },
    Flow {
        name: "enrol",
        function: "RoomsEnroll",
        prepare: |_| Box::pin(async {}),
        act: |scene| Box::pin(enrol(scene, 0)),
        check: |scene| Box::pin(enrolled_once(scene)),
    },
    Flow {
        name: "walk-in",
        function: "RoomsEnroll",
        prepare: |scene| {
            Box::pin(async {
                for person in 0..4 {
                    enrol(scene, person).await;
                }
                scene.at("08:50").await;
                scene.fire("RoomsAssign").await.unwrap();
            })
        },
        act: |scene| Box::pin(enrol(scene, 4)),
        check: |scene| Box::pin(everybody_has_one_room(scene)),
    },
    Flow {
        name: "draw",
        function: "RoomsAssign",
        prepare: |scene| Box::pin(yesterday_and_enrolments(scene)),
        act: |scene| Box::pin(async { scene.fire("RoomsAssign").await.is_ok() }),
        check: |scene| Box::pin(everybody_has_one_room(scene)),
    },
    Flow {
        name: "open",
        function: "RoomsOpen",
        prepare: |scene| Box::pin(drawn(scene, "08:56")),
        act: |scene| Box::pin(async { scene.fire("RoomsOpen").await.is_ok() }),
        check: |scene| Box::pin(every_room_has_one_meeting(scene)),
    },
    Flow {
        name: "join",
        function: "RoomsJoin",
        prepare: |scene| Box::pin(drawn(scene, "08:57")),
        act: |scene| Box::pin(async { join(scene, 0).await.0 == 200 }),
        check: |scene| Box::pin(everybody_gets_in(scene)),
    },
    Flow {
        name: "close",
        function: "RoomsClose",
        prepare: |scene| Box::pin(over(scene)),
        act: |scene| Box::pin(async { scene.fire("RoomsClose").await.is_ok() }),
        check: |scene| Box::pin(closed_once(scene)),
    },
    Flow {
        name: "rooms' erase",
        function: "RoomsErase",
        prepare: |scene| Box::pin(a_room_and_enrolments(scene)),
        act: |scene| {
            Box::pin(async {
                let erased = scene
                    .world
                    .account_deleted("RoomsErase", &scene.people[0].id);
                erased.await.is_ok()
            })
        },
        check: |scene| Box::pin(others_remain(scene)),
    },
];

async fn sign_up(scene: &Scene) -> (u16, Value) {
    let body =
        json!({"username": "hana", "email": "hana@example.com", "password": "correct horse"});
    scene.post_keyed("/signup", &body).await
}

/// The first guest is somebody who has signed up, and been mailed.
async fn somebody_with_an_account(scene: &mut Scene) {
    let (_, answer) = sign_up(scene).await;
    scene.world.stack.settle().await;
    scene.people[0].id = answer["user_id"].as_str().unwrap().to_owned();
    scene.people[0].token = answer["access_token"].as_str().unwrap().to_owned();
}

async fn close_account(scene: &Scene) -> u16 {
    scene.call(0, "DELETE", "/api/users/me", None).await.0
}

/// Announced once, and nothing is left of the account.
async fn gone_for_good(scene: &mut Scene) -> Result<(), String> {
    let (status, answer) = scene.call(0, "GET", "/api/users/me", None).await;
    scene.world.stack.settle().await;
    let items = crate::identity::items(&scene.world);
    let deleted = |item: &&Value| item["detail_type"]["S"] == "account.deleted";
    let announced = items.iter().filter(deleted).count();
    let rows = rows(scene, "IdentityTable");
    let names = ["ACCOUNT#", "EMAIL#", "USERNAME#"];
    let left = |pk: &&String| names.iter().any(|prefix| pk.starts_with(prefix));
    if status != 401 || announced != 1 || rows.iter().any(|pk| left(&pk)) {
        return Err(format!("{status} {answer} {announced} {rows:?}"));
    }
    Ok(())
}

async fn refresh(scene: &Scene, token: &str) -> (u16, Value) {
    let body = json!({"refresh_token": token});
    let answer = scene
        .world
        .call("POST", "/api/auth/refresh", None, Some(body))
        .await;
    (answer.status.as_u16(), answer.body)
}

async fn enrol(scene: &Scene, person: usize) -> bool {
    let body = json!({"date": MORNING});
    let (status, _) = scene.call(person, "POST", "/register/", Some(body)).await;
    matches!(status, 200 | 201)
}

async fn join(scene: &Scene, person: usize) -> (u16, Value) {
    let room = scene.room_of(person).await.unwrap();
    scene
        .call(person, "GET", &format!("/rooms/{room}/join"), None)
        .await
}

/// Five people met the morning before, so that the draw has something to look back on.
async fn yesterday_and_enrolments(scene: &mut Scene) {
    for date in ["2026-11-20T08:00", "2026-11-20T08:50", "2026-11-20T09:31"] {
        scene
            .world
            .stack
            .clock()
            .set(Some(crate::support::tokyo(date)));
        scene.issue_tokens().await;
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
        assert!(enrol(scene, person).await);
    }
    scene.at("08:50").await;
}

async fn drawn(scene: &mut Scene, time: &str) {
    for person in 0..5 {
        assert!(enrol(scene, person).await);
    }
    scene.at("08:50").await;
    scene.fire("RoomsAssign").await.unwrap();
    scene.at(time).await;
}

/// All but the last one took part.
async fn over(scene: &mut Scene) {
    drawn(scene, "08:56").await;
    scene.fire("RoomsOpen").await.unwrap();
    for person in 0..4 {
        let (status, _) = scene.call(person, "POST", "/participated", None).await;
        assert_eq!(status, 200);
    }
    scene.at("09:30").await;
}

async fn one_account(scene: &mut Scene) -> Result<(), String> {
    let (status, answer) = sign_up(scene).await;
    let rows = rows(scene, "IdentityTable");
    let count = |prefix: &str| rows.iter().filter(|pk| pk.starts_with(prefix)).count();
    if status != 201 || count("EMAIL#") != 1 || count("USERNAME#") != 1 || count("OUTBOX#") != 1 {
        return Err(format!("{status} {rows:?}"));
    }
    let token = answer["access_token"].as_str().unwrap_or_default();
    let me = scene
        .world
        .call("GET", "/me/rooms", Some(token), None)
        .await;
    if me.status != 200 {
        return Err(format!("the token is not good: {}", me.text));
    }
    scene.world.stack.settle().await;
    mailed(scene)
}

/// The partition keys of a table.
fn rows(scene: &Scene, table: &str) -> Vec<String> {
    let request = serde_json::from_value(json!({"TableName": table})).unwrap();
    let answer = scene.world.stack.database().scan(request).unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    let items = answer["Items"].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .map(|item| item["pk"]["S"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn mailed(scene: &Scene) -> Result<(), String> {
    match mailed_token(&scene.world.stack, "hana@example.com") {
        Some(_) => Ok(()),
        None => Err("no mail came".into()),
    }
}

/// Whoever holds the last answer goes on.
async fn family_lives(scene: &mut Scene) -> Result<(), String> {
    let mut token = scene.people[0].token.clone();
    for _ in 0..3 {
        let (status, answer) = refresh(scene, &token).await;
        if status != 200 {
            return Err(format!("{status} {answer}"));
        }
        token = answer["refresh_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
    }
    Ok(())
}

async fn enrolled_once(scene: &mut Scene) -> Result<(), String> {
    let (_, list) = scene.call(0, "GET", "/register/", None).await;
    if list.as_array().map(Vec::len) != Some(1) {
        return Err(list.to_string());
    }
    for person in 1..5 {
        enrol(scene, person).await;
    }
    scene.at("08:50").await;
    scene.fire("RoomsAssign").await?;
    everybody_has_one_room(scene).await
}

/// In a room, in one, with the people who are in it; and drawing again changes nothing.
async fn everybody_has_one_room(scene: &mut Scene) -> Result<(), String> {
    let rooms = scene.rooms().await;
    if rooms.contains_key("none") {
        return Err(format!("somebody has no room: {rooms:?}"));
    }
    for (room, people) in &rooms {
        let path = format!("/meeting_url/{}?date={MORNING}", scene.people[people[0]].id);
        let (_, answer) = scene.call(people[0], "GET", &path, None).await;
        let names: BTreeSet<String> = answer["members"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|member| member["username"].as_str().unwrap_or_default().to_owned())
            .collect();
        let expected: BTreeSet<String> = people
            .iter()
            .map(|person| scene.people[*person].id[35..].to_owned())
            .collect();
        if names != expected || answer["members"].as_array().map(Vec::len) != Some(people.len()) {
            return Err(format!("{room} has {names:?} and should have {expected:?}"));
        }
    }
    scene.fire("RoomsAssign").await?;
    let again = scene.rooms().await;
    if again == rooms {
        Ok(())
    } else {
        Err(format!("drawn again: {rooms:?}, then {again:?}"))
    }
}

async fn every_room_has_one_meeting(scene: &mut Scene) -> Result<(), String> {
    let rooms: BTreeSet<String> = scene.rooms().await.into_keys().collect();
    let meetings = scene.meetings();
    if meetings.values().all(|count| *count == 1) && meetings.keys().eq(rooms.iter()) {
        everybody_gets_in(scene).await
    } else {
        Err(format!("{meetings:?} for {rooms:?}"))
    }
}

/// Everybody of a room joins one meeting, with their own credentials.
async fn everybody_gets_in(scene: &mut Scene) -> Result<(), String> {
    for (room, people) in scene.rooms().await {
        let mut meetings = BTreeSet::new();
        let mut attendees = BTreeSet::new();
        for person in &people {
            let (status, answer) = join(scene, *person).await;
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
    match scene.meetings().iter().find(|(_, count)| **count > 1) {
        Some((room, count)) => Err(format!("{room} has {count} live meetings")),
        None => Ok(()),
    }
}

/// Two people met yesterday, and are enrolled for today.
async fn a_room_and_enrolments(scene: &mut Scene) {
    for date in ["2026-11-20T08:00", "2026-11-20T08:50"] {
        let clock = scene.world.stack.clock();
        clock.set(Some(crate::support::tokyo(date)));
        scene.issue_tokens().await;
        for (person, day) in [(0, 20), (1, 20), (0, 21), (1, 21)] {
            let body = json!({"date": format!("2026-11-{day}")});
            let (status, _) = scene.call(person, "POST", "/register/", Some(body)).await;
            assert!(matches!(status, 200 | 201));
        }
        scene.fire("RoomsAssign").await.unwrap();
    }
}

/// Nobody in the room that was drawn, and not in the one to come.
async fn others_remain(scene: &mut Scene) -> Result<(), String> {
    let (_, list) = scene.call(0, "GET", "/register/", None).await;
    let (_, met) = scene.call(1, "GET", "/me/rooms", None).await;
    scene.at("08:50").await;
    scene.fire("RoomsAssign").await?;
    let path = format!("/meeting_url/{}?date={MORNING}", scene.people[1].id);
    let (_, room) = scene.call(1, "GET", &path, None).await;
    let names = |members: &Value| -> BTreeSet<String> {
        let members = members.as_array().into_iter().flatten();
        members
            .map(|member| member["username"].as_str().unwrap_or("nobody").to_owned())
            .collect()
    };
    let (met, room) = (names(&met["rooms"][0]["members"]), names(&room["members"]));
    if list == json!([]) && met.iter().eq(["1", "nobody"]) && room.iter().eq(["1"]) {
        Ok(())
    } else {
        Err(format!("{list}, met {met:?}, meets {room:?}"))
    }
}

async fn closed_once(scene: &mut Scene) -> Result<(), String> {
    if !scene.meetings().is_empty() {
        return Err(format!("left: {:?}", scene.meetings()));
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
