//! Transfers, and that no money is made or lost.

use enishi_shared::stripe::{DisputeStatus, NewTransfer};
use proptest::prelude::*;

use super::{client::refused, *};

fn transfer<'a>(amount: i64, maker: &'a str, charge: &'a str) -> NewTransfer<'a> {
    NewTransfer {
        amount,
        currency: "jpy",
        destination: maker,
        source_transaction: Some(charge),
        transfer_group: "order",
        metadata: &[("parcel", "1")],
    }
}

#[tokio::test]
async fn a_charge_is_passed_on_and_taken_back() {
    let world = World::new().await;
    let client = &world.client;
    let (_, charge) = world.paid("order", 1_000).await;
    let maker = world.maker().await;
    let passed = client
        .create_transfer("t1", &transfer(600, &maker, &charge))
        .await
        .unwrap();
    assert_eq!((passed.amount, passed.amount_reversed), (600, 0));
    assert_eq!(passed.destination.as_deref(), Some(maker.as_str()));
    assert_eq!(passed.metadata["parcel"], "1");
    let invalid = (400, "invalid_request_error".to_owned());
    let more = transfer(401, &maker, &charge);
    let more = client.create_transfer("t2", &more);
    assert_eq!(refused(more.await), invalid);
    let back = client
        .reverse_transfer("v1", &passed.id, Some(200), &[])
        .await
        .unwrap();
    assert_eq!((back.amount, &back.transfer), (200, &passed.id));
    let more = client.reverse_transfer("v2", &passed.id, Some(401), &[]);
    assert_eq!(refused(more.await), invalid);
    let rest = client.reverse_transfer("v3", &passed.id, None, &[]).await;
    assert_eq!(rest.unwrap().amount, 400);
    let none = client.reverse_transfer("v4", &passed.id, None, &[]).await;
    assert_eq!(refused(none), invalid);
    assert_eq!(world.stripe.balance().passed_on, 0);
}

#[tokio::test]
async fn an_account_that_is_not_ready_is_passed_nothing() {
    let world = World::new().await;
    let (_, charge) = world.paid("order", 1_000).await;
    let maker = world.maker().await;
    world.stripe.onboard(&maker, false).unwrap();
    let early = transfer(100, &maker, &charge);
    let early = world.client.create_transfer("t", &early);
    let code = "insufficient_capabilities_for_transfer".to_owned();
    assert_eq!(refused(early.await), (400, code));
    let other = transfer(100, "acct_other", &charge);
    let other = world.client.create_transfer("t2", &other).await;
    assert_eq!(refused(other), (400, "resource_missing".into()));
}

#[tokio::test]
async fn what_the_charge_does_not_cover_comes_from_the_balance() {
    let world = World::new().await;
    let client = &world.client;
    let (intent, charge) = world.paid("order", 1_000).await;
    let maker = world.maker().await;
    client
        .create_refund("r", &intent, Some(900), &[])
        .await
        .unwrap();
    let more = transfer(400, &maker, &charge);
    let refusal = refused(client.create_transfer("t1", &more).await);
    assert_eq!(refusal, (400, "invalid_request_error".to_owned()));
    let more = NewTransfer {
        source_transaction: None,
        ..more
    };
    let refusal = refused(client.create_transfer("t2", &more).await);
    assert_eq!(refusal, (400, "balance_insufficient".to_owned()));
    world.paid("another order", 300).await;
    client.create_transfer("t3", &more).await.unwrap();
    assert_eq!(client.available(&maker, "jpy").await.unwrap(), 400);
    assert_eq!(world.stripe.balance().platform, 0);
}

#[tokio::test]
async fn what_is_at_an_accounts_bank_cannot_be_taken_back() {
    let world = World::new().await;
    let client = &world.client;
    let (_, charge) = world.paid("order", 1_000).await;
    let maker = world.maker().await;
    let new = transfer(400, &maker, &charge);
    let passed = client.create_transfer("t1", &new).await.unwrap();
    world.stripe.pay_out(&maker).unwrap();
    let new = transfer(100, &maker, &charge);
    client.create_transfer("t2", &new).await.unwrap();
    let all = client.reverse_transfer("v1", &passed.id, None, &[]).await;
    assert_eq!(refused(all), (400, "balance_insufficient".to_owned()));
    assert_eq!(client.available(&maker, "jpy").await.unwrap(), 100);
    assert_eq!(client.available(&maker, "usd").await.unwrap(), 0);
    let part = client.reverse_transfer("v2", &passed.id, Some(100), &[]);
    assert_eq!(part.await.unwrap().amount, 100);
    let passed = client.transfer(&passed.id).await.unwrap();
    assert_eq!((passed.amount, passed.amount_reversed), (400, 100));
    assert_eq!(world.stripe.balance().passed_on, 400);
    let nobody = client.available("acct_other", "jpy").await;
    assert_eq!(refused(nobody), (404, "resource_missing".to_owned()));
}

