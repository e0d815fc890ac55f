//! What market's endpoints take.

use jiff::SignedDuration;
use serde_json::json;

use super::{Measured, count};
use crate::{
    identity::{later, post_with},
    market::{
        become_maker, change, cup,
        customers::address,
        list,
        money::updated,
        onboard,
        pictures::{order, take, upload},
        stored,
    },
    support::World,
};

/// Calls each endpoint in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    let hana = world.sign_up("hana").await;
    become_maker(world, &hana).await;
    measured.count(world, "market-become-maker");
    onboard(world, &hana.id, true).await;
    world.get(&hana, "/api/makers/me").await.expect(200);
    measured.count(world, "market-my-maker");
    let path = format!("/api/makers/{}", hana.id);
    world.call("GET", &path, None, None).await.expect(200);
    measured.count(world, "market-find-maker");
    let token = Some(hana.access_token.as_str());
    let body = Some(json!({"shipping_fee": 600}));
    let path = "/api/makers/me";
    world.call("PATCH", path, token, body).await.expect(200);
    measured.count(world, "market-update-maker");

    world.get(&hana, "/api/stripe/create").await.expect(200);
    measured.count(world, "market-onboard");
    world.get(&hana, "/api/stripe/mypage").await.expect(409);
    measured.count(world, "market-dashboard");
    let account = stored(world, &hana.id).await.stripe_account_id;
    let event = updated(&account.unwrap());
    world
        .stack
        .stripe()
        .onboard(event["detail"]["data"]["account"].as_str().unwrap(), true)
        .unwrap();
    world.stack.aws().forget_calls();
    let told = world.stack.lambda().invoke("MarketAccount", event).await;
    told.unwrap();
    measured.count(world, "market-account");

    let authorization = format!("Bearer {}", hana.access_token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("idempotency-key", "1"),
    ];
    let mut item = String::new();
    for requests in [3, 6] {
        let answer = post_with(world, "/api/products", &headers, cup()).await;
        item = answer.expect(201).text("item_id");
        assert_eq!(measured.count(world, "market-add-product"), requests);
    }
    world.get(&hana, "/api/products").await.expect(200);
    measured.count(world, "market-products");
    world.stack.aws().forget_calls();
    world.stack.settle().await;
    // Which items are the maker's, who has changed too; the pairs of 九谷焼の湯のみ and hana工房, each with an end.
    measured.within(world, "market-index", 1 + 7 + 6, 2);
    let body = json!({"item_name": "皿", "stock_delta": 1});
    change(world, &hana, &item, "2", body).await.expect(200);
    measured.count(world, "market-update-product");
    world.stack.settle().await;
    measured.within(world, "market-index", 7 + 6 + 2 + 6, 1);

    let image = upload(world, &hana, &item).await;
    assert_eq!(measured.count(world, "market-add-image"), 3);
    for requests in [3, 1] {
        order(world, &hana, &item, &[&image]).await.expect(200);
        assert_eq!(measured.count(world, "market-order-images"), requests);
    }
    take(world, &hana, &item, &image).await.expect(204);
    measured.count(world, "market-delete-image");
    upload(world, &hana, &item).await;
    let now = world.stack.clock().now();
    let due = now + SignedDuration::from_mins(75);
    let tick = json!({"scheduled_time": due});
    world.stack.clock().set(Some(due));
    let swept = world.stack.lambda().invoke("MarketSweepImages", tick).await;
    swept.unwrap();
    assert_eq!(measured.within(world, "market-sweep-images", 1, 2), 4);
    world.stack.clock().set(Some(now));

    let path = format!("/api/item/{item}");
    world.call("GET", &path, None, None).await.expect(200);
    measured.count(world, "market-find-item");
    for (query, requests) in [
        ("", 2),
        ("status=on_sale", 1),
        ("max_price=5000&sort=price", 2),
        ("keyword=hana", 2),
        ("keyword=%E7%9A%BF", 2),
    ] {
        let page = list(world, query).await.expect(200);
        assert_eq!(page.body.as_array().map(Vec::len), Some(1), "{query}");
        let taken = measured.within(world, "market-items", 0, 1);
        assert_eq!(taken, requests, "{query}");
    }
    let path = "/api/item/search?keyword=hana%20%E7%9A%BF";
    world.call("GET", path, None, None).await.expect(200);
    assert_eq!(measured.within(world, "market-search", 0, 1), 3);
    let line = json!({"item_id": item, "quantity": 1});
    for requests in [5, 6] {
        post_with(world, "/api/cart", &headers, line.clone())
            .await
            .expect(200);
        assert_eq!(measured.count(world, "market-add-to-cart"), requests);
    }
    world
        .call("PATCH", "/api/cart", token, Some(line))
        .await
        .expect(200);
    measured.count(world, "market-change-cart");
    world.get(&hana, "/api/cart").await.expect(200);
    measured.count(world, "market-show-cart");
    let other = world.post(&hana, "/api/products", cup()).await;
    let other = other.expect(201).text("item_id");
    let line = json!({"item_id": other, "quantity": 1});
    world.post(&hana, "/api/cart", line).await.expect(200);
    count(world, "");
    let path = format!("/api/cart?item_id={other}");
    for requests in [5, 4] {
        world.call("DELETE", &path, token, None).await.expect(200);
        assert_eq!(measured.count(world, "market-clear-cart"), requests);
    }

    let liked = json!({"item_id": item});
    world
        .post(&hana, "/api/favourites", liked)
        .await
        .expect(204);
    measured.count(world, "market-add-favourite");

    let operator = world.operator().await;
    let token_of_operator = Some(operator.access_token.as_str());
    world.stack.aws().forget_calls();
    let path = format!("/api/operator/items/{item}");
    let body = Some(json!({"top": true}));
    world
        .call("PATCH", &path, token_of_operator, body)
        .await
        .expect(200);
    measured.count(world, "market-place-item");
    let path = format!("/api/operator/makers/{}", hana.id);
    let body = Some(json!({"suspended": true}));
    world
        .call("PATCH", &path, token_of_operator, body)
        .await
        .expect(200);
    measured.count(world, "market-suspend-maker");
    let path = format!("/api/products/{item}");
    world.call("DELETE", &path, token, None).await.expect(204);
    measured.count(world, "market-delete-product");

    world.get(&hana, "/api/user").await.expect(200);
    measured.count(world, "market-me");
    let name = json!({"display_name": "花"});
    for (method, path, body, function) in [
        ("POST", "/api/profile", name.clone(), "market-set-profile"),
        ("PATCH", "/api/profile", name, "market-update-profile"),
        ("POST", "/api/address", address(), "market-set-address"),
        ("PATCH", "/api/address", address(), "market-update-address"),
    ] {
        let answer = world.call(method, path, token, Some(body)).await;
        answer.expect(200);
        measured.count(world, function);
    }
    let path = "/api/user";
    world.call("DELETE", path, token, None).await.expect(204);
    measured.count(world, "market-delete-me");
    let erased = world.account_deleted("MarketErase", &hana.id).await;
    erased.unwrap();
    let taken = measured.within(world, "market-erase", 4 + 2, 0);
    assert_eq!(taken, 4 + 2);
    later(world, 60 * 60 + 1);
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let swept = world.stack.lambda().invoke("MarketSweep", tick).await;
    swept.unwrap();
    assert_eq!(measured.within(world, "market-sweep", 2 + 2, 0), 4);
}
