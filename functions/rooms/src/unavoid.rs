//! `DELETE /me/avoid/{user_id}`: meet somebody again.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::{Path, no_content},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::wishes;

/// `rooms-unavoid`
///
/// Budget: 1 for somebody who is not named.
pub const FUNCTION: Function = Function::http("rooms-unavoid", || {
    OpenApiRouter::new().routes(routes!(unavoid))
})
.budget(2);

/// Meet somebody again
///
/// Of somebody who is not named, nothing happens.
#[utoipa::path(
    delete,
    path = "/me/avoid/{user_id}",
    operation_id = "stopAvoidingPerson",
    tag = "rooms",
    security(("access_token" = [])),
    params(("user_id" = UserId, Path, description = "Who is named")),
    responses(
        (status = 204, description = "Not named any more"),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
        (status = 404, description = "`user_id` is no id", body = ErrorBody),
    )
)]
pub async fn unavoid(
    State(app): State<App>,
    user: User,
    Path(other): Path<UserId>,
) -> Result<Response> {
    wishes::remove(&app, user.id, other).await?;
    Ok(no_content())
}
