//! `orgs-close`: erases what lies under an organisation that was closed. Its invitations accept nobody any
//! more, and nothing is written there since.

use enishi_shared::{App, Function, Result, events::Event, function::on, store::s};

use crate::{
    events::Closed,
    invitation::{INVITATIONS, Invitation},
    organization::{partition, table},
};

/// `orgs-close`
///
/// Budget: of each invitation 2, of each of its tokens 1; 3 beside these.
pub const FUNCTION: Function =
    Function::event("orgs-close", |app, event| on(app, event, close)).budget(2);

/// Erases what there is under the organisation. Once more does no harm.
///
/// # Errors
/// Whatever keeps something from being erased; the event comes again.
pub async fn close(app: App, Event { detail }: Event<Closed>) -> Result<()> {
    let orgs = table(&app)?;
    let pk = partition(detail.data.organization_id);
    let invitations = orgs
        .query("pk = :pk AND begins_with(sk, :invitations)")
        .value(":pk", s(&pk))
        .value(":invitations", s(INVITATIONS));
    // What is found by the rows of a partition goes before these.
    let by_address = |it: Invitation| {
        let key = it.address_key();
        orgs.delete(key)
    };
    invitations.each(by_address).await?;
    orgs.delete_all(&pk, "").await
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
