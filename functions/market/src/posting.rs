//! Postings: for each pair of characters, the items whose texts have it, so that a search reads a row or
//! two for each pair of its keyword, however many items there are.
//!
//! A posting calls an item by its mark, which is of one wording of its text: another text has other marks.
//! So a mark that comes late, or is taken away late, is of a wording that nobody looks for any more.

use std::collections::BTreeSet;

use enishi_shared::{
    Result,
    store::{Change, Item, Key, Table, decode, s},
};
use futures_util::{
    StreamExt as _, TryStreamExt as _,
    future::{try_join, try_join_all},
    stream,
};
use serde::{Deserialize, Serialize};

use crate::text::{Gram, Words};

/// The rows of a pair: an item is in the one of its number modulo this. The more, the less a write costs;
/// a row takes some 80,000 items.
const SHARDS: u32 = 4;
/// The most rows read at once.
const MOST_ROWS: usize = 100;
/// The most words of one character that are asked for; the others are only looked for in what is found.
const MOST_SINGLES: usize = 2;
/// Writes at once.
const AT_ONCE: usize = 16;
/// Wordings of one item that marks tell apart.
const WORDINGS: u64 = 1_000;

/// A wording of an item's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(u64);

impl Mark {
    /// That of the item's `wording`th text.
    pub fn new(ordinal: u32, wording: u32) -> Self {
        Self(u64::from(ordinal) * WORDINGS + u64::from(wording) % WORDINGS)
    }

    /// Whose it is.
    pub fn ordinal(self) -> u32 {
        u32::try_from(self.0 / WORDINGS).unwrap_or(u32::MAX)
    }
}

/// The marks that a row has.
#[derive(Default, Deserialize)]
struct Row {
    #[serde(default)]
    marks: Vec<Mark>,
}

fn partition(first: char) -> String {
    format!("GRAM#{first}")
}

/// Where the mark of an item lies under a pair.
pub fn row_key((first, second): Gram, ordinal: u32) -> Key {
    let shard = ordinal % SHARDS;
    Key::new(partition(first), format!("{second}#{shard}"))
}

/// Enters a wording under the pairs of its text. One request for each; once more does no harm.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn enter(table: &Table, mark: Mark, grams: BTreeSet<Gram>) -> Result<()> {
    write(table, mark, grams, |marks| marks.insert("marks", mark)).await
}

/// Takes a wording that nobody looks for any more from under the pairs of its text. One request for each;
/// once more does no harm.
///
/// # Errors
/// As [`enter`].
pub async fn withdraw(table: &Table, mark: Mark, grams: BTreeSet<Gram>) -> Result<()> {
    write(table, mark, grams, |marks| marks.discard("marks", mark)).await
}

async fn write(
    table: &Table,
    mark: Mark,
    grams: BTreeSet<Gram>,
    change: impl Fn(Change) -> Change,
) -> Result<()> {
    stream::iter(grams)
        .map(|gram| table.update(row_key(gram, mark.ordinal()), change(Change::new())))
        .buffer_unordered(AT_ONCE)
        .try_for_each(async |_| Ok(()))
        .await
}

/// The wordings that may have all of the words, and how many requests that took: 3 at the most, while the
/// pairs that begin with one character take less than a megabyte.
///
/// # Errors
/// As [`enter`].
pub async fn candidates(table: &Table, words: &Words) -> Result<(BTreeSet<Mark>, usize)> {
    // A keyword has 49 pairs at the most; the more of them are asked for, the fewer are found in vain.
    let most = MOST_ROWS / SHARDS as usize;
    let grams: Vec<Gram> = words.grams().into_iter().take(most).collect();
    let keys = |gram: &Gram| (0..SHARDS).map(|shard| row_key(*gram, shard)).collect();
    let keys: Vec<Vec<Key>> = grams.iter().map(keys).collect();
    let singles: Vec<char> = words.singles().into_iter().take(MOST_SINGLES).collect();
    let requests = usize::from(!grams.is_empty()) + singles.len();

    let all_keys = keys.concat();
    let pairs = table.batch_get(&all_keys);
    let begun = try_join_all(singles.into_iter().map(|single| async move {
        let rows = table
            .query("pk = :first")
            .value(":first", s(partition(single)));
        rows.eventual().all().await
    }));
    let (mut pairs, begun) = try_join(pairs, begun).await?;
    let mut postings = Vec::with_capacity(requests);
    for keys in &keys {
        let rows = keys.iter().filter_map(|key| pairs.remove(key)).collect();
        postings.push(marks(rows)?);
    }
    for rows in begun {
        postings.push(marks(rows)?);
    }
    Ok((intersection(postings), requests))
}

fn marks(rows: Vec<Item>) -> Result<BTreeSet<Mark>> {
    let mut all = BTreeSet::new();
    for row in rows {
        all.extend(decode::<Row>(row)?.marks);
    }
    Ok(all)
}

/// What all of them have; the rarest is gone through.
pub(crate) fn intersection(mut postings: Vec<BTreeSet<Mark>>) -> BTreeSet<Mark> {
    postings.sort_by_key(BTreeSet::len);
    let mut postings = postings.into_iter();
    let mut common = postings.next().unwrap_or_default();
    let others: Vec<BTreeSet<Mark>> = postings.collect();
    common.retain(|mark| others.iter().all(|marks| marks.contains(mark)));
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_an_item_and_a_wording() {
        let mark = Mark::new(20_000, 3);
        assert_eq!(mark.ordinal(), 20_000);
        assert_ne!(mark, Mark::new(20_000, 4));
        assert_ne!(mark, Mark::new(20_001, 3));
        assert_eq!(mark, Mark::new(20_000, 1_003));
        assert_eq!(Mark::new(u32::MAX, 999).ordinal(), u32::MAX);
    }
}