#[tokio::test]
async fn what_is_disputed_is_away_until_it_is_decided() {
    let world = World::new().await;
    let client = &world.client;
    let session = world.checkout("order", 1_000).await.id;
    world
        .stripe
        .dispute(&session, None, "fraudulent")
        .unwrap_err();
    world.stripe.pay(&session).unwrap();
    let intent = client.checkout_session(&session).await.unwrap();
    let intent = intent.payment_intent.unwrap();
    world
        .stripe
        .dispute(&session, Some(1_001), "fraudulent")
        .unwrap_err();
    for (number, won) in [true, false].into_iter().enumerate() {
        let id = world
            .stripe
            .dispute(&session, Some(600), "product_not_received");
        let id = id.unwrap();
        world
            .stripe
            .dispute(&session, None, "fraudulent")
            .unwrap_err();
        assert_eq!(world.stripe.balance().disputed, 600);
        assert_eq!(world.stripe.balance().platform, 400);
        let key = format!("r{number}");
        let back = client.create_refund(&key, &intent, Some(100), &[]).await;
        assert_eq!(refused(back), (400, "charge_disputed".to_owned()));
        world.stripe.review_dispute(&id).unwrap();
        world.stripe.decide_dispute(&id, won).unwrap();
        world.stripe.decide_dispute(&id, won).unwrap_err();
        let dispute = client.dispute(&id).await.unwrap();
        let status = if won {
            DisputeStatus::Won
        } else {
            DisputeStatus::Lost
        };
        assert_eq!((dispute.status, dispute.amount), (status, 600));
        assert_eq!(dispute.payment_intent.as_deref(), Some(&*intent));
        assert_eq!(world.stripe.balance().disputed, if won { 0 } else { 600 });
    }
    let disputes = world.happened().into_iter();
    let disputes: Vec<String> = disputes.filter(|it| it.starts_with("charge.d")).collect();
    let opened = ["created", "funds_withdrawn", "updated"];
    let ends = ["funds_reinstated", "closed", "closed"];
    let kinds = [&opened[..], &ends[..2], &opened, &ends[2..]].concat();
    let kinds: Vec<String> = kinds
        .iter()
        .map(|kind| format!("charge.dispute.{kind}"))
        .collect();
    assert_eq!(disputes, kinds);

    let slip = world.checkout("slip", 1_000).await.id;
    world.stripe.konbini(&slip).unwrap();
    world.stripe.settle_late(&slip, true).unwrap();
    world.stripe.dispute(&slip, None, "fraudulent").unwrap_err();
}

/// Something with an amount, on one of a few payments or transfers.
#[derive(Clone, Debug)]
enum Move {
    Pay(i64),
    Refund(usize, i64),
    Transfer(usize, i64),
    Reverse(usize, i64),
    PayOut,
    Dispute(usize, i64),
    Decide(usize, bool),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        (50..2_000_i64).prop_map(Move::Pay),
        (0..4_usize, 1..2_000_i64).prop_map(|(of, amount)| Move::Refund(of, amount)),
        (0..4_usize, 1..2_000_i64).prop_map(|(of, amount)| Move::Transfer(of, amount)),
        (0..4_usize, 1..2_000_i64).prop_map(|(of, amount)| Move::Reverse(of, amount)),
        Just(Move::PayOut),
        (0..4_usize, 1..2_000_i64).prop_map(|(of, amount)| Move::Dispute(of, amount)),
        (0..4_usize, any::<bool>()).prop_map(|(of, won)| Move::Decide(of, won)),
    ];
    proptest::collection::vec(one, 1..40)
}

/// What a payment's money should be.
#[derive(Default)]
struct Paid {
    session: String,
    intent: String,
    charge: String,
    amount: i64,
    refunded: i64,
    passed_on: i64,
    /// What disputes have taken, and the one that is not decided.
    disputed: i64,
    dispute: Option<(String, i64)>,
}

/// Sends a form with a key of its own; whether it was accepted.
async fn post(stripe: &Stripe, path: &str, form: &str) -> Option<Value> {
    let (status, body) = raw(stripe, "POST", path, &[], form).await;
    (status == 200).then_some(body)
}

