//! What a maker sees of a parcel that they have sold.

use enishi_shared::{Error, Result, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    customer::Address,
    item::ItemId,
    order::{
        Contents, OrderId, OrderLine, StoredOrder,
        state::{Parcel, ParcelState, Refund, Status, Transfer},
    },
};

/// An item of a parcel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SaleLine)]
pub struct Line {
    /// The item.
    pub item_id: ItemId,
    /// What it was called when it was bought.
    #[schema(example = "九谷焼の湯のみ")]
    pub item_name: String,
    /// What one cost, in yen.
    #[schema(example = 3_000)]
    pub price: u32,
    /// How many.
    #[schema(example = 2)]
    pub quantity: u32,
}

impl From<&OrderLine> for Line {
    fn from(line: &OrderLine) -> Self {
        Self {
            item_id: line.item_id,
            item_name: line.item_name.clone(),
            price: line.price,
            quantity: line.quantity,
        }
    }
}

/// A parcel that somebody has sold.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sale {
    /// The order that it is of.
    pub transaction_id: OrderId,
    /// Where it stands.
    pub status: Status,
    /// What is in it.
    pub lines: Vec<Line>,
    /// What that costs, in yen.
    #[schema(example = 6_000)]
    pub items_amount: u64,
    /// What sending it costs, in yen.
    #[schema(example = 500)]
    pub shipping_fee: u64,
    /// What the house keeps of both, in yen.
    #[schema(example = 650)]
    pub fee: u64,
    /// What the maker gets, in yen.
    #[schema(example = 5_850)]
    pub transfer_amount: u64,
    /// How far that is.
    pub transfer: Transfer,
    /// How far it is with what goes back to the customer.
    pub refund: Refund,
    /// Where it goes, while it is to be sent or on its way; null before and afterwards.
    #[schema(required)]
    pub destination: Option<Address>,
    /// The number to follow it by; null until it is sent.
    #[schema(required, example = "1234-5678-9012")]
    pub ship_id: Option<String>,
    /// Who carries it; null where that is not known.
    #[schema(required, example = "日本郵便")]
    pub carrier: Option<String>,
    /// When it was sent; null until then.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-21T02:00:00Z")]
    pub shipped_at: Option<Timestamp>,
    /// When the customer said that it has not come or is not what was sold; null where they have not, or it
    /// was seen to.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-25T02:00:00Z")]
    pub reported_at: Option<Timestamp>,
    /// Whether the customer's bank disputes the payment: nothing moves until that is decided.
    #[schema(example = false)]
    pub is_disputed: bool,
    /// When the order was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

impl Sale {
    /// Somebody's parcel of an order.
    ///
    /// # Errors
    /// `not_found` where nothing of it is theirs.
    pub fn of(stored: &StoredOrder, contents: &Contents, maker_id: UserId) -> Result<Self> {
        let parcel = stored.order.parcel(maker_id);
        let parcel = parcel.ok_or_else(|| Error::not_found("transaction"))?;
        let shipment = parcel.shipment.as_ref();
        Ok(Self {
            transaction_id: stored.order_id,
            status: stored.order.status_of(parcel),
            lines: contents.lines_of(maker_id).map(Line::from).collect(),
            items_amount: parcel.items_amount,
            shipping_fee: parcel.shipping_fee,
            fee: parcel.fee,
            transfer_amount: parcel.share(),
            transfer: match parcel.state {
                // What was asked for and not moved never will be.
                ParcelState::Refunded if parcel.transfer != Transfer::Done => Transfer::None,
                _ => parcel.transfer,
            },
            refund: parcel.refund,
            destination: destination(stored, contents, parcel),
            ship_id: shipment.map(|shipment| shipment.ship_id.clone()),
            carrier: shipment.and_then(|shipment| shipment.carrier.clone()),
            shipped_at: shipment.map(|shipment| shipment.at),
            reported_at: parcel.reported_at,
            is_disputed: stored.order.is_frozen(),
            created_at: stored.created_at,
        })
    }
}

/// Where a parcel goes, as long as its maker has to know.
fn destination(stored: &StoredOrder, contents: &Contents, parcel: &Parcel) -> Option<Address> {
    let is_sold = stored.order.sale == crate::order::state::Sale::Sold;
    let travels = matches!(parcel.state, ParcelState::Waiting | ParcelState::Shipped);
    (is_sold && travels).then(|| contents.to.clone())
}
