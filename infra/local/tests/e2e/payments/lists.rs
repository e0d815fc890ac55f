//! `GET /api/payments`.

use insta::assert_json_snapshot;

use super::*;

#[tokio::test]
async fn everybody_sees_their_own_newest_first() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let taro = world.sign_up("taro").await;
    let app = service(&world);
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(open(&app, &hana).await.payment.payment_id.to_string());
        later(&world, SignedDuration::from_secs(1));
    }
    open(&app, &taro).await;
    let mut listed = Vec::new();
    let mut path = "/api/payments?limit=2".to_owned();
    for expected in [2, 2, 1] {
        let page = world.get(&hana, &path).await.expect(200);
        let payments = page.body.as_array().unwrap();
        assert_eq!(payments.len(), expected);
        listed.extend(payments.iter().map(|payment| text(&payment["id"])));
        if let Some(link) = page.headers.get("link") {
            let link = link.to_str().unwrap();
            path = link[1..link.find('>').unwrap()].to_owned();
        }
    }
    ids.reverse();
    assert_eq!(listed, ids);
    assert_eq!(seen(&world, &taro).await.len(), 1);
    world
        .get(&hana, "/api/payments?limit=0")
        .await
        .expect_error(400, "invalid_parameter", &["limit: invalid"]);
    world
        .get(&hana, "/api/payments?cursor=!")
        .await
        .expect_error(400, "invalid_parameter", &["cursor: invalid"]);
}

#[tokio::test]
async fn a_payment_shows_what_it_is_for_and_where_it_stands() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let payment = open(&app, &hana).await.payment;
    world.stack.stripe().pay(session(&payment)).unwrap();
    world.stack.settle().await;
    let list = world.get(&hana, "/api/payments").await.expect(200).body;
    assert_json_snapshot!(list, {"[].id" => "[id]", "[].receipt_url" => "[receipt]"}, @r#"
    [
      {
        "amount": 3000,
        "amount_refunded": 0,
        "created_at": "2026-11-20T11:00:00Z",
        "currency": "jpy",
        "id": "[id]",
        "purpose": "sample",
        "receipt_url": "[receipt]",
        "reference": "order-1",
        "state": "settled"
      }
    ]
    "#);
}
