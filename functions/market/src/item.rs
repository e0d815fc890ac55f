//! An item, as it is stored: what its maker says of it, and what operators do with it.
//!
//! What there is of it lies in buckets beside it ([`enishi_shared::reserve`]). The item says only whether
//! there is any: the index function keeps that true ([`crate::index`]).

use derive_more::{Display, FromStr};
use enishi_shared::{
    App, Result, UserId,
    reserve::Reserve,
    store::{Change, Key, Table, when},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The buckets that an item's stock lies in. With two of them, 30 lines of an order are at most 60 parts of
/// a transaction.
const BUCKETS: usize = 2;
/// The least that an item costs, in yen: Stripe charges no less.
pub const MIN_PRICE: u32 = 50;
/// The most, in yen.
pub const MAX_PRICE: u32 = 9_999_999;
/// The most there can be at first.
pub const MAX_STOCK: u32 = 99_999;

/// An item's id: a UUIDv7.
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
#[schema(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
pub struct ItemId(Uuid);

impl ItemId {
    /// The id of a new one.
    pub fn new(app: &App) -> Self {
        Self(app.new_id())
    }
}

/// Whether an item can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// It can.
    OnSale,
    /// Nobody sees it: its maker or an operator hides it.
    Hidden,
    /// There is none left.
    SoldOut,
}

/// What a maker says of that; that it is sold out follows from the stock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProductStatus)]
pub enum Offer {
    /// It is to be sold.
    #[default]
    OnSale,
    /// It is not.
    Hidden,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    pub item_id: ItemId,
    /// Its number among all items: the order in which they were made, and what search calls it by.
    pub ordinal: u32,
    /// Whose it is.
    pub maker_id: UserId,
    /// What it is called.
    pub item_name: String,
    /// About it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// In yen, 50 at the least.
    pub price: u32,
    /// Its colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The series it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// How large it is, in the maker's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_size: Option<String>,
    /// Whether its maker sells it.
    pub offer: Offer,
    /// Whether an operator hides it.
    #[serde(default)]
    pub is_withheld: bool,
    /// Whether it stands on the first page.
    #[serde(default)]
    pub top: bool,
    /// Where it stands in lists; its number unless an operator has said otherwise.
    pub item_order: u32,
    /// Whether there is any, as the stock has it.
    pub available: bool,
    /// Its pictures in their order, by their keys in the bucket.
    #[serde(default)]
    pub images: Vec<String>,
    /// Whether an order was ever made of it: then it is kept for ever.
    #[serde(default)]
    pub was_ordered: bool,
    /// Whether it is being deleted: what follows from it goes first.
    #[serde(default)]
    pub is_deleted: bool,
    /// Raised by whoever changes it.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Item {
    /// Whether it can be bought, if its maker may sell.
    pub fn status(&self) -> ItemStatus {
        match self.offer {
            _ if self.is_withheld || self.is_deleted => ItemStatus::Hidden,
            Offer::Hidden => ItemStatus::Hidden,
            Offer::OnSale if self.available => ItemStatus::OnSale,
            Offer::OnSale => ItemStatus::SoldOut,
        }
    }

    /// A change of what was read, refused where somebody else has changed it since.
    pub fn change(&self) -> Change {
        Change::new()
            .set("version", self.version + 1)
            .when(when().eq("version", self.version))
    }
}

/// Where an item lies.
pub fn item_key(item_id: ItemId) -> Key {
    Key::new(format!("ITEM#{item_id}"), "ITEM")
}

/// What there is of an item.
///
/// # Errors
/// None in practice: the number of buckets is one that there may be.
pub fn stock(app: &App, table: &Table, item_id: ItemId) -> Result<Reserve> {
    let key = Key::new(format!("STOCK#{item_id}"), "STOCK");
    Reserve::new(app, table, &key, BUCKETS)
}

/// The item whose bucket or row has this partition key.
pub fn item_of(pk: &str) -> Option<ItemId> {
    let id = pk.strip_prefix("ITEM#").or_else(|| {
        let bucket = pk.strip_prefix("STOCK#")?;
        Some(bucket.split_once('#')?.0)
    });
    id?.parse().ok()
}

/// Where the number of the next item lies.
pub fn next_key() -> Key {
    Key::new("NEXT", "ITEM")
}

/// The number of the next item.
#[derive(Default, Serialize, Deserialize)]
pub struct Next {
    /// It.
    pub next: u32,
}

/// `MARKET_TABLE`: this service's table.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn table(app: &App) -> Result<Table> {
    Table::named(app, "MARKET_TABLE")
}
