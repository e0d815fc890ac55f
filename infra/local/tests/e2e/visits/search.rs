//! `GET /api/users`: whom students find.

use std::collections::BTreeSet;

use enishi_local::import;
use enishi_visits::{
    block::{Block, block_key},
    card::rows_of,
    profile::{Profile, VisitorId, profile_key},
};
use futures_util::{future::join_all, join};
use http::header;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    certificates::{decide, waiting},
    change, encoded, items, me, register, stored, verify,
};
use crate::support::{Answer, Person, World, text};

async fn search(world: &World, student: &Person, query: &str) -> Answer {
    world.get(student, &format!("/api/users?{query}")).await
}

/// What the speakers are known by whom a search finds.
async fn found(world: &World, student: &Person, query: &str) -> BTreeSet<String> {
    let answer = search(world, student, query).await.expect(200);
    let cards = answer.body.as_array().unwrap().iter();
    cards.map(|card| text(&card["speaker_id"])).collect()
}

/// A student who may search.
async fn student(world: &World) -> Person {
    let hana = register(world, "hana", "student").await;
    verify(world, &hana).await;
    hana
}

/// An employee who is found, with this changed, and what they are known by.
async fn speaker(world: &World, name: &str, changed: Value) -> (Person, String) {
    let person = register(world, name, "company").await;
    change(world, &person, changed).await.expect(200);
    verify(world, &person).await;
    let id = stored(world, &person).await.visitor_id.to_string();
    (person, id)
}

#[tokio::test]
async fn each_combination_finds_whom_it_names_and_who_shows_it() {
    let world = World::new().await;
    let hana = student(&world).await;
    let mut speakers = Vec::new();
    for (name, said) in [
        (
            "sora",
            json!({"position": "主任", "shown": {"department": true, "position": true}}),
        ),
        (
            "umi",
            json!({"job": "総合職", "position": "主任", "shown": {"position": true}}),
        ),
        (
            "riku",
            json!({"affiliation": "別製作所", "department": "人事部", "position": "部長",
                   "shown": {"department": true}}),
        ),
    ] {
        let (person, id) = speaker(&world, name, said).await;
        speakers.push((id, me(&world, &person).await));
    }
    let (_, sora) = speakers[0].clone();
    for named in 0..16 {
        let is_named = |bit: u32| named & (1 << bit) != 0;
        let mut query = Vec::new();
        let mut expected = speakers.clone();
        if is_named(0) {
            query.push(format!("company_id={}", text(&sora["affiliation"]["id"])));
            expected.retain(|(_, it)| it["affiliation"] == sora["affiliation"]);
        }
        if is_named(1) {
            query.push(format!("job={}", encoded("エンジニア")));
            expected.retain(|(_, it)| it["job"] == "エンジニア");
        }
        if is_named(2) {
            query.push(format!("department={}", encoded(" 開発部")));
            expected.retain(|(_, it)| {
                it["department"] == sora["department"] && it["shown"]["department"] == true
            });
        }
        if is_named(3) {
            query.push(format!("position={}", encoded("主任")));
            expected.retain(|(_, it)| it["position"] == "主任" && it["shown"]["position"] == true);
        }
        let expected = expected.into_iter().map(|(id, _)| id).collect();
        let query = query.join("&");
        assert_eq!(found(&world, &hana, &query).await, expected, "{query}");
    }
    // By its id as by its name.
    let query = format!("department={}", text(&sora["department"]["id"]));
    assert_eq!(found(&world, &hana, &query).await.len(), 1);
    // Nobody shows this one.
    let query = format!("position={}", encoded("部長"));
    assert!(found(&world, &hana, &query).await.is_empty());
}

#[tokio::test]
async fn a_card_tells_what_its_speaker_shows_and_not_who_they_are() {
    let world = World::new().await;
    let hana = student(&world).await;
    let said = json!({"position": "主任", "comment": "はじめまして", "shown": {"position": true}});
    let (sora, id) = speaker(&world, "sora", said).await;
    let answer = search(&world, &hana, "").await.expect(200);
    let card = json!({
        "speaker_id": id, "company": "縁製作所", "job": "エンジニア", "department": null,
        "position": "主任", "comment": "はじめまして",
    });
    assert_eq!(answer.body, json!([card]));
    for secret in [&sora.id, "sora", "090-1234-5678", "2000-04-02", "開発部"] {
        assert!(!answer.text.contains(secret), "{secret}");
    }
    assert_ne!(id, sora.id);
    assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 4);
}

