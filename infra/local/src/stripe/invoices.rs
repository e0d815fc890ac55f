//! The invoices of subscriptions, and what pays them.

use serde_json::{Value, json};

use super::{
    calls::Execution,
    money,
    params::{Params, Refusal},
    state::{State, list, number, shown, text},
};

/// The least that is charged, in minor units; less is carried over to the next invoice.
const LEAST: i64 = 50;

/// What an invoice is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A subscription's first period.
    Create,
    /// A further one.
    Cycle,
    /// A change within a period.
    Update,
}

/// A line of an invoice.
pub struct Line {
    quantity: i64,
    amount: i64,
    start: i64,
    end: i64,
    /// Whether it is for a part of a period; then, whether it gives back what was paid for it.
    proration: Option<bool>,
}

impl Line {
    /// A subscription's present period.
    pub fn of_period(subscription: &Value) -> Self {
        let item = &subscription["items"]["data"][0];
        let quantity = number(item, "quantity");
        Self {
            quantity,
            amount: number(&item["price"], "unit_amount") * quantity,
            start: number(item, "current_period_start"),
            end: number(item, "current_period_end"),
            proration: None,
        }
    }

    /// The rest of the period, from `now` on: that of the present quantity back, and that of another.
    pub fn of_change(subscription: &Value, quantity: i64, now: i64) -> Vec<Self> {
        let item = &subscription["items"]["data"][0];
        let (start, end) = (
            number(item, "current_period_start"),
            number(item, "current_period_end"),
        );
        let whole = i128::from((end - start).max(1));
        // To the nearest, as each line is rounded by itself.
        let rest = |quantity: i64| {
            let price = number(&item["price"], "unit_amount");
            let exact = i128::from(price * quantity) * i128::from(end - now);
            i64::try_from((exact + whole / 2).div_euclid(whole)).unwrap_or(i64::MAX)
        };
        let line = |quantity: i64, is_credit: bool| Self {
            quantity,
            amount: if is_credit {
                -rest(quantity)
            } else {
                rest(quantity)
            },
            start: now,
            end,
            proration: Some(is_credit),
        };
        vec![line(number(item, "quantity"), true), line(quantity, false)]
    }

    fn shown(&self, invoice: &str, subscription: &Value) -> Value {
        let item = &subscription["items"]["data"][0];
        let credited = json!({
            "invoice": subscription["_period_invoice"],
            "invoice_line_items": [],
        });
        json!({
            "id": State::id("il_"),
            "object": "line_item",
            "amount": self.amount,
            "subtotal": self.amount,
            "currency": subscription["currency"],
            "invoice": invoice,
            "subscription": subscription["id"],
            "quantity": self.quantity,
            "period": {"start": self.start, "end": self.end},
            "parent": {
                "type": "subscription_item_details",
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": null,
                    "proration": self.proration.is_some(),
                    "proration_details": self.proration.map(|is_credit| json!({
                        "credited_items": is_credit.then_some(&credited),
                    })),
                    "subscription": subscription["id"],
                    "subscription_item": item["id"],
                },
            },
        })
    }
}

/// Makes an invoice of a subscription, a draft, and answers its id.
pub fn make(
    state: &mut State,
    subscription: &str,
    reason: Reason,
    lines: Vec<Line>,
) -> Result<String, Refusal> {
    let of = state.get("subscription", subscription)?.clone();
    let id = State::id("in_");
    let total: i64 = lines.iter().map(|line| line.amount).sum();
    let lines: Vec<Value> = lines.iter().map(|line| line.shown(&id, &of)).collect();
    let number = state.all("invoice").len() + 1;
    let now = state.now.as_second();
    let made = state.make(json!({
        "id": id,
        "object": "invoice",
        "number": format!("ENISHI-{number:04}"),
        "status": "draft",
        "customer": of["customer"],
        "currency": of["currency"],
        "billing_reason": match reason {
            Reason::Create => "subscription_create",
            Reason::Cycle => "subscription_cycle",
            Reason::Update => "subscription_update",
        },
        "subtotal": total,
        "total": total,
        "amount_due": total.max(0),
        "amount_paid": 0,
        "amount_remaining": total.max(0),
        "attempt_count": 0,
        "attempted": false,
        "period_start": now,
        "period_end": now,
        "parent": {
            "type": "subscription_details",
            "quote_details": null,
            "subscription_details": {"subscription": subscription, "metadata": of["metadata"]},
        },
        "lines": list(&format!("/v1/invoices/{id}/lines"), lines, false),
    }));
    let mut fields = json!({"latest_invoice": id});
    if reason != Reason::Update {
        fields["_period_invoice"] = made["id"].clone();
    }
    state.change("subscription", subscription, fields)?;
    state.emit("invoice.created", &made, None);
    Ok(id)
}

