//! `POST /api/profile`: what I want to be called.

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody, http::Json, validate};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{customer, me::Me};

/// `market-set-profile`
///
/// Budget: the account and what was told, at once; the change.
pub const FUNCTION: Function = Function::http("market-set-profile", || {
    OpenApiRouter::new().routes(routes!(set_profile))
})
.budget(3);

/// What a customer says of themselves.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfileRequest)]
pub struct ProfileRequest {
    /// What one wants to be called: 1–100 characters, no space at either end.
    #[garde(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "空"
    )]
    pub display_name: String,
}

/// What I want to be called
#[utoipa::path(
    post, path = "/api/profile", tag = "market",
    operation_id = "setCustomerProfile",
    security(("access_token" = [])),
    request_body = ProfileRequest,
    responses(
        (status = 200, body = Me, description = "The customer as they are now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
    )
)]
pub async fn set_profile(
    State(app): State<App>,
    user: User,
    Json(body): Json<ProfileRequest>,
) -> Result<axum::Json<Me>> {
    customer::change(&app, user.id, |customer| {
        customer.display_name = Some(body.display_name.clone());
        Ok(())
    })
    .await
}
