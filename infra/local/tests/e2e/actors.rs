//! Every route with every kind of caller: who is let in, who is sent away, and how.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    saju::{register, requests::ask},
    support::{MORNING, Person, World},
};

/// Who may call.
#[derive(Clone, Copy, PartialEq)]
enum Auth {
    /// Anybody; a bad token is no obstacle, for none is read.
    Public,
    /// Anybody; but who shows a token must show a good one.
    PublicOrUser,
    /// A user.
    User,
    /// A user, for their own; others' is not found.
    Owner,
    /// An operator.
    Operator,
}

/// Every documented route: method, path as documented, who may call, a path to call it at.
/// `{room}` is a room of `owner`, `{owner}` their id; `{partner}` somebody who asked `owner` for the
/// match `{chat}`, `{declined}` another such match, `{asked}` one that `owner` asked for.
const ROUTES: &[(&str, &str, Auth, &str)] = &[
    ("POST", "/signup", Auth::PublicOrUser, "/signup"),
    ("POST", "/login", Auth::Public, "/login"),
    ("POST", "/api/users/login", Auth::Public, "/api/users/login"),
    (
        "POST",
        "/api/auth/refresh",
        Auth::Public,
        "/api/auth/refresh",
    ),
    ("POST", "/api/auth/logout", Auth::User, "/api/auth/logout"),
    (
        "POST",
        "/api/auth/password/forgot",
        Auth::Public,
        "/api/auth/password/forgot",
    ),
    (
        "POST",
        "/api/auth/password/reset",
        Auth::Public,
        "/api/auth/password/reset",
    ),
    (
        "POST",
        "/api/auth/email/verify",
        Auth::Public,
        "/api/auth/email/verify",
    ),
    (
        "GET",
        "/.well-known/jwks.json",
        Auth::Public,
        "/.well-known/jwks.json",
    ),
    ("POST", "/api/session", Auth::Public, "/api/session"),
    ("PUT", "/api/session", Auth::Public, "/api/session"),
    ("DELETE", "/api/session", Auth::User, "/api/session"),
    ("POST", "/register/", Auth::User, "/register/"),
    ("GET", "/register/", Auth::User, "/register/"),
    (
        "DELETE",
        "/register/{date}",
        Auth::User,
        "/register/2026-11-21",
    ),
    (
        "GET",
        "/meeting_url/{user_id}",
        Auth::Owner,
        "/meeting_url/{owner}",
    ),
    (
        "GET",
        "/rooms/{room_id}/join",
        Auth::Owner,
        "/rooms/{room}/join",
    ),
    ("POST", "/participated", Auth::User, "/participated"),
    ("POST", "/paticipated", Auth::User, "/paticipated"),
    ("GET", "/me/rooms", Auth::User, "/me/rooms"),
    ("POST", "/assign_room/", Auth::Operator, "/assign_room/"),
    (
        "POST",
        "/assign_room/{time}",
        Auth::Operator,
        "/assign_room/09:00",
    ),
    (
        "POST",
        "/api/users/register",
        Auth::PublicOrUser,
        "/api/users/register",
    ),
    ("GET", "/api/users/me", Auth::User, "/api/users/me"),
    ("PUT", "/api/users/me", Auth::User, "/api/users/me"),
    (
        "POST",
        "/api/users/me/photo",
        Auth::User,
        "/api/users/me/photo",
    ),
    (
        "GET",
        "/api/matches/recommendations",
        Auth::User,
        "/api/matches/recommendations",
    ),
    (
        "GET",
        "/api/matches/{user_id}/compatibility",
        Auth::User,
        "/api/matches/{partner}/compatibility",
    ),
    (
        "GET",
        "/api/fortune/today",
        Auth::User,
        "/api/fortune/today",
    ),
    (
        "POST",
        "/api/matches/request",
        Auth::User,
        "/api/matches/request",
    ),
    ("GET", "/api/matches", Auth::User, "/api/matches"),
    (
        "POST",
        "/api/matches/{match_id}/accept",
        Auth::Owner,
        "/api/matches/{chat}/accept",
    ),
    (
        "POST",
        "/api/matches/{match_id}/decline",
        Auth::Owner,
        "/api/matches/{declined}/decline",
    ),
    (
        "POST",
        "/api/matches/{match_id}/cancel",
        Auth::Owner,
        "/api/matches/{asked}/cancel",
    ),
    ("GET", "/api/chats", Auth::User, "/api/chats"),
    (
        "GET",
        "/api/chats/{chat_id}/messages",
        Auth::Owner,
        "/api/chats/{chat}/messages",
    ),
    (
        "POST",
        "/api/chats/{chat_id}/messages",
        Auth::Owner,
        "/api/chats/{chat}/messages",
    ),
    (
        "POST",
        "/api/chats/{chat_id}/read",
        Auth::Owner,
        "/api/chats/{chat}/read",
    ),
    ("POST", "/api/blocks", Auth::User, "/api/blocks"),
    (
        "DELETE",
        "/api/blocks/{user_id}",
        Auth::User,
        "/api/blocks/{partner}",
    ),
    ("POST", "/api/reports", Auth::User, "/api/reports"),
    ("POST", "/api/live/ticket", Auth::User, "/api/live/ticket"),
    ("GET", "/api/payments", Auth::User, "/api/payments"),
    // Stripe shows who it is by its signature.
    ("POST", "/webhook/stripe", Auth::Public, "/webhook/stripe"),
    ("GET", "/openapi.json", Auth::Public, "/openapi.json"),
    ("GET", "/docs", Auth::Public, "/docs"),
    // Last, for whoever calls it is no more.
    ("DELETE", "/api/users/me", Auth::User, "/api/users/me"),
];

