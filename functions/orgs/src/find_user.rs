//! `GET /v1/service/users/{user_id}`: a user.

use axum::extract::State;
use enishi_shared::{App, Function, Result, UserId, error::ErrorBody, http::Path};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    member,
    organization::table,
    user::{User, UserResponse},
};

/// `orgs-find-user`
///
/// Budget: the caller, the user with their organisation, the seconds.
pub const FUNCTION: Function = Function::http("orgs-find-user", || {
    OpenApiRouter::new().routes(routes!(find_user))
})
.budget(3);

/// A user
///
/// Oneself, or for an admin anybody of the organisation.
#[utoipa::path(
    get, path = "/v1/service/users/{user_id}", tag = "orgs",
    operation_id = "getUser",
    security(("access_token" = []), ("id_token" = [])),
    params(("user_id" = UserId, Path, description = "Who")),
    responses(
        (status = 200, body = UserResponse, description = "The user"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "Somebody else, and the caller is no admin, or belongs to no organisation"),
        (status = 404, body = ErrorBody, description = "Nobody of the organisation"),
    )
)]
pub async fn find_user(
    State(app): State<App>,
    caller: Caller,
    Path(user_id): Path<UserId>,
) -> Result<axum::Json<UserResponse>> {
    caller.own_or_admin(user_id)?;
    let (organization, member) =
        member::find(&table(&app)?, caller.organization_id, user_id).await?;
    let user = User::show(&app, member, &organization).await?;
    Ok(axum::Json(UserResponse { user }))
}
