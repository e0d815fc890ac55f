//! Checkout Sessions, and what a customer does on their page.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    billing,
    calls::Execution,
    money,
    params::{Params, Refusal},
    state::{State, number, shown, text},
};

const SHORTEST: SignedDuration = SignedDuration::from_mins(30);
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// How long a konbini takes a payment slip.
const KONBINI_LASTS: SignedDuration = SignedDuration::from_hours(72);
/// What a konbini takes, in yen.
const KONBINI_SUMS: std::ops::RangeInclusive<i64> = 120..=300_000;

/// The least and the most that can be charged, in minor units.
fn sums(currency: &str) -> Option<std::ops::RangeInclusive<i64>> {
    match currency {
        "jpy" => Some(50..=99_999_999),
        "usd" | "eur" => Some(50..=99_999_999),
        _ => None,
    }
}

/// `POST /v1/checkout/sessions`.
pub fn create(asked: &mut Params) -> Result<Execution, Refusal> {
    let mode = asked.required("mode")?;
    let reference = asked.take("client_reference_id");
    if reference
        .as_ref()
        .is_some_and(|it| it.chars().count() > 200)
    {
        return Err(
            Refusal::invalid("client_reference_id is longer than 200").param("client_reference_id")
        );
    }
    let customer = asked.take("customer");
    let email = asked.take("customer_email");
    if customer.is_some() && email.is_some() {
        return Err(Refusal::invalid(
            "You may only specify one of these parameters: customer, customer_email.",
        )
        .param("customer"));
    }
    let expires_at = asked.integer("expires_at")?;
    let methods = methods(asked)?;
    let mut session = json!({
        "object": "checkout.session",
        "mode": mode,
        "status": "open",
        "payment_status": "unpaid",
        "client_reference_id": reference,
        "customer_email": email,
        "customer": customer,
        "payment_intent": null,
        "subscription": null,
        "invoice": null,
        "metadata": asked.metadata("metadata")?,
        "payment_method_types": methods,
        "success_url": asked.address("success_url")?,
        "cancel_url": asked.address("cancel_url")?,
    });
    if session["success_url"].is_null() {
        return Err(Params::missing("success_url"));
    }
    match mode.as_str() {
        "payment" => {
            session["_intent"] = json!({
                "transfer_group": asked.take("payment_intent_data[transfer_group]"),
                "metadata": asked.metadata("payment_intent_data[metadata]")?,
            });
            lines(asked, &mut session)?;
        }
        "subscription" => {
            session["_subscription"] = asked.metadata("subscription_data[metadata]")?;
            // The flexible mode, which it is where nobody has chosen, is not offered here.
            let mode = "subscription_data[billing_mode][type]";
            if asked.choice(mode, &["classic"])?.is_none() {
                return Err(Params::missing(mode));
            }
            session["_price"] = asked.required("line_items[0][price]")?.into();
            let quantity = asked.positive("line_items[0][quantity]")?.unwrap_or(1);
            session["_quantity"] = quantity.into();
        }
        _ => return Err(Refusal::invalid("Invalid mode").param("mode")),
    }
    Ok(Box::new(move |state| {
        let earliest = state.now.as_second() + SHORTEST.as_secs();
        let latest = state.now.as_second() + LONGEST.as_secs();
        let expires_at = expires_at.unwrap_or(latest);
        if !(earliest..=latest).contains(&expires_at) {
            return Err(Refusal::invalid(
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
            )
            .param("expires_at"));
        }
        if let Some(customer) = &customer {
            let known = state.get("customer", customer);
            known.map_err(|refusal| refusal.named_in("customer"))?;
        }
        if let Some(name) = session["_price"].as_str() {
            let price = state
                .prices
                .get(name)
                .ok_or_else(|| Refusal::no_such("price", name).named_in("line_items[0][price]"))?;
            let total = price.unit_amount * number(&session, "_quantity");
            session["currency"] = price.currency.clone().into();
            session["amount_subtotal"] = total.into();
            session["amount_total"] = total.into();
        }
        let id = State::id("cs_test_");
        session["url"] = format!("{}/pay/{id}", state.base).into();
        session["id"] = id.into();
        session["expires_at"] = expires_at.into();
        Ok(shown(&state.make(session)))
    }))
}

