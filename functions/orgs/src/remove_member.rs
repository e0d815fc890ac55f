//! `DELETE /v1/service/organization_members/{user_id}`: removes a member, who may be oneself. They may make
//! an organisation or be invited again; what they made stays with this one.

use axum::{extract::State, http::StatusCode};
use enishi_shared::{
    App, Function, Result, UserId, accounts,
    error::ErrorBody,
    http::Path,
    store::{Outcome, Race, Transaction},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::Caller,
    member,
    membership::{self, Going, may_step_down},
    organization::{PRODUCT, table},
};

/// `orgs-remove-member`
///
/// Budget: the caller, the member with the organisation and their account, the removal.
pub const FUNCTION: Function = Function::http("orgs-remove-member", || {
    OpenApiRouter::new().routes(routes!(remove_member))
})
.budget(3);

/// Removes a member
///
/// For admins, and for who leaves. It counts from the next request on.
#[utoipa::path(
    delete, path = "/v1/service/organization_members/{user_id}", tag = "orgs",
    operation_id = "deleteOrganizationMember",
    security(("access_token" = []), ("id_token" = [])),
    params(("user_id" = UserId, Path, description = "Who")),
    responses(
        (status = 200, description = "Removed"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "Somebody else, and the caller is no admin, or belongs to no organisation"),
        (status = 404, body = ErrorBody, description = "Nobody of the organisation"),
        (status = 409, body = ErrorBody, description = "The only admin"),
    )
)]
pub async fn remove_member(
    State(app): State<App>,
    caller: Caller,
    Path(user_id): Path<UserId>,
) -> Result<StatusCode> {
    caller.own_or_admin(user_id)?;
    let (orgs, identity) = (table(&app)?, accounts::table(&app)?);
    let organization_id = caller.organization_id;
    let mut race = Race::new(&app);
    loop {
        let (organization, member, account) =
            member::find_with_account(&app, &orgs, organization_id, user_id).await?;
        if user_id != caller.user_id {
            caller.still_admin(&organization)?;
        }
        may_step_down(&organization, user_id)?;
        let mut tx = Transaction::new(&app);
        let changed = membership::take_out(&mut tx, &orgs, &organization, &member, Going::Leaves)?;
        accounts::leave(&mut tx, &identity, &account, PRODUCT);
        let (by, whom) = (caller.user_id, user_id.to_string());
        audit::write_down(
            &mut tx,
            &orgs,
            by,
            organization_id,
            Action::RemoveMember,
            Some(&whom),
        )?;
        match tx.commit().await? {
            Outcome::Done => return Ok(StatusCode::OK),
            Outcome::Refused(refused) => changed.after(&refused)?,
        }
        race.lost().await?;
    }
}
