//! A parcel: what one maker sends of an order, where it stands, and where its money does.

use enishi_shared::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a parcel stands, once it is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelState {
    /// It is to be sent.
    Waiting,
    /// It is on its way.
    Shipped,
    /// It has come, or should have.
    Complete,
    /// It is paid back.
    Refunded,
}

/// Money that goes to a maker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ParcelTransfer)]
pub enum Transfer {
    /// Not yet.
    #[default]
    None,
    /// The ledger is to move it.
    Asked,
    /// It cannot reach the maker just now.
    Waiting,
    /// It was moved.
    Done,
}

/// Money that goes back to the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ParcelRefund)]
pub enum Refund {
    /// None does.
    #[default]
    None,
    /// The ledger is to move it.
    Asked,
    /// It was moved.
    Done,
    /// It came back, or was refused: for an operator to see to.
    Failed,
    /// The customer's bank took all of it first.
    Lost,
}

/// Money that comes back from a maker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reversal {
    /// None does.
    #[default]
    None,
    /// The ledger is to move it.
    Asked,
    /// It was moved, as far as there was any.
    Done,
}

/// How a parcel was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// The number by which it is followed.
    pub ship_id: String,
    /// Who brings it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// When it was sent.
    pub at: Timestamp,
}

/// What one maker sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Who.
    pub maker_id: UserId,
    /// What its items cost, in yen.
    pub items_amount: u64,
    /// What sending it costs, in yen.
    pub shipping_fee: u64,
    /// What of both the house keeps, in yen; of what disputes have taken it keeps nothing ([`Parcel::kept`]).
    pub fee: u64,
    /// Where it stands.
    pub state: ParcelState,
    /// Since when the maker could send it: the payment, or the end of a dispute.
    pub payable_since: Timestamp,
    /// How it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<Shipment>,
    /// When the customer said that it had not come, or not as sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    /// Whether the maker was reminded of it.
    #[serde(default)]
    pub reminded: bool,
    /// The maker's money.
    #[serde(default)]
    pub transfer: Transfer,
    /// The customer's money.
    #[serde(default)]
    pub refund: Refund,
    /// How often that was asked for: each time under a name of its own.
    #[serde(default)]
    pub refunds: u8,
    /// What of the maker's money comes back.
    #[serde(default)]
    pub reversal: Reversal,
    /// What of it the maker still owes, in yen.
    #[serde(default)]
    pub owed: u64,
    /// What of its amount disputes have taken for good, in yen.
    #[serde(default)]
    pub lost: u64,
}

impl Parcel {
    /// What the customer pays for it, in yen.
    pub fn amount(&self) -> u64 {
        self.items_amount + self.shipping_fee
    }

    /// What of that disputes have left, in yen.
    pub fn left(&self) -> u64 {
        self.amount() - self.lost
    }

    /// What of that the house keeps, in yen: as much of its fee, rounded down.
    pub fn kept(&self) -> u64 {
        match self.amount() {
            0 => 0,
            amount => self.fee * self.left() / amount,
        }
    }

    /// What of that the maker gets, in yen.
    pub fn share(&self) -> u64 {
        self.left() - self.kept()
    }

    /// Whether the maker has something to do with it, or money to come or to go.
    pub(super) fn is_open(&self) -> bool {
        match self.state {
            ParcelState::Waiting | ParcelState::Shipped => true,
            ParcelState::Complete => {
                self.transfer != Transfer::Done || self.reversal == Reversal::Asked
            }
            ParcelState::Refunded => {
                self.refund == Refund::Asked || self.reversal == Reversal::Asked
            }
        }
    }

    /// Whether its maker is to have the money.
    pub fn is_wanted(&self) -> bool {
        self.state != ParcelState::Refunded
    }

    /// Whether money of it is to move now.
    pub fn is_asked(&self) -> bool {
        self.refund == Refund::Asked
            || self.reversal == Reversal::Asked
            || (self.transfer == Transfer::Asked && self.is_wanted())
    }
}
