//! The money of visits: paid, kept, given back.

mod orders;
mod sums;

use enishi_local::{mailbox::Mail, stripe::Order};
use enishi_shared::payments::{self, PaymentRef, Sight};
use enishi_visits::{
    advance::follow,
    matching::{StoredMatching, matching_key},
    profile,
    state::{Action, Actor, Presence},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::people::{act, again, ask_so, book, seen, verified};
use crate::support::{Answer, Person, World, text};

/// When the visits of these stories begin; they last 45 minutes at ¥51, which makes an odd sum.
pub const START: &str = "2026-11-25T10:00:00Z";
pub const MINUTES: u16 = 45;
pub const PRICE: i64 = 2_295;

/// Two people, and a matching between them.
pub struct Visit {
    pub world: World,
    pub speaker: Person,
    pub listener: Person,
    pub id: String,
}

impl Visit {
    /// Booked, not paid for.
    pub async fn booked() -> Self {
        let world = World::with(|options| {
            options
                .parameters
                .insert("VisitYenPerMinute".into(), "51".into());
        })
        .await;
        let speaker = verified(&world, 1, "company").await;
        let listener = verified(&world, 2, "student").await;
        let asked = json!({"date": START, "meeting_length": MINUTES});
        let asked = ask_so(&world, &listener, &speaker, asked).await;
        let id = asked.expect(201).text("id");
        act(&world, &speaker, &id, json!({"action": "accept"}))
            .await
            .expect(200);
        book(&world, &speaker, &id, START, MINUTES)
            .await
            .expect(200);
        Self {
            world,
            speaker,
            listener,
            id,
        }
    }

    /// … and paid for.
    pub async fn paid() -> Self {
        let visit = Self::booked().await;
        let session = visit.checkout().await;
        visit.world.stack.stripe().pay(&session).unwrap();
        visit.world.stack.settle().await;
        visit
    }

    pub async fn pay(&self, by: &Person) -> Answer {
        pay(&self.world, by, &self.id).await
    }

    /// Opens a Checkout. Answers its id at Stripe.
    pub async fn checkout(&self) -> String {
        session(&self.pay(&self.listener).await.expect(200).body)
    }

    /// It is so long before the start now; later than that where it is negative.
    pub async fn before_start(&mut self, ahead: SignedDuration) {
        let start: Timestamp = START.parse().unwrap();
        self.world.stack.clock().set(Some(start - ahead));
        again(&self.world, &mut self.speaker).await;
        again(&self.world, &mut self.listener).await;
    }

    /// `PUT /api/matching/{id}`.
    pub async fn act(&self, by: &Person, body: Value) -> Answer {
        act(&self.world, by, &self.id, body).await
    }

    pub async fn cancel(&self, by: &Person) -> Answer {
        self.act(by, json!({"action": "cancel"})).await
    }

    /// What the sweep does with it.
    pub async fn clock(&self, action: Action) {
        let app = self.world.app("VisitsSweep", |_| {});
        let id = self.id.parse().unwrap();
        follow(&app, id, Actor::Clock, action).await.unwrap();
        self.world.stack.settle().await;
    }

    /// It is over, and these were there.
    pub async fn end(&mut self, speaker: bool, listener: bool) {
        self.before_start(SignedDuration::from_mins(-50)).await;
        let there = Presence { speaker, listener };
        self.clock(Action::Remind).await;
        self.clock(Action::End(there)).await;
    }

    /// The sweep, as it is scheduled.
    pub async fn sweep(&self) {
        let tick = json!({"scheduled_time": self.world.stack.clock().now()});
        let swept = self.world.stack.lambda().invoke("VisitsSweep", tick).await;
        swept.unwrap();
        self.world.stack.settle().await;
    }

    /// As it is stored.
    pub async fn stored(&self) -> StoredMatching {
        stored(&self.world, &self.id).await
    }

    pub async fn state(&self) -> String {
        self.stored().await.matching.state.text().to_owned()
    }

    /// The ledger's record of its n-th payment.
    pub async fn payment(&self, number: usize) -> payments::Payment {
        let stored = self.stored().await;
        let payment_ref = PaymentRef {
            payer: stored.listener.into(),
            payment_id: stored.payments[number].payment_id,
        };
        let app = self.world.app("PaymentsLedger", |_| {});
        payments::find(&app, payment_ref).await.unwrap()
    }

    /// What Stripe has taken, and what it has given back.
    pub fn money(&self) -> (i64, i64) {
        let balance = self.world.stack.stripe().balance();
        (balance.paid, balance.refunded)
    }

    /// The last mail to somebody.
    pub fn mail(&self, to: &Person) -> Mail {
        let mut mails = self.world.stack.mailbox().mails();
        mails.retain(|mail| mail.to == [to.email.as_str()]);
        mails.pop().unwrap()
    }

    /// What somebody was told of.
    pub fn told(&self, person: &Person) -> Vec<String> {
        let notices = super::items(&self.world, &format!("NOTICES#{}", person.id));
        notices
            .iter()
            .map(|notice| text(&notice["topic"]["S"]))
            .collect()
    }
}

/// `POST /api/payment`.
pub async fn pay(world: &World, by: &Person, id: &str) -> Answer {
    let body = json!({"matching_id": id});
    world.post(by, "/api/payment", body).await
}

/// From now on Stripe tells nothing.
pub fn silence(world: &World) {
    world.stack.stripe().deliver_order(Order {
        delay: SignedDuration::from_hours(10_000),
        ..Order::default()
    });
}

/// A matching as it is stored.
pub async fn stored(world: &World, id: &str) -> StoredMatching {
    let app = world.app("VisitsFindMatching", |_| {});
    let table = profile::table(&app).unwrap();
    let place = matching_key(id.parse().unwrap());
    table.get(&place).await.unwrap().unwrap()
}

/// The ledger follows Stripe to a settlement of a matching's last payment, and the bus hands that over.
pub async fn settle(world: &World, id: &str) {
    let app = world.stack.app("PaymentsLedger").unwrap();
    let stored = stored(world, id).await;
    let payment_ref = stored.payment_ref(stored.payments.last().unwrap().payment_id);
    let known = payments::find(&app, payment_ref).await.unwrap();
    let known = payments::follow(&app, known, Sight::Nothing, "told").await;
    let event = json!({
        "source": "enishi.payments", "detail-type": "payment.settled",
        "detail": {"id": "1", "time": START, "data": known.unwrap().summary()},
    });
    let lambda = world.stack.lambda();
    lambda.invoke("VisitsSettle", event).await.unwrap();
}

/// The Checkout that somebody was sent to.
pub fn session(payment: &Value) -> String {
    let url = text(&payment["checkout_url"]);
    url.rsplit('/').next().unwrap().to_owned()
}

fn body(mail: &Mail) -> &str {
    mail.text.as_deref().unwrap()
}

#[tokio::test]
async fn the_student_pays_and_both_are_told() {
    let visit = Visit::booked().await;
    let opened = visit.pay(&visit.listener).await.expect(200).body;
    assert_eq!(
        [
            &opened["amount"],
            &opened["currency"],
            &opened["expires_at"]
        ],
        [&json!(PRICE), &json!("jpy"), &json!("2026-11-21T11:00:00Z")]
    );
    let stripe = visit.world.stack.stripe();
    let session = session(&opened);
    // By card or not at all.
    stripe.konbini(&session).unwrap_err();
    stripe.pay(&session).unwrap();
    visit.world.stack.settle().await;
    let shown = seen(&visit.world, &visit.listener, &visit.id).await;
    assert_eq!(
        [&shown["state"], &shown["is_done_payment"]],
        [&json!("paid"), &json!(true)]
    );
    assert!(shown["partner"]["name"].is_string());
    for person in [&visit.speaker, &visit.listener] {
        assert!(visit.told(person).contains(&"paid".to_owned()));
    }
    let mails = [&visit.speaker, &visit.listener].map(|person| visit.mail(person));
    assert!(mails.iter().all(|mail| mail.subject.contains("確定")));
    let says_sum = mails.each_ref().map(|mail| body(mail).contains("2,295円"));
    assert_eq!(says_sum, [false, true]);
    assert_eq!(visit.money(), (PRICE, 0));
    let payments = visit.world.get(&visit.listener, "/api/payments").await;
    assert_eq!(payments.expect(200).body[0]["purpose"], "appointment");
}

#[tokio::test]
async fn two_tabs_and_a_declined_card_have_one_checkout() {
    let visit = Visit::booked().await;
    let by = &visit.listener;
    let (one, two) = futures_util::join!(visit.pay(by), visit.pay(by));
    let (one, two) = (one.expect(200).body, two.expect(200).body);
    assert_eq!(one, two);
    let stripe = visit.world.stack.stripe();
    stripe.fail(&session(&one)).unwrap();
    visit.world.stack.settle().await;
    assert_eq!(visit.pay(by).await.expect(200).body, one);
    assert_eq!(stripe.open_sessions(), [session(&one)]);
    assert_eq!(visit.stored().await.payments.len(), 1);
}

#[tokio::test]
async fn only_the_student_pays_and_only_what_is_booked() {
    let visit = Visit::booked().await;
    let stranger = verified(&visit.world, 3, "student").await;
    visit
        .pay(&stranger)
        .await
        .expect_error(404, "not_found", &[]);
    let refused = |answer: Answer, state: &str| {
        let answer = answer.expect_error(409, "conflict", &[]);
        let message = answer.text("message");
        assert_eq!(message, format!("the matching is {state}"));
    };
    refused(visit.pay(&visit.speaker).await, "scheduled");
    let session = visit.checkout().await;
    visit.world.stack.stripe().pay(&session).unwrap();
    // Stripe has not told of it yet.
    refused(visit.pay(&visit.listener).await, "paid");
    visit.world.stack.settle().await;
    refused(visit.pay(&visit.listener).await, "paid");
    let paid = visit
        .told(&visit.listener)
        .into_iter()
        .filter(|topic| topic == "paid");
    assert_eq!(paid.count(), 1);
    visit.cancel(&visit.speaker).await.expect(200);
    refused(visit.pay(&visit.listener).await, "refunded");

    let asked = json!({"date": "2026-11-26T10:00:00Z"});
    let other = ask_so(&visit.world, &visit.listener, &visit.speaker, asked).await;
    let body = json!({"matching_id": other.expect(201).text("id")});
    let answer = visit
        .world
        .post(&visit.listener, "/api/payment", body)
        .await;
    refused(answer, "requested");
}

#[tokio::test]
async fn a_checkout_ends_with_the_booking_and_none_is_opened_for_less_than_half_an_hour() {
    let mut visit = Visit::booked().await;
    let booked = visit.world.stack.clock().now();
    let lapse = booked + SignedDuration::from_hours(24);
    let at = async |visit: &mut Visit, time: Timestamp| {
        let start: Timestamp = START.parse().unwrap();
        visit.before_start(start.duration_since(time)).await;
    };
    let too_late = lapse - SignedDuration::from_mins(31) + SignedDuration::from_secs(1);
    at(&mut visit, too_late).await;
    let answer = visit.pay(&visit.listener).await;
    let answer = answer.expect_error(409, "conflict", &[]);
    assert_eq!(answer.text("message"), "it is too late to pay");
    at(&mut visit, lapse - SignedDuration::from_mins(31)).await;
    let session = visit.checkout().await;
    // It stays the one to pay at to its end.
    at(&mut visit, lapse - SignedDuration::from_secs(1)).await;
    assert_eq!(visit.checkout().await, session);
    at(&mut visit, lapse).await;
    visit.world.stack.settle().await;
    visit.world.stack.stripe().pay(&session).unwrap_err();
    visit.sweep().await;
    assert_eq!(visit.state().await, "cancelled");
    assert_eq!(visit.payment(0).await.state, payments::State::Expired);
}

#[tokio::test]
async fn what_is_over_is_begun_anew_and_what_the_bank_works_at_is_waited_for() {
    let visit = Visit::booked().await;
    let stripe = visit.world.stack.stripe();
    let first = visit.checkout().await;
    stripe.pay_slowly(&first).unwrap();
    visit.world.stack.settle().await;
    let answer = visit.pay(&visit.listener).await;
    let answer = answer.expect_error(409, "conflict", &[]);
    assert_eq!(answer.text("message"), "a payment is being processed");
    stripe.settle_late(&first, false).unwrap();
    visit.world.stack.settle().await;
    let second = visit.checkout().await;
    assert_ne!(first, second);
    stripe.pay(&second).unwrap();
    visit.world.stack.settle().await;
    assert_eq!(visit.state().await, "paid");
    assert_eq!(visit.payment(0).await.state, payments::State::Failed);
    let stored = visit.stored().await;
    assert_eq!(stored.matching.payment, Some(stored.payments[1].payment_id));
    assert_eq!(visit.money(), (PRICE, 0));
}

#[tokio::test]
async fn after_the_visit_both_are_written_to_and_the_student_gets_the_receipt() {
    let mut visit = Visit::paid().await;
    visit.end(true, false).await;
    assert_eq!(visit.state().await, "done");
    let mails = [&visit.speaker, &visit.listener].map(|person| visit.mail(person));
    assert!(mails.iter().all(|mail| mail.subject.contains("終了")));
    let receipt = visit.payment(0).await.stripe.receipt_url.unwrap();
    for part in ["2,295円", "2026年11月20日", receipt.as_str()] {
        let says = mails.each_ref().map(|mail| body(mail).contains(part));
        assert_eq!(says, [false, true], "{part}");
    }
    for person in [&visit.speaker, &visit.listener] {
        assert!(visit.told(person).contains(&"ended".to_owned()));
        assert!(super::people::holds(&visit.world, person).is_empty());
    }
}

#[tokio::test]
async fn money_for_a_matching_that_is_not_there_any_more_goes_back() {
    let visit = Visit::booked().await;
    let session = visit.checkout().await;
    let stripe = visit.world.stack.stripe();
    stripe.pay_slowly(&session).unwrap();
    visit.cancel(&visit.speaker).await.expect(200);
    for person in [&visit.speaker, &visit.listener] {
        let token = Some(person.access_token.as_str());
        let closed = visit.world.call("DELETE", "/api/users/me", token, None);
        closed.await.expect(204);
    }
    visit.world.stack.settle().await;
    assert!(super::items(&visit.world, "MATCHING#").is_empty());
    stripe.settle_late(&session, true).unwrap();
    visit.world.stack.settle().await;
    assert_eq!(visit.money(), (PRICE, PRICE));
    assert!(visit.world.stack.lambda().dead_letters().is_empty());
}
