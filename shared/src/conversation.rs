//! Conversations: numbered messages between members, who each see them in a list of theirs.
//!
//! A service says in a [`Layout`] where its conversations lie in its own table, checks who may do
//! what, and shows messages under its own field names. Whatever it asks of a member beside being one
//! it reads along ([`Conversations::enter`]) and, for a message, holds to in the same transaction
//! ([`Conversations::send`]).
//!
//! | access pattern | key or index | requests |
//! |---|---|---|
//! | a conversation | `<name>#<id>` / `<name>` | 1 get |
//! | its messages | `<name>#<id>` / `MESSAGE#<seq>` | 1 query |
//! | was a message sent before | `<name>#<id>` / `CLIENT#<sender>#<client_msg_id>` | with the conversation |
//! | send a message | the three above, and the members' lists | 1 transaction |
//! | somebody's conversations, latest first | `listing`: `<list>#<user>` / time | 1 query |
//!
//! One that has ended counts as gone everywhere: nobody enters it, it is in no list, and whoever
//! delivers its messages finds nobody to send them to. It stands in the index `due` of a table that has
//! one (keys `due` / `due_at`), and a sweep removes what has ended ([`Conversations::erase_ended`]).

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Display,
    marker::PhantomData,
    str::FromStr,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    error::Error,
    store::{Change, Item, Key, Path, Table, Transaction, Written, decode, when},
    user_id::UserId,
};

mod deliver;
mod erase;
mod list;
mod message;
mod page;

pub use deliver::deliver;
pub use message::{Message, NewMessage, client_msg_id, is_text};
pub use page::{LAST_SEQ, Stretch};

/// How many characters of the last message a list shows.
pub const PREVIEW: usize = 200;

/// Where a service's conversations lie.
#[derive(Debug)]
pub struct Layout {
    /// What they are called in keys: `CHAT` lies under `CHAT#<id>` / `CHAT`.
    pub name: &'static str,
    /// What somebody's list is called in the index: `CHATS` for `CHATS#<user_id>`.
    pub list: &'static str,
    /// The partition of somebody's own items, where their list's rows lie.
    pub member: fn(UserId) -> String,
    /// What one is called where there is none.
    pub noun: &'static str,
}

/// What a service's conversations are known by.
pub trait Id: Copy + Display + Serialize + DeserializeOwned {}

impl<T: Copy + Display + Serialize + DeserializeOwned> Id for T {}

/// A service's conversations.
#[derive(Clone)]
pub struct Conversations<I> {
    app: App,
    table: Table,
    layout: &'static Layout,
    id: PhantomData<fn() -> I>,
}

/// A conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conversation<I> {
    /// Its id.
    #[serde(rename = "chat_id")]
    pub id: I,
    /// The number of the last message; 0 before the first.
    pub last_seq: u64,
    /// How the last message begins: its first [`PREVIEW`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<String>,
    /// When the last message was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message_at: Option<Timestamp>,
    /// Up to which message each member has read.
    read: BTreeMap<UserId, u64>,
    /// Who has closed it: while there is one, it is hidden from all members.
    #[serde(
        default,
        skip_serializing_if = "BTreeSet::is_empty",
        with = "serde_dynamo::string_set"
    )]
    blocked_by: BTreeSet<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// From when on it counts as gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// For how long after its last message it is there, in seconds, where each message moves
    /// `expires_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idle: Option<i64>,
    /// [`ENDING`], where it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    /// `expires_at` in whole seconds, not before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
}

/// Where conversations that end stand in the index `due` of a table that has one, by `due_at`.
pub const ENDING: &str = "CONVERSATION";

/// When a conversation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It does not.
    Never,
    /// From this time on it counts as gone.
    At(Timestamp),
    /// This long from now, and again from each message on.
    Idle(SignedDuration),
}

impl<I> Conversation<I> {
    /// One without a message yet.
    fn new(id: I, members: &[UserId], expiry: Expiry, now: Timestamp) -> Self {
        let (expires_at, idle) = expiry.stored(now);
        Self {
            id,
            last_seq: 0,
            last_message: None,
            last_message_at: None,
            read: members.iter().map(|member| (*member, 0)).collect(),
            blocked_by: BTreeSet::new(),
            created_at: now,
            expires_at,
            idle,
            due: expires_at.map(|_| ENDING.to_owned()),
            due_at: expires_at.map(due_at),
        }
    }

