//! Who gets how much, to the yen, by how it ends and when.

use std::io::{Write as _, stderr};

use futures_util::{
    StreamExt as _,
    future::{BoxFuture, FutureExt as _},
    stream,
};

use super::*;

/// How it came out: the state, what was paid and what went back, and whether the last action was refused.
#[derive(Debug, PartialEq)]
struct Outcome {
    state: String,
    paid: i64,
    back: i64,
    refused: bool,
}

type Story = fn() -> BoxFuture<'static, (Visit, bool)>;

struct Case {
    name: &'static str,
    story: Story,
    state: &'static str,
    paid: i64,
    back: i64,
    refused: bool,
}

const fn case(
    name: &'static str,
    story: Story,
    state: &'static str,
    (paid, back): (i64, i64),
) -> Case {
    Case {
        name,
        story,
        state,
        paid,
        back,
        refused: false,
    }
}

const fn refused(case: Case) -> Case {
    Case {
        refused: true,
        ..case
    }
}

#[derive(Clone, Copy)]
enum By {
    Speaker,
    Listener,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);
const SECOND: SignedDuration = SignedDuration::from_secs(1);
const HALF: i64 = 1_148;
/// How many stories go on beside each other.
const AT_ONCE: usize = 4;

/// Paid, and cancelled so long before the start.
async fn cancelled(by: By, ahead: SignedDuration) -> (Visit, bool) {
    let mut visit = Visit::paid().await;
    visit.before_start(ahead).await;
    let answer = visit
        .cancel(match by {
            By::Speaker => &visit.speaker,
            By::Listener => &visit.listener,
        })
        .await;
    (visit, answer.status == 409)
}

/// Paid, and over; these were there at the latest ten minutes after the start.
async fn ended(speaker: bool, listener: bool) -> (Visit, bool) {
    let mut visit = Visit::paid().await;
    visit.end(speaker, listener).await;
    (visit, false)
}

/// The bank takes its time, until nobody waits for it any more.
async fn late() -> (Visit, bool) {
    let mut visit = Visit::booked().await;
    let session = visit.checkout().await;
    visit.world.stack.stripe().pay_slowly(&session).unwrap();
    visit.before_start(DAY * 3).await;
    visit.sweep().await;
    assert_eq!(visit.state().await, "cancelled");
    visit
        .world
        .stack
        .stripe()
        .settle_late(&session, true)
        .unwrap();
    (visit, false)
}

/// Paid before the lapse, of which the sweep hears before Stripe tells.
async fn paid_in_time() -> (Visit, bool) {
    let mut visit = Visit::booked().await;
    let session = visit.checkout().await;
    silence(&visit.world);
    visit.world.stack.stripe().pay(&session).unwrap();
    visit.before_start(DAY * 3).await;
    visit.sweep().await;
    (visit, false)
}

/// Paid, of which nobody tells before the meeting should have begun; and the sweep stands still.
async fn told_too_late() -> (Visit, bool) {
    let mut visit = Visit::booked().await;
    let session = visit.checkout().await;
    silence(&visit.world);
    visit.world.stack.stripe().pay(&session).unwrap();
    visit.before_start(SignedDuration::ZERO).await;
    settle(&visit.world, &visit.id).await;
    (visit, false)
}

/// Told of again and again.
async fn twice() -> (Visit, bool) {
    let visit = Visit::paid().await;
    let stripe = visit.world.stack.stripe();
    for event in stripe.events() {
        stripe.resend(&event.id, 2);
    }
    visit.world.stack.settle().await;
    let stored = visit.stored().await;
    for _ in 0..2 {
        settle(&visit.world, &visit.id).await;
    }
    assert_eq!(visit.stored().await.version, stored.version);
    (visit, false)
}

/// A meeting of half an hour is agreed on while a Checkout of 45 minutes is open.
async fn shorter(visit: &Visit) -> Answer {
    let propose = json!({"action": "propose", "meeting_length": 30});
    visit.act(&visit.speaker, propose).await.expect(200);
    let accept = json!({"action": "accept"});
    visit.act(&visit.listener, accept).await
}

