//! `identity-erase`: erases what is left of a closed account: its sessions and the tokens that were
//! mailed. All of these are void already, for each is used with the account, which is gone.
//!
//! The tokens go for good, since one is made only with its account. A log-in at the very moment of
//! the closing can leave a session: digests, which end by their `ttl`. Receipts of mails and keys of
//! idempotency say nothing of a person, and end by theirs.
//!
//! What stays: the market's LogInLog for its year, each session key as its digest, under an id that
//! leads to nobody any more; and the announcements for their week, one of which holds an address if
//! its password was forgotten.

use enishi_shared::{
    App, Function, Result,
    accounts::{SESSIONS, partition, table},
    events::{AccountDeleted, Event},
    function::on,
};

use crate::one_time;

/// `identity-erase`.
///
/// Budget: of each session and token; 2 beside these.
pub const FUNCTION: Function =
    Function::event("identity-erase", |app, event| on(app, event, erase)).budget(1);

/// Erases what there is of the account.
///
/// # Errors
/// Whatever keeps something from being erased; the event comes again.
pub async fn erase(app: App, Event { detail }: Event<AccountDeleted>) -> Result<()> {
    let table = table(&app)?;
    let of_account = partition(detail.data.user_id);
    table.delete_all(&of_account, SESSIONS).await?;
    table.delete_all(&of_account, one_time::PREFIX).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/identity-erase.json");
        assert!(serde_json::from_str::<Event<AccountDeleted>>(sample).is_ok());
    }
}
