//! Messages: what one is, and how it is sent.
//!
//! A message takes the next number of its chat's one sequence, in one transaction with the chat's
//! `last_seq`: so the numbers have no gap, whoever types at once. The client's own id for it is
//! stored in the same transaction: so a message that is sent again is not stored again. Sending
//! pushes nothing; `saju-deliver` takes every message from the table's stream.

use enishi_shared::{
    App, Error, Result, UserId,
    seal::sha256,
    store::{Change, Key, Outcome, Part, Path, Race, Table, Transaction, decode, when},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    chat::{self, Chat, PREVIEW, chat_key, membership_key},
    pair::PairId,
    profile,
};

/// The longest message, in characters.
pub const LONGEST: usize = 4_000;
/// The longest id a client gives its message, in characters.
const LONGEST_CLIENT_ID: usize = 64;
/// The sort keys of messages start with this; `template.yaml` filters the stream by it.
const PREFIX: &str = "MESSAGE#";

/// A message of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatMessage {
    /// The message.
    #[schema(value_type = String, example = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071")]
    pub message_id: Uuid,
    /// Its number in the chat: 1, 2, 3 and so on without a gap.
    #[schema(example = 7, minimum = 1)]
    pub seq: u64,
    /// Who wrote it.
    pub sender_id: UserId,
    /// The text.
    #[schema(example = "반가워요!")]
    pub content: String,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub sent_at: Timestamp,
}

/// A message that was taken, as its sender sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sent {
    /// The message; the caller wrote it.
    #[serde(flatten)]
    pub message: ChatMessage,
    /// As the request said.
    #[schema(example = "7d4f2c1a")]
    pub client_msg_id: String,
}

/// A message as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The chat it is in.
    pub chat_id: PairId,
    /// The rest.
    #[serde(flatten)]
    pub sent: Sent,
}

/// What a client's own id was used for.
#[derive(Serialize, Deserialize)]
struct FirstUse {
    seq: u64,
    message_id: Uuid,
    sent_at: Timestamp,
    /// SHA-256 of the text.
    #[serde(with = "enishi_shared::store::bytes")]
    digest: Vec<u8>,
}

/// Where a message lies: in the order of the sequence.
pub fn message_key(chat_id: PairId, seq: u64) -> Key {
    Key::new(chat_key(chat_id).pk, format!("{PREFIX}{seq:012}"))
}

fn first_use_key(chat_id: PairId, sender: UserId, client_msg_id: &str) -> Key {
    let sk = format!("CLIENT#{sender}#{client_msg_id}");
    Key::new(chat_key(chat_id).pk, sk)
}

