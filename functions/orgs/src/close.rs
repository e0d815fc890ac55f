//! `orgs-close`: erases what lies under an organisation that was closed, and ends its licence. Its invitations
//! accept nobody any more, and nothing is written there since. Its invoices are kept.

use enishi_shared::{
    App, Function, Result,
    events::Event,
    function::on,
    payments::{self, PaymentRef, subscription},
};

use crate::{
    events::{Closed, ClosedLicense},
    invitation::{Invitation, invitations_of},
    licensing::payer,
    organization::{OrganizationId, partition, table},
    project, seconds,
};

/// `orgs-close`
///
/// Budget: of each invitation 2, of each of its tokens and of each project, export and member who has spent 1;
/// 6 beside these, and 4 of a licence.
pub const FUNCTION: Function =
    Function::event("orgs-close", |app, event| on(app, event, close)).budget(2);

/// Erases what there is under the organisation. Once more does no harm.
///
/// # Errors
/// Whatever keeps something from being erased; the event comes again.
pub async fn close(app: App, Event { detail }: Event<Closed>) -> Result<()> {
    let orgs = table(&app)?;
    let Closed {
        organization_id,
        period,
        license,
    } = detail.data;
    // What is found by the rows of a partition goes before these.
    let invitations = invitations_of(organization_id).query(&orgs);
    let by_address = |it: Invitation| {
        let (orgs, key) = (&orgs, it.address_key());
        async move { orgs.delete(key).await }
    };
    invitations.each(by_address).await?;
    project::erase_all(&app, &orgs, organization_id).await?;
    seconds::erase(&app, organization_id, &period).await?;
    orgs.delete_all(&partition(organization_id), "").await?;
    match license {
        Some(license) => end(&app, organization_id, license).await,
        None => Ok(()),
    }
}

/// Ends a licence at once, or keeps it from being paid. One that was paid since comes to nobody: it is given back
/// when that is told ([`crate::follow`]).
async fn end(app: &App, organization_id: OrganizationId, license: ClosedLicense) -> Result<()> {
    if let Some(its) = license.subscription {
        return subscription::end(app, &its).await.map(drop);
    }
    let payment_ref = PaymentRef {
        payer: payer(organization_id),
        payment_id: license.license_id,
    };
    payments::expire(app, payment_ref).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/orgs-close.json");
        assert!(serde_json::from_str::<Event<Closed>>(sample).is_ok());
    }
}
