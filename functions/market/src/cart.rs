//! A cart: what somebody wants to buy, and what that would be just now.
//!
//! A line keeps what its item was called and what it cost when it was put there or changed last. How it
//! stands is read from the items themselves: a line whose item is gone, hidden, sold out or repriced says so,
//! and stays.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{
    App, Error, Result, UserId,
    idempotency::Creation,
    media::picture::PhotosUrl,
    reserve::{self, Reserve},
    seal::sha256,
    store::{Condition, Key, Outcome, Table, Transaction, decode, when},
};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    item::{self, Item, ItemId, item_key},
    items::ItemMaker,
    maker::{Maker, maker_key},
    preview::shelf,
};

/// The most lines of a cart.
pub const MOST_LINES: usize = 30;
/// The most of one item.
pub const MOST: u32 = 99;

/// A cart, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    /// Raised by whoever changes it.
    pub version: u32,
    /// What is in it, as it was put there.
    pub lines: Vec<Line>,
}

/// An item in a cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Which.
    pub item_id: ItemId,
    /// How many.
    pub quantity: u32,
    /// What it was called.
    pub item_name: String,
    /// What it cost, in yen.
    pub price: u32,
}

impl Line {
    /// So many of an item, as it stands.
    pub fn new(offered: &Offered, quantity: u32) -> Self {
        Self {
            item_id: offered.item.item_id,
            quantity,
            item_name: offered.item.item_name.clone(),
            price: offered.item.price,
        }
    }

    /// How its item stands was seen.
    pub fn seen(&mut self, offered: &Offered) {
        *self = Self::new(offered, self.quantity);
    }
}

/// Where somebody's cart lies.
pub fn cart_key(user_id: UserId) -> Key {
    Key::new(format!("USER#{user_id}"), "CART")
}

impl Cart {
    /// Somebody's. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn read(table: &Table, user_id: UserId) -> Result<Self> {
        let cart = table.get(&cart_key(user_id)).await?;
        Ok(cart.unwrap_or_default())
    }

    /// Makes somebody's cart this one, where nobody has changed it since `before` was read. Whether that is
    /// so. One request.
    ///
    /// # Errors
    /// As [`Self::read`]; `conflict` when the key of `creation` was used for something else.
    pub async fn replace(
        &self,
        app: &App,
        table: &Table,
        user_id: UserId,
        before: &Self,
        creation: Option<&Creation>,
    ) -> Result<Replaced> {
        let mut tx = Transaction::new(app);
        tx.replace(table, cart_key(user_id), self, before.as_read())?;
        let once = tx.commit_once(table, creation, &self.version);
        Ok(match once.await? {
            Outcome::Done => Replaced::Done,
            Outcome::Replayed { .. } => Replaced::Before,
            Outcome::Refused(_) => Replaced::Not,
        })
    }

    /// That nobody has changed it since it was read.
    pub fn as_read(&self) -> Condition {
        match self.version {
            0 => when().absent("pk"),
            version => when().eq("version", version),
        }
    }

    /// The items in it.
    pub fn items(&self) -> BTreeSet<ItemId> {
        self.lines.iter().map(|line| line.item_id).collect()
    }
}

/// What became of a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It is what it was to be.
    Done,
    /// It was before, by the same key.
    Before,
    /// Somebody has changed it.
    Not,
}

/// Items as they stand just now.
pub struct Offers(HashMap<ItemId, Offered>);

/// An item as it stands just now.
pub struct Offered {
    /// It.
    pub item: Item,
    /// Whose it is.
    pub maker: Maker,
    /// How many can be bought.
    pub free: u64,
}

impl Offered {
    /// Whether others see it.
    pub fn is_shown(&self) -> bool {
        shelf(&self.item, &self.maker).is_some()
    }
}

impl Offers {
    /// Up to 31 items, their makers and stock. Three requests, none without items.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn read(app: &App, table: &Table, items: &BTreeSet<ItemId>) -> Result<Self> {
        let keys: Vec<Key> = items.iter().map(|id| item_key(*id)).collect();
        let found = table.batch_get(&keys).await?.into_values();
        let items: Vec<Item> = found.map(decode).collect::<Result<_>>()?;
        let makers: BTreeSet<UserId> = items.iter().map(|item| item.maker_id).collect();
        let makers: Vec<Key> = makers.into_iter().map(maker_key).collect();
        let stocks = items
            .iter()
            .map(|item| item::stock(app, table, item.item_id));
        let stocks: Vec<Reserve> = stocks.collect::<Result<_>>()?;
        let (free, makers) = try_join(reserve::left(&stocks), table.batch_get(&makers)).await?;
        let mut offers = HashMap::new();
        for (item, free) in items.into_iter().zip(free) {
            let key = maker_key(item.maker_id);
            let Some(maker) = makers.get(&key).cloned() else {
                continue;
            };
            let maker: Maker = decode(maker)?;
            offers.insert(item.item_id, Offered { item, maker, free });
        }
        Ok(Self(offers))
    }

    /// One that others see.
    ///
    /// # Errors
    /// `not_found` when there is none.
    pub fn shown(&self, item_id: ItemId) -> Result<&Offered> {
        let offered = self.0.get(&item_id).filter(|offered| offered.is_shown());
        offered.ok_or_else(|| Error::not_found("item"))
    }
}

