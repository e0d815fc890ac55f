//! What visits tells itself.

use enishi_shared::{
    UserId,
    events::Announcement,
    payments::{PayerId, PaymentId},
};
use serde::{Deserialize, Serialize};

use crate::{matching::MatchingId, state::Action};

/// Somebody does not meet anybody any more, for now at least. Announced in the transaction that takes
/// them out; what they have agreed on is cancelled, as far as its state says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VisitorWithdrawn {
    /// Who.
    pub user_id: UserId,
    /// Why.
    pub cause: Cause,
}

impl Announcement for VisitorWithdrawn {
    const DETAIL_TYPE: &'static str = "visits.withdrawn";
    const SOURCE: &'static str = "enishi.visits";
}

/// Money of a payment goes back to whoever paid it. Announced in the transaction that owes it; once a
/// payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefundOwed {
    /// Who paid.
    pub payer: PayerId,
    /// Which payment.
    pub payment_id: PaymentId,
    /// What it was for.
    pub matching_id: MatchingId,
    /// How much of it, in yen.
    pub amount: u64,
}

impl Announcement for RefundOwed {
    const DETAIL_TYPE: &'static str = "visits.refund_owed";
    const SOURCE: &'static str = "enishi.visits";
}

/// Why somebody does not meet anybody any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// They are called otherwise, were born on another day, or are of another university or company
    /// than an operator has verified.
    Unverified,
    /// An operator has suspended them.
    Suspended,
}

impl Cause {
    /// What the house does with their matchings.
    pub fn action(self) -> Action {
        match self {
            Self::Unverified => Action::Unverify,
            Self::Suspended => Action::Suspend,
        }
    }
}