#[tokio::test]
async fn every_route_lets_in_whom_it_should_and_nobody_else() {
    let world = World::new().await;
    let document = world
        .call("GET", "/openapi.json", None, None)
        .await
        .expect(200)
        .body;
    let documented: BTreeMap<(String, String), &Value> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            operations
                .as_object()
                .unwrap()
                .iter()
                .map(move |(method, operation)| ((method.to_uppercase(), path.clone()), operation))
        })
        .collect();
    let listed: Vec<(String, String)> = ROUTES
        .iter()
        .map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    for route in documented.keys() {
        assert!(
            listed.contains(route),
            "{route:?} is missing: add a row for it to ROUTES in infra/local/tests/e2e/actors.rs"
        );
    }

    let mut owner = world.sign_up("owner").await;
    let mut stranger = world.sign_up("stranger").await;
    let mut operator = world.operator().await;
    world
        .post(&owner, "/register/", json!({"date": MORNING}))
        .await
        .expect(201);
    world.at(&format!("{MORNING}T08:50")).await;
    world.at(&format!("{MORNING}T08:57")).await;
    for person in [&mut owner, &mut stranger, &mut operator] {
        world.refresh(person).await;
    }
    let path = format!("/meeting_url/{}", owner.id);
    let room = world.get(&owner, &path).await.expect(200).text("room_id");

    let [chat, declined, asked, partner] = saju(&world, &owner, &stranger).await;

    for (method, documented_path, auth, path) in ROUTES {
        let path = [
            ("{owner}", &owner.id),
            ("{room}", &room),
            ("{chat}", &chat),
            ("{declined}", &declined),
            ("{asked}", &asked),
            ("{partner}", &partner),
        ]
        .iter()
        .fold((*path).to_owned(), |path, (name, value)| {
            path.replace(name, value)
        });
        let body = (*method == "POST").then(|| match *documented_path {
            "/api/chats/{chat_id}/messages" => json!({"content": "안녕", "client_msg_id": "1"}),
            "/api/chats/{chat_id}/read" => json!({"seq": 1}),
            _ => json!({}),
        });
        let call = |token: Option<String>| {
            let (world, path, body) = (&world, path.clone(), body.clone());
            async move { world.call(method, &path, token.as_deref(), body).await }
        };
        let as_person = |person: &Person| Some(person.access_token.clone());
        let name = format!("{method} {documented_path}");

        // Nobody, and somebody with a token of no worth.
        let nobody = call(None).await;
        let forged = call(Some("e30.e30.e30".into())).await;
        match auth {
            Auth::Public => {
                assert_ne!(nobody.status, 403, "{name}");
                assert_eq!(nobody.status, forged.status, "{name}");
            }
            Auth::PublicOrUser => {
                assert_ne!(nobody.status, 401, "{name}");
                assert_eq!(forged.status, 401, "{name}");
            }
            _ => {
                for answer in [nobody, forged] {
                    let answer = answer.expect_error(401, "access_token_invalid", &[]);
                    assert!(answer.headers.contains_key("www-authenticate"), "{name}");
                }
            }
        }
        if documented
            .get(&((*method).to_owned(), (*documented_path).to_owned()))
            .is_some_and(|operation| operation["security"][0]["access_token"].is_array())
        {
            assert!(!matches!(auth, Auth::Public | Auth::PublicOrUser), "{name}");
        } else {
            assert!(matches!(auth, Auth::Public | Auth::PublicOrUser), "{name}");
        }

        // Somebody else.
        let answer = call(as_person(&stranger)).await;
        match auth {
            Auth::Owner => drop(answer.expect_error(404, "not_found", &[])),
            Auth::Operator => drop(answer.expect_error(403, "forbidden", &[])),
            _ => assert!(
                ![401, 403].contains(&answer.status.as_u16()) || *auth == Auth::Public,
                "{name}"
            ),
        }
        // An operator has no more rights over people's own than anybody else.
        let answer = call(as_person(&operator)).await;
        match auth {
            Auth::Owner => drop(answer.expect_error(404, "not_found", &[])),
            Auth::Operator => drop(answer.expect(200)),
            _ => {}
        }
        // The owner, who may have logged out a line above: access tokens live on until they expire.
        if *auth == Auth::Owner {
            let answer = call(as_person(&owner)).await;
            assert!(answer.status.is_success(), "{name}: {}", answer.text);
        }
    }
}

/// Gives both a profile of saju, and `owner` three requests: two from others, one to another.
async fn saju(world: &World, owner: &Person, stranger: &Person) -> [String; 4] {
    for person in [owner, stranger] {
        let profile = json!({
            "email": person.email, "password": "not looked at", "name": person.name,
            "birth_date": "1990-05-05", "gender": "female",
        });
        world
            .post(person, "/api/users/register", profile)
            .await
            .expect(201);
    }
    let mut ids = Vec::new();
    let mut partner = String::new();
    for name in ["one", "two", "three"] {
        let other = register(world, name, "1991-06-06", "male").await;
        let asked = match name {
            "three" => ask(world, owner, &other).await,
            _ => ask(world, &other, owner).await,
        };
        ids.push(asked.expect(201).text("match_id"));
        if name == "one" {
            partner = other.id;
        }
    }
    let [chat, declined, asked] = ids.try_into().unwrap();
    [chat, declined, asked, partner]
}
