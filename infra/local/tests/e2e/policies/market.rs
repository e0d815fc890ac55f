//! Every request that market's functions can make.

use jiff::SignedDuration;
use serde_json::json;

use super::saju::twice;
use crate::{
    identity::{later, post_with},
    market::{
        change, cup,
        customers::address,
        list,
        money::told,
        pictures::{JPEG, ask, order, send, take, upload},
    },
    support::{World, text},
};

/// The story.
pub async fn story(world: &World) {
    let (maker, account) = told(world, "maker").await;
    world.get(&maker, "/api/stripe/mypage").await.expect(409);
    world.stack.stripe().onboard(&account, true).unwrap();
    world.stack.stripe().deliver().await;
    world.stack.settle().await;
    let token = Some(maker.access_token.as_str());
    let path = "/api/makers/me";
    let body = Some(json!({"shipping_fee": 600}));
    world.call("PATCH", path, token, body).await.expect(200);
    twice(world, Some(&maker), "/api/products", &cup()).await;
    let mine = world.get(&maker, "/api/products").await.expect(200);
    let item = text(&mine.body[0]["item_id"]);
    world.stack.settle().await;
    let body = json!({"item_name": "皿", "stock_delta": -2});
    change(world, &maker, &item, "1", body).await.expect(200);
    world.stack.settle().await;
    for query in ["", "keyword=maker"] {
        let page = list(world, query).await.expect(200);
        assert_eq!(page.body.as_array().map(Vec::len), Some(1), "{query}");
    }
    let path = "/api/item/search?keyword=maker%20%E7%9A%BF";
    let page = world.call("GET", path, None, None).await.expect(200);
    assert_eq!(page.body.as_array().map(Vec::len), Some(1));
    let path = format!("/api/item/{item}");
    world.call("GET", &path, None, None).await.expect(200);
    let path = format!("/api/makers/{}", maker.id);
    world.call("GET", &path, None, None).await.expect(200);
    let line = json!({"item_id": item, "quantity": 1});
    for _ in 0..2 {
        let authorization = format!("Bearer {}", maker.access_token);
        let headers = [
            ("authorization", &*authorization),
            ("idempotency-key", "cart"),
        ];
        post_with(world, "/api/cart", &headers, line.clone())
            .await
            .expect(200);
    }
    world.get(&maker, "/api/cart").await.expect(200);
    world
        .call("PATCH", "/api/cart", token, Some(line))
        .await
        .expect(200);
    let nothing = "/api/cart?item_id=019aa2b4-7c1e-7d33-9f0a-000000000000";
    for path in [nothing, "/api/cart"] {
        world.call("DELETE", path, token, None).await.expect(200);
    }
    let liked = json!({"item_id": item});
    world
        .post(&maker, "/api/favourites", liked)
        .await
        .expect(204);
    let operator = world.operator().await;
    let by = Some(operator.access_token.as_str());
    let path = format!("/api/operator/items/{item}");
    let body = Some(json!({"top": true}));
    world.call("PATCH", &path, by, body).await.expect(200);
    let path = format!("/api/operator/makers/{}", maker.id);
    let body = Some(json!({"suspended": false}));
    world.call("PATCH", &path, by, body).await.expect(200);
    // Without being there first.
    let nothing = ask(world, &maker, &item, "image/jpeg", JPEG)
        .await
        .expect(200);
    order(world, &maker, &item, &[&nothing.text("image_id")])
        .await
        .expect(400);
    let (kept, gone) = (
        upload(world, &maker, &item).await,
        upload(world, &maker, &item).await,
    );
    order(world, &maker, &item, &[&kept, &gone])
        .await
        .expect(200);
    take(world, &maker, &item, &gone).await.expect(204);
    upload(world, &maker, &item).await;
    let path = format!("/api/products/{item}");
    world.call("DELETE", &path, token, None).await.expect(204);
    world.stack.settle().await;
    let now = world.stack.clock().now();
    let due = now + SignedDuration::from_mins(75);
    world.stack.clock().set(Some(due));
    let tick = json!({"scheduled_time": due});
    let swept = world.stack.lambda().invoke("MarketSweepImages", tick).await;
    assert_eq!(swept.unwrap()["images"], 4);
    world.stack.clock().set(Some(now));

    world.get(&maker, "/api/user").await.expect(200);
    let name = json!({"display_name": "花"});
    for (method, path, body) in [
        ("POST", "/api/profile", name.clone()),
        ("PATCH", "/api/profile", name),
        ("POST", "/api/address", address()),
        ("PATCH", "/api/address", address()),
    ] {
        let answer = world.call(method, path, token, Some(body)).await;
        answer.expect(200);
    }
    let path = "/api/user";
    world.call("DELETE", path, token, None).await.expect(204);
    let made = world.post(&maker, "/api/products", cup()).await.expect(201);
    let item = made.text("item_id");
    upload(world, &maker, &item).await;
    let late = ask(world, &maker, &item, "image/jpeg", JPEG).await;
    let late = late.expect(200);
    let path = "/api/users/me";
    world.call("DELETE", path, token, None).await.expect(204);
    world.stack.settle().await;
    send(world, &late.body, JPEG).await.expect(200);
    later(world, 60 * 60 + 1);
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let swept = world.stack.lambda().invoke("MarketSweep", tick).await;
    swept.unwrap();
}
