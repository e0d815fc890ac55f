//! What is passed on by parts, and taken back.

use enishi_shared::{
    error::Code,
    payments::{NewTransfer, Reversed, refund, reverse, transfer},
    stripe,
};

use super::*;

/// The account gets so much of another order.
async fn earns(app: &App, account: &str, amount: i64) {
    let more = stripe::NewTransfer {
        amount,
        currency: "jpy",
        destination: account,
        source_transaction: None,
        transfer_group: "another order",
        metadata: &[],
    };
    let key = app.new_id().to_string();
    stripe::client(app)
        .create_transfer(&key, &more)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_part_is_bounded_by_itself_and_not_by_the_others() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let (a, b) = (maker(&world, &app).await, maker(&world, &app).await);
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    // All of the other two parts goes back.
    refund(&app, payment_ref, "b", Some(1_000)).await.unwrap();
    let refused = transfer(&app, payment_ref, part("b", &b))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    refund(&app, payment_ref, "c", Some(500)).await.unwrap();
    refund(&app, payment_ref, "c/2", Some(450)).await.unwrap();
    let refused = transfer(&app, payment_ref, part("c", &b))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    let rest = NewTransfer {
        amount: 50,
        ..part("c", &b)
    };
    transfer(&app, payment_ref, rest).await.unwrap();
    // The parts together are no more than the payment.
    let fourth = NewTransfer {
        amount: 1,
        part: 1,
        ..part("d", &b)
    };
    transfer(&app, payment_ref, fourth).await.unwrap();
    let fifth = NewTransfer {
        name: "e",
        part: 1_000,
        ..fourth
    };
    let refused = transfer(&app, payment_ref, fifth).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    let balance = world.stack.stripe().balance();
    assert_eq!((balance.refunded, balance.passed_on), (1_950, 951));
    assert_eq!(balance.platform, 99);
}

#[tokio::test]
async fn what_the_charge_does_not_cover_any_more_comes_from_the_balance() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let a = maker(&world, &app).await;
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    // Somebody gives back more in Stripe's dashboard than is to spare; nobody has heard of it.
    let intent = find(&app, payment_ref).await.stripe.payment_intent.unwrap();
    let client = stripe::client(&app);
    let back = client.create_refund("by hand", &intent, Some(2_500), &[]);
    back.await.unwrap();
    let asked = transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    assert!(asked.transfers["a"].from_charge);
    let refusal = asked.transfers["a"].refusal.as_deref();
    assert_eq!(refusal, Some("invalid_request_error"));
    world.stack.settle().await;
    // Neither the charge nor the platform has it.
    for expected in ["invalid_request_error", "balance_insufficient"] {
        let asked = transfer(&app, payment_ref, part("a", &a)).await.unwrap();
        let refusal = asked.transfers["a"].refusal.as_deref();
        assert_eq!(refusal, Some(expected));
        assert!(!asked.transfers["a"].from_charge);
    }
    paid(&world, &app, &hana).await;
    let made = transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    let id = made.transfers["a"].id.clone().unwrap();
    let at_stripe = world.stack.stripe().object(&id).unwrap();
    assert_eq!(at_stripe["source_transaction"], Value::Null);
    assert_eq!(at_stripe["amount"], 900);
}

#[tokio::test]
async fn what_stripe_refuses_waits_until_it_is_asked_for_again() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let stripe = world.stack.stripe();
    let a = maker(&world, &app).await;
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    stripe.onboard(&a, false).unwrap();
    for times in 1..=3 {
        let asked = transfer(&app, payment_ref, part("a", &a)).await.unwrap();
        let waits = &asked.transfers["a"];
        let code = "insufficient_capabilities_for_transfer";
        assert_eq!(waits.refusal.as_deref(), Some(code));
        assert_eq!((waits.refused, &waits.id), (times, &None));
        assert_eq!(asked.due_at, None);
    }
    // Nothing else asks for it, however long it takes.
    refund(&app, payment_ref, "b", Some(1_000)).await.unwrap();
    later(&world, SignedDuration::from_hours(25));
    assert_eq!(sweep(&world).await.unwrap(), json!({"payments": 0}));
    stripe.onboard(&a, true).unwrap();
    assert_eq!(stripe.balance().passed_on, 0);
    for _ in 0..2 {
        let made = transfer(&app, payment_ref, part("a", &a)).await.unwrap();
        assert!(made.transfers["a"].id.is_some() && made.transfers["a"].refusal.is_none());
    }
    assert_eq!(stripe.balance().passed_on, 900);
}

