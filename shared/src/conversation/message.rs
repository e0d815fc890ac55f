//! Messages: what one is, and how it is sent.
//!
//! A message takes the next number of its conversation's one sequence, in one transaction with the
//! conversation's `last_seq`: so the numbers have no gap, whoever types at once. The client's own id
//! for it is stored in the same transaction: so a message that is sent again is not stored again.
//! Sending pushes nothing; [`deliver`](super::deliver()) takes every message from the table's stream.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Conversation, Conversations, Expiry, Id, PREVIEW, ending};
use crate::{
    error::Error,
    seal::sha256,
    store::{Change, Item, Key, Outcome, Path, Race, Transaction, decode, when},
    user_id::UserId,
    validate,
};

/// The sort keys of messages start with this; `template.yaml` filters streams by it.
pub(super) const MESSAGES: &str = "MESSAGE#";
/// … and those of clients' own ids with this.
pub(super) const FIRST_USES: &str = "CLIENT#";
/// The longest id a client gives its message, in characters.
const LONGEST_CLIENT_ID: usize = 64;

/// A message as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message<I> {
    /// The conversation it is in.
    #[serde(rename = "chat_id")]
    pub conversation_id: I,
    /// The message.
    pub message_id: Uuid,
    /// Its number in the conversation: 1, 2, 3 and so on without a gap.
    pub seq: u64,
    /// Who wrote it.
    pub sender_id: UserId,
    /// What they wrote.
    #[serde(rename = "content")]
    pub text: String,
    /// When it was taken.
    pub sent_at: Timestamp,
    /// The sender's own id for it.
    pub client_msg_id: String,
}

/// A message to send.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a, I> {
    /// Where.
    pub conversation_id: I,
    /// Who sends it.
    pub sender_id: UserId,
    /// What they write.
    pub text: &'a str,
    /// Their own id for it, another one for each message.
    pub client_msg_id: &'a str,
}

/// What a client's own id was used for.
#[derive(Serialize, Deserialize)]
struct FirstUse {
    seq: u64,
    message_id: Uuid,
    sent_at: Timestamp,
    /// SHA-256 of the text.
    #[serde(with = "crate::store::bytes")]
    digest: Vec<u8>,
}

/// Whether a text can be a message of at most `longest` characters: not blank, no control characters but
/// line feeds.
pub fn is_text(value: &str, longest: usize) -> bool {
    let control = |char: char| char.is_control() && char != '\n';
    !validate::is_blank(value) && value.chars().count() <= longest && !value.chars().any(control)
}

/// A client's own id for a message, for `#[garde(custom(…))]`: 1–64 visible characters.
///
/// # Errors
/// Says that it is none.
pub fn client_msg_id<C>(value: &str, _: &C) -> garde::Result {
    let hidden = |char: char| char.is_control() || char.is_whitespace();
    if value.is_empty() || value.chars().count() > LONGEST_CLIENT_ID || value.chars().any(hidden) {
        return Err(garde::Error::new("not 1 to 64 visible characters"));
    }
    Ok(())
}

impl<I: Id> Conversations<I> {
    /// Begins a conversation with a message of one of its members, as part of a transaction; whatever
    /// makes that safe to repeat makes the message so.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be stored.
    pub fn begin_with(
        &self,
        tx: &mut Transaction,
        members: &[UserId],
        expiry: Expiry,
        first: NewMessage<'_, I>,
    ) -> Result<(), Error> {
        let (id, sent_at) = (first.conversation_id, self.app.now());
        let mut conversation = Conversation::new(id, members, expiry, sent_at);
        conversation.last_seq = 1;
        conversation.last_message = Some(preview(first.text));
        conversation.last_message_at = Some(sent_at);
        conversation.read.insert(first.sender_id, 1);
        self.create(tx, &conversation)?;
        let message = Message {
            conversation_id: id,
            message_id: self.app.new_id(),
            seq: 1,
            sender_id: first.sender_id,
            text: first.text.to_owned(),
            sent_at,
            client_msg_id: first.client_msg_id.to_owned(),
        };
        tx.create(&self.table, message_key(self.partition(id), 1), &message)?;
        Ok(())
    }

