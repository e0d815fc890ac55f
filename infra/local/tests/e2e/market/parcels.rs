//! Parcels: sent, received, reported, given back, passed on.

use futures_util::join;
use serde_json::{Value, json};

use super::shop::{DAY, SECOND, Shop, customer};
use crate::{support::text, visits::people::holds};

/// What the first maker gets of one of theirs: of 3,833 yen a tenth stays, rounded down.
const SHARE: i64 = 3_450;
const PRICE: i64 = 3_833;

async fn sale(shop: &Shop, seller: usize) -> Value {
    let sales = shop
        .world
        .get(&shop.sellers[seller].person, "/api/sales")
        .await;
    sales.expect(200).body[0].clone()
}

#[tokio::test]
async fn a_parcel_is_sent_and_comes_and_its_maker_gets_their_money() {
    let shop = Shop::open(2).await;
    let order = shop.paid(&[(0, 1), (1, 2)]).await;
    let maker = &shop.sellers[0].person;
    assert_eq!(shop.told(&shop.customer), ["ご注文ありがとうございます"]);
    assert_eq!(shop.told(maker), ["商品が売れました"]);
    let sold = sale(&shop, 0).await;
    assert_eq!(sold["transaction_id"], order.id);
    assert_eq!(sold["status"], "Paid");
    assert_eq!(sold["destination"]["zip_code"], "920-0001");
    assert_eq!(
        [
            &sold["items_amount"],
            &sold["shipping_fee"],
            &sold["fee"],
            &sold["transfer_amount"]
        ],
        [3_333, 500, 383, 3_450]
    );
    assert_eq!(sold["lines"].as_array().map(Vec::len), Some(1));
    assert_eq!(sold["lines"][0]["item_name"], "器0");
    let held = |person| holds(&shop.world, person).len();
    assert_eq!([held(&shop.customer), held(maker)], [1, 1]);

    let shipped = shop.ship(&order.id, 0).await.expect(200);
    assert_eq!(shipped.body["status"], "Shipped");
    assert_eq!(shipped.body["ship_id"], "1234-5678-9012");
    assert_eq!(shop.status(&order.id).await, "Paid");
    // Once more in the same words tells nobody.
    shop.ship(&order.id, 0).await.expect(200);
    let mails = shop.mails(&shop.customer);
    let mail = mails.last().unwrap();
    assert_eq!(mail.subject, "商品が発送されました");
    assert!(
        mail.text
            .as_ref()
            .unwrap()
            .contains("追跡番号: 1234-5678-9012")
    );
    assert_eq!(shop.moved(), (0, 0));

    shop.says("received", &order.id, 1).await.expect(409);
    for _ in 0..2 {
        shop.says("received", &order.id, 0).await.expect(200);
    }
    assert_eq!(shop.parcel(&order.id, 0).await, "Complete");
    assert_eq!(shop.moved(), (SHARE, 0));
    let sold = sale(&shop, 0).await;
    assert_eq!([&sold["status"], &sold["transfer"]], ["Complete", "done"]);
    assert!(sold["destination"].is_null());
    assert_eq!([held(&shop.customer), held(maker)], [1, 0]);
    shop.ship(&order.id, 1).await.expect(200);
    shop.says("received", &order.id, 1).await.expect(200);
    assert_eq!(shop.status(&order.id).await, "Complete");
    assert_eq!(
        [held(&shop.customer), held(&shop.sellers[1].person)],
        [0, 0]
    );
    assert!(shop.troubles().await.is_empty());
    shop.world.nothing_given_up();
}

#[tokio::test]
async fn nobody_elses_order_is_there_and_each_does_what_is_theirs() {
    let shop = Shop::open(2).await;
    let order = shop.paid(&[(0, 1)]).await;
    let stranger = customer(&shop.world, "umi").await;
    let maker_id = &shop.sellers[0].person.id;
    for (path, body) in [
        ("received", json!({"maker_id": maker_id})),
        (
            "report",
            json!({"maker_id": maker_id, "reason": "届きません。"}),
        ),
    ] {
        let path = format!("/api/transaction/{}/{path}", order.id);
        for person in [&stranger, &shop.sellers[0].person] {
            let answer = shop.world.post(person, &path, body.clone()).await;
            answer.expect_error(404, "not_found", &[]);
        }
    }
    // The other maker has sold nothing of it, nor has the customer.
    shop.ship(&order.id, 1)
        .await
        .expect_error(404, "not_found", &[]);
    shop.refund(&order.id, 1)
        .await
        .expect_error(404, "not_found", &[]);
    let path = format!("/api/sales/{}/ship", order.id);
    let answer = shop
        .by_customer("POST", &path, Some(json!({"ship_id": "1"})))
        .await;
    answer.expect_error(404, "not_found", &[]);
    let answer = shop.by_customer("GET", "/api/sales", None).await;
    answer.expect_error(403, "forbidden", &[]);
    let path = format!("/api/operator/transactions/{}/refund", order.id);
    let body = json!({"maker_id": maker_id, "reason": "x"});
    let answer = shop.by_customer("POST", &path, Some(body)).await;
    answer.expect_error(403, "forbidden", &[]);
    // A parcel of somebody who has sold nothing of it.
    let answer = shop.says("received", &order.id, 1).await;
    answer.expect_error(404, "not_found", &[]);
    let path = format!("/api/sales/{}/ship", order.id);
    for ship_id in ["", "一二三", "1 2", &"1".repeat(41)] {
        let answer = shop
            .world
            .post(&shop.sellers[0].person, &path, json!({"ship_id": ship_id}));
        assert_eq!(
            answer.await.expect(400).body["errors"][0]["field"],
            "ship_id"
        );
    }
}

