//! What is charged is transfers, fees, refunds and lost disputes, less what makers owe, to the yen.

use std::io::{Write as _, stderr};

use enishi_local::stripe::Balance;
use enishi_market::order::state::{ParcelState, Transfer};
use enishi_shared::app::Random;
use serde_json::json;

use super::shop::{Bought, DAY, Shop};

/// How many orders each seed has.
const ORDERS: usize = 10;
const SEEDS: u64 = 4;

struct Draw(Random);

impl Draw {
    fn below(&self, bound: usize) -> usize {
        (u32::from_le_bytes(self.0.bytes()) as usize) % bound
    }
}

/// Something that may be done with any order at any time; what does not apply is refused with 409.
async fn something(draw: &Draw, shop: &mut Shop, orders: &[Bought], disputes: &mut Vec<String>) {
    let order = &orders[draw.below(orders.len())];
    let (id, seller) = (&order.id, draw.below(3));
    let stripe = shop.world.stack.stripe();
    let answer = match draw.below(14) {
        0..=3 => shop.ship(id, seller).await,
        4 | 5 => shop.says("received", id, seller).await,
        6 => shop.says("report", id, seller).await,
        7 => shop.says("cancel", id, seller).await,
        8 => shop.refund(id, seller).await,
        9 => {
            let operator = shop.world.operator().await;
            let path = format!("/api/operator/transactions/{id}/refund");
            let maker_id = &shop.sellers[seller].person.id;
            let body = json!({"maker_id": maker_id, "reason": "x"});
            shop.world.post(&operator, &path, body).await
        }
        10 => {
            if let Ok(dispute) = stripe.dispute(&order.session, None, "fraudulent") {
                disputes.push(dispute);
            }
            return;
        }
        11 => {
            if let Some(dispute) = disputes.pop() {
                stripe.decide_dispute(&dispute, draw.below(2) == 0).unwrap();
            }
            return;
        }
        12 => return stripe.pay_out(&shop.sellers[seller].account).unwrap(),
        _ => {
            shop.later(DAY * (1 + draw.below(8) as i32)).await;
            return shop.sweep().await;
        }
    };
    let status = answer.status.as_u16();
    assert!(
        matches!(status, 200 | 404 | 409),
        "{status}: {}",
        answer.text
    );
}

/// All that waits comes to its end.
async fn end(draw: &Draw, shop: &mut Shop, orders: &[Bought], disputes: Vec<String>) {
    let stripe = shop.world.stack.stripe();
    for dispute in disputes {
        stripe.decide_dispute(&dispute, draw.below(2) == 0).unwrap();
    }
    stripe.deliver().await;
    shop.world.stack.settle().await;
    let operator = shop.world.operator().await;
    for order in orders {
        for seller in &shop.sellers {
            let body = json!({
                "transaction_id": order.id, "maker_id": seller.person.id, "reason": "x",
            });
            let token = Some(operator.access_token.as_str());
            let path = "/api/operator/reports";
            shop.world.call("PUT", path, token, Some(body)).await;
        }
    }
    for _ in 0..4 {
        shop.later(DAY * 15).await;
        for _ in 0..2 {
            shop.sweep().await;
        }
    }
}

/// Ten orders of one to three makers, and what is done with them. Answers the line that adds up.
async fn adds_up(seed: u64) -> String {
    let draw = Draw(Random::from_seed(seed));
    let mut shop = Shop::open(3).await;
    let mut orders = Vec::new();
    let mut disputes = Vec::new();
    for _ in 0..ORDERS {
        let first = draw.below(3);
        let lines: Vec<(usize, u32)> = (0..=draw.below(3))
            .map(|more| ((first + more) % 3, 1 + draw.below(3) as u32))
            .collect();
        orders.push(shop.paid(&lines).await);
        for _ in 0..draw.below(6) {
            something(&draw, &mut shop, &orders, &mut disputes).await;
            shop.world.stack.stripe().deliver().await;
            shop.world.stack.settle().await;
        }
    }
    for _ in 0..40 {
        something(&draw, &mut shop, &orders, &mut disputes).await;
        shop.world.stack.stripe().deliver().await;
        shop.world.stack.settle().await;
    }
    end(&draw, &mut shop, &orders, disputes).await;

    let (mut fees, mut debts, mut lost, mut charged) = (0, 0, 0, 0);
    for order in &orders {
        let payment = shop.payment(&order.id).await;
        lost += payment.amount_lost();
        charged += payment.amount;
        let stored = shop.stored(&order.id).await;
        assert_eq!(stored.order.due(), None, "seed {seed}: {stored:?}");
        for parcel in &stored.order.parcels {
            debts += i64::try_from(parcel.owed).unwrap();
            match parcel.state {
                ParcelState::Complete => {
                    assert_eq!(parcel.transfer, Transfer::Done, "seed {seed}: {stored:?}");
                    fees += i64::try_from(parcel.fee).unwrap();
                }
                ParcelState::Refunded => {}
                _ => panic!("seed {seed}: {stored:?}"),
            }
        }
    }
    let Balance {
        paid,
        refunded,
        passed_on,
        disputed,
        platform,
    } = shop.world.stack.stripe().balance();
    assert_eq!((charged, lost), (paid, disputed), "seed {seed}");
    assert_eq!(
        charged,
        passed_on + fees + refunded + lost - debts,
        "seed {seed}"
    );
    assert_eq!(platform, fees - debts, "seed {seed}");
    shop.world.nothing_given_up();
    format!(
        " {seed:4} {charged:8} = {passed_on:7} transfers + {fees:5} fees + {refunded:7} refunds + \
         {lost:6} lost disputes - {debts:5} debts"
    )
}

#[tokio::test]
async fn what_is_charged_adds_up() {
    let mut lines = String::from("\n seed  charged\n");
    for seed in 0..SEEDS {
        lines += &adds_up(seed).await;
        lines.push('\n');
    }
    stderr().write_all(lines.as_bytes()).unwrap();
}
