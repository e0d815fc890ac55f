//! All that follows from items, as the index function leaves it in the end: what benchmarks begin with, and
//! what tests hold the table to.

use std::collections::{BTreeMap, BTreeSet};

use enishi_shared::store::Key;
use serde::Serialize;

use crate::{
    document::{self, Document, Wording},
    facts::{self, Facts, Packed},
    item::Item,
    list::rows_of,
    maker::Maker,
    posting::{self, Mark},
    preview::{Preview, text},
    text::grams,
};

/// A row that follows.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Row {
    /// An item in a list.
    Listed(Preview),
    /// An item in the search.
    Document(Document),
    /// The facts of some items.
    Facts(BTreeMap<String, Packed>),
    /// The items that have a pair of characters.
    Posting {
        /// Them.
        #[serde(with = "serde_dynamo::number_set")]
        marks: BTreeSet<Mark>,
    },
}

/// What follows from items with their makers, each in its first wording.
pub fn rows<'a>(items: impl IntoIterator<Item = (&'a Item, &'a Maker)>) -> Vec<(Key, Row)> {
    let mut rows = Vec::new();
    let mut all_facts: BTreeMap<String, (Key, BTreeMap<String, Packed>)> = BTreeMap::new();
    let mut postings: BTreeMap<(String, String), BTreeSet<Mark>> = BTreeMap::new();
    for (item, maker) in items {
        let wording = Wording {
            number: 1,
            text: text(item, maker),
        };
        for gram in grams(&wording.text) {
            let key = posting::row_key(gram, item.ordinal);
            let marks = postings.entry((key.pk, key.sk)).or_default();
            marks.insert(wording.mark(item.ordinal));
        }
        let preview = Preview::of(item, maker);
        if let Some(preview) = &preview {
            let key = facts::row_key(item.ordinal);
            let (_, row) = all_facts
                .entry(key.sk.clone())
                .or_insert_with(|| (key, BTreeMap::new()));
            let facts = Facts::of(preview, wording.number);
            row.insert(item.ordinal.to_string(), facts.pack());
            let keys = rows_of(preview).into_iter();
            rows.extend(keys.map(|key| (key, Row::Listed(preview.clone()))));
        }
        let document = Document {
            round: 2,
            wordings: 1,
            wording: Some(wording),
            coming: None,
            past: Vec::new(),
            preview,
        };
        rows.push((document::key(item.ordinal), Row::Document(document)));
    }
    let all_facts = all_facts.into_values();
    rows.extend(all_facts.map(|(key, facts)| (key, Row::Facts(facts))));
    let postings = postings.into_iter();
    rows.extend(postings.map(|((pk, sk), marks)| (Key { pk, sk }, Row::Posting { marks })));
    rows
}
