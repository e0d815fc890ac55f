//! What is given back of a payment, and what is passed on of it.
//!
//! The record says so first, under a name that the service chooses; then Stripe is asked, under a key
//! made of that name. So asking again is asking for the same thing, and what was cut off in between
//! is finished by `payments-sweep`. A refund that comes back from the customer's bank has failed; an
//! alarm tells the operators, and the sum can be given back under another name, such as `maker/2` for
//! what was `maker`. A transfer that Stripe refuses waits until the service asks for it again. What
//! Stripe has refused is asked for under a key of its own each time: the old one holds the refusal.
//!
//! While a dispute stands nothing is begun, and what Stripe has refused because of it waits for its end.

use super::{Observed, Payment, PaymentRef, Refund, State, Transfer, find, reverse, update};
use crate::{
    app::App,
    error::Error,
    stripe::{self, Failure, Stripe, StripeError},
};

/// Gives back `amount` minor units, all that is left where `None`. `name` tells the refunds of one
/// payment apart: at most 60 characters, the service's own. A service that passes parts of a payment on
/// calls them alike ([`NewTransfer::part`]). At most 3 requests to DynamoDB and 1 to Stripe.
///
/// # Errors
/// `conflict` when the payment is not settled, when less is left, when the refund of this name is
/// another one or has failed, or while a dispute stands; `not_found`; `service_unavailable`: ask again.
pub async fn refund(
    app: &App,
    payment_ref: PaymentRef,
    name: &str,
    amount: Option<i64>,
) -> Result<Payment, Error> {
    let now = app.now();
    let payment = update(app, find(app, payment_ref).await?, |payment| {
        match payment.refunds.get(name) {
            Some(known) if known.failed => {
                return Err(Error::conflict("this refund has failed; make another one"));
            }
            Some(known) if amount.is_some_and(|amount| amount != known.amount) => {
                return Err(Error::conflict("this refund is of another amount"));
            }
            Some(_) => return Ok(None),
            None => {}
        }
        settled(payment)?;
        let left = payment.left();
        let amount = match amount {
            None if left <= 0 => return Ok(None),
            None => left,
            Some(amount) => amount,
        };
        if !(1..=left).contains(&amount) {
            return Err(Error::conflict(
                "the amount exceeds what is left of this payment",
            ));
        }
        let mut next = payment.clone();
        next.refunds.insert(name.to_owned(), Refund::asked(amount));
        Ok(Some(next.due(now)))
    })
    .await?;
    let payment = confirm(app, payment, None).await?;
    match payment.refunds.get(name) {
        Some(refund) if refund.waits() => Err(disputed()),
        Some(refund) if refund.failed => Err(Error::conflict("Stripe refuses this refund")),
        _ => Ok(payment),
    }
}

/// Money to be passed on.
#[derive(Clone, Copy, Debug)]
pub struct NewTransfer<'a> {
    /// Tells the transfers of one payment apart: at most 60 characters without a slash, the service's
    /// own. The refunds of the same part have the same name, or one that goes on after a slash.
    pub name: &'a str,
    /// In minor units.
    pub amount: i64,
    /// Stripe's `acct_…`.
    pub destination: &'a str,
    /// What of the payment belongs to this name, in minor units. What was given back of it can not be
    /// passed on; what was given back of other parts does not matter.
    pub part: i64,
}

impl NewTransfer<'_> {
    fn is(&self, known: &Transfer) -> bool {
        self.amount == known.amount
            && self.destination == known.destination
            && self.part == known.part
    }
}

/// Passes on a part of a payment. It comes out of the charge as far as that covers it, else out of the
/// platform's balance. Whether Stripe has made it, [`Transfer::id`] says; if it refuses, because the
/// account may not be passed money now, say ([`Transfer::refusal`]), the transfer waits until it is
/// asked for again with the same words. At most 3 requests to DynamoDB and 1 to Stripe.
///
/// # Errors
/// `conflict` when the payment is not settled, when less is left of the part, when the transfer of this
/// name is another one, or while a dispute stands; `not_found`; `service_unavailable`: ask again.
pub async fn transfer(
    app: &App,
    payment_ref: PaymentRef,
    new: NewTransfer<'_>,
) -> Result<Payment, Error> {
    let now = app.now();
    let payment = update(app, find(app, payment_ref).await?, |payment| {
        let known = payment.transfers.get(new.name);
        if let Some(known) = known {
            if !new.is(known) {
                return Err(Error::conflict("this transfer is another one"));
            }
            if !known.waits() {
                return Ok(None);
            }
        }
        settled(payment)?;
        let others = payment
            .transfers
            .iter()
            .filter(|(name, _)| *name != new.name);
        let parts: i64 = others.map(|(_, other)| other.part).sum();
        if parts + new.part > payment.amount || payment.amount_lost() >= payment.amount {
            return Err(Error::conflict("the part exceeds the payment"));
        }
        if !(1..=payment.left_of(new.name, new.part)).contains(&new.amount) {
            return Err(Error::conflict(
                "the amount exceeds what is left of this part of the payment",
            ));
        }
        if known.is_some() {
            return Ok(None);
        }
        let mut next = payment.clone();
        let transfer = Transfer {
            amount: new.amount,
            destination: new.destination.to_owned(),
            part: new.part,
            from_charge: payment.charge_covers(new.amount),
            id: None,
            refused: 0,
            refusal: None,
            reversal: None,
        };
        next.transfers.insert(new.name.to_owned(), transfer);
        Ok(Some(next.due(now)))
    })
    .await?;
    confirm(app, payment, Some(new.name)).await
}

