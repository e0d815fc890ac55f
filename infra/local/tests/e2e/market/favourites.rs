//! What somebody likes.

use serde_json::json;

use super::{add, cup, maker};
use crate::support::World;

#[tokio::test]
async fn what_one_likes_is_kept_once_until_one_does_not_any_more() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let sora = world.sign_up("sora").await;
    let mut all = Vec::new();
    for _ in 0..2 {
        all.push(add(&world, &hana, cup()).await);
    }
    // Of one moment: the order is that of the ids.
    all.sort();
    let expect = async |items: &[&String]| {
        let liked = world.get(&sora, "/api/favourites").await.expect(200);
        assert_eq!(liked.body, json!({"items": items}));
    };
    expect(&[]).await;
    for item in [&all[0], &all[1], &all[0]] {
        let body = json!({"item_id": item});
        world.post(&sora, "/api/favourites", body).await.expect(204);
    }
    expect(&[&all[1], &all[0]]).await;
    let nothing = json!({"item_id": "019aa2b4-7c1e-7d33-9f0a-000000000000"});
    world
        .post(&sora, "/api/favourites", nothing)
        .await
        .expect(404);
    let token = Some(sora.access_token.as_str());
    for left in [vec![&all[1]], vec![&all[1]]] {
        let path = format!("/api/favourites?item_id={}", all[0]);
        world.call("DELETE", &path, token, None).await.expect(204);
        expect(&left).await;
    }
    let path = format!("/api/favourites?item_id={}", all[1]);
    world.call("DELETE", &path, token, None).await.expect(204);
    expect(&[]).await;
    let answer = world.call("DELETE", "/api/favourites", token, None).await;
    answer.expect_error(400, "invalid_parameter", &["item_id: missing_field"]);
    // Nobody else's.
    let liked = world.get(&hana, "/api/favourites").await.expect(200);
    assert_eq!(liked.body, json!({"items": []}));
}