/// What is to be paid of a draft is settled, and asked for. Whether it is paid: the subscription's card may be
/// declined.
pub fn finalize(state: &mut State, id: &str) -> Result<bool, Refusal> {
    let draft = state.get("invoice", id)?.clone();
    let customer = text(&draft, "customer").to_owned();
    let starting = number(state.get("customer", &customer)?, "balance");
    let owed = number(&draft, "total") + starting;
    let (due, ending) = if owed < LEAST { (0, owed) } else { (owed, 0) };
    state.change("customer", &customer, json!({"balance": ending}))?;
    let now = state.now.as_second();
    let fields = json!({
        "status": "open",
        "starting_balance": starting,
        "ending_balance": ending,
        "amount_due": due,
        "amount_remaining": due,
        "attempt_count": 1,
        "attempted": true,
        "hosted_invoice_url": format!("{}/invoice/{id}", state.base),
        "status_transitions": transitions(&draft, "finalized_at", now),
    });
    let open = state.change("invoice", id, fields)?;
    state.emit("invoice.finalized", &open, None);
    let subscription = subscription(state, id)?;
    let declines = state.get("subscription", &subscription)?["_declines"] == true;
    if declines && due > 0 {
        state.emit("invoice.payment_failed", &open, None);
        return Ok(false);
    }
    pay(state, id).map(|()| true)
}

fn transitions(invoice: &Value, name: &str, at: i64) -> Value {
    let mut transitions = invoice["status_transitions"].clone();
    transitions[name] = at.into();
    transitions
}

/// The subscription that an invoice is of.
pub fn subscription(state: &State, id: &str) -> Result<String, Refusal> {
    let invoice = state.get("invoice", id)?;
    Ok(of(invoice).to_owned())
}

fn of(invoice: &Value) -> &str {
    text(&invoice["parent"]["subscription_details"], "subscription")
}

/// The open invoices of a subscription.
pub fn open_of(state: &State, subscription: &str) -> Vec<String> {
    let invoices = state.all("invoice").into_iter();
    invoices
        .filter(|invoice| text(invoice, "status") == "open" && of(invoice) == subscription)
        .map(|invoice| text(invoice, "id").to_owned())
        .collect()
}

/// An open invoice is paid by card.
pub fn pay(state: &mut State, id: &str) -> Result<(), Refusal> {
    let open = state.get("invoice", id)?.clone();
    if text(&open, "status") != "open" {
        return Err(Refusal::invalid("the invoice is not open"));
    }
    let (due, now) = (number(&open, "amount_due"), state.now.as_second());
    if due > 0 {
        let intent = State::id("pi_");
        state.make(json!({
            "id": intent,
            "object": "payment_intent",
            "status": "requires_payment_method",
            "amount": due,
            "amount_received": 0,
            "currency": open["currency"],
            "customer": open["customer"],
            "payment_method_types": ["card"],
            "transfer_group": null,
            "metadata": {},
            "latest_charge": null,
            "last_payment_error": null,
        }));
        money::charge(state, &intent, "card")?;
        state.make(json!({
            "id": State::id("inpay_"),
            "object": "invoice_payment",
            "amount_paid": due,
            "amount_requested": due,
            "currency": open["currency"],
            "invoice": id,
            "is_default": true,
            "payment": {"type": "payment_intent", "payment_intent": intent},
            "status": "paid",
            "status_transitions": {"canceled_at": null, "paid_at": now},
        }));
    }
    let fields = json!({
        "status": "paid",
        "amount_paid": due,
        "amount_remaining": 0,
        "status_transitions": transitions(&open, "paid_at", now),
    });
    let paid = state.change("invoice", id, fields)?;
    state.emit("invoice.paid", &paid, None);
    Ok(())
}

