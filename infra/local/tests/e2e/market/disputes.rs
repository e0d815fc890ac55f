//! A customer's bank takes the money back, and decides.

use enishi_market::order::state::Parcel;
use serde_json::json;

use super::shop::{Bought, DAY, SECOND, Shop};
use crate::visits::people::holds;

/// One parcel has come and was passed on, one is on its way, one is to be sent; then the bank takes it all.
async fn disputed() -> (Shop, String, String) {
    let (shop, order, dispute) = disputed_of(None).await;
    (shop, order.id, dispute)
}

/// … or so much of it.
async fn disputed_of(amount: Option<i64>) -> (Shop, Bought, String) {
    let shop = Shop::open(3).await;
    let order = shop.paid(&[(0, 1), (1, 1), (2, 1)]).await;
    for seller in [0, 1] {
        shop.ship(&order.id, seller).await.expect(200);
    }
    shop.says("received", &order.id, 0).await.expect(200);
    assert_eq!(shop.moved(), (3_450, 0));
    let stripe = shop.world.stack.stripe();
    let dispute = stripe
        .dispute(&order.session, amount, "fraudulent")
        .unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    (shop, order, dispute)
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
    for seller in &shop.sellers {
        let letters = shop.mails(&seller.person);
        let last = letters.last().unwrap();
        assert_eq!(last.subject, "お支払いが取り消されました");
        let text = last.text.clone().unwrap();
        assert!(text.contains("取り消された金額: "), "{text}");
    }
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

#[tokio::test]
async fn a_part_that_is_lost_is_borne_by_all_parcels_and_what_is_left_of_them_goes_on() {
    let (shop, order, dispute) = disputed_of(Some(1_000)).await;
    let id = &order.id;
    decide(&shop, &dispute, false).await;
    let stripe = shop.world.stack.stripe();
    let stored = async || shop.stored(id).await.order;
    let sum = async |of: fn(&Parcel) -> u64| {
        let sum: u64 = stored().await.parcels.iter().map(of).sum();
        i64::try_from(sum).unwrap()
    };
    assert_eq!(sum(|parcel| parcel.lost).await, 1_000);
    let lost: Vec<u64> = stored().await.parcels.iter().map(|it| it.lost).collect();
    assert!(lost.iter().all(|lost| *lost > 200), "{lost:?}");
    let share = async |seller: usize| {
        let maker_id = shop.sellers[seller].person.id.parse().unwrap();
        i64::try_from(stored().await.parcel(maker_id).unwrap().share()).unwrap()
    };
    // Of what was passed on a part has come back.
    assert!(share(0).await < 3_450);
    assert_eq!(shop.moved(), (share(0).await, 0));
    shop.ship(id, 2).await.expect(200);
    for seller in [1, 2] {
        shop.says("received", id, seller).await.expect(200);
    }
    assert_eq!(shop.status(id).await, "Complete");
    let shares = sum(Parcel::share).await;
    assert_eq!(shop.moved(), (shares, 0));
    let kept = sum(Parcel::kept).await;
    assert_eq!(7_021, shares + kept + 1_000);
    assert_eq!(stripe.balance().platform, kept);

    // What is left of one is to be given back. Its maker's money comes back; Stripe refunds nothing of a charge that
    // was charged back, so the customer's waits for an operator.
    let back = shares - share(0).await;
    shop.refund(id, 0).await.expect(200);
    assert_eq!(shop.moved(), (back, 0));
    assert_eq!(shop.troubles().await, ["refund_failed"]);

    // A second dispute of all the rest stops it again, and takes it.
    let again = stripe.dispute(&order.session, None, "general").unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    let answer = shop.refund(id, 1).await;
    let answer = answer.expect_error(409, "conflict", &[]);
    assert_eq!(answer.text("message"), "a dispute stands");
    decide(&shop, &again, false).await;
    assert_eq!(shop.status(id).await, "Refunded");
    assert_eq!(shop.moved(), (0, 0));
    assert_eq!(stripe.balance().disputed, 7_021);
    assert_eq!(stripe.balance().platform, 0);
    assert!(shop.troubles().await.is_empty());
    shop.world.nothing_given_up();
}

#[tokio::test]
async fn a_second_dispute_after_one_that_was_won_keeps_parcels_from_being_sent_again() {
    let (shop, order, dispute) = disputed_of(None).await;
    decide(&shop, &dispute, true).await;
    let stripe = shop.world.stack.stripe();
    let again = stripe.dispute(&order.session, None, "general").unwrap();
    stripe.deliver().await;
    shop.world.stack.settle().await;
    assert_eq!(shop.troubles().await, ["dispute"]);
    let answer = shop.ship(&order.id, 2).await;
    answer.expect_error(409, "conflict", &[]);
    decide(&shop, &again, true).await;
    shop.ship(&order.id, 2).await.expect(200);
    shop.world.nothing_given_up();
}
