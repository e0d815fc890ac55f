//! saju, over HTTP and its WebSocket.

mod blocks;
mod chart;
mod chats;
mod compatibility;
pub mod crash;
mod ended;
mod erase;
mod fortune;
mod in_the_pool;
mod limits;
mod live_chat;
mod notices;
mod person;
mod recommendations;
pub mod requests;
mod users;

use serde_json::json;

use crate::support::{Person, World};

/// Somebody new, logged in.
pub async fn register(world: &World, name: &str, birth_date: &str, gender: &str) -> Person {
    let email = format!("{name}@example.com");
    let password = format!("correct horse {name}");
    let body = json!({
        "email": email, "password": password, "name": name,
        "birth_date": birth_date, "gender": gender,
    });
    world
        .call("POST", "/api/users/register", None, Some(body))
        .await
        .expect(201);
    let body = json!({"email": email, "password": password});
    let answer = world
        .call("POST", "/api/users/login", None, Some(body))
        .await
        .expect(200);
    Person::new(name, &email, &password, &answer)
}
