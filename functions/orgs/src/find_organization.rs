//! `GET /v1/service/organizations/{organization_id}`: what an organisation says of itself.

use axum::extract::State;
use enishi_shared::{App, Error, Function, Result, error::ErrorBody, http::Path};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    organization::{self, OrganizationId, table},
    time,
};

/// `orgs-find-organization`
///
/// Budget: the caller, the organisation.
pub const FUNCTION: Function = Function::http("orgs-find-organization", || {
    OpenApiRouter::new().routes(routes!(find_organization))
})
.budget(2);

/// An organisation.
#[derive(Serialize, ToSchema)]
pub struct ShownOrganization {
    /// Which.
    pub id: OrganizationId,
    /// When it was made, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]
    pub created_at: Timestamp,
    /// What the system calls it.
    #[schema(example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f52")]
    pub name: String,
    /// What it calls itself.
    #[schema(example = "いろは株式会社")]
    pub company_name: String,
    /// Where it is.
    #[schema(example = "123-4567")]
    pub postal_code: String,
    /// Where in it.
    #[schema(example = "東京都港区白銀高輪1-1-1 パークレジデンス1201")]
    pub address: String,
    /// How many may belong to it, those counted who are invited.
    #[schema(example = 5)]
    pub seats: u32,
    /// How many belong to it.
    #[schema(example = 3)]
    pub members: u32,
}

/// An organisation in an answer.
#[derive(Serialize, ToSchema)]
pub struct OrganizationResponse {
    /// Which.
    pub organization: ShownOrganization,
}

/// The organisation
///
/// For its admins.
#[utoipa::path(
    get, path = "/v1/service/organizations/{organization_id}", tag = "orgs",
    operation_id = "getOrganization",
    security(("access_token" = []), ("id_token" = [])),
    params(("organization_id" = OrganizationId, Path, description = "Which")),
    responses(
        (status = 200, body = OrganizationResponse, description = "The organisation"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 404, body = ErrorBody, description = "Not the caller's"),
    )
)]
pub async fn find_organization(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<OrganizationId>,
) -> Result<axum::Json<OrganizationResponse>> {
    caller.admin_of(id)?;
    let found = organization::find(&table(&app)?, id).await?;
    let organization = found.ok_or_else(|| Error::not_found("organization"))?;
    let organization = ShownOrganization {
        id,
        created_at: organization.created_at,
        name: organization.name,
        company_name: organization.company_name,
        postal_code: organization.postal_code,
        address: organization.address,
        seats: organization.seats,
        members: organization.members,
    };
    Ok(axum::Json(OrganizationResponse { organization }))
}