async fn shorter_while_open() -> (Visit, bool) {
    let visit = Visit::booked().await;
    let long = visit.checkout().await;
    shorter(&visit).await.expect(200);
    visit.world.stack.stripe().pay(&long).unwrap_err();
    let short = visit.checkout().await;
    visit.world.stack.stripe().pay(&short).unwrap();
    (visit, false)
}

async fn shorter_when_paid() -> (Visit, bool) {
    let visit = Visit::booked().await;
    let session = visit.checkout().await;
    silence(&visit.world);
    visit.world.stack.stripe().pay(&session).unwrap();
    let answer = shorter(&visit).await;
    (visit, answer.status == 409)
}

async fn shorter_while_the_bank_works() -> (Visit, bool) {
    let visit = Visit::booked().await;
    let long = visit.checkout().await;
    let stripe = visit.world.stack.stripe();
    stripe.pay_slowly(&long).unwrap();
    shorter(&visit).await.expect(200);
    visit.pay(&visit.listener).await.expect(409);
    stripe.settle_late(&long, true).unwrap();
    visit.world.stack.settle().await;
    assert_eq!(visit.state().await, "scheduled");
    let short = visit.checkout().await;
    stripe.pay(&short).unwrap();
    (visit, false)
}

/// Stripe has made the Checkout and it is paid, and we have not stored that it is open.
async fn paid_before_stored() -> (Visit, bool) {
    let visit = Visit::booked().await;
    let session = visit.checkout().await;
    // As it was before.
    let mut record = visit.payment(0).await;
    record.stripe.checkout_session = None;
    record.version = 1;
    let key = record.payment_ref().key();
    let mut row = serde_json::to_value(&record).unwrap();
    row["due"] = json!(payments::WAITING);
    enishi_local::import::items(&visit.world.stack, "PaymentsTable", [(key, row)]).unwrap();
    visit.world.stack.stripe().pay(&session).unwrap();
    visit.world.stack.settle().await;
    assert_eq!(visit.state().await, "paid");
    let answer = visit.pay(&visit.listener).await;
    (visit, answer.status == 409)
}

/// Cancelled while a Checkout is open; `is_paid`, though nobody has told us.
async fn cancelled_while_open(is_paid: bool) -> (Visit, bool) {
    let visit = Visit::booked().await;
    let session = visit.checkout().await;
    silence(&visit.world);
    if is_paid {
        visit.world.stack.stripe().pay(&session).unwrap();
    }
    visit.cancel(&visit.listener).await.expect(200);
    visit.world.stack.stripe().pay(&session).unwrap_err();
    (visit, false)
}

