//! A user of this service: a member of an organisation.

use enishi_shared::{
    App, Error, Result, UserId,
    accounts::{self, Account, account_key},
    store::{self, Key, Table, decode},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    list::List,
    organization::{Organization, OrganizationId, Role, organization_key, partition},
};

/// What the sort keys of members begin with.
const MEMBERS: &str = "MEMBER#";

/// A member as they lie in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// Of which organisation.
    pub organization_id: OrganizationId,
    /// Their id at Firebase.
    pub uid: String,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Whether they came by an invitation.
    pub is_invited: bool,
    /// Whether they have the application.
    pub is_app_download: bool,
    /// When they logged in last at Firebase, as far as was seen here.
    pub last_signin_at: Timestamp,
    /// Since when they belong to the organisation.
    pub created_at: Timestamp,
}

/// Where a member lies.
pub fn member_key(organization_id: OrganizationId, user_id: UserId) -> Key {
    Key::new(partition(organization_id), format!("{MEMBERS}{user_id}"))
}

/// The list of an organisation's members.
pub fn members_of(organization_id: OrganizationId) -> List {
    List {
        pk: partition(organization_id),
        prefix: MEMBERS,
    }
}

/// A member with their organisation. One request.
///
/// # Errors
/// `not_found` where they are none of it.
pub async fn find(
    table: &Table,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<(Organization, Member)> {
    let found = look_up(table, organization_id, user_id).await?;
    found.ok_or_else(|| Error::not_found("user"))
}

/// The same, if they are one of it. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn look_up(
    table: &Table,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Option<(Organization, Member)>> {
    let places = [
        organization_key(organization_id),
        member_key(organization_id, user_id),
    ];
    let mut found = table.batch_get(&places).await?;
    match places.map(|place| found.remove(&place)) {
        [Some(organization), Some(member)] => Ok(Some((decode(organization)?, decode(member)?))),
        _ => Ok(None),
    }
}

/// The same with their account. One request.
///
/// # Errors
/// As [`find`]; an account that is closed is not found, for they are about to go.
pub async fn find_with_account(
    app: &App,
    table: &Table,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<(Organization, Member, Account)> {
    let identity = accounts::table(app)?;
    let places = [
        (table, organization_key(organization_id)),
        (table, member_key(organization_id, user_id)),
        (&identity, account_key(user_id)),
    ];
    let found = store::batch_get(app, &places).await?;
    match <[_; 3]>::try_from(found) {
        Ok([Some(organization), Some(member), Some(account)]) => {
            Ok((decode(organization)?, decode(member)?, decode(account)?))
        }
        _ => Err(Error::not_found("user")),
    }
}
