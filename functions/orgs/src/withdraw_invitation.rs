//! `DELETE /v1/service/invitations/{invitation_id}`: takes an invitation back.

use axum::{extract::State, http::StatusCode};
use enishi_shared::{
    App, Error, Function, Result,
    error::ErrorBody,
    http::Path,
    store::{Outcome, Race, Transaction, decode},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::Caller,
    invitation::{Invitation, InvitationId, invitation_key},
    organization::{Organization, organization_key, table},
};

/// `orgs-withdraw-invitation`
///
/// Budget: the caller, the invitation with its organisation, the withdrawal.
pub const FUNCTION: Function = Function::http("orgs-withdraw-invitation", || {
    OpenApiRouter::new().routes(routes!(withdraw_invitation))
})
.budget(3);

/// Takes an invitation back
///
/// For admins. Its seat is free again.
#[utoipa::path(
    delete, path = "/v1/service/invitations/{invitation_id}", tag = "orgs",
    operation_id = "deleteInvitation",
    security(("access_token" = []), ("id_token" = [])),
    params(("invitation_id" = InvitationId, Path, description = "Which")),
    responses(
        (status = 200, description = "Taken back"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 404, body = ErrorBody, description = "No open invitation of the organisation"),
    )
)]
pub async fn withdraw_invitation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<InvitationId>,
) -> Result<StatusCode> {
    caller.admin()?;
    let orgs = table(&app)?;
    let organization_id = caller.organization_id;
    let places = [
        organization_key(organization_id),
        invitation_key(organization_id, id),
    ];
    let mut race = Race::new(&app);
    loop {
        let mut found = orgs.batch_get(&places).await?;
        let [organization, invitation] = places.each_ref().map(|place| found.remove(place));
        let before: Organization = decode(organization.ok_or_else(Caller::belongs_no_more)?)?;
        caller.still_admin(&before)?;
        let invitation = invitation.map(decode::<Invitation>).transpose()?;
        let invitation = invitation.filter(|_| before.invites(id, app.now()));
        let invitation = invitation.ok_or_else(|| Error::not_found("invitation"))?;
        let mut after = before.clone();
        after.invitations.remove(&id);

        let mut tx = Transaction::new(&app);
        after.replace(&mut tx, &orgs, &before)?;
        invitation.delete(&mut tx, &orgs);
        let (by, whom) = (caller.user_id, id.to_string());
        let action = Action::WithdrawInvitation;
        audit::write_down(&mut tx, &orgs, by, organization_id, action, Some(&whom))?;
        match tx.commit().await? {
            Outcome::Done => return Ok(StatusCode::OK),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
