//! `orgs-disable`: disables the Firebase account of a user who was deleted, if that is still wanted.
//!
//! Somebody may have come back since, or have become a customer of another product: then the account stays as it
//! is. That is looked up at each attempt before Google is asked, and once more afterwards, in the transaction that
//! takes the [`Disabling`] away; whoever came in between has their account enabled again. What cannot be done
//! stays, and [`crate::sweep`] tries it again.

use enishi_shared::{
    App, Function, Result,
    accounts::{self, Account, Owner, account_key, firebase_key},
    events::Event,
    firebase::{disable_account, enable_account},
    function::on,
    store::{self, Change, Outcome, Race, Table, Transaction, Written, decode, when},
};

use crate::{
    caller::{Standing, firebase_caller_key},
    disabling::{Disabling, UserDeleted, disabling_key},
    organization::{PRODUCT, table},
};

/// `orgs-disable`
///
/// Budget: what is to be done, whether it still is wanted, that Google is asked, that it is done.
pub const FUNCTION: Function =
    Function::event("orgs-disable", |app, event| on(app, event, told)).budget(4);

async fn told(app: App, Event { detail }: Event<UserDeleted>) -> Result<()> {
    let found = table(&app)?.get(&disabling_key(&detail.data.uid)).await?;
    match found {
        Some(disabling) => disable(&app, disabling).await,
        // It is done.
        None => Ok(()),
    }
}

/// Does it, or forgets it where it is not wanted any more. Three requests, and two for each time that somebody
/// comes in between.
///
/// # Errors
/// `service_unavailable` when Google or DynamoDB does not answer, `internal_server_error` when Google refuses.
pub async fn disable(app: &App, mut disabling: Disabling) -> Result<()> {
    let (orgs, identity) = (table(app)?, accounts::table(app)?);
    let place = disabling_key(&disabling.uid);
    let mut race = Race::new(app);
    loop {
        let found = Found::read(app, &orgs, &identity, &disabling).await?;
        let is_wanted = found.is_wanted(&disabling);
        // Another deletion since has its own.
        let this_one = when().eq("deleted_at", disabling.deleted_at);
        if is_wanted {
            let asked = Change::new().set("is_asked", true).when(this_one.clone());
            if let Written::Refused(_) = orgs.update(place.clone(), asked).await? {
                return Ok(());
            }
            disabling.is_asked = true;
            disable_account(app, &disabling.uid).await?;
        } else if disabling.is_asked {
            enable_account(app, &disabling.uid).await?;
        }
        let mut tx = Transaction::new(app);
        let done = tx.delete_when(&orgs, place.clone(), this_one);
        if is_wanted {
            found.check(&mut tx, &orgs, &identity, &disabling);
        }
        match tx.commit().await? {
            Outcome::Refused(refused) if is_wanted || !refused.is(done) => race.lost().await?,
            Outcome::Done | Outcome::Refused(_) => return Ok(()),
        }
    }
}

/// What tells whether an account is to be disabled.
struct Found {
    standing: Option<Standing>,
    owner: Option<Owner>,
    account: Option<Account>,
}

impl Found {
    /// One request.
    async fn read(
        app: &App,
        orgs: &Table,
        identity: &Table,
        disabling: &Disabling,
    ) -> Result<Self> {
        let places = [
            (orgs, firebase_caller_key(&disabling.uid)),
            (identity, firebase_key(&disabling.uid)),
            (identity, account_key(disabling.user_id)),
        ];
        let mut found = store::batch_get(app, &places).await?.into_iter();
        Ok(Self {
            standing: found.next().flatten().map(decode).transpose()?,
            owner: found.next().flatten().map(decode).transpose()?,
            account: found.next().flatten().map(decode).transpose()?,
        })
    }

    /// Whether nobody has come back, and there is no other product.
    fn is_wanted(&self, disabling: &Disabling) -> bool {
        let is_member = matches!(self.standing, Some(Standing::Member { .. }));
        let owner = self.owner.as_ref().map(|owner| owner.user_id);
        let is_another = owner.is_some_and(|owner| owner != disabling.user_id);
        let products = self.account.iter().flat_map(|account| &account.products);
        let others = products.filter(|product| *product != PRODUCT).count();
        !is_member && !is_another && others == 0
    }

    /// That it has not changed since it was read.
    fn check(&self, tx: &mut Transaction, orgs: &Table, identity: &Table, disabling: &Disabling) {
        let no_member = when().absent("pk").or(when().eq("standing", "deleted"));
        tx.check(orgs, firebase_caller_key(&disabling.uid), no_member);
        let owner = self.owner.as_ref().map(|owner| owner.user_id);
        let same_owner = when().same("user_id", owner);
        tx.check(identity, firebase_key(&disabling.uid), same_owner);
        let same_products = match &self.account {
            Some(account) => when().eq("products", &account.products),
            None => when().absent("pk"),
        };
        tx.check(identity, account_key(disabling.user_id), same_products);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/orgs-disable.json");
        assert!(serde_json::from_str::<Event<UserDeleted>>(sample).is_ok());
    }
}
