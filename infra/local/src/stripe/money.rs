//! Charges, refunds, transfers and their reversals. There are no fees: what was paid is with the platform,
//! with connected accounts or at their banks, back with the customers, or taken by disputes. What is
//! paid is available at once.

use serde_json::{Value, json};

use super::{
    calls::Execution,
    disputes,
    params::{Params, Refusal},
    state::{State, list, number, shown, text},
};

/// `GET /v1/payment_intents/{id}`, with its charge in full where asked.
pub fn payment_intent(id: &str, full: bool) -> Execution {
    let id = id.to_owned();
    Box::new(move |state| {
        let mut intent = shown(state.get("payment_intent", &id)?);
        if full && let Some(charge) = intent["latest_charge"].as_str() {
            intent["latest_charge"] = shown(state.get("charge", charge)?);
        }
        Ok(intent)
    })
}

/// A PaymentIntent is paid.
pub fn charge(state: &mut State, intent: &str, method: &str) -> Result<(), Refusal> {
    let unpaid = state.get("payment_intent", intent)?.clone();
    let prefix = if method == "card" { "ch_" } else { "py_" };
    let id = State::id(prefix);
    let receipt = format!("{}/receipt/{id}", state.base);
    let charge = state.make(json!({
        "id": id,
        "object": "charge",
        "amount": unpaid["amount"],
        "amount_captured": unpaid["amount"],
        "amount_refunded": 0,
        "currency": unpaid["currency"],
        "paid": true,
        "refunded": false,
        "status": "succeeded",
        "payment_intent": intent,
        "payment_method_details": {"type": method},
        "receipt_url": receipt,
        "transfer_group": unpaid["transfer_group"],
        "metadata": unpaid["metadata"],
    }));
    let fields = json!({
        "status": "succeeded",
        "amount_received": unpaid["amount"],
        "latest_charge": id,
        "last_payment_error": null,
        "_deadline": null,
    });
    let paid = state.change("payment_intent", intent, fields)?;
    state.emit("charge.succeeded", &charge, None);
    state.emit("payment_intent.succeeded", &paid, None);
    Ok(())
}

