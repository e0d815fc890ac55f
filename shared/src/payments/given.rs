//! What is given back of a payment, and what is passed on of it.
//!
//! The record says so first, under a name that the service chooses; then Stripe is asked, under a key
//! made of that name. So asking again is asking for the same thing, and what was cut off in between
//! is finished by `payments-sweep`. A refund that comes back from the customer's bank has failed; an
//! alarm tells the operators, and the sum can be given back under another name.

use super::{Observed, Payment, PaymentRef, Refund, State, Transfer, find, update};
use crate::{
    app::App,
    error::Error,
    stripe::{self, Stripe, StripeError},
};

/// Gives back `amount` minor units, all that is left where `None`. `name` tells the refunds of one
/// payment apart: at most 60 characters, the service's own. At most 3 requests to DynamoDB and 1 to
/// Stripe.
///
/// # Errors
/// `conflict` when the payment is not settled, when less is left, or when the refund of this name is
/// another one; `not_found`; `service_unavailable`: ask again.
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
            None if left == 0 => return Ok(None),
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
    confirm(app, payment).await
}

/// Money to be passed on.
#[derive(Clone, Copy, Debug)]
pub struct NewTransfer<'a> {
    /// Tells the transfers of one payment apart: at most 60 characters, the service's own.
    pub name: &'a str,
    /// In minor units.
    pub amount: i64,
    /// Stripe's `acct_…`.
    pub destination: &'a str,
}

/// Passes on a part of a payment. At most 3 requests to DynamoDB and 1 to Stripe.
///
/// # Errors
/// `conflict` when the payment is not settled, when less is left, or when the transfer of this name is
/// another one; `not_found`; `service_unavailable`: ask again.
pub async fn transfer(
    app: &App,
    payment_ref: PaymentRef,
    new: NewTransfer<'_>,
) -> Result<Payment, Error> {
    let now = app.now();
    let payment = update(app, find(app, payment_ref).await?, |payment| {
        if let Some(known) = payment.transfers.get(new.name) {
            return if known.amount == new.amount && known.destination == new.destination {
                Ok(None)
            } else {
                Err(Error::conflict("this transfer is another one"))
            };
        }
        settled(payment)?;
        let passed_on: i64 = payment.transfers.values().map(|known| known.amount).sum();
        let left = payment.left() - passed_on;
        if !(1..=left).contains(&new.amount) {
            return Err(Error::conflict(
                "the amount exceeds what is left of this payment",
            ));
        }
        let mut next = payment.clone();
        let transfer = Transfer {
            amount: new.amount,
            destination: new.destination.to_owned(),
            id: None,
        };
        next.transfers.insert(new.name.to_owned(), transfer);
        Ok(Some(next.due(now)))
    })
    .await?;
    confirm(app, payment).await
}

fn settled(payment: &Payment) -> Result<(), Error> {
    if payment.state.is_paid()
        && payment.state != State::Refunded
        && payment.stripe.charge.is_some()
    {
        Ok(())
    } else {
        Err(Error::conflict("this payment is not settled"))
    }
}

/// Asks Stripe for every refund and transfer that it has not confirmed yet. One that it refuses does
/// not keep the others: a refund has failed then, a transfer may succeed later, when the account that
/// it goes to has told Stripe enough.
pub(super) async fn confirm(app: &App, payment: Payment) -> Result<Payment, Error> {
    const CAUSE: &str = "refunded on request";
    let stripe = stripe::client(app);
    let mut outcome = Ok(());
    let mut seen = Observed::state(payment.state);
    for (name, refund) in &payment.refunds {
        if !refund.waits() {
            continue;
        }
        let made = match create_refund(&stripe, &payment, name, refund).await {
            Ok(made) => Refund::from(made),
            Err(StripeError::Refused(failure)) => {
                tracing::error!(%failure, "Stripe refuses a refund");
                outcome = Err(Error::conflict("Stripe refuses this refund"));
                Refund {
                    failed: true,
                    ..refund.clone()
                }
            }
            Err(StripeError::Other(error)) => {
                outcome = Err(error);
                continue;
            }
        };
        seen.refunds.insert(name.clone(), made);
    }
    let mut transfers = Vec::new();
    for (name, transfer) in &payment.transfers {
        if transfer.id.is_none() {
            match create_transfer(&stripe, &payment, name, transfer).await {
                Ok(id) => transfers.push((name.clone(), id)),
                Err(error) => outcome = Err(error),
            }
        }
    }
    let now = app.now();
    let payment = update(app, payment, |payment| {
        let moved = payment.moved(&seen, now, CAUSE);
        let mut next = moved.unwrap_or_else(|| payment.clone());
        for (name, id) in &transfers {
            if let Some(transfer) = next.transfers.get_mut(name) {
                transfer.id = Some(id.clone());
            }
        }
        Ok((next != *payment).then(|| next.due(now)))
    })
    .await?;
    outcome.map(|()| payment)
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
    let key = format!("refund-{payment_id}-{name}");
    let made = stripe.create_refund(&key, intent, Some(refund.amount), &metadata);
    made.await
}

async fn create_transfer(
    stripe: &Stripe,
    payment: &Payment,
    name: &str,
    transfer: &Transfer,
) -> Result<String, Error> {
    let (payer, payment_id) = (payment.payer.to_string(), payment.payment_id.to_string());
    let metadata = [(super::PAYER, &*payer), (super::PAYMENT_ID, &*payment_id)];
    let new = stripe::NewTransfer {
        amount: transfer.amount,
        currency: &payment.currency,
        destination: &transfer.destination,
        source_transaction: payment.stripe.charge.as_deref().unwrap_or_default(),
        transfer_group: &payment_id,
        metadata: &metadata,
    };
    let key = format!("transfer-{payment_id}-{name}");
    Ok(stripe.create_transfer(&key, &new).await?.id)
}
