//! Every request that visits' functions of messages, notices, blocks and reports can make.

use enishi_visits::state::Topic;
use serde_json::json;

use super::saju::twice;
use crate::{
    live::Socket,
    support::{World, text},
    visits::{
        matched::accepted,
        messages::say,
        notifications::{mark, tell},
        safety::{block, decide, known_by, report, unblock},
    },
};

/// The story.
pub async fn story(world: &World) {
    let operator = world.operator().await;
    let (sora, hana, id) = accepted(world).await;
    let speaker = known_by(world, &sora).await;
    let path = format!(
        "/api/users/{speaker}/slots?from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z&meeting_length=30"
    );
    world.get(&hana, &path).await.expect(200);
    let mut socket = Socket::open(world, &hana).await;
    let _lost = Socket::open(world, &sora).await;
    // Nobody hears of its end before something is posted to it; then one is sent to a connection that has
    // expired.
    let connections = world.stack.websocket().connections();
    let last = connections.last().unwrap();
    assert!(world.stack.websocket().cut_silently(last));
    let later = world.stack.clock().now() + jiff::SignedDuration::from_secs(31);
    world.stack.clock().set(Some(later));
    say(world, &hana, &id, "hello", "1").await.expect(201);
    world.stack.settle().await;
    socket.next().await;
    let path = format!("/api/messages?matching_id={id}");
    world.get(&sora, &path).await.expect(200);

    tell(world, &hana, Topic::Accepted).await;
    let told = world.get(&hana, "/api/notifications").await.expect(200);
    let notice = text(&told.body["items"][0]["notice_id"]);
    mark(world, &hana, &[notice]).await.expect(200);

    let student = known_by(world, &hana).await;
    block(world, &hana, json!({"speaker_id": speaker}))
        .await
        .expect(201);
    block(world, &sora, json!({"matching_id": id}))
        .await
        .expect(201);
    world.get(&hana, "/api/visits/blocks").await.expect(200);
    unblock(world, &hana, &speaker).await.expect(204);
    unblock(world, &sora, &student).await.expect(204);

    let about = json!({"matching_id": id, "reason": "失礼でした。", "seq": 1});
    twice(world, Some(&sora), "/api/visits/reports", &about).await;
    let queue = world.get(&operator, "/api/visits/operator/reports").await;
    queue.expect(200);
    let about = json!({"matching_id": id, "reason": "勧誘"});
    let second = report(world, &hana, about)
        .await
        .expect(201)
        .text("report_id");
    decide(world, &operator, &second, "suspend")
        .await
        .expect(200);
    world.stack.settle().await;
}
