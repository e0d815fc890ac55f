//! What somebody wants to buy.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{add, change, cup, maker, set};
use crate::{
    identity::post_with,
    support::{Answer, Person, World, permutations, text},
};

async fn put(world: &World, person: &Person, item: &str, quantity: u32) -> Answer {
    let body = json!({"item_id": item, "quantity": quantity});
    world.post(person, "/api/cart", body).await
}

async fn patch(world: &World, person: &Person, item: &str, quantity: u32) -> Answer {
    let token = Some(person.access_token.as_str());
    let body = json!({"item_id": item, "quantity": quantity});
    world.call("PATCH", "/api/cart", token, Some(body)).await
}

async fn clear(world: &World, person: &Person, query: &str) -> Value {
    let token = Some(person.access_token.as_str());
    let path = format!("/api/cart{query}");
    world
        .call("DELETE", &path, token, None)
        .await
        .expect(200)
        .body
}

async fn cart(world: &World, person: &Person) -> Value {
    world.get(person, "/api/cart").await.expect(200).body
}

/// The states of a cart's lines.
fn states(cart: &Value) -> Vec<String> {
    let lines = cart["lines"].as_array().unwrap().iter();
    lines.map(|line| text(&line["state"])).collect()
}

#[tokio::test]
async fn a_cart_tells_what_it_would_be_to_buy_it_now() {
    let world = World::new().await;
    let (hana, umi) = (maker(&world, "hana").await, maker(&world, "umi").await);
    let sora = world.sign_up("sora").await;
    let empty = cart(&world, &sora).await;
    assert_eq!(empty["lines"], json!([]));
    assert_eq!(empty["total_amount"], 0);
    let cup_of = add(&world, &hana, cup()).await;
    let body = json!({"item_name": "皿", "price": 500, "stock": 9});
    let plate = add(&world, &umi, body).await;
    put(&world, &sora, &cup_of, 1).await.expect(200);
    put(&world, &sora, &plate, 2).await.expect(200);
    let whole = put(&world, &sora, &plate, 1).await.expect(200).body;
    assert_eq!(whole, cart(&world, &sora).await);
    assert_eq!(states(&whole), ["ok", "ok"]);
    assert_eq!(whole["lines"][1]["quantity"], 3);
    assert_eq!(whole["items_amount"], 3_000 + 3 * 500);
    assert_eq!(whole["shipping_amount"], 1_000);
    assert_eq!(whole["total_amount"], 5_500);
    assert_eq!(
        patch(&world, &sora, &plate, 9).await.expect(200).body["items_amount"],
        7_500
    );
    patch(&world, &sora, "019aa2b4-7c1e-7d33-9f0a-000000000000", 9)
        .await
        .expect(404);
    for quantity in [0, 100] {
        let answer = put(&world, &sora, &plate, quantity).await;
        answer.expect_error(400, "invalid_parameter", &["quantity: invalid"]);
    }
    // Nobody else's.
    assert_eq!(cart(&world, &hana).await["lines"], json!([]));
    let left = clear(&world, &sora, &format!("?item_id={plate}")).await;
    assert_eq!(left["lines"].as_array().unwrap().len(), 1);
    assert_eq!(clear(&world, &sora, "").await["lines"], json!([]));
    assert_eq!(clear(&world, &sora, "").await["lines"], json!([]));
}

