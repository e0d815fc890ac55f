//! Pictures of items: allowed, uploaded, shown, put in order, taken away, and gone.

use std::collections::BTreeSet;

use enishi_local::client::declared;
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{add, change, cup, items, list, maker};
use crate::support::{Answer, Person, World, text};

pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0 not much of a cup";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0d not much of a plate";
const WEBP: &[u8] = b"RIFF\x24\0\0\0WEBP not much of a vase";
const PAGE: &[u8] = b"<!DOCTYPE html><script>alert(1)</script>";

/// Asks where a picture of an item may be sent.
pub async fn ask(world: &World, maker: &Person, item: &str, kind: &str, file: &[u8]) -> Answer {
    let path = format!("/images/{item}");
    world.post(maker, &path, declared(kind, file)).await
}

/// PUTs a file where it is allowed.
pub async fn send(world: &World, allowed: &Value, file: &'static [u8]) -> Answer {
    let mut request = Request::put(text(&allowed["upload_url"]));
    for (name, value) in allowed["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    world
        .send_anywhere(request.body(file.into()).unwrap())
        .await
}

/// Uploads a picture, which nobody sees yet; its id.
pub async fn upload(world: &World, maker: &Person, item: &str) -> String {
    let allowed = ask(world, maker, item, "image/jpeg", JPEG)
        .await
        .expect(200);
    send(world, &allowed.body, JPEG).await.expect(200);
    allowed.text("image_id")
}

/// Puts an item's pictures in this order.
pub async fn order(world: &World, maker: &Person, item: &str, images: &[&str]) -> Answer {
    let path = format!("/images/{item}");
    let body = Some(json!({"images": images}));
    world
        .call("PUT", &path, Some(&maker.access_token), body)
        .await
}

/// Gives an item a picture of this id, which nobody has uploaded.
pub async fn of(world: &World, maker: &Person, item: &str, image: &str) {
    let app = world.app("MarketUpdateProduct", |_| {});
    let table = enishi_market::item::table(&app).unwrap();
    let key = format!("items/{}/{item}/{image}.jpg", maker.id);
    let images = enishi_shared::store::Change::new().set("images", [key]);
    let place = enishi_market::item::item_key(item.parse().unwrap());
    table.update(place, images).await.unwrap();
}

/// Takes a picture away.
pub async fn take(world: &World, maker: &Person, item: &str, image: &str) -> Answer {
    let path = format!("/images/{item}/{image}");
    world
        .call("DELETE", &path, Some(&maker.access_token), None)
        .await
}

/// The keys of the objects that there are.
pub async fn objects(world: &World) -> BTreeSet<String> {
    let app = world.app("MarketOrderImages", |_| {});
    let bucket = world.stack.environment()["MarketOrderImages"]["PHOTOS_BUCKET"].clone();
    let listed = app.s3().list_objects_v2().bucket(bucket).prefix("items/");
    let listed = listed.send().await.unwrap();
    let keys = listed.contents().iter();
    keys.map(|object| object.key().unwrap().to_owned())
        .collect()
}

/// Whether a picture can be seen at its address.
async fn is_seen(world: &World, url: &str) -> bool {
    let get = Request::get(url).body(Default::default()).unwrap();
    let answer = world.send_anywhere(get).await;
    assert!([200, 403].contains(&answer.status.as_u16()), "{url}");
    answer.status == 200
}

/// The ids of an item's pictures, as everybody sees them.
async fn images(world: &World, item: &str) -> Vec<String> {
    let path = format!("/api/item/{item}");
    let shown = world.call("GET", &path, None, None).await.expect(200).body;
    let images = shown["images"].as_array().unwrap().iter();
    images.map(|image| text(&image["image_id"])).collect()
}

/// So much later, with the sweep.
async fn sweep(world: &World, minutes: i64) {
    let then = world.stack.clock().now() + SignedDuration::from_mins(minutes);
    world.stack.at(then).await;
}

#[tokio::test]
async fn pictures_are_uploaded_and_seen_wherever_the_item_is() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let listed = list(&world, "").await.expect(200).body;
    assert_eq!(listed[0]["image"], json!(null));
    let mut ids = Vec::new();
    for (kind, file, ending) in [
        ("image/jpeg", JPEG, ".jpg"),
        ("image/png", PNG, ".png"),
        ("image/webp", WEBP, ".webp"),
    ] {
        let allowed = ask(&world, &hana, &item, kind, file).await.expect(200);
        let url = allowed.text("url");
        let id = allowed.text("image_id");
        let end = format!("/items/{}/{item}/{id}{ending}", hana.id);
        assert!(url.ends_with(&end), "{url}");
        assert_eq!(allowed.text("expires_at"), "2026-11-20T11:05:00Z");
        send(&world, &allowed.body, file).await.expect(200);
        ids.push(id);
    }
    assert!(images(&world, &item).await.is_empty());
    let shown = order(&world, &hana, &item, &[&ids[2], &ids[0], &ids[1]]).await;
    let shown = shown.expect(200).body;
    assert!(items(&world, "UPLOADS").is_empty());
    world.stack.settle().await;

    let order = [ids[2].clone(), ids[0].clone(), ids[1].clone()];
    assert_eq!(images(&world, &item).await, order);
    let first = &shown[0]["url"];
    assert!(is_seen(&world, &text(first)).await);
    let listed = list(&world, "").await.expect(200).body;
    assert_eq!(&listed[0]["image"], first);
    let found = list(&world, "keyword=%E6%B9%AF").await.expect(200).body;
    assert_eq!(&found[0]["image"], first);
    let mine = world.get(&hana, "/api/products").await.expect(200).body;
    assert_eq!(mine[0]["images"], shown);
    let line = json!({"item_id": item, "quantity": 1});
    let cart = world.post(&hana, "/api/cart", line).await.expect(200).body;
    assert_eq!(&cart["lines"][0]["image"], first);
    change(&world, &hana, &item, "1", json!({"status": "hidden"}))
        .await
        .expect(200);
    let cart = world.get(&hana, "/api/cart").await.expect(200).body;
    assert_eq!(cart["lines"][0]["image"], json!(null));
}