async fn suspended() -> (Visit, bool) {
    let visit = Visit::paid().await;
    let withdrawn = json!({
        "source": "enishi.visits", "detail-type": "visits.withdrawn",
        "detail": {
            "id": "1", "time": START, "data": {"user_id": visit.speaker.id, "cause": "suspended"},
        },
    });
    for _ in 0..2 {
        let lambda = visit.world.stack.lambda();
        lambda
            .invoke("VisitsWithdraw", withdrawn.clone())
            .await
            .unwrap();
    }
    (visit, false)
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    case("student cancels 24 h before", || cancelled(By::Listener, DAY).boxed(), "refunded", (PRICE, PRICE)),
    case("student cancels 24 h - 1 s before", || cancelled(By::Listener, DAY - SECOND).boxed(), "refunded", (PRICE, HALF)),
    case("student cancels 1 s before", || cancelled(By::Listener, SECOND).boxed(), "refunded", (PRICE, HALF)),
    refused(case("student cancels at the start", || cancelled(By::Listener, SignedDuration::ZERO).boxed(), "paid", (PRICE, 0))),
    refused(case("student cancels 1 s after the start", || cancelled(By::Listener, -SECOND).boxed(), "paid", (PRICE, 0))),
    case("employee cancels 1 s before", || cancelled(By::Speaker, SECOND).boxed(), "refunded", (PRICE, PRICE)),
    refused(case("employee cancels at the start", || cancelled(By::Speaker, SignedDuration::ZERO).boxed(), "paid", (PRICE, 0))),
    case("both were there", || ended(true, true).boxed(), "done", (PRICE, 0)),
    case("employee absent or too late", || ended(false, true).boxed(), "refunded", (PRICE, PRICE)),
    case("student absent", || ended(true, false).boxed(), "done", (PRICE, 0)),
    case("nobody there", || ended(false, false).boxed(), "refunded", (PRICE, PRICE)),
    case("employee suspended before", || suspended().boxed(), "refunded", (PRICE, PRICE)),
    case("settled after the lapse", || late().boxed(), "cancelled", (PRICE, PRICE)),
    case("paid before the lapse, told after it", || paid_in_time().boxed(), "paid", (PRICE, 0)),
    case("paid before the lapse, told at the start", || told_too_late().boxed(), "cancelled", (PRICE, PRICE)),
    case("settled again and again", || twice().boxed(), "paid", (PRICE, 0)),
    case("shorter while a Checkout is open", || shorter_while_open().boxed(), "paid", (1_530, 0)),
    refused(case("shorter when it was just paid", || shorter_when_paid().boxed(), "paid", (PRICE, 0))),
    case("shorter while the bank works", || shorter_while_the_bank_works().boxed(), "paid", (PRICE + 1_530, PRICE)),
    refused(case("paid before the opening was stored", || paid_before_stored().boxed(), "paid", (PRICE, 0))),
    case("cancelled while a Checkout is open", || cancelled_while_open(false).boxed(), "cancelled", (0, 0)),
    case("cancelled when it was just paid", || cancelled_while_open(true).boxed(), "refunded", (PRICE, PRICE)),
];

#[tokio::test]
async fn the_sums_are_right_to_the_yen() {
    let outcomes = CASES.iter().map(async |case| {
        let (visit, refused) = (case.story)().await;
        visit.world.stack.settle().await;
        let (paid, back) = visit.money();
        assert!(
            visit.world.stack.lambda().dead_letters().is_empty(),
            "{}",
            case.name
        );
        // What the matching owes, what the ledger has given back and what Stripe has are one sum.
        let stored = visit.stored().await;
        let owed: u64 = stored.payments.iter().map(|begun| begun.refund).sum();
        let mut given = 0;
        for number in 0..stored.payments.len() {
            given += visit.payment(number).await.amount_refunded;
        }
        assert_eq!((owed as i64, given), (back, back), "{}", case.name);
        if back > 0 {
            let mut mails = visit.world.stack.mailbox().mails();
            mails.retain(|mail| mail.to == [visit.listener.email.as_str()]);
            let sum = format!("返金額: {},{:03}円", back / 1000, back % 1000);
            assert!(
                mails.iter().any(|mail| body(mail).contains(&sum)),
                "{}",
                case.name
            );
        }
        let state = visit.state().await;
        Outcome {
            state,
            paid,
            back,
            refused,
        }
    });
    let outcomes: Vec<Outcome> = stream::iter(outcomes).buffered(AT_ONCE).collect().await;
    let mut table = format!(
        "\n {:40} {:10} {:>6} {:>6} {:>6}\n",
        "", "state", "paid", "back", "kept"
    );
    for (case, outcome) in CASES.iter().zip(&outcomes) {
        let Outcome {
            state,
            paid,
            back,
            refused,
        } = outcome;
        let (kept, note) = (paid - back, if *refused { "  409" } else { "" });
        table += &format!(
            " {:40} {state:10} {paid:6} {back:6} {kept:6}{note}\n",
            case.name
        );
    }
    stderr().write_all(table.as_bytes()).unwrap();
    for (case, outcome) in CASES.iter().zip(outcomes) {
        let expected = Outcome {
            state: case.state.to_owned(),
            paid: case.paid,
            back: case.back,
            refused: case.refused,
        };
        assert_eq!(outcome, expected, "{}", case.name);
    }
}
