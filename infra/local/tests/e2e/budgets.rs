//! Every handler's budget of DynamoDB requests, as its doc states it, against what it takes.

use std::collections::BTreeMap;

use enishi_local::demo::mailed_token;
use serde_json::{Value, json};

use crate::support::{MORNING, World};

mod identity_sessions;
mod payments;
mod saju;

/// Counts a function's requests to DynamoDB since the last count.
fn count(world: &World, function: &str) -> usize {
    let calls = world.stack.aws().calls();
    world.stack.aws().forget_calls();
    calls
        .iter()
        .filter(|call| call.function == function && call.request.starts_with("dynamodb:"))
        .count()
}

/// The first number after `Budget:` in an operation's description; batch runs state none.
fn budget(document: &Value, method: &str, path: &str) -> Option<usize> {
    let description = document["paths"][path][method.to_lowercase()]["description"]
        .as_str()
        .unwrap_or_else(|| panic!("{method} {path} has no description"));
    let stated = description
        .split("Budget: ")
        .nth(1)
        .unwrap_or_else(|| panic!("{method} {path} states no budget"));
    stated.split(' ').next()?.parse().ok()
}

#[tokio::test]
async fn every_handler_keeps_to_its_budget() {
    let world = World::new().await;
    let document = world
        .call("GET", "/openapi.json", None, None)
        .await
        .expect(200)
        .body;
    let mut measured: BTreeMap<(&str, &str), usize> = BTreeMap::new();

    let hana = world.sign_up("hana").await;
    measured.insert(("POST", "/signup"), count(&world, "IdentitySignup"));
    world.stack.settle().await;
    let token = json!({"token": mailed_token(&world.stack, &hana.email).unwrap()});
    world
        .call("POST", "/api/auth/email/verify", None, Some(token))
        .await
        .expect(204);
    measured.insert(
        ("POST", "/api/auth/email/verify"),
        count(&world, "IdentityVerifyEmail"),
    );
    let email = json!({"email": hana.email});
    world
        .call("POST", "/api/auth/password/forgot", None, Some(email))
        .await
        .expect(202);
    measured.insert(
        ("POST", "/api/auth/password/forgot"),
        count(&world, "IdentityForgotPassword"),
    );
    world.stack.settle().await;
    let token = mailed_token(&world.stack, &hana.email).unwrap();
    let body = json!({"token": token, "password": "battery staple"});
    world
        .call("POST", "/api/auth/password/reset", None, Some(body))
        .await
        .expect(204);
    measured.insert(
        ("POST", "/api/auth/password/reset"),
        count(&world, "IdentityResetPassword"),
    );
    let body = json!({"email": hana.email, "password": "battery staple"});
    for path in ["/login", "/api/users/login"] {
        let answer = world
            .call("POST", path, None, Some(body.clone()))
            .await
            .expect(200);
        measured.insert(("POST", path), count(&world, "IdentityLogin"));
        let spent = json!({"refresh_token": answer.text("refresh_token")});
        world
            .call("POST", "/api/auth/refresh", None, Some(spent))
            .await
            .expect(200);
        measured.insert(
            ("POST", "/api/auth/refresh"),
            count(&world, "IdentityRefresh"),
        );
    }

    let mut people = world.people(5).await;
    let me = &people[0];
    for person in &people[1..] {
        world
            .post(person, "/register/", json!({"date": MORNING}))
            .await
            .expect(201);
    }
    count(&world, "");
    let path = format!("/register/{MORNING}");
    world
        .post(me, "/register/", json!({"date": MORNING}))
        .await
        .expect(201);
    measured.insert(("POST", "/register/"), count(&world, "RoomsEnroll"));
    world
        .call("DELETE", &path, Some(&me.access_token), None)
        .await
        .expect(204);
    measured.insert(
        ("DELETE", "/register/{date}"),
        count(&world, "RoomsWithdraw"),
    );
    world
        .post(me, "/register/", json!({"date": MORNING}))
        .await
        .expect(201);
    world.get(me, "/register/").await.expect(200);
    measured.insert(("GET", "/register/"), count(&world, "RoomsEnrolments"));
    world.at(&format!("{MORNING}T08:50")).await;
    world.at(&format!("{MORNING}T08:56")).await;
    world.refresh_all(&mut people).await;
    count(&world, "");
    let me = &people[0];
    let room = world
        .get(me, &format!("/meeting_url/{}", me.id))
        .await
        .expect(200)
        .text("room_id");
    measured.insert(
        ("GET", "/meeting_url/{user_id}"),
        count(&world, "RoomsMeetingUrl"),
    );
    world
        .get(me, &format!("/rooms/{room}/join"))
        .await
        .expect(200);
    measured.insert(("GET", "/rooms/{room_id}/join"), count(&world, "RoomsJoin"));
    for path in ["/participated", "/paticipated"] {
        world.post(me, path, json!({})).await.expect(200);
        measured.insert(("POST", path), count(&world, "RoomsParticipated"));
        world
            .post(me, path, json!({"room_id": room}))
            .await
            .expect(200);
        assert_eq!(count(&world, "RoomsParticipated"), 2);
    }
    world.get(me, "/me/rooms").await.expect(200);
    // Two, and one for the one room of the page.
    measured.insert(("GET", "/me/rooms"), count(&world, "RoomsHistory") - 1);
    world
        .call("POST", "/api/auth/logout", Some(&me.access_token), None)
        .await
        .expect(204);
    measured.insert(
        ("POST", "/api/auth/logout"),
        count(&world, "IdentityLogout"),
    );
    for (path, function) in [
        ("/.well-known/jwks.json", "IdentityJwks"),
        ("/openapi.json", "PlatformOpenapi"),
        ("/docs", "PlatformDocs"),
    ] {
        world.call("GET", path, None, None).await.expect(200);
        measured.insert(("GET", path), count(&world, function));
    }

    saju::measure(&World::new().await, &mut measured).await;
    payments::measure(&World::new().await, &mut measured).await;
    identity_sessions::measure(&World::new().await, &mut measured).await;

    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let Some(stated) = budget(&document, &method, path) else {
                continue;
            };
            let taken = measured
                .get(&(method.as_str(), path.as_str()))
                .unwrap_or_else(|| panic!(
                        "{method} {path} is not measured: in infra/local/tests/e2e/budgets.rs, call it \
                         and insert what `count` says of its function"
                    ));
            assert_eq!(*taken, stated, "{method} {path}: taken, stated");
        }
    }
}
