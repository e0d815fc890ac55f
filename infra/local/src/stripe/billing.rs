//! Customers, their subscriptions, and the billing portal.

use jiff::{Span, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    calls::Execution,
    invoices::{self, Line, Reason},
    params::{Params, Refusal},
    state::{State, list, number, shown, text},
};

/// How long a payment that failed is tried again, in seconds: it ends a week before the next one is due.
const RETRIES_LAST: i64 = 21 * 86_400;
/// For how long the invoice of a further period is a draft, in seconds.
const DRAFT_LASTS: i64 = 3_600;
/// For how long a change waits for its payment, in seconds, unless its period ends before.
const PENDING_LASTS: i64 = 23 * 3_600;

/// `POST /v1/customers`.
pub fn customer(asked: &mut Params) -> Result<Execution, Refusal> {
    let name = asked.take("name");
    let email = asked.take("email");
    if email.as_ref().is_some_and(|email| !email.contains('@')) {
        return Err(Refusal::invalid("Invalid email address")
            .code("email_invalid")
            .param("email"));
    }
    let metadata = asked.metadata("metadata")?;
    Ok(Box::new(move |state| {
        Ok(shown(&state.make(json!({
            "id": State::id("cus_"),
            "object": "customer",
            "name": name,
            "email": email,
            "metadata": metadata,
        }))))
    }))
}