/// How it can be paid: by card, and unless that is all that is allowed, at a konbini.
fn methods(asked: &mut Params) -> Result<Vec<String>, Refusal> {
    const ALL: [&str; 2] = ["card", "konbini"];
    let mut methods = Vec::new();
    loop {
        let name = format!("allowed_payment_method_types[{}]", methods.len());
        match asked.choice(&name, &ALL)? {
            Some(method) => methods.push(method),
            None if methods.is_empty() => return Ok(ALL.map(str::to_owned).to_vec()),
            None => return Ok(methods),
        }
    }
}

/// Whether a session can be paid at a konbini.
pub fn takes_konbini(session: &Value) -> bool {
    let mut methods = session["payment_method_types"]
        .as_array()
        .into_iter()
        .flatten();
    methods.any(|method| method == "konbini")
        && text(session, "mode") == "payment"
        && text(session, "currency") == "jpy"
        && KONBINI_SUMS.contains(&number(session, "amount_total"))
}

/// The lines of a payment: each with its own price in one currency.
fn lines(asked: &mut Params, session: &mut Value) -> Result<(), Refusal> {
    let mut items = Vec::new();
    let mut total: i64 = 0;
    let mut currency = None;
    while asked.has(&format!("line_items[{}]", items.len())) {
        let of = |field: &str| format!("line_items[{}]{field}", items.len());
        let its = asked.required(&of("[price_data][currency]"))?;
        let amount_field = of("[price_data][unit_amount]");
        let amount = asked.integer(&amount_field)?;
        let amount = amount.ok_or_else(|| Params::missing(&amount_field))?;
        if amount < 0 {
            return Err(Refusal::invalid("Invalid non-negative integer")
                .code("parameter_invalid_integer")
                .param(&amount_field));
        }
        let name = asked.required(&of("[price_data][product_data][name]"))?;
        let quantity_field = of("[quantity]");
        let Some(quantity) = asked.positive(&quantity_field)? else {
            return Err(Refusal::invalid("Quantity is required.").param(&quantity_field));
        };
        if currency.get_or_insert_with(|| its.clone()) != &its {
            return Err(Refusal::invalid("All prices must have the same currency."));
        }
        let sum = amount
            .checked_mul(quantity)
            .and_then(|sum| total.checked_add(sum));
        total = sum.ok_or_else(|| Refusal::invalid("too much").code("amount_too_large"))?;
        items.push(json!({"name": name, "unit_amount": amount, "quantity": quantity}));
    }
    let currency = currency.ok_or_else(|| Params::missing("line_items"))?;
    let Some(sums) = sums(&currency) else {
        return Err(Refusal::invalid(format!("Invalid currency: {currency}")).param("currency"));
    };
    if total < *sums.start() {
        return Err(
            Refusal::invalid("The Checkout Session's total amount is too small")
                .code("amount_too_small"),
        );
    }
    if total > *sums.end() {
        return Err(
            Refusal::invalid("The Checkout Session's total amount is too large")
                .code("amount_too_large"),
        );
    }
    session["_items"] = items.into();
    session["currency"] = currency.into();
    session["amount_subtotal"] = total.into();
    session["amount_total"] = total.into();
    Ok(())
}

/// `POST /v1/checkout/sessions/{id}/expire`.
pub fn expire(id: &str) -> Execution {
    let id = id.to_owned();
    Box::new(move |state| {
        if text(state.get("checkout.session", &id)?, "status") != "open" {
            return Err(Refusal::invalid(
                "Only Checkout Sessions with a status in [\"open\"] can be expired.",
            ));
        }
        Ok(shown(&close(state, &id)?))
    })
}

