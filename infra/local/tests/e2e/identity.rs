//! identity: sign-up, log-in, the mails' links, log-out and the public keys, over real HTTP.

mod closing;
pub mod crash;
mod input;
mod languages;
mod login;
mod mails;
mod market_joining;
pub mod market_sessions;
pub mod session_keys;
mod sessions;
mod signup;

use http::{HeaderName, Request, header};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Person, World, text};

/// `POST` without a token.
pub async fn post(world: &World, path: &str, body: Value) -> Answer {
    world.call("POST", path, None, Some(body)).await
}

/// `POST` with more headers.
pub async fn post_with(world: &World, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world
        .send(request.body(body.to_string().into()).unwrap())
        .await
}

/// What `POST /signup` takes.
pub fn newcomer(username: &str, email: &str, password: &str) -> Value {
    json!({"username": username, "email": email, "password": password})
}

/// Logs in by e-mail.
pub async fn log_in(world: &World, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    post(world, "/login", body).await
}

/// Spends a refresh token.
pub async fn refresh(world: &World, token: &str) -> Answer {
    post(world, "/api/auth/refresh", json!({"refresh_token": token})).await
}

/// Moves the clock on.
pub fn later(world: &World, seconds: i64) {
    let clock = world.stack.clock();
    clock.set(Some(clock.now() + SignedDuration::from_secs(seconds)));
}

/// The token in the latest mail to somebody.
pub async fn mailed(world: &World, email: &str) -> String {
    world.stack.settle().await;
    enishi_local::demo::mailed_token(&world.stack, email).unwrap()
}

/// Follows the link in the latest mail to somebody, who is logged in.
pub async fn prove(world: &World, person: &Person) {
    let token = json!({"token": mailed(world, &person.email).await});
    world
        .post(person, "/api/auth/email/verify", token)
        .await
        .expect(204);
}

/// How many mails somebody got.
pub async fn mails(world: &World, email: &str) -> usize {
    world.stack.settle().await;
    let mails = world.stack.mailbox().mails();
    let to = |mail: &&enishi_local::mailbox::Mail| mail.to.iter().any(|other| other == email);
    mails.iter().filter(to).count()
}

/// All that lies in `IDENTITY_TABLE`, in DynamoDB's JSON.
pub fn items(world: &World) -> Vec<Value> {
    let request = enishi_local::database::from_json(json!({"TableName": table(world)})).unwrap();
    let answer = world.stack.database().scan(request).unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    assert!(answer["LastEvaluatedKey"].is_null(), "more than one page");
    answer["Items"].as_array().unwrap().clone()
}

/// Writes an item, whatever was there.
pub fn put(world: &World, item: &Value) {
    let request = json!({"TableName": table(world), "Item": item});
    let request = enishi_local::database::from_json(request).unwrap();
    world.stack.database().put_item(request).unwrap();
}

/// Changes an account in the table, where no endpoint can.
pub fn edit_account(world: &World, person: &Person, change: impl FnOnce(&mut Value)) {
    let mut account = account(world, person);
    change(&mut account);
    put(world, &account);
}

/// Somebody's account as it lies in the table.
pub fn account(world: &World, person: &Person) -> Value {
    let key = format!("ACCOUNT#{}", person.id);
    let is_it = |item: &Value| item["pk"]["S"] == key && item["sk"]["S"] == "ACCOUNT";
    items(world).into_iter().find(is_it).unwrap()
}

/// Nobody may use it from now on.
pub fn disable(world: &World, person: &Person) {
    edit_account(world, person, |account| {
        account["status"] = json!({"S": "disabled"});
    });
}

/// A header of an answer, empty where it has none.
pub fn header_of(answer: &Answer, name: impl Into<HeaderName>) -> String {
    let value = answer.headers.get(name.into());
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

/// The header of a JSON Web Token (`part` 0), or its claims (`part` 1).
pub fn part_of_token(token: &str, part: usize) -> Value {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let part = token.split('.').nth(part).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The table's name.
fn table(world: &World) -> String {
    world.stack.environment()["IdentitySignup"]["IDENTITY_TABLE"].clone()
}

/// The value of a string attribute.
pub fn attribute(item: &Value, name: &str) -> String {
    text(&item[name]["S"])
}
