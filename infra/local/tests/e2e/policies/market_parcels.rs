//! Every request that the functions of parcels can make.

use enishi_local::{aws::Call, import};
use enishi_market::order::{order_key, state::Sale};
use jiff::SignedDuration;
use serde_json::json;

use crate::market::shop::{DAY, Shop};

/// What they ask for, in a world of their own.
pub async fn story() -> Vec<Call> {
    let mut shop = Shop::open(2).await;
    let onboard = async |shop: &Shop, enough: bool| {
        let stripe = shop.world.stack.stripe();
        stripe.onboard(&shop.sellers[0].account, enough).unwrap();
        stripe.deliver().await;
        shop.world.stack.settle().await;
    };
    let by_operator = async |shop: &Shop, method: &str, path: &str, body| {
        let operator = shop.world.operator().await;
        let token = Some(operator.access_token.as_str());
        shop.world
            .call(method, path, token, Some(body))
            .await
            .expect(200);
        shop.world.stack.settle().await;
    };

    let order = shop.paid(&[(0, 1), (1, 1)]).await;
    shop.world
        .get(&shop.sellers[0].person, "/api/sales")
        .await
        .expect(200);
    for seller in [0, 1] {
        shop.ship(&order.id, seller).await.expect(200);
    }
    onboard(&shop, false).await;
    // It waits, then it is reported, then it waits again.
    shop.says("received", &order.id, 0).await.expect(200);
    for seller in [0, 1] {
        shop.says("report", &order.id, seller).await.expect(200);
    }
    assert_eq!(shop.troubles().await, ["report", "report"]);
    shop.says("received", &order.id, 1).await.expect(200);
    let maker_id = shop.sellers[0].person.id.clone();
    let dismissed = json!({"transaction_id": order.id, "maker_id": maker_id, "reason": "x"});
    by_operator(&shop, "PUT", "/api/operator/reports", dismissed).await;
    for _ in 0..2 {
        shop.later(DAY * 8).await;
        shop.sweep().await;
    }
    onboard(&shop, true).await;

    for by_maker in [true, false] {
        let order = shop.paid(&[(0, 1)]).await;
        shop.ship(&order.id, 0).await.expect(200);
        shop.says("report", &order.id, 0).await.expect(200);
        if by_maker {
            shop.refund(&order.id, 0).await.expect(200);
            continue;
        }
        let path = format!("/api/operator/transactions/{}/refund", order.id);
        let refunded = json!({"maker_id": maker_id, "reason": "x"});
        by_operator(&shop, "POST", &path, refunded).await;
    }

    // The end of a dispute, and of the fortnight after a parcel was sent.
    let order = shop.paid(&[(0, 1)]).await;
    shop.ship(&order.id, 0).await.expect(200);
    let stripe = shop.world.stack.stripe();
    let dispute = stripe.dispute(&order.session, None, "fraudulent").unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    stripe.decide_dispute(&dispute, true).unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    shop.later(DAY * 14).await;
    shop.sweep().await;

    // Whoever settles an order late may be cut off between its two steps.
    let order = shop.paid(&[(0, 1)]).await;
    let mut late = shop.stored(&order.id).await;
    late.order.sale = Sale::Late;
    import::items(
        &shop.world.stack,
        "MarketTable",
        [(order_key(late.order_id), late.row())],
    )
    .unwrap();
    shop.later(SignedDuration::from_hours(2)).await;
    shop.sweep().await;
    assert_eq!(shop.status(&order.id).await, "Paid");

    let order = shop.paid(&[(1, 1)]).await;
    let path = format!("/api/operator/makers/{}", shop.sellers[1].person.id);
    by_operator(&shop, "PATCH", &path, json!({"suspended": true})).await;
    assert_eq!(shop.status(&order.id).await, "Refunded");
    shop.world.nothing_given_up();
    shop.world.stack.aws().calls()
}
