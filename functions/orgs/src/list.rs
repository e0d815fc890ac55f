//! Lists of a partition: whole up to a hundred, and beyond that a page at a time. A cursor bears the mark of its
//! list, so one of another list, or of another organisation's, is refused. It is no secret: the partition is
//! always the caller's.

use axum::http::{HeaderMap, Uri};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{
    Error, Result,
    page::{self, next_link},
    seal::sha256,
    store::{Key, Query, Table, s},
};
use serde::de::DeserializeOwned;

/// `?limit=&cursor=`: a hundred unless told.
pub type PageQuery = page::PageQuery<100, 100>;

/// A list: the items of a partition whose sort keys begin with something.
pub struct List {
    /// The partition.
    pub pk: String,
    /// What the sort keys begin with.
    pub prefix: &'static str,
}

impl List {
    /// A page of it, with the `Link` to the next one if there is one; where `descending`, from its end. One
    /// request.
    ///
    /// # Errors
    /// `invalid_parameter` on `cursor` when it is none of this list; `service_unavailable` when DynamoDB does
    /// not answer.
    pub async fn page<T: DeserializeOwned>(
        &self,
        table: &Table,
        descending: bool,
        query: &PageQuery,
        uri: &Uri,
    ) -> Result<(HeaderMap, Vec<T>)> {
        let after = query.after()?.as_deref().map(|it| self.read(it));
        let after = after.transpose()?.map(|sk| Key::new(&*self.pk, sk));
        let items = self.query(table);
        let items = match descending {
            true => items.descending(),
            false => items,
        };
        let page = items
            .limit(query.limit())
            .after(after.map(|key| key.attributes()))
            .page()
            .await?;
        let next = page.next.as_ref().and_then(Key::of);
        let cursor = next.map(|key| self.mark() + &key.sk);
        let link = next_link(uri, query.limit(), cursor.as_deref());
        Ok((link, page.items))
    }

    /// All of it, for what is done with each; one request a hundred.
    pub fn query(&self, table: &Table) -> Query {
        let items = match self.prefix {
            "" => table.query("pk = :pk"),
            prefix => table
                .query("pk = :pk AND begins_with(sk, :prefix)")
                .value(":prefix", s(prefix)),
        };
        items.value(":pk", s(&*self.pk))
    }

    /// Eight characters.
    fn mark(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&sha256(self.pk.as_bytes())[..6])
    }

    fn read(&self, cursor: &str) -> Result<String> {
        let sk = cursor.strip_prefix(&self.mark());
        sk.filter(|sk| !sk.is_empty() && sk.starts_with(self.prefix))
            .map(str::to_owned)
            .ok_or_else(|| Error::invalid("cursor", "cursor is not one of this list"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_in_its_own_list_alone() {
        let list = |pk: &str, prefix| List {
            pk: pk.to_owned(),
            prefix,
        };
        let own = list("ORG#1", "MEMBER#");
        let cursor = own.mark() + "MEMBER#7";
        assert_eq!(own.read(&cursor).ok().as_deref(), Some("MEMBER#7"));
        for other in [list("ORG#1", "PROJECT#"), list("ORG#2", "MEMBER#")] {
            assert!(other.read(&cursor).is_err());
        }
        for wrong in ["", "MEMBER#7", &own.mark()] {
            assert!(own.read(wrong).is_err(), "{wrong}");
        }
    }
}