#[tokio::test]
async fn a_change_is_found_by_the_next_request() {
    let world = World::new().await;
    let hana = student(&world).await;
    let (sora, id) = speaker(&world, "sora", json!({})).await;
    let there = BTreeSet::from([id]);
    let department = format!("department={}", encoded("開発部"));
    assert!(found(&world, &hana, &department).await.is_empty());
    let changed = async |body| change(&world, &sora, body).await.expect(200);
    changed(json!({"shown": {"department": true}})).await;
    assert_eq!(found(&world, &hana, &department).await, there);
    changed(json!({"department": "人事部", "comment": "異動しました。"})).await;
    assert!(found(&world, &hana, &department).await.is_empty());
    let answer = search(&world, &hana, "").await.expect(200);
    assert_eq!(answer.body[0]["department"], "人事部");
    assert_eq!(answer.body[0]["comment"], "異動しました。");
    changed(json!({"listed": false})).await;
    assert!(found(&world, &hana, "").await.is_empty());
    changed(json!({"listed": true})).await;
    assert_eq!(found(&world, &hana, "").await, there);
    assert!(items(&world, "OUTBOX#").is_empty());

    // Whoever is of another company is not found before an operator has verified it.
    changed(json!({"affiliation": "別製作所"})).await;
    assert!(found(&world, &hana, "").await.is_empty());
    assert!(items(&world, "FIND#").is_empty());
    let announced = items(&world, "OUTBOX#");
    assert_eq!(announced.len(), 1);
    assert_eq!(announced[0]["detail_type"]["S"], "visits.withdrawn");
    let detail: Value = serde_json::from_str(&text(&announced[0]["detail"]["S"])).unwrap();
    let expected = json!({"user_id": sora.id, "cause": "unverified"});
    assert_eq!(detail["data"], expected);
    // Nothing is announced twice.
    changed(json!({"name": "空"})).await;
    assert_eq!(items(&world, "OUTBOX#").len(), 1);
}

