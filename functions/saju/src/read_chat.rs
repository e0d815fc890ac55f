//! `POST /api/chats/{chat_id}/read`: how far one has read.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::{Json, Path},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{chat, pair::PairId};

/// `saju-read-chat`
///
/// Budget: 1 where nothing changes.
pub const FUNCTION: Function = crate::http("saju-read-chat", || {
    OpenApiRouter::new().routes(routes!(read_chat))
})
.budget(2);

/// Up to where.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadChatRequest {
    /// The number of the last message one has seen.
    #[garde(skip)]
    #[schema(example = 1)]
    pub seq: u64,
}

/// How far one has read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadChat {
    /// The chat.
    pub chat_id: PairId,
    /// The number of the last message one has read: never less than it was.
    #[schema(example = 1)]
    pub seq: u64,
    /// How many came after it.
    #[schema(example = 0)]
    pub unread_count: u64,
}

/// Mark a chat as read
///
/// It never goes backwards: a lower `seq` than one has read changes nothing.
#[utoipa::path(
    post,
    path = "/api/chats/{chat_id}/read",
    operation_id = "markChatRead",
    tag = "saju",
    security(("access_token" = [])),
    params(("chat_id" = PairId, Path, description = "The chat")),
    request_body = ReadChatRequest,
    responses(
        (status = 200, description = "How far one has read", body = ReadChat),
        (status = 400, description = "The chat has no message `seq` yet", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "No such chat of the caller's, or there is a block", body = ErrorBody),
    )
)]
pub async fn read_chat(
    State(app): State<App>,
    user: User,
    Path(chat_id): Path<PairId>,
    Json(body): Json<ReadChatRequest>,
) -> Result<impl IntoResponse> {
    let reader = user.id;
    Ok(axum::Json(read(&app, reader, chat_id, body.seq).await?))
}

/// Marks a chat as read up to `seq`, never backwards. 2 requests, 1 where nothing changes.
///
/// # Errors
/// As [`chat::enter`]; `invalid_parameter` on `seq` beyond the last message.
pub async fn read(app: &App, reader: UserId, chat_id: PairId, seq: u64) -> Result<ReadChat> {
    let chats = chat::chats(app)?;
    let chat = chat::enter(&chats, reader, chat_id).await?;
    let chat = chats.mark_read(chat, reader, seq).await?;
    Ok(ReadChat {
        chat_id,
        seq: chat.read_by(reader),
        unread_count: chat.unread_count(reader),
    })
}
