//! Every request that visits' functions can make.

use serde_json::json;

use super::saju::twice;
use crate::{
    identity::prove,
    support::World,
    visits::{
        certificates::{
            CARD, LICENCE, allowed, decide, hand_in, read, send, submit, view, waiting,
        },
        change, me, meeting, newcomer,
        people::{DATE, act, ask, book, booked, seen, verified, visitor_id},
        register, verify,
    },
};

/// The story.
pub async fn story(world: &World) {
    twice(world, None, "/api/users", &newcomer("hanako", "student")).await;
    let sora = register(world, "sora", "company").await;
    let rooms = world.sign_up("mei").await;
    let mut body = newcomer("mei", "student");
    body["affiliation"] = json!("別大学");
    twice(world, Some(&rooms), "/api/users", &body).await;
    for path in ["universities", "companies", "departments", "jobs"] {
        let path = format!("/api/{path}");
        world.call("GET", &path, None, None).await.expect(200);
    }
    let body = json!({"affiliation": "別製作所"});
    change(world, &sora, body).await.expect(200);
    me(world, &sora).await;
    let operator = world.operator().await;
    let kei = waiting(world, "kei", "company").await;
    let queue = world.get(&operator, "/api/operator/certificates").await;
    queue.expect(200);
    let links = view(world, &operator, &kei).await.expect(200);
    read(world, &links.text("type_card")).await.expect(200);
    let approve = json!({"decision": "approve"});
    decide(world, &operator, &kei, approve).await.expect(200);
    let nao = register(world, "nao", "student").await;
    verify(world, &nao).await;
    world.get(&nao, "/api/users").await.expect(200);
    // Students find them by more.
    let body = json!({"shown": {"department": true}});
    change(world, &kei, body).await.expect(200);
    let rin = waiting(world, "rin", "student").await;
    change(world, &rin, json!({"name": "凛"})).await.expect(200);
    let ren = register(world, "ren", "student").await;
    prove(world, &ren).await;
    let on_its_way = allowed(world, &ren, CARD, LICENCE).await.expect(200).body;
    hand_in(world, &ren).await.expect(400);
    submit(world, &ren).await;
    let token = Some(ren.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    let token = Some(sora.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    matchings(world).await;
    meeting::live_through(world).await;
    world.stack.settle().await;
    send(world, &on_its_way["type_card"], CARD)
        .await
        .expect(200);
    let later = world.stack.clock().now() + jiff::SignedDuration::from_mins(75);
    world.stack.at(later).await;
}

/// What is asked for, agreed on, booked and ended in each way.
async fn matchings(world: &World) {
    let sora = verified(world, 1, "company").await;
    let hana = verified(world, 2, "student").await;
    let body = json!({
        "speaker_id": visitor_id(sora.id.parse().unwrap()), "message": "はじめまして",
        "meeting_length": 30, "date": DATE,
    });
    twice(world, Some(&hana), "/api/matching", &body).await;
    let id = ask(world, &hana, &sora).await.expect(201).text("id");
    seen(world, &sora, &id).await;
    world.get(&sora, "/api/matching").await.expect(200);
    let accept = json!({"action": "accept"});
    act(world, &sora, &id, accept).await.expect(200);
    book(world, &hana, &id, DATE, 60).await.expect(200);
    let cancel = json!({"action": "cancel"});
    act(world, &sora, &id, cancel).await.expect(200);
    booked(world, &hana, &sora).await;
    let event = json!({
        "source": "enishi.visits", "detail-type": "visits.withdrawn",
        "detail": {
            "id": "1", "time": "2026-11-20T11:00:00Z",
            "data": {"user_id": sora.id, "cause": "suspended"},
        },
    });
    let lambda = world.stack.lambda();
    lambda.invoke("VisitsWithdraw", event).await.unwrap();
    // Nobody pays for it.
    let kei = verified(world, 3, "student").await;
    booked(world, &kei, &sora).await;
    let now = world.stack.clock().now();
    world
        .stack
        .clock()
        .set(Some(now + jiff::SignedDuration::from_hours(24)));
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    lambda.invoke("VisitsSweep", tick).await.unwrap();
    world.stack.clock().set(Some(now));
    world
        .account_deleted("VisitsErase", &hana.id)
        .await
        .unwrap();
}
