//! Each call of the client.

use enishi_shared::{
    error::{Code, Error},
    stripe::{
        Failure, PaymentIntentStatus, PaymentStatus, RefundStatus, SessionStatus, StripeError,
    },
};

use super::*;

/// What Stripe refused with.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, StripeError>) -> (u16, String) {
    match answer {
        Err(StripeError::Refused(Failure { code, status })) => (status, code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_checkout_is_opened_and_paid() {
    let world = World::new().await;
    let items = [
        LineItem {
            name: "湯呑み",
            unit_amount: 1_500,
            quantity: 2,
        },
        LineItem {
            name: "箸",
            unit_amount: 800,
            quantity: 1,
        },
    ];
    let checkout = world.payment("order-1", &items);
    let session = world
        .client
        .create_payment_checkout("k", &checkout)
        .await
        .unwrap();
    assert_eq!(session.status, SessionStatus::Open);
    assert_eq!(session.payment_status, PaymentStatus::Unpaid);
    assert_eq!(session.amount_total, Some(3_800));
    assert_eq!(session.currency.as_deref(), Some("jpy"));
    assert_eq!(session.client_reference_id.as_deref(), Some("order-1"));
    assert_eq!(session.metadata["purpose"], "market");
    assert_eq!(session.expires_at, checkout.expires_at);
    assert_eq!(session.payment_intent, None);
    let page = format!("{}/stripe/pay/{}", world.url, session.id);
    assert_eq!(session.url.as_deref(), Some(page.as_str()));

    let next = world.stripe.pay(&session.id).unwrap();
    let done = format!("https://shop.example/done?session={}", session.id);
    assert_eq!(next, done);
    let session = world.client.checkout_session(&session.id).await.unwrap();
    assert_eq!(session.status, SessionStatus::Complete);
    assert_eq!(session.payment_status, PaymentStatus::Paid);
    let intent = session.payment_intent.unwrap();
    let intent = world.client.payment_intent(&intent).await.unwrap();
    assert_eq!(intent.status, PaymentIntentStatus::Succeeded);
    assert_eq!((intent.amount, intent.amount_received), (3_800, 3_800));
    assert_eq!(intent.transfer_group.as_deref(), Some("order-1"));
    assert_eq!(intent.metadata["purpose"], "market");
    let charge = intent.latest_charge.unwrap();
    assert!(charge.paid && !charge.refunded);
    assert_eq!((charge.amount, charge.amount_refunded), (3_800, 0));
    assert!(world.stripe.pay(&session.id).is_err(), "once is enough");
    assert_eq!(
        world.happened(),
        [
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.completed"
        ]
    );
}

#[tokio::test]
async fn a_checkout_expires_when_told_and_when_its_time_is_over() {
    let world = World::new().await;
    let told = world.checkout("told", 500).await.id;
    let session = world.client.expire_checkout("e", &told).await.unwrap();
    assert_eq!(session.status, SessionStatus::Expired);
    assert_eq!(session.url, None);
    let again = world.client.expire_checkout("e", &told).await.unwrap();
    assert_eq!(again.status, SessionStatus::Expired, "the same key");
    let other = world.client.expire_checkout("e2", &told).await;
    assert_eq!(refused(other), (400, "invalid_request_error".into()));
    assert!(world.stripe.pay(&told).is_err());

    let over = world.checkout("over", 500).await.id;
    world.later(SignedDuration::from_secs(1_799));
    let session = world.client.checkout_session(&over).await.unwrap();
    assert_eq!(session.status, SessionStatus::Open);
    world.later(SignedDuration::from_secs(1));
    let session = world.client.checkout_session(&over).await.unwrap();
    assert_eq!(session.status, SessionStatus::Expired);
    assert!(world.stripe.pay(&over).is_err());
    assert_eq!(world.happened(), ["checkout.session.expired"; 2]);
}

#[tokio::test]
async fn a_declined_card_leaves_the_checkout_open() {
    let world = World::new().await;
    let id = world.checkout("order", 500).await.id;
    world.stripe.fail(&id).unwrap();
    let session = world.client.checkout_session(&id).await.unwrap();
    assert_eq!(session.status, SessionStatus::Open);
    let intent = session.payment_intent.unwrap();
    let tried = world.client.payment_intent(&intent).await.unwrap();
    assert_eq!(tried.status, PaymentIntentStatus::RequiresPaymentMethod);
    assert!(tried.latest_charge.is_none());
    let next = world.stripe.cancel(&id).unwrap();
    assert_eq!(next, "https://shop.example/cart");
    world.stripe.pay(&id).unwrap();
    let paid = world.client.payment_intent(&intent).await.unwrap();
    assert_eq!(paid.status, PaymentIntentStatus::Succeeded);
}

#[tokio::test]
async fn a_konbini_payment_is_complete_first_and_paid_later_or_never() {
    let world = World::new().await;
    let status = async |id: &str| {
        let session = world.client.checkout_session(id).await.unwrap();
        let intent = session.payment_intent.unwrap();
        let intent = world.client.payment_intent(&intent).await.unwrap();
        (session.status, session.payment_status, intent.status)
    };
    let mut sessions = Vec::new();
    for reference in ["paid", "told", "over"] {
        let id = world.checkout(reference, 500).await.id;
        world.stripe.konbini(&id).unwrap();
        let waits = PaymentIntentStatus::RequiresAction;
        let expected = (SessionStatus::Complete, PaymentStatus::Unpaid, waits);
        assert_eq!(status(&id).await, expected);
        sessions.push(id);
    }
    world.stripe.settle_late(&sessions[0], true).unwrap();
    world.stripe.settle_late(&sessions[1], false).unwrap();
    assert!(world.stripe.settle_late(&sessions[1], true).is_err());
    world.later(SignedDuration::from_hours(72));
    let failed = (
        SessionStatus::Complete,
        PaymentStatus::Unpaid,
        PaymentIntentStatus::RequiresPaymentMethod,
    );
    let paid = (
        SessionStatus::Complete,
        PaymentStatus::Paid,
        PaymentIntentStatus::Succeeded,
    );
    assert_eq!(status(&sessions[0]).await, paid);
    assert_eq!(status(&sessions[1]).await, failed);
    assert_eq!(status(&sessions[2]).await, failed);
    let count = |kind: &str| world.happened().iter().filter(|it| *it == kind).count();
    assert_eq!(count("checkout.session.completed"), 3);
    assert_eq!(count("checkout.session.async_payment_succeeded"), 1);
    assert_eq!(count("checkout.session.async_payment_failed"), 2);
}

#[tokio::test]
async fn a_payment_is_refunded_in_parts() {
    let world = World::new().await;
    let (intent, _) = world.paid("order", 1_000).await;
    let client = &world.client;
    let refund = client
        .create_refund("r1", &intent, Some(300), &[("parcel", "1")])
        .await
        .unwrap();
    assert_eq!(refund.status, RefundStatus::Succeeded);
    assert_eq!((refund.amount, refund.currency.as_str()), (300, "jpy"));
    assert_eq!(refund.payment_intent.as_deref(), Some(intent.as_str()));
    assert_eq!(refund.metadata["parcel"], "1");
    let found = client.refund(&refund.id).await.unwrap();
    assert_eq!(found.amount, 300);
    let more = client.create_refund("r2", &intent, Some(701), &[]).await;
    assert_eq!(refused(more), (400, "invalid_request_error".into()));
    let rest = client
        .create_refund("r3", &intent, None, &[])
        .await
        .unwrap();
    assert_eq!(rest.amount, 700);
    let charge = client.payment_intent(&intent).await.unwrap().latest_charge;
    assert!(charge.unwrap().refunded);
    let again = client.create_refund("r4", &intent, None, &[]).await;
    assert_eq!(refused(again), (400, "charge_already_refunded".into()));
}

#[tokio::test]
async fn a_checkout_for_cards_takes_no_slip_and_the_bank_may_take_its_time() {
    let world = World::new().await;
    let items = [LineItem {
        name: "面談",
        unit_amount: 500,
        quantity: 1,
    }];
    let mut sessions = Vec::new();
    for key in ["paid", "declined"] {
        let checkout = PaymentCheckout {
            cards_only: true,
            ..world.payment(key, &items)
        };
        let made = world.client.create_payment_checkout(key, &checkout).await;
        sessions.push(made.unwrap().id);
    }
    for id in &sessions {
        assert!(world.stripe.konbini(id).is_err());
        world.stripe.pay_slowly(id).unwrap();
        let session = world.client.checkout_session(id).await.unwrap();
        assert_eq!(session.status, SessionStatus::Complete);
        assert_eq!(session.payment_status, PaymentStatus::Unpaid);
    }
    let expected = [
        PaymentIntentStatus::Succeeded,
        PaymentIntentStatus::RequiresPaymentMethod,
    ];
    for ((id, is_paid), status) in sessions.iter().zip([true, false]).zip(expected) {
        world.stripe.settle_late(id, is_paid).unwrap();
        let session = world.client.checkout_session(id).await.unwrap();
        let intent = session.payment_intent.unwrap();
        let intent = world.client.payment_intent(&intent).await.unwrap();
        assert_eq!(intent.status, status);
    }
}

#[tokio::test]
async fn a_konbini_refund_waits_for_a_bank_account_and_may_come_back() {
    let world = World::new().await;
    let id = world.checkout("order", 500).await.id;
    world.stripe.konbini(&id).unwrap();
    world.stripe.settle_late(&id, true).unwrap();
    let session = world.client.checkout_session(&id).await.unwrap();
    let intent = session.payment_intent.unwrap();
    let refund = world.client.create_refund("r", &intent, None, &[]).await;
    let refund = refund.unwrap();
    assert_eq!(refund.status, RefundStatus::RequiresAction);
    world.stripe.settle_refund(&refund.id, false).unwrap();
    let refund = world.client.refund(&refund.id).await.unwrap();
    assert_eq!(refund.status, RefundStatus::Failed);
    assert_eq!(world.stripe.balance().refunded, 0);
}

#[tokio::test]
async fn the_same_key_gives_the_same_object_and_no_other() {
    let world = World::new().await;
    let first = world.checkout("order", 500).await;
    let again = world.checkout("order", 500).await;
    assert_eq!(first.id, again.id);
    let items = [LineItem {
        name: "湯呑み & <cup>",
        unit_amount: 501,
        quantity: 1,
    }];
    let other = world.payment("order", &items);
    let other = world
        .client
        .create_payment_checkout("checkout-order", &other);
    assert_eq!(refused(other.await), (400, "idempotency_error".into()));
    assert_eq!(world.stripe.open_sessions(), [first.id]);
}

#[tokio::test]
async fn a_lost_answer_and_a_passing_failure_are_tried_again() {
    let world = World::new().await;
    for fault in [
        Fault::Lost,
        Fault::InUse,
        Fault::Throttled,
        Fault::Unavailable,
    ] {
        world.stripe.inject(fault);
        let reference = format!("{fault:?}");
        let session = world.checkout(&reference, 500).await;
        let open = world.stripe.open_sessions();
        assert_eq!(open.last(), Some(&session.id), "{fault:?}");
    }
    assert_eq!(world.stripe.open_sessions().len(), 4);
    assert_eq!(world.stripe.requests().len(), 8);
}

#[tokio::test]
async fn what_does_not_pass_is_unavailable() {
    let world = World::new().await;
    for fault in [Fault::InUse, Fault::Throttled, Fault::Unavailable] {
        for _ in 0..3 {
            world.stripe.inject(fault);
        }
        let answer = world.client.checkout_session("cs_test_1").await;
        match answer {
            Err(StripeError::Other(error)) => assert_eq!(error.code(), Code::ServiceUnavailable),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_wrong_api_key_is_our_fault() {
    let world = World::with("sk_test_other", None).await;
    match world.client.checkout_session("cs_test_1").await {
        Err(StripeError::Other(error)) => assert_eq!(error.code(), Code::InternalServerError),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused_and_a_path_is_no_id() {
    let world = World::new().await;
    let missing = (404, "resource_missing".to_owned());
    let client = &world.client;
    assert_eq!(refused(client.payment_intent("pi_1").await), missing);
    let before = world.stripe.requests().len();
    for id in [
        "",
        "../accounts",
        "cs_1/expire",
        "cs_1?expand[]=customer",
        "あ",
    ] {
        assert_eq!(refused(client.checkout_session(id).await), missing, "{id}");
    }
    assert_eq!(world.stripe.requests().len(), before, "nothing was sent");
    let error = Error::from(client.refund("re_1").await.unwrap_err());
    assert_eq!(error.code(), Code::InternalServerError);
}

#[tokio::test]
async fn a_maker_is_onboarded_and_sees_the_dashboard() {
    let world = World::new().await;
    let client = &world.client;
    let account = client
        .create_account("a", "JP", Some("maker@example.com"), &[("maker", "m1")])
        .await
        .unwrap();
    assert!(!account.details_submitted && !account.takes_transfers());
    assert_eq!(account.metadata["maker"], "m1");
    let early = client.create_login_link("l1", &account.id).await;
    assert_eq!(refused(early), (400, "invalid_request_error".into()));
    let link = client
        .create_account_link(
            "al",
            &account.id,
            "https://s.example/again",
            "https://s.example/",
        )
        .await
        .unwrap();
    assert!(
        link.url
            .starts_with(&format!("{}/stripe/connect/", world.url))
    );
    assert_eq!(
        link.expires_at,
        world.clock.now() + SignedDuration::from_mins(5)
    );
    world.stripe.onboard(&account.id, true).unwrap();
    let account = client.account(&account.id).await.unwrap();
    assert!(account.details_submitted && account.takes_transfers() && account.payouts_enabled);
    let link = client.create_login_link("l2", &account.id).await.unwrap();
    assert!(link.url.contains("/stripe/express/acct_"));
    let event = world.stripe.events().pop().unwrap();
    assert_eq!(event.kind, "account.updated");
    assert_eq!(event.account, Some(account.id));
}
