//! `DELETE /v1/service/organizations/{organization_id}`: closes an organisation. Who was its only member may
//! make another one or be invited.

use axum::{extract::State, http::StatusCode};
use enishi_shared::{
    App, Error, Function, Result, accounts,
    error::ErrorBody,
    http::Path,
    store::{Outcome, Race, Transaction},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::Caller,
    member,
    membership::{self, Going},
    organization::{OrganizationId, PRODUCT, table},
};

/// `orgs-close-organization`
///
/// Budget: the caller, the organisation with them and their account, the closing.
pub const FUNCTION: Function = Function::http("orgs-close-organization", || {
    OpenApiRouter::new().routes(routes!(close_organization))
})
.budget(3);

/// Closes the organisation
///
/// For its only member. Projects and invitations are erased.
#[utoipa::path(
    delete, path = "/v1/service/organizations/{organization_id}", tag = "orgs",
    operation_id = "closeOrganization",
    security(("access_token" = []), ("id_token" = [])),
    params(("organization_id" = OrganizationId, Path, description = "Which")),
    responses(
        (status = 200, description = "Closed"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 404, body = ErrorBody, description = "Not the caller's"),
        (status = 409, body = ErrorBody, description = "It has other members"),
    )
)]
pub async fn close_organization(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<OrganizationId>,
) -> Result<StatusCode> {
    caller.admin_of(id)?;
    let (orgs, identity) = (table(&app)?, accounts::table(&app)?);
    let mut race = Race::new(&app);
    loop {
        let (organization, member, account) =
            member::find_with_account(&app, &orgs, id, caller.user_id).await?;
        if organization.members > 1 {
            return Err(Error::conflict("the organization has other members"));
        }
        let mut tx = Transaction::new(&app);
        membership::close(&mut tx, &orgs, &organization, &member, Going::Leaves)?;
        accounts::leave(&mut tx, &identity, &account, PRODUCT);
        audit::write_down(
            &mut tx,
            &orgs,
            caller.user_id,
            id,
            Action::CloseOrganization,
            None,
        )?;
        match tx.commit().await? {
            Outcome::Done => return Ok(StatusCode::OK),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