/// An open invoice is withdrawn; what of it came from earlier ones is owed again.
pub fn void(state: &mut State, id: &str) -> Result<(), Refusal> {
    let invoice = state.get("invoice", id)?.clone();
    let customer = text(&invoice, "customer").to_owned();
    let balance = number(state.get("customer", &customer)?, "balance");
    let carried = number(&invoice, "starting_balance") - number(&invoice, "ending_balance");
    let fields = json!({"balance": balance + carried});
    state.change("customer", &customer, fields)?;
    let transitions = transitions(&invoice, "voided_at", state.now.as_second());
    let fields = json!({"status": "void", "status_transitions": transitions});
    let void = state.change("invoice", id, fields)?;
    state.emit("invoice.voided", &void, None);
    Ok(())
}

/// `GET /v1/invoices/{id}`, with its payments where asked.
pub fn one(id: &str, asked: &mut Params) -> Result<Execution, Refusal> {
    let id = id.to_owned();
    let full = asked.expand(&["payments"])?;
    Ok(Box::new(move |state| {
        let mut invoice = shown(state.get("invoice", &id)?);
        if full {
            let url = "/v1/invoice_payments";
            invoice["payments"] = list(url, payments(state, |it| text(it, "invoice") == id), false);
        }
        Ok(invoice)
    }))
}

/// `GET /v1/invoice_payments`: those that are one PaymentIntent.
pub fn payments_of(asked: &mut Params) -> Result<Execution, Refusal> {
    asked.choice("payment[type]", &["payment_intent"])?;
    let intent = asked.required("payment[payment_intent]")?;
    Ok(Box::new(move |state| {
        let known = state.get("payment_intent", &intent);
        known.map_err(|refusal| refusal.named_in("payment[payment_intent]"))?;
        let of_intent = |it: &Value| text(&it["payment"], "payment_intent") == intent;
        Ok(list(
            "/v1/invoice_payments",
            payments(state, of_intent),
            false,
        ))
    }))
}

fn payments(state: &State, which: impl Fn(&Value) -> bool) -> Vec<Value> {
    let payments = state.all("invoice_payment").into_iter();
    payments.filter(|it| which(it)).map(shown).collect()
}

/// `GET /v1/invoices`: a customer's or a subscription's, newest first.
pub fn all(asked: &mut Params) -> Result<Execution, Refusal> {
    let customer = asked.take("customer");
    let subscription = asked.take("subscription");
    let since = asked.integer("created[gte]")?;
    let after = asked.take("starting_after");
    let limit = asked.integer("limit")?.unwrap_or(10);
    let Some(limit) = usize::try_from(limit)
        .ok()
        .filter(|it| (1..=100).contains(it))
    else {
        return Err(Refusal::invalid("Invalid limit: must be between 1 and 100").param("limit"));
    };
    Ok(Box::new(move |state| {
        if let Some(customer) = &customer {
            let known = state.get("customer", customer);
            known.map_err(|refusal| refusal.named_in("customer"))?;
        }
        let mut found: Vec<&Value> = state.all("invoice");
        found.reverse();
        found.retain(|invoice| {
            customer
                .as_ref()
                .is_none_or(|it| text(invoice, "customer") == it)
                && subscription.as_ref().is_none_or(|it| of(invoice) == it)
                && since.is_none_or(|since| number(invoice, "created") >= since)
        });
        if let Some(after) = &after {
            let place = found
                .iter()
                .position(|invoice| text(invoice, "id") == after);
            let place = place
                .ok_or_else(|| Refusal::no_such("invoice", after).named_in("starting_after"))?;
            found.drain(..=place);
        }
        let page = found.iter().take(limit).map(|invoice| shown(invoice));
        Ok(list("/v1/invoices", page.collect(), found.len() > limit))
    }))
}
