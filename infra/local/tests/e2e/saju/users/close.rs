//! `DELETE /api/users/me`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{super::register, disable, items, profile};
use crate::{
    identity::{log_in, post, refresh},
    support::{Answer, Person, World, text},
};

async fn close(world: &World, person: &Person) -> Answer {
    world
        .call("DELETE", "/api/users/me", Some(&person.access_token), None)
        .await
}

/// The details of what was announced about closed accounts.
fn announced(world: &World) -> Vec<Value> {
    items(world)
        .iter()
        .filter(|item| item["detail_type"]["S"] == "account.deleted")
        .map(|item| serde_json::from_str(&text(&item["detail"]["S"])).unwrap())
        .collect()
}

#[tokio::test]
async fn closing_an_account_ends_its_sessions_and_frees_its_names() {
    let world = World::new().await;
    let person = register(&world, "seoyeon", "1995-03-02", "female").await;
    let answer = close(&world, &person).await.expect(204);
    assert_eq!(answer.text, "");
    let me = world.get(&person, "/api/users/me").await;
    me.expect_error(401, "access_token_invalid", &[]);
    // The profile goes on `account.deleted`.
    world.stack.settle().await;

    for (method, body) in [("GET", None), ("PUT", Some(json!({}))), ("DELETE", None)] {
        let answer = world
            .call(method, "/api/users/me", Some(&person.access_token), body)
            .await;
        match method {
            "PUT" => answer.expect_error(403, "profile_missing", &[]),
            _ => answer.expect_error(401, "access_token_invalid", &[]),
        };
    }
    refresh(&world, &person.refresh_token).await.expect(401);
    log_in(&world, &person.email, &person.password)
        .await
        .expect(401);
    assert!(profile(&world, &person.id).is_none());
    let [event] = announced(&world).try_into().unwrap();
    assert_eq!(event["data"], json!({"user_id": person.id}));
    // Nothing but the announcements says who it was, by the id alone.
    for item in items(&world) {
        let about = ["EMAIL#", "USERNAME#", "ACCOUNT#"];
        let key = text(&item["pk"]["S"]);
        assert!(!about.iter().any(|prefix| key.starts_with(prefix)), "{key}");
        assert!(!item.to_string().contains(&person.email), "{key}");
    }

    let again = register(&world, "seoyeon", "1996-03-02", "female").await;
    assert_ne!(again.id, person.id);
    let me = world.get(&again, "/api/users/me").await.expect(200);
    assert_eq!(me.text("birth_date"), "1996-03-02");
}

#[tokio::test]
async fn an_account_of_rooms_is_closed_with_its_username() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    close(&world, &hana).await.expect(204);
    let answer = world.get(&hana, "/api/users/me").await;
    answer.expect_error(401, "access_token_invalid", &[]);
    // Both names are free again.
    world.sign_up("hana").await;
}

#[tokio::test]
async fn a_disabled_account_keeps_its_names() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    disable(&world, &hana);
    close(&world, &hana)
        .await
        .expect_error(401, "access_token_invalid", &[]);
    let body = json!({"username": "hana", "email": "hana@example.com", "password": "password1"});
    let both = ["email: already_exists", "username: already_exists"];
    post(&world, "/signup", body)
        .await
        .expect_error(409, "conflict", &both);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_many_times_at_once_closes_once() {
    let world = World::new().await;
    let person = register(&world, "seoyeon", "1995-03-02", "female").await;
    let answers = join_all((0..5).map(|_| close(&world, &person))).await;
    let closed = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(closed, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 204) {
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    assert_eq!(announced(&world).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_while_a_profile_is_added_leaves_nothing_behind() {
    for round in 0..6 {
        let world = World::new().await;
        let hana = world.sign_up("hana").await;
        let profile_of_saju = json!({
            "email": hana.email, "password": "password1", "name": "hana",
            "birth_date": "1995-03-02", "gender": "female",
        });
        let join = world.post(&hana, "/api/users/register", profile_of_saju);
        let (joined, closed) = match round % 2 {
            0 => tokio::join!(join, close(&world, &hana)),
            _ => {
                let (closed, joined) = tokio::join!(close(&world, &hana), join);
                (joined, closed)
            }
        };
        closed.expect(204);
        assert!(
            [201, 401, 409].contains(&joined.status.as_u16()),
            "{joined:?}"
        );
        world.stack.settle().await;
        assert!(profile(&world, &hana.id).is_none());
        world.sign_up("hana").await;
    }
}
