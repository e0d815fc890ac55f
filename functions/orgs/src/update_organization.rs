//! `PUT /v1/service/organizations/{organization_id}`: changes what an organisation says of itself.

use axum::{extract::State, http::StatusCode};
use enishi_shared::{
    App, Function, Result,
    error::ErrorBody,
    http::{Json, Path},
    store::{Outcome, Race, Transaction},
    validate,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::Caller,
    organization::{self, Organization, OrganizationId, table},
};

/// `orgs-update-organization`
///
/// Budget: the caller, the organisation, the change.
pub const FUNCTION: Function = Function::http("orgs-update-organization", || {
    OpenApiRouter::new().routes(routes!(update_organization))
})
.budget(3);

/// What it says of itself from now on.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateOrganizationRequest {
    /// What it calls itself: 1–200 characters.
    #[garde(
        length(chars, min = 1, max = 200),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S(.*\S)?$",
        example = "いろは株式会社"
    )]
    pub company_name: String,
    /// Where it is: seven digits, with or without a hyphen.
    #[garde(custom(organization::postal_code))]
    #[schema(pattern = "^[0-9]{3}-?[0-9]{4}$", example = "123-4567")]
    pub postal_code: String,
    /// Where in it: 1–300 characters.
    #[garde(
        length(chars, min = 1, max = 300),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 300,
        pattern = r"^\S(.*\S)?$",
        example = "東京都港区白銀高輪1-1-1 パークレジデンス1201"
    )]
    pub address: String,
}

/// Changes the organisation
///
/// For its admins.
#[utoipa::path(
    put, path = "/v1/service/organizations/{organization_id}", tag = "orgs",
    operation_id = "editOrganization",
    security(("access_token" = []), ("id_token" = [])),
    params(("organization_id" = OrganizationId, Path, description = "Which")),
    request_body = UpdateOrganizationRequest,
    responses(
        (status = 200, description = "Changed"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 404, body = ErrorBody, description = "Not the caller's"),
    )
)]
pub async fn update_organization(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<OrganizationId>,
    Json(body): Json<UpdateOrganizationRequest>,
) -> Result<StatusCode> {
    caller.admin_of(id)?;
    let orgs = table(&app)?;
    let mut race = Race::new(&app);
    loop {
        let before = organization::of_caller(&orgs, &caller).await?;
        caller.still_admin(&before)?;
        let mut after = Organization {
            company_name: body.company_name.clone(),
            postal_code: body.postal_code.clone(),
            address: body.address.clone(),
            ..before.clone()
        };
        let mut tx = Transaction::new(&app);
        after.replace(&mut tx, &orgs, &before)?;
        audit::write_down(
            &mut tx,
            &orgs,
            caller.user_id,
            id,
            Action::EditOrganization,
            None,
        )?;
        match tx.commit().await? {
            Outcome::Done => return Ok(StatusCode::OK),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
