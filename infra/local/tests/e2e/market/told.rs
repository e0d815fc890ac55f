//! In whatever order Stripe, the ledger and the market tell of an order, and however often, it ends in the same
//! state and with the same sums.

use std::collections::BTreeMap;

use enishi_local::stripe::Event;
use enishi_market::order::state::{Disputes, ParcelState, Sale};
use enishi_shared::app::Random;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    items,
    shop::{Bought, Shop, customer},
};
use crate::{
    support::{World, permutations, text},
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
    /// … and once more, when it has to keep a part.
    WonAndPartlyLost,
}

impl Life {
    const ALL: [Self; 6] = [
        Self::Paid,
        Self::GivenBack,
        Self::Won,
        Self::Lost,
        Self::PassedOnAndLost,
        Self::WonAndPartlyLost,
    ];

    /// How it ends: the parcel, the disputes, and what goes back of [`PRICE`].
    fn ends(self) -> (ParcelState, Disputes, i64) {
        let disputed = |count, lost| Disputes {
            count,
            decided: count,
            lost,
        };
        match self {
            Self::Paid => (ParcelState::Waiting, disputed(0, 0), 0),
            Self::GivenBack => (ParcelState::Refunded, disputed(0, 0), PRICE),
            Self::Won => (ParcelState::Waiting, disputed(1, 0), 0),
            Self::Lost | Self::PassedOnAndLost => (ParcelState::Refunded, disputed(1, 3_833), 0),
            Self::WonAndPartlyLost => (ParcelState::Waiting, disputed(2, 1_000), 0),
        }
    }

    /// The disputes: of how much, and whether they are won.
    fn disputes(self) -> &'static [(Option<i64>, bool)] {
        match self {
            Self::Paid | Self::GivenBack => &[],
            Self::Won => &[(None, true)],
            Self::Lost | Self::PassedOnAndLost => &[(None, false)],
            Self::WonAndPartlyLost => &[(None, true), (Some(1_000), false)],
        }
    }
}

const PRICE: i64 = 3_833;
/// How many orders live each life, each told of in its own order: as many as four things have.
const MANY: usize = 24;
/// Of what is drawn at random.
const SEED: u64 = 15;

/// The ledger hears of all of this kind that Stripe has to tell.
pub async fn ledger_hears(world: &World, kind: &str) {
    for event in world.stack.stripe().events() {
        if event.kind == kind {
            let told = on_the_bus(&event);
            world
                .stack
                .lambda()
                .invoke("PaymentsLedger", told)
                .await
                .unwrap();
        }
    }
}

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

/// What is told of each, in another order for each. Up to four things in all the orders there are, and once more;
/// more of them, each twice, in orders that are drawn.
fn in_every_order<T: Clone>(random: &Random, things: Vec<(String, T)>) -> Vec<T> {
    let mut of_each: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (of, thing) in things {
        of_each.entry(of).or_default().push(thing);
    }
    let mut told = Vec::new();
    for (nth, mut things) in of_each.into_values().enumerate() {
        if things.len() <= 4 {
            let orders = permutations(things.len());
            let order = &orders[nth % orders.len()];
            told.extend(order.iter().chain(order).map(|it| things[*it].clone()));
            continue;
        }
        things.extend(things.clone());
        for last in (1..things.len()).rev() {
            let drawn = u32::from_le_bytes(random.bytes()) as usize;
            things.swap(last, drawn % (last + 1));
        }
        told.extend(things);
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
    let random = Random::from_seed(SEED);
    let mut shop = Shop::open(1).await;
    let mut orders: Vec<Bought> = Vec::new();
    let stripe = shop.world.stack.stripe();
    if !matches!(life, Life::GivenBack | Life::PassedOnAndLost) {
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
        if life == Life::GivenBack {
            let token = Some(shop.sellers[0].person.access_token.as_str());
            let path = format!("/api/sales/{}/refund", order.id);
            shop.world
                .call("POST", &path, token, None)
                .await
                .expect(200);
        }
        for (amount, won) in life.disputes() {
            let dispute = stripe.dispute(&order.session, *amount, "fraudulent");
            stripe.decide_dispute(&dispute.unwrap(), *won).unwrap();
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
    // Nothing has to be told again because it came too early; what is done is told in its turn.
    for _ in 0..3 {
        for event in in_every_order(&random, has_to_tell()) {
            let told = lambda.invoke("PaymentsLedger", on_the_bus(&event)).await;
            told.unwrap();
        }
        for (function, event) in in_every_order(&random, announced(&shop)) {
            lambda.invoke(function, event).await.unwrap();
        }
    }
    // And all of it beside each other.
    for event in in_every_order(&random, has_to_tell()) {
        lambda.invoke_async("PaymentsLedger", on_the_bus(&event));
    }
    shop.world.stack.settle().await;
    for (function, event) in in_every_order(&random, announced(&shop)) {
        lambda.invoke_async(function, event);
    }
    shop.world.stack.settle().await;

    let (state, disputes, back) = life.ends();
    for order in &orders {
        let stored = shop.stored(&order.id).await;
        let parcel = &stored.order.parcels[0];
        assert_eq!(
            (
                stored.order.sale,
                parcel.state,
                stored.order.disputes,
                stored.order.is_asked()
            ),
            (Sale::Sold, state, disputes, false),
            "{life:?}, seed {SEED}: {stored:?}"
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
        "お支払いが取り消されました",
    ];
    let mails = items(&shop.world, "OUTBOX#");
    let told = subjects.map(|subject| {
        let about = mails
            .iter()
            .filter(|row| text(&row["detail"]["S"]).contains(subject));
        about.count()
    });
    let refunded = usize::from(life == Life::GivenBack) * MANY;
    let lost = usize::from(disputes.lost > 0) * MANY;
    assert_eq!(told, [MANY, MANY, refunded, lost], "{life:?}");
    shop.world.nothing_given_up();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_what_is_told_of_an_order_ends_the_same() {
    let lives = stream::iter(Life::ALL).map(lives);
    lives.buffer_unordered(2).collect::<Vec<()>>().await;
    eprintln!(
        "seed {SEED}: {} orders, each told of in its own order",
        MANY * Life::ALL.len()
    );
}

#[tokio::test]
async fn a_dispute_that_is_told_of_before_the_settlement_settles_the_order() {
    let shop = Shop::open(1).await;
    let order = shop.buy(&[(0, 1)]).await;
    silence(&shop.world);
    let stripe = shop.world.stack.stripe();
    stripe.pay(&order.session).unwrap();
    stripe.dispute(&order.session, None, "fraudulent").unwrap();
    let lambda = shop.world.stack.lambda();
    ledger_hears(&shop.world, "charge.dispute.created").await;
    let first = |wanted: &str| {
        let mut all = announced(&shop).into_iter().map(|(_, told)| told);
        all.find(|(function, _)| *function == wanted).unwrap()
    };
    for function in ["MarketPayOut", "MarketSettle", "MarketPayOut"] {
        let (function, event) = first(function);
        lambda.invoke(function, event).await.unwrap();
        let stored = shop.stored(&order.id).await.order;
        assert_eq!((stored.sale, stored.is_frozen()), (Sale::Sold, true));
    }
    shop.world.stack.settle().await;
    assert_eq!(shop.troubles().await, ["dispute"]);
}
