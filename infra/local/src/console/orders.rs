//! The market's orders, and where the money of each is: as the order says, as the ledger says and as Stripe
//! says.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use enishi_market::order::StoredOrder;
use enishi_shared::payments::Payment;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    Answer,
    flow::flow,
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
    let stored: StoredOrder = read(order)?;
    let payment: Option<Payment> = ledger.as_ref().map(read).transpose()?;
    let intent = payment
        .as_ref()
        .and_then(|one| one.stripe.payment_intent.as_deref());
    let stripe = intent.and_then(|intent| stack.stripe().money_of(intent));
    Ok(Json(json!({
        "order": order, "contents": with("CONTENTS"), "steps": steps,
        "flow": flow(&stored.order, payment.as_ref(), stripe.as_ref()),
        "payment": ledger, "stripe": stripe,
    })))
}

fn read<T: DeserializeOwned>(row: &Value) -> Result<T, (StatusCode, String)> {
    T::deserialize(row).map_err(|error| failed(error.to_string()))
}

fn is_step(row: &Value) -> bool {
    row["sk"].as_str().is_some_and(|sk| sk.starts_with("STEP#"))
}
