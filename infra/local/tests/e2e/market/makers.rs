//! Who sells.

use serde_json::json;

use super::{add, become_maker, cup, maker, names, notice, onboard, set};
use crate::support::World;

#[tokio::test]
async fn nothing_is_on_sale_before_money_and_notice_are_there_nor_while_one_is_lost() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    become_maker(&world, &hana).await;
    let item = add(&world, &hana, cup()).await;
    let shown = format!("/api/item/{item}");
    let is_shown = async |expected: bool| {
        world.stack.settle().await;
        let listed = names(&world, "").await;
        assert_eq!(listed.len(), usize::from(expected));
        let found = names(&world, "keyword=%E6%B9%AF").await;
        assert_eq!(found.len(), usize::from(expected));
        let status = if expected { 200 } else { 404 };
        world.call("GET", &shown, None, None).await.expect(status);
        let maker = format!("/api/makers/{}", hana.id);
        world.call("GET", &maker, None, None).await.expect(status);
        let me = world.get(&hana, "/api/makers/me").await.expect(200);
        assert_eq!(me.body["sells"], expected);
    };
    is_shown(false).await;
    onboard(&world, &hana.id, true).await;
    is_shown(true).await;
    onboard(&world, &hana.id, false).await;
    is_shown(false).await;
    onboard(&world, &hana.id, true).await;
    set(&world, &hana.id, |change| change.set("suspended", true)).await;
    is_shown(false).await;
    set(&world, &hana.id, |change| change.set("suspended", false)).await;
    is_shown(true).await;
    let token = Some(hana.access_token.as_str());
    for (notice, expected) in [(json!(null), false), (notice(), true)] {
        let body = Some(json!({"notice": notice}));
        world
            .call("PATCH", "/api/makers/me", token, body)
            .await
            .expect(200);
        is_shown(expected).await;
    }
}

#[tokio::test]
async fn a_makers_new_name_is_shown_and_found_with_all_they_make() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    for name in ["湯のみ", "皿"] {
        add(
            &world,
            &hana,
            json!({"item_name": name, "price": 500, "stock": 1}),
        )
        .await;
    }
    let token = Some(hana.access_token.as_str());
    let body = Some(json!({"maker_name": "アオイ堂"}));
    world
        .call("PATCH", "/api/makers/me", token, body)
        .await
        .expect(200);
    world.stack.settle().await;
    assert_eq!(
        names(&world, "keyword=%E3%81%82%E3%81%8A%E3%81%84").await,
        ["湯のみ", "皿"]
    );
    assert!(names(&world, "keyword=hana").await.is_empty());
    let page = super::list(&world, "").await.expect(200);
    assert_eq!(page.body[1]["maker"]["maker_name"], "アオイ堂");
}

#[tokio::test]
async fn one_is_a_maker_once_and_a_stranger_is_none() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let body = json!({"maker_name": "縁", "shipping_fee": 0});
    world
        .post(&hana, "/api/makers", body.clone())
        .await
        .expect_error(409, "conflict", &[]);
    for field in ["onboarded", "suspended", "stripe_account_id"] {
        let mut body = body.clone();
        body[field] = json!(true);
        let answer = world.post(&hana, "/api/makers", body.clone()).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
        let token = Some(hana.access_token.as_str());
        let answer = world
            .call("PATCH", "/api/makers/me", token, Some(body))
            .await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    let umi = world.sign_up("umi").await;
    for path in ["/api/makers/me", "/api/products"] {
        world
            .get(&umi, path)
            .await
            .expect_error(403, "forbidden", &[]);
    }
    let answer = world.post(&umi, "/api/products", cup()).await;
    answer.expect_error(403, "forbidden", &[]);
}
