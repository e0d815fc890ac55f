//! `POST /api/auth/email/verify`: proves with the token of the sign-up mail that the address is
//! the account's.
//!
//! The token asks for nothing but the address itself, so a new password in between does not spoil
//! it; and it is not spent, so following the link twice is fine for its seven days.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    accounts::{account_key, active, table},
    error::ErrorBody,
    http::{Json, no_content},
    store::{Change, Written},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::one_time::{self, Purpose, rejected};

/// `identity-verify-email`.
///
/// Budget: the token, the account.
pub const FUNCTION: Function = Function::http("identity-verify-email", || {
    OpenApiRouter::new().routes(routes!(verify_email))
})
.budget(2);

/// The proof.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmailRequest {
    /// The token from the mail's link.
    #[garde(length(min = 1, max = 512))]
    #[schema(
        max_length = 512,
        example = "AZqitHwefTOfClscLT5PUGieMqpNFcd5jNnPGW-8KtavUSB4WH4rlT2wD3rRvCxk"
    )]
    pub token: String,
}

/// Verifies an e-mail address
///
/// Doing it again is 204 again.
#[utoipa::path(
    post, path = "/api/auth/email/verify", tag = "identity",
    request_body = VerifyEmailRequest,
    responses(
        (status = 204, description = "The address is verified"),
        (status = 400, body = ErrorBody, description = "The token is none of ours, has expired, or the account has another address now"),
    )
)]
pub async fn verify_email(
    State(app): State<App>,
    Json(body): Json<VerifyEmailRequest>,
) -> Result<impl IntoResponse> {
    let place = one_time::key(&body.token)?;
    let table = table(&app)?;
    let token = one_time::find(&app, &table, &place, Purpose::VerifyEmail).await?;
    let verified = Change::new()
        .set("email_verified", true)
        .when(active().eq("email", &token.email));
    match table.update(account_key(token.user_id), verified).await? {
        Written::Done => Ok(no_content()),
        Written::Refused(_) => Err(rejected()),
    }
}
