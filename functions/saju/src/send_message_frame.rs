//! WebSocket `sendMessage`: `{action, chat_id, content, client_msg_id}`.
//!
//! Answers `{type: "ack", …}` to the connection that sent it; `saju-deliver` brings the message to
//! every connection of both, that one included. A message whose `ack` did not come is sent again
//! with the same `client_msg_id`, here or over HTTP: there will be one.

use enishi_shared::{
    App, Function, Result, conversation,
    live::{Caller, on_frame},
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    message::{self, Sent},
    pair::PairId,
};

/// `saju-send-message-frame`
///
/// Budget: the connection, and as `saju-send-message`.
pub const FUNCTION: Function = Function::event("saju-send-message-frame", |app, event| {
    on_frame(app, event, send_message)
})
.budget(4);

/// What to say, and where; the rest is as over HTTP.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SendMessageFrame)]
pub struct SendMessage {
    /// The chat.
    #[garde(skip)]
    pub chat_id: PairId,
    /// The text: not blank, no control characters but line feeds.
    #[garde(custom(message::content))]
    #[schema(
        min_length = 1,
        max_length = 4000,
        pattern = r"\S",
        example = "반가워요!"
    )]
    pub content: String,
    /// The client's own id for the message: visible characters, another one for each message.
    #[garde(custom(conversation::client_msg_id))]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^\S+$",
        example = "7d4f2c1a"
    )]
    pub client_msg_id: String,
}

/// That the message is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ack {
    /// `ack`.
    pub r#type: &'static str,
    /// The chat.
    pub chat_id: PairId,
    /// As the client said.
    #[schema(example = "7d4f2c1a")]
    pub client_msg_id: String,
    /// The message.
    #[schema(value_type = String, format = "uuid", example = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071")]
    pub message_id: Uuid,
    /// Its number in the chat.
    #[schema(example = 7, minimum = 1)]
    pub seq: u64,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:00:00Z")]
    pub sent_at: Timestamp,
}

async fn send_message(app: App, caller: Caller, frame: SendMessage) -> Result<Ack> {
    let SendMessage {
        chat_id,
        content,
        client_msg_id,
    } = frame;
    let Sent { message, .. } =
        message::send(&app, caller.user_id, chat_id, &content, &client_msg_id).await?;
    Ok(Ack {
        r#type: "ack",
        chat_id,
        client_msg_id,
        message_id: message.message_id,
        seq: message.seq,
        sent_at: message.sent_at,
    })
}
