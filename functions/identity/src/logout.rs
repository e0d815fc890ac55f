//! `POST /api/auth/logout`: ends the session that the access token was issued in.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Function, Result, auth::User, error::ErrorBody, http::no_content, session,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// `identity-logout`.
pub const FUNCTION: Function = Function::http("identity-logout", || {
    OpenApiRouter::new().routes(routes!(logout))
})
.budget(1);

/// Logs out
///
/// Ends the session's refresh tokens and closes its WebSocket connections; the access token itself
/// lasts its 15 minutes. Doing it again is 204 again.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "identity",
    operation_id = "logOut",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "Logged out"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn logout(State(app): State<App>, user: User) -> Result<impl IntoResponse> {
    session::end(&app, user.id, &user.claims.sid).await?;
    Ok(no_content())
}
