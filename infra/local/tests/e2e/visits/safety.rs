//! Blocks, reports, and what an operator makes of these.

use enishi_local::import;
use enishi_shared::UserId;
use enishi_visits::{
    matching::MatchingId,
    report::{Report, waiting_key},
    state::{Party, Topic},
};
use serde_json::{Value, json};

use super::{
    items,
    matched::{accepted, two},
    messages::say,
    notifications::tell,
    register, stored,
};
use crate::{
    identity::later,
    support::{Answer, Person, World, text},
};

pub async fn block(world: &World, by: &Person, body: Value) -> Answer {
    world.post(by, "/api/visits/blocks", body).await
}

pub async fn unblock(world: &World, by: &Person, whom: &str) -> Answer {
    let path = format!("/api/visits/blocks/{whom}");
    let token = Some(by.access_token.as_str());
    world.call("DELETE", &path, token, None).await
}

pub async fn known_by(world: &World, person: &Person) -> String {
    stored(world, person).await.visitor_id.to_string()
}

async fn blocked(world: &World, by: &Person) -> Value {
    world.get(by, "/api/visits/blocks").await.expect(200).body
}

/// Whether the student finds the employee's slots.
async fn finds(world: &World, student: &Person, speaker: &str) -> bool {
    let path = format!(
        "/api/users/{speaker}/slots?from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z&meeting_length=30"
    );
    match world.get(student, &path).await.status.as_u16() {
        200 => true,
        status => {
            assert_eq!(status, 404);
            false
        }
    }
}

pub async fn report(world: &World, by: &Person, body: Value) -> Answer {
    world.post(by, "/api/visits/reports", body).await
}

pub async fn decide(world: &World, operator: &Person, id: &str, decision: &str) -> Answer {
    let body = json!({"report_id": id, "decision": decision, "reason": "勧誘"});
    let token = Some(operator.access_token.as_str());
    let path = "/api/visits/operator/reports";
    world.call("PUT", path, token, Some(body)).await
}

/// As if somebody had been reported, who is not there any more.
pub fn wait(world: &World, by: &Person, report_id: &str) {
    let app = world.stack.app("VisitsReports").unwrap();
    let report = Report {
        report_id: report_id.parse().unwrap(),
        matching_id: MatchingId::new(&app),
        reporter_id: by.id.parse().unwrap(),
        reported_id: UserId::NOBODY,
        reported: Party::Speaker,
        reason: "勧誘".to_owned(),
        message: None,
        created_at: app.now(),
    };
    let place = waiting_key(report.report_id);
    import::items(&world.stack, "VisitsTable", [(place, report)]).unwrap();
}

async fn waiting(world: &World, operator: &Person) -> Value {
    let path = "/api/visits/operator/reports";
    world.get(operator, path).await.expect(200).body
}

#[tokio::test]
async fn a_block_works_both_ways_and_each_lifts_their_own() {
    let world = World::new().await;
    let (sora, hana) = two(&world).await;
    let (speaker, student) = (known_by(&world, &sora).await, known_by(&world, &hana).await);
    assert!(finds(&world, &hana, &speaker).await);
    let of = |id: &str| json!({"speaker_id": id});
    for (by, whom, other) in [(&hana, &speaker, &sora), (&sora, &student, &hana)] {
        for _ in 0..2 {
            let answer = block(&world, by, of(whom)).await.expect(201);
            assert_eq!(answer.body, of(whom));
        }
        assert!(!finds(&world, &hana, &speaker).await);
        assert_eq!(blocked(&world, by).await, json!([of(whom)]));
        assert_eq!(blocked(&world, other).await, json!([]));
        // Nobody lifts the other's.
        let mine = known_by(&world, by).await;
        unblock(&world, other, &mine).await.expect(204);
        assert!(!finds(&world, &hana, &speaker).await);
        for _ in 0..2 {
            unblock(&world, by, whom).await.expect(204);
        }
        assert!(finds(&world, &hana, &speaker).await);
        assert!(items(&world, "BLOCKS#").is_empty());
    }
    block(&world, &hana, of(&speaker)).await.expect(201);
    block(&world, &sora, of(&student)).await.expect(201);
    unblock(&world, &hana, &speaker).await.expect(204);
    assert!(!finds(&world, &hana, &speaker).await);
    assert_eq!(blocked(&world, &hana).await, json!([]));
    assert_eq!(blocked(&world, &sora).await, json!([of(&student)]));
    unblock(&world, &sora, &student).await.expect(204);
    assert!(finds(&world, &hana, &speaker).await);
}