#[tokio::test]
async fn a_line_whose_item_is_gone_hidden_sold_out_or_repriced_says_so_and_stays() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let sora = world.sign_up("sora").await;
    let item = add(&world, &hana, cup()).await;
    put(&world, &sora, &item, 2).await.expect(200);
    let mut versions = vec![text(&cart(&world, &sora).await["cart_version"])];
    let mut expect = async |state: &str, total: u64| {
        let now = cart(&world, &sora).await;
        assert_eq!(states(&now), [state]);
        assert_eq!(now["total_amount"], total, "{state}");
        assert_eq!(now["lines"][0]["price_before"], 3_000);
        assert_eq!(now["lines"][0]["item_name"], "九谷焼の湯のみ");
        versions.push(text(&now["cart_version"]));
    };
    expect("ok", 6_500).await;
    change(&world, &hana, &item, "1", json!({"price": 3_200}))
        .await
        .expect(200);
    expect("repriced", 6_900).await;
    change(&world, &hana, &item, "2", json!({"stock_delta": -1}))
        .await
        .expect(200);
    expect("short", 0).await;
    change(&world, &hana, &item, "3", json!({"stock_delta": -1}))
        .await
        .expect(200);
    expect("sold_out", 0).await;
    change(&world, &hana, &item, "4", json!({"status": "hidden"}))
        .await
        .expect(200);
    expect("hidden", 0).await;
    let back = json!({"status": "on_sale", "stock_delta": 2, "price": 3_000});
    change(&world, &hana, &item, "5", back).await.expect(200);
    expect("ok", 6_500).await;
    set(&world, &hana.id, |change| change.set("suspended", true)).await;
    expect("hidden", 0).await;
    set(&world, &hana.id, |change| change.set("suspended", false)).await;
    let token = Some(hana.access_token.as_str());
    let path = format!("/api/products/{item}");
    world.call("DELETE", &path, token, None).await.expect(204);
    expect("gone", 0).await;
    world.stack.settle().await;
    expect("gone", 0).await;
    put(&world, &sora, &item, 1)
        .await
        .expect_error(404, "not_found", &[]);
    assert_eq!(versions[0], versions[1]);
    assert_ne!(versions[1], versions[2]);
    assert_eq!(versions[1], versions[6]);
}

/// What befalls an item that is in a cart, and what its line says then, unless something graver does.
const BEFALLS: [&str; 4] = ["repriced", "sold_out", "hidden", "gone"];

#[tokio::test]
async fn in_every_order_of_what_befalls_it_a_line_says_the_gravest_and_stays() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let sora = world.sign_up("sora").await;
    let orders = permutations(BEFALLS.len());
    let mut all = Vec::new();
    for _ in &orders {
        let item = world.post(&hana, "/api/products", cup()).await;
        let item = item.expect(201).text("item_id");
        put(&world, &sora, &item, 2).await.expect(200);
        all.push(item);
    }
    let token = Some(hana.access_token.as_str());
    for step in 0..BEFALLS.len() {
        let mut expected = Vec::new();
        for (order, item) in orders.iter().zip(&all) {
            let body = match BEFALLS[order[step]] {
                "repriced" => json!({"price": 3_200}),
                "sold_out" => json!({"stock_delta": -2}),
                "hidden" => json!({"status": "hidden"}),
                _ => json!(null),
            };
            let is_gone = order[..step].contains(&3);
            if body.is_null() {
                let path = format!("/api/products/{item}");
                world.call("DELETE", &path, token, None).await.expect(204);
            } else {
                let answer = change(&world, &hana, item, &step.to_string(), body).await;
                answer.expect(if is_gone { 404 } else { 200 });
            }
            let gravest = order[..=step].iter().max();
            expected.push(BEFALLS[*gravest.unwrap()]);
        }
        let now = cart(&world, &sora).await;
        assert_eq!(states(&now), expected, "{step}");
        for (line, state) in now["lines"].as_array().unwrap().iter().zip(expected) {
            assert_eq!(line["quantity"], 2);
            assert_eq!(line["price_before"], 3_000);
            assert_eq!(line["item_name"], "九谷焼の湯のみ");
            assert_eq!(line["available"], state == "repriced");
        }
        let repriced = now["lines"].as_array().unwrap().iter();
        let repriced = repriced.filter(|line| line["available"] == true).count();
        assert_eq!(now["items_amount"], repriced * 2 * 3_200);
    }
}

