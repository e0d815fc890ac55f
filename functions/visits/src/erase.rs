//! `visits-erase`: erases somebody who has closed their account: their profile, what students find of it,
//! their place in the queue, their matchings with what was recorded ([`withdraw::leave`]), blocks, notices and documents. The
//! choices that they were the first to name stay: these tell nothing of them, and others may be of them too.
//!
//! A document may still be on its way: they are noted for [`sweep`](crate::sweep).

use enishi_shared::{
    App, Function, Result, UserId, erasure,
    events::{AccountDeleted, Event},
    function::on,
    store::{Outcome, Race, Table, Transaction},
};

use crate::{
    block,
    card::{self, Rows, rows_of},
    certificate::{self, Review},
    notice::notices,
    profile::{Profile, profile_key, table},
    withdraw,
};

/// `visits-erase`
///
/// Budget: of each matching, 9 with a recording; 2 of each block, 1 of each notice; 7 beside these (the note, the profile, that
/// with what follows from it, the lists of matchings, blocks and notices), 6 without a profile, and 2 more for
/// each hundred matchings.
pub const FUNCTION: Function =
    Function::event("visits-erase", |app, event| on(app, event, erase)).budget(8);

/// Erases what there is of the account. Whatever writes a profile checks that there is an account or a
/// profile, so nothing new comes after.
///
/// # Errors
/// Whatever keeps something from being erased; the event comes again.
pub async fn erase(app: App, Event { detail }: Event<AccountDeleted>) -> Result<()> {
    let user_id = detail.data.user_id;
    let table = table(&app)?;
    erasure::note(&table, user_id, detail.time).await?;
    forget(&app, &table, user_id).await?;
    withdraw::leave(&app, user_id).await?;
    block::erase(&table, user_id).await?;
    table.delete_all(&notices(user_id), "").await?;
    certificate::erase(&app, user_id).await
}

/// The profile, with what follows from it as it is at that moment.
async fn forget(app: &App, table: &Table, user_id: UserId) -> Result<()> {
    let place = profile_key(user_id);
    let mut race = Race::new(app);
    while let Some(profile) = table.get::<Profile>(&place).await? {
        let mut tx = Transaction::new(app);
        tx.delete_when(table, place.clone(), profile.as_read());
        tx.delete(table, profile.visitor_id.key());
        card::replace(&mut tx, table, &rows_of(&profile), &Rows::new())?;
        if let Some(review) = Review::of(&profile) {
            tx.delete(table, review.key());
        }
        match tx.commit().await? {
            Outcome::Done => break,
            Outcome::Refused(_) => race.lost().await?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/visits-erase.json");
        assert!(serde_json::from_str::<Event<AccountDeleted>>(sample).is_ok());
    }
}
