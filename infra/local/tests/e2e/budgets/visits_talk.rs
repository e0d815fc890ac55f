//! What the messages, notices, blocks and reports of visits take.

use enishi_visits::state::Topic;
use serde_json::json;

use super::{Measured, count};
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

/// Calls each endpoint in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    let operator = world.operator().await;
    let (sora, hana, id) = accepted(world).await;
    let speaker = known_by(world, &sora).await;
    count(world, "");
    let path = format!(
        "/api/users/{speaker}/slots?from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z&meeting_length=30"
    );
    world.get(&hana, &path).await.expect(200);
    measured.count(world, "visits-slots");

    say(world, &hana, &id, "hello", "1").await.expect(201);
    measured.count(world, "visits-send-message");
    let path = format!("/api/messages?matching_id={id}");
    world.get(&hana, &path).await.expect(200);
    measured.count(world, "visits-messages");
    world.stack.settle().await;
    let mut socket = Socket::open(world, &sora).await;
    count(world, "");
    say(world, &hana, &id, "hello", "2").await.expect(201);
    world.stack.settle().await;
    measured.count(world, "visits-deliver");
    socket.next().await;

    tell(world, &hana, Topic::Accepted).await;
    let told = world.get(&hana, "/api/notifications").await.expect(200);
    measured.count(world, "visits-notifications");
    let notice = text(&told.body["items"][0]["notice_id"]);
    for requests in [2, 1] {
        mark(world, &hana, std::slice::from_ref(&notice))
            .await
            .expect(200);
        assert_eq!(measured.count(world, "visits-read-notifications"), requests);
    }

    let whom = json!({"speaker_id": speaker});
    for requests in [4, 3] {
        block(world, &hana, whom.clone()).await.expect(201);
        assert_eq!(measured.count(world, "visits-block-visitor"), requests);
    }
    world.get(&hana, "/api/visits/blocks").await.expect(200);
    measured.count(world, "visits-blocks");
    for requests in [3, 2] {
        unblock(world, &hana, &speaker).await.expect(204);
        assert_eq!(measured.count(world, "visits-unblock-visitor"), requests);
    }

    let about = json!({"matching_id": id, "reason": "失礼でした。"});
    let first = report(world, &sora, about)
        .await
        .expect(201)
        .text("report_id");
    assert_eq!(measured.count(world, "visits-report"), 3);
    let about = json!({"matching_id": id, "reason": "失礼でした。", "seq": 1});
    let second = report(world, &sora, about)
        .await
        .expect(201)
        .text("report_id");
    measured.count(world, "visits-report");
    let queue = world.get(&operator, "/api/visits/operator/reports").await;
    queue.expect(200);
    measured.count(world, "visits-reports");
    decide(world, &operator, &first, "dismiss")
        .await
        .expect(200);
    assert_eq!(measured.count(world, "visits-decide-report"), 2);
    for requests in [3, 1] {
        decide(world, &operator, &second, "suspend")
            .await
            .expect(200);
        assert_eq!(measured.count(world, "visits-decide-report"), requests);
    }
}
