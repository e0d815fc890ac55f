//! Private files: no address, and a presigned GET for a while.

use std::time::Duration;

use enishi_shared::media::{PrivatePut, beginning, presign_get, presign_private_put};

use super::*;

/// A private file that is there, by its key.
async fn upload(world: &World, key: &str) -> PrivatePut {
    let upload = Upload {
        content_type: "application/pdf".into(),
        size: 3,
        sha256: ABC.into(),
    };
    let put = presign_private_put(&world.app, "papers", key, &upload);
    let put = put.await.unwrap();
    let (status, _, text) = world
        .send(Method::PUT, &put.upload_url, &put.headers, "abc")
        .await;
    assert_eq!(status, 200, "{text}");
    put
}

#[tokio::test]
async fn a_private_file_is_read_with_a_link_only_and_only_for_a_while() {
    let world = World::new().await;
    let put = upload(&world, "u1/card").await;
    assert_eq!(put.headers["cache-control"], "no-store");
    let address = format!("{}/papers/u1/card", world.stack.aws_url());
    assert_eq!(world.get(&address).await.0, 403);

    let minute = Duration::from_secs(60);
    let link = presign_get(&world.app, "papers", "u1/card", minute).await;
    let (link, expires_at) = link.unwrap();
    let expected: Timestamp = NOON.parse().unwrap();
    assert_eq!(expires_at, expected + SignedDuration::from_secs(60));
    world.later(59);
    let (status, headers, text) = world.get(&link).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "abc"));
    assert_eq!(headers["content-type"], "application/pdf");
    assert_eq!(headers["cache-control"], "no-store");
    // Of no other file.
    let other = world.get(&link.replace("u1/card", "u2/card")).await;
    refused(&other, 403, "SignatureDoesNotMatch");
    world.later(1);
    refused(&world.get(&link).await, 403, "AccessDenied");
}

#[tokio::test]
async fn a_function_reads_how_a_file_begins() {
    let world = World::new().await;
    upload(&world, "u1/card").await;
    for (length, bytes) in [(1, "a"), (2, "ab"), (3, "abc"), (16, "abc")] {
        let read = beginning(&world.app, "papers", "u1/card", length).await;
        assert_eq!(read.unwrap().as_deref(), Some(bytes.as_bytes()));
    }
    // What is missing, S3 says to those who may list.
    let missing = beginning(&world.app, "photos", "u1/card", 16).await;
    assert_eq!(missing.unwrap(), None);
    assert!(
        beginning(&world.app, "papers", "u2/card", 16)
            .await
            .is_err()
    );
}
