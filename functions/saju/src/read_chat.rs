//! `POST /api/chats/{chat_id}/read`: how far one has read.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::{Json, Path},
    store::decode,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{chat, notice, pair::PairId, profile::profile_key};

/// `saju-read-chat`
///
/// Budget: the chat, the change, and the partner's connections where both say `read_receipts`; 1 more for
/// each of these that has ended.
pub const FUNCTION: Function = crate::http("saju-read-chat", || {
    OpenApiRouter::new().routes(routes!(read_chat))
})
.budget(3);

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
/// It never goes backwards: a lower `seq` than one has read changes nothing. Where both say
/// `read_receipts`, the partner's connections are told.
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

/// Marks a chat as read up to `seq`, never backwards, and tells the partner where both want that. 2
/// requests, 1 where nothing changes; 1 more, and 1 for each connection that has ended, where the partner
/// is told.
///
/// # Errors
/// As [`chat::enter`]; `invalid_parameter` on `seq` beyond the last message.
pub async fn read(app: &App, reader: UserId, chat_id: PairId, seq: u64) -> Result<ReadChat> {
    let partner = chat_id.other(reader, "chat")?;
    let chats = chat::chats(app)?;
    let profiles = [reader, partner].map(profile_key);
    let (chat, mut items) = chats.enter(reader, chat_id, &profiles).await?;
    chat::admit(&items, reader)?;
    let chat = chat.ok_or_else(|| chats.not_found())?;
    let chat = chats.mark_read(chat, reader, seq).await?;
    let [mine, theirs] = profiles.map(|place| items.remove(&place).map(decode).transpose());
    let seq = chat.read_by(reader);
    // Told again where nothing has changed: the news may have been lost the first time.
    if notice::both_tell(mine?.as_ref(), theirs?.as_ref()) {
        notice::read(app, chat_id, reader, seq, partner).await;
    }
    Ok(ReadChat {
        chat_id,
        seq,
        unread_count: chat.unread_count(reader),
    })
}
