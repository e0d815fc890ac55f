//! What waits for an operator: what customers report, refunds that failed, debts of makers, disputes. Each is a
//! row in one partition, put and removed by the step of the order that begins and ends it.

use enishi_shared::{
    Result, UserId,
    store::{Key, Table, Transaction},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::order::{
    OrderId, StoredOrder,
    state::{Action, Order, Parcel, ParcelState, Refund},
};

/// The partition of all of it, by the age of the orders.
pub const WAITING: &str = "REPORTS";

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderTroubleKind)]
pub enum Kind {
    /// The customer says that a parcel has not come, or is not what was sold.
    Report,
    /// What was to be given back was refused or came back. To be repeated, perhaps once the customer's bank
    /// has been asked.
    RefundFailed,
    /// A maker's account does not cover what is taken back.
    Debt,
    /// The customer's bank disputes the payment: to be answered at Stripe.
    Dispute,
}

impl Kind {
    fn text(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::RefundFailed => "refund_failed",
            Self::Debt => "debt",
            Self::Dispute => "dispute",
        }
    }
}

/// Something that waits for an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderTrouble)]
pub struct Trouble {
    /// What is the matter.
    pub kind: Kind,
    /// With which order.
    pub transaction_id: OrderId,
    /// With whose parcel; null of a dispute, which is about all of them.
    #[serde(default)]
    #[schema(required)]
    pub maker_id: Option<UserId>,
    /// In the customer's own words, or in Stripe's.
    #[serde(default)]
    #[schema(required, example = "届いた湯のみが割れていました。")]
    pub reason: Option<String>,
    /// How much it is about, in yen.
    #[schema(example = 3_500)]
    pub amount: u64,
    /// Since when.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

impl Trouble {
    /// Its place in the partition.
    pub fn sort_key(&self) -> String {
        sort_key(self.kind, self.transaction_id, self.maker_id)
    }
}

/// Where something lies that waits.
pub fn key(kind: Kind, order_id: OrderId, maker_id: Option<UserId>) -> Key {
    Key::new(WAITING, sort_key(kind, order_id, maker_id))
}

fn sort_key(kind: Kind, order_id: OrderId, maker_id: Option<UserId>) -> String {
    let maker_id = maker_id.map(|maker_id| format!("#{maker_id}"));
    format!("{order_id}#{}{}", kind.text(), maker_id.unwrap_or_default())
}

/// Puts what a step has begun, and removes what it has ended.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn follow(
    tx: &mut Transaction,
    table: &Table,
    (before, after): (&StoredOrder, &StoredOrder),
    action: &Action,
) -> Result<()> {
    let known = all(&before.order);
    let now = all(&after.order);
    for (kind, maker_id, _) in &known {
        if !now
            .iter()
            .any(|(other, of, _)| (other, of) == (kind, maker_id))
        {
            tx.delete(table, key(*kind, after.order_id, *maker_id));
        }
    }
    for (kind, maker_id, amount) in now {
        if known.contains(&(kind, maker_id, amount)) {
            continue;
        }
        let reason = match action {
            Action::Report { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        let trouble = Trouble {
            kind,
            transaction_id: after.order_id,
            maker_id,
            reason,
            amount,
            created_at: tx.app().now(),
        };
        tx.put(table, key(kind, after.order_id, maker_id), &trouble)?;
    }
    Ok(())
}

/// All that is the matter with an order: what, with whose parcel, and how much it is about.
fn all(order: &Order) -> Vec<(Kind, Option<UserId>, u64)> {
    let mut all = Vec::new();
    if order.is_frozen() {
        all.push((Kind::Dispute, None, order.amount()));
    }
    if order.late == Refund::Failed {
        all.push((Kind::RefundFailed, None, order.amount()));
    }
    for parcel in &order.parcels {
        let of = |kind, amount| (kind, Some(parcel.maker_id), amount);
        if is_reported(parcel) {
            all.push(of(Kind::Report, parcel.amount()));
        }
        if parcel.refund == Refund::Failed {
            all.push(of(Kind::RefundFailed, parcel.amount()));
        }
        if parcel.owed > 0 {
            all.push(of(Kind::Debt, parcel.owed));
        }
    }
    all
}

/// Whether an operator is to see to it.
fn is_reported(parcel: &Parcel) -> bool {
    parcel.reported_at.is_some() && parcel.state != ParcelState::Refunded
}
