//! `GET /api/matching/{matching_id}`: one of my matchings.

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody, http::Path};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    matching::{MatchingId, find},
    profile::table,
    shown_matching::ShownMatching,
};

/// `visits-find-matching`
///
/// Budget: the matching; once it was paid for, the other's profile and the recording.
pub const FUNCTION: Function = Function::http("visits-find-matching", || {
    OpenApiRouter::new().routes(routes!(find_matching))
})
.budget(2);

/// One of my matchings
#[utoipa::path(
    get, path = "/api/matching/{matching_id}", tag = "visits",
    operation_id = "getMatching",
    security(("access_token" = [])),
    params(("matching_id" = MatchingId, Path, description = "The matching")),
    responses(
        (status = 200, body = ShownMatching, description = "The matching"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No matching of one's own"),
    )
)]
pub async fn find_matching(
    State(app): State<App>,
    user: User,
    Path(id): Path<MatchingId>,
) -> Result<axum::Json<ShownMatching>> {
    let table = table(&app)?;
    let (stored, party) = find(&table, user.id, id).await?;
    Ok(axum::Json(stored.show(&app, &table, party).await?))
}