#[tokio::test]
async fn a_tracking_number_can_be_corrected_until_the_parcel_has_come() {
    let shop = Shop::open(1).await;
    let order = shop.paid(&[(0, 1)]).await;
    shop.ship(&order.id, 0).await.expect(200);
    let at = shop.stored(&order.id).await.order.parcels[0]
        .shipment
        .clone()
        .unwrap()
        .at;
    let path = format!("/api/sales/{}/ship", order.id);
    let other = json!({"ship_id": "EJ123456789JP"});
    let maker = &shop.sellers[0].person;
    let corrected = shop
        .world
        .post(maker, &path, other.clone())
        .await
        .expect(200);
    assert_eq!(corrected.body["ship_id"], "EJ123456789JP");
    assert!(corrected.body["carrier"].is_null());
    let shipment = shop.stored(&order.id).await.order.parcels[0]
        .shipment
        .clone();
    assert_eq!(shipment.unwrap().at, at);
    shop.world.stack.settle().await;
    assert_eq!(shop.told(&shop.customer).len(), 3);
    shop.says("received", &order.id, 0).await.expect(200);
    let other = json!({"ship_id": "2"});
    shop.world.post(maker, &path, other).await.expect(409);
}

#[tokio::test]
async fn seven_days_after_it_was_sent_a_parcels_money_is_passed_on() {
    let mut shop = Shop::open(1).await;
    let order = shop.paid(&[(0, 1)]).await;
    shop.later(DAY).await;
    shop.ship(&order.id, 0).await.expect(200);
    shop.later(DAY * 7 - SECOND).await;
    shop.sweep().await;
    assert_eq!(shop.moved(), (0, 0));
    shop.later(SECOND).await;
    join!(shop.sweep(), shop.sweep());
    assert_eq!(shop.moved(), (SHARE, 0));
    assert_eq!(shop.status(&order.id).await, "Shipped");
    shop.later(DAY * 7).await;
    join!(shop.sweep(), shop.sweep());
    assert_eq!(shop.status(&order.id).await, "Complete");
    assert_eq!(shop.moved(), (SHARE, 0));
    assert!(holds(&shop.world, &shop.customer).is_empty());
    shop.later(DAY * 30).await;
    shop.sweep().await;
    assert_eq!(shop.moved(), (SHARE, 0));
    shop.world.nothing_given_up();
}

#[tokio::test]
async fn what_is_not_sent_is_brought_to_mind_after_three_days_and_given_back_after_fourteen() {
    let mut shop = Shop::open(2).await;
    let order = shop.paid(&[(0, 1), (1, 1)]).await;
    shop.later(DAY * 3 - SECOND).await;
    shop.sweep().await;
    assert_eq!(shop.told(&shop.sellers[0].person).len(), 1);
    shop.ship(&order.id, 1).await.expect(200);
    shop.later(SECOND).await;
    join!(shop.sweep(), shop.sweep());
    let reminded = ["商品が売れました", "商品の発送をお願いします"];
    assert_eq!(shop.told(&shop.sellers[0].person), reminded);
    assert_eq!(shop.told(&shop.sellers[1].person), reminded[..1]);
    shop.later(DAY * 11 - SECOND).await;
    shop.sweep().await;
    assert_eq!(shop.told(&shop.sellers[0].person), reminded);
    // A second before, nothing goes back; the other parcel's money has been passed on by then.
    assert_eq!(shop.moved(), (1_531, 0));
    assert_eq!(shop.parcel(&order.id, 0).await, "Paid");
    shop.later(SECOND).await;
    join!(shop.sweep(), shop.sweep());
    assert_eq!(shop.moved(), (1_531, PRICE));
    assert_eq!(shop.parcel(&order.id, 0).await, "Refunded");
    assert_eq!(shop.status(&order.id).await, "Shipped");
    let payment = shop.payment(&order.id).await;
    assert_eq!(payment.refunds.len(), 1);
    let told = shop.mails(&shop.customer);
    assert!(
        told.last()
            .unwrap()
            .text
            .as_ref()
            .unwrap()
            .contains("返金額: 3,833円")
    );
    assert_eq!(shop.told(&shop.sellers[0].person).len(), 3);
    shop.ship(&order.id, 0)
        .await
        .expect_error(409, "conflict", &[]);
    shop.sweep().await;
    assert_eq!(shop.moved(), (1_531, PRICE));
    shop.world.nothing_given_up();
}