/// `POST /v1/refunds`.
pub fn refund(asked: &mut Params) -> Result<Execution, Refusal> {
    let intent = asked.required("payment_intent")?;
    let amount = asked.positive("amount")?;
    let metadata = asked.metadata("metadata")?;
    Ok(Box::new(move |state| {
        let paid = state.get("payment_intent", &intent);
        let paid = paid.map_err(|refusal| refusal.named_in("payment_intent"))?;
        let Some(charge) = paid["latest_charge"].as_str().map(str::to_owned) else {
            return Err(Refusal::invalid(format!(
                "This PaymentIntent ({intent}) does not have a successful charge to refund."
            )));
        };
        let paid = state.get("charge", &charge)?.clone();
        let left = number(&paid, "amount") - number(&paid, "amount_refunded");
        if left == 0 {
            return Err(
                Refusal::invalid(format!("Charge {charge} has already been refunded."))
                    .code("charge_already_refunded"),
            );
        }
        if disputes::taken(state, &charge) > 0 {
            return Err(
                Refusal::invalid(format!("Charge {charge} has been charged back."))
                    .code("charge_disputed"),
            );
        }
        let amount = amount.unwrap_or(left);
        if amount > left {
            return Err(Refusal::invalid(format!(
                "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            ))
            .param("amount"));
        }
        // For konbini the customer is asked for a bank account first.
        let card = paid["payment_method_details"]["type"] == "card";
        let refund = state.make(json!({
            "id": State::id(if card { "re_" } else { "pyr_" }),
            "object": "refund",
            "status": if card { "succeeded" } else { "requires_action" },
            "amount": amount,
            "currency": paid["currency"],
            "payment_intent": intent,
            "charge": charge,
            "metadata": metadata,
            "failure_reason": null,
        }));
        let changed = refunded(state, &charge, amount)?;
        state.emit("refund.created", &refund, None);
        state.emit("charge.refunded", &changed, None);
        Ok(shown(&refund))
    }))
}

/// Counts `more` to what was refunded of a charge.
fn refunded(state: &mut State, charge: &str, more: i64) -> Result<Value, Refusal> {
    let paid = state.get("charge", charge)?;
    let sum = number(paid, "amount_refunded") + more;
    let all = sum == number(paid, "amount");
    state.change(
        "charge",
        charge,
        json!({"amount_refunded": sum, "refunded": all}),
    )
}

/// A refund that waits for the customer's bank account arrives, or comes back.
pub fn settle_refund(state: &mut State, id: &str, arrives: bool) -> Result<(), Refusal> {
    let refund = state.get("refund", id)?.clone();
    if text(&refund, "status") != "requires_action" {
        return Err(Refusal::invalid("the refund waits for nothing"));
    }
    let (fields, kind) = if arrives {
        (json!({"status": "succeeded"}), "refund.updated")
    } else {
        refunded(state, text(&refund, "charge"), -number(&refund, "amount"))?;
        let fields = json!({"status": "failed", "failure_reason": "expired_or_canceled_card"});
        (fields, "refund.failed")
    };
    let refund = state.change("refund", id, fields)?;
    state.emit(kind, &refund, None);
    Ok(())
}

/// `POST /v1/transfers`.
pub fn transfer(asked: &mut Params) -> Result<Execution, Refusal> {
    let amount = asked.positive("amount")?;
    let amount = amount.ok_or_else(|| Params::missing("amount"))?;
    let currency = asked.required("currency")?;
    let destination = asked.required("destination")?;
    let source = asked.take("source_transaction");
    let group = asked.take("transfer_group");
    let metadata = asked.metadata("metadata")?;
    Ok(Box::new(move |state| {
        let account = state.get("account", &destination);
        let account = account.map_err(|refusal| refusal.named_in("destination"))?;
        if account["capabilities"]["transfers"] != "active" {
            return Err(Refusal::invalid(
                "Your destination account needs to have the `transfers` capability enabled.",
            )
            .code("insufficient_capabilities_for_transfer"));
        }
        let group = match &source {
            Some(source) => covered(state, source, amount, &currency, group)?,
            None => {
                if amount > platform(state) {
                    return Err(insufficient());
                }
                group.into()
            }
        };
        let id = State::id("tr_");
        let transfer = state.make(json!({
            "id": id,
            "object": "transfer",
            "reversals": list(&format!("/v1/transfers/{id}/reversals"), Vec::new(), false),
            "amount": amount,
            "amount_reversed": 0,
            "reversed": false,
            "currency": currency,
            "destination": destination,
            "source_transaction": source,
            "transfer_group": group,
            "metadata": metadata,
        }));
        state.emit("transfer.created", &transfer, None);
        Ok(shown(&transfer))
    }))
}

/// Whether a charge has so much left to be passed on; the transfer's group then.
fn covered(
    state: &State,
    source: &str,
    amount: i64,
    currency: &str,
    group: Option<String>,
) -> Result<Value, Refusal> {
    let charge = state.get("charge", source);
    let charge = charge.map_err(|refusal| refusal.named_in("source_transaction"))?;
    if text(charge, "currency") != currency {
        return Err(Refusal::invalid(
            "The currency of source_transaction's balance transaction must be the same as the \
             transfer currency",
        )
        .param("currency"));
    }
    let left = number(charge, "amount")
        - number(charge, "amount_refunded")
        - disputes::taken(state, source);
    let passed: i64 = state
        .all("transfer")
        .into_iter()
        .filter(|transfer| text(transfer, "source_transaction") == source)
        .map(|transfer| number(transfer, "amount") - number(transfer, "amount_reversed"))
        .sum();
    if amount > left - passed {
        return Err(Refusal::invalid(format!(
            "Transfers using this transaction as a source must not exceed the source amount of \
             {left}. (There is already {passed} transferred using this source_transaction.)"
        ))
        .param("amount"));
    }
    Ok(group.map_or_else(|| charge["transfer_group"].clone(), Value::from))
}

fn insufficient() -> Refusal {
    Refusal::invalid("You have insufficient available funds in your Stripe account.")
        .code("balance_insufficient")
}

/// `POST /v1/transfers/{id}/reversals`.
pub fn reverse(id: &str, asked: &mut Params) -> Result<Execution, Refusal> {
    let id = id.to_owned();
    let amount = asked.positive("amount")?;
    let metadata = asked.metadata("metadata")?;
    Ok(Box::new(move |state| {
        let transfer = state.get("transfer", &id)?.clone();
        let reversed = number(&transfer, "amount_reversed");
        let left = number(&transfer, "amount") - reversed;
        let amount = amount.unwrap_or(left);
        if left == 0 || amount > left {
            return Err(Refusal::invalid(format!(
                "Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})"
            ))
            .param("amount"));
        }
        if amount > held(state, text(&transfer, "destination")) {
            return Err(insufficient());
        }
        let reversal = state.make(json!({
            "id": State::id("trr_"),
            "object": "transfer_reversal",
            "amount": amount,
            "currency": transfer["currency"],
            "transfer": id,
            "metadata": metadata,
        }));
        let mut reversals = transfer["reversals"].clone();
        if let Some(data) = reversals["data"].as_array_mut() {
            data.insert(0, shown(&reversal));
        }
        let fields = json!({
            "amount_reversed": reversed + amount,
            "reversed": amount == left,
            "reversals": reversals,
        });
        let transfer = state.change("transfer", &id, fields)?;
        state.emit("transfer.reversed", &transfer, None);
        Ok(shown(&reversal))
    }))
}

/// `GET /v1/balance`, of the platform or of a connected account. Everything is in yen here.
pub fn balance(account: Option<&str>) -> Execution {
    let account = account.map(str::to_owned);
    Box::new(move |state| {
        let available = match &account {
            Some(account) => {
                state.get("account", account)?;
                held(state, account)
            }
            None => platform(state),
        };
        let amount = |amount: i64| json!([{"amount": amount, "currency": "jpy"}]);
        Ok(json!({
            "object": "balance",
            "available": amount(available),
            "pending": amount(0),
            "livemode": false,
        }))
    })
}

/// A connected account's money goes to its bank.
pub fn pay_out(state: &mut State, account: &str) -> Result<(), Refusal> {
    state.get("account", account)?;
    let amount = held(state, account);
    if amount > 0 {
        let id = State::id("po_");
        state.make(json!({"id": id, "object": "_payout", "amount": amount, "account": account}));
    }
    Ok(())
}

/// What was passed on to connected accounts and not taken back: to all of them, or to one.
pub fn passed_on(state: &State, account: Option<&str>) -> i64 {
    let to = |transfer: &&Value| account.is_none_or(|id| text(transfer, "destination") == id);
    let transfers = state.all("transfer").into_iter().filter(to);
    transfers
        .map(|transfer| number(transfer, "amount") - number(transfer, "amount_reversed"))
        .sum()
}

/// What a connected account has: what was passed on to it and is not at its bank.
pub fn held(state: &State, account: &str) -> i64 {
    let payouts = state.all("_payout").into_iter();
    let mine = payouts.filter(|payout| text(payout, "account") == account);
    let paid_out: i64 = mine.map(|payout| number(payout, "amount")).sum();
    passed_on(state, Some(account)) - paid_out
}

/// What disputes have taken, for now or for good.
pub fn disputed(state: &State) -> i64 {
    let charges = state.all("charge").into_iter();
    charges
        .map(|it| disputes::taken(state, text(it, "id")))
        .sum()
}

/// What the platform has.
fn platform(state: &State) -> i64 {
    charges(state, "amount")
        - charges(state, "amount_refunded")
        - passed_on(state, None)
        - disputed(state)
}

/// The sum of a number field over all charges.
pub fn charges(state: &State, field: &str) -> i64 {
    let all = state.all("charge");
    all.iter().map(|charge| number(charge, field)).sum()
}
