//! The states of an order and of its parcels, one a maker: one function, [`step`], from where it stands, who
//! does what, and when, to where it stands then and what follows: stock, the cart, the Checkout, money, mails.
//!
//! What needs more than the order itself is its caller's: that the caller is a party at all, that the stock is
//! there, and what the Checkout says when it is expired. What fees and days are, an order has kept since it
//! was made: a parameter that is changed later changes nothing of it.

use std::collections::BTreeSet;

use enishi_shared::UserId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod clock;
mod disputes;
mod parcel;
#[cfg(test)]
mod tests;
mod transitions;

pub use disputes::Disputes;
pub use parcel::{Parcel, ParcelState, Refund, Reversal, Shipment, Transfer};
pub use transitions::step;

/// After so long without being sent, the maker is reminded of a parcel.
pub const REMINDER: SignedDuration = SignedDuration::from_hours(3 * 24);
/// After so long without being sent, a parcel is paid back.
pub const UNSENT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// So long after it was sent, a parcel is complete.
pub const SENT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Money that was asked for and is not told to have moved is asked for again after so long.
pub const IMPATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// Money that does not reach a maker is tried again after so long, whatever is told of them until then.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// Where an order or a parcel stands, as it is shown.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[schema(as = TransactionStatus)]
pub enum Status {
    /// It can be paid for, or the money is on its way.
    Pending,
    /// The customer does not want it any more.
    Cancelled,
    /// It was not paid for in time.
    Expired,
    /// It is paid for, and to be sent.
    Paid,
    /// It is on its way.
    Shipped,
    /// It has come, or should have.
    Complete,
    /// It is paid back.
    Refunded,
}

impl Status {
    /// As it is shown.
    pub fn text(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Cancelled => "Cancelled",
            Self::Expired => "Expired",
            Self::Paid => "Paid",
            Self::Shipped => "Shipped",
            Self::Complete => "Complete",
            Self::Refunded => "Refunded",
        }
    }
}

/// What has become of the purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sale {
    /// It can be paid for.
    Open,
    /// The customer is done, and the money is on its way: a slip is out, for days perhaps.
    Slip,
    /// The customer has called it off.
    Cancelled,
    /// The time for it was over, or no money came.
    Expired,
    /// The money came after that, and the stock is taken again: next it is sold.
    Late,
    /// It is paid for.
    Sold,
}

impl Sale {
    /// Whether the stock is taken and the money has not come.
    pub fn is_unpaid(self) -> bool {
        matches!(self, Self::Open | Self::Slip)
    }
}

/// An order, as far as its states go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What has become of the purchase.
    pub sale: Sale,
    /// Since when.
    pub since: Timestamp,
    /// All of the money, where it came and there was nothing to be had for it.
    #[serde(default)]
    pub late: Refund,
    /// What the customer's bank disputes of the charge.
    #[serde(default)]
    pub disputes: Disputes,
    /// What is sent, one a maker, in the order of these.
    pub parcels: Vec<Parcel>,
    /// How many days after it was sent a parcel's money goes to its maker.
    pub transfer_days: u16,
    /// When it was last asked for money to move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
}

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Who buys.
    Customer,
    /// Who sells a parcel of it.
    Maker,
    /// An operator.
    Operator,
    /// The payments ledger.
    Payments,
    /// The sweep.
    Clock,
    /// The house itself.
    House,
}

