//! What a maker does with what they make.

use futures_util::future::join_all;
use http::{Request, header};
use serde_json::{Value, json};

use super::{add, change, closing::order, cup, items, list, maker, names};
use crate::support::{Person, World, text};

async fn products(world: &World, maker: &Person) -> Vec<Value> {
    let answer = world.get(maker, "/api/products").await.expect(200);
    answer.body.as_array().unwrap().clone()
}

#[tokio::test]
async fn an_item_is_listed_shown_and_changed() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let listed = list(&world, "").await.expect(200).body;
    let preview = json!({
        "item_id": item, "item_name": "九谷焼の湯のみ", "price": 3_000, "color": "青",
        "series": null, "item_size": null, "status": "on_sale", "available": true, "top": false,
        "item_order": 0, "image": null, "maker": {"maker_id": hana.id, "maker_name": "hana工房"},
        "created_at": "2026-11-20T11:00:00Z",
    });
    assert_eq!(listed, json!([preview]));
    let path = format!("/api/item/{item}");
    let shown = world.call("GET", &path, None, None).await.expect(200).body;
    let mut details = preview.clone();
    (details["description"], details["shipping_fee"]) = (json!(null), json!(500));
    details["images"] = json!([]);
    assert_eq!(shown, details);

    let body = json!({
        "item_name": "青い皿", "price": 50, "color": null, "series": "春の器",
        "description": "一つずつ\n手で。", "item_size": "8 cm",
    });
    change(&world, &hana, &item, "1", body).await.expect(200);
    world.stack.settle().await;
    let shown = world.call("GET", &path, None, None).await.expect(200).body;
    assert_eq!(shown["color"], json!(null));
    assert_eq!(shown["description"], "一つずつ\n手で。");
    let listed = list(&world, "max_price=50").await.expect(200).body;
    assert_eq!(listed[0]["item_name"], "青い皿");
    assert_eq!(listed[0]["series"], "春の器");
    assert!(names(&world, "color=%E9%9D%92").await.is_empty());
    let mine = products(&world, &hana).await;
    assert_eq!(mine[0]["stock"], json!({"free": 2, "held": 0}));
}

#[tokio::test]
async fn what_is_not_the_makers_to_say_is_refused_by_name() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    for (field, value) in [
        ("top", json!(true)),
        ("item_order", json!(1)),
        ("maker", json!("x")),
        ("maker_id", json!(hana.id)),
        ("available", json!(true)),
        ("stock", json!(5)),
        ("is_withheld", json!(false)),
        ("was_ordered", json!(false)),
        ("version", json!(9)),
    ] {
        let answer = change(&world, &hana, &item, "1", json!({field: value})).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
        if field != "stock" {
            let mut body = cup();
            body[field] = value;
            let answer = world.post(&hana, "/api/products", body).await;
            answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
        }
    }
    for (field, value) in [
        ("price", json!(49)),
        ("price", json!(10_000_000)),
        ("price", json!(-1)),
        ("price", json!(null)),
        ("item_name", json!("")),
        ("item_name", json!(" 皿")),
        ("color", json!("青\n赤")),
        ("description", json!("あ".repeat(2_001))),
        ("status", json!("sold_out")),
    ] {
        let answer = change(&world, &hana, &item, "1", json!({field: value})).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
}

#[tokio::test]
async fn another_makers_item_is_not_there() {
    let world = World::new().await;
    let (hana, umi) = (maker(&world, "hana").await, maker(&world, "umi").await);
    let item = add(&world, &hana, cup()).await;
    let nothing = json!({"price": 60});
    change(&world, &umi, &item, "1", nothing.clone())
        .await
        .expect(404);
    let path = format!("/api/products/{item}");
    let delete = async |person: &Person, status: u16| {
        let token = Some(person.access_token.as_str());
        world
            .call("DELETE", &path, token, None)
            .await
            .expect(status);
    };
    delete(&umi, 404).await;
    assert!(products(&world, &umi).await.is_empty());
    change(&world, &hana, &item, "1", nothing).await.expect(200);
    delete(&hana, 204).await;
    delete(&hana, 404).await;
}