    /// Who takes part.
    pub fn members(&self) -> impl Iterator<Item = UserId> {
        self.read.keys().copied()
    }

    /// Up to which message somebody has read; 0 before the first.
    pub fn read_by(&self, user_id: UserId) -> u64 {
        self.read.get(&user_id).copied().unwrap_or(0)
    }

    /// Messages after the last one that somebody has read: last − last read, never negative.
    pub fn unread_count(&self, user_id: UserId) -> u64 {
        self.last_seq.saturating_sub(self.read_by(user_id))
    }

    /// Whether it is there for its members: nobody has closed it, and it has not ended.
    fn is_open(&self, now: Timestamp) -> bool {
        self.blocked_by.is_empty() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Closes a conversation for all its members, on behalf of one.
pub fn close(by: UserId) -> Change {
    Change::new()
        .insert("blocked_by", by)
        .when(when().exists("pk"))
}

/// Takes back what [`close`] did; it stays closed while somebody else has closed it too.
pub fn reopen(by: UserId) -> Change {
    Change::new()
        .discard("blocked_by", by)
        .when(when().exists("pk"))
}

/// Moves the end of a conversation.
pub fn expire(expiry: Expiry, now: Timestamp) -> Change {
    let change = Change::new().when(when().exists("pk"));
    let (end, idle) = expiry.stored(now);
    let change = match idle {
        Some(idle) => change.set("idle", idle),
        None => change.remove("idle"),
    };
    match end {
        Some(end) => ending(change, end).set("due", ENDING),
        None => change.remove("expires_at").remove("due").remove("due_at"),
    }
}

/// Moves the end to a time.
fn ending(change: Change, end: Timestamp) -> Change {
    change.set("expires_at", end).set("due_at", due_at(end))
}

/// The first whole second at which it has ended.
fn due_at(end: Timestamp) -> i64 {
    end.as_second() + i64::from(end.subsec_nanosecond() > 0)
}

impl Expiry {
    /// `expires_at` and `idle`.
    fn stored(self, now: Timestamp) -> (Option<Timestamp>, Option<i64>) {
        match self {
            Self::Never => (None, None),
            Self::At(end) => (Some(end), None),
            Self::Idle(idle) => (Some(now + idle), Some(idle.as_secs())),
        }
    }
}

impl<I: Id> Conversations<I> {
    /// Those that lie in a table.
    pub fn new(app: &App, table: Table, layout: &'static Layout) -> Self {
        Self {
            app: app.clone(),
            table,
            layout,
            id: PhantomData,
        }
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Where a conversation lies.
    pub fn key(&self, id: I) -> Key {
        Key::new(self.partition(id), self.layout.name)
    }

    fn partition(&self, id: I) -> String {
        format!("{}#{id}", self.layout.name)
    }

    /// The conversation whose partition this is.
    ///
    /// # Errors
    /// `internal_server_error` when it is that of none.
    pub fn id_of(&self, partition: &str) -> Result<I, Error>
    where
        I: FromStr,
    {
        let id = partition.split_once('#');
        let id = id.filter(|(name, _)| *name == self.layout.name);
        let id = id.and_then(|(_, id)| id.parse().ok());
        id.ok_or_else(|| Error::internal("a key is of no conversation"))
    }

    /// That there is no such conversation, or none for the caller.
    pub fn not_found(&self) -> Error {
        Error::not_found(self.layout.noun)
    }

    /// Begins a conversation, as part of a transaction.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be stored.
    pub fn begin(
        &self,
        tx: &mut Transaction,
        id: I,
        members: &[UserId],
        expiry: Expiry,
    ) -> Result<(), Error> {
        let conversation = Conversation::new(id, members, expiry, self.app.now());
        self.create(tx, &conversation)
    }

    /// Puts a new conversation into the table and its members' lists.
    fn create(&self, tx: &mut Transaction, conversation: &Conversation<I>) -> Result<(), Error> {
        let id = conversation.id;
        tx.create(&self.table, self.key(id), conversation)?;
        for member in conversation.members() {
            self.list(tx, member, id, conversation.created_at)?;
        }
        Ok(())
    }

    /// A conversation, unless it is closed or has ended, whoever asks. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer; so for all that reads.
    pub async fn get(&self, id: I) -> Result<Option<Conversation<I>>, Error> {
        let conversation = self.table.get::<Conversation<I>>(&self.key(id)).await?;
        Ok(conversation.filter(|conversation| conversation.is_open(self.app.now())))
    }

    /// A conversation as `me` finds it: none for a stranger, while it is closed and after it has
    /// ended. Answers the items under `also` with it. One request.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn enter(
        &self,
        me: UserId,
        id: I,
        also: &[Key],
    ) -> Result<(Option<Conversation<I>>, HashMap<Key, Item>), Error> {
        let keys = [&[self.key(id)], also].concat();
        let mut items = self.table.batch_get(&keys).await?;
        let conversation = self.take(&mut items, me, id)?;
        Ok((conversation, items))
    }

    /// A conversation as `me` finds it, out of items that were read.
    ///
    /// # Errors
    /// `internal_server_error` when the item is none.
    pub fn take(
        &self,
        items: &mut HashMap<Key, Item>,
        me: UserId,
        id: I,
    ) -> Result<Option<Conversation<I>>, Error> {
        let conversation = items.remove(&self.key(id)).map(decode).transpose()?;
        Ok(conversation.filter(|conversation| self.has(conversation, me)))
    }

    fn has(&self, conversation: &Conversation<I>, me: UserId) -> bool {
        conversation.read.contains_key(&me) && conversation.is_open(self.app.now())
    }

    /// Marks a conversation as read up to `seq`, never backwards, and answers it as it is then. One
    /// request, none where nothing changes.
    ///
    /// # Errors
    /// `invalid_parameter` on `seq` beyond the last message; `not_found` when it was closed
    /// meanwhile.
    pub async fn mark_read(
        &self,
        mut conversation: Conversation<I>,
        me: UserId,
        seq: u64,
    ) -> Result<Conversation<I>, Error> {
        if seq > conversation.last_seq {
            return Err(Error::invalid("seq", "seq is beyond the last message"));
        }
        if seq <= conversation.read_by(me) {
            return Ok(conversation);
        }
        let mine = Path::new("read").field(me);
        let further = Change::new()
            .set(mine.clone(), seq)
            .when(when().lt(mine, seq).absent("blocked_by"));
        match self
            .table
            .update(self.key(conversation.id), further)
            .await?
        {
            Written::Done => {
                conversation.read.insert(me, seq);
                Ok(conversation)
            }
            // Read further meanwhile, on another device; or closed.
            Written::Refused(found) => found
                .item()?
                .filter(|newer| self.has(newer, me))
                .ok_or_else(|| self.not_found()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::encode;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn conversation() -> Conversation<u8> {
        Conversation {
            id: 7,
            last_seq: 5,
            last_message: None,
            last_message_at: None,
            read: BTreeMap::from([(UserId::NOBODY, 2)]),
            blocked_by: BTreeSet::new(),
            created_at: NOW,
            expires_at: None,
            idle: None,
            due: None,
            due_at: None,
        }
    }

    #[test]
    fn what_is_not_read_comes_after_what_is() {
        let mut conversation = conversation();
        assert_eq!(conversation.unread_count(UserId::NOBODY), 3);
        conversation.last_seq = 1;
        assert_eq!(conversation.unread_count(UserId::NOBODY), 0);
    }

    #[test]
    fn a_conversation_is_stored_and_read_again() {
        let stored = encode(&Key::new("CHAT#7", "CHAT"), &conversation()).unwrap();
        assert!(!stored.contains_key("expires_at") && !stored.contains_key("blocked_by"));
        let nobody = UserId::NOBODY.to_string();
        assert!(stored["read"].as_m().unwrap().contains_key(&nobody));
        let read: Conversation<u8> = decode(stored).unwrap();
        assert_eq!(read.read, conversation().read);
    }

    #[test]
    fn a_conversation_is_there_until_it_ends_or_somebody_closes_it() {
        let mut conversation = conversation();
        assert!(conversation.is_open(Timestamp::MAX));
        conversation.expires_at = Some(NOW);
        assert!(conversation.is_open(NOW - SignedDuration::from_nanos(1)));
        assert!(!conversation.is_open(NOW));
        conversation.expires_at = None;
        conversation.blocked_by.insert(UserId::NOBODY.to_string());
        assert!(!conversation.is_open(NOW));
    }
}
