//! Customers, their subscriptions, the invoices for these, and the billing portal.

use jiff::{Span, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    calls::Execution,
    params::{Params, Refusal},
    state::{State, list, number, shown, text},
};

/// How long a payment that failed is tried again.
const RETRIES_LAST: i64 = 21 * 86_400;

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
    let mut made = state.make(json!({
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
        "_anchor": now,
        "_periods": 1,
        "_credit": 0,
        "_declines": false,
    }));
    state.emit("customer.subscription.created", &made, None);
    let total = price.unit_amount * number(session, "_quantity");
    made["latest_invoice"] = invoice(state, &id, "subscription_create", total)?["id"].clone();
    Ok(made)
}

/// Invoices `total` for the present period. It is paid, unless the subscription's card is declined.
fn invoice(
    state: &mut State,
    subscription: &str,
    reason: &str,
    total: i64,
) -> Result<Value, Refusal> {
    let of = state.get("subscription", subscription)?.clone();
    let item = &of["items"]["data"][0];
    let declined = of["_declines"] == true && total > 0;
    let id = State::id("in_");
    let line = json!({
        "id": State::id("il_"),
        "object": "line_item",
        "amount": total,
        "subtotal": total,
        "currency": of["currency"],
        "invoice": id,
        "subscription": subscription,
        "quantity": item["quantity"],
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
    });
    let number = state.all("invoice").len() + 1;
    let url = format!("{}/invoice/{id}", state.base);
    let made = state.make(json!({
        "id": id,
        "object": "invoice",
        "number": format!("ENISHI-{number:04}"),
        "status": if declined { "open" } else { "paid" },
        "customer": of["customer"],
        "currency": of["currency"],
        "billing_reason": reason,
        "subtotal": total,
        "total": total,
        "amount_due": total,
        "amount_paid": if declined { 0 } else { total },
        "amount_remaining": if declined { total } else { 0 },
        "period_start": state.now.as_second(),
        "period_end": state.now.as_second(),
        "status_transitions": {
            "finalized_at": state.now.as_second(),
            "paid_at": (!declined).then(|| state.now.as_second()),
        },
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": subscription, "metadata": of["metadata"]},
        },
        "lines": list(&format!("/v1/invoices/{id}/lines"), vec![line], false),
        "hosted_invoice_url": url,
    }));
    state.change("subscription", subscription, json!({"latest_invoice": id}))?;
    let kind = if declined {
        "invoice.payment_failed"
    } else {
        "invoice.paid"
    };
    state.emit(kind, &made, None);
    Ok(made)
}

/// `POST /v1/subscriptions/{id}`: the quantity of its item, or whether it ends with its period.
pub fn update(id: &str, asked: &mut Params) -> Result<Execution, Refusal> {
    let id = id.to_owned();
    let cancel = asked.boolean("cancel_at_period_end")?;
    let item = asked.take("items[0][id]");
    let quantity = asked.positive("items[0][quantity]")?;
    let prorate = asked.choice("proration_behavior", &["always_invoice", "none"])?;
    // Without the item's id Stripe would add a second item.
    if quantity.is_some() && item.is_none() {
        return Err(Params::missing("items[0][id]"));
    }
    Ok(Box::new(move |state| {
        let of = state.get("subscription", &id)?;
        if text(of, "status") == "canceled" {
            return Err(Refusal::invalid(
                "A canceled subscription can only update its cancellation_details and metadata.",
            ));
        }
        if let Some(item) = item
            && text(&of["items"]["data"][0], "id") != item
        {
            return Err(Refusal::no_such("subscription_item", &item).named_in("items[0][id]"));
        }
        if let Some(quantity) = quantity {
            let prorate = prorate.as_deref() == Some("always_invoice");
            set_quantity(state, &id, quantity, prorate)?;
        }
        if let Some(cancel) = cancel {
            set_cancel(state, &id, cancel)?;
        }
        let changed = state.get("subscription", &id)?.clone();
        state.emit("customer.subscription.updated", &changed, None);
        Ok(shown(&changed))
    }))
}

/// The rest of the period is invoiced, or taken off the next invoice.
fn set_quantity(state: &mut State, id: &str, quantity: i64, prorate: bool) -> Result<(), Refusal> {
    let now = state.now.as_second();
    let of = state.get_mut("subscription", id)?;
    let item = &mut of["items"]["data"][0];
    let more = quantity - number(item, "quantity");
    let (start, end) = (
        number(item, "current_period_start"),
        number(item, "current_period_end"),
    );
    let sum = number(&item["price"], "unit_amount") * more * (end - now) / (end - start).max(1);
    item["quantity"] = quantity.into();
    if prorate && sum < 0 {
        of["_credit"] = (number(of, "_credit") - sum).into();
    } else if prorate && sum > 0 {
        invoice(state, id, "subscription_update", sum)?;
    }
    Ok(())
}

