//! Projects, exports, and the seconds that they spend.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::{
    World, admin, call, delete, get, invited, items, keyed, post, project, put, text, world,
};

const PROJECTS: &str = "/v1/service/projects";
const EXPORTS: &str = "/v1/service/exports";

async fn usage(world: &World, member: &super::Member) -> Value {
    let answer = get(world, member, "/v1/service/usage").await.expect(200);
    answer.body["usage"].clone()
}

#[tokio::test]
async fn a_project_is_made_found_changed_and_deleted() {
    let world = world(1, 600).await;
    let hana = admin(&world, "hana").await;
    let body = json!({"name": "my_video.mp4", "video_length": 120});
    let made = post(&world, &hana, PROJECTS, body).await.expect(200);
    let id = text(&made.body["project"]["id"]);
    assert_json_snapshot!(made.body, {
        ".project.id" => "[id]", ".project.user_id" => "[id]", ".project.organization_id" => "[id]",
    }, @r#"
    {
      "project": {
        "created_at": "2026-11-20 11:00:00",
        "id": "[id]",
        "name": "my_video.mp4",
        "organization_id": "[id]",
        "status": "created",
        "user_id": "[id]",
        "video_length": 120
      }
    }
    "#);
    assert_eq!(made.body["project"]["user_id"], hana.id);
    assert_eq!(
        made.body["project"]["organization_id"],
        hana.organization_id
    );
    let path = format!("{PROJECTS}/{id}");
    assert_eq!(get(&world, &hana, &path).await.expect(200).body, made.body);

    let body = json!({"name": "my_video_2.mp4"});
    let changed = put(&world, &hana, &path, body).await.expect(200);
    let body = json!({"status": "exported"});
    let changed_again = put(&world, &hana, &path, body).await.expect(200);
    assert_eq!(changed.body["project"]["status"], "created");
    assert_eq!(changed_again.body["project"]["name"], "my_video_2.mp4");
    assert_eq!(changed_again.body["project"]["status"], "exported");
    for listed in [PROJECTS, "/v1/service/projects?scope=organization"] {
        let listed = get(&world, &hana, listed).await.expect(200);
        assert_eq!(
            listed.body["projects"],
            json!([changed_again.body["project"]])
        );
    }

    let deleted = delete(&world, &hana, &path).await.expect(200);
    assert_eq!(deleted.body, json!({"project": {}}));
    get(&world, &hana, &path)
        .await
        .expect_error(404, "not_found", &[]);
    let listed = get(&world, &hana, PROJECTS).await.expect(200);
    assert_eq!(listed.body, json!({"projects": []}));
    assert!(items(&world, "MINE#").is_empty());
}

#[tokio::test]
async fn seconds_are_spent_by_the_project_and_not_given_back_by_its_deletion() {
    let world = world(2, 600).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let id = project(&world, &hana, "a", 120).await;
    project(&world, &hana, "b", 30).await;
    project(&world, &sora, "c", 50).await;
    delete(&world, &hana, &format!("{PROJECTS}/{id}"))
        .await
        .expect(200);
    let of = |id: &str, used: u32| json!({"id": id, "used": used});
    let mut all = [of(&hana.id, 150), of(&sora.id, 50)];
    all.sort_by_key(|one| text(&one["id"]));
    assert_eq!(
        usage(&world, &hana).await,
        json!({"used": 200, "left": 400, "members": all})
    );
    let own = [of(&sora.id, 50)];
    assert_eq!(
        usage(&world, &sora).await,
        json!({"used": 200, "left": 400, "members": own})
    );
    let path = format!("/v1/service/users/{}", sora.id);
    let user = get(&world, &sora, &path).await.expect(200);
    assert_eq!(user.body["user"]["video_length"], 400);
}

#[tokio::test]
async fn without_an_allowance_there_is_nothing_to_spend() {
    let world = World::new().await;
    let hana = admin(&world, "hana").await;
    let body = json!({"name": "a", "video_length": 1});
    post(&world, &hana, PROJECTS, body)
        .await
        .expect_error(403, "quota_exceeded", &[]);
    let nothing = json!({"used": 0, "left": 0, "members": []});
    assert_eq!(usage(&world, &hana).await, nothing);
}

/// The last seconds lie in several buckets.
#[tokio::test]
async fn no_number_of_creations_at_once_spends_more_than_there_is_or_less_than_it_could() {
    let world = world(1, 100).await;
    let hana = admin(&world, "hana").await;
    let make = |nth: usize| {
        let body = json!({"name": format!("{nth}"), "video_length": 10});
        post(&world, &hana, PROJECTS, body)
    };
    let answers = join_all((0..30).map(make)).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((made.len(), refused.len()), (10, 20));
    for answer in refused {
        answer.expect_error(403, "quota_exceeded", &[]);
    }
    let of_hana = json!([{"id": hana.id, "used": 100}]);
    let all = json!({"used": 100, "left": 0, "members": of_hana});
    assert_eq!(usage(&world, &hana).await, all);
}

#[tokio::test]
async fn one_project_may_take_all_that_there_is() {
    let world = world(1, 101).await;
    let hana = admin(&world, "hana").await;
    let body = json!({"name": "a", "video_length": 102});
    post(&world, &hana, PROJECTS, body)
        .await
        .expect_error(403, "quota_exceeded", &[]);
    project(&world, &hana, "a", 101).await;
    assert_eq!(usage(&world, &hana).await["left"], 0);
}

#[tokio::test]
async fn the_same_key_makes_one_project_and_one_export() {
    let world = world(1, 100).await;
    let hana = admin(&world, "hana").await;
    let body = json!({"name": "a", "video_length": 10});
    let first = keyed(&world, &hana, PROJECTS, "1", body.clone())
        .await
        .expect(200);
    let second = keyed(&world, &hana, PROJECTS, "1", body).await.expect(200);
    assert_eq!(first.body, second.body);
    assert_eq!(usage(&world, &hana).await["left"], 90);
    let other = json!({"name": "b", "video_length": 10});
    let answer = keyed(&world, &hana, PROJECTS, "1", other).await;
    answer.expect_error(409, "conflict", &[]);

    let body = json!({"project_id": first.body["project"]["id"], "is_timerecord": 1});
    for _ in 0..2 {
        let exported = keyed(&world, &hana, EXPORTS, "2", body.clone())
            .await
            .expect(200);
        assert_eq!(exported.body, first.body);
    }
    let exports = items(&world, "EXPORTS#");
    assert_eq!(exports.len(), 1);
    assert_eq!(exports[0]["is_timerecord"]["N"], "1");
    assert_eq!(exports[0]["user_id"]["S"], hana.id);
}

#[tokio::test]
async fn a_member_has_their_own_projects_and_an_admin_all_of_their_organisation() {
    let world = world(3, 600).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let riku = invited(&world, &hana, "riku", "member").await;
    let stranger = admin(&world, "stranger").await;
    let id = project(&world, &sora, "a", 10).await;
    let path = format!("{PROJECTS}/{id}");
    let body = json!({"name": "b"});
    let export = json!({"project_id": id, "is_timerecord": 0});
    for other in [&riku, &stranger] {
        get(&world, other, &path)
            .await
            .expect_error(404, "not_found", &[]);
        put(&world, other, &path, body.clone())
            .await
            .expect_error(404, "not_found", &[]);
        delete(&world, other, &path)
            .await
            .expect_error(404, "not_found", &[]);
        let refused = post(&world, other, EXPORTS, export.clone()).await;
        refused.expect_error(400, "invalid_parameter", &["project_id: missing"]);
    }
    let scope = "/v1/service/projects?scope=organization";
    get(&world, &sora, scope)
        .await
        .expect_error(403, "forbidden", &[]);
    for one in [&sora, &hana] {
        get(&world, one, &path).await.expect(200);
        put(&world, one, &path, body.clone()).await.expect(200);
        post(&world, one, EXPORTS, export.clone()).await.expect(200);
    }
    delete(&world, &hana, &path).await.expect(200);
    get(&world, &sora, &path)
        .await
        .expect_error(404, "not_found", &[]);
    let refused = post(&world, &sora, EXPORTS, export).await;
    refused.expect_error(400, "invalid_parameter", &["project_id: missing"]);
    // Who deleted whose is written down.
    let audit = items(&world, "AUDIT#");
    let of_it = audit
        .iter()
        .find(|item| item["action"]["S"] == "delete_project");
    let of_it = of_it.unwrap();
    assert_eq!(of_it["by"]["S"], hana.id);
    assert_eq!(of_it["whom"]["S"], sora.id);
}

#[tokio::test]
async fn what_is_no_project_is_refused_field_by_field() {
    let world = world(1, 600).await;
    let hana = admin(&world, "hana").await;
    let id = project(&world, &hana, "a", 10).await;
    let path = format!("{PROJECTS}/{id}");
    let cases: [(&str, &str, Value, &[&str]); 9] = [
        (
            "POST",
            PROJECTS,
            json!({}),
            &["name: missing_field", "video_length: missing_field"],
        ),
        (
            "POST",
            PROJECTS,
            json!({"name": " a", "video_length": 0}),
            &["name: invalid", "video_length: invalid"],
        ),
        (
            "POST",
            PROJECTS,
            json!({"name": "a", "video_length": 360_001}),
            &["video_length: invalid"],
        ),
        (
            "POST",
            PROJECTS,
            json!({"name": "a", "video_length": 1.5}),
            &["video_length: invalid"],
        ),
        (
            "POST",
            PROJECTS,
            json!({"name": "a", "video_length": 1, "email": "a@b.c"}),
            &["email: invalid"],
        ),
        (
            "PUT",
            &path,
            json!({"video_length": 1}),
            &["video_length: invalid"],
        ),
        ("PUT", &path, json!({"name": null}), &["name: invalid"]),
        (
            "POST",
            EXPORTS,
            json!({"project_id": id}),
            &["is_timerecord: missing_field"],
        ),
        (
            "POST",
            EXPORTS,
            json!({"project_id": "x", "is_timerecord": 2}),
            &["project_id: invalid", "is_timerecord: invalid"],
        ),
    ];
    for (method, path, body, fields) in cases {
        let answer = call(&world, &hana, method, path, Some(body.clone())).await;
        let answer = answer.expect(400);
        let named: BTreeSet<String> = answer.body["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{body}: {}", answer.text))
            .iter()
            .map(|error| format!("{}: {}", text(&error["field"]), text(&error["code"])))
            .collect();
        let expected: BTreeSet<String> = fields.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(named, expected, "{body}");
    }
    put(&world, &hana, &path, json!({})).await.expect(200);
}

