//! `GET /api/chats/{chat_id}/messages`: what was said.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    auth::User,
    conversation::{LAST_SEQ, Stretch},
    error::ErrorBody,
    http::{Path, Query},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chat,
    message::{ChatMessage, Sent},
    pair::PairId,
};

/// `saju-messages`
///
/// Budget: where a page holds more than a megabyte; else 2.
pub const FUNCTION: Function = crate::http("saju-messages", || {
    OpenApiRouter::new().routes(routes!(messages))
})
.budget(3);

/// Which messages; at most one of `offset`, `after_seq` and `before_seq`.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// How many at the most: 1–100, 30 unless told.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, example = 30)]
    pub limit: Option<i32>,
    /// How many of the newest to leave out; 0 unless told.
    #[garde(range(max = LAST_SEQ))]
    #[param(maximum = 999_999_999_999_u64, example = 0)]
    pub offset: Option<u64>,
    /// Those after this number, oldest first: what a client missed.
    #[garde(range(max = LAST_SEQ))]
    #[param(maximum = 999_999_999_999_u64)]
    pub after_seq: Option<u64>,
    /// Those before this number, newest first.
    #[garde(range(max = LAST_SEQ))]
    #[param(maximum = 999_999_999_999_u64)]
    pub before_seq: Option<u64>,
}

/// A chat's messages
///
/// Newest first; with `after_seq` oldest first, so that a client that was away goes on from the
/// last number it has until a page is not full.
#[utoipa::path(
    get,
    path = "/api/chats/{chat_id}/messages",
    operation_id = "listMessages",
    tag = "saju",
    security(("access_token" = [])),
    params(("chat_id" = PairId, Path, description = "The chat"), MessagesQuery),
    responses(
        (status = 200, description = "The messages", body = [ChatMessage]),
        (status = 400, description = "A parameter is wrong, or two exclude each other", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "No such chat of the caller's, or there is a block", body = ErrorBody),
    )
)]
pub async fn messages(
    State(app): State<App>,
    user: User,
    Path(chat_id): Path<PairId>,
    Query(query): Query<MessagesQuery>,
) -> Result<impl IntoResponse> {
    let me = user.id;
    let stretch = Stretch::of(query.offset, query.after_seq, query.before_seq)?;
    // A stranger is answered before a message is read.
    chat_id.other(me, "chat")?;
    let chats = chat::chats(&app)?;
    let entering = chat::enter(&chats, me, chat_id);
    let limit = query.limit.unwrap_or(30);
    let messages = chats.messages(chat_id, stretch, limit, entering).await?;
    let shown = messages
        .into_iter()
        .map(|stored| Sent::from(stored).message);
    Ok(axum::Json(shown.collect::<Vec<_>>()))
}
