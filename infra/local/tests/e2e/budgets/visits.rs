//! What visits' endpoints take.

use enishi_visits::profile::Profile;
use serde_json::json;

use super::Measured;
use crate::{
    identity::{later, post_with, prove},
    support::World,
    visits::{
        certificates::{CARD, LICENCE, allowed, decide, submit, view},
        change, items,
        matching::paid,
        me, meeting, newcomer,
        people::{DATE, act, book, bring_in, logged_in, profile, seen, user_id},
        register, verify,
    },
};

/// Calls each endpoint in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    let sora = register(world, "sora", "company").await;
    assert_eq!(measured.count(world, "visits-register"), 4);
    let hana = world.sign_up("hana").await;
    let authorization = format!("Bearer {}", hana.access_token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("idempotency-key", "1"),
    ];
    for requests in [5, 7] {
        post_with(world, "/api/users", &headers, newcomer("hana", "student"))
            .await
            .expect(201);
        assert_eq!(measured.count(world, "visits-register"), requests);
    }
    me(world, &sora).await;
    measured.count(world, "visits-me");
    let body = json!({"comment": "はじめまして"});
    change(world, &sora, body).await.expect(200);
    assert_eq!(measured.count(world, "visits-update-me"), 2);
    let body = json!({"affiliation": "別製作所", "department": "人事部"});
    change(world, &sora, body).await.expect(200);
    measured.count(world, "visits-update-me");

    prove(world, &sora).await;
    allowed(world, &sora, CARD, LICENCE).await.expect(200);
    measured.count(world, "visits-certificates");
    submit(world, &sora).await;
    measured.count(world, "visits-submit-certificates");
    let operator = world.operator().await;
    let queue = world.get(&operator, "/api/operator/certificates").await;
    queue.expect(200);
    measured.count(world, "visits-certificate-queue");
    view(world, &operator, &sora).await.expect(200);
    measured.count(world, "visits-view-certificate");
    let approve = json!({"decision": "approve"});
    decide(world, &operator, &sora, approve).await.expect(200);
    measured.count(world, "visits-decide-certificate");
    verify(world, &hana).await;
    let found = world.get(&hana, "/api/users").await.expect(200);
    assert_eq!(found.body.as_array().map(Vec::len), Some(1));
    measured.count(world, "visits-search");
    let token = Some(sora.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
    measured.within(world, "visits-erase", 7, 0);
    later(world, 60 * 60 + 1);
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let swept = world.stack.lambda().invoke("VisitsSweep", tick).await;
    swept.unwrap();
    measured.within(world, "visits-sweep", 5 + 1, 0);
    matchings(world, measured).await;
}

/// Two who meet.
async fn matchings(world: &World, measured: &mut Measured) {
    let [speaker, student] = [
        profile(user_id(1), "speaker", "company"),
        profile(user_id(2), "student", "student"),
    ];
    bring_in(world, &[speaker.clone(), student.clone()]);
    let sora = logged_in(world, user_id(1), "speaker").await;
    let hana = logged_in(world, user_id(2), "student").await;
    let authorization = format!("Bearer {}", hana.access_token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("idempotency-key", "1"),
    ];
    let body = json!({
        "speaker_id": speaker.visitor_id, "message": "はじめまして", "meeting_length": 60,
        "date": DATE,
    });
    world.stack.aws().forget_calls();
    let mut id = String::new();
    for requests in [4, 5] {
        let answer = post_with(world, "/api/matching", &headers, body.clone()).await;
        id = answer.expect(201).text("id");
        assert_eq!(measured.count(world, "visits-request-matching"), requests);
    }
    world.get(&hana, "/api/matching").await.expect(200);
    assert_eq!(measured.count(world, "visits-matchings"), 2);
    let accept = json!({"action": "accept"});
    for _ in 0..2 {
        act(world, &sora, &id, accept.clone()).await.expect(200);
        assert_eq!(measured.count(world, "visits-update-matching"), 2);
    }
    for _ in 0..2 {
        book(world, &sora, &id, DATE, 60).await.expect(200);
        assert_eq!(measured.count(world, "visits-book-meeting"), 2);
    }
    let event = json!({
        "source": "enishi.visits", "detail-type": "visits.withdrawn",
        "detail": {
            "id": "1", "time": "2026-11-20T11:00:00Z",
            "data": {"user_id": sora.id, "cause": "suspended"},
        },
    });
    let lambda = world.stack.lambda();
    lambda.invoke("VisitsWithdraw", event).await.unwrap();
    measured.within(world, "visits-withdraw", 1, 1);

    let known = paid(world, (&speaker, &student));
    seen(world, &hana, &known).await;
    measured.count(world, "visits-find-matching");
    world.get(&hana, "/api/matching").await.expect(200);
    measured.count(world, "visits-matchings");
    let cancel = json!({"action": "cancel"});
    act(world, &hana, &known, cancel).await.expect(200);
    measured.count(world, "visits-update-matching");

    let other = profile(user_id(3), "other", "student");
    bring_in(world, std::slice::from_ref(&other));
    meet(world, measured, (&speaker, &other)).await;

    // Of a request that waits, when it is due, and of all when its student leaves.
    post_with(world, "/api/matching", &headers[..1], body)
        .await
        .expect(201);
    later(world, 14 * 24 * 60 * 60);
    world.stack.aws().forget_calls();
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    lambda.invoke("VisitsSweep", tick).await.unwrap();
    // A meeting of before is looked at too, and its recording.
    measured.within(world, "visits-sweep", 5 + 4, 1);
    let notices = items(world, &format!("NOTICES#{}", hana.id)).len();
    world.stack.aws().forget_calls();
    world
        .account_deleted("VisitsErase", &hana.id)
        .await
        .unwrap();
    measured.within(world, "visits-erase", 7 + notices, 3);
}

/// A visit that takes place now, with both still inside at its end.
async fn meet(world: &World, measured: &mut Measured, (speaker, student): (&Profile, &Profile)) {
    let sora = logged_in(world, speaker.user_id, "speaker").await;
    let id = meeting::begins(world, (speaker, student));
    world.stack.aws().forget_calls();
    let mut joined = None;
    for requests in [4, 1] {
        joined = Some(meeting::join(world, &sora, &id).await.expect(200));
        assert_eq!(measured.count(world, "visits-join"), requests);
    }
    meeting::connected(world, &joined.unwrap());
    world.stack.settle().await;
    measured.count(world, "visits-attendance");
    let begun = world.stack.clock().now();
    later(world, 60);
    world.stack.aws().forget_calls();
    meeting::sweep(world).await.unwrap();
    // The meeting is looked at.
    assert!(measured.within(world, "visits-sweep", 5 + 3, 0) >= 5 + 2);
    later(world, 34 * 60);
    world.stack.aws().forget_calls();
    meeting::sweep(world).await.unwrap();
    // It ends, and a reminder that came too late is noted.
    assert!(measured.within(world, "visits-sweep", 5 + 4, 1) > 5 + 3);
    world.stack.clock().set(Some(begun));
}
