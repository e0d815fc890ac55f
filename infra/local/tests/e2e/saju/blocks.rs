//! Blocks, which work both ways and close the chat, and reports.

mod list;

use futures_util::future::{join, join3};
use http::{Request, header};
use serde_json::{Value, json};

use super::requests::{act, ask, block, check, dump, list, match_id, matched, people, unblock};
use crate::support::{Answer, Person, World};

async fn say(world: &World, by: &Person, chat_id: &str, content: &str) -> Answer {
    let body = json!({"content": content, "client_msg_id": content});
    world
        .post(by, &format!("/api/chats/{chat_id}/messages"), body)
        .await
}

/// Whether the two find each other: in their lists, to ask, to answer, to write and to read.
async fn are_strangers(world: &World, one: &Person, other: &Person, chat_id: &str) -> bool {
    let mut hidden = Vec::new();
    for (me, partner) in [(one, other), (other, one)] {
        for path in ["/api/matches", "/api/chats"] {
            let list = world.get(me, path).await.expect(200);
            hidden.push(!list.text.contains(&partner.id));
        }
        for (method, path, body) in [
            (
                "POST",
                "/api/matches/request".to_owned(),
                Some(json!({"receiver_id": partner.id})),
            ),
            ("POST", format!("/api/matches/{chat_id}/accept"), None),
            ("GET", format!("/api/chats/{chat_id}/messages"), None),
        ] {
            let token = Some(me.access_token.as_str());
            let answer = world.call(method, &path, token, body).await;
            hidden.push(answer.status == 404);
        }
        let said = say(world, me, chat_id, "여보세요").await;
        hidden.push(said.status == 404);
    }
    assert!(
        hidden.iter().all(|it| *it == hidden[0]),
        "neither hidden nor shown: {hidden:?}"
    );
    hidden[0]
}

#[tokio::test]
async fn a_block_closes_the_chat_to_both_until_both_have_lifted_theirs() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    let (one, other) = (&both[0], &both[1]);
    let chat = matched(&world, one, other).await;
    say(&world, one, &chat, "안녕하세요").await.expect(201);
    assert!(!are_strangers(&world, one, other, &chat).await);

    for _ in 0..2 {
        let answer = block(&world, one, other).await.expect(201);
        assert_eq!(answer.body, json!({"user_id": other.id}));
        check(&world, &[]);
    }
    assert!(are_strangers(&world, one, other, &chat).await);
    // Who is blocked can block too, and lifts only their own.
    unblock(&world, other, one).await.expect(204);
    assert!(are_strangers(&world, one, other, &chat).await);
    block(&world, other, one).await.expect(201);
    check(&world, &[]);
    for person in [(one, other), (other, one)] {
        assert!(are_strangers(&world, one, other, &chat).await);
        unblock(&world, person.0, person.1).await.expect(204);
        check(&world, &[]);
    }
    assert!(!are_strangers(&world, one, other, &chat).await);
    let read = world
        .get(other, &format!("/api/chats/{chat}/messages"))
        .await
        .expect(200);
    assert!(read.text.contains("안녕하세요"));
    unblock(&world, one, other).await.expect(204);
    check(&world, &[]);
}

#[tokio::test]
async fn a_pending_request_waits_behind_a_block() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    for (blocker, blocked) in [(&both[0], &both[1]), (&both[1], &both[0])] {
        let id = ask(&world, &both[0], &both[1]).await.expect(201);
        let id = id.text("match_id");
        block(&world, blocker, blocked).await.expect(201);
        for person in &both {
            assert!(list(&world, person).await.is_empty());
        }
        unblock(&world, blocker, blocked).await.expect(204);
        for person in &both {
            assert_eq!(list(&world, person).await[0]["status"], "requested");
        }
        act(&world, &both[0], &id, "cancel").await.expect(204);
        check(&world, &[]);
    }
    // Nothing is left of a block between people with nothing else between them.
    let rows = |world: &World| {
        let mut rows = dump(world);
        rows.retain(|row| row["sk"]["S"].as_str().unwrap().starts_with("WITH#"));
        rows.len()
    };
    block(&world, &both[0], &both[1]).await.expect(201);
    block(&world, &both[1], &both[0]).await.expect(201);
    assert_eq!(rows(&world), 2);
    unblock(&world, &both[0], &both[1]).await.expect(204);
    assert_eq!(rows(&world), 2);
    unblock(&world, &both[1], &both[0]).await.expect(204);
    assert_eq!(rows(&world), 0);
    ask(&world, &both[0], &both[1]).await.expect(201);
}

