//! Who buys.

use enishi_shared::{
    App, accounts,
    app::Random,
    store::{Outcome, Transaction},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{add, cup, items, maker};
use crate::{
    identity::market_sessions::{enter, unverified, verified, verify},
    support::{Answer, Person, World},
};

/// Where parcels go.
pub fn address() -> Value {
    json!({
        "name": "佐藤 空", "zip_code": "9200001", "address": "石川県金沢市広坂1-2-3",
        "phone_number": "076-123-4567",
    })
}

async fn patch(world: &World, person: &Person, path: &str, body: Value) -> Answer {
    let token = Some(person.access_token.as_str());
    world.call("PATCH", path, token, Some(body)).await
}

async fn me(world: &World, person: &Person) -> Value {
    world.get(person, "/api/user").await.expect(200).body
}

async fn forget(world: &World, person: &Person) -> Answer {
    let token = Some(person.access_token.as_str());
    world.call("DELETE", "/api/user", token, None).await
}

/// A function that begins and ends what forbids closing an account, as those do that have to do with orders.
pub fn holder(world: &World) -> App {
    world.app("IdentitySignup", |parts| {
        parts.random = Random::from_seed(1);
    })
}

/// Begins or ends what forbids closing an account.
pub async fn hold(app: &App, person: &Person, name: &str, begins: bool) {
    let mut tx = Transaction::new(app);
    let id = person.id.parse().unwrap();
    match begins {
        true => drop(accounts::hold(&mut tx, id, name).unwrap()),
        false => drop(accounts::release(&mut tx, id, name).unwrap()),
    }
    assert!(matches!(tx.commit().await.unwrap(), Outcome::Done));
}

#[tokio::test]
async fn a_customer_is_whoever_has_an_account_and_tells_where_parcels_go() {
    let world = World::new().await;
    let caller = unverified(&world, "sora@example.com").await;
    let sora = enter(&world, &caller).await;
    let mut expected = json!({
        "user_id": sora.id, "email": "sora@example.com", "is_email_verified": false,
        "is_registered": false, "display_name": null, "name": null, "zip_code": null,
        "address": null, "phone_number": null, "created_at": "2026-11-20T11:00:00Z",
    });
    assert_eq!(me(&world, &sora).await, expected);
    assert!(items(&world, "USER#").is_empty());
    let answer = patch(&world, &sora, "/api/address", json!({"name": "空"})).await;
    answer.expect_error(404, "not_found", &[]);

    let told = world
        .post(&sora, "/api/profile", json!({"display_name": "空"}))
        .await;
    expected["display_name"] = json!("空");
    assert_eq!(told.expect(200).body, expected);
    let told = world.post(&sora, "/api/address", address()).await;
    expected["is_registered"] = json!(true);
    for (name, value) in address().as_object().unwrap() {
        expected[name] = value.clone();
    }
    expected["zip_code"] = json!("920-0001");
    assert_eq!(told.expect(200).body, expected);
    let change = json!({"zip_code": "605-0001", "phone_number": "+81-90-1234-5678"});
    let told = patch(&world, &sora, "/api/address", change).await;
    expected["zip_code"] = json!("605-0001");
    expected["phone_number"] = json!("+81-90-1234-5678");
    assert_eq!(told.expect(200).body, expected);
    for clear in [json!({"display_name": ""}), json!({"display_name": null})] {
        let name = json!({"display_name": "空さん"});
        patch(&world, &sora, "/api/profile", name).await.expect(200);
        let told = patch(&world, &sora, "/api/profile", clear).await;
        expected["display_name"] = json!(null);
        assert_eq!(told.expect(200).body, expected);
    }
    for path in ["/api/profile", "/api/address"] {
        let told = patch(&world, &sora, path, json!({})).await;
        assert_eq!(told.expect(200).body, expected);
    }

    // What Firebase knows of the address is known here with the next log-in.
    let caller = verify(&world, caller).await;
    let sora = enter(&world, &caller).await;
    expected["is_email_verified"] = json!(true);
    assert_eq!(me(&world, &sora).await, expected);
    // Told anew, all of it is another.
    let mut elsewhere = address();
    elsewhere["name"] = json!("佐藤 海");
    let told = world.post(&sora, "/api/address", elsewhere).await;
    assert_eq!(told.expect(200).body["phone_number"], "076-123-4567");
    // Nobody else's.
    let umi = world.sign_up("umi").await;
    assert_eq!(me(&world, &umi).await["is_registered"], false);
}

#[tokio::test]
async fn what_is_wrong_or_not_the_customers_to_say_is_refused_by_name() {
    let world = World::new().await;
    let sora = world.sign_up("sora").await;
    world
        .post(&sora, "/api/address", address())
        .await
        .expect(200);
    let before = me(&world, &sora).await;
    for (field, value) in [
        ("name", json!("")),
        ("name", json!(" 空")),
        ("name", json!(null)),
        ("name", json!("あ".repeat(101))),
        ("zip_code", json!("920-001")),
        ("zip_code", json!("92000011")),
        ("zip_code", json!("９２００００１")),
        ("zip_code", json!(9_200_001)),
        ("zip_code", json!(null)),
        ("address", json!("金沢市\n広坂")),
        ("address", json!("あ".repeat(201))),
        ("phone_number", json!("110")),
        ("phone_number", json!("電話")),
        ("user_id", json!("x")),
        ("email", json!("other@example.com")),
        ("is_registered", json!(true)),
        ("is_email_verified", json!(true)),
        ("version", json!(9)),
    ] {
        let mut body = address();
        body[field] = value.clone();
        let expected = format!("{field}: invalid");
        let answer = world.post(&sora, "/api/address", body).await;
        answer.expect_error(400, "invalid_parameter", &[&expected]);
        let answer = patch(&world, &sora, "/api/address", json!({field: value})).await;
        answer.expect_error(400, "invalid_parameter", &[&expected]);
    }
    for field in ["name", "zip_code", "address", "phone_number"] {
        let mut body = address();
        body.as_object_mut().unwrap().remove(field);
        let answer = world.post(&sora, "/api/address", body).await;
        let expected = format!("{field}: missing_field");
        answer.expect_error(400, "invalid_parameter", &[&expected]);
    }
    for (field, value) in [
        ("display_name", json!("空\n")),
        ("display_name", json!("あ".repeat(101))),
        ("is_registered", json!(true)),
        ("address", json!("金沢市")),
    ] {
        let mut body = json!({"display_name": "空"});
        body[field] = value.clone();
        let expected = format!("{field}: invalid");
        let answer = world.post(&sora, "/api/profile", body).await;
        answer.expect_error(400, "invalid_parameter", &[&expected]);
        let answer = patch(&world, &sora, "/api/profile", json!({field: value})).await;
        answer.expect_error(400, "invalid_parameter", &[&expected]);
    }
    assert_eq!(me(&world, &sora).await, before);
}

#[tokio::test]
async fn of_changes_at_once_none_is_lost() {
    let world = World::new().await;
    let sora = world.sign_up("sora").await;
    for round in 0..4 {
        let name = format!("空{round}");
        let mut told = address();
        told["name"] = json!(name);
        let display_name = json!({"display_name": name});
        let (profile, address) = futures_util::join!(
            world.post(&sora, "/api/profile", display_name),
            world.post(&sora, "/api/address", told),
        );
        for answer in [profile, address] {
            answer.expect(200);
        }
        let changes = [
            json!({"zip_code": format!("920-000{round}")}),
            json!({"address": format!("広坂{round}")}),
            json!({"phone_number": format!("076-123-456{round}")}),
        ];
        let all = changes
            .into_iter()
            .map(|change| patch(&world, &sora, "/api/address", change));
        for answer in join_all(all).await {
            answer.expect(200);
        }
        let now = me(&world, &sora).await;
        assert_eq!(now["display_name"], name);
        assert_eq!(now["name"], name);
        assert_eq!(now["zip_code"], format!("920-000{round}"));
        assert_eq!(now["address"], format!("広坂{round}"));
        assert_eq!(now["phone_number"], format!("076-123-456{round}"));
    }
}

#[tokio::test]
async fn what_a_customer_has_told_is_forgotten_unless_an_order_is_open_and_the_account_stays() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let caller = verified(&world, "sora@example.com").await;
    let sora = enter(&world, &caller).await;
    let umi = world.sign_up("umi").await;
    for person in [&sora, &umi] {
        let name = json!({"display_name": "空"});
        for (path, body) in [
            ("/api/profile", name),
            ("/api/address", address()),
            ("/api/cart", json!({"item_id": item, "quantity": 1})),
        ] {
            world.post(person, path, body).await.expect(200);
        }
        let liked = json!({"item_id": item});
        world
            .post(person, "/api/favourites", liked)
            .await
            .expect(204);
    }
    let app = holder(&world);
    // Others have nothing to do with it.
    for name in ["market-sales#1", "visits-appointment#1"] {
        hold(&app, &sora, name, true).await;
    }
    hold(&app, &sora, "market-order#7", true).await;
    let answer = forget(&world, &sora).await;
    let answer = answer.expect_error(409, "conflict", &[]);
    assert_eq!(answer.text("message"), "you have open: market-order#7");
    assert_eq!(me(&world, &sora).await["is_registered"], true);
    hold(&app, &sora, "market-order#7", false).await;
    for _ in 0..2 {
        forget(&world, &sora).await.expect(204);
        assert!(items(&world, &format!("USER#{}", sora.id)).is_empty());
        let now = me(&world, &sora).await;
        assert_eq!(now["email"], "sora@example.com");
        for field in [
            "display_name",
            "name",
            "zip_code",
            "address",
            "phone_number",
        ] {
            assert!(now[field].is_null(), "{field}");
        }
    }
    assert_eq!(me(&world, &umi).await["is_registered"], true);
    assert_eq!(items(&world, &format!("USER#{}", umi.id)).len(), 3);
    // They can tell it again.
    let told = world.post(&sora, "/api/address", address()).await;
    assert_eq!(told.expect(200).body["is_registered"], true);
    // What one sells is another matter.
    forget(&world, &hana).await.expect(204);
    world.get(&hana, "/api/makers/me").await.expect(200);
}
