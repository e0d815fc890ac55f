//! A customer's bank takes the money back, and decides.

use serde_json::json;

use super::shop::{DAY, SECOND, Shop};
use crate::visits::people::holds;

/// One parcel has come and was passed on, one is on its way, one is to be sent; then the bank takes it all.
async fn disputed() -> (Shop, String, String) {
    let shop = Shop::open(3).await;
    let order = shop.paid(&[(0, 1), (1, 1), (2, 1)]).await;
    for seller in [0, 1] {
        shop.ship(&order.id, seller).await.expect(200);
    }
    shop.says("received", &order.id, 0).await.expect(200);
    assert_eq!(shop.moved(), (3_450, 0));
    let stripe = shop.world.stack.stripe();
    let dispute = stripe.dispute(&order.session, None, "fraudulent").unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    (shop, order.id, dispute)
}

async fn decide(shop: &Shop, dispute: &str, won: bool) {
    let stripe = shop.world.stack.stripe();
    stripe.decide_dispute(dispute, won).unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
}

#[tokio::test]
async fn nothing_moves_while_a_dispute_stands_and_all_goes_on_when_it_is_won() {
    let (mut shop, id, dispute) = disputed().await;
    assert_eq!(shop.troubles().await, ["dispute"]);
    let refuse = async |shop: &Shop| {
        let operator = shop.world.operator().await;
        let path = format!("/api/operator/transactions/{id}/refund");
        let body = json!({"maker_id": shop.sellers[1].person.id, "reason": "x"});
        for answer in [
            shop.ship(&id, 2).await,
            shop.says("received", &id, 1).await,
            shop.says("cancel", &id, 2).await,
            shop.refund(&id, 1).await,
            shop.world.post(&operator, &path, body).await,
        ] {
            let answer = answer.expect_error(409, "conflict", &[]);
            assert_eq!(answer.text("message"), "a dispute stands");
        }
    };
    refuse(&shop).await;
    shop.later(DAY * 40).await;
    shop.sweep().await;
    refuse(&shop).await;
    assert_eq!(shop.moved(), (3_450, 0));

    decide(&shop, &dispute, true).await;
    assert!(shop.troubles().await.is_empty());
    // Whoever could not send it has all of the time for it once more.
    shop.sweep().await;
    assert_eq!(shop.parcel(&id, 2).await, "Paid");
    assert_eq!(shop.parcel(&id, 1).await, "Complete");
    assert_eq!(shop.moved(), (3_450 + 1_531, 0));
    shop.later(DAY * 14 - SECOND).await;
    shop.sweep().await;
    assert_eq!(shop.parcel(&id, 2).await, "Paid");
    shop.ship(&id, 2).await.expect(200);
    shop.says("received", &id, 2).await.expect(200);
    assert_eq!(shop.status(&id).await, "Complete");
    assert_eq!(shop.moved(), (3_450 + 1_531 + 1_339, 0));
    shop.world.nothing_given_up();
}

#[tokio::test]
async fn what_is_lost_is_refunded_by_the_bank_alone_and_taken_back_from_its_makers() {
    let (mut shop, id, dispute) = disputed().await;
    decide(&shop, &dispute, false).await;
    assert_eq!(shop.status(&id).await, "Refunded");
    assert_eq!(shop.moved(), (0, 0));
    let balance = shop.world.stack.stripe().balance();
    assert_eq!(
        (balance.paid, balance.disputed, balance.platform),
        (7_021, 7_021, 0)
    );
    assert!(shop.troubles().await.is_empty());
    for person in shop
        .sellers
        .iter()
        .map(|seller| &seller.person)
        .chain([&shop.customer])
    {
        assert!(holds(&shop.world, person).is_empty());
    }
    shop.ship(&id, 2).await.expect(409);
    shop.refund(&id, 2).await.expect(200);
    shop.later(DAY * 40).await;
    shop.sweep().await;
    assert_eq!(shop.moved(), (0, 0));
    assert!(shop.payment(&id).await.refunds.is_empty());
    shop.world.nothing_given_up();
}

#[tokio::test]
async fn what_a_maker_lacks_of_what_is_lost_is_a_debt() {
    let (shop, id, dispute) = disputed().await;
    shop.world
        .stack
        .stripe()
        .pay_out(&shop.sellers[0].account)
        .unwrap();
    decide(&shop, &dispute, false).await;
    assert_eq!(shop.status(&id).await, "Refunded");
    assert_eq!(shop.troubles().await, ["debt"]);
    assert_eq!(shop.moved(), (3_450, 0));
}
