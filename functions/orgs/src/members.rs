//! `GET /v1/service/organization_members`: who belongs to an organisation, as what.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{App, Function, Result, UserId, error::ErrorBody, http::Query};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    list::PageQuery,
    member::{Member, members_of},
    organization::{Role, table},
    time,
};

/// `orgs-members`
///
/// Budget: the caller, the members.
pub const FUNCTION: Function = Function::http("orgs-members", || {
    OpenApiRouter::new().routes(routes!(members))
})
.budget(2);

/// A member.
#[derive(Serialize, ToSchema)]
pub struct OrganizationMember {
    /// The user.
    pub id: UserId,
    /// What they may do.
    pub role: Role,
    /// Since when they belong to the organisation, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]
    pub created_at: Timestamp,
}

/// Members in an answer.
#[derive(Serialize, ToSchema)]
pub struct MembersResponse {
    /// These.
    pub organization_members: Vec<OrganizationMember>,
}

/// Members
///
/// For admins.
#[utoipa::path(
    get, path = "/v1/service/organization_members", tag = "orgs",
    operation_id = "listOrganizationMembers",
    security(("access_token" = []), ("id_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = MembersResponse, description = "Members", headers(("Link" = String, description = "The next page, if there is one"))),
        (status = 400, body = ErrorBody, description = "`limit` or `cursor` is wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
    )
)]
pub async fn members(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    caller.admin()?;
    let orgs = table(&app)?;
    let list = members_of(caller.organization_id);
    let (next, found) = list.page::<Member>(&orgs, false, &query, &uri).await?;
    let shown = found.into_iter().map(|member| OrganizationMember {
        id: member.user_id,
        role: member.role,
        created_at: member.created_at,
    });
    let organization_members = shown.collect();
    Ok((
        next,
        axum::Json(MembersResponse {
            organization_members,
        }),
    ))
}
