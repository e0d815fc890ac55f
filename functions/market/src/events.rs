//! What market tells itself.

use enishi_shared::{UserId, events::Announcement};
use serde::{Deserialize, Serialize};

use crate::order::OrderId;

/// Money of an order is to move: to its makers, back from them, or back to the customer. What exactly, its
/// parcels say. Announced in the transaction that asks for it, and again while it has not moved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayoutOwed {
    /// Which order.
    pub order_id: OrderId,
}

impl Announcement for PayoutOwed {
    const DETAIL_TYPE: &'static str = "market.payout_owed";
    const SOURCE: &'static str = "enishi.market";
}

/// Whether a maker may sell, or be passed on money, is otherwise than it was. Announced in the transaction that
/// makes it so; how they stand is asked of the maker.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MakerChanged {
    /// Who.
    pub maker_id: UserId,
}

impl Announcement for MakerChanged {
    const DETAIL_TYPE: &'static str = "market.maker_changed";
    const SOURCE: &'static str = "enishi.market";
}