#[tokio::test]
async fn of_two_tabs_at_once_each_does_what_it_was_asked_for() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let sora = world.sign_up("sora").await;
    let mut all = Vec::new();
    for _ in 0..5 {
        let body = json!({"item_name": "皿", "price": 50, "stock": 99});
        all.push(add(&world, &hana, body).await);
    }
    let [kept, changed, removed, added, again] = &all[..] else {
        panic!()
    };
    for item in [kept, changed, removed, again] {
        put(&world, &sora, item, 1).await.expect(200);
    }
    let query = format!("?item_id={removed}");
    let (changes, cleared, puts, more) = futures_util::join!(
        patch(&world, &sora, changed, 7),
        clear(&world, &sora, &query),
        put(&world, &sora, added, 3),
        put(&world, &sora, again, 4),
    );
    for answer in [changes, puts, more] {
        answer.expect(200);
    }
    assert!(!cleared.to_string().contains(removed));
    let now = cart(&world, &sora).await;
    let lines = now["lines"].as_array().unwrap().iter();
    let lines = lines.map(|line| (text(&line["item_id"]), line["quantity"].as_u64().unwrap()));
    let mut lines: Vec<_> = lines.collect();
    let mut expected = vec![
        (kept.clone(), 1),
        (changed.clone(), 7),
        (added.clone(), 3),
        (again.clone(), 5),
    ];
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_price_that_was_seen_is_not_told_again() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let sora = world.sign_up("sora").await;
    let item = add(&world, &hana, cup()).await;
    put(&world, &sora, &item, 1).await.expect(200);
    change(&world, &hana, &item, "1", json!({"price": 60}))
        .await
        .expect(200);
    let before = cart(&world, &sora).await;
    assert_eq!(states(&before), ["repriced"]);
    let after = patch(&world, &sora, &item, 1).await.expect(200).body;
    assert_eq!(states(&after), ["ok"]);
    assert_ne!(after["cart_version"], before["cart_version"]);
}

#[tokio::test]
async fn two_tabs_lose_nothing_and_a_lost_answer_counts_once() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let sora = world.sign_up("sora").await;
    let mut all = Vec::new();
    for _ in 0..6 {
        all.push(
            add(
                &world,
                &hana,
                json!({"item_name": "皿", "price": 50, "stock": 99}),
            )
            .await,
        );
    }
    let puts = all
        .iter()
        .chain(&all)
        .map(|item| put(&world, &sora, item, 1));
    for answer in join_all(puts).await {
        answer.expect(200);
    }
    let now = cart(&world, &sora).await;
    let lines = now["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 6);
    assert!(lines.iter().all(|line| line["quantity"] == 2), "{now}");
    // Of what was put at once any may be the first.
    let quantity = |cart: &Value| {
        let mut lines = cart["lines"].as_array().unwrap().iter();
        let line = lines.find(|line| line["item_id"] == all[0].as_str());
        line.unwrap()["quantity"].clone()
    };
    let authorization = format!("Bearer {}", sora.access_token);
    let headers = [("authorization", &*authorization), ("idempotency-key", "1")];
    for _ in 0..3 {
        let body = json!({"item_id": all[0], "quantity": 5});
        let answer = post_with(&world, "/api/cart", &headers, body)
            .await
            .expect(200);
        assert_eq!(quantity(&answer.body), 7);
    }
    put(&world, &sora, &all[0], 99).await.expect(200);
    assert_eq!(quantity(&cart(&world, &sora).await), 99);
}

#[tokio::test]
async fn a_cart_has_thirty_lines() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let sora = world.sign_up("sora").await;
    for nth in 0..31 {
        let item = add(
            &world,
            &hana,
            json!({"item_name": "皿", "price": 50, "stock": 1}),
        )
        .await;
        let answer = put(&world, &sora, &item, 1).await;
        match nth {
            30 => drop(answer.expect_error(409, "conflict", &[])),
            _ => drop(answer.expect(200)),
        }
    }
    assert_eq!(cart(&world, &sora).await["items_amount"], 30 * 50);
}
