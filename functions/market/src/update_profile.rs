//! `PATCH /api/profile`: changes what I want to be called.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Json,
    patch::{self, Patch},
    validate,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{customer, me::Me};

/// `market-update-profile`
///
/// Budget: the account and what was told, at once; the change.
pub const FUNCTION: Function = Function::http("market-update-profile", || {
    OpenApiRouter::new().routes(routes!(update_profile))
})
.budget(3);

/// What is to change: what is left out stays; null, or `""`, clears.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"display_name": "空"}))]
pub struct ProfileUpdate {
    /// What one wants to be called.
    #[garde(inner(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 100, pattern = r"^(\S(.*\S)?)?$", example = "空")]
    pub display_name: Patch<String>,
}

/// Changes what I want to be called
#[utoipa::path(
    patch, path = "/api/profile", tag = "market",
    operation_id = "updateCustomerProfile",
    security(("access_token" = [])),
    request_body = ProfileUpdate,
    responses(
        (status = 200, body = Me, description = "The customer as they are now"),
        (status = 400, body = ErrorBody, description = "A value is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
    )
)]
pub async fn update_profile(
    State(app): State<App>,
    user: User,
    Json(body): Json<ProfileUpdate>,
) -> Result<axum::Json<Me>> {
    customer::change(&app, user.id, |customer| {
        let name = body.display_name.clone();
        customer.display_name = name.or(customer.display_name.take());
        Ok(())
    })
    .await
}
