//! What lists and searches know and show of an item, and whether they show it at all.

use enishi_shared::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    item::{Item, ItemId, ItemStatus},
    maker::Maker,
    text::searchable,
};

/// Whether a listed item can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ListedStatus)]
pub enum Shelf {
    /// It can.
    OnSale,
    /// There is none left.
    SoldOut,
}

impl Shelf {
    /// Both.
    pub const ALL: [Self; 2] = [Self::OnSale, Self::SoldOut];

    /// As it stands in keys.
    pub fn text(self) -> &'static str {
        match self {
            Self::OnSale => "on_sale",
            Self::SoldOut => "sold_out",
        }
    }
}

impl From<Shelf> for ItemStatus {
    fn from(shelf: Shelf) -> Self {
        match shelf {
            Shelf::OnSale => Self::OnSale,
            Shelf::SoldOut => Self::SoldOut,
        }
    }
}

/// An item as lists have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// The item.
    pub item_id: ItemId,
    /// Its number.
    pub ordinal: u32,
    /// Where it stands.
    pub item_order: u32,
    /// What it is called.
    pub item_name: String,
    /// In yen.
    pub price: u32,
    /// Its colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The series it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// How large it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_size: Option<String>,
    /// Whether it stands on the first page.
    pub top: bool,
    /// Whether it can be bought.
    pub status: Shelf,
    /// Whose it is.
    pub maker_id: UserId,
    /// What they are called.
    pub maker_name: String,
    /// Its first picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether others see an item, and as what: neither what its maker or an operator hides, nor anything of a
/// maker who may not sell.
pub fn shelf(item: &Item, maker: &Maker) -> Option<Shelf> {
    match item.status() {
        _ if !maker.is_able() => None,
        ItemStatus::OnSale => Some(Shelf::OnSale),
        ItemStatus::SoldOut => Some(Shelf::SoldOut),
        ItemStatus::Hidden => None,
    }
}

impl Preview {
    /// What others see of an item.
    pub fn of(item: &Item, maker: &Maker) -> Option<Self> {
        Some(Self {
            status: shelf(item, maker)?,
            item_id: item.item_id,
            ordinal: item.ordinal,
            item_order: item.item_order,
            item_name: item.item_name.clone(),
            price: item.price,
            color: item.color.clone(),
            series: item.series.clone(),
            item_size: item.item_size.clone(),
            top: item.top,
            maker_id: item.maker_id,
            maker_name: maker.maker_name.clone(),
            image: item.images.first().cloned(),
            created_at: item.created_at,
        })
    }
}

/// The text that an item is found by.
pub fn text(item: &Item, maker: &Maker) -> String {
    let description = item.description.as_deref();
    let series = item.series.as_deref();
    let fields = [
        Some(&*item.item_name),
        description,
        series,
        Some(&maker.maker_name),
    ];
    searchable(fields.into_iter().flatten())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{item::Offer, maker::Notice};

    pub(crate) fn maker() -> Maker {
        let line = || "縁".to_owned();
        Maker {
            maker_id: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50".parse().unwrap(),
            maker_name: "縁工房".into(),
            description: None,
            shipping_fee: 500,
            notice: Some(Notice {
                seller: line(),
                representative: line(),
                address: line(),
                phone_number: line(),
                delivery: line(),
                returns: line(),
            }),
            stripe_account_id: Some("acct_1".into()),
            onboarded: true,
            suspended: false,
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    pub(crate) fn item() -> Item {
        Item {
            item_id: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51".parse().unwrap(),
            ordinal: 7,
            maker_id: maker().maker_id,
            item_name: "九谷焼の湯のみ".into(),
            description: None,
            price: 3_000,
            color: None,
            series: None,
            item_size: None,
            offer: Offer::OnSale,
            is_withheld: false,
            top: false,
            item_order: 7,
            available: true,
            images: Vec::new(),
            was_ordered: false,
            is_deleted: false,
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_item_is_seen_that_its_maker_and_the_house_want_to_be_sold() {
        assert_eq!(shelf(&item(), &maker()), Some(Shelf::OnSale));
        let sold_out = Item {
            available: false,
            ..item()
        };
        assert_eq!(shelf(&sold_out, &maker()), Some(Shelf::SoldOut));
        for hidden in [
            Item {
                offer: Offer::Hidden,
                ..item()
            },
            Item {
                is_withheld: true,
                ..item()
            },
            Item {
                is_deleted: true,
                ..item()
            },
        ] {
            assert_eq!(shelf(&hidden, &maker()), None);
            assert_eq!(
                shelf(
                    &Item {
                        available: false,
                        ..hidden
                    },
                    &maker()
                ),
                None
            );
        }
        for unable in [
            Maker {
                onboarded: false,
                ..maker()
            },
            Maker {
                suspended: true,
                ..maker()
            },
            Maker {
                notice: None,
                ..maker()
            },
        ] {
            assert_eq!(shelf(&item(), &unable), None);
        }
    }
}
