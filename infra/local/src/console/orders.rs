//! The market's orders, and where the money of each is: as the order says, as the ledger says and as Stripe
//! says.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{
    Answer,
    tables::{partition, with_sort_key},
};
use crate::stack::Stack;

/// How many are listed.
const MOST: usize = 2_000;

fn table<'a>(stack: &'a Stack, variable: &str, usual: &'a str) -> &'a str {
    let environment = stack.environment().get("MarketSettle");
    let named = environment.and_then(|environment| environment.get(variable));
    named.map_or(usual, String::as_str)
}

fn failed(sentence: String) -> (StatusCode, String) {
    (StatusCode::BAD_GATEWAY, sentence)
}

fn amount(of: &Value, name: &str) -> i64 {
    of[name].as_i64().unwrap_or_default()
}

/// The orders, the newest first.
pub async fn orders(State(stack): State<Stack>) -> Answer<Value> {
    let market = table(&stack, "MARKET_TABLE", "MarketTable");
    let mut orders = with_sort_key(&stack, market, "ORDER", MOST).map_err(failed)?;
    orders.sort_by_key(|order| std::cmp::Reverse(order["order_id"].as_str().map(str::to_owned)));
    let shown = orders.iter().map(|order| {
        let parcels = order["parcels"].as_array().into_iter().flatten();
        let sums =
            parcels.map(|parcel| amount(parcel, "items_amount") + amount(parcel, "shipping_fee"));
        json!({
            "order_id": order["order_id"], "user_id": order["user_id"], "sale": order["sale"],
            "created_at": order["created_at"], "amount": sums.sum::<i64>(),
            "parcels": order["parcels"].as_array().map(Vec::len),
        })
    });
    Ok(Json(shown.collect()))
}

/// One of them, with what was bought, its steps, its payment and the money.
pub async fn order(State(stack): State<Stack>, Path(id): Path<String>) -> Answer<Value> {
    let market = table(&stack, "MARKET_TABLE", "MarketTable");
    let rows = partition(&stack, market, &format!("ORDER#{id}"), 200).map_err(failed)?;
    let with = |sk: &str| rows.iter().find(|row| row["sk"] == sk);
    let Some(order) = with("ORDER") else {
        return Err((StatusCode::NOT_FOUND, "there is no such order".to_owned()));
    };
    // The rows come with the last step first.
    let mut steps: Vec<&Value> = rows.iter().rev().filter(|row| is_step(row)).collect();
    steps.sort_by_key(|step| step["at"].as_str());
    let payments = table(&stack, "PAYMENTS_TABLE", "PaymentsTable");
    let payer = format!("PAYER#{}", order["user_id"].as_str().unwrap_or_default());
    let ledger = partition(&stack, payments, &payer, 1_000).map_err(failed)?;
    let ledger = ledger
        .into_iter()
        .find(|one| one["payment_id"] == order["payment_id"]);
    let intent = ledger
        .as_ref()
        .and_then(|one| one["payment_intent"].as_str());
    let stripe = intent.and_then(|intent| stack.stripe().money_of(intent));
    Ok(Json(json!({
        "order": order, "contents": with("CONTENTS"), "steps": steps,
        "flow": flow(order, ledger.as_ref(), stripe.as_ref()),
        "payment": ledger, "stripe": stripe,
    })))
}

fn is_step(row: &Value) -> bool {
    row["sk"].as_str().is_some_and(|sk| sk.starts_with("STEP#"))
}

/// What was charged, and each place where a part of it is, with what the order, the ledger and Stripe say of
/// it. It adds up where all that say something say the same, and the parts come to the whole.
fn flow(order: &Value, ledger: Option<&Value>, stripe: Option<&Value>) -> Value {
    let parcels = || order["parcels"].as_array().into_iter().flatten();
    let price = |parcel: &Value| amount(parcel, "items_amount") + amount(parcel, "shipping_fee");
    let asked: i64 = parcels().map(price).sum();
    let fees: i64 = parcels().map(|parcel| amount(parcel, "fee")).sum();
    let members = |name: &str| {
        let members = ledger.and_then(|ledger| ledger[name].as_object());
        members.into_iter().flatten().map(|(_, value)| value)
    };
    let is_made = |one: &&Value| one["id"].is_string();
    let passed_on: i64 = members("transfers")
        .filter(is_made)
        .map(|one| amount(one, "amount") - amount(&one["reversal"], "reversed"))
        .sum();
    let disputed: i64 = members("disputes")
        .filter(|one| one["state"] != "won")
        .map(|one| amount(one, "amount"))
        .sum();
    let is_paid = stripe.is_some();
    let charged = ledger
        .filter(|_| is_paid)
        .map(|ledger| amount(ledger, "amount"));
    let refunded = ledger.map(|ledger| amount(ledger, "amount_refunded"));
    let left = |charged: i64| charged - refunded.unwrap_or_default() - passed_on - disputed;
    let of_stripe = |name: &str| stripe.map(|stripe| amount(stripe, name));
    let rows = [
        (
            "charged",
            is_paid.then_some(asked),
            charged,
            of_stripe("paid"),
        ),
        ("given back", None, refunded, of_stripe("refunded")),
        (
            "to the makers",
            None,
            Some(passed_on),
            of_stripe("passed_on"),
        ),
        ("disputed", None, Some(disputed), of_stripe("disputed")),
        (
            "with the house",
            None,
            charged.map(left),
            of_stripe("platform"),
        ),
    ];
    let agrees = |said: [Option<i64>; 3]| {
        let mut said = said.into_iter().flatten();
        let first = said.next();
        said.all(|other| Some(other) == first)
    };
    let parts = ["refunded", "passed_on", "disputed", "platform"];
    let whole = stripe.is_none_or(|stripe| {
        parts.iter().map(|part| amount(stripe, part)).sum::<i64>() == amount(stripe, "paid")
    });
    let all = rows
        .iter()
        .all(|(_, order, ledger, stripe)| agrees([*order, *ledger, *stripe]));
    let rows = rows.iter().map(|(name, order, ledger, stripe)| {
        json!({
            "name": name, "order": order, "ledger": ledger, "stripe": stripe,
            "agrees": agrees([*order, *ledger, *stripe]),
        })
    });
    json!({
        "rows": rows.collect::<Vec<_>>(), "asked": asked, "fees": fees, "paid": is_paid,
        "adds_up": !is_paid || (all && whole),
    })
}
