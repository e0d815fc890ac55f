//! orgs, over HTTP: who comes from Firebase, their organisations, and what they make there.

mod actors;
mod contract;
pub mod crash;
pub mod crash_licenses;
pub mod crash_projects;
mod demo;
mod disabling;
mod invitations;
mod leaving;
pub mod licenses;
mod lists;
mod membership;
mod projects;
mod specification;
mod users;

use enishi_local::Options;
use http::{Request, header};
use serde_json::{Value, json};

pub use crate::identity::market_sessions::Caller;
use crate::{
    identity::{mailed, market_sessions::verified},
    support::{Answer, World, text},
};

/// Somebody of an organisation.
pub struct Member {
    pub id: String,
    pub organization_id: String,
    /// Who they are at Firebase.
    pub firebase: Caller,
}

/// Organisations that have so many seats and seconds at first; what counts attempts is out of the way.
pub fn allowance(seats: u32, seconds: u32) -> impl FnOnce(&mut Options) {
    move |options| {
        for (name, value) in [
            ("OrgFreeSeats", seats.to_string()),
            ("OrgFreeSeconds", seconds.to_string()),
            ("InvitationRate", "10000/1h".into()),
            ("InvitationAddressRate", "10000/1h".into()),
            ("ProjectRate", "10000/1h".into()),
        ] {
            options.parameters.insert(name.into(), value);
        }
    }
}

/// A world whose organisations have so many seats and seconds at first.
pub async fn world(seats: u32, seconds: u32) -> World {
    World::with(allowance(seats, seconds)).await
}

/// What `POST /v1/service/users` takes of somebody.
pub fn newcomer(caller: &Caller, role: &str) -> Value {
    json!({
        "uid": caller.uid, "email": caller.email, "role": role, "company_name": "いろは株式会社",
        "postal_code": "123-4567", "address": "東京都港区白銀高輪1-1-1 パークレジデンス1201",
    })
}

/// Somebody new, with an organisation of their own.
pub async fn admin(world: &World, name: &str) -> Member {
    let firebase = verified(world, &format!("{name}@example.com")).await;
    let body = newcomer(&firebase, "admin");
    let path = "/v1/service/users";
    let answer = world.call("POST", path, Some(&firebase.id_token), Some(body));
    of(answer.await, firebase)
}

/// Somebody new, invited by an admin of an organisation that has a seat for them.
pub async fn invited(world: &World, by: &Member, name: &str, role: &str) -> Member {
    let firebase = verified(world, &format!("{name}@example.com")).await;
    let body = json!({
        "email": firebase.email, "role": role, "organization_id": by.organization_id,
    });
    post(world, by, "/v1/service/invitations", body)
        .await
        .expect(200);
    let token = mailed(world, &firebase.email).await;
    let path = "/v1/service/invitations/accept";
    let body = Some(json!({"token": token}));
    let answer = world
        .call("POST", path, Some(&firebase.id_token), body)
        .await;
    of(answer, firebase)
}

fn of(answer: Answer, firebase: Caller) -> Member {
    let user = &answer.expect(200).body["user"];
    Member {
        id: text(&user["id"]),
        organization_id: text(&user["organization_id"]),
        firebase,
    }
}

/// The same with a token of now: one lasts an hour.
pub async fn logged_in(world: &World, member: Member) -> Member {
    let body = json!({"email": member.firebase.email, "password": "secret at Firebase"});
    let path = "accounts:signInWithPassword?key=any";
    let id_token = firebase(world, path, body)
        .await
        .expect(200)
        .text("idToken");
    Member {
        firebase: Caller {
            id_token,
            ..member.firebase
        },
        ..member
    }
}

/// What a server asks of Firebase.
pub async fn firebase(world: &World, path: &str, body: Value) -> Answer {
    let uri = format!(
        "{}/identitytoolkit.googleapis.com/v1/{path}",
        world.stack.aws_url()
    );
    let request = Request::post(uri)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, "Bearer owner")
        .body(body.to_string().into())
        .unwrap();
    world.send_anywhere(request).await
}

/// A request of somebody's.
pub async fn call(
    world: &World,
    member: &Member,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let token = Some(member.firebase.id_token.as_str());
    world.call(method, path, token, body).await
}

/// `GET` as somebody.
pub async fn get(world: &World, member: &Member, path: &str) -> Answer {
    call(world, member, "GET", path, None).await
}

/// `POST` as somebody.
pub async fn post(world: &World, member: &Member, path: &str, body: Value) -> Answer {
    call(world, member, "POST", path, Some(body)).await
}

/// `PUT` as somebody.
pub async fn put(world: &World, member: &Member, path: &str, body: Value) -> Answer {
    call(world, member, "PUT", path, Some(body)).await
}

/// `DELETE` as somebody.
pub async fn delete(world: &World, member: &Member, path: &str) -> Answer {
    call(world, member, "DELETE", path, None).await
}

/// `POST` as somebody, with an idempotency key.
pub async fn keyed(world: &World, member: &Member, path: &str, key: &str, body: Value) -> Answer {
    let request = Request::post(path)
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", member.firebase.id_token),
        )
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key)
        .body(body.to_string().into())
        .unwrap();
    world.send(request).await
}

/// A project of so many seconds.
pub async fn project(world: &World, member: &Member, name: &str, seconds: u32) -> String {
    let body = json!({"name": name, "video_length": seconds});
    let answer = post(world, member, "/v1/service/projects", body).await;
    text(&answer.expect(200).body["project"]["id"])
}

/// The items whose partition begins so.
pub fn items(world: &World, pk: &str) -> Vec<Value> {
    let mut items = world.items("OrgsTable");
    items.retain(|item| text(&item["pk"]["S"]).starts_with(pk));
    items
}
