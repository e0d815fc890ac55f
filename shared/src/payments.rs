//! Payments: one record for each, and what a service does with it ([`begin`], [`open`], [`expire`], [`refund`],
//! [`transfer`], [`reverse`]).
//!
//! A record is made before Stripe hears of it, and moves forward only: to what Stripe says of it
//! *now*, whatever told us to ask ([`follow`]). So webhooks may come in any order, any number of
//! times or never: `payments-sweep` asks about each record that waits for too long. Each step forward
//! announces itself on the bus in the transaction that takes it: [`PaymentProcessing`],
//! [`PaymentSettled`], [`PaymentFailed`], [`PaymentExpired`], [`PaymentRefunded`],
//! [`PaymentRefundFailed`], [`PaymentReversed`], and of disputes [`PaymentDisputed`],
//! [`PaymentDisputeWon`], [`PaymentDisputeLost`]. A late payment is possible: `settled` may follow
//! `failed` and `expired`, and the service then provides what was paid for, or refunds. The bus keeps
//! no order: a service that has to know how a payment stands reads its record ([`find`]).
//!
//! A function that uses it needs `PAYMENTS_TABLE`, and what [`crate::stripe`] needs.

mod checkout;
mod follow;
mod given;
mod parts;
mod record;
mod reverse;
pub mod subscription;
#[cfg(test)]
mod tests;

use crate::{
    app::App,
    error::Error,
    events::{
        DisputeSummary, NamedRefund, OutboxRow, PaymentDisputeLost, PaymentDisputeWon,
        PaymentDisputed, PaymentExpired, PaymentFailed, PaymentProcessing, PaymentRefundFailed,
        PaymentRefunded, PaymentReversed, PaymentSettled, ReversalSummary, outbox_row,
    },
    store::{Key, Outcome, Race, Table, Transaction, Written, when},
};

use serde::Serialize;

pub use checkout::{NewPayment, Opened, begin, expire, open};
pub use follow::{Sight, follow, follow_invoice, look, of_intent};
pub use given::{NewTransfer, refund, transfer};
pub use parts::{Dispute, DisputeState, Refund, Reversal, Transfer};
pub use record::{
    Line, Observed, PayerId, Payment, PaymentId, Product, Purpose, State, StripeObjects, Transition,
};
pub use reverse::{Reversed, reverse};

/// `PAYMENTS_TABLE`: the table of payments.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn table(app: &App) -> Result<Table, Error> {
    Table::named(app, "PAYMENTS_TABLE")
}

/// The partition of somebody's payments, in the order in which they were made.
pub fn partition(payer: PayerId) -> String {
    format!("PAYER#{payer}")
}

/// What the sort keys of payments start with.
pub const SORT_KEY: &str = "PAYMENT#";
/// The sparse index of payments that wait for something, by `due_at`.
pub const DUE: &str = "due";
/// That index's only partition.
pub const WAITING: &str = "PAYMENT";

/// Where a payment lies. Both ids travel with everything that Stripe makes for it (`metadata`), so
/// that no look-up is needed on the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentRef {
    /// Who pays.
    pub payer: PayerId,
    /// The payment.
    pub payment_id: PaymentId,
}

const PAYER: &str = "payer";
const PAYMENT_ID: &str = "payment_id";
/// Of a refund: the name that the service gave it.
const REFUND: &str = "refund";

impl PaymentRef {
    /// Its key in the table.
    pub fn key(self) -> Key {
        Key::new(
            partition(self.payer),
            format!("{SORT_KEY}{}", self.payment_id),
        )
    }

    /// The payment that a key names.
    pub fn of_key(key: &Key) -> Option<Self> {
        Some(Self {
            payer: key.pk.strip_prefix("PAYER#")?.parse().ok()?,
            payment_id: key.sk.strip_prefix(SORT_KEY)?.parse().ok()?,
        })
    }

    /// The payment that an object of Stripe's names; none if it is not ours.
    pub fn of_metadata(metadata: &std::collections::BTreeMap<String, String>) -> Option<Self> {
        Some(Self {
            payer: metadata.get(PAYER)?.parse().ok()?,
            payment_id: metadata.get(PAYMENT_ID)?.parse().ok()?,
        })
    }
}

/// Reads a payment. One request.
///
/// # Errors
/// `not_found`; `service_unavailable` when DynamoDB does not answer.
pub async fn find(app: &App, payment_ref: PaymentRef) -> Result<Payment, Error> {
    let found = table(app)?.get(&payment_ref.key()).await?;
    found.ok_or_else(|| Error::not_found("payment"))
}

