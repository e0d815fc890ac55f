//! Payments: one record for each, and what a service does with it ([`begin`], [`open`], [`expire`], [`refund`],
//! [`transfer`]).
//!
//! A record is made before Stripe hears of it, and moves forward only: to what Stripe says of it
//! *now*, whatever told us to ask ([`follow`]). So webhooks may come in any order, any number of
//! times or never: `payments-sweep` asks about each record that waits for too long. Each step forward
//! announces itself on the bus in the transaction that takes it: [`PaymentSettled`],
//! [`PaymentFailed`], [`PaymentExpired`], [`PaymentRefunded`]. A late payment is possible: `settled`
//! may follow `failed` and `expired`, and the service then provides what was paid for, or refunds.
//!
//! A function that uses it needs `PAYMENTS_TABLE`, and what [`crate::stripe`] needs.

mod checkout;
mod follow;
mod given;
mod record;
#[cfg(test)]
mod tests;

use crate::{
    app::App,
    error::Error,
    events::{
        Announcement, PaymentExpired, PaymentFailed, PaymentRefunded, PaymentSettled,
        PaymentSummary, announce,
    },
    store::{Key, Outcome, Race, Table, Transaction, Written, when},
    user_id::UserId,
};

use serde::Serialize;

pub use checkout::{NewPayment, Opened, begin, expire, open};
pub use follow::{Sight, follow, look, renewed};
pub use given::{NewTransfer, refund, transfer};
pub use record::{
    Line, Observed, Payment, PaymentId, Product, Purpose, Refund, State, StripeObjects, Transfer,
    Transition,
};

/// `PAYMENTS_TABLE`: the table of payments.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn table(app: &App) -> Result<Table, Error> {
    Table::named(app, "PAYMENTS_TABLE")
}

/// The partition of somebody's payments, in the order in which they were made.
pub fn partition(payer: UserId) -> String {
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
    pub payer: UserId,
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
    let steps = steps(payment, next);
    let written = if steps.is_empty() {
        table.replace(key, &stored, unchanged).await?
    } else {
        let mut tx = Transaction::new(app);
        let record = tx.replace(&table, key, &stored, unchanged)?;
        for step in steps {
            step(&mut tx, &table, next.summary())?;
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

/// Announces a step.
type Announce = fn(&mut Transaction, &Table, PaymentSummary) -> Result<(), Error>;

/// What announces the steps from `before` to `after`.
fn steps(before: &Payment, after: &Payment) -> Vec<Announce> {
    fn of<T: Announcement + From<PaymentSummary>>(
        tx: &mut Transaction,
        table: &Table,
        summary: PaymentSummary,
    ) -> Result<(), Error> {
        announce(tx, table, T::from(summary))
    }
    let mut steps: Vec<Announce> = Vec::new();
    if !before.state.is_paid() && after.state.is_paid() {
        steps.push(of::<PaymentSettled>);
    }
    if before.amount_refunded < after.amount_refunded {
        steps.push(of::<PaymentRefunded>);
    }
    if before.state != after.state {
        match after.state {
            State::Failed => steps.push(of::<PaymentFailed>),
            State::Expired => steps.push(of::<PaymentExpired>),
            _ => {}
        }
    }
    steps
}
