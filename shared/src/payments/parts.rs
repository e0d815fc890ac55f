//! What becomes of parts of a payment: given back, passed on, taken back, disputed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// For how long a debt is asked for each day; afterwards it is left to the operators.
const DEBT_IS_ASKED_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The part that a refund belongs to: its name, or what is before the slash where it has one. So a
/// refund that failed can be repeated as `maker/2`.
pub(super) fn part_of(refund: &str) -> &str {
    refund.split_once('/').map_or(refund, |(part, _)| part)
}

/// Money to be given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// In minor units.
    pub amount: i64,
    /// Stripe's `re_…`, once it knows of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it came back, or Stripe refused it; final.
    #[serde(default)]
    pub failed: bool,
    /// How often Stripe refused it because of a dispute. It is asked for anew when that is over.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused: u32,
}

impl Refund {
    /// One of `amount` minor units that Stripe does not know of yet.
    pub fn asked(amount: i64) -> Self {
        Self {
            amount,
            id: None,
            failed: false,
            refused: 0,
        }
    }

    /// Whether it waits for Stripe.
    pub(super) fn waits(&self) -> bool {
        self.id.is_none() && !self.failed
    }

    /// Whether the payer has it, or will.
    pub(super) fn is_given(&self) -> bool {
        self.id.is_some() && !self.failed
    }
}

/// Money to be passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// In minor units.
    pub amount: i64,
    /// Stripe's `acct_…`.
    pub destination: String,
    /// What of the payment belongs to this name, in minor units: the most that its transfer and its
    /// refunds come to together.
    pub part: i64,
    /// Whether it comes out of the charge (`source_transaction`), which bounds it at Stripe; else out of
    /// the platform's balance.
    pub from_charge: bool,
    /// Stripe's `tr_…`, once it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How often Stripe refused it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused: u32,
    /// Stripe's code for why it refused it last, `insufficient_capabilities_for_transfer`. It is asked
    /// for anew when the service asks for it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What is taken back of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal: Option<Reversal>,
}

impl Transfer {
    /// Whether nobody knows if Stripe has made it.
    pub(super) fn is_under_way(&self) -> bool {
        self.id.is_none() && self.refused == 0
    }

    /// Whether Stripe has refused it so far, and the service may ask for it again.
    pub(super) fn waits(&self) -> bool {
        self.id.is_none() && self.refused > 0 && !self.is_called_off()
    }

    /// Whether it is not made, and never will be: all of it was taken back first.
    pub fn is_called_off(&self) -> bool {
        let all_back = |reversal: &Reversal| reversal.asked == self.amount;
        self.id.is_none() && self.refused > 0 && self.reversal.as_ref().is_some_and(all_back)
    }

    /// What Stripe is asked to take back of it, of which nobody knows if it has; with the transfer's id.
    pub(super) fn coming_back(&self) -> Option<(&str, &Reversal)> {
        let reversal = self.reversal.as_ref().filter(|it| it.trying > 0);
        self.id.as_deref().zip(reversal)
    }

    /// What of it came back so far, and what is owed.
    pub(super) fn taken_back(&self) -> (i64, i64) {
        let reversal = self.reversal.as_ref();
        reversal.map_or((0, 0), |reversal| (reversal.reversed, reversal.owed))
    }

    /// Whether a debt is still asked for.
    pub(super) fn is_owed(&self, now: Timestamp) -> bool {
        self.reversal.as_ref().is_some_and(|reversal| {
            reversal.owed > 0 && now.duration_since(reversal.since) < DEBT_IS_ASKED_FOR
        })
    }
}

/// What is taken back of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// What is to be taken back, in minor units.
    pub asked: i64,
    /// What was.
    pub reversed: i64,
    /// What the account that it went to could not cover.
    pub owed: i64,
    /// What Stripe is asked for now; it stands here first, so that a repetition asks for the same.
    pub trying: i64,
    /// How often Stripe has answered.
    pub answers: u32,
    /// When it was asked for.
    pub since: Timestamp,
}

/// What the payer's bank disputes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// How it stands.
    pub state: DisputeState,
    /// What of the payment, in minor units.
    pub amount: i64,
    /// Stripe's word for it, `fraudulent`, `product_not_received`.
    pub reason: String,
}

/// How a dispute stands. In the order in which it moves, and never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// The money is away until it is decided.
    Open,
    /// The money is there again.
    Won,
    /// The money is gone.
    Lost,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