async fn play(moves: Vec<Move>) {
    let clock = LocalClock::still(Timestamp::from_second(START).unwrap());
    let stripe = Stripe::open(clock.as_now(), "http://127.0.0.1/stripe".into(), None, None);
    let form = "type=express&country=JP&capabilities[transfers][requested]=true";
    let maker = post(&stripe, "accounts", form).await.unwrap();
    let maker = maker["id"].as_str().unwrap();
    stripe.onboard(maker, true).unwrap();
    let mut payments: Vec<Paid> = Vec::new();
    // The transfer's id, its payment, what is left of it.
    let mut transfers: Vec<(String, usize, i64)> = Vec::new();
    // What the maker has, and has not at the bank.
    let mut held = 0;
    for one in moves {
        match one {
            Move::Pay(amount) => {
                let form = format!(
                    "mode=payment&success_url=https://s.example/&line_items[0][quantity]=1&\
                     line_items[0][price_data][currency]=jpy&\
                     line_items[0][price_data][unit_amount]={amount}&\
                     line_items[0][price_data][product_data][name]=cup"
                );
                let session = post(&stripe, "checkout/sessions", &form).await.unwrap();
                let session = session["id"].as_str().unwrap();
                stripe.pay(session).unwrap();
                let session = stripe.object(session).unwrap();
                let intent = session["payment_intent"].as_str().unwrap();
                let shown = stripe.object(intent).unwrap();
                payments.push(Paid {
                    session: session["id"].as_str().unwrap().to_owned(),
                    intent: intent.to_owned(),
                    charge: shown["latest_charge"].as_str().unwrap().to_owned(),
                    amount,
                    ..Paid::default()
                });
            }
            Move::Refund(of, amount) => {
                let Some(payment) = payments.get_mut(of) else {
                    continue;
                };
                let form = format!("payment_intent={}&amount={amount}", payment.intent);
                let accepted = post(&stripe, "refunds", &form).await.is_some();
                let left = payment.amount - payment.refunded;
                assert_eq!(accepted, amount <= left && payment.disputed == 0);
                payment.refunded += if accepted { amount } else { 0 };
            }
            Move::Transfer(of, amount) => {
                let Some(payment) = payments.get_mut(of) else {
                    continue;
                };
                let form = format!(
                    "amount={amount}&currency=jpy&destination={maker}&source_transaction={}",
                    payment.charge
                );
                let accepted = post(&stripe, "transfers", &form).await;
                let left = payment.amount - payment.refunded - payment.disputed;
                let left = left - payment.passed_on;
                assert_eq!(accepted.is_some(), amount <= left);
                if let Some(transfer) = accepted {
                    payment.passed_on += amount;
                    held += amount;
                    let id = transfer["id"].as_str().unwrap().to_owned();
                    transfers.push((id, of, amount));
                }
            }
            Move::Reverse(of, amount) => {
                let Some((id, payment, left)) = transfers.get_mut(of) else {
                    continue;
                };
                let path = format!("transfers/{id}/reversals");
                let form = format!("amount={amount}");
                let accepted = post(&stripe, &path, &form).await.is_some();
                assert_eq!(accepted, amount <= *left && amount <= held);
                if accepted {
                    *left -= amount;
                    held -= amount;
                    payments[*payment].passed_on -= amount;
                }
            }
            Move::PayOut => {
                stripe.pay_out(maker).unwrap();
                held = 0;
            }
            Move::Dispute(of, amount) => {
                let Some(payment) = payments.get_mut(of) else {
                    continue;
                };
                let opened = stripe.dispute(&payment.session, Some(amount), "fraudulent");
                let left = payment.amount - payment.refunded - payment.disputed;
                let takes = payment.dispute.is_none() && amount <= left;
                assert_eq!(opened.is_ok(), takes);
                if let Ok(dispute) = opened {
                    payment.disputed += amount;
                    payment.dispute = Some((dispute, amount));
                }
            }
            Move::Decide(of, won) => {
                let dispute = payments.get_mut(of).and_then(|it| it.dispute.take());
                if let Some((dispute, amount)) = dispute {
                    stripe.decide_dispute(&dispute, won).unwrap();
                    payments[of].disputed -= if won { amount } else { 0 };
                }
            }
        }
        let sum = |field: fn(&Paid) -> i64| payments.iter().map(field).sum::<i64>();
        let balance = stripe.balance();
        assert_eq!(balance.paid, sum(|it| it.amount));
        assert_eq!(balance.refunded, sum(|it| it.refunded));
        assert_eq!(balance.passed_on, sum(|it| it.passed_on));
        assert_eq!(balance.disputed, sum(|it| it.disputed));
        let all = balance.platform + balance.passed_on + balance.refunded + balance.disputed;
        assert_eq!(all, balance.paid);
        for payment in &payments {
            let charge = stripe.object(&payment.charge).unwrap();
            assert_eq!(charge["amount_refunded"], payment.refunded);
            assert!(payment.refunded <= payment.amount);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_money_is_made_or_lost(moves in moves()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(moves));
    }
}