#[tokio::test]
async fn a_wrong_block_is_refused_by_its_field() {
    let world = World::new().await;
    let me = people(&world, 1).await.remove(0);
    for (body, field) in [
        (json!({}), "user_id: missing_field"),
        (json!({"user_id": null}), "user_id: invalid"),
        (json!({"user_id": "x"}), "user_id: invalid"),
        (json!({"user_id": me.id}), "user_id: invalid"),
        (json!({"user_id": me.id, "why": "x"}), "why: invalid"),
    ] {
        let answer = world.post(&me, "/api/blocks", body).await;
        let answer = answer.expect_error(400, "invalid_parameter", &[field]);
        assert_eq!(answer.body["error"], answer.body["message"]);
    }
    let unknown = Person {
        id: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50".into(),
        ..me.clone()
    };
    let answer = block(&world, &me, &unknown).await;
    answer.expect_error(404, "not_found", &[]);
    for whom in [&unknown, &me] {
        unblock(&world, &me, whom).await.expect(204);
    }
    let nobody = Person {
        id: "nobody".into(),
        ..me.clone()
    };
    let answer = unblock(&world, &me, &nobody).await;
    answer.expect_error(404, "not_found", &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_block_closes_the_chat_that_begins_in_the_same_moment() {
    let world = World::new().await;
    let people = people(&world, 9).await;
    let pairs = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    for (number, (one, other)) in pairs.enumerate() {
        let (requester, receiver) = (&people[one], &people[other]);
        let id = ask(&world, requester, receiver).await.expect(201);
        let id = id.text("match_id");
        let (blocker, blocked) = match number % 2 {
            0 => (requester, receiver),
            _ => (receiver, requester),
        };
        let accept = act(&world, receiver, &id, "accept");
        let (accepted, blocking, back) = match number % 3 {
            0 => {
                let (accepted, blocking) = join(accept, block(&world, blocker, blocked)).await;
                (accepted, blocking, None)
            }
            1 => {
                let (blocking, accepted) = join(block(&world, blocker, blocked), accept).await;
                (accepted, blocking, None)
            }
            _ => {
                let (blocking, accepted, back) = join3(
                    block(&world, blocker, blocked),
                    accept,
                    block(&world, blocked, blocker),
                )
                .await;
                (accepted, blocking, Some(back))
            }
        };
        blocking.expect(201);
        back.map(|answer| answer.expect(201));
        assert!(
            accepted.status == 200 || accepted.status == 404,
            "{}",
            accepted.text
        );
        assert!(are_strangers(&world, requester, receiver, &id).await);
    }
    check(&world, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn blocks_and_their_lifting_at_once_leave_a_chat_that_agrees() {
    let world = World::new().await;
    let people = people(&world, 6).await;
    let pairs = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    for (one, other) in pairs {
        let (one, other) = (&people[one], &people[other]);
        matched(&world, one, other).await;
        block(&world, one, other).await.expect(201);
        let (lifted, blocked, again) = join3(
            unblock(&world, one, other),
            block(&world, other, one),
            block(&world, one, other),
        )
        .await;
        lifted.expect(204);
        blocked.expect(201);
        again.expect(201);
        check(&world, &[]);
    }
}

fn reports(world: &World) -> Vec<Value> {
    let mut items = dump(world);
    items.retain(|item| item["pk"]["S"].as_str().unwrap().starts_with("REPORTS#"));
    items
}

async fn report(world: &World, by: &Person, key: Option<&str>, body: &Value) -> Answer {
    let mut request = Request::post("/api/reports")
        .header(header::AUTHORIZATION, format!("Bearer {}", by.access_token))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    world
        .send(request.body(body.to_string().into()).unwrap())
        .await
}

#[tokio::test]
async fn a_report_reaches_the_operators_once() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    let (me, other) = (&both[0], &both[1]);
    // Of somebody who blocks, too.
    block(&world, other, me).await.expect(201);
    let body = json!({
        "user_id": other.id, "reason": "fake_profile", "details": "가".repeat(2000),
        "chat_id": match_id(me, other),
    });
    let id = report(&world, me, Some("one"), &body).await.expect(201);
    let id = id.text("report_id");
    let again = report(&world, me, Some("one"), &body).await.expect(201);
    assert_eq!(again.text("report_id"), id);
    let stored = reports(&world);
    assert_eq!(stored.len(), 1);
    let stored = &stored[0];
    assert_eq!(stored["pk"]["S"], "REPORTS#2026-11");
    assert_eq!(stored["sk"]["S"], format!("2026-11-20T11:00:00.000Z#{id}"));
    for (field, value) in [
        ("report_id", &id),
        ("reporter_id", &me.id),
        ("reported_id", &other.id),
        ("reason", &"fake_profile".to_owned()),
        ("chat_id", &match_id(me, other)),
    ] {
        assert_eq!(stored[field]["S"], value.as_str());
    }
    let another = json!({"user_id": other.id, "reason": "spam"});
    let answer = report(&world, me, Some("one"), &another).await;
    answer.expect_error(409, "conflict", &[]);
    report(&world, me, None, &another).await.expect(201);
    assert_eq!(reports(&world).len(), 2);
}

#[tokio::test]
async fn a_wrong_report_is_refused_by_its_field() {
    let world = World::new().await;
    let people = people(&world, 3).await;
    let (me, other) = (&people[0], &people[1]);
    let body = |more: Value| {
        let mut body = json!({"user_id": other.id, "reason": "other"});
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        body
    };
    for (body, field) in [
        (json!({"reason": "spam"}), "user_id: missing_field"),
        (json!({"user_id": other.id}), "reason: missing_field"),
        (body(json!({"user_id": me.id})), "user_id: invalid"),
        (body(json!({"user_id": "x"})), "user_id: invalid"),
        (body(json!({"reason": "rude"})), "reason: invalid"),
        (
            body(json!({"details": "가".repeat(2001)})),
            "details: invalid",
        ),
        (body(json!({"chat_id": "x"})), "chat_id: invalid"),
        (
            body(json!({"chat_id": match_id(me, &people[2])})),
            "chat_id: invalid",
        ),
        (body(json!({"status": "open"})), "status: invalid"),
    ] {
        let answer = report(&world, me, None, &body).await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
    let unknown = body(json!({"user_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50"}));
    let answer = report(&world, me, None, &unknown).await;
    answer.expect_error(404, "not_found", &[]);
    assert!(reports(&world).is_empty());
}

#[tokio::test]
async fn one_person_may_report_only_so_often() {
    let world = World::with(|options| {
        let parameters = &mut options.parameters;
        parameters.insert("ReportRate".into(), "2/1h".into());
    })
    .await;
    let people = people(&world, 3).await;
    let body = json!({"user_id": people[2].id, "reason": "spam"});
    for person in &people[..2] {
        for _ in 0..2 {
            report(&world, person, None, &body).await.expect(201);
        }
        let answer = report(&world, person, None, &body).await;
        let answer = answer.expect_error(429, "too_many_requests", &[]);
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
    }
    assert_eq!(reports(&world).len(), 4);
}