/// Expires an open session; a payment that was tried is given up.
fn close(state: &mut State, id: &str) -> Result<Value, Refusal> {
    let fields = json!({"status": "expired", "url": null});
    let session = state.change("checkout.session", id, fields)?;
    if let Some(intent) = session["payment_intent"].as_str() {
        let canceled = state.change("payment_intent", intent, json!({"status": "canceled"}))?;
        state.emit("payment_intent.canceled", &canceled, None);
    }
    state.emit("checkout.session.expired", &session, None);
    Ok(session)
}

/// The session, if it can be paid.
fn open(state: &State, id: &str) -> Result<Value, String> {
    let session = state.get("checkout.session", id);
    let session = session.map_err(|refusal| refusal.message)?;
    match text(session, "status") {
        "open" => Ok(session.clone()),
        status => Err(format!("the Checkout is {status}")),
    }
}

/// The session's PaymentIntent, made when a payment is tried first.
fn intent(state: &mut State, session: &Value) -> String {
    if let Some(intent) = session["payment_intent"].as_str() {
        return intent.to_owned();
    }
    let id = State::id("pi_");
    state.make(json!({
        "id": id,
        "object": "payment_intent",
        "status": "requires_payment_method",
        "amount": session["amount_total"],
        "amount_received": 0,
        "currency": session["currency"],
        "payment_method_types": session["payment_method_types"],
        "transfer_group": session["_intent"]["transfer_group"],
        "metadata": session["_intent"]["metadata"],
        "latest_charge": null,
        "last_payment_error": null,
        "_session": session["id"],
    }));
    id
}

/// The customer pays by card; answers where the browser goes.
pub fn pay(state: &mut State, id: &str) -> Result<String, String> {
    let session = open(state, id)?;
    let mut fields = json!({"status": "complete", "payment_status": "paid", "url": null});
    if text(&session, "mode") == "payment" {
        let intent = intent(state, &session);
        money::charge(state, &intent, "card").map_err(|refusal| refusal.message)?;
        fields["payment_intent"] = intent.into();
    } else {
        let subscription = billing::begin(state, &session).map_err(|refusal| refusal.message)?;
        fields["subscription"] = subscription["id"].clone();
        fields["invoice"] = subscription["latest_invoice"].clone();
    }
    complete(state, id, fields)
}

/// The customer takes a payment slip to be paid at a konbini within three days.
pub fn konbini(state: &mut State, id: &str) -> Result<String, String> {
    let session = open(state, id)?;
    if !takes_konbini(&session) {
        return Err("konbini takes single payments of ¥120 to ¥300,000".into());
    }
    let deadline = state.now.as_second() + KONBINI_LASTS.as_secs();
    let fields = json!({"status": "requires_action", "_deadline": deadline});
    complete_unpaid(state, &session, fields)
}

/// The customer pays by card, and the bank takes its time: the session is complete, and the money on its
/// way.
pub fn pay_slowly(state: &mut State, id: &str) -> Result<String, String> {
    let session = open(state, id)?;
    if text(&session, "mode") != "payment" {
        return Err("a subscription is begun at once".into());
    }
    complete_unpaid(state, &session, json!({"status": "processing"}))
}

/// A session that is complete before the money is there; `fields` are its PaymentIntent's.
fn complete_unpaid(state: &mut State, session: &Value, fields: Value) -> Result<String, String> {
    let intent = intent(state, session);
    let changed = state.change("payment_intent", &intent, fields);
    let changed = changed.map_err(|refusal| refusal.message)?;
    let kind = format!("payment_intent.{}", text(&changed, "status"));
    state.emit(&kind, &changed, None);
    let fields = json!({"status": "complete", "payment_intent": intent, "url": null});
    complete(state, text(session, "id"), fields)
}

fn complete(state: &mut State, id: &str, fields: Value) -> Result<String, String> {
    let session = state.change("checkout.session", id, fields);
    let session = session.map_err(|refusal| refusal.message)?;
    state.emit("checkout.session.completed", &session, None);
    Ok(text(&session, "success_url").replace("{CHECKOUT_SESSION_ID}", id))
}