#[tokio::test]
async fn only_what_is_there_and_is_a_picture_is_shown() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let other = add(&world, &hana, cup()).await;
    let absent = ask(&world, &hana, &item, "image/jpeg", JPEG)
        .await
        .expect(200);
    let wrong = ask(&world, &hana, &item, "image/png", PAGE)
        .await
        .expect(200);
    send(&world, &wrong.body, PAGE).await.expect(200);
    send(&world, &absent.body, PNG).await.expect(400);
    let (absent, wrong) = (absent.text("image_id"), wrong.text("image_id"));
    let right = upload(&world, &hana, &item).await;
    let elsewhere = upload(&world, &hana, &other).await;
    let never = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071";
    let answer = order(
        &world,
        &hana,
        &item,
        &[&right, &absent, &wrong, &elsewhere, never],
    )
    .await;
    answer.expect_error(
        400,
        "invalid_parameter",
        &[
            "images[1]: missing",
            "images[2]: invalid",
            "images[3]: missing",
            "images[4]: missing",
        ],
    );
    for twice in [vec![&*right, &*right], vec![never; 11]] {
        let answer = order(&world, &hana, &item, &twice).await;
        answer.expect_error(400, "invalid_parameter", &["images: invalid"]);
    }
    assert!(images(&world, &item).await.is_empty());
    order(&world, &hana, &item, &[&right]).await.expect(200);
    assert_eq!(images(&world, &item).await, [right]);
    for (field, value) in [
        ("content_type", json!("image/gif")),
        ("content_type", json!("image/svg+xml")),
        ("size", json!(0)),
        ("size", json!(5 * 1024 * 1024 + 1)),
        ("sha256", json!("00")),
        ("item_id", json!(item)),
    ] {
        let mut body = declared("image/jpeg", JPEG);
        body[field] = value;
        let answer = world.post(&hana, &format!("/images/{item}"), body).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
}