#[tokio::test]
async fn an_organisation_that_makes_too_many_at_once_is_told_to_wait() {
    let world = World::with(|options| {
        super::allowance(1, 600)(options);
        options
            .parameters
            .insert("ProjectRate".into(), "2/1s".into());
    })
    .await;
    let hana = admin(&world, "hana").await;
    for _ in 0..2 {
        project(&world, &hana, "a", 10).await;
    }
    let body = json!({"name": "a", "video_length": 10});
    let refused = post(&world, &hana, PROJECTS, body).await;
    let refused = refused.expect_error(429, "too_many_requests", &[]);
    assert_eq!(refused.headers["retry-after"], "1");
}

/// The organisation is what the caller belongs to, never what they say.
#[tokio::test]
async fn what_somebody_made_stays_with_the_organisation_that_they_leave() {
    let world = world(2, 600).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let id = project(&world, &sora, "a", 10).await;
    let path = format!("/v1/service/organization_members/{}", sora.id);
    delete(&world, &hana, &path).await.expect(200);
    let path = format!("{PROJECTS}/{id}");
    get(&world, &sora, &path)
        .await
        .expect_error(403, "profile_missing", &[]);
    let other = admin(&world, "other").await;
    let body = json!({
        "email": sora.firebase.email, "role": "admin", "organization_id": other.organization_id,
    });
    post(&world, &other, "/v1/service/invitations", body)
        .await
        .expect(200);
    let token = crate::identity::mailed(&world, &sora.firebase.email).await;
    let body = json!({"token": token});
    post(&world, &sora, "/v1/service/invitations/accept", body)
        .await
        .expect(200);
    for list in [PROJECTS, "/v1/service/projects?scope=organization"] {
        let listed = get(&world, &sora, list).await.expect(200);
        assert_eq!(listed.body, json!({"projects": []}), "{list}");
    }
    get(&world, &sora, &path)
        .await
        .expect_error(404, "not_found", &[]);
    get(&world, &hana, &path).await.expect(200);
}

#[tokio::test]
async fn what_was_made_goes_with_the_organisation_that_is_closed() {
    let world = world(1, 600).await;
    let hana = admin(&world, "hana").await;
    for name in ["a", "b"] {
        let id = project(&world, &hana, name, 100).await;
        let body = json!({"project_id": id, "is_timerecord": 1});
        post(&world, &hana, EXPORTS, body).await.expect(200);
    }
    let places = ["ORG#", "MINE#", "EXPORTS#", "SPENT#", "SECONDS#"];
    for place in places {
        assert!(!items(&world, place).is_empty(), "{place}");
    }
    let path = format!("/v1/service/organizations/{}", hana.organization_id);
    delete(&world, &hana, &path).await.expect(200);
    world.stack.settle().await;
    for place in places {
        let left = items(&world, place);
        assert!(left.is_empty(), "{left:?}");
    }
    world.nothing_given_up();
}
