//! What the functions of parcels take.

use serde_json::json;

use super::{Measured, count};
use crate::market::shop::{DAY, Shop};

/// Calls each in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(measured: &mut Measured) {
    let mut shop = Shop::open(2).await;
    let operator = shop.world.operator().await;
    let order = shop.paid(&[(0, 1), (1, 1)]).await;
    count(&shop.world, "");
    shop.world
        .get(&shop.sellers[0].person, "/api/sales")
        .await
        .expect(200);
    measured.count(&shop.world, "market-sales");
    for requests in [2, 1] {
        shop.ship(&order.id, 0).await.expect(200);
        assert_eq!(measured.count(&shop.world, "market-ship"), requests);
    }
    shop.says("report", &order.id, 0).await.expect(200);
    measured.count(&shop.world, "market-report");
    assert_eq!(shop.troubles().await, ["report"]);
    measured.count(&shop.world, "market-reports");
    let maker_id = shop.sellers[0].person.id.clone();
    let body = json!({"transaction_id": order.id, "maker_id": maker_id, "reason": "x"});
    let token = Some(operator.access_token.as_str());
    let path = "/api/operator/reports";
    shop.world
        .call("PUT", path, token, Some(body))
        .await
        .expect(200);
    measured.count(&shop.world, "market-dismiss-report");

    let stripe = shop.world.stack.stripe();
    let dispute = stripe.dispute(&order.session, None, "fraudulent").unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    assert_eq!(measured.within(&shop.world, "market-pay-out", 5, 0), 5);
    stripe.decide_dispute(&dispute, true).unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    shop.world.stack.aws().forget_calls();

    shop.says("received", &order.id, 0).await.expect(200);
    let calls = shop.world.stack.aws().calls();
    let taken = calls.iter().filter(|call| call.function == "MarketReceive");
    assert_eq!(taken.count(), 2);
    assert_eq!(measured.within(&shop.world, "market-pay-out", 2, 1), 8);
    measured.0.insert("market-receive", 2);
    let path = format!("/api/operator/transactions/{}/refund", order.id);
    let body = json!({"maker_id": maker_id, "reason": "x"});
    shop.world.post(&operator, &path, body).await.expect(200);
    measured.count(&shop.world, "market-refund");
    shop.world.stack.settle().await;
    // What is given back and taken back is told by the ledger too, each time for nothing.
    measured.within(&shop.world, "market-pay-out", 2 + 2 * 2, 1);
    shop.refund(&order.id, 1).await.expect(200);
    let calls = shop.world.stack.aws().calls();
    let taken = calls
        .iter()
        .filter(|call| call.function == "MarketRefundSale");
    assert_eq!(taken.count(), 2);
    measured.0.insert("market-refund-sale", 2);

    for _ in 0..3 {
        shop.paid(&[(0, 1)]).await;
    }
    shop.later(DAY * 3).await;
    shop.world.stack.aws().forget_calls();
    shop.sweep().await;
    assert_eq!(measured.within(&shop.world, "market-sweep", 2, 3), 8);
    let path = format!("/api/operator/makers/{maker_id}");
    let operator = shop.world.operator().await;
    let token = Some(operator.access_token.as_str());
    let body = Some(json!({"suspended": true}));
    shop.world
        .call("PATCH", &path, token, body)
        .await
        .expect(200);
    shop.world.stack.aws().forget_calls();
    shop.world.stack.settle().await;
    // Three are given back; that of before is as it is.
    assert_eq!(measured.within(&shop.world, "market-follow-maker", 2, 4), 9);
}