#[tokio::test]
async fn ten_at_the_most_and_none_is_lost_by_putting_others_in_order() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let mut ids = Vec::new();
    for _ in 0..11 {
        ids.push(upload(&world, &hana, &item).await);
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let answer = order(&world, &hana, &item, &all).await;
    answer.expect_error(400, "invalid_parameter", &["images: invalid"]);
    order(&world, &hana, &item, &all[..9]).await.expect(200);
    // Another tab knows of fewer, and has one of its own.
    let answer = order(&world, &hana, &item, &[all[0], all[9]]).await;
    answer.expect_error(409, "conflict", &[]);
    // Two at once: each is there or told that it is not.
    let (one, other): (Vec<&str>, Vec<&str>) = (
        [&all[..9], &all[9..10]].concat(),
        [&all[..9], &all[10..]].concat(),
    );
    let (one, other) = futures_util::join!(
        order(&world, &hana, &item, &one),
        order(&world, &hana, &item, &other)
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(images(&world, &item).await.len(), 10);
    let answer = ask(&world, &hana, &item, "image/jpeg", JPEG).await;
    answer.expect_error(409, "conflict", &[]);
    let mut reversed = images(&world, &item).await;
    reversed.reverse();
    let reversed: Vec<&str> = reversed.iter().map(String::as_str).collect();
    order(&world, &hana, &item, &reversed).await.expect(200);
    assert_eq!(images(&world, &item).await, reversed);
    take(&world, &hana, &item, reversed[0]).await.expect(204);
    take(&world, &hana, &item, reversed[0]).await.expect(404);
    ask(&world, &hana, &item, "image/jpeg", JPEG)
        .await
        .expect(200);
}

#[tokio::test]
async fn another_makers_pictures_are_not_there() {
    let world = World::new().await;
    let (hana, umi) = (maker(&world, "hana").await, maker(&world, "umi").await);
    let item = add(&world, &hana, cup()).await;
    let own = add(&world, &umi, cup()).await;
    let image = upload(&world, &hana, &item).await;
    let answer = order(&world, &umi, &own, &[&image]).await;
    answer.expect_error(400, "invalid_parameter", &["images[0]: missing"]);
    order(&world, &hana, &item, &[&image]).await.expect(200);
    for answer in [
        ask(&world, &umi, &item, "image/jpeg", JPEG).await,
        order(&world, &umi, &item, &[&image]).await,
        take(&world, &umi, &item, &image).await,
        take(&world, &umi, &own, &image).await,
    ] {
        answer.expect_error(404, "not_found", &[]);
    }
    assert_eq!(images(&world, &item).await, [image]);
}

#[tokio::test]
async fn an_object_that_is_no_items_goes_and_one_that_is_stays() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let gone = add(&world, &hana, cup()).await;
    let kept = upload(&world, &hana, &item).await;
    order(&world, &hana, &item, &[&kept]).await.expect(200);
    // Never shown, never sent, taken away, and of an item that is deleted.
    upload(&world, &hana, &item).await;
    ask(&world, &hana, &item, "image/jpeg", JPEG)
        .await
        .expect(200);
    let taken = upload(&world, &hana, &item).await;
    order(&world, &hana, &item, &[&kept, &taken])
        .await
        .expect(200);
    take(&world, &hana, &item, &taken).await.expect(204);
    assert_eq!(images(&world, &item).await, std::slice::from_ref(&kept));
    // It does not come back.
    let answer = order(&world, &hana, &item, &[&kept, &taken]).await;
    answer.expect_error(400, "invalid_parameter", &["images[1]: missing"]);
    for _ in 0..2 {
        let image = upload(&world, &hana, &gone).await;
        let mut all = vec![&*image];
        let had: Vec<String> = images(&world, &gone).await;
        all.extend(had.iter().map(String::as_str));
        order(&world, &hana, &gone, &all).await.expect(200);
    }
    let path = format!("/api/products/{gone}");
    let token = Some(hana.access_token.as_str());
    world.call("DELETE", &path, token, None).await.expect(204);
    assert_eq!(objects(&world).await.len(), 5);

    // What was allowed may still come for an hour.
    sweep(&world, 45).await;
    assert_eq!(objects(&world).await.len(), 5);
    sweep(&world, 30).await;
    let left = objects(&world).await;
    assert_eq!(left.len(), 1);
    assert!(left.iter().all(|key| key.contains(&kept)), "{left:?}");
    assert!(items(&world, "UPLOADS").is_empty());
    assert_eq!(images(&world, &item).await, [kept]);
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn what_the_sweep_has_begun_with_is_shown_by_nobody() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let image = upload(&world, &hana, &item).await;
    let app = world.app("MarketSweep", |_| {});
    let table = enishi_market::item::table(&app).unwrap();
    let key = enishi_market::pictures::upload_key(image.parse().unwrap());
    let goes = enishi_shared::store::Change::new().set("is_going", true);
    table.update(key, goes).await.unwrap();
    let answer = order(&world, &hana, &item, &[&image]).await;
    answer.expect_error(400, "invalid_parameter", &["images[0]: missing"]);
    sweep(&world, 75).await;
    assert!(objects(&world).await.is_empty());
}

