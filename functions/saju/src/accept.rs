//! `POST /api/matches/{match_id}/accept`: the receiver agrees, and the chat begins.

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody, http::Path};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pair::PairId,
    relation::{Status, Step, take},
};

/// `saju-accept`
pub const FUNCTION: Function = crate::http("saju-accept", || {
    OpenApiRouter::new().routes(routes!(accept))
})
.budget(1);

/// An accepted match.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// The match.
    pub match_id: PairId,
    /// `matched`.
    pub status: Status,
    /// Its chat.
    pub chat_id: PairId,
}

/// Accept a request
///
/// The receiver's to do; the chat exists from then on. Accepting again answers the same.
#[utoipa::path(
    post,
    path = "/api/matches/{match_id}/accept",
    operation_id = "acceptMatchRequest",
    tag = "saju",
    security(("access_token" = [])),
    params(("match_id" = PairId, Path, description = "The match")),
    responses(
        (status = 200, description = "Matched", body = Accepted),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, description = "The request is one's own", body = ErrorBody),
        (status = 404, description = "No such request, or it was taken back", body = ErrorBody),
        (status = 409, description = "The request was declined", body = ErrorBody),
    )
)]
pub async fn accept(
    State(app): State<App>,
    user: User,
    Path(match_id): Path<PairId>,
) -> Result<axum::Json<Accepted>> {
    take(&app, user.id, match_id, Step::Accept).await?;
    Ok(axum::Json(Accepted {
        match_id,
        status: Status::Matched,
        chat_id: match_id,
    }))
}
