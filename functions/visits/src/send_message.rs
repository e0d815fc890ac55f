//! `POST /api/messages`: writes to the other of a matching.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Function, Result, auth::User, conversation, error::ErrorBody, http::Json,
    idempotency::IdempotencyKey,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    matching::MatchingId,
    message::{self, MatchingMessage},
};

/// `visits-send-message`
///
/// Budget: the matching; the throttle; the messages and what says whether one may be written; the message.
pub const FUNCTION: Function = Function::http("visits-send-message", || {
    OpenApiRouter::new().routes(routes!(send_message))
})
.budget(4);

/// What to write, and where.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "matching_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50",
    "text": "よろしくお願いします。", "client_msg_id": "7d4f2c1a",
}))]
pub struct SendMatchingMessageRequest {
    /// To the other of this matching.
    #[garde(skip)]
    pub matching_id: MatchingId,
    /// Not blank, no control characters but line feeds; before the visit is paid for no e-mail address, URL
    /// or phone number.
    #[garde(custom(message::text))]
    #[schema(min_length = 1, max_length = 2000, pattern = r"\S")]
    pub text: String,
    /// The client's own id for the message: visible characters, another one for each message. To send it
    /// again is safe. Without one the `Idempotency-Key` serves.
    #[garde(inner(custom(conversation::client_msg_id)))]
    #[schema(min_length = 1, max_length = 64, pattern = r"^\S+$")]
    pub client_msg_id: Option<String>,
}

/// A message that was taken, as its sender sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SentMatchingMessage {
    /// The message.
    #[serde(flatten)]
    pub message: MatchingMessage,
    /// As the request said, or else its `Idempotency-Key`, or else a new one.
    #[schema(example = "7d4f2c1a")]
    pub client_msg_id: String,
}

/// Writes to the other of a matching
///
/// It reaches every open connection of both. The same `client_msg_id` with the same text answers the first
/// message again, however late. Sending marks the messages as read up to this one.
#[utoipa::path(
    post, path = "/api/messages", tag = "visits",
    operation_id = "sendMatchingMessage",
    security(("access_token" = [])),
    params(IdempotencyKey),
    request_body = SendMatchingMessageRequest,
    responses(
        (status = 201, body = SentMatchingMessage, description = "Sent, now or before"),
        (status = 400, body = ErrorBody, description = "No text, too long, or one that tells how to be reached before the visit is paid for"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet, or is suspended"),
        (status = 404, body = ErrorBody, description = "No such matching of the caller's, its messages have ended, or there is a block"),
        (status = 409, body = ErrorBody, description = "`client_msg_id` was used for another message"),
        (status = 429, body = ErrorBody, description = "Too many messages; `Retry-After` says when"),
    )
)]
pub async fn send_message(
    State(app): State<App>,
    user: User,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<SendMatchingMessageRequest>,
) -> Result<impl IntoResponse> {
    let client_msg_id = body.client_msg_id.or(key);
    let client_msg_id = client_msg_id.unwrap_or_else(|| app.new_id().to_string());
    let id = body.matching_id;
    let message = message::send(&app, user.id, id, &body.text, &client_msg_id).await?;
    let sent = SentMatchingMessage {
        message,
        client_msg_id,
    };
    Ok((StatusCode::CREATED, axum::Json(sent)))
}
