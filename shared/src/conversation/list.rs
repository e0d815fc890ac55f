//! Somebody's list of conversations.

use axum::http::Uri;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Conversations, Id};
use crate::{
    error::Error,
    listing::{self, Listing},
    page::PageQuery,
    store::{Change, Key, Part, Transaction, when},
    user_id::UserId,
};

/// That a conversation is in somebody's list.
#[derive(Serialize, Deserialize)]
struct Membership<I> {
    #[serde(rename = "chat_id")]
    id: I,
    /// The list, in the index.
    listing_key: String,
    /// Milliseconds of the last message, or of the conversation's beginning.
    listing_order: i64,
}

/// A membership, as the index has it.
#[derive(Deserialize)]
struct Row<I> {
    #[serde(rename = "chat_id")]
    id: I,
}

impl<I: Id> Conversations<I> {
    /// The conversations in somebody's list, the one with the latest message first; those that are
    /// closed or have ended too, which [`Self::take`] leaves out. One request.
    ///
    /// # Errors
    /// As [`listing::page`].
    pub async fn list_of<const MOST: i32>(
        &self,
        me: UserId,
        query: &PageQuery<MOST>,
        uri: &Uri,
    ) -> Result<Listing<I>, Error> {
        let (pk, list) = ((self.layout.member)(me), self.list_key(me));
        let Listing { rows, next } =
            listing::page::<Row<I>, MOST>(&self.table, &pk, &list, query, uri).await?;
        let rows = rows.into_iter().map(|row| row.id).collect();
        Ok(Listing { rows, next })
    }

    /// Whether a conversation is in somebody's list: not any more once they have been erased. One
    /// request.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn is_listed(&self, user_id: UserId, id: I) -> Result<bool, Error> {
        let key = self.membership_key(user_id, id);
        Ok(self.table.get::<Membership<I>>(&key).await?.is_some())
    }

    /// Puts a conversation into somebody's list.
    pub(super) fn list(
        &self,
        tx: &mut Transaction,
        user_id: UserId,
        id: I,
        at: Timestamp,
    ) -> Result<(), Error> {
        let membership = Membership {
            id,
            listing_key: self.list_key(user_id),
            listing_order: at.as_millisecond(),
        };
        tx.create(&self.table, self.membership_key(user_id, id), &membership)?;
        Ok(())
    }

    /// Makes a conversation the latest in somebody's list; refused when they have none any more.
    pub(super) fn lift(&self, tx: &mut Transaction, user_id: UserId, id: I, at: Timestamp) -> Part {
        let change = Change::new()
            .set("listing_order", at.as_millisecond())
            .when(when().exists("pk"));
        tx.update(&self.table, self.membership_key(user_id, id), change)
    }

    pub(super) fn membership_key(&self, user_id: UserId, id: I) -> Key {
        Key::new((self.layout.member)(user_id), self.partition(id))
    }

    fn list_key(&self, user_id: UserId) -> String {
        format!("{}#{user_id}", self.layout.list)
    }
}