/// The customer's card is declined; the session stays open.
pub fn fail(state: &mut State, id: &str) -> Result<(), String> {
    let session = open(state, id)?;
    if text(&session, "mode") != "payment" {
        return Ok(());
    }
    let intent = intent(state, &session);
    declined(state, &intent, "card_declined").map_err(|refusal| refusal.message)?;
    let fields = json!({"payment_intent": intent});
    let changed = state.change("checkout.session", id, fields);
    changed.map(drop).map_err(|refusal| refusal.message)
}

fn declined(state: &mut State, intent: &str, code: &str) -> Result<(), Refusal> {
    let fields = json!({
        "status": "requires_payment_method",
        "last_payment_error": {"type": "card_error", "code": code},
        "_deadline": null,
    });
    let changed = state.change("payment_intent", intent, fields)?;
    state.emit("payment_intent.payment_failed", &changed, None);
    Ok(())
}

/// Where the customer goes who gives up; the session stays open.
pub fn cancel(state: &State, id: &str) -> Result<String, String> {
    let session = state.get("checkout.session", id);
    let session = session.map_err(|refusal| refusal.message)?;
    Ok(text(session, "cancel_url").to_owned())
}

/// What a session waits for that is complete and not paid: `requires_action`, a slip is out; `processing`,
/// the bank takes its time.
pub fn waits_for(state: &State, session: &Value) -> Option<String> {
    let intent = state.get("payment_intent", text(session, "payment_intent"));
    let status = text(intent.ok()?, "status");
    matches!(status, "requires_action" | "processing").then(|| status.to_owned())
}

/// The payment slip is paid, or its time is over; the bank has paid, or has not.
pub fn settle_late(state: &mut State, id: &str, paid: bool) -> Result<(), String> {
    let session = state.get("checkout.session", id);
    let session = session.map_err(|refusal| refusal.message)?;
    if waits_for(state, session).is_none() {
        return Err("no payment slip is out, and no bank takes its time".into());
    }
    let intent = text(session, "payment_intent").to_owned();
    settle(state, id, &intent, paid).map_err(|refusal| refusal.message)
}

fn settle(state: &mut State, id: &str, intent: &str, paid: bool) -> Result<(), Refusal> {
    let (method, declines) = match text(state.get("payment_intent", intent)?, "status") {
        "processing" => ("card", "card_declined"),
        _ => ("konbini", "payment_intent_payment_attempt_expired"),
    };
    let (fields, kind) = if paid {
        money::charge(state, intent, method)?;
        (json!({"payment_status": "paid"}), "succeeded")
    } else {
        declined(state, intent, declines)?;
        (json!({}), "failed")
    };
    let session = state.change("checkout.session", id, fields)?;
    state.emit(
        &format!("checkout.session.async_payment_{kind}"),
        &session,
        None,
    );
    Ok(())
}

/// Ends the sessions and payment slips whose time is over.
pub fn tick(state: &mut State) -> Result<(), Refusal> {
    let now: Timestamp = state.now;
    let due = |object: &Value, field: &str| {
        object[field]
            .as_i64()
            .is_some_and(|second| second <= now.as_second())
    };
    let over: Vec<String> = state
        .all("checkout.session")
        .into_iter()
        .filter(|session| text(session, "status") == "open" && due(session, "expires_at"))
        .map(|session| text(session, "id").to_owned())
        .collect();
    for id in over {
        close(state, &id)?;
    }
    let unpaid: Vec<(String, String)> = state
        .all("payment_intent")
        .into_iter()
        .filter(|intent| text(intent, "status") == "requires_action" && due(intent, "_deadline"))
        .map(|intent| {
            (
                text(intent, "_session").to_owned(),
                text(intent, "id").to_owned(),
            )
        })
        .collect();
    for (session, intent) in unpaid {
        settle(state, &session, &intent, false)?;
    }
    Ok(())
}
