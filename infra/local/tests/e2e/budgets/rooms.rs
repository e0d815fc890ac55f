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
    // Its own, the enrollments, and at most three writes.
    measured.within(world, "rooms-assign", 16, people.len());
    world.refresh_all(&mut people).await;
    let me = &people[0];
    let my_room = format!("/meeting_url/{}", me.id);
    let before = tokyo(&format!("{MORNING}T08:55"));
    world.stack.clock().set(Some(before));
    let room = world.get(me, &my_room).await.expect(200).text("room_id");
    measured.count(world, "rooms-meeting-url");
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
        assert_eq!(measured.count(world, "rooms-participated"), 2);
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
        if world.get(person, &path).await.expect(200).text("room_id") != room {
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
    measured.within(world, "rooms-open", 1 + 16 + 1, 1);
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
    // Two, and one for the only room; a page may have thirty.
    assert_eq!(measured.within(world, "rooms-history", 0, 1), 3);
    let click = one_click(letters(world, &people[0]).last().unwrap());
    count(world, "");
    told::click(world, &click).await.expect(200);
    measured.count(world, "platform-unsubscribe");
    world.at(&format!("{MORNING}T09:31")).await;
    // A slot and its eight partitions, walk-ins and a hundred people at most.
    measured.within(world, "rooms-close", 19, people.len());

    // The next morning is drawn by an operator, and one of two has closed their account then.
    world.refresh_all(&mut people[..2]).await;
    let next = json!({"date": "2026-11-22"});
    for person in &people[..2] {
        world
            .post(person, "/register/", next.clone())
            .await
            .expect(201);
    }
    let operator = world.operator().await;
    count(world, "");
    world
        .post(&operator, "/assign_room/", next.clone())
        .await
        .expect(200);
    // The morning before is looked back on.
    measured.within(world, "rooms-assign-room", 16 + 8, 2);
    world
        .post(&operator, "/assign_room/", next)
        .await
        .expect(200);
    assert_eq!(measured.within(world, "rooms-assign-room", 0, 1), 1);
    let token = Some(people[0].access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
    // Both mornings.
    measured.within(world, "rooms-erase", 3, 2);
}
