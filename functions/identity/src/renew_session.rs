//! `PUT /api/session`: spends a session key for the next one and a fresh access token.

use axum::{extract::State, http::HeaderMap, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    error::ErrorBody,
    http::{OptionalJson, SourceIp},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    renewal::{rejected, renew},
    session_key::{self, SessionCookie, SessionResponse},
};

/// `identity-renew-session`.
///
/// Budget: throttle, account and session in one read, rotation; 2 within the grace.
pub const FUNCTION: Function = Function::http("identity-renew-session", || {
    OpenApiRouter::new().routes(routes!(renew_session))
})
.budget(3);

/// The session key to spend; left out, it is the cookie's.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewSessionRequest {
    /// The session key that the last answer gave, or a log-in's `refresh_token`: a page has its session
    /// as the cookie then.
    #[garde(length(min = 1, max = 512))]
    #[schema(
        min_length = 1,
        max_length = 512,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "AZqitHwefTOfClscLT5PUNvGk2Ivb0bRt6nZx4Yh7eEkTq0m8sWcJd3uFvXo5aLpR1iBgKzHyN2rQw9tCjMfDA"
    )]
    pub session_key: Option<String>,
}

/// Renews the session
///
/// Each use spends the key, from the body or else from the cookie. For a short grace (30 s) the key
/// just spent answers the same next key again, so a lost answer and several tabs are harmless; any
/// other spent key ends the session, for somebody else may hold a copy.
#[utoipa::path(
    put, path = "/api/session", tag = "identity",
    operation_id = "renewSession",
    request_body = Option<RenewSessionRequest>,
    params(("session_key" = Option<String>, Cookie, min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$", description = "The session key, where the body has none")),
    responses(
        (status = 200, body = SessionResponse, description = "The next key of the session", headers(
            ("Set-Cookie" = inline(SessionCookie), description = "`session_key`, for `/api/session` only"),
        )),
        (status = 400, body = ErrorBody, description = "A value is wrong"),
        (status = 401, body = ErrorBody, description = "There is no key, or it is not valid any more: log in again"),
        (status = 429, body = ErrorBody, description = "Too many renewals; `Retry-After` says when"),
    )
)]
pub async fn renew_session(
    State(app): State<App>,
    address: SourceIp,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<RenewSessionRequest>,
) -> Result<impl IntoResponse> {
    let key = body.session_key.as_deref();
    let key = key
        .or_else(|| session_key::of_cookie(&headers))
        .ok_or_else(rejected)?;
    session_key::answer(renew(&app, &address, key).await?)
}
