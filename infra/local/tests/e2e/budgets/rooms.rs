//! What a morning takes, from the enrollment to the close.

use serde_json::json;

use super::{Measured, count};
use crate::{
    rooms::told::{self, letters, one_click},
    support::{MORNING, Person, World, text, tokyo},
};

/// Lives through a morning of eight people, two rooms and one who walks in.
pub async fn measure(world: &World, measured: &mut Measured) {
    let mut people = world.people(9).await;
    let slot = json!({"date": MORNING});
    for person in &people[1..8] {
        world
            .post(person, "/register/", slot.clone())
            .await
            .expect(201);
    }
    let me = &people[0];
    let path = format!("/register/{MORNING}");
    count(world, "");
    world.post(me, "/register/", slot.clone()).await.expect(201);
    assert_eq!(measured.count(world, "rooms-enroll"), 1);
    world
        .call("DELETE", &path, Some(&me.access_token), None)
        .await
        .expect(204);
    measured.count(world, "rooms-withdraw");
    world.post(me, "/register/", slot.clone()).await.expect(201);
    world.get(me, "/register/").await.expect(200);
    measured.count(world, "rooms-enrollments");

    world.at(&format!("{MORNING}T08:50")).await;
    // Its own, the enrollments, the wishes, at most three writes, and the night's sweep.
    measured.within(world, "rooms-assign", 16 + 1 + 17, people.len());
    world.refresh_all(&mut people).await;
    let me = &people[0];
    let my_room = format!("/meeting_url/{}", me.id);
    let before = tokyo(&format!("{MORNING}T08:55"));
    world.stack.clock().set(Some(before));
    let room = world.get(me, &my_room).await.expect(200).text("room_id");
    measured.count(world, "rooms-meeting-url");
    let token = Some(people[4].access_token.as_str());
    world.call("DELETE", &path, token, None).await.expect(204);
    assert_eq!(measured.count(world, "rooms-withdraw"), 4);
    let token = Some(me.access_token.as_str());
    let made = world.call("POST", "/me/calendar", token, None).await;
    let feed = made.expect(201).text("url");
    assert_eq!(measured.count(world, "rooms-calendar"), 1);
    let feed = feed.strip_prefix(&world.stack.url()).unwrap();
    world.call("GET", feed, None, None).await.expect(200);
    // With one room.
    assert_eq!(measured.count(world, "rooms-calendar"), 4);
    world
        .call("DELETE", "/me/calendar", token, None)
        .await
        .expect(204);
    assert_eq!(measured.count(world, "rooms-calendar"), 1);
    let join = format!("/rooms/{room}/join");
    for requests in [3, 1] {
        world.get(me, &join).await.expect(200);
        assert_eq!(measured.count(world, "rooms-join"), requests);
    }
    world.at(&format!("{MORNING}T08:56")).await;
    // Its own to open them and to tell where they are, and of each room and person.
    measured.within(world, "rooms-open", 10 + 11, 2 + 8);

    for path in ["/participated", "/paticipated"] {
        world.post(me, path, json!({})).await.expect(200);
        assert_eq!(measured.count(world, "rooms-participated"), 3);
        world
            .post(me, path, json!({"room_id": room}))
            .await
            .expect(200);
        assert_eq!(measured.count(world, "rooms-participated"), 2);
    }
    // Another room has one person too: five minutes after the start one of the two is moved.
    let mut other = None;
    for person in &people[1..8] {
        let path = format!("/meeting_url/{}", person.id);
        let found = world.get(person, &path).await;
        // One of them has withdrawn.
        if found.status == 200 && found.text("room_id") != room {
            other = Some(person);
        }
    }
    let other = other.unwrap().clone();
    world
        .post(&other, "/participated", json!({}))
        .await
        .expect(200);
    count(world, "");
    world.at(&format!("{MORNING}T09:05")).await;
    measured.within(world, "rooms-open", 1 + 16 + 1 + 1, 1);
    world.refresh_all(&mut people).await;
    let me = &people[0];
    let is_other = |person: &&Person| person.id == other.id;
    let other = people.iter().find(is_other).unwrap();
    for person in [me, other] {
        let path = format!("/meeting_url/{}", person.id);
        world.get(person, &path).await.expect(200);
        measured.count(world, "rooms-meeting-url");
        let here = world.post(person, "/participated", json!({})).await;
        here.expect(200);
        measured.count(world, "rooms-participated");
    }
    let room = world.get(me, &my_room).await.expect(200).text("room_id");
    let join = format!("/rooms/{room}/join");
    let late = &people[8];
    for requests in [3, 2] {
        world.post(late, "/register/", slot.clone()).await;
        assert_eq!(measured.count(world, "rooms-enroll"), requests);
    }
    let path = format!("/meeting_url/{}", late.id);
    world.get(late, &path).await.expect(200);
    measured.count(world, "rooms-meeting-url");
    world
        .post(late, "/participated", json!({}))
        .await
        .expect(200);
    measured.count(world, "rooms-participated");
    let joined = world.get(me, &join).await.expect(200).body;
    let of = |part: &str, field: &str| text(&joined[part][field]);
    let [meeting, attendee, token] = [
        of("Meeting", "MeetingId"),
        of("Attendee", "AttendeeId"),
        of("Attendee", "JoinToken"),
    ];
    world.stack.settle().await;
    count(world, "");
    (world.stack.chime())
        .join(&meeting, &attendee, &token)
        .unwrap();
    world.stack.settle().await;
    measured.count(world, "rooms-attendance");

    world.get(me, "/me/rooms").await.expect(200);
    // Two, and one for the only room, unless they were the one who was moved; a page may have thirty.
    let taken = measured.within(world, "rooms-history", 0, 1);
    assert!((2..=3).contains(&taken), "{taken}");
    let click = one_click(letters(world, &people[0]).last().unwrap());
    count(world, "");
    told::click(world, &click).await.expect(200);
    measured.count(world, "platform-unsubscribe");
    world.at(&format!("{MORNING}T09:31")).await;
    // A slot and its eight partitions, walk-ins and a hundred people at most.
    measured.within(world, "rooms-close", 19, people.len());

    // The next morning is drawn by an operator, and one of two has closed their account then.
    world.refresh_all(&mut people[..3]).await;
    // Looked for where one is enrolled for no more.
    let path = format!("/meeting_url/{}?time=09:00", people[2].id);
    count(world, "");
    world.get(&people[2], &path).await.expect(200);
    assert_eq!(measured.count(world, "rooms-meeting-url"), 5);
    let next = json!({"date": "2026-11-22"});
    for person in &people[..2] {
        world
            .post(person, "/register/", next.clone())
            .await
            .expect(201);
    }
    let operator = world.operator().await;
    let next = json!({"date": "2026-11-22", "confirm": true});
    count(world, "");
    world
        .post(&operator, "/assign_room/", next.clone())
        .await
        .expect(200);
    // The morning before is looked back on.
    measured.within(world, "rooms-assign-room", 16 + 1 + 8, 2);
    world
        .post(&operator, "/assign_room/", next)
        .await
        .expect(200);
    assert_eq!(measured.within(world, "rooms-assign-room", 0, 1), 1);
    wishes(world, &mut people, measured).await;
    let token = Some(people[0].access_token.as_str());
    count(world, "");
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
    // Both mornings, somebody who named them, and the days to come.
    measured.within(world, "rooms-erase", 8, 10);
}