#[tokio::test]
async fn who_is_approved_is_found_and_who_leaves_is_not() {
    let world = World::new().await;
    let hana = student(&world).await;
    let operator = world.operator().await;
    let sora = waiting(&world, "sora", "company").await;
    assert!(found(&world, &hana, "").await.is_empty());
    let approve = json!({"decision": "approve"});
    decide(&world, &operator, &sora, approve).await.expect(200);
    assert_eq!(found(&world, &hana, "").await.len(), 1);
    let token = Some(sora.access_token.as_str());
    let left = world.call("DELETE", "/api/users/me", token, None).await;
    left.expect(204);
    world.stack.settle().await;
    assert!(found(&world, &hana, "").await.is_empty());
    assert!(items(&world, "FIND#").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_are_what_the_profile_says_though_all_change_it_at_once() {
    let world = World::new().await;
    let operator = world.operator().await;
    let sora = waiting(&world, "sora", "company").await;
    let changes = [
        json!({"shown": {"department": true}}),
        json!({"shown": {"position": true}}),
        json!({"position": "主任"}),
        json!({"job": "研究職"}),
        json!({"comment": "はじめまして"}),
    ];
    let changes = changes.map(|body| change(&world, &sora, body));
    let approve = json!({"decision": "approve"});
    let (changed, decided) = join!(join_all(changes), decide(&world, &operator, &sora, approve));
    decided.expect(200);
    for answer in changed {
        answer.expect(200);
    }
    let mut expected: Vec<_> = rows_of(&stored(&world, &sora).await)
        .into_iter()
        .map(|(key, card)| (key.pk, card.position.unwrap(), card.comment.unwrap()))
        .collect();
    expected.sort();
    let there: Vec<_> = items(&world, "FIND#")
        .iter()
        .map(|item| {
            let value = |name: &str| text(&item[name]["S"]);
            (value("pk"), value("position"), value("comment"))
        })
        .collect();
    assert_eq!(there, expected);
    assert_eq!(there.len(), 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_speaker_who_changes_is_on_every_page_once() {
    let world = World::new().await;
    let hana = student(&world).await;
    let (sora, id) = speaker(&world, "sora", json!({})).await;
    let (_, other) = speaker(&world, "umi", json!({})).await;
    let mut expected = [id, other];
    expected.sort();
    let changes = async {
        for number in 0..20 {
            let shown = number % 2 == 0;
            let body = json!({"comment": format!("{number}"), "shown": {"department": shown}});
            change(&world, &sora, body).await.expect(200);
        }
    };
    let searches = async {
        for _ in 0..40 {
            let answer = search(&world, &hana, "limit=2").await.expect(200);
            let cards = answer.body.as_array().unwrap().iter();
            let ids: Vec<_> = cards.map(|card| text(&card["speaker_id"])).collect();
            assert_eq!(ids, expected);
        }
    };
    join!(changes, searches);
}

#[tokio::test]
async fn only_students_who_are_verified_search() {
    let world = World::new().await;
    let mei = world.sign_up("mei").await;
    let answer = search(&world, &mei, "").await;
    answer.expect_error(403, "profile_missing", &[]);
    let hana = register(&world, "hana", "student").await;
    search(&world, &hana, "")
        .await
        .expect_error(403, "forbidden", &[]);
    verify(&world, &hana).await;
    search(&world, &hana, "").await.expect(200);
    let (sora, _) = speaker(&world, "sora", json!({})).await;
    search(&world, &sora, "")
        .await
        .expect_error(403, "forbidden", &[]);
    let suspended = Profile {
        is_suspended: true,
        ..stored(&world, &hana).await
    };
    let key = profile_key(suspended.user_id);
    import::items(&world.stack, "VisitsTable", [(key, suspended)]).unwrap();
    search(&world, &hana, "")
        .await
        .expect_error(403, "forbidden", &[]);
}

#[tokio::test]
async fn who_does_not_meet_somebody_does_not_find_them() {
    let world = World::new().await;
    let hana = student(&world).await;
    let (sora, blocked) = speaker(&world, "sora", json!({})).await;
    let (_, met) = speaker(&world, "umi", json!({})).await;
    let block = Block {
        visitor_id: blocked.parse().unwrap(),
        by_me: false,
        by_them: true,
    };
    let key = block_key(hana.id.parse().unwrap(), sora.id.parse().unwrap());
    import::items(&world.stack, "VisitsTable", [(key, block)]).unwrap();
    assert_eq!(found(&world, &hana, "").await, BTreeSet::from([met]));
}

#[tokio::test]
async fn a_search_goes_on_in_pages() {
    let world = World::new().await;
    let hana = student(&world).await;
    let (sora, _) = speaker(&world, "sora", json!({})).await;
    let sora = stored(&world, &sora).await;
    let mut all = BTreeSet::from([sora.visitor_id.to_string()]);
    for number in 0..24 {
        let visitor_id: VisitorId = Uuid::from_u128(number << 120 | number)
            .to_string()
            .parse()
            .unwrap();
        all.insert(visitor_id.to_string());
        let speaker = Profile {
            visitor_id,
            ..sora.clone()
        };
        import::items(&world.stack, "VisitsTable", rows_of(&speaker)).unwrap();
    }
    let company = format!("company_id={}", sora.affiliation.id);
    let mut seen = BTreeSet::new();
    let mut next = Some(format!("/api/users?{company}&limit=10"));
    let mut sizes = Vec::new();
    while let Some(path) = next {
        let answer = world.get(&hana, &path).await.expect(200);
        let page = answer.body.as_array().unwrap();
        sizes.push(page.len());
        seen.extend(page.iter().map(|card| text(&card["speaker_id"])));
        next = answer.headers.get(header::LINK).map(|link| {
            let link = link.to_str().unwrap();
            link[1..link.find('>').unwrap()].to_owned()
        });
    }
    assert_eq!(seen, all);
    assert_eq!(sizes, [10, 10, 5]);
}

#[tokio::test]
async fn what_is_no_search_is_named() {
    let world = World::new().await;
    let hana = student(&world).await;
    let job = format!("job={}", encoded("社長"));
    for (query, field) in [
        ("company_id=1", "company_id"),
        (job.as_str(), "job"),
        ("department=%20", "department"),
        ("position=", "position"),
        ("position=a%0Ab", "position"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        // Of another list.
        ("cursor=Yg", "cursor"),
        ("name=a", "name"),
    ] {
        let answer = search(&world, &hana, query).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
}

#[tokio::test]
async fn everybody_has_an_id_that_others_know_them_by() {
    let world = World::new().await;
    for (name, kind) in [("hana", "student"), ("sora", "company")] {
        let person = register(&world, name, kind).await;
        let key = stored(&world, &person).await.visitor_id.key();
        let rows = items(&world, &key.pk);
        assert_eq!(rows.len(), 1);
        assert_eq!(text(&rows[0]["user_id"]["S"]), person.id);
    }
}
