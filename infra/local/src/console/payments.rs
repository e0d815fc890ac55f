//! What Stripe knows of payments, and what customers, their banks and Stripe's dashboard can do about them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use crate::{
    journal::{self, Kind},
    stack::Stack,
};

/// Where all the money is, and every payment, the newest first.
pub async fn payments(State(stack): State<Stack>) -> Json<Value> {
    let balance = stack.stripe().balance();
    Json(json!({
        "balance": {
            "paid": balance.paid, "refunded": balance.refunded, "passed_on": balance.passed_on,
            "disputed": balance.disputed, "platform": balance.platform,
        },
        "payments": stack.stripe().shown_payments(),
    }))
}

/// How much, where not all of it.
#[derive(Deserialize)]
pub struct Amount {
    amount: Option<i64>,
}

/// Does it: to a Checkout (`cs_…`), a refund (`re_…`, `pyr_…`) or a dispute (`du_…`).
pub async fn act(
    State(stack): State<Stack>,
    Path((id, action)): Path<(String, String)>,
    Json(Amount { amount }): Json<Amount>,
) -> Answer<Value> {
    let stripe = stack.stripe();
    let entry = journal::begin(Kind::Hand, || format!("{action} {id}"));
    let done = journal::within_now(entry.clone(), || {
        let nowhere = |(): ()| String::new();
        match action.as_str() {
            "pay" => stripe.pay(&id),
            "konbini" => stripe.konbini(&id),
            "slow" => stripe.pay_slowly(&id),
            "fail" => stripe.fail(&id).map(nowhere),
            "settle" => stripe.settle_late(&id, true).map(nowhere),
            "lapse" => stripe.settle_late(&id, false).map(nowhere),
            "refund" => stripe.refund_by_hand(&id, amount).map(nowhere),
            "dispute" => stripe
                .dispute(&id, amount, "fraudulent")
                .map(|_| String::new()),
            "win" => stripe.decide_dispute(&id, true).map(nowhere),
            "lose" => stripe.decide_dispute(&id, false).map(nowhere),
            "arrive" => stripe.settle_refund(&id, true).map(nowhere),
            "return" => stripe.settle_refund(&id, false).map(nowhere),
            _ => Err("nobody can do that".to_owned()),
        }
    });
    if let Some(entry) = entry {
        entry.answered(
            if done.is_ok() { 200 } else { 409 },
            std::time::Duration::ZERO,
        );
    }
    // Where the browser would go then.
    let url = done.map_err(|sentence| (StatusCode::CONFLICT, sentence))?;
    Ok(Json(json!({"url": url})))
}