/// A schedule, and people who are in one room.
async fn wishes(world: &World, people: &mut [Person], measured: &mut Measured) {
    let call = async |person: &Person, method: &str, path: &str, body, status: u16| {
        let token = Some(person.access_token.as_str());
        world.call(method, path, token, body).await.expect(status);
    };
    let (me, other) = (&people[0], format!("/me/avoid/{}", people[1].id));
    for days in [json!(["sat", "mon"]), json!(["mon", "tue"])] {
        call(me, "PUT", "/me/schedule", Some(json!({"days": days})), 200).await;
        assert_eq!(measured.count(world, "rooms-schedule"), 3);
    }
    call(me, "GET", "/me/schedule", None, 200).await;
    assert_eq!(measured.count(world, "rooms-schedule"), 1);
    // The night's sweep: one schedule has a day more.
    world.at("2026-11-24T00:00").await;
    measured.within(world, "rooms-assign", 17 + 2, 1);
    world.at("2026-11-24T00:01").await;
    assert_eq!(measured.within(world, "rooms-assign", 1, 0), 1);
    world.refresh_all(&mut people[..2]).await;
    let me = &people[0];
    count(world, "");
    call(me, "PUT", &other, None, 204).await;
    // Of two slots that both were enrolled for the later one is that of a room.
    assert!(measured.within(world, "rooms-avoid", 4, 2) >= 6);
    call(me, "PUT", &other, None, 204).await;
    assert_eq!(measured.within(world, "rooms-avoid", 1, 0), 1);
    call(me, "GET", "/me/avoid", None, 200).await;
    assert_eq!(measured.within(world, "rooms-avoid", 1, 0), 1);
    call(me, "DELETE", &other, None, 204).await;
    assert_eq!(measured.within(world, "rooms-avoid", 2, 0), 2);
    call(me, "PUT", &other, None, 204).await;
    // Who is avoided walks in, and the rooms are looked into.
    world.at("2026-11-24T08:50").await;
    world.refresh_all(&mut people[..2]).await;
    count(world, "");
    let slot = Some(json!({"date": "2026-11-24"}));
    call(&people[1], "POST", "/register/", slot, 201).await;
    assert_eq!(measured.count(world, "rooms-enroll"), 4);
}