#[tokio::test]
async fn a_report_stops_the_money_until_an_operator_or_the_customer_has_said_otherwise() {
    let mut shop = Shop::open(2).await;
    let order = shop.paid(&[(0, 1), (1, 1)]).await;
    for seller in [0, 1] {
        let answer = shop.says("report", &order.id, seller).await;
        answer.expect_error(409, "conflict", &[]);
        shop.ship(&order.id, seller).await.expect(200);
        for _ in 0..2 {
            shop.says("report", &order.id, seller).await.expect(200);
        }
    }
    assert_eq!(shop.troubles().await, ["report", "report"]);
    shop.later(DAY * 20).await;
    shop.sweep().await;
    assert_eq!(shop.moved(), (0, 0));
    let operator = shop.world.operator().await;
    let reports = shop
        .world
        .get(&operator, "/api/operator/reports")
        .await
        .expect(200);
    assert_eq!(reports.body[0]["reason"], "割れていました。");
    assert_eq!(reports.body[0]["transaction_id"], order.id);
    let reason = "配達の記録を確認";
    let body = json!({
        "transaction_id": order.id, "maker_id": shop.sellers[0].person.id, "reason": reason,
    });
    for _ in 0..2 {
        let token = Some(operator.access_token.as_str());
        let path = "/api/operator/reports";
        shop.world
            .call("PUT", path, token, Some(body.clone()))
            .await
            .expect(200);
    }
    shop.says("received", &order.id, 1).await.expect(200);
    assert_eq!(shop.moved(), (1_531, 0));
    shop.sweep().await;
    assert_eq!(shop.moved(), (1_531 + SHARE, 0));
    assert!(shop.troubles().await.is_empty());
    let audits = super::items(&shop.world, "AUDIT#");
    assert!(
        audits
            .iter()
            .any(|audit| audit.to_string().contains(reason))
    );
}

#[tokio::test]
async fn who_is_given_back_what_was_passed_on_gets_it_first_and_what_a_maker_lacks_is_a_debt() {
    let mut shop = Shop::open(1).await;
    let order = shop.paid(&[(0, 1)]).await;
    let other = shop.paid(&[(0, 1)]).await;
    for order in [&order, &other] {
        shop.ship(&order.id, 0).await.expect(200);
    }
    shop.says("received", &order.id, 0).await.expect(200);
    assert_eq!(shop.moved(), (SHARE, 0));
    let stripe = shop.world.stack.stripe();
    stripe.pay_out(&shop.sellers[0].account).unwrap();
    let operator = shop.world.operator().await;
    let path = format!("/api/operator/transactions/{}/refund", order.id);
    let body = json!({"maker_id": shop.sellers[0].person.id, "reason": "割れていた"});
    for _ in 0..2 {
        shop.world
            .post(&operator, &path, body.clone())
            .await
            .expect(200);
        shop.world.stack.settle().await;
    }
    assert_eq!(shop.moved(), (SHARE, PRICE));
    assert_eq!(
        shop.stored(&order.id).await.order.parcels[0].owed,
        SHARE as u64
    );
    assert_eq!(shop.troubles().await, ["debt"]);
    // What they sell next pays for it.
    shop.says("received", &other.id, 0).await.expect(200);
    assert_eq!(shop.moved(), (2 * SHARE, PRICE));
    shop.later(DAY + SECOND).await;
    let tick = json!({"scheduled_time": shop.world.stack.clock().now()});
    shop.world
        .stack
        .lambda()
        .invoke("PaymentsSweep", tick)
        .await
        .unwrap();
    shop.world.stack.settle().await;
    assert_eq!(shop.moved(), (SHARE, PRICE));
    assert_eq!(shop.stored(&order.id).await.order.parcels[0].owed, 0);
    assert!(shop.troubles().await.is_empty());
}

