//! `POST /api/matches/{match_id}/cancel`: the requester takes the request back.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Path, no_content},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pair::PairId,
    relation::{Step, take},
};

/// `saju-cancel`
pub const FUNCTION: Function = crate::http("saju-cancel", || {
    OpenApiRouter::new().routes(routes!(cancel))
})
.budget(1);

/// Take a request back
///
/// The requester's to do while it waits; it deletes the request, and either of the two may ask
/// again.
#[utoipa::path(
    post,
    path = "/api/matches/{match_id}/cancel",
    operation_id = "cancelMatchRequest",
    tag = "saju",
    security(("access_token" = [])),
    params(("match_id" = PairId, Path, description = "The match")),
    responses(
        (status = 204, description = "Taken back"),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, description = "The request is the other's", body = ErrorBody),
        (status = 404, description = "No such request, or it was taken back before", body = ErrorBody),
        (status = 409, description = "The request was accepted or declined", body = ErrorBody),
    )
)]
pub async fn cancel(
    State(app): State<App>,
    user: User,
    Path(match_id): Path<PairId>,
) -> Result<Response> {
    take(&app, user.id, match_id, Step::Cancel).await?;
    Ok(no_content())
}