/// What is done with an order. A `maker_id` tells which parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Action {
    /// By the payments: a slip is out.
    Slip,
    /// By the payments: the money has come.
    Settle {
        /// Makers that cannot send anything any more: their parcels are paid back at once.
        gone: BTreeSet<UserId>,
    },
    /// By the payments: the money has come, and what it was for is not to be had any more.
    Return,
    /// By the payments: it can no longer be paid for.
    Expire,
    /// By the payments: the money did not come.
    Fail,
    /// By the customer: does not want it any more; a parcel, or all that is not sent.
    Cancel {
        /// Whose parcel; none: all.
        maker_id: Option<UserId>,
    },
    /// By the customer: buys something else instead.
    Replace,
    /// By the customer: has closed their account.
    Leave,
    /// By the maker: has sent it.
    Ship {
        /// Whose parcel.
        maker_id: UserId,
        /// The number by which it is followed.
        ship_id: String,
        /// Who brings it.
        carrier: Option<String>,
    },
    /// By the customer: it has come.
    Receive {
        /// Whose parcel.
        maker_id: UserId,
    },
    /// By the customer: it has not come, or not as sold.
    Report {
        /// Whose parcel.
        maker_id: UserId,
        /// In their own words.
        reason: String,
    },
    /// By an operator: there is nothing in that.
    Dismiss {
        /// Whose parcel.
        maker_id: UserId,
        /// Why; for other operators.
        reason: String,
    },
    /// By the maker, an operator or the house: it is paid back. By an operator once more where that failed.
    Refund {
        /// Whose parcel; none: all of the money, where it came late.
        maker_id: Option<UserId>,
        /// Why an operator does it; for other operators.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// By the clock: whatever is due ([`Order::due`]); what was [`Sale::Late`] all that time is settled instead.
    Tick,
    /// By the house: a maker can be reached by money again.
    Resume {
        /// Whose parcel.
        maker_id: UserId,
    },
    /// By the payments: the maker's money was moved.
    Transferred {
        /// Whose parcel.
        maker_id: UserId,
    },
    /// By the payments: it does not reach them just now.
    TransferWaits {
        /// Whose parcel.
        maker_id: UserId,
    },
    /// By the payments: the customer's money was moved.
    Refunded {
        /// Whose parcel; none: all of the money, where it came late.
        maker_id: Option<UserId>,
    },
    /// By the payments: it was not, or came back.
    RefundFailed {
        /// Whose parcel; none: all of the money, where it came late.
        maker_id: Option<UserId>,
    },
    /// By the payments: the maker's money has come back.
    Reversed {
        /// Whose parcel.
        maker_id: UserId,
        /// What of it did not, in yen.
        owed: u64,
    },
    /// By the payments: how all disputes stand.
    Dispute {
        /// So.
        disputes: Disputes,
    },
}

/// What becomes of the stock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stock {
    /// It stays as it is, taken or not.
    #[default]
    Unchanged,
    /// All that was taken is free again.
    Free,
    /// What was taken for these makers' parcels is.
    FreeOf(BTreeSet<UserId>),
    /// All of it is taken again. Where there is too little, the money is to go back ([`Action::Return`]).
    Retake,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum To {
    /// Who buys.
    Customer,
    /// Who sells.
    Maker,
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// To the customer: the order is paid for, and goes out.
    Confirmed,
    /// To a maker: something is to be sent.
    Sold,
    /// To the customer: a parcel is on its way.
    Shipped,
    /// To the customer: money goes back; to a maker: a parcel is not to be sent, or is paid back.
    Refunded,
    /// To a maker: something still is to be sent.
    Reminder,
    /// To a maker: disputes have taken what was paid for a parcel, or something of it.
    Lost,
}

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Whom to.
    pub to: To,
    /// What about.
    pub about: Topic,
    /// Whose parcels; none: the whole order.
    pub makers: BTreeSet<UserId>,
}

/// What a step makes of an order, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The order as it is then.
    pub order: Order,
    /// What becomes of the stock.
    pub stock: Stock,
    /// Whether its lines leave the cart.
    pub leaves_cart: bool,
    /// Whether the Checkout is to end *first*. If that is found to be done with, the action is judged anew
    /// after that was noted.
    pub ends_checkout: bool,
    /// Whether money is to move: that is announced.
    pub pays_out: bool,
    /// What is told.
    pub mails: Vec<Mail>,
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// 409: not while it stands so, or not by this actor.
    Status(Status),
    /// 409: a slip is out.
    Slip,
    /// 409: a dispute stands.
    Disputed,
    /// 404: nothing of it is this maker's.
    NoParcel,
}

impl Order {
    /// A new one.
    pub fn new(parcels: Vec<Parcel>, transfer_days: u16, now: Timestamp) -> Self {
        Self {
            sale: Sale::Open,
            since: now,
            late: Refund::None,
            disputes: Disputes::default(),
            parcels,
            transfer_days,
            asked_at: None,
        }
    }

    /// What is to be paid, in yen.
    pub fn amount(&self) -> u64 {
        self.parcels.iter().map(Parcel::amount).sum()
    }

