//! Every documented operation with every kind of caller: who is let in, who is sent away, and how.

use std::collections::BTreeMap;

use enishi_local::{
    openapi,
    places::{Operation, operations},
};
use serde_json::{Value, json};

use crate::{
    consistency::examples::example,
    market,
    saju::{
        register,
        requests::{act, ask},
    },
    support::{MORNING, Person, World, text},
    visits,
};

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Auth {
    /// Anybody; a bad token is no obstacle, for none is read.
    Public,
    /// Anybody; but who shows a token must show a good one.
    PublicOrUser,
    /// Whoever signs what they send; people are not asked for.
    Signature,
    /// A user.
    User,
    /// A user, for their own; others' is not found.
    Owner,
    /// An operator.
    Operator,
}

/// As the document says it. Somebody else's is not found: so an operation on one thing that may not be
/// found is its owner's.
fn documented((path, _): &Operation, operation: &Value) -> Auth {
    let asked = operation["security"].as_array().cloned();
    let asked = asked.unwrap_or_default();
    match asked.first() {
        None => Auth::Public,
        Some(_) if asked.contains(&json!({})) => Auth::PublicOrUser,
        Some(first) if first["access_token"] == json!(["operator"]) => Auth::Operator,
        Some(first) if first["access_token"].is_null() => Auth::Signature,
        Some(_) if path.contains('{') && operation["responses"]["404"].is_object() => Auth::Owner,
        Some(_) => Auth::User,
    }
}

/// What asks for no token, or takes one that may be left out. Whoever forgets to ask for one shall not
/// pass.
const OPEN: &[(&str, &str)] = &[
    ("POST", "/signup"),
    ("POST", "/login"),
    ("POST", "/api/users/register"),
    ("POST", "/api/users/login"),
    ("POST", "/api/users"),
    ("GET", "/api/universities"),
    ("GET", "/api/companies"),
    ("GET", "/api/departments"),
    ("GET", "/api/jobs"),
    ("POST", "/api/auth/refresh"),
    ("POST", "/api/auth/password/forgot"),
    ("POST", "/api/auth/password/reset"),
    ("POST", "/api/auth/email/verify"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/slots"),
    ("GET", "/calendar/{token}"),
    ("POST", "/api/session"),
    ("PUT", "/api/session"),
    ("GET", "/api/item"),
    ("GET", "/api/item/search"),
    ("GET", "/api/item/{item_id}"),
    ("GET", "/api/makers/{maker_id}"),
    ("GET", "/v1/service/connection/ping"),
    ("GET", "/openapi.json"),
    ("GET", "/asyncapi.json"),
    ("GET", "/docs"),
    ("GET", "/letters/unsubscribe"),
    ("POST", "/letters/unsubscribe"),
];

/// What is not as [`documented`] says, or is called at another path than [`Fixtures::path`] makes.
const DIFFERENT: &[(&str, &str, Auth, &str)] = &[
    // Anybody's of somebody else.
    (
        "GET",
        "/api/matches/{user_id}/compatibility",
        Auth::User,
        "/api/matches/{partner}/compatibility",
    ),
    (
        "GET",
        "/api/matches/{user_id}/profile",
        Auth::User,
        "/api/matches/{partner}/profile",
    ),
    (
        "DELETE",
        "/api/blocks/{user_id}",
        Auth::User,
        "/api/blocks/{partner}",
    ),
    (
        "GET",
        "/api/users/{speaker_id}/slots",
        Auth::User,
        "/api/users/9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e/slots",
    ),
    (
        "DELETE",
        "/api/visits/blocks/{speaker_id}",
        Auth::User,
        "/api/visits/blocks/9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e",
    ),
    (
        "PUT",
        "/me/avoid/{user_id}",
        Auth::User,
        "/me/avoid/{partner}",
    ),
    (
        "DELETE",
        "/me/avoid/{user_id}",
        Auth::User,
        "/me/avoid/{partner}",
    ),
    // One's own, which is not there.
    (
        "DELETE",
        "/register/{date}",
        Auth::User,
        "/register/2026-11-21",
    ),
    // Of those that are paid for.
    (
        "GET",
        "/api/meeting/{matching_id}/join",
        Auth::Owner,
        "/api/meeting/{joined}/join",
    ),
    (
        "PUT",
        "/api/meeting/{matching_id}/recording",
        Auth::Owner,
        "/api/meeting/{recorded}/recording",
    ),
    // Of an item that is still there.
    (
        "DELETE",
        "/images/{item_id}/{image_id}",
        Auth::Owner,
        "/images/{pictured}/{image_id}",
    ),
    // What somebody has sold, and what is on its way to them.
    (
        "POST",
        "/api/sales/{transaction_id}/refund",
        Auth::Owner,
        "/api/sales/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f53/refund",
    ),
    (
        "POST",
        "/api/sales/{transaction_id}/ship",
        Auth::Owner,
        "/api/sales/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f54/ship",
    ),
    (
        "POST",
        "/api/transaction/{transaction_id}/received",
        Auth::Owner,
        "/api/transaction/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f55/received",
    ),
    (
        "POST",
        "/api/transaction/{transaction_id}/report",
        Auth::Owner,
        "/api/transaction/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f55/report",
    ),
    (
        "POST",
        "/api/operator/transactions/{transaction_id}/refund",
        Auth::Operator,
        "/api/operator/transactions/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50/refund",
    ),
    // Each can be done once.
    (
        "POST",
        "/api/operator/certificates/{user_id}/view",
        Auth::Operator,
        "/api/operator/certificates/{viewed}/view",
    ),
    (
        "PUT",
        "/api/operator/certificates/{user_id}",
        Auth::Operator,
        "/api/operator/certificates/{decided}",
    ),
    (
        "DELETE",
        "/api/chats/{chat_id}",
        Auth::Owner,
        "/api/chats/{ended}",
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
];

/// What `owner` has, by the name of the path's variable.
struct Fixtures(BTreeMap<&'static str, String>);

impl Fixtures {
    /// A path to call: with what `owner` has for each variable, else with the document's example.
    fn path(&self, path: &str, operation: &Value) -> String {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let examples = parameters
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| (text(&parameter["name"]), text(&parameter["example"])));
        let own = self
            .0
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        own.chain(examples)
            .fold(path.to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), &value)
            })
    }
}

