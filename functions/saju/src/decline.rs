//! `POST /api/matches/{match_id}/decline`: the receiver does not want to, finally.

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody, http::Path};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pair::PairId,
    relation::{Status, Step, take},
    request::MatchStatus,
};

/// `saju-decline`
pub const FUNCTION: Function = crate::http("saju-decline", || {
    OpenApiRouter::new().routes(routes!(decline))
})
.budget(1);

/// Decline a request
///
/// The receiver's to do, and final: neither of the two can ask again. Declining again answers the
/// same.
#[utoipa::path(
    post,
    path = "/api/matches/{match_id}/decline",
    operation_id = "declineMatchRequest",
    tag = "saju",
    security(("access_token" = [])),
    params(("match_id" = PairId, Path, description = "The match")),
    responses(
        (status = 200, description = "Declined", body = MatchStatus),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, description = "The request is one's own", body = ErrorBody),
        (status = 404, description = "No such request, or it was taken back", body = ErrorBody),
        (status = 409, description = "The request was accepted", body = ErrorBody),
    )
)]
pub async fn decline(
    State(app): State<App>,
    user: User,
    Path(match_id): Path<PairId>,
) -> Result<axum::Json<MatchStatus>> {
    take(&app, user.id, match_id, Step::Decline).await?;
    let status = Status::Declined;
    Ok(axum::Json(MatchStatus { match_id, status }))
}
