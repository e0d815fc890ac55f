//! `PUT /v1/service/organization_members/{user_id}`: gives a member another role.

use axum::{extract::State, http::StatusCode};
use enishi_shared::{
    App, Function, Result, UserId,
    error::ErrorBody,
    http::{Json, Path},
    patch,
    store::{Outcome, Race, Transaction},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::Caller,
    member,
    membership::{self, may_step_down},
    organization::{Role, table},
};

/// `orgs-change-role`
///
/// Budget: the caller, the member with the organisation, the change.
pub const FUNCTION: Function = Function::http("orgs-change-role", || {
    OpenApiRouter::new().routes(routes!(change_role))
})
.budget(3);

/// What changes.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRoleRequest {
    /// What they may do from now on; left out, it stays.
    #[serde(default, deserialize_with = "patch::given")]
    #[garde(skip)]
    #[schema(nullable = false)]
    pub role: Option<Role>,
}

/// Gives a member another role
///
/// For admins. It counts from the next request on.
#[utoipa::path(
    put, path = "/v1/service/organization_members/{user_id}", tag = "orgs",
    operation_id = "editOrganizationMember",
    security(("access_token" = []), ("id_token" = [])),
    params(("user_id" = UserId, Path, description = "Who")),
    request_body = ChangeRoleRequest,
    responses(
        (status = 200, description = "Changed"),
        (status = 400, body = ErrorBody, description = "`role` is wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 404, body = ErrorBody, description = "Nobody of the organisation"),
        (status = 409, body = ErrorBody, description = "The only admin"),
    )
)]
pub async fn change_role(
    State(app): State<App>,
    caller: Caller,
    Path(user_id): Path<UserId>,
    Json(body): Json<ChangeRoleRequest>,
) -> Result<StatusCode> {
    caller.admin()?;
    let orgs = table(&app)?;
    let mut race = Race::new(&app);
    loop {
        let (before, member) = member::find(&orgs, caller.organization_id, user_id).await?;
        caller.still_admin(&before)?;
        let Some(role) = body.role.filter(|role| *role != member.role) else {
            return Ok(StatusCode::OK);
        };
        let mut after = before.clone();
        match role {
            Role::Admin => after.admins.insert(user_id),
            Role::Member => {
                may_step_down(&before, user_id)?;
                after.admins.remove(&user_id)
            }
        };
        let mut tx = Transaction::new(&app);
        let changed = membership::change(&mut tx, &orgs, &before, after)?;
        let organization_id = before.organization_id;
        membership::give_role(&mut tx, &orgs, &member, role);
        let (by, whom) = (caller.user_id, user_id.to_string());
        audit::write_down(
            &mut tx,
            &orgs,
            by,
            organization_id,
            Action::ChangeRole,
            Some(&whom),
        )?;
        match tx.commit().await? {
            Outcome::Done => return Ok(StatusCode::OK),
            Outcome::Refused(refused) => changed.after(&refused)?,
        }
        race.lost().await?;
    }
}