    /// A maker's parcel.
    pub fn parcel(&self, maker_id: UserId) -> Option<&Parcel> {
        let mut parcels = self.parcels.iter();
        parcels.find(|parcel| parcel.maker_id == maker_id)
    }

    /// Where it stands: where its least advanced parcel does that is not paid back.
    pub fn status(&self) -> Status {
        let parcels = self.parcels.iter().map(|parcel| self.status_of(parcel));
        parcels.min().unwrap_or(Status::Refunded)
    }

    /// Where a parcel of it stands.
    pub fn status_of(&self, parcel: &Parcel) -> Status {
        match (self.sale, parcel.state) {
            (Sale::Open | Sale::Slip | Sale::Late, _) => Status::Pending,
            (Sale::Cancelled, _) => Status::Cancelled,
            (Sale::Expired, _) => Status::Expired,
            (Sale::Sold, ParcelState::Waiting) => Status::Paid,
            (Sale::Sold, ParcelState::Shipped) => Status::Shipped,
            (Sale::Sold, ParcelState::Complete) => Status::Complete,
            (Sale::Sold, ParcelState::Refunded) => Status::Refunded,
        }
    }

    /// Whether it forbids closing the customer's account: money is on its way or there, and something is to
    /// come for it.
    pub fn holds_customer(&self) -> bool {
        match self.sale {
            Sale::Slip => true,
            Sale::Sold => self
                .parcels
                .iter()
                .any(|parcel| matches!(parcel.state, ParcelState::Waiting | ParcelState::Shipped)),
            _ => false,
        }
    }

    /// Whether it forbids closing a maker's.
    pub fn holds(&self, maker_id: UserId) -> bool {
        self.sale == Sale::Sold && self.parcel(maker_id).is_some_and(Parcel::is_open)
    }

    /// Whether money of it is to move now.
    pub fn is_asked(&self) -> bool {
        self.late == Refund::Asked || self.parcels.iter().any(Parcel::is_asked)
    }

    /// Whether the customer's bank is still to decide.
    pub fn is_frozen(&self) -> bool {
        self.disputes.are_open()
    }

    /// When the clock has something to do with it ([`Action::Tick`]).
    pub fn due(&self) -> Option<Timestamp> {
        if self.is_frozen() {
            return None;
        }
        let parcels = self.parcels.iter().filter(|_| self.sale == Sale::Sold);
        let timers = parcels.filter_map(|parcel| self.due_of(parcel));
        let late = (self.sale == Sale::Late).then(|| self.since + IMPATIENCE);
        let asked = self.asked_at.filter(|_| self.is_asked());
        timers
            .chain(late)
            .chain(asked.map(|at| at + IMPATIENCE))
            .chain(self.retry_due())
            .min()
    }

    /// When money that does not reach its maker is tried again.
    fn retry_due(&self) -> Option<Timestamp> {
        let waits = |parcel: &Parcel| parcel.transfer == Transfer::Waiting && parcel.is_wanted();
        let waits = self.parcels.iter().any(waits);
        Some(self.asked_at.filter(|_| waits)? + PATIENCE)
    }

    /// When it has something to do with a parcel.
    fn due_of(&self, parcel: &Parcel) -> Option<Timestamp> {
        let sent = parcel.shipment.as_ref().map(|shipment| shipment.at);
        match parcel.state {
            ParcelState::Waiting if parcel.reminded => Some(parcel.payable_since + UNSENT),
            ParcelState::Waiting => Some(parcel.payable_since + REMINDER),
            _ if parcel.reported_at.is_some() => None,
            ParcelState::Shipped => {
                let complete = sent.map(|sent| sent + SENT);
                self.transfer_due(parcel).into_iter().chain(complete).min()
            }
            ParcelState::Complete => self.transfer_due(parcel),
            ParcelState::Refunded => None,
        }
    }

    /// When its money is to go to its maker, as long as that is not asked for.
    fn transfer_due(&self, parcel: &Parcel) -> Option<Timestamp> {
        let sent = parcel.shipment.as_ref()?.at;
        let after = SignedDuration::from_hours(24 * i64::from(self.transfer_days));
        (parcel.transfer == Transfer::None).then_some(sent + after)
    }
}
