//! `GET` and `PUT /api/notifications`.

use enishi_shared::store::{Outcome, Transaction};
use enishi_visits::{matching::MatchingId, notice, profile::table, state::Topic};
use futures_util::future::join_all;
use http::header;
use serde_json::{Value, json};

use super::{items, me, register};
use crate::{
    identity::{header_of, later},
    support::{Answer, Person, World, text},
};

/// Tells somebody something.
pub async fn tell(world: &World, person: &Person, topic: Topic) {
    let app = world.stack.app("VisitsSendMessage").unwrap();
    let mut tx = Transaction::new(&app);
    let (table, id) = (table(&app).unwrap(), MatchingId::new(&app));
    notice::tell(&mut tx, &table, person.id.parse().unwrap(), topic, id).unwrap();
    assert!(matches!(tx.commit().await.unwrap(), Outcome::Done));
}

async fn told(world: &World, person: &Person, query: &str) -> Answer {
    let path = format!("/api/notifications{query}");
    world.get(person, &path).await.expect(200)
}

async fn ids(world: &World, person: &Person) -> Vec<String> {
    let answer = told(world, person, "?limit=50").await;
    let notices = answer.body["items"].as_array().unwrap().iter();
    notices.map(|notice| text(&notice["notice_id"])).collect()
}

pub async fn mark(world: &World, person: &Person, ids: &[String]) -> Answer {
    let token = Some(person.access_token.as_str());
    let body = json!({"notice_ids": ids});
    world
        .call("PUT", "/api/notifications", token, Some(body))
        .await
}

/// What is counted, in the profile and by the notices themselves.
fn counts(world: &World, person: &Person) -> (Value, usize) {
    let profile = items(world, &format!("USER#{}", person.id)).remove(0);
    let notices = items(world, &format!("NOTICES#{}", person.id));
    let unread = notices
        .iter()
        .filter(|notice| notice["is_read"]["BOOL"] == false);
    (profile["notifications"]["N"].clone(), unread.count())
}

#[tokio::test]
async fn one_sees_what_one_was_told_and_marks_it_as_read() {
    let world = World::new().await;
    let hana = register(&world, "hana", "student").await;
    let sora = register(&world, "sora", "company").await;
    assert_eq!(
        told(&world, &hana, "").await.body,
        json!({"count": 0, "items": []})
    );
    let topics = ["accepted", "scheduled", "moved", "paid", "cancelled"];
    for topic in [
        Topic::Accepted,
        Topic::Scheduled,
        Topic::Moved,
        Topic::Paid,
        Topic::Cancelled,
    ] {
        tell(&world, &hana, topic).await;
        later(&world, 1);
    }
    tell(&world, &sora, Topic::Proposed).await;
    let page = told(&world, &hana, "?limit=3").await;
    assert_eq!(page.body["count"], 5);
    let first = &page.body["items"][0];
    let expected = json!({
        "notice_id": first["notice_id"], "topic": "cancelled", "matching_id": first["matching_id"],
        "at": "2026-11-20T11:00:04Z", "is_read": false,
    });
    assert_eq!(*first, expected);
    let link = header_of(&page, header::LINK);
    let next = link.strip_prefix('<').unwrap().split_once('>').unwrap().0;
    let rest = world.get(&hana, next).await.expect(200);
    assert!(!rest.headers.contains_key(header::LINK));
    let shown = page.body["items"].as_array().unwrap().iter();
    let shown = shown.chain(rest.body["items"].as_array().unwrap());
    let shown: Vec<String> = shown.map(|notice| text(&notice["topic"])).collect();
    assert!(shown.iter().eq(topics.iter().rev()));

    let all = ids(&world, &hana).await;
    let marked = mark(&world, &hana, &all[..2]).await.expect(200);
    assert_eq!(marked.body, json!({"count": 3}));
    // Once more, twice in one request, and others'.
    let theirs = ids(&world, &sora).await.remove(0);
    let again = [all[1].clone(), all[2].clone(), all[2].clone(), theirs];
    for _ in 0..2 {
        let marked = mark(&world, &hana, &again).await.expect(200);
        assert_eq!(marked.body, json!({"count": 2}));
    }
    assert_eq!(me(&world, &hana).await["notifications"], 2);
    assert_eq!(me(&world, &sora).await["notifications"], 1);
    let seen = told(&world, &hana, "").await.body;
    let read: Vec<bool> = (0..5)
        .map(|at| seen["items"][at]["is_read"] == true)
        .collect();
    assert_eq!(read, [true, true, true, false, false]);
}

#[tokio::test]
async fn what_was_read_is_gone_after_thirty_days_and_the_rest_is_not() {
    let world = World::new().await;
    let mut hana = register(&world, "hana", "student").await;
    tell(&world, &hana, Topic::Accepted).await;
    tell(&world, &hana, Topic::Scheduled).await;
    let all = ids(&world, &hana).await;
    mark(&world, &hana, &all[..1]).await.expect(200);
    later(&world, 30 * 24 * 60 * 60 - 1);
    world.refresh(&mut hana).await;
    assert_eq!(ids(&world, &hana).await, all);
    later(&world, 1);
    assert_eq!(ids(&world, &hana).await, all[1..]);
    // As DynamoDB will delete it.
    let rows = items(&world, "NOTICES#");
    let ttls: Vec<&Value> = rows.iter().map(|row| &row["ttl"]["N"]).collect();
    let now = world.stack.clock().now().as_second();
    assert_eq!(ttls, [&json!(null), &json!(now.to_string())]);
    assert_eq!(told(&world, &hana, "").await.body["count"], 1);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let world = World::new().await;
    let hana = register(&world, "hana", "student").await;
    let id = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071".to_owned();
    for (wrong, field) in [
        (json!({}), "notice_ids: missing_field"),
        (json!({"notice_ids": []}), "notice_ids: invalid"),
        (json!({"notice_ids": vec![&id; 51]}), "notice_ids: invalid"),
        (json!({"notice_ids": ["x"]}), "notice_ids[0]: invalid"),
    ] {
        let token = Some(hana.access_token.as_str());
        let answer = world
            .call("PUT", "/api/notifications", token, Some(wrong))
            .await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
    let answer = world.get(&hana, "/api/notifications?limit=51").await;
    answer.expect_error(400, "invalid_parameter", &["limit: invalid"]);
    let stranger = world.sign_up("mei").await;
    let answer = world.get(&stranger, "/api/notifications").await;
    answer.expect_error(403, "profile_missing", &[]);
    mark(&world, &stranger, &[id])
        .await
        .expect_error(403, "profile_missing", &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_count_is_exact_whoever_marks_and_tells_at_once() {
    let world = World::new().await;
    let hana = register(&world, "hana", "student").await;
    for _ in 0..12 {
        tell(&world, &hana, Topic::Proposed).await;
    }
    let all = ids(&world, &hana).await;
    // Stretches that overlap, each from two devices, while more is told.
    let marks = (0..3).flat_map(|at| [&all[at * 3..at * 3 + 6]; 2]);
    let marks = join_all(marks.map(|some| mark(&world, &hana, some)));
    let tells = join_all((0..4).map(|_| tell(&world, &hana, Topic::Moved)));
    let (marked, _) = futures_util::join!(marks, tells);
    for answer in marked {
        answer.expect(200);
    }
    assert_eq!(counts(&world, &hana), (json!("4"), 4));
    let all = ids(&world, &hana).await;
    let marked = mark(&world, &hana, &all).await.expect(200);
    assert_eq!(marked.body, json!({"count": 0}));
    assert_eq!(counts(&world, &hana), (json!("0"), 0));
}
