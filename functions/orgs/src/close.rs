//! `orgs-close`: erases what lies under an organisation that was closed. Its invitations accept nobody any
//! more, and nothing is written there since.

use enishi_shared::{App, Function, Result, events::Event, function::on};

use crate::{
    events::Closed,
    invitation::{Invitation, invitations_of},
    organization::{partition, table},
    project,
};

/// `orgs-close`
///
/// Budget: of each invitation 2, of each of its tokens and of each project, export and member who has spent 1;
/// 6 beside these.
pub const FUNCTION: Function =
    Function::event("orgs-close", |app, event| on(app, event, close)).budget(2);

/// Erases what there is under the organisation. Once more does no harm.
///
/// # Errors
/// Whatever keeps something from being erased; the event comes again.
pub async fn close(app: App, Event { detail }: Event<Closed>) -> Result<()> {
    let orgs = table(&app)?;
    let organization_id = detail.data.organization_id;
    // What is found by the rows of a partition goes before these.
    let invitations = invitations_of(organization_id).query(&orgs);
    let by_address = |it: Invitation| {
        let (orgs, key) = (&orgs, it.address_key());
        async move { orgs.delete(key).await }
    };
    invitations.each(by_address).await?;
    project::erase_all(&app, &orgs, organization_id).await?;
    orgs.delete_all(&partition(organization_id), "").await
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
