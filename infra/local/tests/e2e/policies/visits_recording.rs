//! Every request that visits' functions can make about recordings.

use enishi_visits::recording::finish;
use serde_json::json;

use crate::{
    support::World,
    visits::{
        meeting,
        people::{act, again, seen},
        recording::{at_minute, consent, end, hear, open, open_unnoticed, sweep, two},
    },
};

/// The story.
pub async fn story(world: &World) {
    let now = world.stack.clock().now();
    let (mut sora, mut hana, ids) = two(world, 3).await;
    let other = json!({"action": "propose", "date": "2026-11-26T10:00:00Z"});
    act(world, &hana, &ids[0], other).await.expect(200);
    for id in &ids {
        for person in [&mut sora, &mut hana] {
            consent(world, person, id, true).await.expect(200);
        }
    }
    // Chime tells that somebody has come, and that the meeting has ended.
    at_minute(world, -5);
    again(world, &mut sora).await;
    let joined = meeting::join(world, &sora, &ids[2]).await.expect(200);
    meeting::connected(world, &joined);
    world.stack.settle().await;
    let place = |part: &str, id: &str| joined.body[part][id].as_str().unwrap().to_owned();
    let (room, seat) = (
        place("Meeting", "MeetingId"),
        place("Attendee", "AttendeeId"),
    );
    world.stack.chime().leave(&room, &seat).unwrap();
    at_minute(world, 0);
    world.stack.settle().await;
    let people = [sora.id.clone(), hana.id.clone()];
    let people = people.each_ref().map(String::as_str);
    open(world, &ids[0], &people).await;
    consent(world, &mut sora, &ids[0], false).await.expect(200);
    // The sweep finds one that nobody spoke of, and ends it.
    open_unnoticed(world, &ids[1], &people).await;
    at_minute(world, 2);
    sweep(world, 1).await;
    let app = world.stack.app("VisitsSweep").unwrap();
    finish(&app, ids[1].parse().unwrap()).await.unwrap();
    end(world, &ids[1]).await;
    sweep(world, 3).await;
    again(world, &mut hana).await;
    let found = seen(world, &hana, &ids[1]).await;
    let list = world.get(&hana, "/api/matching").await.expect(200).body;
    let mut list = list.as_array().unwrap().iter();
    let listed = list.find(|matching| matching["id"] == *ids[1]).unwrap();
    for matching in [&found, listed] {
        let link = matching["audio_url"].as_str().unwrap();
        assert_eq!(hear(link).await.0, 200);
    }
    world
        .account_deleted("VisitsErase", &hana.id)
        .await
        .unwrap();
    world.stack.clock().set(Some(now));
}
