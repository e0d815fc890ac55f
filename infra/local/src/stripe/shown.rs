//! What a developer is shown of payments.

use serde_json::{Value, json};

use super::{
    Stripe, checkout, disputes, money,
    params::Params,
    state::{State, number, text},
};

/// How many payments are shown.
const MOST: usize = 200;

impl Stripe {
    /// Every Checkout with what became of it, and what was charged without one, the newest first.
    pub fn shown_payments(&self) -> Vec<Value> {
        let state = self.lock();
        let mut made: Vec<(u64, Value)> = Vec::new();
        let mut charged = Vec::new();
        for session in state.all("checkout.session") {
            let intent = text(session, "payment_intent");
            let charge = charge_of(&state, intent);
            charged.extend(charge.map(|charge| text(charge, "id").to_owned()));
            let mut shown = json!({
                "id": session["id"], "amount": session["amount_total"], "currency": session["currency"],
                "status": session["status"], "mode": session["mode"], "url": session["url"],
                "created": session["created"], "expires": session["expires_at"],
                "items": session["_items"], "metadata": session["metadata"],
                "reference": session["client_reference_id"],
                "waits": checkout::waits_for(&state, session),
                "konbini": checkout::takes_konbini(session),
            });
            shown["money"] = json!(charge.map(|charge| money_of(&state, charge)));
            made.push((session["_made"].as_u64().unwrap_or_default(), shown));
        }
        for charge in state.all("charge") {
            if !charged.iter().any(|id| id == text(charge, "id")) {
                let shown = json!({
                    "id": charge["id"], "amount": charge["amount"], "currency": charge["currency"],
                    "status": "complete", "mode": "charge", "metadata": charge["metadata"],
                    "money": money_of(&state, charge),
                });
                made.push((charge["_made"].as_u64().unwrap_or_default(), shown));
            }
        }
        made.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        made.into_iter()
            .map(|(_, shown)| shown)
            .take(MOST)
            .collect()
    }

    /// Where a payment's money is, by its PaymentIntent; none before it is paid.
    pub fn money_of(&self, intent: &str) -> Option<Value> {
        let state = self.lock();
        charge_of(&state, intent).map(|charge| money_of(&state, charge))
    }

    /// Gives money back in Stripe's dashboard: `amount` of a Checkout, all that is left where `None`.
    ///
    /// # Errors
    /// One sentence: it is not paid, or less is left of it.
    pub fn refund_by_hand(&self, session: &str, amount: Option<i64>) -> Result<(), String> {
        let mut state = self.lock();
        let intent = match state.get("checkout.session", session) {
            Ok(session) => text(session, "payment_intent").to_owned(),
            Err(_) => {
                let charge = state.get("charge", session);
                let charge = charge.map_err(|refusal| refusal.message)?;
                text(charge, "payment_intent").to_owned()
            }
        };
        let mut asked = format!("payment_intent={intent}");
        if let Some(amount) = amount {
            asked += &format!("&amount={amount}");
        }
        let refunded = Params::parse(asked.as_bytes())
            .and_then(|mut asked| money::refund(&mut asked))
            .and_then(|refund| refund(&mut state));
        refunded.map(drop).map_err(|refusal| refusal.message)
    }
}

fn charge_of<'a>(state: &'a State, intent: &str) -> Option<&'a Value> {
    let intent = state.get("payment_intent", intent).ok()?;
    state.get("charge", intent["latest_charge"].as_str()?).ok()
}

/// What was paid and where it is now.
fn money_of(state: &State, charge: &Value) -> Value {
    let id = text(charge, "id");
    let mine = |kind: &str| {
        let all = state.all(kind).into_iter();
        all.filter(|it| text(it, "charge") == id)
            .collect::<Vec<_>>()
    };
    let refunds = mine("refund").into_iter().map(|refund| {
        json!({"id": refund["id"], "amount": refund["amount"], "status": refund["status"]})
    });
    let disputes = mine("dispute").into_iter().map(|dispute| {
        json!({
            "id": dispute["id"], "amount": dispute["amount"], "status": dispute["status"],
            "reason": dispute["reason"],
        })
    });
    let transfers: Vec<Value> = state
        .all("transfer")
        .into_iter()
        .filter(|transfer| {
            let group = &charge["transfer_group"];
            text(transfer, "source_transaction") == id
                || (group.is_string() && transfer["transfer_group"] == *group)
        })
        .map(|transfer| {
            json!({
                "id": transfer["id"], "amount": transfer["amount"],
                "reversed": transfer["amount_reversed"], "destination": transfer["destination"],
            })
        })
        .collect();
    let passed_on: i64 = transfers
        .iter()
        .map(|transfer| number(transfer, "amount") - number(transfer, "reversed"))
        .sum();
    let (paid, refunded) = (number(charge, "amount"), number(charge, "amount_refunded"));
    let disputed = disputes::taken(state, id);
    json!({
        "charge": id, "method": charge["payment_method_details"]["type"],
        "receipt_url": charge["receipt_url"],
        "paid": paid, "refunded": refunded, "disputed": disputed, "passed_on": passed_on,
        "platform": paid - refunded - disputed - passed_on,
        "refunds": refunds.collect::<Vec<_>>(), "disputes": disputes.collect::<Vec<_>>(),
        "transfers": transfers,
    })
}
