//! Lists: an item has a row in the partition of each list that it stands in, so that a list reads what it
//! shows and nothing else.
//!
//! A list names a colour, a series, a maker, and whether it is of the first page, or leaves any of these
//! open: 8 lists an item, 16 if it stands on the first page. Each is there in three orders, within which
//! first come those that can be bought, then those that are sold out. A list of both merges the two.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{UserId, store::Key};

use crate::{
    preview::{Preview, Shelf},
    text::digest,
};

/// By what a list is ordered. Those of the same value stand in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The place that operators give them.
    ItemOrder,
    /// When they were made.
    Made,
    /// Their price.
    Price,
}

impl Order {
    const ALL: [Self; 3] = [Self::ItemOrder, Self::Made, Self::Price];

    fn text(self) -> &'static str {
        match self {
            Self::ItemOrder => "order",
            Self::Made => "made",
            Self::Price => "price",
        }
    }

    /// Where an item with these values stands.
    pub fn position(self, item_order: u32, price: u32, ordinal: u32) -> Position {
        let value = match self {
            Self::ItemOrder => item_order,
            Self::Made => 0,
            Self::Price => price,
        };
        Position { value, ordinal }
    }

    /// Where an item stands.
    pub fn of(self, preview: &Preview) -> Position {
        self.position(preview.item_order, preview.price, preview.ordinal)
    }
}

/// Where an item stands in an order. As text it sorts as it does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// What the order is by.
    pub value: u32,
    /// The item's number.
    pub ordinal: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:010}#{:010}", self.value, self.ordinal)
    }
}

impl Position {
    /// The first, and the last.
    const ENDS: [Self; 2] = [
        Self {
            value: 0,
            ordinal: 0,
        },
        Self {
            value: u32::MAX,
            ordinal: u32::MAX,
        },
    ];

    /// The one that a text says.
    pub fn read(text: &str) -> Option<Self> {
        let (value, ordinal) = text.split_once('#')?;
        let position = Self {
            value: value.parse().ok()?,
            ordinal: ordinal.parse().ok()?,
        };
        (position.to_string() == text).then_some(position)
    }
}

/// Which items a list is of; what is left out may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of the first page only.
    pub top: bool,
    /// Whether they can be bought.
    pub status: Option<Shelf>,
    /// Their colour, however it is written.
    pub color: Option<String>,
    /// Their series, however it is written.
    pub series: Option<String>,
    /// Whose they are.
    pub maker: Option<UserId>,
    /// In yen, at least.
    pub min_price: Option<u32>,
    /// In yen, at most.
    pub max_price: Option<u32>,
}

impl Filter {
    /// Whether a list of these has the item.
    pub fn admits(&self, item: &Preview) -> bool {
        let same = |wanted: &Option<String>, value: &Option<String>| match (wanted, value) {
            (None, _) => true,
            (Some(wanted), Some(value)) => digest(wanted) == digest(value),
            (Some(_), None) => false,
        };
        (item.top || !self.top)
            && self.status.is_none_or(|status| status == item.status)
            && same(&self.color, &item.color)
            && same(&self.series, &item.series)
            && self.maker.is_none_or(|maker| maker == item.maker_id)
            && self.costs(item.price)
    }

    /// Whether a price is one of those wanted.
    pub fn costs(&self, price: u32) -> bool {
        self.min_price.is_none_or(|min| min <= price)
            && self.max_price.is_none_or(|max| price <= max)
    }

    /// Whether an order has all that cost what is wanted together.
    pub fn is_range_of(&self, order: Order) -> bool {
        order == Order::Price || (self.min_price.is_none() && self.max_price.is_none())
    }

    /// The partition of the rows of such a list.
    pub fn partition(&self, order: Order) -> String {
        let facets = Facets {
            top: self.top,
            color: self.color.as_deref(),
            series: self.series.as_deref(),
            maker: self.maker,
        };
        facets.partition(order)
    }

