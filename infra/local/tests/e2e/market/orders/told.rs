//! In whatever order payments tell of themselves, and however often, an order ends in the same state.

use enishi_market::order::state::Status;
use enishi_shared::payments::{self, Sight};

use super::*;
use crate::{support::permutations, visits::money::silence};

/// What happens to a Checkout before anybody hears of it, and how the order ends.
#[derive(Clone, Copy, Debug)]
enum Life {
    Paid,
    SlipPaid,
    SlipNeverPaid,
    Expired,
}

impl Life {
    const ALL: [Self; 4] = [
        Self::Paid,
        Self::SlipPaid,
        Self::SlipNeverPaid,
        Self::Expired,
    ];

    fn ends(self) -> Status {
        match self {
            Self::Paid | Self::SlipPaid => Status::Paid,
            Self::SlipNeverPaid | Self::Expired => Status::Expired,
        }
    }

    /// How the payment stands in turn, as the ledger may see it.
    fn steps(self) -> Vec<&'static str> {
        match self {
            Self::Paid => vec!["settled"],
            Self::SlipPaid => vec!["processing", "settled"],
            Self::SlipNeverPaid => vec!["processing", "failed"],
            Self::Expired => vec!["expired"],
        }
    }
}

/// Every order of what is told, each told twice, while the ledger stands at each place in turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_what_payments_tell_ends_the_same() {
    let mut orders = 0;
    for life in Life::ALL {
        let kinds = [
            "payment.processing",
            "payment.settled",
            "payment.failed",
            "payment.expired",
        ];
        // What the life announces, doubled; and a stray repetition of what it never was.
        let told: Vec<&str> = life
            .steps()
            .iter()
            .flat_map(|step| [*step, *step])
            .collect();
        let world = World::new().await;
        silence(&world);
        let hana = maker(&world, "hana").await;
        let stock = json!({"item_name": "皿", "price": 1_200, "stock": 900});
        let item = add(&world, &hana, stock).await;
        let app = world.app("PaymentsLedger", |_| {});
        let all = permutations(told.len());
        for (nth, order) in all.iter().enumerate() {
            let sora = buyer(&world, nth).await;
            put(&world, &sora, &item, 2).await;
            let bought = buy(&world, &sora).await.expect(201);
            let (id, session) = (bought.text("transaction_id"), session(&bought.body));
            let stripe = world.stack.stripe();
            let (stored, _) = stored(&world, &id).await;
            let follow = async || {
                let known = payments::find(&app, stored.payment_ref()).await.unwrap();
                payments::follow(&app, known, Sight::Nothing, "told")
                    .await
                    .unwrap()
            };
            match life {
                Life::Paid => drop(stripe.pay(&session).unwrap()),
                Life::SlipPaid | Life::SlipNeverPaid => drop(stripe.konbini(&session).unwrap()),
                Life::Expired => {}
            }
            // The ledger may have seen the first step alone when the first event comes.
            let mut payment = follow().await;
            let late = nth % 2 == 0;
            let finish = async || match life {
                Life::SlipPaid => stripe.settle_late(&session, true).unwrap(),
                Life::SlipNeverPaid => stripe.settle_late(&session, false).unwrap(),
                Life::Expired => {
                    payments::expire(&app, stored.payment_ref()).await.unwrap();
                }
                Life::Paid => {}
            };
            for (round, which) in order.iter().enumerate() {
                if round == usize::from(late) {
                    finish().await;
                    payment = follow().await;
                }
                let kind = kinds
                    .iter()
                    .find(|kind| kind.ends_with(told[*which]))
                    .unwrap();
                let event = json!({
                    "source": "enishi.payments", "detail-type": kind,
                    "detail": {"id": "1", "time": "2026-11-20T11:00:00Z", "data": payment.summary()},
                });
                world
                    .stack
                    .lambda()
                    .invoke("MarketSettle", event)
                    .await
                    .unwrap();
            }
            let (ended, _) = super::stored(&world, &id).await;
            assert_eq!(ended.order.status(), life.ends(), "{life:?} {order:?}");
            orders += 1;
        }
        world.stack.settle().await;
        let sold = match life.ends() {
            Status::Paid => 2 * all.len() as i64,
            _ => 0,
        };
        assert_eq!(free(&world, &item), 900 - sold, "{life:?}");
        assert!(items(&world, "HELD#").is_empty());
        world.nothing_given_up();
    }
    eprintln!("{orders} orders, each told of its payment in its own order");
}
