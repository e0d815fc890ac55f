//! Who did what to whom, written with it.

use enishi_shared::{
    Result, UserId,
    audit::audit_key,
    store::{Table, Transaction},
};
use jiff::Timestamp;
use serde::Serialize;

use crate::organization::OrganizationId;

/// What was done.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Made an organisation.
    CreateOrganization,
    /// Changed what an organisation says of itself.
    EditOrganization,
    /// Closed an organisation.
    CloseOrganization,
    /// Invited somebody.
    Invite,
    /// Took an invitation back.
    WithdrawInvitation,
    /// Accepted an invitation.
    Accept,
    /// Gave somebody another role.
    ChangeRole,
    /// Removed somebody from an organisation.
    RemoveMember,
    /// Deleted a user.
    DeleteUser,
    /// Deleted somebody's project.
    DeleteProject,
    /// Asked for a licence.
    BuyLicense,
    /// Changed a licence.
    EditLicense,
}

/// That somebody did something.
#[derive(Serialize)]
struct Entry<'a> {
    by: UserId,
    organization_id: OrganizationId,
    action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    whom: Option<&'a str>,
    at: Timestamp,
}

/// Writes down in the transaction of it that `by` did it; `whom` is the id of the user, the invitation or
/// the licence it was done to, if it was done to one.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn write_down(
    tx: &mut Transaction,
    table: &Table,
    by: UserId,
    organization_id: OrganizationId,
    action: Action,
    whom: Option<&str>,
) -> Result<()> {
    let (at, id) = (tx.app().now(), tx.app().new_id());
    let entry = Entry {
        by,
        organization_id,
        action,
        whom,
        at,
    };
    tx.put(table, audit_key(at, id), &entry)
}
