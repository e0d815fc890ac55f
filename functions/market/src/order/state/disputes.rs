//! What becomes of an order whose charge the customer's bank disputes, once or more often.
//!
//! A dispute is the charge's, and names no parcel. While one stands nothing moves. What is lost when none does any
//! more falls on the parcels that are not paid back, in proportion to what is left of each, rounded down; the yen
//! that this leaves over fall on the first of them. A parcel of which nothing is left is paid back; another one goes
//! on, and its maker and the house get so much less of it. What they do not cover falls on money that was to go
//! back and has not.

use enishi_shared::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Order, Parcel, ParcelState, Refund, Refused, Reversal, Sale, Step, Topic, Transfer};

/// What the customer's bank disputes of a charge, all of its disputes together. None of this ever falls: so whatever
/// is told late or twice is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Disputes {
    /// How many there were.
    pub count: u32,
    /// How many of these are decided.
    pub decided: u32,
    /// What of the charge is lost by them, in yen.
    pub lost: u64,
}

impl Disputes {
    /// Whether the bank is still to decide one.
    pub fn are_open(self) -> bool {
        self.decided < self.count
    }

    /// As far as either of both has come.
    pub fn and(self, other: Self) -> Self {
        Self {
            count: self.count.max(other.count),
            decided: self.decided.max(other.decided),
            lost: self.lost.max(other.lost),
        }
    }
}

impl Step {
    /// After what is told of disputes.
    pub(super) fn disputed(mut self, told: Disputes, now: Timestamp) -> Result<Self, Refused> {
        if self.order.sale != Sale::Sold && self.order.late == Refund::None {
            return Err(self.no());
        }
        let disputes = self.order.disputes.and(told);
        if disputes == self.order.disputes {
            return Ok(self);
        }
        self.order.disputes = disputes;
        if disputes.are_open() {
            return Ok(self);
        }
        // The makers could not send anything meanwhile.
        for parcel in &mut self.order.parcels {
            if parcel.state == ParcelState::Waiting {
                parcel.payable_since = now;
            }
        }
        let losers = self.order.lose();
        let judged = self.tells_makers(Topic::Lost, &losers);
        Ok(match judged.order.is_asked() {
            true => judged.pays_out(now),
            false => judged,
        })
    }
}

impl Order {
    /// Spreads what is lost and falls on no parcel yet. Answers the makers of those on which it does.
    fn lose(&mut self) -> Vec<UserId> {
        if self.sale != Sale::Sold {
            if self.disputes.lost >= self.amount() && self.late != Refund::Done {
                self.late = Refund::Lost;
            }
            return Vec::new();
        }
        let borne: u64 = self.parcels.iter().map(|parcel| parcel.lost).sum();
        let lost = self.disputes.lost.saturating_sub(borne);
        let (standing, going): (Vec<_>, Vec<_>) = (self.parcels.iter_mut())
            .filter(|parcel| !matches!(parcel.refund, Refund::Done | Refund::Lost))
            .partition(|parcel| parcel.state != ParcelState::Refunded);
        let left: u64 = standing.iter().map(|parcel| parcel.left()).sum();
        let falls = lost.min(left);
        let part = |parcel: &Parcel| falls * parcel.left() / left.max(1);
        let mut odd = falls - standing.iter().map(|parcel| part(parcel)).sum::<u64>();
        let mut losers = Vec::new();
        for parcel in standing {
            let part = part(parcel);
            let more = odd.min(parcel.left() - part);
            odd -= more;
            if part + more > 0 {
                parcel.lose(part + more);
                losers.push(parcel.maker_id);
            }
        }
        let mut rest = lost - falls;
        for parcel in going {
            let part = rest.min(parcel.left());
            rest -= part;
            parcel.lose(part);
        }
        losers
    }
}

impl Parcel {
    /// So much of what was paid for it is gone; with all of it, it is paid back.
    fn lose(&mut self, yen: u64) {
        self.lost += yen;
        if self.left() == 0 {
            self.state = ParcelState::Refunded;
            self.refund = Refund::Lost;
        }
        if self.transfer != Transfer::None {
            self.reversal = Reversal::Asked;
        }
    }
}
