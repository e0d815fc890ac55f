//! In whatever order Stripe, the ledger and the market tell of an order, and however often, it ends in the same
//! state and with the same sums.

use std::collections::BTreeMap;

use enishi_local::stripe::Event;
use enishi_market::order::state::{Dispute, ParcelState, Sale};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    items,
    shop::{Bought, Shop, customer},
};
use crate::{
    support::{permutations, text},
    visits::money::silence,
};

/// What happens to an order that is paid for, before anybody hears of all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Life {
    /// Nothing more.
    Paid,
    /// Its maker gives the money back.
    GivenBack,
    /// The customer's bank takes the money, and has to give it back.
    Won,
    /// … and keeps it.
    Lost,
    /// … of what has come and was passed on.
    PassedOnAndLost,
}

impl Life {
    const ALL: [Self; 5] = [
        Self::Paid,
        Self::GivenBack,
        Self::Won,
        Self::Lost,
        Self::PassedOnAndLost,
    ];

    /// How it ends: the parcel, the dispute, and what goes back of [`PRICE`].
    fn ends(self) -> (ParcelState, Option<Dispute>, i64) {
        match self {
            Self::Paid => (ParcelState::Waiting, None, 0),
            Self::GivenBack => (ParcelState::Refunded, None, PRICE),
            Self::Won => (ParcelState::Waiting, Some(Dispute::Won), 0),
            Self::Lost | Self::PassedOnAndLost => (ParcelState::Refunded, Some(Dispute::Lost), 0),
        }
    }
}

const PRICE: i64 = 3_833;
/// How many orders live each life, each told of in its own order.
const MANY: usize = 24;

/// What Stripe told, as the bus hands it to the ledger.
fn on_the_bus(event: &Event) -> Value {
    let object = &event.body["data"]["object"];
    json!({
        "source": "enishi.payments", "detail-type": format!("stripe.{}", event.kind),
        "detail": {
            "id": event.id, "time": "2026-11-20T11:00:00Z",
            "data": {
                "type": event.kind, "object": object["object"], "object_id": object["id"],
            },
        },
    })
}

/// What is told of each, in another order for each, as far as there are so many, and all of it once more.
fn in_every_order<T: Clone>(things: Vec<(String, T)>) -> Vec<T> {
    let mut of_each: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (of, thing) in things {
        of_each.entry(of).or_default().push(thing);
    }
    let mut told = Vec::new();
    for (nth, things) in of_each.values().enumerate() {
        // More than five of one have too many orders: these are told after one another.
        for things in things.chunks(5) {
            let orders = permutations(things.len());
            let order = &orders[nth * orders.len() / MANY % orders.len()];
            told.extend(order.iter().chain(order).map(|it| things[*it].clone()));
        }
    }
    told
}

