//! Somebody's lists, in a table's index `listing` (keys `listing_key` / `listing_order`): the latest
//! first, a page at a time.

use axum::http::{HeaderMap, Uri};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    error::Error,
    page::{PageQuery, next_link},
    store::{Item, Table, n, s},
};

/// The index's name.
pub const INDEX: &str = "listing";

/// A page of a list.
pub struct Listing<T> {
    /// The rows, as far as the index has them.
    pub rows: Vec<T>,
    /// `Link` to the next page, if there is one.
    pub next: HeaderMap,
}

/// A page of `list` (the index's partition), whose rows all lie in one partition of the table,
/// `pk`. One request.
///
/// # Errors
/// `invalid_parameter` on `cursor` when it is none of ours; `service_unavailable` when DynamoDB
/// does not answer.
pub async fn page<T: DeserializeOwned, const MOST: i32>(
    table: &Table,
    pk: &str,
    list: &str,
    query: &PageQuery<MOST>,
    uri: &Uri,
) -> Result<Listing<T>, Error> {
    let after: Option<Position> = query.after()?.as_deref().map(Position::read).transpose()?;
    let page = table
        .query("listing_key = :list")
        .index(INDEX)
        .value(":list", s(list))
        .descending()
        .limit(query.limit())
        .after(after.map(|position| position.key(pk, list)))
        .page::<Row<T>>()
        .await?;
    let last = page.next.and(page.items.last());
    let cursor = last.map(|last| last.position.cursor());
    Ok(Listing {
        next: next_link(uri, query.limit(), cursor.as_deref()),
        rows: page.items.into_iter().map(|row| row.row).collect(),
    })
}

/// What the index has of an item.
#[derive(Deserialize)]
struct Row<T> {
    #[serde(flatten)]
    position: Position,
    #[serde(flatten)]
    row: T,
}

/// Where a row stands: what the index orders by, and its sort key, which tells rows of the same
/// millisecond apart. As text, the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Position {
    listing_order: i64,
    sk: String,
}

impl Position {
    fn cursor(&self) -> String {
        format!("{} {}", self.listing_order, self.sk)
    }

    fn read(cursor: &str) -> Result<Self, Error> {
        let parts = cursor.split_once(' ').filter(|(_, sk)| !sk.is_empty());
        parts
            .and_then(|(order, sk)| {
                Some(Self {
                    listing_order: order.parse().ok()?,
                    sk: sk.to_owned(),
                })
            })
            .ok_or_else(|| Error::invalid("cursor", "cursor is not one of ours"))
    }

    /// The whole key in the index. The list it is in is always the caller's to say.
    fn key(self, pk: &str, list: &str) -> Item {
        Item::from([
            ("listing_key".to_owned(), s(list)),
            ("listing_order".to_owned(), n(self.listing_order)),
            ("pk".to_owned(), s(pk)),
            ("sk".to_owned(), s(self.sk)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_place_is_its_cursor(listing_order: i64, sk in "\\PC{1,60}") {
            let position = Position { listing_order, sk };
            prop_assert_eq!(Position::read(&position.cursor()).unwrap(), position);
        }

        #[test]
        fn a_place_is_never_in_the_list_of_somebody_else(cursor in "-?[0-9]{0,20} ?\\PC{0,60}") {
            if let Ok(position) = Position::read(&cursor) {
                let key = position.key("USER#me", "CHATS#me");
                prop_assert_eq!(&key["listing_key"], &s("CHATS#me"));
                prop_assert_eq!(&key["pk"], &s("USER#me"));
            }
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for wrong in [
            "",
            " ",
            "1",
            "1 ",
            "x CHAT#1",
            " CHAT#1",
            "1.5 CHAT#1",
            "9223372036854775808 CHAT#1",
        ] {
            assert!(Position::read(wrong).is_err(), "{wrong:?}");
        }
    }
}
