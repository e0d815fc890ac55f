//! What is refused, and that it changes nothing.

use super::*;

fn server() -> (Stripe, LocalClock) {
    let clock = LocalClock::still(Timestamp::from_second(START).unwrap());
    let stripe = Stripe::open(clock.as_now(), "http://127.0.0.1/stripe".into(), None, None);
    (stripe, clock)
}

const CHECKOUT: &str = "mode=payment&success_url=https://s.example/&\
     line_items[0][price_data][currency]=jpy&line_items[0][price_data][unit_amount]=500&\
     line_items[0][price_data][product_data][name]=cup&line_items[0][quantity]=1";

async fn error(stripe: &Stripe, method: &str, path: &str, form: &str) -> (u16, String, String) {
    let (status, body) = raw(stripe, method, path, &[], form).await;
    let field = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(field("type"), "invalid_request_error", "{form}");
    assert!(!field("message").is_empty());
    (status, field("code"), field("param"))
}

#[tokio::test]
async fn unknown_missing_and_wrong_parameters_are_refused() {
    let (stripe, _) = server();
    let with = |more: &str| format!("{CHECKOUT}&{more}");
    let but = |part: &str, other: &str| {
        assert!(CHECKOUT.contains(part));
        CHECKOUT.replace(part, other)
    };
    let early = START + 30 * 60 - 1;
    let late = START + 24 * 3600 + 1;
    for (form, code, param) in [
        (with("colour=red"), "parameter_unknown", "colour"),
        (
            with("metadata[a][b]=c"),
            "parameter_unknown",
            "metadata[a][b]",
        ),
        (
            with("subscription_data[metadata][a]=b"),
            "parameter_unknown",
            "subscription_data[metadata][a]",
        ),
        (
            with("line_items[2][quantity]=1"),
            "parameter_unknown",
            "line_items[2][quantity]",
        ),
        (with("expand[0]=customer"), "parameter_unknown", "expand[0]"),
        (with("cancel_url="), "parameter_invalid_empty", "cancel_url"),
        (with("cancel_url=shop"), "url_invalid", "cancel_url"),
        (with("mode=payment"), "", "mode"),
        (
            with("expires_at=soon"),
            "parameter_invalid_integer",
            "expires_at",
        ),
        (with(&format!("expires_at={early}")), "", "expires_at"),
        (with(&format!("expires_at={late}")), "", "expires_at"),
        (with("customer=cus_1"), "resource_missing", "customer"),
        (
            with("customer=cus_1&customer_email=a@b.example"),
            "",
            "customer",
        ),
        (
            with(&format!("client_reference_id={}", "x".repeat(201))),
            "",
            "client_reference_id",
        ),
        (but("mode=payment&", ""), "parameter_missing", "mode"),
        (but("mode=payment", "mode=setup"), "", "mode"),
        (
            but("success_url=https://s.example/&", ""),
            "parameter_missing",
            "success_url",
        ),
        (
            but("unit_amount]=500", "unit_amount]=49"),
            "amount_too_small",
            "",
        ),
        (
            but("unit_amount]=500", "unit_amount]=100000000"),
            "amount_too_large",
            "",
        ),
        (
            but("unit_amount]=500", "unit_amount]=-500"),
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        (
            but("unit_amount]=500", "unit_amount]=500.0"),
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        (but("currency]=jpy", "currency]=JPY"), "", "currency"),
        (
            but("&line_items[0][quantity]=1", ""),
            "",
            "line_items[0][quantity]",
        ),
        (
            but("[quantity]=1", "[quantity]=0"),
            "parameter_invalid_integer",
            "line_items[0][quantity]",
        ),
        (
            "mode=payment&success_url=https://s.example/".into(),
            "parameter_missing",
            "line_items",
        ),
        (
            "mode=subscription&success_url=https://s.example/&line_items[0][price]=price_no".into(),
            "parameter_missing",
            "subscription_data[billing_mode][type]",
        ),
        (
            "mode=subscription&success_url=https://s.example/&line_items[0][price]=price_no&\
             subscription_data[billing_mode][type]=classic"
                .into(),
            "resource_missing",
            "line_items[0][price]",
        ),
    ] {
        let refused = error(&stripe, "POST", "checkout/sessions", &form).await;
        assert_eq!(refused, (400, code.into(), param.into()), "{form}");
    }
    assert!(stripe.open_sessions().is_empty());
    assert!(stripe.events().is_empty());
}

#[tokio::test]
async fn the_bounds_themselves_are_taken() {
    let (stripe, _) = server();
    for (name, value) in [
        ("expires_at", START + 30 * 60),
        ("expires_at", START + 24 * 3600),
    ] {
        let form = format!("{CHECKOUT}&{name}={value}");
        let (status, body) = raw(&stripe, "POST", "checkout/sessions", &[], &form).await;
        assert_eq!((status, &body[name]), (200, &json!(value)));
    }
    for amount in ["50", "99999999"] {
        let form = CHECKOUT.replace("unit_amount]=500", &format!("unit_amount]={amount}"));
        let (status, body) = raw(&stripe, "POST", "checkout/sessions", &[], &form).await;
        assert_eq!(status, 200);
        assert_eq!(body["amount_total"].to_string(), amount);
        assert_eq!(body["livemode"], false);
        let shown = body.as_object().unwrap();
        assert!(shown.keys().all(|name| !name.starts_with('_')), "{body}");
    }
}

#[tokio::test]
async fn what_is_not_offered_is_404() {
    let (stripe, _) = server();
    for (method, path) in [
        ("GET", "checkout/sessions"),
        ("POST", "charges"),
        ("DELETE", "customers/cus_1"),
        ("POST", "payment_intents"),
        ("GET", "balance/history"),
        ("GET", ""),
        ("GET", "invoices/in_1"),
        ("GET", "subscriptions/cus_1"),
        ("DELETE", "subscriptions/cus_1"),
        ("DELETE", "invoices/in_1"),
    ] {
        assert_eq!(error(&stripe, method, path, "").await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn only_the_key_and_the_version_that_are_pinned_are_taken() {
    let (stripe, _) = server();
    for value in ["", "Bearer", "Bearer sk_test_other", API_KEY, "Basic c2s6"] {
        let headers = [("authorization", value)];
        let (status, _) = raw(&stripe, "POST", "checkout/sessions", &headers, CHECKOUT).await;
        assert_eq!(status, 401, "{value}");
    }
    for (version, expected) in [(API_VERSION, 200), ("2020-08-27", 400)] {
        let headers = [("stripe-version", version)];
        let (status, _) = raw(&stripe, "POST", "checkout/sessions", &headers, CHECKOUT).await;
        assert_eq!(status, expected, "{version}");
    }
    let json = [("content-type", "application/json")];
    let request = Request::post("/stripe/v1/customers")
        .header("authorization", format!("Bearer {API_KEY}"))
        .header(json[0].0, json[0].1)
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    assert_eq!(stripe.handle(request).await.status(), 400);
}

#[tokio::test]
async fn a_key_keeps_what_was_done_and_nothing_that_was_not() {
    let (stripe, clock) = server();
    let key = [("idempotency-key", "k")];
    let post = async |path: &str, form: &str| raw(&stripe, "POST", path, &key, form).await;
    // Not understood: nothing is kept.
    let unknown = format!("{CHECKOUT}&colour=red");
    assert_eq!(post("checkout/sessions", &unknown).await.0, 400);
    let first = post("checkout/sessions", CHECKOUT).await;
    assert_eq!(first.0, 200);
    // The same parameters in another order are the same.
    let mut parts: Vec<&str> = CHECKOUT.split('&').collect();
    parts.reverse();
    assert_eq!(post("checkout/sessions", &parts.join("&")).await, first);
    for (path, form) in [
        ("checkout/sessions", CHECKOUT.replace("500", "501")),
        ("customers", "name=a".into()),
    ] {
        let (status, body) = post(path, &form).await;
        assert_eq!(
            (status, &body["error"]["type"]),
            (400, &json!("idempotency_error"))
        );
    }
    assert_eq!(stripe.open_sessions().len(), 1);
    // The kept answer is the one of that time.
    let id = first.1["id"].as_str().unwrap();
    stripe.pay(id).unwrap();
    assert_eq!(post("checkout/sessions", CHECKOUT).await, first);
    // After a day the key is free.
    clock.set(Some(clock.now() + SignedDuration::from_hours(24)));
    assert_ne!(post("checkout/sessions", CHECKOUT).await, first);
    let long = "k".repeat(256);
    let headers = [("idempotency-key", long.as_str())];
    let (status, _) = raw(&stripe, "POST", "customers", &headers, "name=a").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_refusal_that_was_decided_is_kept_too() {
    let (stripe, _) = server();
    let session = raw(&stripe, "POST", "checkout/sessions", &[], CHECKOUT)
        .await
        .1;
    let id = session["id"].as_str().unwrap();
    stripe.pay(id).unwrap();
    let path = format!("checkout/sessions/{id}/expire");
    let key = [("idempotency-key", "e")];
    let first = raw(&stripe, "POST", &path, &key, "").await;
    assert_eq!(first.0, 400);
    assert_eq!(raw(&stripe, "POST", &path, &key, "").await, first);
    let other = raw(&stripe, "POST", &path, &key, "expand[0]=x").await;
    assert_eq!(other.1["error"]["type"], "idempotency_error");
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let clock = LocalClock::still(Timestamp::from_second(START).unwrap());
    let open = || {
        let file = folder.path().join("stripe.json");
        Stripe::open(
            clock.as_now(),
            "http://127.0.0.1/stripe".into(),
            None,
            Some(file),
        )
    };
    let stripe = open();
    let key = [("idempotency-key", "k")];
    let first = raw(&stripe, "POST", "checkout/sessions", &key, CHECKOUT).await;
    let id = first.1["id"].as_str().unwrap();
    stripe.pay(id).unwrap();
    let other = open();
    assert_eq!(other.object(id), stripe.object(id));
    assert_eq!(other.events().len(), stripe.events().len());
    let again = raw(&other, "POST", "checkout/sessions", &key, CHECKOUT).await;
    assert_eq!(again, first);
    let kept = |stripe: &Stripe| serde_json::to_value(&*stripe.lock()).unwrap();
    assert_eq!(kept(&other), kept(&stripe));
}
