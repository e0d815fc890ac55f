use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

const STATES: [State; 5] = [
    State::Pending,
    State::Processing,
    State::Expired,
    State::Failed,
    State::Settled,
];

fn payment() -> Payment {
    let now = Timestamp::UNIX_EPOCH;
    Payment {
        payment_id: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51".parse().unwrap(),
        payer: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50".parse().unwrap(),
        purpose: Purpose::new("order"),
        reference: "order".into(),
        product: Product::Lines(Vec::new()),
        amount: 1_000,
        currency: "jpy".into(),
        state: State::Pending,
        amount_refunded: 0,
        history: Vec::new(),
        created_at: now,
        expires_at: now,
        stripe: StripeObjects::default(),
        refunds: BTreeMap::new(),
        transfers: BTreeMap::new(),
        disputes: BTreeMap::new(),
        due_at: None,
        version: 1,
    }
}

const DISPUTES: [DisputeState; 3] = [DisputeState::Open, DisputeState::Won, DisputeState::Lost];

/// What was asked to be given back, each time of the same sum: all of it together.
const REFUNDS: [(&str, i64); 3] = [("one", 100), ("two", 300), ("three", 600)];

/// Something that Stripe could say; only what is settled can be given back, or disputed.
fn observed() -> impl Strategy<Value = Observed> {
    let refunds = proptest::collection::vec((0..REFUNDS.len(), any::<bool>()), 0..3);
    let disputes = proptest::collection::btree_map("du_[12]", 0..DISPUTES.len(), 0..3);
    let seen = (0..STATES.len(), refunds, disputes, any::<bool>());
    seen.prop_map(|(state, refunds, disputes, known)| {
        let state = STATES[state];
        let disputes = disputes.into_iter().map(|(id, state)| {
            let dispute = Dispute {
                state: DISPUTES[state],
                amount: 200,
                reason: "fraudulent".into(),
            };
            (id, dispute)
        });
        let disputes = disputes.filter(|_| state == State::Settled).collect();
        let refunds = refunds.into_iter().map(|(refund, failed)| {
            let (name, amount) = REFUNDS[refund];
            let id = Some(format!("re_{name}"));
            let refund = Refund {
                id,
                failed,
                ..Refund::asked(amount)
            };
            (name.to_owned(), refund)
        });
        let refunds = refunds.filter(|_| state == State::Settled).collect();
        Observed {
            refunds,
            disputes,
            stripe: StripeObjects {
                checkout_session: known.then(|| "cs_1".into()),
                payment_intent: (state == State::Settled).then(|| "pi_1".into()),
                ..StripeObjects::default()
            },
            ..Observed::state(state)
        }
    })
}

fn after(sights: &[Observed]) -> Payment {
    sights.iter().fold(payment(), |payment, seen| {
        let next = payment.moved(seen, Timestamp::UNIX_EPOCH, "test");
        next.unwrap_or(payment)
    })
}

proptest! {
    #[test]
    fn the_order_of_what_was_seen_does_not_matter(
        sights in proptest::collection::vec(observed(), 0..8),
        seed in any::<u64>(),
    ) {
        let mut shuffled: Vec<Observed> = sights.iter().chain(&sights).cloned().collect();
        for last in (1..shuffled.len()).rev() {
            let drawn = (seed.rotate_left(last as u32) % (last as u64 + 1)) as usize;
            shuffled.swap(last, drawn);
        }
        let plain = |payment: Payment| Payment { history: Vec::new(), ..payment };
        prop_assert_eq!(plain(after(&sights)), plain(after(&shuffled)));
    }

    #[test]
    fn a_record_only_moves_forward(sights in proptest::collection::vec(observed(), 1..12)) {
        let mut payment = payment();
        for seen in &sights {
            let Some(next) = payment.moved(seen, Timestamp::UNIX_EPOCH, "test") else {
                continue;
            };
            // Only a refund that fails takes anything back, and it fails once.
            prop_assert!(next.state >= payment.state.min(State::Settled));
            for (name, refund) in &payment.refunds {
                prop_assert!(next.refunds[name].failed >= refund.failed);
                prop_assert_eq!(&next.refunds[name].id, &refund.id);
            }
            for (id, dispute) in &payment.disputes {
                prop_assert!(next.disputes[id].state >= dispute.state);
            }
            prop_assert_eq!(next.moved(seen, Timestamp::UNIX_EPOCH, "again"), None);
            payment = next;
        }
    }

    #[test]
    fn refunds_say_how_much_is_back(given in proptest::collection::vec(any::<(bool, bool)>(), 3)) {
        let mut seen = Observed::state(State::Settled);
        let mut sum = 0;
        for ((name, amount), (known, failed)) in REFUNDS.into_iter().zip(given) {
            let id = known.then(|| "re".into());
            let refund = Refund { id, failed, ..Refund::asked(amount) };
            sum += if known && !failed { amount } else { 0 };
            seen.refunds.insert(name.into(), refund);
        }
        let payment = payment().moved(&seen, Timestamp::UNIX_EPOCH, "test").unwrap();
        prop_assert_eq!(payment.amount_refunded, sum);
        let expected = match sum {
            0 => State::Settled,
            1_000 => State::Refunded,
            _ => State::PartiallyRefunded,
        };
        prop_assert_eq!(payment.state, expected);
    }

    #[test]
    fn an_invoice_always_has_the_same_id(name in "in_[a-zA-Z0-9]{4,24}", seconds in 0..4_000_000_000_i64) {
        let created = Timestamp::from_second(seconds).unwrap();
        let id = PaymentId::derived(&name, created);
        prop_assert_eq!(id, PaymentId::derived(&name, created));
        prop_assert_ne!(id, PaymentId::derived("in_", created));
        let parsed: PaymentId = id.to_string().parse().unwrap();
        prop_assert_eq!(parsed, id);
    }
}

