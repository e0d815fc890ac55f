//! The pages, as a browser uses them.

use http_body_util::{BodyExt as _, Full};

use super::*;

/// What a browser gets: the status, where it is sent, the page.
async fn browse(method: &str, url: &str, form: &str) -> (u16, String, String) {
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(form.to_owned())))
        .unwrap();
    let answer = events::sender().request(request).await.unwrap();
    let location = answer.headers().get("location");
    let location = location.map_or(String::new(), |it| it.to_str().unwrap().to_owned());
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, location, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_checkout_is_paid_on_its_page() {
    let world = World::new().await;
    let session = world.checkout("order", 500).await;
    let url = session.url.unwrap();
    let (status, _, page) = browse("GET", &url, "").await;
    assert_eq!(status, 200);
    for part in [
        "500 JPY",
        "湯呑み &amp; &lt;cup&gt;",
        "支払う / Pay",
        "Cancel",
        "konbini",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let (status, location, _) = browse("POST", &url, "do=cancel").await;
    assert_eq!(
        (status, location.as_str()),
        (303, "https://shop.example/cart")
    );
    let (status, _, page) = browse("POST", &url, "do=fail").await;
    assert_eq!(status, 200);
    assert!(page.contains("declined") && page.contains("支払う / Pay"));
    let (status, location, _) = browse("POST", &url, "do=pay").await;
    let done = format!("https://shop.example/done?session={}", session.id);
    assert_eq!((status, location), (303, done));
    let (_, _, page) = browse("GET", &url, "").await;
    assert!(page.contains("complete") && !page.contains("<form"));
    let (_, _, page) = browse("POST", &url, "do=pay").await;
    assert!(page.contains("the Checkout is complete"), "{page}");
    let other = format!("{}/stripe/pay/cs_test_1", world.url);
    assert_eq!(browse("GET", &other, "").await.0, 404);
}

#[tokio::test]
async fn a_payment_slip_is_settled_on_the_same_page() {
    let world = World::new().await;
    let session = world.checkout("order", 500).await;
    let url = session.url.unwrap();
    assert_eq!(browse("POST", &url, "do=konbini").await.0, 303);
    let (_, _, page) = browse("GET", &url, "").await;
    assert!(page.contains("Paid at the konbini"), "{page}");
    assert_eq!(browse("POST", &url, "do=settle").await.0, 200);
    let paid = world.stripe.object(&session.id).unwrap();
    assert_eq!(paid["payment_status"], "paid");
}

#[tokio::test]
async fn a_maker_finishes_onboarding_while_the_link_lasts() {
    let world = World::new().await;
    let account = world
        .client
        .create_account("a", "JP", None, &[])
        .await
        .unwrap()
        .id;
    let (again, back) = ("https://s.example/again", "https://s.example/shop");
    let link = async |key: &str| {
        let made = world.client.create_account_link(key, &account, again, back);
        made.await.unwrap().url
    };
    let url = link("l1").await;
    assert!(browse("GET", &url, "").await.2.contains("登録する"));
    assert_eq!(browse("POST", &url, "do=leave").await.1, back);
    assert!(
        !world
            .client
            .account(&account)
            .await
            .unwrap()
            .takes_transfers()
    );
    world.later(SignedDuration::from_mins(5));
    assert_eq!(browse("GET", &url, "").await.1, again);
    assert_eq!(browse("POST", &url, "do=finish").await.1, again);
    let url = link("l2").await;
    assert_eq!(browse("POST", &url, "do=finish").await.1, back);
    assert!(
        world
            .client
            .account(&account)
            .await
            .unwrap()
            .takes_transfers()
    );
    let dashboard = world.client.create_login_link("d", &account).await.unwrap();
    assert_eq!(browse("GET", &dashboard.url, "").await.0, 200);
}

#[tokio::test]
async fn a_subscription_is_ended_and_kept_in_the_portal() {
    use enishi_shared::stripe::{Proration, SubscriptionCheckout};
    let world = World::new().await;
    let client = &world.client;
    let customer = client
        .create_customer("c", "縁", "o@example.com", &[])
        .await;
    let customer = customer.unwrap().id;
    let checkout = SubscriptionCheckout {
        reference: "l",
        customer: &customer,
        price: PRICE,
        quantity: 1,
        metadata: &[],
        expires_at: world.clock.now() + SignedDuration::from_hours(1),
        success_url: "https://o.example/done",
        cancel_url: "https://o.example/",
    };
    let session = client.create_subscription_checkout("s", &checkout).await;
    let session = session.unwrap().id;
    world.stripe.pay(&session).unwrap();
    let session = client.checkout_session(&session).await.unwrap();
    let id = session.subscription.unwrap();
    let portal = client
        .create_portal("p", &customer, "https://o.example/")
        .await;
    let url = portal.unwrap().url;
    for (button, ends) in [("end", true), ("keep", false)] {
        let (_, _, page) = browse("GET", &url, "").await;
        assert!(page.contains(&format!("value=\"{button}\"")), "{page}");
        let form = format!("do={button}&of={id}");
        assert_eq!(browse("POST", &url, &form).await.0, 303);
        let subscription = client.subscription(&id).await.unwrap();
        // The portal sets `cancel_at` alone.
        let end = subscription.items[0].period.end;
        assert_eq!(subscription.cancel_at, ends.then_some(end));
        assert!(!subscription.cancel_at_period_end);
    }
    assert_eq!(browse("POST", &url, "do=end&of=sub_other").await.0, 404);
    let invoice = client.invoices(&customer, 1, None).await.unwrap().data;
    let invoice = invoice[0].hosted_invoice_url.as_deref().unwrap();
    assert!(browse("GET", invoice, "").await.2.contains("1000 JPY"));
    let again = browse("POST", invoice, "do=pay").await.2;
    assert!(again.contains("not open"), "{again}");
    // What is declined is paid on its page.
    world.stripe.decline(&id, true).unwrap();
    let subscription = client.subscription(&id).await.unwrap();
    let item = &subscription.items[0].id;
    let more = client.set_quantity("q", &id, item, 3, Proration::Paid);
    assert_eq!(more.await.unwrap().items[0].quantity, 1);
    let invoice = client.invoices(&customer, 1, None).await.unwrap().data;
    let invoice = invoice[0].hosted_invoice_url.as_deref().unwrap();
    assert!(browse("GET", invoice, "").await.2.contains("value=\"pay\""));
    assert_eq!(browse("POST", invoice, "do=else").await.0, 400);
    assert_eq!(browse("POST", invoice, "do=pay").await.0, 303);
    let subscription = client.subscription(&id).await.unwrap();
    assert_eq!(subscription.items[0].quantity, 3);
}

#[tokio::test]
async fn a_stack_serves_it_beside_the_aws_services() {
    let options = crate::Options::in_memory(Timestamp::from_second(START).unwrap());
    let stack = crate::Stack::start(options).await.unwrap();
    let answer = browse(
        "POST",
        &format!("{}/stripe/v1/customers", stack.aws_url()),
        "",
    )
    .await;
    assert_eq!(answer.0, 401);
    assert_eq!(stack.stripe().requests(), ["POST customers"]);
    let events = format!("{}/_enishi/stripe/events", stack.aws_url());
    assert_eq!(browse("GET", &events, "").await.2, "[]");
    stack.stop();
}

#[tokio::test]
async fn a_charge_is_disputed_on_its_receipt_and_a_balance_paid_out_on_the_dashboard() {
    let world = World::new().await;
    let (_, charge) = world.paid("order", 500).await;
    let receipt = format!("{}/stripe/receipt/{charge}", world.url);
    for (decision, disputed) in [("win", 0), ("lose", 500)] {
        assert_eq!(
            browse("POST", &receipt, &format!("do={decision}")).await.0,
            400
        );
        assert!(browse("GET", &receipt, "").await.2.contains("Dispute"));
        assert_eq!(browse("POST", &receipt, "do=dispute").await.0, 303);
        assert_eq!(world.stripe.balance().disputed, 500);
        assert!(browse("GET", &receipt, "").await.2.contains("is lost"));
        assert_eq!(browse("POST", &receipt, "do=dispute").await.0, 400);
        assert_eq!(
            browse("POST", &receipt, &format!("do={decision}")).await.0,
            303
        );
        assert_eq!(world.stripe.balance().disputed, disputed);
    }
    let (_, _, page) = browse("POST", &receipt, "do=dispute").await;
    assert!(page.contains("no more can be disputed"), "{page}");

    let maker = world.maker().await;
    let dashboard = format!("{}/stripe/express/{maker}", world.url);
    let (_, charge) = world.paid("another", 500).await;
    let form = format!("amount=300&currency=jpy&destination={maker}&source_transaction={charge}");
    raw(&world.stripe, "POST", "transfers", &[], &form).await;
    assert!(browse("GET", &dashboard, "").await.2.contains("<b>300</b>"));
    assert_eq!(browse("POST", &dashboard, "do=nothing").await.0, 400);
    assert_eq!(browse("POST", &dashboard, "do=payout").await.0, 303);
    assert!(browse("GET", &dashboard, "").await.2.contains("<b>0</b>"));
    assert_eq!(
        browse("POST", &format!("{dashboard}x"), "do=payout")
            .await
            .0,
        404
    );
}
