//! Finds items: pages of lists and of searches, in the same orders.
//!
//! A list reads the rows that it shows; where it narrows by price and is ordered otherwise it reads on past
//! those that cost something else, a bounded number of them. A search asks which items have the pairs of
//! characters of the keyword. Of a hundred or fewer it reads the documents, and has all there is to know. Of
//! more it asks the facts which come first, and reads the documents of those until the page is full. Each
//! hit is an item whose text has the keyword. Both may come short of a page rather than read more, and then
//! say where they go on.

use std::collections::BTreeSet;

use enishi_shared::{
    Result,
    store::{Key, Table, s},
};
use futures_util::future::try_join_all;

use crate::{
    document::{self, Document},
    facts,
    list::{Filter, Order, Position, Stretch, merge},
    posting,
    preview::Preview,
    text::Words,
};

/// The most requests of a page.
pub const REQUESTS: usize = 6;
/// The most documents read at once.
const DOCUMENTS: usize = 100;
/// Rows that a list reads at once where it leaves some out.
const ROWS: usize = 100;

/// A page that somebody wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of which items.
    pub filter: Filter,
    /// With these words, if with any.
    pub words: Option<Words>,
    /// In which order.
    pub order: Order,
    /// The other way round.
    pub descending: bool,
    /// How many at the most.
    pub limit: usize,
    /// After which position.
    pub after: Option<Position>,
}

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What is on it.
    pub items: Vec<Preview>,
    /// After which position there may be more.
    pub next: Option<Position>,
}

/// Reads a page. Six requests at the most, two of them for a list that its order has in one piece.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn find(table: &Table, wanted: &Wanted) -> Result<Found> {
    match &wanted.words {
        None => list(table, wanted).await,
        Some(words) => search(table, wanted, words).await,
    }
}

async fn list(table: &Table, wanted: &Wanted) -> Result<Found> {
    let (order, descending) = (wanted.order, wanted.descending);
    let stretches = wanted.filter.stretches(order);
    let (rounds, rows) = match wanted.filter.is_range_of(order) {
        // One more than is shown says whether there is more.
        true => (1, wanted.limit + 1),
        false => (REQUESTS / stretches.len().max(1), ROWS),
    };
    let mut page = Page::new(wanted);
    let mut after = wanted.after;
    for _ in 0..rounds {
        let read = stretches
            .iter()
            .map(|stretch| read(table, wanted, *stretch, after, rows));
        let (items, goes_on) = merge(try_join_all(read).await?, order, descending);
        let last = items.last().map(|item| order.of(item));
        for item in items {
            let position = order.of(&item);
            let item = Some(item).filter(|item| wanted.filter.admits(item));
            if !page.take(position, item) {
                return Ok(page.full());
            }
        }
        if !goes_on {
            return Ok(page.last());
        }
        after = last.or(after);
    }
    Ok(page.full())
}

/// What a stretch has after a position, and whether it goes on.
async fn read(
    table: &Table,
    wanted: &Wanted,
    stretch: Stretch,
    after: Option<Position>,
    rows: usize,
) -> Result<(Vec<Preview>, bool)> {
    let after = match after {
        None => None,
        Some(position) => match stretch.after(position, wanted.descending) {
            None => return Ok((Vec::new(), false)),
            Some(after) => after,
        },
    };
    let pk = wanted.filter.partition(wanted.order);
    let [first, last] = stretch.bounds();
    let query = table
        .query("pk = :list AND sk BETWEEN :first AND :last")
        .value(":list", s(&*pk))
        .value(":first", s(first))
        .value(":last", s(last))
        .eventual()
        .limit(i32::try_from(rows).unwrap_or(i32::MAX))
        .after(after.map(|sk| Key::new(&*pk, sk).attributes()));
    let query = if wanted.descending {
        query.descending()
    } else {
        query
    };
    let page = query.page::<Preview>().await?;
    Ok((page.items, page.next.is_some()))
}

async fn search(table: &Table, wanted: &Wanted, words: &Words) -> Result<Found> {
    let (marked, mut requests) = posting::candidates(table, words).await?;
    let ordinals: BTreeSet<u32> = marked.iter().map(|mark| mark.ordinal()).collect();
    if ordinals.len() <= DOCUMENTS {
        let ordinals: Vec<u32> = ordinals.into_iter().collect();
        let documents = document::read(table, &ordinals).await?;
        return Ok(few(wanted, words, documents.into_values()));
    }
    let facts = facts::all(table).await?;
    requests += 1;
    let (order, after) = (wanted.order, wanted.after);
    let found = facts::ordered(
        facts,
        &marked,
        &wanted.filter,
        order,
        wanted.descending,
        after,
    );
    let mut page = Page::new(wanted);
    let mut left = &*found;
    // Most of what has the pairs has the keyword: the first time few more are read than are shown.
    let mut some = DOCUMENTS.min(wanted.limit + wanted.limit / 4 + 1);
    while requests < REQUESTS && !left.is_empty() {
        let (now, later) = left.split_at(some.min(left.len()));
        let ordinals: Vec<u32> = now.iter().map(|position| position.ordinal).collect();
        let mut documents = document::read(table, &ordinals).await?;
        requests += 1;
        for position in now {
            let document = documents.remove(&position.ordinal);
            let item = document.and_then(|document| document.answer(words, &wanted.filter));
            if !page.take(*position, item) {
                return Ok(page.full());
            }
        }
        (left, some) = (later, DOCUMENTS);
    }
    Ok(match left.is_empty() {
        true => page.last(),
        false => page.full(),
    })
}

/// A page of all that was found.
pub(crate) fn few(
    wanted: &Wanted,
    words: &Words,
    documents: impl Iterator<Item = Document>,
) -> Found {
    let answers = documents.filter_map(|document| document.answer(words, &wanted.filter));
    let mut items: Vec<Preview> = answers.collect();
    items.sort_by_key(|item| wanted.order.of(item));
    if wanted.descending {
        items.reverse();
    }
    let mut page = Page::new(wanted);
    for item in items {
        let position = wanted.order.of(&item);
        let is_later = wanted.after.is_none_or(|after| match wanted.descending {
            false => position > after,
            true => position < after,
        });
        if is_later && !page.take(position, Some(item)) {
            return page.full();
        }
    }
    page.last()
}

/// A page in the making.
pub(crate) struct Page {
    limit: usize,
    found: Found,
}

impl Page {
    pub(crate) fn new(wanted: &Wanted) -> Self {
        Self {
            limit: wanted.limit,
            found: Found {
                items: Vec::new(),
                next: wanted.after,
            },
        }
    }

    /// Takes what stands at a position, if anything is to be shown there. Whether there was room for it.
    pub(crate) fn take(&mut self, position: Position, item: Option<Preview>) -> bool {
        if item.is_some() && self.found.items.len() == self.limit {
            return false;
        }
        self.found.items.extend(item);
        self.found.next = Some(position);
        true
    }

    /// It, where there may be more.
    pub(crate) fn full(self) -> Found {
        self.found
    }

    /// It, where there is nothing after it.
    pub(crate) fn last(self) -> Found {
        Found {
            next: None,
            ..self.found
        }
    }
}