    /// Sends a message, and marks the conversation as read up to it for its sender. The same
    /// `client_msg_id` with the same text answers the first message again, however often and however
    /// simultaneously.
    ///
    /// `admit` is the service's own condition. At each attempt it gets the items under `also`, and refuses
    /// the sender or adds what the answer rests on to the transaction; when that does not hold any more at
    /// the commit, they are read again and it is asked again.
    ///
    /// 2 requests; 1 more for each message of the conversation that is committed at the same moment,
    /// and 2 more when another member has been erased.
    ///
    /// # Errors
    /// Those of `admit`; `not_found` for a stranger, while it is closed and after it has ended;
    /// `conflict` when `client_msg_id` was used for another message.
    pub async fn send(
        &self,
        new: NewMessage<'_, I>,
        also: &[Key],
        admit: impl Fn(&HashMap<Key, Item>, &mut Transaction) -> Result<(), Error>,
    ) -> Result<Message<I>, Error> {
        let id = new.conversation_id;
        let first_use = first_use_key(self.partition(id), new.sender_id, new.client_msg_id);
        let also = [std::slice::from_ref(&first_use), also].concat();
        let digest = sha256(new.text.as_bytes()).to_vec();
        let message_id = self.app.new_id();
        let mut erased = BTreeSet::new();
        let mut race = Race::new(&self.app);
        let (mut found, mut items) = self.enter(new.sender_id, id, &also).await?;
        loop {
            let mut tx = Transaction::new(&self.app);
            admit(&items, &mut tx)?;
            let conversation = found.ok_or_else(|| self.not_found())?;
            let mut message = Message {
                conversation_id: id,
                message_id,
                seq: conversation.last_seq + 1,
                sender_id: new.sender_id,
                text: new.text.to_owned(),
                sent_at: self.app.now(),
                client_msg_id: new.client_msg_id.to_owned(),
            };
            if let Some(first) = items.remove(&first_use) {
                let first = decode::<FirstUse>(first)?;
                if first.digest != digest {
                    return Err(Error::conflict(
                        "client_msg_id was used for another message",
                    ));
                }
                message.message_id = first.message_id;
                message.seq = first.seq;
                message.sent_at = first.sent_at;
                return Ok(message);
            }
            let use_now = FirstUse {
                seq: message.seq,
                message_id,
                sent_at: message.sent_at,
                digest: digest.clone(),
            };
            let next = tx.update(&self.table, self.key(id), next_in(&conversation, &message));
            tx.create(&self.table, first_use.clone(), &use_now)?;
            let place = message_key(self.partition(id), message.seq);
            let place = tx.create(&self.table, place, &message)?;
            let lists: Vec<_> = conversation
                .members()
                .filter(|member| !erased.contains(member))
                .map(|member| (member, self.lift(&mut tx, member, id, message.sent_at)))
                .collect();
            let refused = match tx.commit().await? {
                Outcome::Done => return Ok(message),
                Outcome::Refused(refused) => refused,
            };
            race.lost().await?;
            // Another message was faster: the conversation as it is now came with the refusal.
            if refused.is(next) && refused.only(&[next, place.of()]) {
                let newer = refused.item::<Conversation<I>>(next.of())?;
                found = newer.filter(|newer| self.has(newer, new.sender_id));
                continue;
            }
            // Somebody erased has no list any more, and must not get one. Whatever else was in the
            // way, the next reading shows it.
            let gone = lists.into_iter().filter(|(_, list)| refused.is(*list));
            erased.extend(gone.map(|(member, _)| member));
            (found, items) = self.enter(new.sender_id, id, &also).await?;
        }
    }
}

/// Where a message lies in its conversation's partition: in the order of the sequence.
pub(super) fn message_key(pk: String, seq: u64) -> Key {
    Key::new(pk, format!("{MESSAGES}{seq:012}"))
}

/// How a message begins.
fn preview(text: &str) -> String {
    text.chars().take(PREVIEW).collect()
}

fn first_use_key(pk: String, sender: UserId, client_msg_id: &str) -> Key {
    Key::new(pk, format!("{FIRST_USES}{sender}#{client_msg_id}"))
}

/// The conversation with one more message, if nobody sent one, closed it or moved its end meanwhile.
fn next_in<I>(conversation: &Conversation<I>, message: &Message<I>) -> Change {
    let change = Change::new()
        .set("last_seq", message.seq)
        .set("last_message", preview(&message.text))
        .set("last_message_at", message.sent_at)
        .set(Path::new("read").field(message.sender_id), message.seq)
        .when(
            when()
                .eq("last_seq", conversation.last_seq)
                .absent("blocked_by")
                .same("expires_at", conversation.expires_at)
                .same("idle", conversation.idle),
        );
    match conversation.idle {
        Some(idle) => {
            let end = message.sent_at + SignedDuration::from_secs(idle);
            ending(change, end)
        }
        None => change,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_has_characters_that_are_seen() {
        let longest = "긴".repeat(9);
        for right in ["a", " a ", "두\n줄", "🍀", &longest] {
            assert!(is_text(right, 9), "{right}");
        }
        let too_long = "a".repeat(10);
        for wrong in [
            "", " ", "\n\n", "\u{3000}", "a\tb", "a\r\nb", "\0", &too_long,
        ] {
            assert!(!is_text(wrong, 9), "{wrong:?}");
        }
    }

    #[test]
    fn a_clients_id_is_short_and_visible() {
        let longest = "가".repeat(LONGEST_CLIENT_ID);
        for right in ["1", "a#b", "7d4f2c1a-…", &longest] {
            assert!(client_msg_id(right, &()).is_ok(), "{right}");
        }
        let too_long = "a".repeat(LONGEST_CLIENT_ID + 1);
        for wrong in ["", " ", "a b", "a\n", "\u{7f}", &too_long] {
            assert!(client_msg_id(wrong, &()).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn messages_lie_in_the_order_of_the_sequence(one in 0..1_000_000_000_000_u64, other in 0..1_000_000_000_000_u64) {
            let [a, b] = [one, other].map(|seq| message_key("CHAT#7".into(), seq));
            prop_assert_eq!(a.sk.cmp(&b.sk), one.cmp(&other));
        }

        #[test]
        fn no_client_id_can_be_taken_for_another(
            one in "[\\PC&&[^\\s]]{1,8}", other in "[\\PC&&[^\\s]]{1,8}", who: [u8; 16], whom: [u8; 16],
        ) {
            let [who, whom] = [who, whom].map(UserId::from_bytes);
            let a = first_use_key("CHAT#7".into(), who, &one);
            let b = first_use_key("CHAT#7".into(), whom, &other);
            prop_assert_eq!(a == b, who == whom && one == other);
        }
    }
}
