//! `GET` and `PATCH /api/visits/me`.

use futures_util::future::join_all;
use serde_json::json;

use super::{change, items, me, register, verify};
use crate::support::World;

#[tokio::test]
async fn one_sees_and_changes_ones_profile() {
    let world = World::new().await;
    let sora = register(&world, "sora", "company").await;
    let mut expected = me(&world, &sora).await;
    let of = |name: &str| json!({"id": expected[name]["id"], "name": expected[name]["name"]});
    assert_eq!(
        expected,
        json!({
            "user_id": sora.id, "name": "sora", "date_of_birth": "2000-04-02",
            "phone_number": "090-1234-5678", "type": "company", "affiliation": of("affiliation"),
            "job": "エンジニア", "department": of("department"), "position": null, "comment": null,
            "time_zone": "Asia/Tokyo", "is_authenticated": false,
            "documents": {"state": "none", "reason": null}, "notifications": 0,
            "shown": {"department": false, "position": false}, "listed": true,
            "availability": {"weekly": [], "exceptions": []},
            "created_at": "2026-11-20T11:00:00Z",
        })
    );
    assert_eq!(expected["affiliation"]["name"], "縁製作所");

    let changes = json!({
        "name": "空", "date_of_birth": "1999-12-31", "phone_number": "+81-3-1234-5678",
        "job": "研究職", "position": "主任", "comment": "配属の\n話ができます。",
        "time_zone": "asia/seoul", "listed": false,
    });
    let answer = change(&world, &sora, changes.clone()).await.expect(200);
    for (field, value) in changes.as_object().unwrap() {
        expected[field] = value.clone();
    }
    expected["time_zone"] = json!("Asia/Seoul");
    assert_eq!(answer.body, expected);
    assert_eq!(me(&world, &sora).await, expected);

    // What is left out stays, within `shown` too; null and "" clear.
    for (body, field, value) in [
        (
            json!({"shown": {"position": true}}),
            "shown",
            json!({"department": false, "position": true}),
        ),
        (
            json!({"shown": {"department": true}}),
            "shown",
            json!({"department": true, "position": true}),
        ),
        (json!({"comment": null}), "comment", json!(null)),
        (json!({"position": ""}), "position", json!(null)),
        (json!({"department": null}), "department", json!(null)),
        (json!({}), "listed", json!(false)),
    ] {
        let answer = change(&world, &sora, body).await.expect(200);
        expected[field] = value;
        assert_eq!(answer.body, expected);
        assert_eq!(me(&world, &sora).await, expected);
    }
}

#[tokio::test]
async fn an_affiliation_and_a_department_are_chosen_as_at_the_sign_up() {
    let world = World::new().await;
    let hana = register(&world, "hana", "student").await;
    let sora = register(&world, "sora", "student").await;
    let body = json!({"affiliation": "別大学", "department": "理学部"});
    let answer = change(&world, &hana, body).await.expect(200);
    assert_eq!(answer.body["affiliation"]["name"], "別大学");
    assert_eq!(answer.body["department"]["name"], "理学部");
    assert_eq!(items(&world, "CHOICE#university#").len(), 2);
    let ids = json!({
        "affiliation": answer.body["affiliation"]["id"],
        "department": answer.body["department"]["id"],
    });
    let answer = change(&world, &sora, ids).await.expect(200);
    assert_eq!(answer.body["affiliation"]["name"], "別大学");
    assert_eq!(me(&world, &sora).await["department"]["name"], "理学部");
    let nothing = json!({"affiliation": "019aa2b4-7c1e-8d33-9f0a-5b1c2d3e4f50"});
    let answer = change(&world, &sora, nothing).await;
    answer.expect_error(400, "invalid_parameter", &["affiliation: missing"]);
}

#[tokio::test]
async fn another_name_birth_date_or_affiliation_is_to_be_verified_anew() {
    let world = World::new().await;
    let sora = register(&world, "sora", "company").await;
    for harmless in [
        json!({"name": "sora"}),
        json!({"date_of_birth": "2000-04-02"}),
        json!({"affiliation": " 縁製作所 "}),
        json!({"phone_number": "090-1234-5679", "job": "総合職", "department": "人事部"}),
        json!({"comment": "はじめまして", "position": "主任", "listed": false}),
    ] {
        verify(&world, &sora).await;
        change(&world, &sora, harmless.clone()).await.expect(200);
        let profile = me(&world, &sora).await;
        assert_eq!(profile["is_authenticated"], true, "{harmless}");
        assert_eq!(profile["documents"]["state"], "approved", "{harmless}");
    }
    for other in [
        json!({"name": "空"}),
        json!({"date_of_birth": "2000-04-03"}),
        json!({"affiliation": "別製作所"}),
    ] {
        verify(&world, &sora).await;
        let answer = change(&world, &sora, other.clone()).await.expect(200);
        let profile = me(&world, &sora).await;
        assert_eq!(answer.body, profile);
        assert_eq!(profile["is_authenticated"], false, "{other}");
        assert_eq!(profile["documents"]["state"], "none", "{other}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() {
    let world = World::new().await;
    let sora = register(&world, "sora", "company").await;
    let before = me(&world, &sora).await;
    for (field, wrong) in [
        ("name", json!(null)),
        ("name", json!("")),
        ("date_of_birth", json!(null)),
        ("date_of_birth", json!("2026-11-21")),
        ("phone_number", json!("x")),
        ("affiliation", json!(null)),
        ("affiliation", json!(" ")),
        ("job", json!("社長")),
        ("comment", json!("sora@example.com まで")),
        ("time_zone", json!("Mars/Olympus")),
        ("listed", json!(null)),
        ("type", json!("student")),
        ("is_authenticated", json!(true)),
        ("notifications", json!(0)),
    ] {
        let answer = change(&world, &sora, json!({field: wrong, "position": "主任"})).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    let answer = change(&world, &sora, json!({"job": null})).await;
    answer.expect_error(400, "invalid_parameter", &["job: missing_field"]);
    assert_eq!(me(&world, &sora).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_different_fields_at_once_are_all_kept() {
    let world = World::new().await;
    let sora = register(&world, "sora", "company").await;
    let changes = [
        json!({"name": "空"}),
        json!({"comment": "はじめまして"}),
        json!({"position": "主任"}),
        json!({"listed": false}),
        json!({"shown": {"position": true}}),
    ];
    let all = changes
        .iter()
        .map(|body| change(&world, &sora, body.clone()));
    for answer in join_all(all).await {
        answer.expect(200);
    }
    let profile = me(&world, &sora).await;
    assert_eq!(profile["name"], "空");
    assert_eq!(profile["comment"], "はじめまして");
    assert_eq!(profile["position"], "主任");
    assert_eq!(profile["listed"], false);
    assert_eq!(profile["shown"]["position"], true);
}

#[tokio::test]
async fn without_a_profile_there_is_none_to_see_or_to_change() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let answer = world.get(&hana, "/api/visits/me").await;
    answer.expect_error(403, "profile_missing", &[]);
    let answer = change(&world, &hana, json!({"name": "花"})).await;
    answer.expect_error(403, "profile_missing", &[]);
    assert!(items(&world, "USER#").is_empty());
}
