//! Messages, as they are asked for and shown.

use enishi_shared::{
    App, Result, UserId,
    conversation::{self, Message, NewMessage},
    throttle::{self, Limit},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    chat,
    pair::PairId,
    profile::{check_exists, profile_key},
};

/// The longest message, in characters.
const LONGEST: usize = 4_000;
/// How much one person may write, into all chats together.
const BY_ONE_PERSON: Limit = Limit::new("MESSAGE_RATE", 60, 60);

/// A message of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatMessage {
    /// The message.
    #[schema(value_type = String, format = "uuid", example = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071")]
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
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:00:00Z")]
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

impl From<Message<PairId>> for Sent {
    fn from(message: Message<PairId>) -> Self {
        Self {
            message: ChatMessage {
                message_id: message.message_id,
                seq: message.seq,
                sender_id: message.sender_id,
                content: message.text,
                sent_at: message.sent_at,
            },
            client_msg_id: message.client_msg_id,
        }
    }
}

/// A message's text, for `#[garde(custom(…))]`: as [`conversation::is_text`] says, 1–4,000 characters.
///
/// # Errors
/// Says that it is none.
pub fn content<C>(value: &str, _: &C) -> garde::Result {
    match conversation::is_text(value, LONGEST) {
        true => Ok(()),
        false => Err(garde::Error::new("not 1 to 4,000 characters of text")),
    }
}

/// Sends a message, as [`Chats::send`](chat::Chats::send) says, with one request before it, which counts
/// it. `text` and `client_msg_id` are as [`content`] and [`conversation::client_msg_id`] want them.
///
/// # Errors
/// As [`chat::enter`]; `too_many_requests`; `conflict` when `client_msg_id` was used for another message.
pub async fn send(
    app: &App,
    sender_id: UserId,
    chat_id: PairId,
    text: &str,
    client_msg_id: &str,
) -> Result<Sent> {
    chat_id.other(sender_id, "chat")?;
    let chats = chat::chats(app)?;
    let sender = sender_id.to_string();
    throttle::count(app, chats.table(), "message", &sender, &BY_ONE_PERSON).await?;
    let new = NewMessage {
        conversation_id: chat_id,
        sender_id,
        text,
        client_msg_id,
    };
    let message = chats
        .send(new, &[profile_key(sender_id)], |items, tx| {
            chat::admit(items, sender_id)?;
            check_exists(tx, chats.table(), sender_id);
            Ok(())
        })
        .await?;
    Ok(message.into())
}
