//! A user of this service: a member of an organisation.

use enishi_shared::{
    Result, UserId,
    store::{Key, Table},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::organization::{OrganizationId, Role, partition};

/// What the sort keys of members begin with.
pub const MEMBERS: &str = "MEMBER#";

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

/// A member of an organisation. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn find(
    table: &Table,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Option<Member>> {
    table.get(&member_key(organization_id, user_id)).await
}
