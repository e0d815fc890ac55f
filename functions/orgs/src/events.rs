//! What orgs tells itself.

use enishi_shared::events::Announcement;
use serde::{Deserialize, Serialize};

use crate::{invitation::InvitationId, organization::OrganizationId};

/// Somebody was invited. Announced in the transaction that invites them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invited {
    /// Where to.
    pub organization_id: OrganizationId,
    /// The invitation; whom it is for, its reader looks up.
    pub invitation_id: InvitationId,
}

impl Announcement for Invited {
    const DETAIL_TYPE: &'static str = "orgs.invited";
    const SOURCE: &'static str = "enishi.orgs";
}

/// An organisation was closed. Announced in the transaction that closes it; what lies under it goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Closed {
    /// Which.
    pub organization_id: OrganizationId,
}

impl Announcement for Closed {
    const DETAIL_TYPE: &'static str = "orgs.closed";
    const SOURCE: &'static str = "enishi.orgs";
}
