//! An order, as it is stored: what of it changes ([`state`]), in a small row, and beside it what never does
//! ([`Contents`]).
//!
//! Names, prices and the address are those of the purchase, whatever becomes of items, makers and accounts. All
//! of an order goes when the law does not want it any more (`ORDER_RETENTION_YEARS`).

pub mod advance;
mod commit;
pub mod purchases;
pub mod state;

use derive_more::{Display, FromStr};
use enishi_shared::{
    App, Error, Result, UserId,
    app::{ConfigError, Configure, Env},
    payments::{PaymentId, PaymentRef, Purpose},
    reserve::Taken,
    store::{Key, Table, decode},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    customer::Address,
    item::ItemId,
    maker::Notice,
    order::state::{Action, Actor, Order, Status},
};

/// What payments for orders are called.
pub const ORDER: Purpose = Purpose::new("order");
/// What they are made in.
pub const CURRENCY: &str = "jpy";
/// The index of the orders that the clock has something to do with, by `due_at`.
pub const DUE: &str = "due";
/// That index's only partition.
pub const WAITING: &str = "ORDER";

/// An order's id: a UUIDv7, which tells when it was made.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    FromStr,
)]
#[serde(transparent)]
#[schema(as = TransactionId, value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
pub struct OrderId(Uuid);

impl OrderId {
    /// The id of a new one.
    pub fn new(app: &App) -> Self {
        Self(app.new_id())
    }
}

/// An order as it lies in the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredOrder {
    /// Which.
    pub order_id: OrderId,
    /// Who buys.
    pub user_id: UserId,
    /// How they pay.
    pub payment_id: PaymentId,
    /// How it stands.
    #[serde(flatten)]
    pub order: Order,
    /// Whether it can be paid by card only: another one's slip was out.
    #[serde(default)]
    pub cards_only: bool,
    /// What of the stock each line has taken, in their order; nothing where that was given back.
    pub taken: Vec<Taken>,
    /// How often it has changed, from 1.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be paid for.
    pub expires_at: Timestamp,
    /// When it goes, in seconds.
    pub ttl: i64,
}

/// What was bought, as it was then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// What, in the order of the cart.
    pub lines: Vec<OrderLine>,
    /// Whose, in the order of their ids: one for each parcel.
    pub makers: Vec<OrderMaker>,
    /// Who gets it, and where.
    pub to: Address,
    /// When it goes, in seconds.
    pub ttl: i64,
}

/// So many of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The item.
    pub item_id: ItemId,
    /// What it was called.
    pub item_name: String,
    /// What one cost, in yen.
    pub price: u32,
    /// How many.
    pub quantity: u32,
    /// Whose it was.
    pub maker_id: UserId,
}

impl OrderLine {
    /// What all of it costs, in yen.
    pub fn amount(&self) -> u64 {
        u64::from(self.price) * u64::from(self.quantity)
    }
}

/// Who sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderMaker {
    /// Who.
    pub maker_id: UserId,
    /// What they were called as a maker.
    pub maker_name: String,
    /// What sending the parcel costs, in yen.
    pub shipping_fee: u32,
    /// What the law wants to be said of them.
    pub notice: Notice,
}

/// That an order has changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    /// What it was then.
    pub state: Status,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub cause: Action,
    /// When it goes, in seconds.
    pub ttl: i64,
}

/// That an order is among somebody's.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Which.
    pub order_id: OrderId,
    /// When it goes, in seconds.
    pub ttl: i64,
}

/// An order with its place in the index of what is due.
#[derive(Serialize)]
pub struct Row<'a> {
    #[serde(flatten)]
    stored: &'a StoredOrder,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<&'static str>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
}

impl StoredOrder {
    /// As it is put into the table.
    pub fn row(&self) -> Row<'_> {
        let due = self.order.due();
        Row {
            stored: self,
            due: due.map(|_| WAITING),
            due_at: due.map(Timestamp::as_second),
        }
    }

    /// Where its payment lies.
    pub fn payment_ref(&self) -> PaymentRef {
        PaymentRef {
            payer: self.user_id.into(),
            payment_id: self.payment_id,
        }
    }

    /// That it is among somebody's.
    pub fn listed(&self) -> Listed {
        Listed {
            order_id: self.order_id,
            ttl: self.ttl,
        }
    }
}

impl Contents {
    /// What all of it costs, in yen.
    pub fn amount(&self) -> u64 {
        let items: u64 = self.lines.iter().map(OrderLine::amount).sum();
        let fees = self
            .makers
            .iter()
            .map(|maker| u64::from(maker.shipping_fee));
        items + fees.sum::<u64>()
    }