#[tokio::test]
async fn an_item_that_was_ordered_keeps_its_pictures_when_it_is_taken_away() {
    let world = World::new().await;
    let mut hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    let image = upload(&world, &hana, &item).await;
    order(&world, &hana, &item, &[&image]).await.expect(200);
    let app = world.app("MarketUpdateProduct", |_| {});
    let table = enishi_market::item::table(&app).unwrap();
    let key = enishi_market::item::item_key(item.parse().unwrap());
    let ordered = enishi_shared::store::Change::new().set("was_ordered", true);
    table.update(key, ordered).await.unwrap();
    let token = Some(hana.access_token.as_str());
    let path = format!("/api/products/{item}");
    world.call("DELETE", &path, token, None).await.expect(204);
    sweep(&world, 75).await;
    assert_eq!(objects(&world).await.len(), 1);
    world.refresh(&mut hana).await;
    let mine = world.get(&hana, "/api/products").await.expect(200).body;
    assert_eq!(mine[0]["images"][0]["image_id"], image);
}

#[tokio::test]
async fn all_pictures_of_a_maker_are_erased_and_no_others() {
    let world = World::new().await;
    let (hana, umi) = (maker(&world, "hana").await, maker(&world, "umi").await);
    for person in [&hana, &umi] {
        let item = add(&world, person, cup()).await;
        let image = upload(&world, person, &item).await;
        order(&world, person, &item, &[&image]).await.expect(200);
        upload(&world, person, &item).await;
    }
    let mut environment = world.stack.environment()["MarketOrderImages"].clone();
    environment.insert("AWS_ACCESS_KEY_ID".into(), "developer".into());
    let app = world.app("MarketOrderImages", |parts| {
        parts.env = environment.into_iter().collect();
    });
    for _ in 0..2 {
        let erased = enishi_market::pictures::erase(&app, hana.id.parse().unwrap());
        erased.await.unwrap();
        let left = objects(&world).await;
        assert_eq!(left.len(), 2);
        assert!(left.iter().all(|key| key.contains(&umi.id)), "{left:?}");
    }
}

#[tokio::test]
async fn who_uploads_or_adds_too_much_has_to_wait() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("ProductRate".into(), "2/1h".into());
        options.parameters.insert("ImageRate".into(), "2/1h".into());
    })
    .await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    add(&world, &hana, cup()).await;
    let answer = world.post(&hana, "/api/products", cup()).await;
    let answer = answer.expect_error(429, "too_many_requests", &[]);
    assert!(answer.headers.contains_key("retry-after"));
    for _ in 0..2 {
        ask(&world, &hana, &item, "image/jpeg", JPEG)
            .await
            .expect(200);
    }
    let answer = ask(&world, &hana, &item, "image/jpeg", JPEG).await;
    answer.expect_error(429, "too_many_requests", &[]);
    let umi = maker(&world, "umi").await;
    add(&world, &umi, cup()).await;
}
