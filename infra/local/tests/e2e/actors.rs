//! Every route with every kind of caller: who is let in, who is sent away, and how.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{MORNING, Person, World};

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
/// `{room}` is a room of `owner`, `{owner}` their id.
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
    ("GET", "/openapi.json", Auth::Public, "/openapi.json"),
    ("GET", "/docs", Auth::Public, "/docs"),
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

    for (method, documented_path, auth, path) in ROUTES {
        let path = path.replace("{owner}", &owner.id).replace("{room}", &room);
        let body = (*method == "POST").then(|| json!({}));
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
            call(as_person(&owner)).await.expect(200);
        }
    }
}