#[tokio::test]
async fn stock_is_changed_by_so_much_once_a_key_and_says_whether_it_is_sold_out() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let token = Some(hana.access_token.as_str());
    let path = format!("/api/products/{item}");
    let body = json!({"stock_delta": 3});
    let answer = world.call("PATCH", &path, token, Some(body.clone())).await;
    answer.expect_error(
        400,
        "invalid_parameter",
        &["Idempotency-Key: missing_field"],
    );
    for _ in 0..3 {
        let answer = change(&world, &hana, &item, "1", body.clone())
            .await
            .expect(200);
        assert_eq!(answer.body["stock"]["free"], 5);
    }
    let other = json!({"stock_delta": 4});
    change(&world, &hana, &item, "1", other)
        .await
        .expect_error(409, "conflict", &[]);
    let answer = change(&world, &hana, &item, "2", json!({"stock_delta": -6})).await;
    assert!(answer.expect(409).text("message").contains("only 5"));
    let answer = change(&world, &hana, &item, "3", json!({"stock_delta": -5}))
        .await
        .expect(200);
    assert_eq!(answer.body["stock"]["free"], 0);
    assert_eq!(answer.body["status"], "sold_out");
    world.stack.settle().await;
    let listed = list(&world, "").await.expect(200).body;
    assert_eq!(listed[0]["status"], "sold_out");
    assert_eq!(listed[0]["available"], false);
    assert!(names(&world, "status=on_sale").await.is_empty());
    assert_eq!(names(&world, "status=sold_out").await.len(), 1);
    change(&world, &hana, &item, "4", json!({"stock_delta": 1}))
        .await
        .expect(200);
    world.stack.settle().await;
    assert_eq!(names(&world, "status=on_sale").await.len(), 1);
    // Many at once lose nothing.
    let all = (0..20).map(|nth| {
        let (key, by) = (format!("many {nth}"), if nth % 2 == 0 { 2 } else { -1 });
        let (world, hana, item) = (&world, &hana, &item);
        async move {
            change(world, hana, item, &key, json!({"stock_delta": by}))
                .await
                .status
        }
    });
    let mut free = 1;
    for (nth, status) in join_all(all).await.into_iter().enumerate() {
        match status.as_u16() {
            200 => free += if nth % 2 == 0 { 2 } else { -1 },
            status => assert_eq!(status, 409),
        }
    }
    assert_eq!(products(&world, &hana).await[0]["stock"]["free"], free);
}

#[tokio::test]
async fn what_is_hidden_or_deleted_is_not_seen_and_leaves_nothing() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let kept = add(&world, &hana, cup()).await;
    change(&world, &hana, &item, "1", json!({"status": "hidden"}))
        .await
        .expect(200);
    world.stack.settle().await;
    assert_eq!(names(&world, "").await.len(), 1);
    assert_eq!(names(&world, "keyword=%E6%B9%AF").await.len(), 1);
    assert_eq!(products(&world, &hana).await.len(), 2);
    change(&world, &hana, &item, "2", json!({"status": "on_sale"}))
        .await
        .expect(200);
    world.stack.settle().await;
    assert_eq!(names(&world, "").await.len(), 2);
    let token = Some(hana.access_token.as_str());
    for item in [item, kept] {
        let path = format!("/api/products/{item}");
        world.call("DELETE", &path, token, None).await.expect(204);
    }
    world.stack.settle().await;
    assert!(names(&world, "").await.is_empty());
    assert!(products(&world, &hana).await.is_empty());
    for pk in ["ITEM#", "STOCK#", "LIST#", "DOCUMENT#"] {
        assert_eq!(items(&world, pk), [] as [Value; 0], "{pk}");
    }
    let marked = items(&world, "GRAM#").into_iter();
    let marked: Vec<Value> = marked.filter(|row| row["marks"].is_object()).collect();
    assert_eq!(marked, [] as [Value; 0]);
}

#[tokio::test]
async fn an_item_that_was_ordered_is_hidden_instead() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    order(&world, &item).await;
    let token = Some(hana.access_token.as_str());
    for _ in 0..2 {
        let path = format!("/api/products/{item}");
        world.call("DELETE", &path, token, None).await.expect(204);
        world.stack.settle().await;
        assert!(names(&world, "").await.is_empty());
        assert_eq!(products(&world, &hana).await[0]["status"], "hidden");
    }
}

#[tokio::test]
async fn a_repeated_creation_makes_one_item() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let post = async || {
        let request = Request::post("/api/products")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", hana.access_token),
            )
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "one")
            .body(cup().to_string().into())
            .unwrap();
        world.send(request).await.expect(201).body
    };
    let first = post().await;
    assert_eq!(post().await, first);
    assert_eq!(products(&world, &hana).await, std::slice::from_ref(&first));
    let path = format!("/api/products/{}", text(&first["item_id"]));
    let token = Some(hana.access_token.as_str());
    world.call("DELETE", &path, token, None).await.expect(204);
}

#[tokio::test]
async fn items_made_at_once_have_numbers_of_their_own() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let all = (0..8).map(|_| world.post(&hana, "/api/products", cup()));
    for answer in join_all(all).await {
        answer.expect(201);
    }
    let mut numbers: Vec<u64> = products(&world, &hana)
        .await
        .iter()
        .map(|item| item["item_order"].as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..8).collect::<Vec<u64>>());
}

#[tokio::test]
async fn my_items_come_in_pages_the_newest_first() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    for nth in 0..5 {
        let body = json!({"item_name": format!("{nth}"), "price": 50, "stock": nth});
        world.post(&hana, "/api/products", body).await.expect(201);
    }
    let mut all = Vec::new();
    let mut next = Some("/api/products?limit=2".to_owned());
    while let Some(path) = next {
        let page = world.get(&hana, &path).await.expect(200);
        for item in page.body.as_array().unwrap() {
            all.push((
                text(&item["item_name"]),
                item["stock"]["free"].as_u64().unwrap(),
            ));
        }
        next = super::pages::next(&page);
    }
    let expected: Vec<(String, u64)> = (0..5).rev().map(|nth| (nth.to_string(), nth)).collect();
    assert_eq!(all, expected);
    for wrong in ["YQ", "SVRFTSMx"] {
        let answer = world
            .get(&hana, &format!("/api/products?cursor={wrong}"))
            .await;
        answer.expect_error(400, "invalid_parameter", &["cursor: invalid"]);
    }
}
