//! `GET /api/messages`: what was written in a matching.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    auth::User,
    conversation::{LAST_SEQ, Stretch},
    error::ErrorBody,
    http::Query,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chat,
    matching::{self, MatchingId},
    message::{self, MatchingMessage},
};

/// `visits-messages`
///
/// Budget: the matching; the messages, and what says whether they are shown.
pub const FUNCTION: Function = Function::http("visits-messages", || {
    OpenApiRouter::new().routes(routes!(messages))
})
.budget(3);

/// Which messages; at most one of `after_seq` and `before_seq`.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MatchingMessagesQuery {
    /// Of which matching.
    #[garde(skip)]
    #[param(example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
    pub matching_id: MatchingId,
    /// How many at the most: 1–100, 30 unless told.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, example = 30)]
    pub limit: Option<i32>,
    /// Those after this number, oldest first: what a client missed.
    #[garde(range(max = LAST_SEQ))]
    #[param(maximum = 999_999_999_999_u64)]
    pub after_seq: Option<u64>,
    /// Those before this number, newest first.
    #[garde(range(max = LAST_SEQ))]
    #[param(maximum = 999_999_999_999_u64)]
    pub before_seq: Option<u64>,
}

/// A matching's messages
///
/// Newest first; with `after_seq` oldest first, so that a client that was away goes on from the last
/// number it has until a page is not full. They end 14 days after the visit, or 30 days after the last
/// message where there is none.
#[utoipa::path(
    get, path = "/api/messages", tag = "visits",
    operation_id = "listMatchingMessages",
    security(("access_token" = [])),
    params(MatchingMessagesQuery),
    responses(
        (status = 200, body = [MatchingMessage], description = "The messages"),
        (status = 400, body = ErrorBody, description = "A parameter is missing or wrong, or two exclude each other"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet, or is suspended"),
        (status = 404, body = ErrorBody, description = "No such matching of the caller's, its messages have ended, or there is a block"),
    )
)]
pub async fn messages(
    State(app): State<App>,
    user: User,
    Query(query): Query<MatchingMessagesQuery>,
) -> Result<axum::Json<Vec<MatchingMessage>>> {
    let (me, id) = (user.id, query.matching_id);
    let stretch = Stretch::of(None, query.after_seq, query.before_seq)?;
    let chats = chat::chats(&app)?;
    // A stranger is answered before a message is read.
    let (matching, _) = matching::find(chats.table(), me, id).await?;
    let entering = message::enter(&chats, me, &matching);
    let limit = query.limit.unwrap_or(30);
    let messages = chats.messages(id, stretch, limit, entering).await?;
    let shown = messages.into_iter();
    let shown = shown.map(|message| MatchingMessage::of(&matching, message));
    Ok(axum::Json(shown.collect::<Result<_>>()?))
}