#[tokio::test]
async fn what_waits_is_not_passed_on_once_its_part_has_gone_back() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let stripe = world.stack.stripe();
    let a = maker(&world, &app).await;
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    stripe.onboard(&a, false).unwrap();
    transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    refund(&app, payment_ref, "a", Some(1_000)).await.unwrap();
    stripe.onboard(&a, true).unwrap();
    let refused = transfer(&app, payment_ref, part("a", &a)).await;
    assert_eq!(refused.unwrap_err().code(), Code::Conflict);
    assert_eq!(stripe.balance().passed_on, 0);
}

#[tokio::test]
async fn what_was_never_made_is_called_off() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let stripe = world.stack.stripe();
    let a = maker(&world, &app).await;
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    let refused = reverse(&app, payment_ref, "a", 900).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    stripe.onboard(&a, false).unwrap();
    transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    let nothing = Reversed {
        reversed: 0,
        owed: 0,
    };
    for _ in 0..2 {
        assert_eq!(reverse(&app, payment_ref, "a", 900).await.unwrap(), nothing);
    }
    stripe.onboard(&a, true).unwrap();
    let off = transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    assert!(off.transfers["a"].is_called_off());
    assert_eq!(stripe.balance().passed_on, 0);
    assert_eq!(announced(&world), ["settled"]);
}

#[tokio::test]
async fn what_was_passed_on_comes_back_once() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let a = maker(&world, &app).await;
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    for amount in [901, 0, -1] {
        let refused = reverse(&app, payment_ref, "a", amount).await.unwrap_err();
        assert_eq!(refused.code(), Code::Conflict);
    }
    let all = Reversed {
        reversed: 900,
        owed: 0,
    };
    for _ in 0..3 {
        assert_eq!(reverse(&app, payment_ref, "a", 900).await.unwrap(), all);
    }
    let refused = reverse(&app, payment_ref, "a", 800).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    assert_eq!(world.stack.stripe().balance().passed_on, 0);
    assert_eq!(find(&app, payment_ref).await.due_at, None);
    assert_eq!(announced(&world), ["reversed", "settled"]);
    // What somebody took back in Stripe's dashboard is not taken back again.
    let other = paid(&world, &app, &hana).await.payment_ref();
    let made = transfer(&app, other, part("a", &a)).await.unwrap();
    let id = made.transfers["a"].id.clone().unwrap();
    let back = stripe::client(&app)
        .reverse_transfer("by hand", &id, Some(700), &[])
        .await;
    assert_eq!(back.unwrap().amount, 700);
    assert_eq!(reverse(&app, other, "a", 900).await.unwrap(), all);
    assert_eq!(world.stack.stripe().balance().passed_on, 0);
}

#[tokio::test]
async fn what_an_account_does_not_cover_is_asked_for_each_day() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let stripe = world.stack.stripe();
    let a = maker(&world, &app).await;
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    stripe.pay_out(&a).unwrap();
    earns(&app, &a, 300).await;
    let first = Reversed {
        reversed: 300,
        owed: 600,
    };
    for _ in 0..2 {
        assert_eq!(reverse(&app, payment_ref, "a", 900).await.unwrap(), first);
    }
    assert_eq!(announced(&world), ["reversed", "settled"]);
    for (earned, reversed) in [(0, 300), (250, 550), (0, 550), (400, 900)] {
        if earned > 0 {
            earns(&app, &a, earned).await;
        }
        // Not before a day has passed.
        assert_eq!(sweep(&world).await.unwrap(), json!({"payments": 0}));
        later(&world, SignedDuration::from_hours(25));
        assert_eq!(sweep(&world).await.unwrap(), json!({"payments": 1}));
        let record = find(&app, payment_ref).await;
        let reversal = record.transfers["a"].reversal.clone().unwrap();
        assert_eq!(
            (reversal.reversed, reversal.owed),
            (reversed, 900 - reversed)
        );
    }
    let expected = ["reversed", "reversed", "reversed", "settled"];
    assert_eq!(announced(&world), expected);
    assert_eq!(find(&app, payment_ref).await.due_at, None);
    assert_eq!(stripe.balance().passed_on, 950);
}

#[tokio::test]
async fn a_debt_that_nobody_pays_is_left_to_the_operators_in_the_end() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let app = service(&world);
    let a = maker(&world, &app).await;
    let payment_ref = paid(&world, &app, &hana).await.payment_ref();
    transfer(&app, payment_ref, part("a", &a)).await.unwrap();
    world.stack.stripe().pay_out(&a).unwrap();
    let owed = Reversed {
        reversed: 0,
        owed: 900,
    };
    assert_eq!(reverse(&app, payment_ref, "a", 900).await.unwrap(), owed);
    later(&world, SignedDuration::from_hours(91 * 24));
    assert_eq!(sweep(&world).await.unwrap(), json!({"payments": 1}));
    assert_eq!(find(&app, payment_ref).await.due_at, None);
    assert_eq!(reverse(&app, payment_ref, "a", 900).await.unwrap(), owed);
}