    /// Whether the same is bought, for the same money, and sent to the same place.
    pub fn is_same_as(&self, other: &Self) -> bool {
        (&self.lines, &self.makers, &self.to) == (&other.lines, &other.makers, &other.to)
    }

    /// Who sold one of its parcels.
    ///
    /// # Errors
    /// `internal_server_error` where nobody did.
    pub fn maker(&self, maker_id: UserId) -> Result<&OrderMaker> {
        let mut makers = self.makers.iter();
        let maker = makers.find(|maker| maker.maker_id == maker_id);
        maker.ok_or_else(|| Error::internal("a parcel is of no maker"))
    }

    /// What is in a maker's parcel.
    pub fn lines_of(&self, maker_id: UserId) -> impl Iterator<Item = &OrderLine> {
        let lines = self.lines.iter();
        lines.filter(move |line| line.maker_id == maker_id)
    }
}

/// What the keys of orders begin with.
const PREFIX: &str = "ORDER#";

/// The partition of an order.
pub fn partition(id: OrderId) -> String {
    format!("{PREFIX}{id}")
}

/// The order whose partition this is.
pub fn order_of(pk: &str) -> Option<OrderId> {
    pk.strip_prefix(PREFIX)?.parse().ok()
}

/// Where an order lies.
pub fn order_key(id: OrderId) -> Key {
    Key::new(partition(id), "ORDER")
}

/// Where it lies what was bought.
pub fn contents_key(id: OrderId) -> Key {
    Key::new(partition(id), "CONTENTS")
}

/// What the sort keys of records begin with.
pub const STEP: &str = "STEP#";

/// Where the record of a change lies, by the version that it made.
pub fn step_key(id: OrderId, version: u32) -> Key {
    Key::new(partition(id), format!("{STEP}{version:06}"))
}

/// Where it stands among its customer's, in the order in which they were made.
pub fn mine_key(user_id: UserId, id: OrderId) -> Key {
    Key::new(format!("USER#{user_id}"), format!("{PREFIX}{id}"))
}

/// What the sort keys of these begin with.
pub const MINE: &str = PREFIX;

/// The partition of what a maker has sold.
pub fn sales(maker_id: UserId) -> String {
    format!("SALES#{maker_id}")
}

/// Where it stands among these, in the order in which they were made.
pub fn sale_key(maker_id: UserId, id: OrderId) -> Key {
    Key::new(sales(maker_id), id.to_string())
}

/// What forbids closing the customer's account.
pub fn customer_hold(id: OrderId) -> String {
    format!("market-order#{id}")
}

/// What forbids closing a maker's.
pub fn maker_hold(id: OrderId) -> String {
    format!("market-sales#{id}")
}

/// An order that is there, and what was bought. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn read(
    app: &App,
    table: &Table,
    id: OrderId,
) -> Result<Option<(StoredOrder, Contents)>> {
    Ok(read_all(app, table, &[id]).await?.pop())
}

/// Up to 50 orders in this order, as far as they are there, and what was bought. One request.
///
/// # Errors
/// As [`read`].
pub async fn read_all(
    app: &App,
    table: &Table,
    ids: &[OrderId],
) -> Result<Vec<(StoredOrder, Contents)>> {
    let keys: Vec<Key> = (ids.iter())
        .flat_map(|id| [order_key(*id), contents_key(*id)])
        .collect();
    let mut found = table.batch_get(&keys).await?;
    let mut orders = Vec::with_capacity(ids.len());
    for id in ids {
        let order = found.remove(&order_key(*id));
        let contents = found.remove(&contents_key(*id));
        if let (Some(order), Some(contents)) = (order, contents) {
            let order: StoredOrder = decode(order)?;
            // DynamoDB deletes late.
            if order.ttl > app.now().as_second() {
                orders.push((order, decode(contents)?));
            }
        }
    }
    Ok(orders)
}

/// `ORDER_RETENTION_YEARS`: how long the law wants an order to be kept, seven years unless told.
#[derive(Clone, Copy, Debug)]
pub struct Retention(u16);

impl Retention {
    /// When an order that is made now goes, in seconds.
    pub fn ttl(self, now: Timestamp) -> i64 {
        let days = SignedDuration::from_hours(24 * 366 * i64::from(self.0));
        (now.as_second()).saturating_add(days.as_secs())
    }
}

impl Configure for Retention {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.parsed("ORDER_RETENTION_YEARS", 7)?))
    }
}

/// `MARKET_TRANSFER_DAYS`: how many days after it was sent a parcel's money goes to its maker, seven unless
/// told.
#[derive(Clone, Copy, Debug)]
pub struct TransferDays(pub u16);

impl Configure for TransferDays {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.parsed("MARKET_TRANSFER_DAYS", 7)?))
    }
}
