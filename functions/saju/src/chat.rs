//! A chat as it lies in the table: its one sequence, who has read how far, and who stops it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use enishi_shared::{
    Error, Result, UserId,
    store::{Item, Key, Table, Transaction, decode},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    pair::PairId,
    profile::{partition, profile_key},
};

/// How many characters of the last message a list of chats shows.
pub const PREVIEW: usize = 200;

/// The chat of a match.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chat {
    /// The pair's id.
    pub chat_id: PairId,
    /// The number of the last message; 0 before the first.
    pub last_seq: u64,
    /// How the last message begins: its first [`PREVIEW`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<String>,
    /// Up to which message each of the two has read: user id to seq.
    pub read: BTreeMap<String, u64>,
    /// Who has blocked the other: user ids; nobody can write while there is one.
    #[serde(
        default,
        skip_serializing_if = "BTreeSet::is_empty",
        with = "serde_dynamo::string_set"
    )]
    pub blocked_by: BTreeSet<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Chat {
    /// Messages after the last one that somebody has read: last − last read, never negative.
    pub fn unread_count(&self, user_id: UserId) -> u64 {
        self.last_seq.saturating_sub(self.read_by(user_id))
    }

    /// Up to which message somebody has read; 0 before the first.
    pub fn read_by(&self, user_id: UserId) -> u64 {
        self.read.get(&user_id.to_string()).copied().unwrap_or(0)
    }

    /// Whether one of the two has blocked the other: then the chat is hidden from both.
    pub fn is_blocked(&self) -> bool {
        !self.blocked_by.is_empty()
    }
}

/// What every use of a chat begins with: `me` is one of the two, has an account, and the chat is
/// there for them. Answers the chat, and the items under `also`. One request.
///
/// # Errors
/// `not_found` for a stranger, before the request was accepted and while there is a block;
/// `access_token_invalid` when `me` has no profile.
pub async fn enter(
    table: &Table,
    me: UserId,
    chat_id: PairId,
    also: &[Key],
) -> Result<(Chat, HashMap<Key, Item>)> {
    chat_id.other(me, "chat")?;
    let (chat, profile) = (chat_key(chat_id), profile_key(me));
    let keys = [&[chat.clone(), profile.clone()], also].concat();
    let mut items = table.batch_get(&keys).await?;
    if !items.contains_key(&profile) {
        return Err(Error::token_invalid());
    }
    let chat = items.remove(&chat).map(decode::<Chat>).transpose()?;
    match chat.filter(|chat| !chat.is_blocked()) {
        Some(chat) => Ok((chat, items)),
        None => Err(Error::not_found("chat")),
    }
}

/// That somebody is in a chat: what puts it into their list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Membership {
    /// The chat.
    pub chat_id: PairId,
    /// `CHATS#<user_id>` in the index `listing`.
    pub listing_key: String,
    /// Milliseconds of the last message, or of the chat's beginning: latest first in the list.
    pub listing_order: i64,
}

/// Where a chat lies.
pub fn chat_key(chat_id: PairId) -> Key {
    Key::new(format!("CHAT#{chat_id}"), "CHAT")
}

/// Where somebody's membership lies.
pub fn membership_key(user_id: UserId, chat_id: PairId) -> Key {
    Key::new(partition(user_id), format!("CHAT#{chat_id}"))
}

/// The partition of the index in which somebody's chats stand.
pub fn listing(user_id: UserId) -> String {
    format!("CHATS#{user_id}")
}

/// Begins a chat, in the transaction that accepts the request.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn begin(tx: &mut Transaction, table: &Table, chat_id: PairId) -> Result<()> {
    let created_at = tx.app().now();
    let chat = Chat {
        chat_id,
        last_seq: 0,
        last_message: None,
        read: chat_id.both().map(|id| (id.to_string(), 0)).into(),
        blocked_by: BTreeSet::new(),
        created_at,
    };
    tx.create(table, chat_key(chat_id), &chat)?;
    for user_id in chat_id.both() {
        let membership = Membership {
            chat_id,
            listing_key: listing(user_id),
            listing_order: created_at.as_millisecond(),
        };
        tx.create(table, membership_key(user_id, chat_id), &membership)?;
    }
    Ok(())
}
