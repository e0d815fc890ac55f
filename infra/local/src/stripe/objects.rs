//! What every object of a kind has in Stripe's published description of its API, whatever is done with
//! it here: a client that checks what it gets finds nothing missing.
//!
//! `required.json` holds those fields of the objects made here (OpenAPI, version [`super::API_VERSION`]);
//! the name of one that may be null ends in `?`.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

static REQUIRED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("required.json")).unwrap_or_default());

/// The required fields of a kind of objects; null for others.
pub fn required(kind: &str) -> &'static Value {
    &REQUIRED[kind]
}

/// An object, and those in it, with everything that is required: null where that may be, else what it is for
/// whoever has not said otherwise.
pub fn complete(mut object: Value) -> Value {
    fill(&mut object);
    object
}

fn fill(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(fill),
        Value::Object(fields) => {
            let kind = fields.get("object").and_then(Value::as_str);
            if let Some(kind) = kind.map(str::to_owned) {
                for (name, value) in usual(&kind) {
                    fields.entry(name).or_insert(value);
                }
                fill_nulls(fields, required(&kind));
            }
            fields.values_mut().for_each(fill);
        }
        _ => {}
    }
}

/// Adds what may be null, here and in what is described beneath.
fn fill_nulls(fields: &mut Map<String, Value>, required: &Value) {
    for (name, beneath) in required.as_object().into_iter().flatten() {
        if let Some(name) = name.strip_suffix('?') {
            fields.entry(name).or_insert(Value::Null);
        }
        let name = name.trim_end_matches('?');
        if let Some(Value::Object(inner)) = fields.get_mut(name) {
            fill_nulls(inner, beneath);
        }
    }
}

/// What may not be null, of an object that nobody has configured.
fn usual(kind: &str) -> Map<String, Value> {
    let usual = match kind {
        "checkout.session" => json!({
            "automatic_tax": {"enabled": false},
            "custom_fields": [],
            "custom_text": {},
            "livemode": false,
            "payment_method_types": ["card", "konbini"],
            "shipping_options": [],
        }),
        "payment_intent" => json!({
            "amount_capturable": 0,
            "capture_method": "automatic_async",
            "confirmation_method": "automatic",
            "livemode": false,
            "payment_method_types": ["card", "konbini"],
        }),
        "charge" => json!({
            "billing_details": {},
            "captured": true,
            "disputed": false,
            "livemode": false,
        }),
        "dispute" => json!({
            "balance_transactions": [],
            "enhanced_eligibility_types": [],
            "evidence": {"enhanced_evidence": {}},
            "livemode": false,
            "metadata": {},
        }),
        "customer" => json!({"balance": 0, "invoice_settings": {}, "livemode": false}),
        "subscription" => json!({
            "automatic_tax": {"enabled": false},
            "billing_mode": {"type": "classic"},
            "billing_schedules": [],
            "collection_method": "charge_automatically",
            "discounts": [],
            "invoice_settings": {"issuer": {"type": "self"}},
            "livemode": false,
        }),
        "subscription_item" => json!({"discounts": [], "metadata": {}}),
        "price" => json!({
            "active": true,
            "billing_scheme": "per_unit",
            "livemode": false,
            "metadata": {},
            "product": "prod_local",
            "type": "recurring",
        }),
        "plan" => json!({
            "active": true,
            "billing_scheme": "per_unit",
            "livemode": false,
            "product": "prod_local",
            "usage_type": "licensed",
        }),
        "invoice" => json!({
            "amount_overpaid": 0,
            "amount_shipping": 0,
            "attempt_count": 1,
            "attempted": true,
            "automatic_tax": {"enabled": false},
            "collection_method": "charge_automatically",
            "default_tax_rates": [],
            "discounts": [],
            "issuer": {"type": "self"},
            "livemode": false,
            "payment_settings": {},
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "starting_balance": 0,
            "status_transitions": {},
        }),
        "line_item" => json!({
            "discountable": true,
            "discounts": [],
            "livemode": false,
            "metadata": {},
        }),
        "billing_portal.session" => json!({"configuration": "bpc_local", "livemode": false}),
        "event" | "invoice_payment" | "transfer" => json!({"livemode": false}),
        _ => json!({}),
    };
    match usual {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
