//! `POST /api/auth/refresh`: spends a refresh token for the next one and a fresh access token.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    error::ErrorBody,
    http::{Json, SourceIp},
    session::Tokens,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::renewal::renew;

/// `identity-refresh`.
///
/// Budget: throttle, account and session in one read, rotation; 2 within the grace.
pub const FUNCTION: Function = Function::http("identity-refresh", || {
    OpenApiRouter::new().routes(routes!(refresh))
})
.budget(3);

/// The token to spend.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token that the last log-in or refresh gave.
    #[garde(length(min = 1, max = 512))]
    #[schema(
        min_length = 1,
        max_length = 512,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "AZqitHwefTOfClscLT5PUNvGk2Ivb0bRt6nZx4Yh7eEkTq0m8sWcJd3uFvXo5aLpR1iBgKzHyN2rQw9tCjMfDA"
    )]
    pub refresh_token: String,
}

/// Refreshes the tokens
///
/// Each use spends the token. For a short grace (30 s) the token just spent answers the same next
/// token again, so a lost answer and parallel calls are harmless; any other spent token ends the
/// session, for somebody else may hold a copy.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "identity",
    operation_id = "refreshTokens",
    request_body = RefreshRequest,
    responses(
        (status = 200, body = Tokens, description = "The next tokens of the session"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "The token is not valid any more: log in again"),
        (status = 429, body = ErrorBody, description = "Too many refreshes; `Retry-After` says when"),
    )
)]
pub async fn refresh(
    State(app): State<App>,
    address: SourceIp,
    Json(body): Json<RefreshRequest>,
) -> Result<impl IntoResponse> {
    let given = renew(&app, &address, &body.refresh_token).await?;
    Ok(axum::Json(Tokens::new(given.access_token, &given.token)))
}