/// A message's text, for `#[garde(custom(…))]`: 1–4,000 characters, not blank, no control
/// characters but line feeds.
///
/// # Errors
/// Says that it is none.
pub fn content<C>(value: &str, _: &C) -> garde::Result {
    let control = |char: char| char.is_control() && char != '\n';
    if value.trim().is_empty() || value.chars().count() > LONGEST || value.chars().any(control) {
        return Err(garde::Error::new("not 1 to 4,000 characters of text"));
    }
    Ok(())
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

/// Sends a message, and marks the chat as read up to it for its sender. The same `client_msg_id`
/// with the same text answers the first message again, however often and however simultaneously.
/// `text` and `client_msg_id` are as [`content`] and [`client_msg_id`] want them.
///
/// 2 requests; 2 more for each message of the chat that is committed at the same moment, and 2
/// more when the partner has closed their account.
///
/// # Errors
/// As [`chat::enter`]; `conflict` when `client_msg_id` was used for another message.
pub async fn send(
    app: &App,
    sender: UserId,
    chat_id: PairId,
    text: &str,
    client_msg_id: &str,
) -> Result<Sent> {
    let table = profile::table(app)?;
    let first_use = first_use_key(chat_id, sender, client_msg_id);
    let digest = sha256(text.as_bytes()).to_vec();
    let message_id = app.new_id();
    // In whose lists the chat goes up.
    let mut listed = chat_id.both().to_vec();
    let mut race = Race::new(app);
    loop {
        let also = [first_use.clone()];
        let (chat, mut items) = chat::enter(&table, sender, chat_id, &also).await?;
        let mut message = ChatMessage {
            message_id,
            seq: chat.last_seq + 1,
            sender_id: sender,
            content: text.to_owned(),
            sent_at: app.now(),
        };
        let client_msg_id = client_msg_id.to_owned();
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
            return Ok(Sent {
                message,
                client_msg_id,
            });
        }
        let (seq, sent_at) = (message.seq, message.sent_at);
        let use_now = FirstUse {
            seq,
            message_id,
            sent_at,
            digest: digest.clone(),
        };
        let mut tx = Transaction::new(app);
        profile::check_exists(&mut tx, &table, sender);
        tx.update(&table, chat_key(chat_id), next_in(&chat, &message));
        tx.create(&table, first_use.clone(), &use_now)?;
        let stored = Message {
            chat_id,
            sent: Sent {
                message,
                client_msg_id,
            },
        };
        tx.create(&table, message_key(chat_id, seq), &stored)?;
        let lists: Vec<_> = listed
            .iter()
            .map(|who| (*who, up(&mut tx, &table, *who, chat_id, sent_at)))
            .collect();
        let refused = match tx.commit().await? {
            Outcome::Done => return Ok(stored.sent),
            Outcome::Refused(refused) => refused,
        };
        // Somebody erased has no list any more, and must not get one. Whatever else was in the
        // way, the next reading shows it.
        listed = lists
            .into_iter()
            .filter(|(_, list)| !refused.is(*list))
            .map(|(who, _)| who)
            .collect();
        race.lost().await?;
    }
}

/// The chat with one more message, if nobody sent one meanwhile and nobody has blocked.
fn next_in(chat: &Chat, message: &ChatMessage) -> Change {
    let preview: String = message.content.chars().take(PREVIEW).collect();
    Change::new()
        .set("last_seq", message.seq)
        .set("last_message", preview)
        .set(Path::new("read").field(message.sender_id), message.seq)
        .when(when().eq("last_seq", chat.last_seq).absent("blocked_by"))
}

/// The chat as the latest in somebody's list; refused when they have none any more.
fn up(
    tx: &mut Transaction,
    table: &Table,
    user_id: UserId,
    chat_id: PairId,
    at: Timestamp,
) -> Part {
    let change = Change::new()
        .set("listing_order", at.as_millisecond())
        .when(when().exists("pk"));
    tx.update(table, membership_key(user_id, chat_id), change)
}

#[cfg(test)]
mod tests {
    use enishi_shared::UserId;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_has_characters_that_are_seen() {
        let longest = "긴".repeat(LONGEST);
        for right in ["a", " a ", "두\n줄", "🍀", &longest] {
            assert!(content(right, &()).is_ok(), "{right}");
        }
        let too_long = "a".repeat(LONGEST + 1);
        for wrong in [
            "", " ", "\n\n", "\u{3000}", "a\tb", "a\r\nb", "\0", &too_long,
        ] {
            assert!(content(wrong, &()).is_err(), "{wrong:?}");
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
            let chat_id = PairId::of(UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
            let [a, b] = [one, other].map(|seq| message_key(chat_id.unwrap(), seq));
            prop_assert_eq!(&a.pk, &b.pk);
            prop_assert_eq!(a.sk.cmp(&b.sk), one.cmp(&other));
        }

        #[test]
        fn no_client_id_can_be_taken_for_another(
            one in "[\\PC&&[^\\s]]{1,8}", other in "[\\PC&&[^\\s]]{1,8}", who: [u8; 16], whom: [u8; 16],
        ) {
            let chat_id = PairId::of(UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16])).unwrap();
            let [who, whom] = [who, whom].map(UserId::from_bytes);
            let a = first_use_key(chat_id, who, &one);
            let b = first_use_key(chat_id, whom, &other);
            prop_assert_eq!(a == b, who == whom && one == other);
        }
    }
}
