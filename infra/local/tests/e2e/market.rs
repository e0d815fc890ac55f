//! market, over HTTP.

mod cart;
pub mod closing;
pub mod crash;
pub mod crash_orders;
pub mod crash_parcels;
pub mod customers;
mod disputes;
mod favourites;
pub mod index;
mod makers;
pub mod money;
mod operators;
pub mod orders;
mod pages;
mod parcels;
pub mod pictures;
pub mod products;
mod races;
pub mod shop;
mod sums;
mod told;

use enishi_market::{
    item::table,
    maker::{Maker, maker_key},
};
use enishi_shared::store::Change;
use http::{Request, header};
use serde_json::{Value, json};

use crate::support::{Answer, Person, World, text};

/// What the law wants to be said.
pub fn notice() -> Value {
    json!({
        "seller": "縁工房", "representative": "山田 花", "address": "石川県金沢市広坂1-2-3",
        "phone_number": "076-123-4567", "delivery": "3日以内に発送します。",
        "returns": "破損のときは7日以内に。",
    })
}

/// Somebody new who sells.
pub async fn maker(world: &World, name: &str) -> Person {
    let person = world.sign_up(name).await;
    become_maker(world, &person).await;
    onboard(world, &person.id, true).await;
    world.stack.settle().await;
    person
}

/// Makes somebody a maker, to whom no money can be passed on yet.
pub async fn become_maker(world: &World, person: &Person) {
    let body = json!({
        "maker_name": format!("{}工房", person.name), "shipping_fee": 500, "notice": notice(),
    });
    world.post(person, "/api/makers", body).await.expect(201);
}

/// As if Stripe had said whether money can be passed on to a maker.
pub async fn onboard(world: &World, maker_id: &str, onboarded: bool) {
    set(world, maker_id, |change| change.set("onboarded", onboarded)).await;
}

/// Changes a maker as only the house can.
pub async fn set(world: &World, maker_id: &str, what: impl Fn(Change) -> Change) {
    let app = world.app("MarketUpdateMaker", |_| {});
    let change = what(stored(world, maker_id).await.change());
    let key = maker_key(maker_id.parse().unwrap());
    table(&app).unwrap().update(key, change).await.unwrap();
}

/// A maker, as they are stored.
pub async fn stored(world: &World, maker_id: &str) -> Maker {
    let app = world.app("MarketUpdateMaker", |_| {});
    let key = maker_key(maker_id.parse().unwrap());
    table(&app).unwrap().get(&key).await.unwrap().unwrap()
}

/// An item of somebody's, when lists have it.
pub async fn add(world: &World, maker: &Person, body: Value) -> String {
    let answer = world.post(maker, "/api/products", body).await.expect(201);
    world.stack.settle().await;
    answer.text("item_id")
}

/// Some item.
pub fn cup() -> Value {
    json!({"item_name": "九谷焼の湯のみ", "price": 3_000, "stock": 2, "color": "青"})
}

/// Changes an item of somebody's.
pub async fn change(world: &World, maker: &Person, item: &str, key: &str, body: Value) -> Answer {
    let request = Request::patch(format!("/api/products/{item}"))
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", maker.access_token),
        )
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key)
        .body(body.to_string().into())
        .unwrap();
    world.send(request).await
}

/// A page of a list.
pub async fn list(world: &World, query: &str) -> Answer {
    world
        .call("GET", &format!("/api/item?{query}"), None, None)
        .await
}

/// The names on a page of a list.
pub async fn names(world: &World, query: &str) -> Vec<String> {
    let answer = list(world, query).await.expect(200);
    let items = answer.body.as_array().unwrap().iter();
    items.map(|item| text(&item["item_name"])).collect()
}

/// The items whose partition begins so.
pub fn items(world: &World, pk: &str) -> Vec<Value> {
    let mut items = world.items("MarketTable");
    items.retain(|item| text(&item["pk"]["S"]).starts_with(pk));
    items
}

/// A query's text, percent-encoded.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
