//! WebSocket `read`: `{action, chat_id, seq}`.
//!
//! Marks the chat as read as over HTTP, and answers `{type: "read", chat_id, seq,
//! unread_count}` to the connection that sent it.

use enishi_shared::{
    App, Function, Result,
    live::{Caller, on_frame},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    pair::PairId,
    read_chat::{self, ReadChat},
};

/// `saju-read-frame`
///
/// Budget: the connection, and as `saju-read-chat`.
pub const FUNCTION: Function =
    Function::event("saju-read-frame", |app, event| on_frame(app, event, read)).budget(4);

/// Up to where.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(as = ReadFrame)]
pub struct Read {
    /// The chat.
    pub chat_id: PairId,
    /// The number of the last message one has seen.
    #[schema(example = 1)]
    pub seq: u64,
}

/// How far one has read.
#[derive(Debug, Serialize, ToSchema)]
pub struct HasRead {
    /// `read`.
    pub r#type: &'static str,
    /// How far.
    #[serde(flatten)]
    pub chat: ReadChat,
}

async fn read(app: App, caller: Caller, frame: Read) -> Result<HasRead> {
    let chat = read_chat::read(&app, caller.user_id, frame.chat_id, frame.seq).await?;
    Ok(HasRead {
        r#type: "read",
        chat,
    })
}