/// What was announced of orders, and who takes it.
fn announced(shop: &Shop) -> Vec<(String, (&'static str, Value))> {
    let rows = [
        shop.world.items("PaymentsTable"),
        items(&shop.world, "OUTBOX#"),
    ]
    .concat();
    let rows = rows.iter().filter_map(|row| {
        let function = match row["detail_type"]["S"].as_str()? {
            "payment.settled" => "MarketSettle",
            "market.payout_owed"
            | "payment.refunded"
            | "payment.reversed"
            | "payment.disputed"
            | "payment.dispute_won"
            | "payment.dispute_lost" => "MarketPayOut",
            _ => return None,
        };
        let detail: Value = serde_json::from_str(row["detail"]["S"].as_str()?).ok()?;
        let data = &detail["data"];
        let order = text(data.get("reference").unwrap_or(&data["order_id"]));
        Some((order, (function, json!({"detail": detail}))))
    });
    rows.collect()
}

async fn lives(life: Life) {
    let mut shop = Shop::open(1).await;
    let mut orders: Vec<Bought> = Vec::new();
    let stripe = shop.world.stack.stripe();
    if matches!(life, Life::Paid | Life::Won | Life::Lost) {
        silence(&shop.world);
    }
    for number in 0..MANY {
        shop.customer = customer(&shop.world, &format!("sora{number}")).await;
        let order = shop.buy(&[(0, 1)]).await;
        stripe.pay(&order.session).unwrap();
        shop.world.stack.settle().await;
        if life == Life::PassedOnAndLost {
            shop.ship(&order.id, 0).await.expect(200);
            shop.says("received", &order.id, 0).await.expect(200);
        }
        orders.push(order);
    }
    silence(&shop.world);
    for order in &orders {
        match life {
            Life::Paid => {}
            Life::GivenBack => {
                let token = Some(shop.sellers[0].person.access_token.as_str());
                let path = format!("/api/sales/{}/refund", order.id);
                shop.world
                    .call("POST", &path, token, None)
                    .await
                    .expect(200);
            }
            Life::Won | Life::Lost | Life::PassedOnAndLost => {
                let dispute = stripe.dispute(&order.session, None, "fraudulent").unwrap();
                stripe.decide_dispute(&dispute, life == Life::Won).unwrap();
            }
        }
    }
    let lambda = shop.world.stack.lambda();
    let has_to_tell = || {
        let events = stripe.events().into_iter();
        let listens = [
            "checkout.session.completed",
            "refund.created",
            "charge.dispute.",
        ];
        let heard = events.filter(|event| listens.iter().any(|kind| event.kind.starts_with(kind)));
        let of = |event: &Event| text(&event.body["data"]["object"]["payment_intent"]);
        let told: Vec<(String, Event)> = heard.map(|event| (of(&event), event)).collect();
        told
    };
    // What fails comes again.
    for _ in 0..3 {
        for event in in_every_order(has_to_tell()) {
            let _ = lambda.invoke("PaymentsLedger", on_the_bus(&event)).await;
        }
        for (function, event) in in_every_order(announced(&shop)) {
            let _ = lambda.invoke(function, event).await;
        }
    }
    // And all of it beside each other.
    for event in in_every_order(has_to_tell()) {
        lambda.invoke_async("PaymentsLedger", on_the_bus(&event));
    }
    shop.world.stack.settle().await;
    for (function, event) in in_every_order(announced(&shop)) {
        lambda.invoke_async(function, event);
    }
    shop.world.stack.settle().await;

    let (state, dispute, back) = life.ends();
    for order in &orders {
        let stored = shop.stored(&order.id).await;
        let parcel = &stored.order.parcels[0];
        assert_eq!(
            (
                stored.order.sale,
                parcel.state,
                stored.order.dispute,
                stored.order.is_asked()
            ),
            (Sale::Sold, state, dispute, false),
            "{life:?}: {stored:?}"
        );
        assert_eq!(
            shop.payment(&order.id).await.amount_refunded,
            back,
            "{life:?}"
        );
    }
    let many = MANY as i64;
    assert_eq!(shop.moved(), (0, many * back), "{life:?}");
    // Everybody was told once.
    let subjects = [
        "ご注文ありがとうございます",
        "商品が売れました",
        "ご返金のお知らせ",
    ];
    let mails = items(&shop.world, "OUTBOX#");
    let told = subjects.map(|subject| {
        let about = mails
            .iter()
            .filter(|row| text(&row["detail"]["S"]).contains(subject));
        about.count()
    });
    let refunded = usize::from(life == Life::GivenBack) * MANY;
    assert_eq!(told, [MANY, MANY, refunded], "{life:?}");
    shop.world.nothing_given_up();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_what_is_told_of_an_order_ends_the_same() {
    let lives = stream::iter(Life::ALL).map(lives);
    lives.buffer_unordered(2).collect::<Vec<()>>().await;
    eprintln!(
        "{} orders, each told of in its own order",
        MANY * Life::ALL.len()
    );
}
