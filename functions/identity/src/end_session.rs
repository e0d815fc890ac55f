//! `DELETE /api/session`: the market's log-out.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Function, Result, auth::User, error::ErrorBody, http::no_content, session,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::session_key::{self, SessionCookie};

/// `identity-end-session`.
pub const FUNCTION: Function = Function::http("identity-end-session", || {
    OpenApiRouter::new().routes(routes!(end_session))
})
.budget(1);

/// Ends the session
///
/// Its session key is worth nothing from then on, the cookie goes, and its WebSocket connections are
/// closed; the access token itself lasts its 15 minutes. Doing it again is 204 again.
#[utoipa::path(
    delete, path = "/api/session", tag = "identity",
    operation_id = "endSession",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "Logged out", headers(
            ("Set-Cookie" = inline(SessionCookie), description = "Makes the browser forget `session_key`"),
        )),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn end_session(State(app): State<App>, user: User) -> Result<impl IntoResponse> {
    session::end(&app, user.id, &user.claims.sid).await?;
    Ok((session_key::forget()?, no_content()))
}
