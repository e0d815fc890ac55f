//! `GET /v1/service/licenses`: an organisation's licences.

use axum::extract::State;
use enishi_shared::{App, Function, Result, error::ErrorBody};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    licensing::{LicenseStatus, ShownLicense},
    organization::{self, table},
};

/// `orgs-licenses`
///
/// Budget: the caller, the organisation.
pub const FUNCTION: Function = Function::http("orgs-licenses", || {
    OpenApiRouter::new().routes(routes!(licenses))
})
.budget(2);

/// Licences in an answer.
#[derive(Serialize, ToSchema)]
pub struct LicensesResponse {
    /// One, or the last one; none before one was bought.
    pub licenses: Vec<ShownLicense>,
}

/// Licences
///
/// For admins. An organisation has one at the most; the last one is shown until another is bought.
#[utoipa::path(
    get, path = "/v1/service/licenses", tag = "orgs",
    operation_id = "listLicenses",
    security(("access_token" = []), ("id_token" = [])),
    responses(
        (status = 200, body = LicensesResponse, description = "The licences"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
    )
)]
pub async fn licenses(
    State(app): State<App>,
    caller: Caller,
) -> Result<axum::Json<LicensesResponse>> {
    caller.admin()?;
    let organization = organization::of_caller(&table(&app)?, &caller).await?;
    let bought = organization
        .license
        .filter(|license| license.status != LicenseStatus::Checkout);
    let licenses = bought.into_iter().map(ShownLicense::from).collect();
    Ok(axum::Json(LicensesResponse { licenses }))
}
