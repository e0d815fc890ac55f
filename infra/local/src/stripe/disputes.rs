//! Disputes: a customer's bank takes a card's payment back, until it is decided. No fee is charged for
//! one, there are no inquiries, and nobody reads evidence.

use serde_json::{Value, json};

use super::{
    params::Refusal,
    state::{State, number, text},
};

/// How long evidence is waited for, in seconds.
const EVIDENCE_IN: i64 = 9 * 24 * 60 * 60;

/// The customer disputes so much of a charge, all that was not given back where `None`; the dispute's
/// id.
pub fn open(
    state: &mut State,
    charge: &str,
    amount: Option<i64>,
    reason: &str,
) -> Result<String, Refusal> {
    let paid = state.get("charge", charge)?.clone();
    if paid["payment_method_details"]["type"] != "card" {
        return Err(Refusal::invalid("only a card's payment can be disputed"));
    }
    if undecided(state, charge).is_some() {
        return Err(Refusal::invalid("the charge is disputed already"));
    }
    let left = number(&paid, "amount") - number(&paid, "amount_refunded") - taken(state, charge);
    let amount = amount.unwrap_or(left);
    if !(1..=left).contains(&amount) {
        return Err(Refusal::invalid(
            "no more can be disputed than is left of a charge",
        ));
    }
    let id = State::id("du_");
    let dispute = state.make(json!({
        "id": id,
        "object": "dispute",
        "status": "needs_response",
        "amount": amount,
        "currency": paid["currency"],
        "reason": reason,
        "charge": charge,
        "payment_intent": paid["payment_intent"],
        "is_charge_refundable": false,
        "evidence_details": {
            "due_by": state.now.as_second() + EVIDENCE_IN,
            "enhanced_eligibility": {},
            "has_evidence": false,
            "past_due": false,
            "submission_count": 0,
        },
    }));
    state.change("charge", charge, json!({"disputed": true}))?;
    state.emit("charge.dispute.created", &dispute, None);
    state.emit("charge.dispute.funds_withdrawn", &dispute, None);
    Ok(id)
}

/// The bank looks at the evidence.
pub fn review(state: &mut State, id: &str) -> Result<(), Refusal> {
    let dispute = changed(state, id, "under_review")?;
    state.emit("charge.dispute.updated", &dispute, None);
    Ok(())
}

/// The bank decides, for us or for the customer.
pub fn decide(state: &mut State, id: &str, won: bool) -> Result<(), Refusal> {
    let dispute = changed(state, id, if won { "won" } else { "lost" })?;
    if won {
        state.emit("charge.dispute.funds_reinstated", &dispute, None);
    }
    state.emit("charge.dispute.closed", &dispute, None);
    Ok(())
}

fn changed(state: &mut State, id: &str, status: &str) -> Result<Value, Refusal> {
    if !is_undecided(state.get("dispute", id)?) {
        return Err(Refusal::invalid("the dispute is decided"));
    }
    state.change("dispute", id, json!({"status": status}))
}

fn is_undecided(dispute: &Value) -> bool {
    ["needs_response", "under_review"].contains(&text(dispute, "status"))
}

/// The dispute of a charge that is not decided yet.
pub fn undecided<'a>(state: &'a State, charge: &str) -> Option<&'a str> {
    let mut disputes = state.all("dispute").into_iter();
    let dispute = disputes.find(|it| text(it, "charge") == charge && is_undecided(it))?;
    Some(text(dispute, "id"))
}

/// What disputes have taken of a charge, for now or for good.
pub fn taken(state: &State, charge: &str) -> i64 {
    let disputes = state.all("dispute").into_iter();
    disputes
        .filter(|it| text(it, "charge") == charge && text(it, "status") != "won")
        .map(|it| number(it, "amount"))
        .sum()
}