/// Applies `change` to a payment and stores what it gives, with the announcements of the steps that
/// this takes; `None` leaves the record as it is. When somebody else wrote it in between, `change` is
/// asked again with what is there now. One request for each attempt.
///
/// # Errors
/// What `change` answers; `service_unavailable` when DynamoDB does not answer or others are always
/// faster.
async fn update(
    app: &App,
    mut payment: Payment,
    change: impl Fn(&Payment) -> Result<Option<Payment>, Error>,
) -> Result<Payment, Error> {
    let mut race = Race::new(app);
    loop {
        let Some(mut next) = change(&payment)? else {
            return Ok(payment);
        };
        next.version = payment.version + 1;
        match store(app, &payment, &next).await? {
            None => return Ok(next),
            Some(newer) => payment = newer,
        }
        race.lost().await?;
    }
}

/// A record as it lies in the table.
#[derive(Serialize)]
struct Stored<'a> {
    #[serde(flatten)]
    payment: &'a Payment,
    /// Puts it into the index [`DUE`].
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<&'static str>,
}

/// A record as it is put into the table.
fn stored(payment: &Payment) -> Stored<'_> {
    Stored {
        payment,
        due: payment.due_at.map(|_| WAITING),
    }
}

/// Stores `next` where `payment` is, or where nothing is when that was never stored (version 0), with
/// the announcements of the steps between. `Some`: somebody else was faster, this is there now.
async fn store(app: &App, payment: &Payment, next: &Payment) -> Result<Option<Payment>, Error> {
    let table = table(app)?;
    let key = next.payment_ref().key();
    let stored = stored(next);
    let unchanged = match payment.version {
        0 => when().absent("pk"),
        version => when().eq("version", version),
    };
    let steps = steps(app, payment, next)?;
    let written = if steps.is_empty() {
        table.replace(key, &stored, unchanged).await?
    } else {
        let mut tx = Transaction::new(app);
        let record = tx.replace(&table, key, &stored, unchanged)?;
        for (key, row) in steps {
            tx.create(&table, key, &row)?;
        }
        match tx.commit().await? {
            Outcome::Done => Written::Done,
            Outcome::Refused(refused) => Written::Refused(refused.found(record)),
        }
    };
    match written {
        Written::Done => Ok(None),
        // Nobody deletes payments.
        Written::Refused(found) => found
            .item()?
            .map(Some)
            .ok_or_else(|| Error::internal("a payment is gone")),
    }
}

/// What announces the steps from `before` to `after`.
fn steps(app: &App, before: &Payment, after: &Payment) -> Result<Vec<(Key, OutboxRow)>, Error> {
    let mut steps = Vec::new();
    let payment = after.summary();
    if before.state != after.state {
        match after.state {
            State::Processing => steps.push(outbox_row(app, PaymentProcessing(payment.clone()))?),
            State::Failed => steps.push(outbox_row(app, PaymentFailed(payment.clone()))?),
            State::Expired => steps.push(outbox_row(app, PaymentExpired(payment.clone()))?),
            _ => {}
        }
    }
    if !before.state.is_paid() && after.state.is_paid() {
        steps.push(outbox_row(app, PaymentSettled(payment.clone()))?);
    }
    let refunds = newly(before, after, Refund::is_given);
    if !refunds.is_empty() {
        let payment = payment.clone();
        steps.push(outbox_row(app, PaymentRefunded { payment, refunds })?);
    }
    let refunds = newly(before, after, |refund| refund.failed);
    if !refunds.is_empty() {
        let payment = payment.clone();
        steps.push(outbox_row(app, PaymentRefundFailed { payment, refunds })?);
    }
    for (id, dispute) in &after.disputes {
        let known = before.disputes.get(id).map(|known| known.state);
        if known == Some(dispute.state) {
            continue;
        }
        let payment = payment.clone();
        let state = dispute.state;
        let dispute = DisputeSummary {
            id: id.clone(),
            amount: dispute.amount,
            reason: dispute.reason.clone(),
        };
        steps.push(match state {
            DisputeState::Open => outbox_row(app, PaymentDisputed { payment, dispute })?,
            DisputeState::Won => outbox_row(app, PaymentDisputeWon { payment, dispute })?,
            DisputeState::Lost => outbox_row(app, PaymentDisputeLost { payment, dispute })?,
        });
    }
    for (name, transfer) in &after.transfers {
        let known = before.transfers.get(name);
        let (reversed, owed) = transfer.taken_back();
        if (reversed, owed) != known.map(Transfer::taken_back).unwrap_or_default() {
            let name = name.clone();
            let reversal = ReversalSummary {
                name,
                reversed,
                owed,
            };
            let payment = payment.clone();
            steps.push(outbox_row(app, PaymentReversed { payment, reversal })?);
        }
    }
    Ok(steps)
}

/// The refunds that are so `after`, and were not `before`.
fn newly(before: &Payment, after: &Payment, so: fn(&Refund) -> bool) -> Vec<NamedRefund> {
    let refunds = after.refunds.iter();
    refunds
        .filter(|(name, refund)| so(refund) && !before.refunds.get(*name).is_some_and(so))
        .map(|(name, refund)| NamedRefund {
            name: name.clone(),
            amount: refund.amount,
        })
        .collect()
}
