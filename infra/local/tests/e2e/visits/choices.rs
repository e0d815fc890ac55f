//! `GET /api/universities`, `/api/companies`, `/api/departments` and `/api/jobs`.

use enishi_visits::choice::ChoiceKind;
use http::header;
use serde_json::{Value, json};

use super::{encoded, items, list, register};
use crate::support::{Answer, World, text};

async fn get(world: &World, path: &str) -> Answer {
    world.call("GET", path, None, None).await
}

async fn names(world: &World, path: &str) -> Vec<String> {
    let answer = get(world, path).await.expect(200);
    let choices = answer.body.as_array().unwrap();
    choices.iter().map(|choice| text(&choice["name"])).collect()
}

#[tokio::test]
async fn only_what_somebody_was_verified_of_is_there_to_choose() {
    let world = World::new().await;
    register(&world, "hana", "student").await;
    register(&world, "sora", "company").await;
    for path in ["/api/universities", "/api/companies", "/api/departments"] {
        assert_eq!(get(&world, path).await.expect(200).body, json!([]));
    }
    list(&world, ChoiceKind::University, &["縁大学"]);
    assert_eq!(names(&world, "/api/universities").await, ["縁大学"]);
    assert!(names(&world, "/api/companies").await.is_empty());

    // It has the id that those have who are of it, and can be chosen by.
    let answer = get(&world, "/api/universities").await;
    let id = text(&answer.body[0]["id"]);
    let kept = items(&world, "CHOICE#university#");
    assert_eq!(text(&kept[0]["pk"]["S"]), format!("CHOICE#university#{id}"));
}

#[tokio::test]
async fn they_are_found_by_what_they_begin_with_whatever_its_case_and_width() {
    let world = World::new().await;
    let all = ["Enishi", "Enishi 商事", "えにし", "エニシ", "縁製作所"];
    list(&world, ChoiceKind::Company, &all);
    assert_eq!(names(&world, "/api/companies").await.len(), all.len());
    for (q, found) in [
        ("e", &all[..2]),
        ("ＥＮＩＳＨＩ", &all[..2]),
        ("enishi 商", &all[1..2]),
        ("ｴﾆ", &all[3..4]),
        (" 縁 ", &all[4..]),
        ("nishi", &all[..0]),
        ("", &all[..]),
        (" ", &all[..]),
    ] {
        let path = format!("/api/companies?q={}", encoded(q));
        assert_eq!(names(&world, &path).await, found, "{q}");
    }
}

#[tokio::test]
async fn a_list_goes_on_in_pages() {
    let world = World::new().await;
    let all: Vec<String> = (10..35).map(|number| format!("縁大学{number}")).collect();
    let mut with_others: Vec<&str> = all.iter().map(String::as_str).collect();
    with_others.extend(["a", "緑大学"]);
    list(&world, ChoiceKind::University, &with_others);
    let mut seen = Vec::new();
    let mut next = Some(format!("/api/universities?q={}&limit=10", encoded("縁")));
    let mut pages = 0;
    while let Some(path) = next {
        let answer = get(&world, &path).await.expect(200);
        let page = answer.body.as_array().unwrap();
        seen.extend(page.iter().map(|choice| text(&choice["name"])));
        next = answer.headers.get(header::LINK).map(|link| {
            let link = link.to_str().unwrap();
            link[1..link.find('>').unwrap()].to_owned()
        });
        pages += 1;
    }
    assert_eq!(seen, all);
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let world = World::new().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=%2B", "cursor"),
        // Of another list.
        ("q=a&cursor=Yg", "cursor"),
        ("name=a", "name"),
    ] {
        let answer = get(&world, &format!("/api/companies?{query}")).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    let long = format!("/api/jobs?q={}", "a".repeat(121));
    get(&world, &long).await.expect(400);
}

#[tokio::test]
async fn jobs_are_always_the_same() {
    let world = World::new().await;
    let answer = get(&world, "/api/jobs").await.expect(200);
    let all: Vec<Value> = ["エンジニア", "総合職", "研究職"]
        .into_iter()
        .map(|job| json!({"id": job, "name": job}))
        .collect();
    assert_eq!(answer.body, json!(all));
    let path = format!("/api/jobs?q={}", encoded("ｴﾝ"));
    assert_eq!(names(&world, &path).await, ["エンジニア"]);
}
