//! Facts: of every item that is seen, in 24 bytes, what a search orders and narrows by. Where more is found
//! than can be looked at, this says what comes first.
//!
//! Those of 256 items lie in one row, each in an attribute of its own, which is named by the item's number.
//! Of 20,000 items it is half a megabyte: one request.

use std::collections::BTreeSet;

use enishi_shared::{
    Result,
    store::{Change, Item, Key, Table, bytes, decode, s},
};
use serde::{Deserialize, Serialize};

use crate::{
    list::{Filter, Order, Position},
    posting::Mark,
    preview::{Preview, Shelf},
    text::digest,
};

/// The partition of all of them.
const FACTS: &str = "FACTS";
/// Items a row.
const ROW: u32 = 256;
/// Bytes of an item.
const PACKED: usize = 24;

/// What a search knows of an item before it reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    ordinal: u32,
    wording: u16,
    shelf: Shelf,
    top: bool,
    price: u32,
    item_order: u32,
    color: u32,
    series: u32,
    maker: u32,
}

/// As they are stored.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Packed(#[serde(with = "bytes")] Vec<u8>);

/// The first bytes of a facet's digest; none is zero.
fn short(value: Option<&str>) -> u32 {
    let [a, b, c, d, ..] = value.map(digest).unwrap_or_default();
    u32::from_be_bytes([a, b, c, d])
}

impl Facts {
    /// Those of an item's `wording`.
    pub fn of(item: &Preview, wording: u32) -> Self {
        Self {
            ordinal: item.ordinal,
            // Fits: a mark has no more.
            wording: (wording % 1_000) as u16,
            shelf: item.status,
            top: item.top,
            price: item.price,
            item_order: item.item_order,
            color: short(item.color.as_deref()),
            series: short(item.series.as_deref()),
            maker: short(Some(&item.maker_id.to_string())),
        }
    }

    /// What the item is marked by.
    pub fn mark(&self) -> Mark {
        Mark::new(self.ordinal, self.wording.into())
    }

    /// Where it stands.
    pub fn position(&self, order: Order) -> Position {
        order.position(self.item_order, self.price, self.ordinal)
    }

    /// Whether a list may have it: colours and the like are known by a part of their digests.
    pub fn may_be_of(&self, filter: &Filter) -> bool {
        let maker = filter.maker.map(|maker| maker.to_string());
        let same = |wanted: Option<&str>, value: u32| {
            wanted.is_none_or(|wanted| short(Some(wanted)) == value)
        };
        (self.top || !filter.top)
            && filter.status.is_none_or(|status| status == self.shelf)
            && filter.costs(self.price)
            && same(filter.color.as_deref(), self.color)
            && same(filter.series.as_deref(), self.series)
            && same(maker.as_deref(), self.maker)
    }

    /// As they are stored.
    pub fn pack(&self) -> Packed {
        let flags = u8::from(self.top) << 1 | u8::from(self.shelf == Shelf::SoldOut);
        let mut packed = vec![0, flags];
        packed.extend(self.wording.to_be_bytes());
        for number in [
            self.price,
            self.item_order,
            self.color,
            self.series,
            self.maker,
        ] {
            packed.extend(number.to_be_bytes());
        }
        Packed(packed)
    }

    fn unpack(ordinal: u32, Packed(packed): &Packed) -> Option<Self> {
        let packed: &[u8; PACKED] = packed.as_slice().try_into().ok()?;
        let (words, []) = packed.as_chunks::<4>() else {
            return None;
        };
        let [[_, flags, high, low], numbers @ ..] = words else {
            return None;
        };
        let [price, item_order, color, series, maker] = numbers else {
            return None;
        };
        Some(Self {
            ordinal,
            wording: u16::from_be_bytes([*high, *low]),
            shelf: if flags & 1 == 0 {
                Shelf::OnSale
            } else {
                Shelf::SoldOut
            },
            top: flags & 2 != 0,
            price: u32::from_be_bytes(*price),
            item_order: u32::from_be_bytes(*item_order),
            color: u32::from_be_bytes(*color),
            series: u32::from_be_bytes(*series),
            maker: u32::from_be_bytes(*maker),
        })
    }
}

/// Where those of an item lie.
pub fn row_key(ordinal: u32) -> Key {
    Key::new(FACTS, format!("{:010}", ordinal / ROW))
}

/// What makes an item's facts these; without any it is not seen.
pub fn change(ordinal: u32, facts: Option<&Facts>) -> Change {
    let name = ordinal.to_string();
    match facts {
        Some(facts) => Change::new().set(&*name, facts.pack()),
        None => Change::new().remove(&*name),
    }
}

/// Those of all items. One request for each megabyte.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn all(table: &Table) -> Result<Vec<Facts>> {
    let rows = table.query("pk = :facts").value(":facts", s(FACTS));
    let mut all = Vec::new();
    for row in rows.eventual().all().await? {
        for (name, value) in row {
            let Ok(ordinal) = name.parse() else {
                continue;
            };
            let One { packed } = decode(Item::from([("packed".to_owned(), value)]))?;
            all.extend(Facts::unpack(ordinal, &packed));
        }
    }
    Ok(all)
}

/// The facts of one item, as [`decode`] reads them.
#[derive(Deserialize)]
struct One {
    packed: Packed,
}

/// The items of those that are marked which a list has after a position, in its order.
pub fn ordered(
    facts: Vec<Facts>,
    marked: &BTreeSet<Mark>,
    filter: &Filter,
    order: Order,
    descending: bool,
    after: Option<Position>,
) -> Vec<Position> {
    let facts = facts.into_iter();
    let found = facts.filter(|facts| marked.contains(&facts.mark()) && facts.may_be_of(filter));
    let mut found: Vec<Position> = found.map(|facts| facts.position(order)).collect();
    found.sort_unstable();
    if descending {
        found.reverse();
    }
    found.retain(|position| match after {
        None => true,
        Some(after) if descending => *position < after,
        Some(after) => *position > after,
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview::tests::{item, maker};

    #[test]
    fn facts_are_packed_and_unpacked() {
        let mut item = item();
        (item.top, item.available, item.color) = (true, false, Some("青".into()));
        let preview = Preview::of(&item, &maker()).unwrap();
        let facts = Facts::of(&preview, 12_003);
        let packed = facts.pack();
        assert_eq!(packed.0.len(), PACKED);
        assert_eq!(Facts::unpack(item.ordinal, &packed), Some(facts));
        assert_eq!(facts.mark(), Mark::new(7, 3));
        assert_eq!(Facts::unpack(7, &Packed(vec![0; 23])), None);
    }
}