/// How a line of a cart stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// It can be bought.
    Ok,
    /// It can, for another price than it had.
    Repriced,
    /// There are fewer.
    Short,
    /// There is none.
    SoldOut,
    /// It is not sold any more, for now at least.
    Hidden,
    /// There is no such item any more.
    Gone,
}

/// An item in a cart, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct CartLine {
    /// The item.
    pub item_id: ItemId,
    /// What it is called, or was.
    #[schema(example = "九谷焼の湯のみ")]
    pub item_name: String,
    /// How many.
    #[schema(example = 2)]
    pub quantity: u32,
    /// How it stands.
    pub state: LineState,
    /// Whether it can be bought, so many of it.
    pub available: bool,
    /// What one costs now, in yen; null where it is not sold.
    #[schema(required, example = 3_200)]
    pub price: Option<u32>,
    /// What one cost when it was put here or changed last, in yen.
    #[schema(example = 3_000)]
    pub price_before: u32,
    /// How many there are, of 99 at the most.
    #[schema(example = 5)]
    pub stock: u64,
    /// Where its first picture is read; null where it has none or is not sold any more.
    #[schema(
        required,
        format = "uri",
        example = "https://photos.example.com/items/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50/1.jpg"
    )]
    pub image: Option<String>,
    /// Whose it is; null where that is not told any more.
    #[schema(required)]
    pub maker: Option<ItemMaker>,
}

/// What a maker's parcel costs.
#[derive(Debug, Serialize, ToSchema)]
pub struct CartParcel {
    /// Whose.
    pub maker_id: UserId,
    /// What sending it costs, in yen.
    #[schema(example = 500)]
    pub shipping_fee: u32,
}

/// A cart, and what it would be to buy it now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownCart {
    /// Another one where the cart, a price or what sending costs is another.
    #[schema(example = "3.q1w2e3r4t5y6u7i8")]
    pub cart_version: String,
    /// What is in it, in the order in which it was put there.
    pub lines: Vec<CartLine>,
    /// The parcels of what can be bought, one a maker.
    pub parcels: Vec<CartParcel>,
    /// What can be bought costs, in yen.
    #[schema(example = 6_400)]
    pub items_amount: u64,
    /// What sending it costs, in yen.
    #[schema(example = 500)]
    pub shipping_amount: u64,
    /// All of it, in yen.
    #[schema(example = 6_900)]
    pub total_amount: u64,
}

impl Cart {
    /// What another cart, another price or fee changes: which cart was seen.
    pub fn seen_as(&self, offers: &Offers) -> String {
        // What cannot be bought just now counts too: what somebody's own order has taken comes back with its end.
        let mut fees = BTreeMap::new();
        let mut known = String::new();
        for line in &self.lines {
            let offered = offers.0.get(&line.item_id);
            let shown = offered.filter(|offered| offered.is_shown());
            let price = shown.map(|shown| shown.item.price);
            known += &format!("{} {} {price:?}\n", line.item_id, line.quantity);
            fees.extend(shown.map(|shown| (shown.maker.maker_id, shown.maker.shipping_fee)));
        }
        known += &format!("{fees:?}");
        let digest = BASE64_URL_SAFE_NO_PAD.encode(&sha256(known.as_bytes())[..12]);
        format!("{}.{digest}", self.version)
    }
}

impl ShownCart {
    /// A cart with its items as they stand.
    pub fn of(cart: &Cart, offers: &Offers, photos: &PhotosUrl) -> Self {
        let mut parcels = BTreeMap::new();
        let mut items_amount = 0;
        let mut lines = Vec::with_capacity(cart.lines.len());
        for line in &cart.lines {
            let shown = CartLine::of(line, offers.0.get(&line.item_id), photos);
            if let (true, Some(offered), Some(price)) =
                (shown.available, offers.0.get(&line.item_id), shown.price)
            {
                items_amount += u64::from(price) * u64::from(line.quantity);
                parcels.insert(offered.maker.maker_id, offered.maker.shipping_fee);
            }
            lines.push(shown);
        }
        let shipping_amount = parcels.values().map(|fee| u64::from(*fee)).sum();
        let parcels = parcels.into_iter();
        Self {
            cart_version: cart.seen_as(offers),
            lines,
            parcels: parcels
                .map(|(maker_id, shipping_fee)| CartParcel {
                    maker_id,
                    shipping_fee,
                })
                .collect(),
            items_amount,
            shipping_amount,
            total_amount: items_amount + shipping_amount,
        }
    }
}

