//! `POST /v1/service/invitations`: invites an address. The letter goes out by [`mail`](crate::mail).

use axum::{extract::State, http::StatusCode};
use enishi_shared::{
    App, Error, Function, Result,
    accounts::{self, Owner, email_key, normalised},
    error::ErrorBody,
    events::announce,
    http::Json,
    idempotency::IdempotencyKey,
    store::{self, Outcome, Race, Transaction, decode},
    throttle::{self, Limit},
    validate,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::Caller,
    events::Invited,
    invitation::{Invitation, InvitationId, OPEN_FOR, address_key, invitation_key},
    member::member_key,
    organization::{Organization, OrganizationId, Role, organization_key, table},
};

/// `orgs-invite`
///
/// Budget: the caller, the organisation with the address's invitation and account, whether that is a member's,
/// two throttles, the invitation; 1 less where the address has no account.
pub const FUNCTION: Function = Function::http("orgs-invite", || {
    OpenApiRouter::new().routes(routes!(invite))
})
.budget(6);

/// Invitations by an organisation.
const BY_ONE: Limit = Limit::new("INVITATION_RATE", 50, 24 * 60 * 60);
/// Invitations to an address, by whomever.
const TO_ONE: Limit = Limit::new("INVITATION_ADDRESS_RATE", 3, 7 * 24 * 60 * 60);

/// Who is invited.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteRequest {
    /// Whom.
    #[garde(custom(validate::email))]
    #[schema(max_length = 254, format = "email", example = "deep@mosaic.com")]
    pub email: String,
    /// As what.
    #[garde(skip)]
    pub role: Role,
    /// Where to: the caller's organisation.
    #[garde(skip)]
    pub organization_id: OrganizationId,
}

/// Invites an address
///
/// For admins. The invitation is open for seven days and takes a seat; a newer one to the same address
/// replaces it.
#[utoipa::path(
    post, path = "/v1/service/invitations", tag = "orgs",
    operation_id = "createInvitation",
    security(("access_token" = []), ("id_token" = [])),
    params(IdempotencyKey),
    request_body = InviteRequest,
    responses(
        (status = 200, description = "Invited"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; `organization_id`: not the caller's"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 409, body = ErrorBody, description = "All seats are taken, or `email` is a member's, or the `Idempotency-Key` was used with another body"),
        (status = 429, body = ErrorBody, description = "Too many invitations by the organisation or to the address; `Retry-After` says when"),
    )
)]
pub async fn invite(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<InviteRequest>,
) -> Result<StatusCode> {
    caller.admin()?;
    let organization_id = caller.organization_id;
    if body.organization_id != organization_id {
        return Err(Error::unknown("organization_id"));
    }
    let scope = format!("orgs-invite\n{organization_id}\n{}", caller.user_id);
    let creation = key.creation(&app, &scope, &body)?;
    let (orgs, identity) = (table(&app)?, accounts::table(&app)?);
    let address = address_key(&body.email, organization_id);
    let mut places = vec![
        (&orgs, organization_key(organization_id)),
        (&orgs, address),
        (&identity, email_key(&body.email)),
    ];
    places.extend(creation.iter().map(|creation| (&orgs, creation.key())));
    let mut counted = false;
    let mut race = Race::new(&app);
    loop {
        let mut found = store::batch_get(&app, &places).await?.into_iter();
        let [organization, earlier, owner, used] = std::array::from_fn(|_| found.next().flatten());
        if let Some(creation) = &creation
            && creation.created_in::<InvitationId>(&app, used)?.is_some()
        {
            // No second letter, which would make the first one's link worthless.
            return Ok(StatusCode::OK);
        }
        let before: Organization = decode(organization.ok_or_else(Caller::belongs_no_more)?)?;
        caller.still_admin(&before)?;
        let earlier: Option<Invitation> = earlier.map(decode).transpose()?;
        let mut after = before.clone();
        if let Some(earlier) = &earlier {
            after.invitations.remove(&earlier.invitation_id);
        }
        let now = app.now();
        after.has_seat(now)?;
        if let Some(owner) = owner.map(decode::<Owner>).transpose()? {
            let member = member_key(organization_id, owner.user_id);
            if !orgs.batch_get(&[member]).await?.is_empty() {
                return Err(Error::already_exists("email"));
            }
        }
        if !counted {
            let by = organization_id.to_string();
            throttle::count(&app, &orgs, "invitation", &by, &BY_ONE).await?;
            let to = normalised(&body.email);
            throttle::count(&app, &orgs, "invitation-address", &to, &TO_ONE).await?;
            counted = true;
        }

        let expires_at = now + OPEN_FOR;
        let invitation = Invitation {
            invitation_id: InvitationId::new(&app),
            organization_id,
            email: body.email.clone(),
            role: body.role,
            invited_by: caller.user_id,
            created_at: now,
            expires_at,
            ttl: expires_at.as_second(),
        };
        let invitation_id = invitation.invitation_id;
        after.invitations.insert(invitation_id, expires_at);
        let mut tx = Transaction::new(&app);
        after.replace(&mut tx, &orgs, &before)?;
        if let Some(earlier) = earlier {
            tx.delete(
                &orgs,
                invitation_key(organization_id, earlier.invitation_id),
            );
        }
        invitation.put(&mut tx, &orgs)?;
        announce(
            &mut tx,
            &orgs,
            Invited {
                organization_id,
                invitation_id,
            },
        )?;
        let (by, whom) = (caller.user_id, invitation_id.to_string());
        audit::write_down(
            &mut tx,
            &orgs,
            by,
            organization_id,
            Action::Invite,
            Some(&whom),
        )?;
        let creation = creation.as_ref();
        match tx.commit_once(&orgs, creation, &invitation_id).await? {
            Outcome::Done | Outcome::Replayed { .. } => return Ok(StatusCode::OK),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