#[tokio::test]
async fn a_matching_says_who_is_blocked_and_tells_nothing_of_them() {
    let world = World::new().await;
    let (sora, hana, id) = accepted(&world).await;
    let answer = block(&world, &sora, json!({"matching_id": id}))
        .await
        .expect(201);
    let student = known_by(&world, &hana).await;
    assert_eq!(answer.body, json!({"speaker_id": student}));
    assert!(!answer.text.contains(&hana.id));
    let mei = register(&world, "mei", "student").await;
    let stranger = world.sign_up("ken").await;
    let nobody = "9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e";
    let own = known_by(&world, &hana).await;
    for (by, body, status) in [
        (&hana, json!({}), 400),
        (&hana, json!({"speaker_id": own}), 400),
        (&hana, json!({"speaker_id": own, "matching_id": id}), 400),
        (&hana, json!({"speaker_id": sora.id}), 404),
        (&hana, json!({"speaker_id": nobody}), 404),
        (&hana, json!({"matching_id": nobody}), 404),
        (&mei, json!({"matching_id": id}), 404),
        (&stranger, json!({"speaker_id": own}), 403),
    ] {
        block(&world, by, body).await.expect(status);
    }
    unblock(&world, &hana, nobody).await.expect(204);
    unblock(&world, &hana, "nonsense").await.expect(404);
}

#[tokio::test]
async fn a_report_waits_with_the_message_that_it_is_about() {
    let world = World::new().await;
    let operator = world.operator().await;
    let (sora, hana, id) = accepted(&world).await;
    say(&world, &hana, &id, "はじめまして", "1")
        .await
        .expect(201);
    say(&world, &sora, &id, "別の仕事の話をしませんか", "1")
        .await
        .expect(201);
    let about = json!({"matching_id": id, "reason": "勧誘をされました。", "seq": 2});
    let first = report(&world, &hana, about)
        .await
        .expect(201)
        .text("report_id");
    later(&world, 1);
    // Of the whole matching, by who is blocked.
    block(&world, &hana, json!({"matching_id": id}))
        .await
        .expect(201);
    let about = json!({"matching_id": id, "reason": "失礼でした。"});
    let second = report(&world, &sora, about)
        .await
        .expect(201)
        .text("report_id");
    let queue = waiting(&world, &operator).await;
    let expected = json!([
        {
            "report_id": first, "matching_id": id, "reporter_id": hana.id, "reported_id": sora.id,
            "reported": "speaker", "reason": "勧誘をされました。",
            "message": "別の仕事の話をしませんか", "created_at": "2026-11-20T11:00:00Z",
        },
        {
            "report_id": second, "matching_id": id, "reporter_id": sora.id, "reported_id": hana.id,
            "reported": "listener", "reason": "失礼でした。", "message": null,
            "created_at": "2026-11-20T11:00:01Z",
        },
    ]);
    assert_eq!(queue, expected);
    let page = world
        .get(&operator, "/api/visits/operator/reports?limit=1")
        .await;
    assert!(page.expect(200).headers.contains_key("link"));

    let mei = register(&world, "mei", "student").await;
    for (by, body, status) in [
        (&mei, json!({"matching_id": id, "reason": "x"}), 404),
        // One's own message, and none.
        (
            &hana,
            json!({"matching_id": id, "reason": "x", "seq": 1}),
            400,
        ),
        (
            &hana,
            json!({"matching_id": id, "reason": "x", "seq": 3}),
            400,
        ),
        (
            &hana,
            json!({"matching_id": id, "reason": "x", "seq": 0}),
            400,
        ),
        (&hana, json!({"matching_id": id, "reason": " "}), 400),
        (&hana, json!({"matching_id": id}), 400),
    ] {
        report(&world, by, body).await.expect(status);
    }
    let hidden = world.get(&hana, "/api/visits/operator/reports").await;
    hidden.expect_error(403, "forbidden", &[]);
    decide(&world, &hana, &first, "suspend").await.expect(403);
    assert_eq!(waiting(&world, &operator).await, expected);
}

