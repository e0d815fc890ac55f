//! The chat of a match: a conversation of two who have profiles.

use std::collections::HashMap;

use enishi_shared::{
    App, Result, UserId,
    conversation::{Conversation, Conversations, Expiry, Layout},
    store::{Item, Key, Table, Transaction},
};

use crate::{
    pair::PairId,
    profile::{self, partition, profile_key, profile_missing},
};

/// The chat of a match.
pub type Chat = Conversation<PairId>;
/// All chats.
pub type Chats = Conversations<PairId>;

/// The sort key of a chat; `template.yaml` filters the stream by it.
pub const CHAT: &str = "CHAT";

/// Where chats lie.
const LAYOUT: Layout = Layout {
    name: CHAT,
    list: "CHATS",
    member: partition,
    noun: "chat",
};

/// All chats.
///
/// # Errors
/// `internal_server_error` when the table is not configured.
pub fn chats(app: &App) -> Result<Chats> {
    Ok(Chats::new(app, profile::table(app)?, &LAYOUT))
}

/// Begins a chat, in the transaction that accepts the request.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn begin(tx: &mut Transaction, table: &Table, chat_id: PairId) -> Result<()> {
    let chats = Chats::new(tx.app(), table.clone(), &LAYOUT);
    chats.begin(tx, chat_id, &chat_id.both(), Expiry::Never)
}

/// What every use of a chat begins with: `me` is one of the two, has an account, and the chat is
/// there for them. One request.
///
/// # Errors
/// `not_found` for a stranger, before the request was accepted and while there is a block;
/// `profile_missing` when `me` has no profile.
pub async fn enter(chats: &Chats, me: UserId, chat_id: PairId) -> Result<Chat> {
    chat_id.other(me, "chat")?;
    let (chat, items) = chats.enter(me, chat_id, &[profile_key(me)]).await?;
    admit(&items, me)?;
    chat.ok_or_else(|| chats.not_found())
}

/// That `me` has a profile among the items that were read.
///
/// # Errors
/// `profile_missing` when there is none.
pub fn admit(items: &HashMap<Key, Item>, me: UserId) -> Result<()> {
    match items.contains_key(&profile_key(me)) {
        true => Ok(()),
        false => Err(profile_missing()),
    }
}
