//! Every object has what Stripe's published description of its API requires.

use super::{
    super::{money, objects::required},
    *,
};

/// What of the required is missing, or null where it may not be; `object` and those in it.
fn lacks(object: &Value, required_of: &Value, at: &str, found: &mut Vec<String>) {
    for (name, beneath) in required_of.as_object().into_iter().flatten() {
        let may_be_null = name.ends_with('?');
        let name = name.trim_end_matches('?');
        let at = format!("{at}.{name}");
        match object.get(name) {
            None => found.push(format!("{at} is missing")),
            Some(Value::Null) if !may_be_null => found.push(format!("{at} is null")),
            Some(value) => walk(value, beneath, &at, found),
        }
    }
}

fn walk(value: &Value, beneath: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for item in items {
                walk(item, &beneath[0], at, found);
            }
        }
        Value::Object(fields) => match fields.get("object").and_then(Value::as_str) {
            Some("list") => {
                for field in ["url", "has_more", "data"] {
                    if !fields.contains_key(field) {
                        found.push(format!("{at}.{field} is missing"));
                    }
                }
                walk(&fields["data"], &Value::Null, at, found);
            }
            Some(kind) => {
                assert!(required(kind).is_object(), "{kind} is described nowhere");
                lacks(value, required(kind), kind, found);
            }
            None => lacks(value, beneath, at, found),
        },
        _ => {}
    }
}

#[tokio::test]
async fn every_object_has_what_the_published_description_requires() {
    let world = World::new().await;
    let (stripe, ok) = (
        &world.stripe,
        async |method: &str, path: &str, form: &str| {
            let (status, body) = raw(&world.stripe, method, path, &[], form).await;
            assert_eq!(status, 200, "{path}: {body}");
            body
        },
    );
    let id = |object: &Value| object["id"].as_str().unwrap().to_owned();
    let mut answers = Vec::new();

    // A payment, its refund, what is passed on and taken back.
    let (intent, charge) = world.paid("order-1", 3_000).await;
    let maker = world.maker().await;
    let form = format!("amount=1000&currency=jpy&destination={maker}&source_transaction={charge}");
    let transfer = ok("POST", "transfers", &form).await;
    let path = format!("transfers/{}/reversals", id(&transfer));
    answers.push(ok("POST", &path, "amount=400").await);
    answers.push(transfer);
    answers.push(
        ok(
            "POST",
            "refunds",
            &format!("payment_intent={intent}&amount=500"),
        )
        .await,
    );
    let path = format!("payment_intents/{intent}?expand[0]=latest_charge");
    answers.push(ok("GET", &path, "").await);
    // A dispute, and what the maker has.
    let session = world.checkout("order-4", 3_000).await.id;
    stripe.pay(&session).unwrap();
    let dispute = stripe.dispute(&session, None, "fraudulent").unwrap();
    stripe.decide_dispute(&dispute, true).unwrap();
    answers.push(ok("GET", &format!("disputes/{dispute}"), "").await);
    answers.push(ok("GET", "balance", "").await);
    // One that fails, one that expires, one paid at a konbini and given back.
    let session = world.checkout("order-2", 3_000).await.id;
    stripe.fail(&session).unwrap();
    answers.push(ok("POST", &format!("checkout/sessions/{session}/expire"), "").await);
    let session = world.checkout("order-3", 3_000).await.id;
    stripe.konbini(&session).unwrap();
    stripe.settle_late(&session, true).unwrap();
    let paid = ok("GET", &format!("checkout/sessions/{session}"), "").await;
    let intent = paid["payment_intent"].as_str().unwrap();
    let refund = ok("POST", "refunds", &format!("payment_intent={intent}")).await;
    stripe.settle_refund(&id(&refund), false).unwrap();
    answers.extend([paid, refund]);

    // A maker's pages.
    let form = format!(
        "account={maker}&type=account_onboarding&refresh_url=https://s.example&return_url=https://s.example"
    );
    answers.push(ok("POST", "account_links", &form).await);
    answers.push(ok("POST", &format!("accounts/{maker}/login_links"), "").await);

    // A subscription, renewed and changed, with its invoices.
    let customer = id(&ok("POST", "customers", "email=hana@example.com").await);
    let form = format!(
        "mode=subscription&customer={customer}&success_url=https://s.example&\
         subscription_data[billing_mode][type]=classic&\
         line_items[0][price]={PRICE}&line_items[0][quantity]=2"
    );
    let session = id(&ok("POST", "checkout/sessions", &form).await);
    stripe.pay(&session).unwrap();
    world.later(SignedDuration::from_hours(24 * 32));
    let session = ok("GET", &format!("checkout/sessions/{session}"), "").await;
    let path = format!(
        "subscriptions/{}",
        session["subscription"].as_str().unwrap()
    );
    let subscription = ok("GET", &path, "").await;
    let item = id(&subscription["items"]["data"][0]);
    let form =
        format!("items[0][id]={item}&items[0][quantity]=3&proration_behavior=always_invoice");
    answers.push(ok("POST", &path, &form).await);
    // More that is declined, so that it waits for its payment, and is dropped at the end.
    stripe.decline(&id(&subscription), true).unwrap();
    let form = format!(
        "items[0][id]={item}&items[0][quantity]=9&proration_behavior=always_invoice&\
         payment_behavior=pending_if_incomplete"
    );
    answers.push(ok("POST", &path, &form).await);
    let invoices = ok("GET", "invoices?limit=100", "").await;
    let first = id(&invoices["data"][2]);
    answers.push(invoices);
    answers.push(ok("GET", &format!("invoices/{first}?expand[0]=payments"), "").await);
    answers.push(ok("DELETE", &path, "").await);
    let form = format!("customer={customer}&return_url=https://s.example");
    answers.push(ok("POST", "billing_portal/sessions", &form).await);
    assert!(money::charges(&stripe.lock(), "amount") > 0);

    // All that there is, and all that was told.
    answers.extend(stripe.lock().objects.values().map(shown));
    answers.extend(stripe.events().into_iter().map(|event| event.body));
    let mut found = Vec::new();
    let mut kinds = std::collections::BTreeSet::new();
    for answer in &answers {
        let kind = answer["object"].as_str().unwrap();
        // Our own, never shown.
        if !kind.starts_with('_') {
            kinds.insert(kind.to_owned());
            walk(answer, &Value::Null, kind, &mut found);
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found, [] as [String; 0]);
    for kind in [
        "account",
        "account_link",
        "balance",
        "billing_portal.session",
        "charge",
        "checkout.session",
        "customer",
        "dispute",
        "event",
        "invoice",
        "invoice_payment",
        "list",
        "login_link",
        "payment_intent",
        "refund",
        "subscription",
        "transfer",
        "transfer_reversal",
    ] {
        assert!(kinds.contains(kind), "{kind}");
    }
}