    /// The parts of that partition that it is of: each where it begins and where it ends, both included.
    pub fn stretches(&self, order: Order) -> Vec<Stretch> {
        let [mut first, mut last] = Position::ENDS;
        if order == Order::Price {
            first.value = self.min_price.unwrap_or(first.value);
            last.value = self.max_price.unwrap_or(last.value);
        }
        let shelves = Shelf::ALL.into_iter();
        let wanted = shelves.filter(|shelf| self.status.is_none_or(|status| status == *shelf));
        wanted
            .filter(|_| first <= last)
            .map(|shelf| Stretch { shelf, first, last })
            .collect()
    }
}

/// What names a list.
struct Facets<'a> {
    top: bool,
    color: Option<&'a str>,
    series: Option<&'a str>,
    maker: Option<UserId>,
}

impl Facets<'_> {
    fn partition(&self, order: Order) -> String {
        let any = || "*".to_owned();
        let value = |value: &str| BASE64_URL_SAFE_NO_PAD.encode(&digest(value)[..12]);
        let top = if self.top { "top" } else { "*" };
        let color = self.color.map_or_else(any, value);
        let series = self.series.map_or_else(any, value);
        let maker = self.maker.map_or_else(any, |maker| maker.to_string());
        format!("LIST#{}#{top}#{color}#{series}#{maker}", order.text())
    }
}

/// A part of a list, one after the other in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    shelf: Shelf,
    first: Position,
    last: Position,
}

impl Stretch {
    /// The sort keys where it begins and ends.
    pub fn bounds(&self) -> [String; 2] {
        [self.first, self.last].map(|position| sort_key(self.shelf, position))
    }

    /// The sort key after which it goes on from a position, if it does: `None` is from its beginning.
    pub fn after(&self, position: Position, descending: bool) -> Option<Option<String>> {
        let (begin, end) = match descending {
            false => (self.first, self.last),
            true => (self.last, self.first),
        };
        let is_past = |a: Position, b: Position| if descending { a < b } else { a > b };
        if is_past(begin, position) {
            return Some(None);
        }
        is_past(end, position).then(|| Some(sort_key(self.shelf, position)))
    }
}

fn sort_key(shelf: Shelf, position: Position) -> String {
    format!("{}#{position}", shelf.text())
}

/// Where an item stands in lists: 24 rows, 48 of one that stands on the first page.
pub fn rows_of(item: &Preview) -> Vec<Key> {
    let mut rows = Vec::new();
    for order in Order::ALL {
        let sk = sort_key(item.status, order.of(item));
        for top in [false, true].into_iter().take(1 + usize::from(item.top)) {
            for color in open_or(item.color.as_deref()) {
                for series in open_or(item.series.as_deref()) {
                    for maker in open_or(Some(item.maker_id)) {
                        let facets = Facets {
                            top,
                            color,
                            series,
                            maker,
                        };
                        rows.push(Key::new(facets.partition(order), &sk));
                    }
                }
            }
        }
    }
    rows
}

/// What finds a value: leaving it open, and naming it where there is one.
fn open_or<T>(value: Option<T>) -> impl Iterator<Item = Option<T>> {
    std::iter::once(None).chain(value.map(Some))
}

/// What several stretches have, one after the other: `read` is of each what was read of it, in its order,
/// and whether it goes on. Only what stands before all that was not read; and whether there is more.
pub fn merge(
    read: Vec<(Vec<Preview>, bool)>,
    order: Order,
    descending: bool,
) -> (Vec<Preview>, bool) {
    let goes_on = read.iter().any(|(_, goes_on)| *goes_on);
    let lasts = read.iter().filter(|(_, goes_on)| *goes_on);
    let lasts = lasts.filter_map(|(items, _)| items.last().map(|last| order.of(last)));
    let bound = if descending { lasts.max() } else { lasts.min() };
    let items = read.into_iter().flat_map(|(items, _)| items);
    let mut items: Vec<Preview> = items
        .filter(|item| match bound {
            None => true,
            Some(bound) if descending => order.of(item) >= bound,
            Some(bound) => order.of(item) <= bound,
        })
        .collect();
    items.sort_by_key(|item| order.of(item));
    if descending {
        items.reverse();
    }
    (items, goes_on)
}

#[cfg(test)]
pub(crate) mod tests;
