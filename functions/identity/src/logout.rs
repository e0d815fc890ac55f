//! `POST /api/auth/logout`: ends the session that the access token was issued in.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::no_content,
    store::{Expression, Write},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{accounts::table, session};

/// `identity-logout`.
pub const FUNCTION: Function = Function::http("identity-logout", || {
    OpenApiRouter::new().routes(routes!(logout))
});

/// Logs out
///
/// Ends the session's refresh tokens; the access token itself lasts its 15 minutes. Doing it again
/// is 204 again.
///
/// Budget: 1 DynamoDB request (the session)
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "identity",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "Logged out"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn logout(State(app): State<App>, user: User) -> Result<impl IntoResponse> {
    let user_id = user.id.parse().map_err(|_| Error::token_invalid())?;
    let session = session::key(user_id, &user.claims.sid);
    table(&app)?
        .write(Write::Delete(session, Expression::default()))
        .await?;
    Ok(no_content())
}
