//! `POST /api/auth/password/forgot`: asks for a mail with a link to choose a new password.
//!
//! No account is looked up here. The address is announced, and `identity-mail` finds out whether
//! anybody has it, so neither the answer nor its timing can tell.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    accounts::{normalised, table},
    error::ErrorBody,
    events::outbox_row,
    http::{Json, SourceIp},
    throttle::{self, Limit},
    validate,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::events::PasswordForgotten;

/// `identity-forgot-password`.
///
/// Budget: two throttles, the announcement.
pub const FUNCTION: Function = Function::http("identity-forgot-password", || {
    OpenApiRouter::new().routes(routes!(forgot_password))
})
.budget(3);

/// Mails an e-mail address, known or not.
const EMAIL: Limit = Limit::new("FORGOT_RATE", 5, 60 * 60);
/// Mails asked for from an address.
const ADDRESS: Limit = Limit::new("FORGOT_ADDRESS_RATE", 50, 60 * 60);

/// Whose password is forgotten.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotPasswordRequest {
    /// The account's address, in any case.
    #[garde(custom(validate::email))]
    #[schema(max_length = 254, format = "email", example = "hana@example.jp")]
    pub email: String,
}

/// The same whether or not the account exists.
#[derive(Serialize, ToSchema)]
pub struct ForgotPasswordResponse {
    /// A sentence for people.
    #[schema(example = "if this address has an account, a mail is on its way")]
    pub message: &'static str,
}

/// Asks for a new password
///
/// If the address has an account, a mail with a link (one hour) is on its way.
#[utoipa::path(
    post, path = "/api/auth/password/forgot", tag = "identity",
    operation_id = "requestPasswordReset",
    request_body = ForgotPasswordRequest,
    responses(
        (status = 202, body = ForgotPasswordResponse, description = "Accepted, whether or not the account exists"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 429, body = ErrorBody, description = "Too many mails asked for; `Retry-After` says when"),
    )
)]
pub async fn forgot_password(
    State(app): State<App>,
    address: SourceIp,
    Json(body): Json<ForgotPasswordRequest>,
) -> Result<impl IntoResponse> {
    let table = table(&app)?;
    throttle::count_address(&app, &table, "forgot", &address, &ADDRESS).await?;
    throttle::count(&app, &table, "forgot", &normalised(&body.email), &EMAIL).await?;
    let (key, row) = outbox_row(&app, PasswordForgotten { email: body.email })?;
    table.create(key, &row).await?;
    let message = "if this address has an account, a mail is on its way";
    Ok((
        StatusCode::ACCEPTED,
        axum::Json(ForgotPasswordResponse { message }),
    ))
}
