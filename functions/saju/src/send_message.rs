//! `POST /api/chats/{chat_id}/messages`: send a message without a socket.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    auth::User,
    conversation,
    error::ErrorBody,
    http::{Json, Path},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    message::{self, Sent},
    pair::PairId,
};

/// `saju-send-message`
///
/// Budget: the throttle, the chat, the message.
pub const FUNCTION: Function = crate::http("saju-send-message", || {
    OpenApiRouter::new().routes(routes!(send_message))
})
.budget(3);

/// What to say.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessageRequest {
    /// The text: not blank, no control characters but line feeds.
    #[garde(custom(message::content))]
    #[schema(
        example = "반가워요!",
        min_length = 1,
        max_length = 4000,
        pattern = r"\S"
    )]
    pub content: String,
    /// The client's own id for the message: visible characters, another one for each message. To
    /// send it again is safe.
    #[garde(custom(conversation::client_msg_id))]
    #[schema(
        example = "7d4f2c1a",
        min_length = 1,
        max_length = 64,
        pattern = r"^\S+$"
    )]
    pub client_msg_id: String,
}

/// Send a message
///
/// It reaches every open connection of both. The same `client_msg_id` with the same text answers
/// the first message again. Sending marks the chat as read up to the message.
#[utoipa::path(
    post,
    path = "/api/chats/{chat_id}/messages",
    operation_id = "sendMessage",
    tag = "saju",
    security(("access_token" = [])),
    params(("chat_id" = PairId, Path, description = "The chat")),
    request_body = SendMessageRequest,
    responses(
        (status = 201, description = "Sent, now or before", body = Sent),
        (status = 400, description = "No text, or too long; no client_msg_id", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "No such chat of the caller's, or there is a block", body = ErrorBody),
        (status = 409, description = "client_msg_id was used for another message", body = ErrorBody),
        (status = 429, description = "Too many messages; `Retry-After` says when", body = ErrorBody),
    )
)]
pub async fn send_message(
    State(app): State<App>,
    user: User,
    Path(chat_id): Path<PairId>,
    Json(body): Json<SendMessageRequest>,
) -> Result<impl IntoResponse> {
    let sender = user.id;
    let sent = message::send(&app, sender, chat_id, &body.content, &body.client_msg_id).await?;
    Ok((StatusCode::CREATED, axum::Json(sent)))
}