#[test]
fn what_waits_is_due_and_what_is_done_is_not() {
    let at = |state, seconds: i64| {
        let now = Timestamp::from_second(seconds).unwrap();
        let mut payment = payment();
        payment.state = state;
        payment.due(now).due_at
    };
    // Five minutes after it can be paid no longer, then every five minutes.
    assert_eq!(at(State::Pending, -100), Some(300));
    assert_eq!(at(State::Pending, 1_000), Some(1_300));
    assert_eq!(at(State::Processing, 0), Some(86_400));
    for done in [
        State::Expired,
        State::Failed,
        State::Settled,
        State::Refunded,
    ] {
        assert_eq!(at(done, 0), None);
    }
    let mut asked = payment();
    asked.state = State::Settled;
    asked.refunds.insert("one".into(), Refund::asked(300));
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(asked.clone().due(now).due_at, Some(600));
    for (id, failed) in [(Some("re_1".to_owned()), false), (None, true)] {
        let refund = Refund {
            id,
            failed,
            ..Refund::asked(300)
        };
        asked.refunds.insert("one".into(), refund);
        assert_eq!(asked.clone().due(now).due_at, None);
    }
    asked.transfers.insert("one".into(), passed_on(100, None));
    assert_eq!(asked.clone().due(now).due_at, Some(600));
    // One that Stripe has refused waits for the service.
    if let Some(transfer) = asked.transfers.get_mut("one") {
        transfer.refused = 1;
    }
    assert_eq!(asked.due(now).due_at, None);
}

/// A transfer, and what is owed of it.
fn passed_on(amount: i64, owed: Option<i64>) -> Transfer {
    let reversal = owed.map(|owed| Reversal {
        asked: amount,
        reversed: amount - owed,
        owed,
        trying: 0,
        answers: 1,
        since: Timestamp::UNIX_EPOCH,
    });
    Transfer {
        amount,
        destination: "acct_1".into(),
        part: amount,
        from_charge: true,
        id: owed.map(|_| "tr_1".into()),
        refused: 0,
        refusal: None,
        reversal,
    }
}

#[test]
fn a_debt_and_an_open_dispute_are_looked_after_each_day() {
    let day = 86_400;
    let mut settled = payment();
    settled.state = State::Settled;
    let due = |payment: &Payment, days: i64| {
        let now = Timestamp::from_second(days * day).unwrap();
        payment.clone().due(now).due_at
    };
    let mut indebted = settled.clone();
    indebted
        .transfers
        .insert("a".into(), passed_on(100, Some(40)));
    for days in [0, 30, 89] {
        assert_eq!(due(&indebted, days), Some((days + 1) * day));
    }
    assert_eq!(due(&indebted, 90), None);
    indebted
        .transfers
        .insert("a".into(), passed_on(100, Some(0)));
    assert_eq!(due(&indebted, 0), None);
    for (state, expected) in [
        (DisputeState::Open, Some(day)),
        (DisputeState::Won, None),
        (DisputeState::Lost, None),
    ] {
        let mut disputed = settled.clone();
        let dispute = Dispute {
            state,
            amount: 100,
            reason: "fraudulent".into(),
        };
        disputed.disputes.insert("du_1".into(), dispute);
        assert_eq!(due(&disputed, 0), expected);
        // A refund that Stripe has refused meanwhile waits for the end.
        let refused = Refund {
            refused: 1,
            ..Refund::asked(100)
        };
        disputed.refunds.insert("one".into(), refused);
        assert_eq!(due(&disputed, 0), expected.or(Some(600)));
    }
}

