//! A transaction: an order as it is shown.

use enishi_shared::UserId;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    customer::ZipCode,
    item::ItemId,
    order::{
        Contents, OrderId, StoredOrder,
        state::{Sale, Status},
    },
};

/// A transaction, with names, prices and the address as they were when it was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transaction {
    /// Its id.
    pub transaction_id: OrderId,
    /// Where it stands: where its least advanced parcel does that is not paid back.
    pub status: Status,
    /// Whether a slip is out: then it can be paid for days, and not be called off.
    pub is_processing: bool,
    /// Whether the customer's bank is to decide about the money: until then nothing moves.
    pub is_disputed: bool,
    /// What is to be paid or was, in yen.
    #[schema(example = 6_900)]
    pub total_amount: u64,
    /// Who gets it.
    #[schema(example = "佐藤 空")]
    pub name: String,
    /// The postal code.
    pub zip_code: ZipCode,
    /// What follows the postal code.
    #[schema(example = "石川県金沢市広坂1-2-3")]
    pub address: String,
    /// How whoever brings it reaches somebody.
    #[schema(example = "076-123-4567")]
    pub phone_number: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub transaction_time: Timestamp,
    /// Until when it can be paid for; null when it cannot be any more.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-20T11:36:00Z")]
    pub expires_at: Option<Timestamp>,
    /// What is sent, one a maker.
    pub parcels: Vec<TransactionParcel>,
}

/// What one maker sends.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransactionParcel {
    /// Who.
    pub maker_id: UserId,
    /// What they were called as a maker.
    #[schema(example = "縁工房")]
    pub maker_name: String,
    /// Where it stands.
    pub status: Status,
    /// The number by which it is followed; null until it was sent.
    #[schema(required, example = "1234-5678-9012")]
    pub ship_id: Option<String>,
    /// Who brings it, if that was said.
    #[schema(required, example = "日本郵便")]
    pub carrier: Option<String>,
    /// When it was sent.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-21T02:00:00Z")]
    pub shipped_at: Option<Timestamp>,
    /// Whether the customer has said that it has not come, or not as sold.
    pub is_reported: bool,
    /// What its items cost, in yen.
    #[schema(example = 6_400)]
    pub items_amount: u64,
    /// What sending it costs, in yen.
    #[schema(example = 500)]
    pub shipping_fee: u64,
    /// What is in it.
    pub details: Vec<TransactionDetail>,
}

/// So many of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransactionDetail {
    /// The item.
    pub item_id: ItemId,
    /// What it was called.
    #[schema(example = "九谷焼の湯のみ")]
    pub item_name: String,
    /// What one cost, in yen.
    #[schema(example = 3_200)]
    pub price: u32,
    /// How many.
    #[schema(example = 2)]
    pub quantity: u32,
}

impl Transaction {
    /// As its customer sees it.
    ///
    /// # Errors
    /// `internal_server_error` where a parcel is of no maker.
    pub fn of(stored: &StoredOrder, contents: &Contents) -> enishi_shared::Result<Self> {
        let order = &stored.order;
        let parcels = order.parcels.iter().map(|parcel| {
            let shipment = parcel.shipment.as_ref();
            let details = contents.lines_of(parcel.maker_id);
            let details = details.map(|line| TransactionDetail {
                item_id: line.item_id,
                item_name: line.item_name.clone(),
                price: line.price,
                quantity: line.quantity,
            });
            Ok(TransactionParcel {
                maker_id: parcel.maker_id,
                maker_name: contents.maker(parcel.maker_id)?.maker_name.clone(),
                status: order.status_of(parcel),
                ship_id: shipment.map(|shipment| shipment.ship_id.clone()),
                carrier: shipment.and_then(|shipment| shipment.carrier.clone()),
                shipped_at: shipment.map(|shipment| shipment.at),
                is_reported: parcel.reported_at.is_some(),
                items_amount: parcel.items_amount,
                shipping_fee: parcel.shipping_fee,
                details: details.collect(),
            })
        });
        Ok(Self {
            transaction_id: stored.order_id,
            status: order.status(),
            is_processing: order.sale == Sale::Slip,
            is_disputed: order.is_frozen(),
            total_amount: order.amount(),
            name: contents.to.name.clone(),
            zip_code: contents.to.zip_code.clone(),
            address: contents.to.address.clone(),
            phone_number: contents.to.phone_number.clone(),
            transaction_time: stored.created_at,
            expires_at: (order.sale == Sale::Open).then_some(stored.expires_at),
            parcels: parcels.collect::<enishi_shared::Result<_>>()?,
        })
    }
}
