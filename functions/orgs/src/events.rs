//! What orgs tells itself.

use enishi_shared::{events::Announcement, payments::PaymentId};
use serde::{Deserialize, Serialize};

use crate::{invitation::InvitationId, licensing::License, organization::OrganizationId, seconds};

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
    /// The period of its last seconds.
    #[serde(default = "seconds::free")]
    pub period: String,
    /// What it had bought, or asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<ClosedLicense>,
}

/// The licence of an organisation that was closed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClosedLicense {
    /// Its payment.
    pub license_id: PaymentId,
    /// Stripe's `sub_…`, if it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
}

impl ClosedLicense {
    /// What is to be said of a licence.
    pub fn of(license: &License) -> Self {
        Self {
            license_id: license.license_id,
            subscription: license.subscription.clone(),
        }
    }
}

impl Announcement for Closed {
    const DETAIL_TYPE: &'static str = "orgs.closed";
    const SOURCE: &'static str = "enishi.orgs";
}
