//! Documents: what the lists and the search say of an item just now. Only the index function writes them
//! ([`crate::index`]); a search reads them to see that what it has found really has the keyword.

use std::collections::HashMap;

use enishi_shared::{
    Result,
    store::{Condition, Key, Table, decode, when},
};
use serde::{Deserialize, Serialize};

use crate::{list::Filter, posting::Mark, preview::Preview, text::Words};

/// A text that an item is found by, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// Which of the item's texts.
    pub number: u32,
    /// It.
    pub text: String,
}

/// An item, as lists and search have it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Raised by each write.
    pub round: u32,
    /// How many texts it has had.
    pub wordings: u32,
    /// The text that it is found by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<Wording>,
    /// The one that it will be found by, once that is entered everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coming: Option<Wording>,
    /// Those that may still be entered somewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Wording>,
    /// What is shown of it, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
}

/// Where the document of an item lies.
pub fn key(ordinal: u32) -> Key {
    Key::new(format!("DOCUMENT#{ordinal}"), "DOCUMENT")
}

impl Document {
    /// The condition that nobody has written it since it was read.
    pub fn as_read(&self) -> Condition {
        match self.round {
            0 => when().absent("pk"),
            round => when().eq("round", round),
        }
    }

    /// The same on its way to another text; `None` where it has that, or is on the way there. Without a text
    /// it is found by nothing.
    pub fn reworded(&self, text: Option<&str>) -> Option<Self> {
        let is = |wording: &Option<Wording>| wording.as_ref().map(|it| &*it.text) == text;
        let ends_at = match &self.coming {
            None => &self.wording,
            coming => coming,
        };
        if is(ends_at) {
            return None;
        }
        let mut next = self.clone();
        next.past.extend(next.coming.take());
        match text {
            None => next.past.extend(next.wording.take()),
            Some(_) if is(&self.wording) => {}
            Some(text) => {
                next.wordings += 1;
                next.coming = Some(Wording {
                    number: next.wordings,
                    text: text.to_owned(),
                });
            }
        }
        next.round += 1;
        Some(next)
    }

    /// The same once its coming text is entered, showing this.
    pub fn shown(&self, preview: Option<Preview>) -> Self {
        let mut next = self.clone();
        if let Some(coming) = next.coming.take() {
            next.past.extend(next.wording.replace(coming));
        }
        next.preview = preview;
        next.round += 1;
        next
    }

    /// What a search for the words shows of it, if it does.
    pub fn answer(self, words: &Words, filter: &Filter) -> Option<Preview> {
        let wording = self.wording?;
        let preview = self.preview?;
        (words.are_in(&wording.text) && filter.admits(&preview)).then_some(preview)
    }
}

impl Wording {
    /// What an item of this number is marked by with it.
    pub fn mark(&self, ordinal: u32) -> Mark {
        Mark::new(ordinal, self.number)
    }
}

/// The documents of up to 100 items that there are. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn read(table: &Table, ordinals: &[u32]) -> Result<HashMap<u32, Document>> {
    let keys: Vec<Key> = ordinals.iter().map(|ordinal| key(*ordinal)).collect();
    let mut items = table.batch_get(&keys).await?;
    let pairs = ordinals.iter().zip(&keys);
    let found = pairs.filter_map(|(ordinal, key)| Some((*ordinal, items.remove(key)?)));
    found
        .map(|(ordinal, item)| Ok((ordinal, decode(item)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::preview::tests::{item, maker};

    proptest! {
        #[test]
        fn whatever_texts_come_the_last_one_is_found_and_all_others_are_told_of(
            steps in prop::collection::vec((prop::option::of("[ab]"), any::<bool>(), any::<bool>()), 1..20),
        ) {
            let mut document = Document::default();
            let mut entered = std::collections::BTreeSet::new();
            for (text, arrives, is_swept) in steps {
                let before = document.clone();
                if let Some(reworded) = document.reworded(text.as_deref()) {
                    prop_assert!(reworded.round > before.round);
                    document = reworded;
                }
                prop_assert!(document.reworded(text.as_deref()).is_none());
                let coming = document.coming.clone();
                if let Some(coming) = &coming {
                    // Numbers are not given twice.
                    prop_assert!(before.coming.as_ref() == Some(coming) || entered.insert(coming.number));
                }
                if arrives {
                    document = document.shown(Preview::of(&item(), &maker()));
                    let found = document.wording.as_ref().map(|wording| &*wording.text);
                    prop_assert_eq!(found, text.as_deref());
                    if is_swept {
                        for past in std::mem::take(&mut document.past) {
                            entered.remove(&past.number);
                        }
                        let left = document.wording.iter().map(|wording| wording.number);
                        prop_assert_eq!(entered.iter().copied().collect::<Vec<_>>(), left.collect::<Vec<_>>());
                    }
                }
            }
        }
    }
}
