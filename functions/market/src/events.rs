//! What market tells itself.

use enishi_shared::{UserId, events::Announcement};
use serde::{Deserialize, Serialize};

use crate::order::OrderId;

/// Money of an order is to go back, to be passed on or to be taken back. Announced in the transaction that
/// makes it so; what is to be done is asked of the order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PayoutOwed {
    /// Which.
    pub transaction_id: OrderId,
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
