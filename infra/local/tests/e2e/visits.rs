//! visits, over HTTP.

mod anonymity;
pub mod certificates;
mod choices;
pub mod crash;
pub mod crash_meeting;
pub mod crash_money;
pub mod crash_recording;
pub mod crash_talk;
mod demo;
pub mod matched;
pub mod matching;
mod me;
pub mod meeting;
pub mod messages;
pub mod money;
pub mod notifications;
pub mod people;
pub mod recording;
pub mod safety;
mod search;
mod slots;
mod users;

use enishi_local::import;
use enishi_visits::{
    card::rows_of,
    choice::{Choice, ChoiceKind, listed_key},
    profile::{DocumentState, Documents, Profile, profile_key, table},
};
use serde_json::{Value, json};

use crate::support::{Answer, Person, World, text};

/// What `POST /api/users` takes; `kind` is `student` or `company`.
pub fn newcomer(name: &str, kind: &str) -> Value {
    let (affiliation, department) = match kind {
        "student" => ("縁大学", "工学部"),
        _ => ("縁製作所", "開発部"),
    };
    json!({
        "name": name, "date_of_birth": "2000-04-02", "phone_number": "090-1234-5678",
        "email": format!("{name}@example.com"), "password": format!("correct horse {name}"),
        "type": kind, "affiliation": affiliation, "department": department,
        "job": "エンジニア",
    })
}

/// [`newcomer`] with one value changed.
pub fn but(kind: &str, field: &str, value: Value) -> Value {
    let mut body = newcomer("hana", kind);
    body[field] = value;
    body
}

/// Somebody new, logged in.
pub async fn register(world: &World, name: &str, kind: &str) -> Person {
    let body = newcomer(name, kind);
    let (email, password) = (text(&body["email"]), text(&body["password"]));
    let answer = world.call("POST", "/api/users", None, Some(body)).await;
    Person::new(name, &email, &password, &answer.expect(201))
}

/// Adds the visits profile to somebody's account.
pub async fn join(world: &World, person: &Person, kind: &str) -> Answer {
    let mut body = newcomer(&person.name, kind);
    body["email"] = json!(person.email);
    world.post(person, "/api/users", body).await
}

/// Changes somebody's profile.
pub async fn change(world: &World, person: &Person, body: Value) -> Answer {
    let token = Some(person.access_token.as_str());
    world
        .call("PATCH", "/api/visits/me", token, Some(body))
        .await
}

/// Somebody's profile, as they see it.
pub async fn me(world: &World, person: &Person) -> Value {
    world.get(person, "/api/visits/me").await.expect(200).body
}

/// Somebody's profile, as it is stored.
pub async fn stored(world: &World, person: &Person) -> Profile {
    let app = world.app("VisitsMe", |_| {});
    let place = profile_key(person.id.parse().unwrap());
    let profile = table(&app).unwrap().get::<Profile>(&place).await;
    profile.unwrap().unwrap()
}

/// As if an operator had approved somebody's documents.
pub async fn verify(world: &World, person: &Person) {
    let profile = Profile {
        is_authenticated: true,
        documents: Documents {
            state: DocumentState::Approved,
            reason: None,
        },
        ..stored(world, person).await
    };
    let cards = rows_of(&profile);
    let place = profile_key(profile.user_id);
    import::items(&world.stack, "VisitsTable", [(place, profile)]).unwrap();
    import::items(&world.stack, "VisitsTable", cards).unwrap();
}

/// As if somebody of each of them had been verified.
pub fn list(world: &World, kind: ChoiceKind, names: &[&str]) {
    let rows = names.iter();
    let rows = rows.map(|name| (listed_key(kind, name), Choice::named(kind, name)));
    import::items(&world.stack, "VisitsTable", rows).unwrap();
}

/// The items whose partition begins so.
pub fn items(world: &World, pk: &str) -> Vec<Value> {
    let mut items = world.items("VisitsTable");
    items.retain(|item| text(&item["pk"]["S"]).starts_with(pk));
    items
}

/// A query's text, percent-encoded.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