#[tokio::test]
async fn every_operation_lets_in_whom_it_should_and_nobody_else() {
    let document: Value = serde_json::from_str(&openapi::document().unwrap()).unwrap();
    let world = World::new().await;
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
    let mut fixtures = saju(&world, &owner, &stranger).await;
    for person in [&owner, &stranger] {
        visits::join(&world, person, "student").await.expect(201);
        visits::verify(&world, person).await;
    }
    for name in ["viewed", "decided"] {
        let waiting = visits::certificates::waiting(&world, name, "student").await;
        fixtures.0.insert(name, waiting.id);
    }
    visits::safety::wait(&world, &owner, "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50");
    let matching = visits::matching::of(&world, &owner);
    fixtures.0.insert("matching_id", matching);
    let joined = visits::meeting::joinable(&world, &owner);
    fixtures.0.insert("joined", joined);
    let recorded = visits::recording::of(&world, &owner);
    fixtures.0.insert("recorded", recorded);
    let path = format!("/meeting_url/{}", owner.id);
    let room = world.get(&owner, &path).await.expect(200).text("room_id");
    fixtures.0.insert("room_id", room);
    fixtures.0.insert("user_id", owner.id.clone());
    for person in [&owner, &stranger] {
        market::become_maker(&world, person).await;
    }
    let item = market::add(&world, &owner, market::cup()).await;
    // The one that the document's example puts in its place.
    let image = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071";
    market::pictures::of(&world, &owner, &item, image).await;
    let pictured = market::add(&world, &owner, market::cup()).await;
    market::pictures::of(&world, &owner, &pictured, image).await;
    fixtures.0.insert("pictured", pictured);
    fixtures.0.insert("image_id", image.to_owned());
    fixtures.0.insert("item_id", item);
    fixtures.0.insert("maker_id", owner.id.clone());
    let (sora, hana) = (
        "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f61",
        "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f60",
    );
    for (end, customer, maker, state) in [
        ("50", sora, hana, "shipped"),
        ("53", sora, &*owner.id, "waiting"),
        ("54", sora, &*owner.id, "waiting"),
        ("55", &*owner.id, hana, "shipped"),
    ] {
        let id = format!("019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f{end}");
        market::shop::bring_in(&world, &id, customer, maker, state);
    }
    let bought = market::orders::order_of(&world, &owner).await;
    fixtures.0.insert("transaction_id", bought);

    // What deletes or logs out comes last, and the account last of all: whoever calls that is no more.
    let mut operations: Vec<_> = operations(&document).into_iter().collect();
    let ends = |path: &str, method: &str| method == "DELETE" || path == "/api/auth/logout";
    operations.sort_by_key(|((path, method), _)| (ends(path, method), path == "/api/users/me"));
    for (operation, described) in &operations {
        let (path, method) = operation;
        let name = format!("{method} {path}");
        let different = DIFFERENT.iter().find(|(m, p, ..)| m == method && p == path);
        let (auth, path) = match different {
            Some((_, _, auth, path)) => (*auth, *path),
            None => (documented(operation, described), path.as_str()),
        };
        let is_open = matches!(auth, Auth::Public | Auth::PublicOrUser);
        assert_eq!(
            OPEN.iter().any(|(m, p)| m == method && p == &operation.0),
            is_open,
            "{name} is for {auth:?}: say `security` in its `#[utoipa::path]`, or name it in OPEN in \
             infra/local/tests/e2e/actors.rs"
        );
        // Of members and admins, and of who comes from Firebase: `orgs/actors.rs`.
        if path.starts_with("/v1/service/") {
            continue;
        }
        let path = fixtures.path(path, described);
        // Only an owner and an operator have to come through.
        let body = match (method.as_str(), auth) {
            ("POST" | "PUT" | "PATCH", Auth::Owner)
            | ("POST" | "PUT" | "PATCH", Auth::Operator) => example(described),
            _ => None,
        };
        let body = body.or((method == "POST").then(|| json!({})));
        let call = |token: Option<String>| {
            let (world, path, body) = (&world, path.clone(), body.clone());
            async move { world.call(method, &path, token.as_deref(), body).await }
        };
        let as_person = |person: &Person| Some(person.access_token.clone());

        // Nobody, and somebody with a token of no worth.
        let nobody = call(None).await;
        let forged = call(Some("e30.e30.e30".into())).await;
        match auth {
            Auth::Public => {
                assert_ne!(nobody.status, 403, "{name}");
                assert_eq!(nobody.status, forged.status, "{name}");
            }
            Auth::Signature => {
                assert!(nobody.status.is_client_error(), "{name}");
                assert_eq!(nobody.status, forged.status, "{name}");
            }
            Auth::PublicOrUser => {
                assert_ne!(nobody.status, 401, "{name}");
                assert_eq!(forged.status, 401, "{name}");
            }
            Auth::User | Auth::Owner | Auth::Operator => {
                for answer in [nobody, forged] {
                    let answer = answer.expect_error(401, "access_token_invalid", &[]);
                    assert!(answer.headers.contains_key("www-authenticate"), "{name}");
                }
            }
        }
        // Somebody else, and an operator, who has no more rights over people's own than anybody else.
        for person in [&stranger, &operator] {
            let answer = call(as_person(person)).await;
            match auth {
                Auth::Owner => drop(answer.expect_error(404, "not_found", &[])),
                Auth::Operator if person.id == operator.id => drop(answer.expect(200)),
                Auth::Operator => drop(answer.expect_error(403, "forbidden", &[])),
                Auth::Signature => assert!(answer.status.is_client_error(), "{name}"),
                Auth::Public => {}
                Auth::PublicOrUser | Auth::User => {
                    let refused = [401, 403].contains(&answer.status.as_u16());
                    assert!(!refused || person.id == operator.id, "{name}");
                }
            }
        }
        // The owner, who may have logged out a line above: access tokens live on until they expire.
        if auth == Auth::Owner {
            let answer = call(as_person(&owner)).await;
            assert!(answer.status.is_success(), "{name}: {}", answer.text);
        }
    }
}

/// Gives both a profile of saju, and `owner` five requests: four from others, of which two are accepted
/// (chats) and one waits, and one to another.
async fn saju(world: &World, owner: &Person, stranger: &Person) -> Fixtures {
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
    let mut fixtures = BTreeMap::new();
    for name in ["chat_id", "ended", "match_id", "declined", "asked"] {
        let other = register(world, name, "1991-06-06", "male").await;
        let asked = match name {
            "asked" => ask(world, owner, &other).await,
            _ => ask(world, &other, owner).await,
        };
        let id = asked.expect(201).text("match_id");
        if name == "chat_id" || name == "ended" {
            act(world, owner, &id, "accept").await.expect(200);
        }
        if name == "chat_id" {
            fixtures.insert("partner", other.id);
        }
        fixtures.insert(name, id);
    }
    Fixtures(fixtures)
}