fn set_cancel(state: &mut State, id: &str, cancel: bool) -> Result<(), Refusal> {
    let end = state.get("subscription", id)?["items"]["data"][0]["current_period_end"].clone();
    let (at, since) = match cancel {
        true => (end, state.now.as_second().into()),
        false => (Value::Null, Value::Null),
    };
    let fields = json!({"cancel_at_period_end": cancel, "cancel_at": at, "canceled_at": since});
    state.change("subscription", id, fields).map(drop)
}

/// The customer ends a subscription with its period in the portal, or lets it go on.
pub fn choose(state: &mut State, id: &str, cancel: bool) -> Result<(), Refusal> {
    set_cancel(state, id, cancel)?;
    let changed = state.get("subscription", id)?.clone();
    state.emit("customer.subscription.updated", &changed, None);
    Ok(())
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

/// The next thing that happens to a subscription until `present`, if any does.
fn step(state: &mut State, id: &str, present: Timestamp) -> Result<bool, Refusal> {
    let of = state.get("subscription", id)?.clone();
    let end = number(&of["items"]["data"][0], "current_period_end");
    match text(&of, "status") {
        "canceled" => return Ok(false),
        "past_due" if of["_declines"] == false => {
            pay_open(state, id)?;
            return Ok(true);
        }
        "past_due" if given_up(&of) <= present.as_second() => {
            state.now = Timestamp::from_second(given_up(&of)).unwrap_or(present);
            return cancel(state, id).map(|()| true);
        }
        _ => {}
    }
    if end > present.as_second() {
        return Ok(false);
    }
    state.now = Timestamp::from_second(end).unwrap_or(present);
    if of["cancel_at_period_end"] == true {
        return cancel(state, id).map(|()| true);
    }
    renew(state, id, &of).map(|()| true)
}

/// When the payment that failed is no longer tried, a week before the next one is due.
fn given_up(subscription: &Value) -> i64 {
    number(subscription, "_failed_at") + RETRIES_LAST
}

fn cancel(state: &mut State, id: &str) -> Result<(), Refusal> {
    let now = state.now.as_second();
    let of = state.get("subscription", id)?;
    let since = of["canceled_at"].as_i64().unwrap_or(now);
    let fields = json!({"status": "canceled", "ended_at": now, "canceled_at": since});
    let ended = state.change("subscription", id, fields)?;
    state.emit("customer.subscription.deleted", &ended, None);
    Ok(())
}

fn renew(state: &mut State, id: &str, of: &Value) -> Result<(), Refusal> {
    let mut items = of["items"].clone();
    let item = &mut items["data"][0];
    let periods = number(of, "_periods") + 1;
    let end = after(number(of, "_anchor"), periods).ok_or_else(no_time)?;
    item["current_period_start"] = item["current_period_end"].clone();
    item["current_period_end"] = end.into();
    let sum = number(&item["price"], "unit_amount") * number(item, "quantity");
    let credit = number(of, "_credit").min(sum);
    let fields = json!({
        "items": items,
        "_periods": periods,
        "_credit": number(of, "_credit") - credit,
    });
    state.change("subscription", id, fields)?;
    let invoice = invoice(state, id, "subscription_cycle", sum - credit)?;
    let mut fields = json!({});
    if text(&invoice, "status") == "open" && text(of, "status") == "active" {
        fields = json!({"status": "past_due", "_failed_at": state.now.as_second()});
    }
    let renewed = state.change("subscription", id, fields)?;
    state.emit("customer.subscription.updated", &renewed, None);
    Ok(())
}

/// The card works again: what is open is paid.
fn pay_open(state: &mut State, id: &str) -> Result<(), Refusal> {
    let open: Vec<(String, i64)> = state
        .all("invoice")
        .into_iter()
        .filter(|invoice| {
            text(invoice, "status") == "open"
                && text(&invoice["parent"]["subscription_details"], "subscription") == id
        })
        .map(|invoice| (text(invoice, "id").to_owned(), number(invoice, "total")))
        .collect();
    for (invoice, total) in open {
        let fields = json!({"status": "paid", "amount_paid": total, "amount_remaining": 0});
        let paid = state.change("invoice", &invoice, fields)?;
        state.emit("invoice.paid", &paid, None);
    }
    let changed = state.change("subscription", id, json!({"status": "active"}))?;
    state.emit("customer.subscription.updated", &changed, None);
    Ok(())
}
