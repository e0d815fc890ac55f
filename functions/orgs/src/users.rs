//! `GET /v1/service/users`: the users of an organisation, or oneself.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{App, Function, Result, error::ErrorBody, http::Query, store::decode};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    list::PageQuery,
    member::{member_key, members_of},
    organization::{Organization, Role, organization_key, table},
    seconds,
    user::{User, UsersResponse},
};

/// `orgs-users`
///
/// Budget: the caller, the members, the organisation, the seconds; for a member, who is read with the
/// organisation, 1 less.
pub const FUNCTION: Function =
    Function::http("orgs-users", || OpenApiRouter::new().routes(routes!(users))).budget(4);

/// Users of the organisation
///
/// An admin is shown everybody, a member themselves.
#[utoipa::path(
    get, path = "/v1/service/users", tag = "orgs",
    operation_id = "listUsers",
    security(("access_token" = []), ("id_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = UsersResponse, description = "Users", headers(("Link" = String, description = "The next page, if there is one"))),
        (status = 400, body = ErrorBody, description = "`limit` or `cursor` is wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No organisation"),
    )
)]
pub async fn users(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    let orgs = table(&app)?;
    let organization_id = caller.organization_id;
    let organization = organization_key(organization_id);
    let mut keys = vec![organization.clone()];
    let mut members = Vec::new();
    let mut next = Default::default();
    let own = member_key(organization_id, caller.user_id);
    match caller.role {
        Role::Admin => {
            let list = members_of(organization_id);
            (next, members) = list.page(&orgs, false, &query, &uri).await?;
        }
        Role::Member => keys.push(own.clone()),
    }
    let mut found = orgs.batch_get(&keys).await?;
    if let Some(member) = found.remove(&own) {
        members.push(decode(member)?);
    }
    let organization = found
        .remove(&organization)
        .ok_or_else(Caller::belongs_no_more)?;
    let organization: Organization = decode(organization)?;
    let left = seconds::left(&app, &organization).await?;
    let shown = |member| User::new(member, &organization, left);
    let users = members.into_iter().map(shown).collect();
    Ok((next, axum::Json(UsersResponse { users })))
}