#[tokio::test]
async fn money_waits_for_a_maker_whom_stripe_or_an_operator_keeps_from_it() {
    let mut shop = Shop::open(2).await;
    let order = shop.paid(&[(0, 1), (1, 1)]).await;
    let unsent = shop.paid(&[(1, 1)]).await;
    for seller in [0, 1] {
        shop.ship(&order.id, seller).await.expect(200);
    }
    let stripe = shop.world.stack.stripe();
    stripe.onboard(&shop.sellers[0].account, false).unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    let operator = shop.world.operator().await;
    let suspend = async |shop: &Shop, suspended: bool| {
        let path = format!("/api/operator/makers/{}", shop.sellers[1].person.id);
        let body = Some(json!({"suspended": suspended}));
        let token = Some(operator.access_token.as_str());
        shop.world
            .call("PATCH", &path, token, body)
            .await
            .expect(200);
        shop.world.stack.settle().await;
    };
    suspend(&shop, true).await;
    // What they have not sent goes back, what is on its way does not.
    assert_eq!(shop.status(&unsent.id).await, "Refunded");
    assert_eq!(shop.parcel(&order.id, 1).await, "Shipped");
    assert_eq!(shop.moved(), (0, 1_701));
    for seller in [0, 1] {
        shop.says("received", &order.id, seller).await.expect(200);
    }
    assert_eq!(shop.moved(), (0, 1_701));
    assert_eq!(shop.status(&order.id).await, "Complete");
    let held = |seller: usize| holds(&shop.world, &shop.sellers[seller].person).len();
    assert_eq!([held(0), held(1)], [1, 1]);
    suspend(&shop, false).await;
    assert_eq!(shop.moved(), (1_531, 1_701));
    stripe.onboard(&shop.sellers[0].account, true).unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    assert_eq!(shop.moved(), (1_531 + SHARE, 1_701));
    assert_eq!([held(0), held(1)], [0, 0]);
    assert!(super::items(&shop.world, "WAITS#").is_empty());
    shop.later(DAY * 30).await;
    shop.sweep().await;
    assert_eq!(shop.moved(), (1_531 + SHARE, 1_701));
}

#[tokio::test]
async fn a_refund_that_comes_back_is_repeated_by_an_operator() {
    let shop = Shop::open(1).await;
    // What was paid at a konbini goes back to a bank account, which the customer may get wrong.
    let order = shop.buy(&[(0, 1)]).await;
    let stripe = shop.world.stack.stripe();
    stripe.konbini(&order.session).unwrap();
    stripe.settle_late(&order.session, true).unwrap();
    shop.world.stack.settle().await;
    shop.refund(&order.id, 0).await.expect(200);
    assert_eq!(shop.moved(), (0, PRICE));
    let payment = shop.payment(&order.id).await;
    let refund = payment.refunds.values().next().unwrap().id.clone().unwrap();
    stripe.settle_refund(&refund, false).unwrap();
    shop.world.stack.settle().await;
    assert_eq!(shop.troubles().await, ["refund_failed"]);
    // The maker has done what is theirs.
    shop.refund(&order.id, 0).await.expect(200);
    let operator = shop.world.operator().await;
    let path = format!("/api/operator/transactions/{}/refund", order.id);
    let body = json!({"maker_id": shop.sellers[0].person.id, "reason": "口座を確認"});
    for _ in 0..2 {
        shop.world
            .post(&operator, &path, body.clone())
            .await
            .expect(200);
        shop.world.stack.settle().await;
    }
    let payment = shop.payment(&order.id).await;
    assert_eq!(payment.refunds.len(), 2);
    assert_eq!(payment.amount_refunded, PRICE);
    assert!(shop.troubles().await.is_empty());
}

#[tokio::test]
async fn neither_customer_nor_maker_closes_an_account_with_a_parcel_on_its_way() {
    let shop = Shop::open(1).await;
    let order = shop.paid(&[(0, 1)]).await;
    for person in [&shop.customer, &shop.sellers[0].person] {
        let token = Some(person.access_token.as_str());
        let closed = shop
            .world
            .call("DELETE", "/api/users/me", token, None)
            .await;
        let answer = closed.expect_error(409, "conflict", &[]);
        assert!(
            text(&answer.body["message"]).contains(&order.id),
            "{}",
            answer.text
        );
    }
    shop.ship(&order.id, 0).await.expect(200);
    shop.says("received", &order.id, 0).await.expect(200);
    for person in [&shop.customer, &shop.sellers[0].person] {
        let token = Some(person.access_token.as_str());
        let closed = shop
            .world
            .call("DELETE", "/api/users/me", token, None)
            .await;
        closed.expect(204);
    }
    shop.world.stack.settle().await;
    // The law wants it to be kept.
    assert_eq!(shop.status(&order.id).await, "Complete");
}