/// `GET /v1/prices/{id}`.
pub fn price(id: &str) -> Execution {
    let id = id.to_owned();
    Box::new(move |state| {
        let price = state.prices.get(&id);
        let price = price.ok_or_else(|| Refusal::no_such("price", &id))?;
        Ok(json!({
            "id": id,
            "object": "price",
            "active": true,
            "currency": price.currency,
            "type": "recurring",
            "unit_amount": price.unit_amount,
            "unit_amount_decimal": price.unit_amount.to_string(),
            "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        }))
    })
}

/// `POST /v1/billing_portal/sessions`.
pub fn portal(asked: &mut Params) -> Result<Execution, Refusal> {
    let customer = asked.required("customer")?;
    let return_url = asked.address("return_url")?;
    Ok(Box::new(move |state| {
        let known = state.get("customer", &customer);
        known.map_err(|refusal| refusal.named_in("customer"))?;
        let id = State::id("bps_");
        let url = format!("{}/portal/{id}", state.base);
        Ok(shown(&state.make(json!({
            "id": id,
            "object": "billing_portal.session",
            "customer": customer,
            "return_url": return_url,
            "url": url,
        }))))
    }))
}

/// `months` after `start`, on the same day of the month where there is one.
fn after(start: i64, months: i64) -> Option<i64> {
    let start = Timestamp::from_second(start).ok()?;
    let end = start
        .to_zoned(TimeZone::UTC)
        .checked_add(Span::new().months(months));
    Some(end.ok()?.timestamp().as_second())
}

fn no_time() -> Refusal {
    Refusal::invalid("time has come to its end")
}

/// A Checkout begins a subscription: it is paid at once.
pub fn begin(state: &mut State, session: &Value) -> Result<Value, Refusal> {
    let name = text(session, "_price").to_owned();
    let price = state.prices.get(&name).cloned();
    let price = price.ok_or_else(|| Refusal::no_such("price", &name))?;
    let customer = match session["customer"].as_str() {
        Some(customer) => customer.to_owned(),
        None => {
            let id = State::id("cus_");
            let email = session["customer_email"].clone();
            state.make(json!({"id": id, "object": "customer", "email": email, "metadata": {}}));
            id
        }
    };
    let (id, now) = (State::id("sub_"), state.now.as_second());
    let item = json!({
        "id": State::id("si_"),
        "object": "subscription_item",
        "subscription": id,
        "created": now,
        "price": {
            "id": name,
            "object": "price",
            "created": now,
            "currency": price.currency,
            "unit_amount": price.unit_amount,
            "unit_amount_decimal": price.unit_amount.to_string(),
            "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        },
        "plan": {
            "id": name,
            "object": "plan",
            "amount": price.unit_amount,
            "amount_decimal": price.unit_amount.to_string(),
            "created": now,
            "currency": price.currency,
            "interval": "month",
            "interval_count": 1,
        },
        "quantity": session["_quantity"],
        "current_period_start": now,
        "current_period_end": after(now, 1).ok_or_else(no_time)?,
    });
    let made = state.make(json!({
        "id": id,
        "object": "subscription",
        "status": "active",
        "customer": customer,
        "currency": price.currency,
        "cancel_at_period_end": false,
        "cancel_at": null,
        "canceled_at": null,
        "ended_at": null,
        "start_date": now,
        "billing_cycle_anchor": now,
        "metadata": session["_subscription"],
        "items": list("/v1/subscription_items", vec![item], false),
        "latest_invoice": null,
        "pending_update": null,
        "_anchor": now,
        "_periods": 1,
        "_declines": false,
    }));
    state.emit("customer.subscription.created", &made, None);
    let lines = vec![Line::of_period(&made)];
    let invoice = invoices::make(state, &id, Reason::Create, lines)?;
    invoices::finalize(state, &invoice)?;
    state.get("subscription", &id).cloned()
}

/// `POST /v1/subscriptions/{id}`: the quantity of its item, or when it ends.
pub fn update(id: &str, asked: &mut Params) -> Result<Execution, Refusal> {
    let id = id.to_owned();
    let cancel = asked.boolean("cancel_at_period_end")?;
    let clear_cancel_at = asked.cleared("cancel_at");
    let item = asked.take("items[0][id]");
    let quantity = asked.positive("items[0][quantity]")?;
    let proration = asked.choice("proration_behavior", &["always_invoice", "none"])?;
    let payment = asked.choice("payment_behavior", &["pending_if_incomplete"])?;
    let change = match (quantity, item, proration) {
        (None, None, None) => None,
        (Some(quantity), Some(item), Some(proration)) => Some((quantity, item, proration)),
        // Without the item's id Stripe would add a second item.
        (_, None, _) => return Err(Params::missing("items[0][id]")),
        (None, _, _) => return Err(Params::missing("items[0][quantity]")),
        // Prorations that wait for the next invoice are not offered here.
        (_, _, None) => return Err(Params::missing("proration_behavior")),
    };
    if payment.is_some() && (change.is_none() || clear_cancel_at) {
        return Err(Refusal::invalid(
            "With payment_behavior=pending_if_incomplete only what is invoiced can be updated.",
        )
        .param("payment_behavior"));
    }
    Ok(Box::new(move |state| {
        let of = state.get("subscription", &id)?;
        if text(of, "status") == "canceled" {
            return Err(Refusal::invalid(
                "A canceled subscription can only update its cancellation_details and metadata.",
            ));
        }
        if let Some((quantity, item, proration)) = change {
            if text(&of["items"]["data"][0], "id") != item {
                return Err(Refusal::no_such("subscription_item", &item).named_in("items[0][id]"));
            }
            drop_pending(state, &id)?;
            match proration.as_str() {
                "none" => apply(state, &id, quantity)?,
                _ => prorate(state, &id, quantity, payment.is_some())?,
            }
        }
        if let Some(cancel) = cancel {
            set_cancel(state, &id, cancel, true)?;
        }
        if clear_cancel_at {
            set_cancel(state, &id, false, false)?;
        }
        Ok(shown(&updated(state, &id)?))
    }))
}

/// `DELETE /v1/subscriptions/{id}`: ends it at once.
pub fn end(id: &str) -> Execution {
    let id = id.to_owned();
    Box::new(move |state| {
        if text(state.get("subscription", &id)?, "status") == "canceled" {
            return Err(Refusal::no_such("subscription", &id));
        }
        cancel(state, &id)?;
        Ok(shown(state.get("subscription", &id)?))
    })
}

/// Tells that a subscription has changed, and answers it.
fn updated(state: &mut State, id: &str) -> Result<Value, Refusal> {
    let changed = state.get("subscription", id)?.clone();
    state.emit("customer.subscription.updated", &changed, None);
    Ok(changed)
}

fn apply(state: &mut State, id: &str, quantity: i64) -> Result<(), Refusal> {
    let of = state.get_mut("subscription", id)?;
    of["items"]["data"][0]["quantity"] = quantity.into();
    Ok(())
}

/// Changes the quantity and invoices the difference for the rest of the period at once. A payment that is
/// declined leaves the change pending, or counts as failed.
fn prorate(state: &mut State, id: &str, quantity: i64, may_wait: bool) -> Result<(), Refusal> {
    let of = state.get("subscription", id)?.clone();
    let item = &of["items"]["data"][0];
    if number(item, "quantity") == quantity {
        return Ok(());
    }
    let lines = Line::of_change(&of, quantity, state.now.as_second());
    let invoice = invoices::make(state, id, Reason::Update, lines)?;
    if invoices::finalize(state, &invoice)? {
        return apply(state, id, quantity);
    }
    if !may_wait {
        apply(state, id, quantity)?;
        return past_due(state, id);
    }
    let latest = state.now.as_second() + PENDING_LASTS;
    let mut wished = shown(item);
    wished["quantity"] = quantity.into();
    let pending = json!({
        "billing_cycle_anchor": null,
        "cancel_at_period_end": null,
        "discount": null,
        "discounts": null,
        "expires_at": latest.min(number(item, "current_period_end")),
        "metadata": null,
        "subscription_items": [wished],
        "trial_end": null,
        "trial_from_plan": null,
    });
    let fields = json!({"pending_update": pending, "_pending_invoice": invoice});
    state.change("subscription", id, fields).map(drop)
}

/// What waits for its payment is dropped, if anything does.
fn drop_pending(state: &mut State, id: &str) -> Result<(), Refusal> {
    let of = state.get("subscription", id)?;
    let Some(invoice) = of["_pending_invoice"].as_str().map(str::to_owned) else {
        return Ok(());
    };
    let fields = json!({"pending_update": null, "_pending_invoice": null});
    let changed = state.change("subscription", id, fields)?;
    invoices::void(state, &invoice)?;
    state.emit(
        "customer.subscription.pending_update_expired",
        &changed,
        None,
    );
    Ok(())
}

/// The customer pays an open invoice on its page: what waits for it counts now.
pub fn pay_invoice(state: &mut State, invoice: &str) -> Result<(), Refusal> {
    let subscription = invoices::subscription(state, invoice)?;
    invoices::pay(state, invoice)?;
    let of = state.get("subscription", &subscription)?.clone();
    if text(&of, "_pending_invoice") == invoice {
        let wished = &of["pending_update"]["subscription_items"][0];
        apply(state, &subscription, number(wished, "quantity"))?;
        let fields = json!({"pending_update": null, "_pending_invoice": null});
        let changed = state.change("subscription", &subscription, fields)?;
        let kind = "customer.subscription.pending_update_applied";
        state.emit(kind, &changed, None);
        updated(state, &subscription)?;
    } else if text(&of, "status") == "past_due" {
        state.change("subscription", &subscription, json!({"status": "active"}))?;
        updated(state, &subscription)?;
    }
    Ok(())
}

/// Lets a subscription end with its period, or go on. Only where it is asked for by the API it says so in
/// `cancel_at_period_end` too.
fn set_cancel(state: &mut State, id: &str, cancel: bool, by_api: bool) -> Result<(), Refusal> {
    let end = state.get("subscription", id)?["items"]["data"][0]["current_period_end"].clone();
    let (at, since) = match cancel {
        true => (end, state.now.as_second().into()),
        false => (Value::Null, Value::Null),
    };
    let fields = json!({
        "cancel_at_period_end": cancel && by_api,
        "cancel_at": at,
        "canceled_at": since,
    });
    state.change("subscription", id, fields).map(drop)
}

/// The customer ends a subscription with its period in the portal, which sets `cancel_at` alone, or lets it
/// go on.
pub fn choose(state: &mut State, id: &str, cancel: bool) -> Result<(), Refusal> {
    if text(state.get("subscription", id)?, "status") == "canceled" {
        return Err(Refusal::invalid("the subscription has ended"));
    }
    set_cancel(state, id, cancel, false)?;
    updated(state, id).map(drop)
}

/// Renews and ends what is due, each at its own time.
pub fn tick(state: &mut State) -> Result<(), Refusal> {
    let present = state.now;
    let alive = |subscription: &&Value| text(subscription, "status") != "canceled";
    let ids: Vec<String> = state
        .all("subscription")
        .into_iter()
        .filter(alive)
        .map(|subscription| text(subscription, "id").to_owned())
        .collect();
    for id in ids {
        while step(state, &id, present)? {}
        state.now = present;
    }
    Ok(())
}

/// What happens to a subscription by itself; of two at the same moment the first.
enum Step {
    PendingExpires,
    Ends,
    GivenUp,
    DraftIsDone,
    Renews,
}

/// The next thing that happens to a subscription until `present`, if any does.
fn step(state: &mut State, id: &str, present: Timestamp) -> Result<bool, Refusal> {
    let of = state.get("subscription", id)?.clone();
    match text(&of, "status") {
        "canceled" => return Ok(false),
        "past_due" if of["_declines"] == false => {
            pay_open(state, id)?;
            return Ok(true);
        }
        _ => {}
    }
    let failed_at = (text(&of, "status") == "past_due").then(|| number(&of, "_failed_at"));
    let next = [
        (
            of["pending_update"]["expires_at"].as_i64(),
            Step::PendingExpires,
        ),
        (of["cancel_at"].as_i64(), Step::Ends),
        (failed_at.map(|at| at + RETRIES_LAST), Step::GivenUp),
        (of["_draft_until"].as_i64(), Step::DraftIsDone),
        (
            of["items"]["data"][0]["current_period_end"].as_i64(),
            Step::Renews,
        ),
    ];
    let next = next
        .into_iter()
        .filter_map(|(at, step)| Some((at?, step)))
        .filter(|(at, _)| *at <= present.as_second())
        .min_by_key(|(at, _)| *at);
    let Some((at, step)) = next else {
        return Ok(false);
    };
    state.now = Timestamp::from_second(at).unwrap_or(present);
    match step {
        Step::PendingExpires => {
            drop_pending(state, id)?;
            updated(state, id)?;
        }
        Step::Ends | Step::GivenUp => cancel(state, id)?,
        Step::DraftIsDone => charge_period(state, id, &of)?,
        Step::Renews => renew(state, id, &of)?,
    }
    Ok(true)
}

/// Ends a subscription. What it owes is not asked for any more.
fn cancel(state: &mut State, id: &str) -> Result<(), Refusal> {
    drop_pending(state, id)?;
    let now = state.now.as_second();
    let of = state.get("subscription", id)?;
    let since = of["canceled_at"].as_i64().unwrap_or(now);
    let fields = json!({
        "status": "canceled",
        "ended_at": now,
        "canceled_at": since,
        "_draft_until": null,
    });
    let ended = state.change("subscription", id, fields)?;
    state.emit("customer.subscription.deleted", &ended, None);
    Ok(())
}

/// A period begins; its invoice is a draft first.
fn renew(state: &mut State, id: &str, of: &Value) -> Result<(), Refusal> {
    let mut items = of["items"].clone();
    let item = &mut items["data"][0];
    let periods = number(of, "_periods") + 1;
    let end = after(number(of, "_anchor"), periods).ok_or_else(no_time)?;
    item["current_period_start"] = item["current_period_end"].clone();
    item["current_period_end"] = end.into();
    let fields = json!({
        "items": items,
        "_periods": periods,
        "_draft_until": state.now.as_second() + DRAFT_LASTS,
    });
    let renewed = state.change("subscription", id, fields)?;
    let lines = vec![Line::of_period(&renewed)];
    invoices::make(state, id, Reason::Cycle, lines)?;
    updated(state, id).map(drop)
}

/// The invoice of a further period is no draft any more.
fn charge_period(state: &mut State, id: &str, of: &Value) -> Result<(), Refusal> {
    state.change("subscription", id, json!({"_draft_until": null}))?;
    if !invoices::finalize(state, text(of, "_period_invoice"))? && text(of, "status") == "active" {
        past_due(state, id)?;
        updated(state, id)?;
    }
    Ok(())
}

fn past_due(state: &mut State, id: &str) -> Result<(), Refusal> {
    let fields = json!({"status": "past_due", "_failed_at": state.now.as_second()});
    state.change("subscription", id, fields).map(drop)
}

/// The card works again: what is open is paid, but for what the customer has to pay on its page.
fn pay_open(state: &mut State, id: &str) -> Result<(), Refusal> {
    let pending = text(state.get("subscription", id)?, "_pending_invoice").to_owned();
    for invoice in invoices::open_of(state, id) {
        if invoice != pending {
            invoices::pay(state, &invoice)?;
        }
    }
    state.change("subscription", id, json!({"status": "active"}))?;
    updated(state, id).map(drop)
}