fn disputed() -> Error {
    Error::conflict("a dispute of this payment stands")
}

fn settled(payment: &Payment) -> Result<(), Error> {
    if payment.is_disputed() {
        return Err(disputed());
    }
    if payment.state.is_paid()
        && payment.state != State::Refunded
        && payment.stripe.charge.is_some()
    {
        Ok(())
    } else {
        Err(Error::conflict("this payment is not settled"))
    }
}

/// Stripe's code for a refund of what is disputed.
const CHARGE_DISPUTED: &str = "charge_disputed";

/// Asks Stripe for every refund, transfer and reversal that it has not confirmed yet, and of the transfers
/// that it has refused for the one called `again`. One that it refuses does not keep the others.
pub(super) async fn confirm(
    app: &App,
    payment: Payment,
    again: Option<&str>,
) -> Result<Payment, Error> {
    const CAUSE: &str = "refunded on request";
    let stripe = stripe::client(app);
    let mut outcome = Ok(());
    let mut seen = Observed::state(payment.state);
    for (name, refund) in &payment.refunds {
        if !payment.is_due(refund) {
            continue;
        }
        match create_refund(&stripe, &payment, name, refund).await {
            Ok(made) => {
                seen.refunds.insert(name.clone(), Refund::from(made));
            }
            Err(StripeError::Refused(failure)) => {
                let refused = payment.refused(refund, &failure);
                if refused.failed {
                    tracing::error!(%failure, "Stripe refuses a refund");
                }
                seen.refunds.insert(name.clone(), refused);
            }
            Err(StripeError::Other(error)) => outcome = Err(error),
        }
    }
    let mut transfers = Vec::new();
    for (name, transfer) in &payment.transfers {
        let again = again == Some(name) && transfer.waits();
        if !transfer.is_under_way() && !again {
            continue;
        }
        let answer = match create_transfer(&stripe, &payment, name, transfer).await {
            Ok(made) => Ok(made.id),
            Err(StripeError::Refused(failure)) => {
                tracing::warn!(%failure, "Stripe refuses a transfer");
                Err(failure.code)
            }
            Err(StripeError::Other(error)) => {
                outcome = Err(error);
                continue;
            }
        };
        transfers.push((name, transfer.refused, answer));
    }
    let now = app.now();
    let payment = update(app, payment.clone(), |payment| {
        let moved = payment.moved(&seen, now, CAUSE);
        let mut next = moved.unwrap_or_else(|| payment.clone());
        for (name, number, answer) in &transfers {
            next.answered(name, *number, answer);
        }
        Ok((next != *payment).then(|| next.due(now)))
    })
    .await?;
    let payment = reverse::confirm(app, payment).await?;
    outcome.map(|()| payment)
}

impl Payment {
    /// A refund that Stripe refuses: because of a dispute, unless that is lost, it waits; else it has
    /// failed.
    fn refused(&self, refund: &Refund, failure: &Failure) -> Refund {
        let waits = failure.code == CHARGE_DISPUTED && self.amount_lost() == 0;
        Refund {
            failed: !waits,
            refused: refund.refused + 1,
            ..refund.clone()
        }
    }

    /// Notes what Stripe answered when a transfer was asked for, the `number`th time after the first.
    fn answered(&mut self, name: &str, number: u32, answer: &Result<String, String>) {
        let covered = |transfer: &Transfer| self.charge_covers(transfer.amount);
        let covered = self.transfers.get(name).is_some_and(covered);
        let Some(transfer) = self.transfers.get_mut(name) else {
            return;
        };
        match answer {
            Ok(id) => {
                transfer.id = Some(id.clone());
                transfer.refusal = None;
            }
            Err(code) if transfer.id.is_none() && transfer.refused == number => {
                transfer.refused += 1;
                transfer.refusal = Some(code.clone());
                // Something of the charge may have been given back since.
                transfer.from_charge &= covered;
            }
            Err(_) => {}
        }
    }
}

async fn create_refund(
    stripe: &Stripe,
    payment: &Payment,
    name: &str,
    refund: &Refund,
) -> Result<stripe::Refund, StripeError> {
    let intent = payment.stripe.payment_intent.as_deref().unwrap_or_default();
    let (payer, payment_id) = (payment.payer.to_string(), payment.payment_id.to_string());
    let metadata = [
        (super::PAYER, &*payer),
        (super::PAYMENT_ID, &*payment_id),
        (super::REFUND, name),
    ];
    let key = format!("refund-{payment_id}-{name}-{}", refund.refused);
    let made = stripe.create_refund(&key, intent, Some(refund.amount), &metadata);
    made.await
}

async fn create_transfer(
    stripe: &Stripe,
    payment: &Payment,
    name: &str,
    transfer: &Transfer,
) -> Result<stripe::Transfer, StripeError> {
    let (payer, payment_id) = (payment.payer.to_string(), payment.payment_id.to_string());
    let metadata = [(super::PAYER, &*payer), (super::PAYMENT_ID, &*payment_id)];
    let new = stripe::NewTransfer {
        amount: transfer.amount,
        currency: &payment.currency,
        destination: &transfer.destination,
        source_transaction: (payment.stripe.charge.as_deref()).filter(|_| transfer.from_charge),
        transfer_group: &payment_id,
        metadata: &metadata,
    };
    let key = format!("transfer-{payment_id}-{name}-{}", transfer.refused);
    stripe.create_transfer(&key, &new).await
}
