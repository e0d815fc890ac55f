//! What is taken back of a transfer.
//!
//! Stripe takes back no more than the account's available balance. So all of it is asked for first; when
//! that is refused, what the account has; the rest is a debt, which `payments-sweep` asks for again each
//! day. How much is asked for stands in the record before Stripe hears of it, and each answer is counted
//! once: a repetition asks for the same under the same key.

use super::{Payment, PaymentRef, Reversal, find, given, update};
use crate::{
    app::App,
    error::Error,
    stripe::{self, Stripe, StripeError},
};

/// What became of a reversal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// What came back, in minor units; 0 of a transfer that was never made.
    pub reversed: i64,
    /// What the account could not cover: a debt to the house, asked for each day for
    /// 90 days. [`crate::events::PaymentReversed`] tells of each change.
    pub owed: i64,
}

/// Takes back `amount` minor units of the transfer called `name`, as far as the account that it went to
/// covers it. Asked again with the same amount it tells how that stands. A transfer that Stripe has
/// refused so far is called off if all of it is taken back. At most 6 requests to DynamoDB and 5 to Stripe, mostly 3 and 1.
///
/// # Errors
/// `conflict` when there is no transfer of this name, when it is of less, or when another amount is
/// taken back already; `not_found`; `service_unavailable`: ask again.
pub async fn reverse(
    app: &App,
    payment_ref: PaymentRef,
    name: &str,
    amount: i64,
) -> Result<Reversed, Error> {
    let now = app.now();
    let payment = update(app, find(app, payment_ref).await?, |payment| {
        let Some(transfer) = payment.transfers.get(name) else {
            return Err(Error::conflict("there is no transfer of this name"));
        };
        match &transfer.reversal {
            Some(known) if known.asked == amount => return Ok(None),
            Some(_) => return Err(Error::conflict("another amount is taken back already")),
            None if !(1..=transfer.amount).contains(&amount) => {
                return Err(Error::conflict("the amount exceeds the transfer"));
            }
            None => {}
        }
        let mut next = payment.clone();
        if let Some(transfer) = next.transfers.get_mut(name) {
            transfer.reversal = Some(Reversal {
                asked: amount,
                reversed: 0,
                owed: 0,
                trying: amount,
                answers: 0,
                since: now,
            });
        }
        Ok(Some(next.due(now)))
    })
    .await?;
    let payment = given::confirm(app, payment, None).await?;
    let transfer = payment.transfers.get(name);
    let (reversed, owed) = transfer.map(|it| it.taken_back()).unwrap_or_default();
    Ok(Reversed { reversed, owed })
}

/// Asks Stripe for all that is to be taken back, and for what the account has where it has less.
pub(super) async fn confirm(app: &App, mut payment: Payment) -> Result<Payment, Error> {
    let stripe = stripe::client(app);
    for _ in 0..2 {
        let mut outcome = Ok(());
        let mut answers = Vec::new();
        for (name, transfer) in &payment.transfers {
            let Some((transfer_id, reversal)) = transfer.coming_back() else {
                continue;
            };
            let asked = Asked {
                name,
                transfer_id,
                destination: &transfer.destination,
                reversal,
            };
            match asked.ask(&stripe, &payment).await {
                Ok(answer) => answers.push((name.clone(), reversal.answers, answer)),
                Err(error) => outcome = Err(error),
            }
        }
        if !answers.is_empty() {
            payment = note(app, payment, &answers).await?;
        }
        outcome?;
        if !payment
            .transfers
            .values()
            .any(|it| it.coming_back().is_some())
        {
            return Ok(payment);
        }
    }
    // The account's balance falls while we ask.
    Err(Error::unavailable(1))
}

/// Asks for debts again, as far as the accounts can pay them now.
pub(super) async fn collect(app: &App, payment: Payment) -> Result<Payment, Error> {
    let stripe = stripe::client(app);
    let now = app.now();
    let mut covered = Vec::new();
    for (name, transfer) in payment.debts(now) {
        let available = stripe.available(&transfer.destination, &payment.currency);
        covered.push((name.to_owned(), available.await?));
    }
    update(app, payment, |payment| {
        let mut next = payment.clone();
        for (name, available) in &covered {
            let transfer = next.transfers.get_mut(name);
            if let Some(reversal) = transfer.and_then(|it| it.reversal.as_mut())
                && reversal.trying == 0
            {
                reversal.trying = reversal.owed.min(*available).max(0);
            }
        }
        Ok((next != *payment).then(|| next.due(now)))
    })
    .await
}

/// What Stripe is asked for.
struct Asked<'a> {
    name: &'a str,
    transfer_id: &'a str,
    destination: &'a str,
    reversal: &'a Reversal,
}

/// What it answered.
pub(super) enum Answer {
    Made,
    Refused {
        /// What was taken back of the transfer already, whoever did it.
        reversed: i64,
        /// What the account has.
        available: i64,
    },
}

impl Asked<'_> {
    async fn ask(&self, stripe: &Stripe, payment: &Payment) -> Result<Answer, Error> {
        let payment_id = payment.payment_id;
        let (name, answers) = (self.name, self.reversal.answers);
        let key = format!("reverse-{payment_id}-{name}-{answers}");
        let amount = Some(self.reversal.trying);
        let made = stripe.reverse_transfer(&key, self.transfer_id, amount, &[]);
        match made.await {
            Ok(_) => Ok(Answer::Made),
            Err(StripeError::Refused(_)) => {
                let transfer = stripe.transfer(self.transfer_id).await?;
                let available = stripe.available(self.destination, &payment.currency);
                Ok(Answer::Refused {
                    reversed: transfer.amount_reversed,
                    available: available.await?,
                })
            }
            Err(StripeError::Other(error)) => Err(error),
        }
    }
}

/// Stores what Stripe has answered to the question of this number.
async fn note(
    app: &App,
    payment: Payment,
    answers: &[(String, u32, Answer)],
) -> Result<Payment, Error> {
    let (now, before) = (app.now(), payment.clone());
    let payment = update(app, payment, |payment| {
        let mut next = payment.clone();
        for (name, number, answer) in answers {
            let transfer = next.transfers.get_mut(name);
            if let Some(reversal) = transfer.and_then(|it| it.reversal.as_mut())
                && reversal.answers == *number
            {
                reversal.take(answer);
            }
        }
        Ok((next != *payment).then(|| next.due(now)))
    })
    .await?;
    for (name, transfer) in &payment.transfers {
        let known = before.transfers.get(name).map(|it| it.taken_back().1);
        if let (_, owed @ 1..) = transfer.taken_back()
            && known == Some(0)
        {
            tracing::error!(payment = %payment.payment_id, owed, "an account does not cover a reversal");
        }
    }
    Ok(payment)
}

impl Reversal {
    /// Counts what Stripe has answered.
    pub(super) fn take(&mut self, answer: &Answer) {
        self.answers += 1;
        let tried = std::mem::take(&mut self.trying);
        match answer {
            Answer::Made => self.reversed += tried,
            Answer::Refused {
                reversed,
                available,
            } => {
                self.reversed = self.reversed.max(self.asked.min(*reversed));
                let covered = (self.asked - self.reversed).min(*available);
                if (1..tried).contains(&covered) {
                    self.trying = covered;
                    return;
                }
            }
        }
        self.owed = self.asked - self.reversed;
    }
}
