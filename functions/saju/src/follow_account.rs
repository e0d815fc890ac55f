//! `saju-follow-account`: what becomes of an account. Once its address is verified, its person comes into
//! the pool; when it is closed, they are erased ([`erase`](crate::erase)).
//!
//! Both may come twice and in any order: who is verified already stays as they are, who has gone is not
//! there to be changed, and nobody without a profile is made one.

use enishi_shared::{
    App, Function, Result,
    events::{AccountDeleted, AccountVerified, Detail},
    function::on,
    store::{Change, Race, Written},
};
use serde::Deserialize;

use crate::{
    erase::erase,
    profile::{Profile, occupy, profile_key, table, today},
    standing,
};

/// `saju-follow-account`
///
/// Budget: of each relation of a closed account, 1 of every other item and of the items of chats that both
/// have left; 3 beside these, and 1 for each 200 items of such chats. Of a verified address 4, the profile,
/// its place in the pool read and marked, and the change.
pub const FUNCTION: Function =
    Function::event("saju-follow-account", |app, event| on(app, event, follow)).budget(4);

/// What identity tells of an account.
#[derive(Deserialize)]
#[serde(tag = "detail-type", content = "detail")]
enum Told {
    #[serde(rename = "account.verified")]
    Verified(Detail<AccountVerified>),
    #[serde(rename = "account.deleted")]
    Deleted(Detail<AccountDeleted>),
}

async fn follow(app: App, told: Told) -> Result<()> {
    match told {
        Told::Verified(detail) => verified(app, detail).await,
        Told::Deleted(detail) => erase(app, detail).await,
    }
}

async fn verified(app: App, detail: Detail<AccountVerified>) -> Result<()> {
    let table = table(&app)?;
    let key = profile_key(detail.data.user_id);
    let mut profile = table.get::<Profile>(&key).await?;
    let mut race = Race::new(&app);
    while let Some(before) = profile.filter(|profile| profile.standing.unverified) {
        let mut after = before.clone();
        after.standing.unverified = false;
        after.place(today(app.now()))?;
        occupy(&table, &after.candidate).await?;
        let change = standing::moved(Change::new(), &before, &after);
        match table.update(key.clone(), change).await? {
            Written::Done => return Ok(()),
            Written::Refused(found) => profile = found.item()?,
        }
        race.lost().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/saju-follow-account.json");
        assert!(serde_json::from_str::<Told>(sample).is_ok());
    }
}
