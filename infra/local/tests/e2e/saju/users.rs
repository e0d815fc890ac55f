//! `POST /api/users/register`, and one's own profile.

use serde_json::{Value, json};

use crate::support::{Answer, Person, World};

/// What `POST /api/users/register` takes.
fn newcomer(name: &str) -> Value {
    json!({
        "email": format!("{name}@example.com"), "password": format!("correct horse {name}"),
        "name": name, "birth_date": "1995-03-02", "gender": "female",
    })
}

async fn register(world: &World, body: Value) -> Answer {
    world
        .call("POST", "/api/users/register", None, Some(body))
        .await
}

#[tokio::test]
async fn registering_answers_the_account_and_logs_nobody_in() {
    let world = World::new().await;
    let answer = register(&world, newcomer("서연")).await.expect(400);
    let mut body = newcomer("seoyeon");
    body["name"] = json!("서연");
    let answer = register(&world, body.clone()).await.expect(201);
    let id = answer.text("user_id");
    assert_eq!(
        answer.body,
        json!({"user_id": id, "name": "서연", "email": "seoyeon@example.com"})
    );
}
