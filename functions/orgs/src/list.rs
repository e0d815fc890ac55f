//! Lists of what lies in one partition: whole up to 100, then by pages. A cursor says which list it is of,
//! and is good for no other.

use axum::http::{HeaderMap, Uri};
use enishi_shared::{
    Error, Result,
    page::{PageQuery, next_link},
    store::{Key, Table, s},
};
use serde::de::DeserializeOwned;

/// `?limit=&cursor=` of these lists.
pub type ListQuery = PageQuery<100, 100>;

/// A page of a list.
pub struct Listed<T> {
    /// What stands in it.
    pub rows: Vec<T>,
    /// `Link` to the next page, if there is one.
    pub next: HeaderMap,
}

/// A page of what lies at `pk` with sort keys that begin with `prefix`, in their order. One request.
///
/// # Errors
/// `invalid_parameter` on `cursor` when it is none of this list; `service_unavailable` when DynamoDB does
/// not answer.
pub async fn page<T: DeserializeOwned>(
    table: &Table,
    pk: &str,
    prefix: &str,
    query: &ListQuery,
    uri: &Uri,
) -> Result<Listed<T>> {
    let after = query.after()?.map(|cursor| read(&cursor, pk, prefix));
    let after = after.transpose()?.map(|sk| Key::new(pk, sk).attributes());
    let page = table
        .query("pk = :pk AND begins_with(sk, :prefix)")
        .value(":pk", s(pk))
        .value(":prefix", s(prefix))
        .limit(query.limit())
        .after(after)
        .page::<T>()
        .await?;
    let last = page.next.as_ref().and_then(Key::of);
    let cursor = last.map(|last| format!("{pk} {}", last.sk));
    Ok(Listed {
        rows: page.items,
        next: next_link(uri, query.limit(), cursor.as_deref()),
    })
}

/// The sort key in a cursor of this list.
fn read(cursor: &str, pk: &str, prefix: &str) -> Result<String> {
    let parts = cursor.split_once(' ');
    parts
        .filter(|(of, sk)| *of == pk && sk.starts_with(prefix))
        .map(|(_, sk)| sk.to_owned())
        .ok_or_else(|| Error::invalid("cursor", "cursor is not one of this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let cursor = "ORG#1 MEMBER#7";
        assert_eq!(
            read(cursor, "ORG#1", "MEMBER#").ok().as_deref(),
            Some("MEMBER#7")
        );
        for (pk, prefix) in [
            ("ORG#2", "MEMBER#"),
            ("ORG#1", "INVITATION#"),
            ("ORG#", "MEMBER#"),
        ] {
            assert!(read(cursor, pk, prefix).is_err(), "{pk} {prefix}");
        }
        for wrong in ["", " ", "ORG#1", "ORG#1 ", "MEMBER#7"] {
            assert!(read(wrong, "ORG#1", "MEMBER#").is_err(), "{wrong:?}");
        }
    }
}