#[tokio::test]
async fn an_operator_decides_once() {
    let world = World::new().await;
    let operator = world.operator().await;
    let (sora, hana, id) = accepted(&world).await;
    let about = json!({"matching_id": id, "reason": "失礼でした。"});
    let report_id = report(&world, &sora, about)
        .await
        .expect(201)
        .text("report_id");
    let nobody = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50";
    decide(&world, &operator, nobody, "dismiss")
        .await
        .expect(404);
    let random = "9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e";
    decide(&world, &operator, random, "dismiss")
        .await
        .expect(404);
    let first = decide(&world, &operator, &report_id, "dismiss")
        .await
        .expect(200);
    assert_eq!(first.body["decision"], "dismiss");
    assert_eq!(first.body["decision_reason"], "勧誘");
    assert_eq!(first.body["decided_by"], operator.id);
    let again = decide(&world, &operator, &report_id, "dismiss")
        .await
        .expect(200);
    assert_eq!(again.body, first.body);
    decide(&world, &operator, &report_id, "suspend")
        .await
        .expect(409);
    assert_eq!(waiting(&world, &operator).await, json!([]));
    assert_eq!(items(&world, "AUDIT#2026-11").len(), 1);
    assert_eq!(items(&world, "REPORTS#2026-11").len(), 1);
    // Nothing follows from it.
    say(&world, &hana, &id, "hello", "1").await.expect(201);
    assert!(items(&world, "OUTBOX#").is_empty());
}

#[tokio::test]
async fn who_is_suspended_is_not_found_and_it_is_announced() {
    let world = World::new().await;
    let operator = world.operator().await;
    let (sora, hana, id) = accepted(&world).await;
    let speaker = known_by(&world, &sora).await;
    assert!(!items(&world, "FIND#").is_empty());
    let about = json!({"matching_id": id, "reason": "勧誘"});
    for _ in 0..2 {
        let report_id = report(&world, &hana, about.clone()).await.expect(201);
        let report_id = report_id.text("report_id");
        decide(&world, &operator, &report_id, "suspend")
            .await
            .expect(200);
    }
    assert!(stored(&world, &sora).await.is_suspended);
    assert!(items(&world, "FIND#").is_empty());
    assert!(!finds(&world, &hana, &speaker).await);
    let found = world.get(&hana, "/api/users").await.expect(200);
    assert_eq!(found.body, json!([]));
    say(&world, &sora, &id, "hello", "1")
        .await
        .expect_error(403, "forbidden", &[]);
    // Once, though it was decided twice.
    let announced = items(&world, "OUTBOX#");
    assert_eq!(announced.len(), 1);
    assert_eq!(text(&announced[0]["detail_type"]["S"]), "visits.withdrawn");
    assert!(text(&announced[0]["detail"]["S"]).contains(&sora.id));

    // Of somebody who has closed their account there is nothing to suspend.
    let about = json!({"matching_id": id, "reason": "x"});
    let report_id = report(&world, &sora, about)
        .await
        .expect(201)
        .text("report_id");
    let token = Some(hana.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
    decide(&world, &operator, &report_id, "suspend")
        .await
        .expect(200);
    let theirs = items(&world, &format!("USER#{}", hana.id));
    assert!(theirs.iter().all(|item| item["sk"]["S"] != "PROFILE"));
}

#[tokio::test]
async fn who_closes_their_account_leaves_no_block_and_no_notice() {
    let world = World::new().await;
    let (sora, hana, id) = accepted(&world).await;
    let mei = register(&world, "mei", "student").await;
    let of = json!({"speaker_id": known_by(&world, &sora).await});
    block(&world, &sora, json!({"matching_id": id}))
        .await
        .expect(201);
    block(&world, &mei, of).await.expect(201);
    let student = json!({"speaker_id": known_by(&world, &hana).await});
    block(&world, &mei, student.clone()).await.expect(201);
    for person in [&sora, &hana] {
        tell(&world, person, Topic::Accepted).await;
    }
    let token = Some(sora.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
    // What is between the two others stays.
    assert_eq!(blocked(&world, &mei).await, json!([student]));
    assert_eq!(items(&world, "BLOCKS#").len(), 2);
    let notices = |person: &Person| items(&world, &format!("NOTICES#{}", person.id)).len();
    // The other is told that it came to nothing.
    assert_eq!((notices(&sora), notices(&hana)), (0, 2));
    assert!(
        !items(&world, "BLOCKS#")
            .iter()
            .any(|row| row.to_string().contains(&sora.id))
    );
}
