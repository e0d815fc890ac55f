//! `GET /v1/service/invitations`: whom an organisation has invited.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{App, Function, Result, error::ErrorBody, http::Query};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    invitation::{Invitation, InvitationId, invitations_of},
    list::PageQuery,
    organization::{Role, table},
    time,
};

/// `orgs-invitations`
///
/// Budget: the caller, the invitations.
pub const FUNCTION: Function = Function::http("orgs-invitations", || {
    OpenApiRouter::new().routes(routes!(invitations))
})
.budget(2);

/// An open invitation.
#[derive(Serialize, ToSchema)]
pub struct ShownInvitation {
    /// Which.
    pub id: InvitationId,
    /// When it was sent, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]
    pub created_at: Timestamp,
    /// Whom.
    #[schema(example = "deep@mosaic.com")]
    pub email: String,
    /// As what.
    pub role: Role,
    /// From this moment on it is not open any more, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-27 14:00:00")]
    pub expires_at: Timestamp,
}

/// The open ones, the oldest first.
#[derive(Serialize, ToSchema)]
pub struct InvitationsResponse {
    /// These.
    pub invitations: Vec<ShownInvitation>,
}

/// Open invitations
///
/// For admins.
#[utoipa::path(
    get, path = "/v1/service/invitations", tag = "orgs",
    operation_id = "listInvitations",
    security(("access_token" = []), ("id_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = InvitationsResponse, description = "Open invitations", headers(("Link" = String, description = "The next page, if there is one"))),
        (status = 400, body = ErrorBody, description = "`limit` or `cursor` is wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
    )
)]
pub async fn invitations(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    caller.admin()?;
    let orgs = table(&app)?;
    let list = invitations_of(caller.organization_id);
    let (next, found) = list.page::<Invitation>(&orgs, false, &query, &uri).await?;
    let now = app.now();
    let open = found.into_iter().filter(|it| now < it.expires_at);
    let shown = open.map(|it| ShownInvitation {
        id: it.invitation_id,
        created_at: it.created_at,
        email: it.email,
        role: it.role,
        expires_at: it.expires_at,
    });
    let invitations = shown.collect();
    Ok((next, axum::Json(InvitationsResponse { invitations })))
}
