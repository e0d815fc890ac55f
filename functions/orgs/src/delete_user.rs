//! `DELETE /v1/service/users/{user_id}`: deletes a user. The account here stays for its other products; the
//! one at Firebase is disabled if there are none.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result, UserId, accounts,
    error::ErrorBody,
    http::Path,
    store::{Outcome, Race, Transaction},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::Caller,
    disabling, member,
    membership::{self, Going, may_step_down},
    organization::{PRODUCT, table},
};

/// `orgs-delete-user`
///
/// Budget: the caller, the user with their organisation and account, the deletion.
pub const FUNCTION: Function = Function::http("orgs-delete-user", || {
    OpenApiRouter::new().routes(routes!(delete_user))
})
.budget(3);

/// Nobody any more.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"user": {}}))]
pub struct DeletedUserResponse {
    /// Empty.
    pub user: Nobody,
}

/// An object without a field.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({}))]
pub struct Nobody {}

/// Deletes a user
///
/// Oneself, or for an admin anybody of the organisation. With its only user an organisation is closed. At
/// Firebase the account is disabled, if it has no other product here, and it is one's own or came by an
/// invitation.
#[utoipa::path(
    delete, path = "/v1/service/users/{user_id}", tag = "orgs",
    operation_id = "deleteUser",
    security(("access_token" = []), ("id_token" = [])),
    params(("user_id" = UserId, Path, description = "Who")),
    responses(
        (status = 200, body = DeletedUserResponse, description = "Deleted"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "Somebody else, and the caller is no admin, or belongs to no organisation"),
        (status = 404, body = ErrorBody, description = "Nobody of the organisation"),
        (status = 409, body = ErrorBody, description = "The only admin of others"),
    )
)]
pub async fn delete_user(
    State(app): State<App>,
    caller: Caller,
    Path(user_id): Path<UserId>,
) -> Result<axum::Json<DeletedUserResponse>> {
    caller.own_or_admin(user_id)?;
    let (orgs, identity) = (table(&app)?, accounts::table(&app)?);
    let organization_id = caller.organization_id;
    let mut race = Race::new(&app);
    loop {
        let (organization, member, account) =
            member::find_with_account(&app, &orgs, organization_id, user_id).await?;
        let is_own = user_id == caller.user_id;
        if !is_own {
            caller.still_admin(&organization)?;
        }

        let mut tx = Transaction::new(&app);
        let changed = match organization.members {
            0 | 1 => {
                membership::close(&mut tx, &orgs, &organization, &member, Going::Deleted)?;
                None
            }
            _ => {
                may_step_down(&organization, user_id)?;
                let going = Going::Deleted;
                Some(membership::take_out(
                    &mut tx,
                    &orgs,
                    &organization,
                    &member,
                    going,
                )?)
            }
        };
        accounts::leave(&mut tx, &identity, &account, PRODUCT);
        let is_other = |product: &String| product != PRODUCT;
        if !account.products.iter().any(is_other) && (is_own || member.is_invited) {
            disabling::ask(&mut tx, &orgs, &member.uid, user_id)?;
        }
        let (by, whom) = (caller.user_id, user_id.to_string());
        audit::write_down(
            &mut tx,
            &orgs,
            by,
            organization_id,
            Action::DeleteUser,
            Some(&whom),
        )?;
        match tx.commit().await? {
            Outcome::Done => return Ok(axum::Json(DeletedUserResponse { user: Nobody {} })),
            Outcome::Refused(refused) => {
                if let Some(changed) = changed {
                    changed.after(&refused)?;
                }
            }
        }
        race.lost().await?;
    }
}
