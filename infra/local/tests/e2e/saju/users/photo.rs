//! `POST /api/users/me/photo`, and what the bucket takes.

use enishi_local::client::declared;
use http::Request;
use serde_json::json;

use super::super::register;
use crate::{
    identity::later,
    support::{Answer, Person, World},
};

const FILE: &[u8] = b"not really a picture";

/// Where somebody may send a picture.
pub async fn allowed(world: &World, person: &Person) -> Answer {
    let body = declared("image/png", FILE);
    let answer = world.post(person, "/api/users/me/photo", body).await;
    answer.expect(200)
}

/// Whether it can be seen at its address.
async fn is_seen(world: &World, url: &str) -> bool {
    let get = Request::get(url).body(Default::default()).unwrap();
    let answer = world.send_anywhere(get).await;
    assert!(
        [200, 403].contains(&answer.status.as_u16()),
        "{}",
        answer.text
    );
    answer.status == 200
}

async fn send(world: &World, allowed: &Answer, file: &'static [u8]) -> Answer {
    let mut request = Request::put(allowed.text("upload_url"));
    for (name, value) in allowed.body["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    world
        .send_anywhere(request.body(file.into()).unwrap())
        .await
}

#[tokio::test]
async fn a_picture_is_uploaded_and_read_at_its_address() {
    let world = World::new().await;
    let person = register(&world, "seoyeon", "1995-03-02", "female").await;
    let path = "/api/users/me/photo";
    let file = b"not really a picture";
    for (content_type, ending) in [
        ("image/jpeg", "jpg"),
        ("image/png", "png"),
        ("image/webp", "webp"),
    ] {
        let allowed = world
            .post(&person, path, declared(content_type, file))
            .await
            .expect(200);
        assert_eq!(allowed.text("expires_at"), "2026-11-20T11:05:00Z");
        let url = allowed.text("url");
        let prefix = format!("/photos/{}/", person.id);
        assert!(
            url.contains(&prefix) && url.ends_with(&format!(".{ending}")),
            "{url}"
        );

        let get = || Request::get(&url).body(Default::default()).unwrap();
        // Nothing is there yet; S3 says so to those who may list a bucket only.
        assert_eq!(world.send_anywhere(get()).await.status, 403);
        let other = send(&world, &allowed, b"not really a Picture").await;
        assert_eq!(other.status, 400, "{}", other.text);
        send(&world, &allowed, file).await.expect(200);
        send(&world, &allowed, file).await.expect(412);
        let read = world.send_anywhere(get()).await.expect(200);
        assert_eq!(read.text.as_bytes(), file);
        assert_eq!(read.headers["content-type"], content_type);
        // No cache keeps it for longer than five minutes after it is erased.
        assert_eq!(read.headers["cache-control"], "public, max-age=300");

        let body = Some(json!({"profile_img_url": url}));
        world
            .call("PUT", "/api/users/me", Some(&person.access_token), body)
            .await
            .expect(200);
        let me = world.get(&person, "/api/users/me").await.expect(200);
        assert_eq!(me.text("profile_img_url"), url);
        // Only what was given out there, nothing else at that address.
        for wrong in [format!("{url}?x=1"), url.replace("/photos/", "/other/")] {
            let body = Some(json!({"profile_img_url": wrong}));
            let answer = world
                .call("PUT", "/api/users/me", Some(&person.access_token), body)
                .await;
            answer.expect_error(400, "invalid_parameter", &["profile_img_url: invalid"]);
        }
    }
}

#[tokio::test]
async fn only_small_pictures_are_taken_and_only_from_people() {
    let world = World::new().await;
    let person = register(&world, "seoyeon", "1995-03-02", "female").await;
    let path = "/api/users/me/photo";
    let right = declared("image/png", b"x");
    for (field, wrong) in [
        ("content_type", json!("image/gif")),
        ("content_type", json!("image/svg+xml")),
        ("content_type", json!("IMAGE/PNG")),
        ("size", json!(0)),
        ("size", json!(5 * 1024 * 1024 + 1)),
        ("sha256", json!("00")),
        ("name", json!("me.png")),
    ] {
        let mut body = right.clone();
        body[field] = wrong;
        let answer = world.post(&person, path, body).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    let mut largest = right.clone();
    largest["size"] = json!(5 * 1024 * 1024);
    world.post(&person, path, largest).await.expect(200);
    let answer = world.call("POST", path, None, Some(right)).await;
    answer.expect_error(401, "access_token_invalid", &[]);
}

#[tokio::test]
async fn only_a_picture_of_ones_own_is_shown() {
    let world = World::new().await;
    let me = register(&world, "seoyeon", "1995-03-02", "female").await;
    let other = register(&world, "minjun", "1994-03-02", "male").await;
    let own = allowed(&world, &me).await.text("url");
    let theirs = allowed(&world, &other).await.text("url");
    let put = async |url: &str| {
        let (token, body) = (
            Some(me.access_token.as_str()),
            json!({"profile_img_url": url}),
        );
        world.call("PUT", "/api/users/me", token, Some(body)).await
    };
    put(&own).await.expect(200);
    let elsewhere = "https://tracker.example/pixel.png";
    let base = own.split_once("/photos/").unwrap().0;
    for wrong in [
        theirs.as_str(),
        elsewhere,
        &format!("{elsewhere}#{own}"),
        &format!("{own}/../{}", theirs.rsplit_once('/').unwrap().1),
        &format!("{base}/photos/{}/../{}/x.png", me.id, other.id),
        &format!("{base}/photos/{}/me.png", me.id),
    ] {
        let answer = put(wrong).await;
        answer.expect_error(400, "invalid_parameter", &["profile_img_url: invalid"]);
    }
    let shown = world.get(&me, "/api/users/me").await.expect(200);
    assert_eq!(shown.text("profile_img_url"), own);
}

#[tokio::test]
async fn whose_account_is_closed_uploads_nothing_and_what_was_allowed_before_is_erased() {
    let world = World::new().await;
    let me = register(&world, "seoyeon", "1995-03-02", "female").await;
    let other = register(&world, "minjun", "1994-03-02", "male").await;
    let early = allowed(&world, &me).await;
    send(&world, &early, FILE).await.expect(200);
    let theirs = allowed(&world, &other).await;
    send(&world, &theirs, FILE).await.expect(200);
    later(&world, 60);
    let late = allowed(&world, &me).await;

    let token = Some(me.access_token.as_str());
    let closed = world.call("DELETE", "/api/users/me", token, None).await;
    closed.expect(204);
    // At once, before anybody has heard of it.
    let refused = world
        .post(&me, "/api/users/me/photo", declared("image/png", FILE))
        .await;
    refused.expect_error(401, "access_token_invalid", &[]);
    world.stack.settle().await;
    assert!(!is_seen(&world, &early.text("url")).await);

    // What was signed before cannot be taken back.
    later(&world, 4 * 60);
    send(&world, &late, FILE).await.expect(200);
    assert!(is_seen(&world, &late.text("url")).await);
    later(&world, 2 * 60);
    send(&world, &late, FILE).await.expect(403);
    for (minutes, is_there) in [(15, true), (60, false)] {
        let then = world.stack.clock().now() + jiff::SignedDuration::from_mins(minutes);
        world.stack.at(then).await;
        assert_eq!(
            is_seen(&world, &late.text("url")).await,
            is_there,
            "{minutes}"
        );
    }
    assert!(is_seen(&world, &theirs.text("url")).await);
    let left = super::super::requests::dump(&world);
    assert!(
        left.iter().all(|item| !item.to_string().contains(&me.id)),
        "{left:?}"
    );
    assert!(world.stack.lambda().dead_letters().is_empty());
}
