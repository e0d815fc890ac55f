//! A product: an item as its maker sees it.

use std::collections::HashMap;

use enishi_shared::{
    App, Error, Result, UserId,
    media::picture::PhotosUrl,
    reserve,
    store::{Table, Transaction},
};
use futures_util::future::try_join;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    held,
    item::{self, Item, ItemId, ItemStatus, Offer, item_key},
    maker::made_key,
    pictures::{ItemImage, discard, shown},
};

/// One of my items.
#[derive(Debug, Serialize, ToSchema)]
pub struct Product {
    /// Its id.
    pub item_id: ItemId,
    /// What it is called.
    #[schema(example = "九谷焼の湯のみ")]
    pub item_name: String,
    /// About it.
    #[schema(required, example = "一つずつ手で絵付けをしています。")]
    pub description: Option<String>,
    /// In yen.
    #[schema(example = 3_000)]
    pub price: u32,
    /// Its colour.
    #[schema(required, example = "青")]
    pub color: Option<String>,
    /// The series it is of.
    #[schema(required, example = "春の器")]
    pub series: Option<String>,
    /// How large it is.
    #[schema(required, example = "直径 8 cm")]
    pub item_size: Option<String>,
    /// Whether it can be bought, once its maker may sell.
    pub status: ItemStatus,
    /// What there is of it.
    pub stock: ProductStock,
    /// Its pictures, in their order.
    pub images: Vec<ItemImage>,
    /// Whether it stands on the first page.
    pub top: bool,
    /// Where it stands in lists.
    #[schema(example = 12)]
    pub item_order: u32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

/// What there is of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductStock {
    /// What can be bought.
    #[schema(example = 5)]
    pub free: u64,
    /// What orders that nobody has paid yet hold back.
    #[schema(example = 1)]
    pub held: u64,
}

impl Product {
    /// An item of which there is so much.
    pub fn of(item: Item, stock: ProductStock, photos: &PhotosUrl) -> Self {
        Self {
            status: match item.status() {
                ItemStatus::Hidden => ItemStatus::Hidden,
                // What the stock itself says; the item says it a moment later.
                _ if stock.free > 0 => ItemStatus::OnSale,
                _ => ItemStatus::SoldOut,
            },
            item_id: item.item_id,
            item_name: item.item_name,
            description: item.description,
            price: item.price,
            color: item.color,
            series: item.series,
            item_size: item.item_size,
            stock,
            images: shown(&item.images, photos),
            top: item.top,
            item_order: item.item_order,
            created_at: item.created_at,
        }
    }

    /// An item with what there is of it. Two requests, at once.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn read(app: &App, table: &Table, item: Item) -> Result<Self> {
        let stock = item::stock(app, table, item.item_id)?;
        let held = held::of_item(table, item.maker_id, item.item_id);
        let (free, held) = try_join(stock.left(), held).await?;
        Ok(Self::of(
            item,
            ProductStock { free, held },
            &*app.config::<PhotosUrl>()?,
        ))
    }

    /// Items of one maker with what there is of them, of which so much is held. One request for 50 of them.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn all(
        app: &App,
        table: &Table,
        items: Vec<Item>,
        held: &HashMap<ItemId, u64>,
    ) -> Result<Vec<Self>> {
        let stocks = items.iter();
        let stocks = stocks.map(|item| item::stock(app, table, item.item_id));
        let stocks: Vec<_> = stocks.collect::<Result<_>>()?;
        let (free, photos) = (reserve::left(&stocks).await?, app.config::<PhotosUrl>()?);
        let items = items.into_iter().zip(free).map(|(item, free)| {
            let held = held.get(&item.item_id).copied().unwrap_or_default();
            Self::of(item, ProductStock { free, held }, &photos)
        });
        Ok(items.collect())
    }
}

/// Takes an item away: what follows from it goes before it does. One of which an order was ever made is
/// hidden instead: the order goes on telling of it. At most 4 parts, and 1 for each picture.
///
/// # Errors
/// None in practice, as those of [`item::stock`].
pub fn take_away(tx: &mut Transaction, app: &App, table: &Table, item: &Item) -> Result<()> {
    let place = item_key(item.item_id);
    if item.was_ordered {
        tx.update(table, place, item.change().set("offer", Offer::Hidden));
    } else {
        tx.update(table, place, item.change().set("is_deleted", true));
        tx.delete(table, made_key(item.maker_id, item.ordinal));
        item::stock(app, table, item.item_id)?.delete(tx);
        discard(tx, table, item.item_id, &item.images)?;
    }
    Ok(())
}

/// An item of somebody's own. One request.
///
/// # Errors
/// `not_found` where it is none of theirs.
pub async fn own(table: &Table, maker_id: UserId, item_id: ItemId) -> Result<Item> {
    let item = table.get::<Item>(&item_key(item_id)).await?;
    let item = item.filter(|item| item.maker_id == maker_id && !item.is_deleted);
    item.ok_or_else(|| Error::not_found("item"))
}