#[test]
fn only_a_dispute_that_has_moved_money_counts() {
    use DisputeState::*;
    let of = |status: &str| {
        let dispute = serde_json::json!({
            "id": "du_1", "status": status, "amount": 700, "currency": "jpy",
            "reason": "fraudulent", "payment_intent": "pi_1",
        });
        let mut seen = Observed::state(State::Settled);
        seen.dispute(serde_json::from_value(dispute).unwrap());
        seen.disputes.get("du_1").map(|dispute| dispute.state)
    };
    for (status, expected) in [
        ("needs_response", Some(Open)),
        ("under_review", Some(Open)),
        ("won", Some(Won)),
        ("lost", Some(Lost)),
        ("warning_needs_response", None),
        ("warning_under_review", None),
        ("warning_closed", None),
        ("prevented", None),
        // What a later version of Stripe adds decides nothing.
        ("settled_in_shells", None),
    ] {
        assert_eq!(of(status), expected, "{status}");
    }
}

#[test]
fn a_place_is_known_by_its_key_and_by_its_metadata() {
    let payment_ref = payment().payment_ref();
    assert_eq!(PaymentRef::of_key(&payment_ref.key()), Some(payment_ref));
    let metadata = |names: [&str; 2]| {
        let values = [
            payment_ref.payer.to_string(),
            payment_ref.payment_id.to_string(),
        ];
        names.map(str::to_owned).into_iter().zip(values).collect()
    };
    assert_eq!(
        PaymentRef::of_metadata(&metadata([PAYER, PAYMENT_ID])),
        Some(payment_ref)
    );
    assert_eq!(PaymentRef::of_metadata(&metadata([PAYER, "order"])), None);
}

proptest! {
    #[test]
    fn what_comes_back_and_what_is_owed_are_what_was_asked_for(
        asked in 1..1_000_i64,
        by_hand in 0..1_000_i64,
        balances in proptest::collection::vec(0..1_000_i64, 1..12),
    ) {
        let by_hand = by_hand.min(asked);
        let mut at_stripe = by_hand;
        let mut reversal = Reversal {
            asked,
            reversed: 0,
            owed: 0,
            trying: asked,
            answers: 0,
            since: Timestamp::UNIX_EPOCH,
        };
        for available in balances {
            if reversal.trying == 0 {
                reversal.trying = reversal.owed.min(available);
            }
            let answers = reversal.answers;
            if reversal.trying > 0 {
                let most = available.min(1_000 - at_stripe);
                let made = reversal.trying <= most;
                at_stripe += if made { reversal.trying } else { 0 };
                reversal.take(&if made {
                    reverse::Answer::Made
                } else {
                    reverse::Answer::Refused { reversed: at_stripe, available }
                });
                prop_assert_eq!(reversal.answers, answers + 1);
            }
            prop_assert!(reversal.reversed <= asked);
            prop_assert!(at_stripe <= by_hand + asked);
            prop_assert!(reversal.reversed <= at_stripe);
            if reversal.trying == 0 {
                prop_assert_eq!(reversal.reversed + reversal.owed, asked);
            }
        }
    }
}

#[test]
fn a_part_is_what_its_refunds_leave_of_it() {
    let mut payment = payment();
    payment.state = State::Settled;
    let failed = Refund {
        failed: true,
        ..Refund::asked(250)
    };
    for (name, refund) in [
        ("a", failed),
        ("a/2", Refund::asked(200)),
        ("ab", Refund::asked(100)),
        ("re_1", Refund::asked(50)),
    ] {
        payment.refunds.insert(name.into(), refund);
    }
    assert_eq!(payment.left_of("a", 400), 200);
    assert_eq!(payment.left_of("ab", 400), 300);
    assert_eq!(payment.left_of("b", 400), 400);
    assert_eq!(payment.left(), 650);
    assert!(payment.charge_covers(650) && !payment.charge_covers(651));
    // What was passed on from the charge and taken back is not counted on.
    payment
        .transfers
        .insert("b".into(), passed_on(300, Some(0)));
    assert!(payment.charge_covers(350) && !payment.charge_covers(351));
    let from_balance = Transfer {
        from_charge: false,
        ..passed_on(300, Some(0))
    };
    payment.transfers.insert("c".into(), from_balance);
    assert!(payment.charge_covers(350));
}

#[test]
fn nothing_is_settled_by_another_sum() {
    let intent = |status: &str, received: i64, currency: &str| {
        let intent = serde_json::json!({
            "id": "pi_1", "status": status, "amount": received, "amount_received": received,
            "currency": currency, "transfer_group": null, "metadata": {}, "latest_charge": null,
        });
        follow::paid_by(&payment(), &serde_json::from_value(intent).unwrap())
    };
    assert_eq!(
        intent("succeeded", 1_000, "jpy").unwrap().state,
        State::Settled
    );
    for (received, currency) in [(999, "jpy"), (1_001, "jpy"), (0, "jpy"), (1_000, "usd")] {
        assert!(intent("succeeded", received, currency).is_err());
    }
    assert_eq!(
        intent("processing", 0, "jpy").unwrap().state,
        State::Processing
    );
    assert_eq!(intent("canceled", 0, "jpy").unwrap().state, State::Failed);
    // What a later version of Stripe adds settles nothing.
    assert_eq!(
        intent("paid_in_shells", 1_000, "jpy").unwrap().state,
        State::Processing
    );
}