impl CartLine {
    fn of(line: &Line, offered: Option<&Offered>, photos: &PhotosUrl) -> Self {
        let shown = offered.filter(|offered| offered.is_shown());
        let free = shown.map_or(0, |shown| shown.free);
        let price = shown.map(|shown| shown.item.price);
        let state = match (offered, shown) {
            (None, _) => LineState::Gone,
            (Some(offered), None) if offered.item.is_deleted => LineState::Gone,
            (Some(_), None) => LineState::Hidden,
            _ if free == 0 => LineState::SoldOut,
            _ if free < u64::from(line.quantity) => LineState::Short,
            _ if price != Some(line.price) => LineState::Repriced,
            _ => LineState::Ok,
        };
        Self {
            item_id: line.item_id,
            item_name: shown
                .map_or(&line.item_name, |shown| &shown.item.item_name)
                .clone(),
            quantity: line.quantity,
            state,
            available: matches!(state, LineState::Ok | LineState::Repriced),
            price,
            price_before: line.price,
            stock: free.min(MOST.into()),
            image: shown
                .and_then(|shown| shown.item.images.first())
                .map(|key| photos.of(key)),
            maker: shown.map(|shown| ItemMaker {
                maker_id: shown.maker.maker_id,
                maker_name: shown.maker.maker_name.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use enishi_shared::app::Configure as _;

    use super::*;
    use crate::{
        item::Offer,
        preview::tests::{item, maker},
    };

    fn photos() -> PhotosUrl {
        let env = [("PHOTOS_URL", "https://cdn.test")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        PhotosUrl::configure(&env.into_iter().collect()).unwrap()
    }

    fn line() -> Line {
        Line {
            item_id: item().item_id,
            quantity: 2,
            item_name: "前の名".into(),
            price: 3_000,
        }
    }

    fn offered(item: Item, maker: Maker, free: u64) -> Offered {
        Offered { item, maker, free }
    }

    #[test]
    fn a_line_says_how_its_item_stands() {
        let state =
            |offered: Option<Offered>| CartLine::of(&line(), offered.as_ref(), &photos()).state;
        let of = |item, free| state(Some(offered(item, maker(), free)));
        assert_eq!(of(item(), 2), LineState::Ok);
        assert_eq!(
            of(
                Item {
                    price: 3_001,
                    ..item()
                },
                2
            ),
            LineState::Repriced
        );
        assert_eq!(of(item(), 1), LineState::Short);
        assert_eq!(of(item(), 0), LineState::SoldOut);
        assert_eq!(
            of(
                Item {
                    offer: Offer::Hidden,
                    ..item()
                },
                2
            ),
            LineState::Hidden
        );
        assert_eq!(
            of(
                Item {
                    is_deleted: true,
                    ..item()
                },
                2
            ),
            LineState::Gone
        );
        assert_eq!(state(None), LineState::Gone);
        let unable = Maker {
            suspended: true,
            ..maker()
        };
        assert_eq!(state(Some(offered(item(), unable, 2))), LineState::Hidden);
    }

    #[test]
    fn another_price_or_fee_is_another_version_and_what_cannot_be_bought_costs_nothing() {
        let cart = Cart {
            version: 3,
            lines: vec![line()],
        };
        let shown = |item: Item, maker: Maker, free| {
            let offers = HashMap::from([(item.item_id, offered(item, maker, free))]);
            ShownCart::of(&cart, &Offers(offers), &photos())
        };
        let now = shown(item(), maker(), 5);
        assert_eq!(
            (now.items_amount, now.shipping_amount, now.total_amount),
            (6_000, 500, 6_500)
        );
        assert_eq!(shown(item(), maker(), 9).cart_version, now.cart_version);
        assert_eq!(shown(item(), maker(), 0).cart_version, now.cart_version);
        let dearer = shown(
            Item {
                price: 3_001,
                ..item()
            },
            maker(),
            5,
        );
        assert_ne!(dearer.cart_version, now.cart_version);
        assert_eq!(dearer.total_amount, 6_502);
        let fee = shown(
            item(),
            Maker {
                shipping_fee: 501,
                ..maker()
            },
            5,
        );
        assert_ne!(fee.cart_version, now.cart_version);
        let none = shown(item(), maker(), 0);
        assert_eq!(none.total_amount, 0);
        assert!(none.parcels.is_empty());
    }
}
