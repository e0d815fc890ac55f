//! `market-erase`: erases somebody who has closed their account: what they told as a customer, their cart and
//! what they like; as a maker, them and what they make.
//!
//! The maker goes first: nothing can be added any more, and whatever is written of their items afterwards is
//! shown to nobody. An item that was ever ordered stays, as it does when its maker deletes it. Orders stay for
//! as long as the law wants, with what they say of both; so does whose an account of Stripe's was.
//!
//! Whoever still has an access token can fill a cart again, and a picture may be on its way: what needs no
//! maker is erased once more by [`sweep`](crate::sweep), when neither can come any more.

use enishi_shared::{
    App, Function, Result, UserId, erasure,
    events::{AccountDeleted, Event},
    function::on,
    store::{Outcome, Race, Table, Transaction, s},
};

use crate::{
    customer,
    item::{self, Item, ItemId, item_key},
    maker::{MADE, Made, made_key, maker_key, partition},
    pictures,
    product::take_away,
};

/// `market-erase`
///
/// Budget: of each item, itself and the change; 4 beside these (the note, the maker, which items are theirs, the
/// customer), and 1 more for each hundred items.
pub const FUNCTION: Function =
    Function::event("market-erase", |app, event| on(app, event, erase)).budget(4);

/// Erases what there is of the account.
///
/// # Errors
/// Whatever keeps something from being erased; the event comes again.
pub async fn erase(app: App, Event { detail }: Event<AccountDeleted>) -> Result<()> {
    let user_id = detail.data.user_id;
    let table = item::table(&app)?;
    erasure::note(&table, user_id, detail.time).await?;
    table.delete(maker_key(user_id)).await?;
    let made = table
        .query("pk = :maker AND begins_with(sk, :item)")
        .value(":maker", s(partition(user_id)))
        .value(":item", s(MADE));
    made.each(|made: Made| leave(&app, &table, made.item_id))
        .await?;
    again(&app, user_id).await
}

/// What is erased once more: what they told as a customer, and the pictures they made. One request, and those of
/// the pictures.
///
/// # Errors
/// As [`erase`].
pub async fn again(app: &App, user_id: UserId) -> Result<()> {
    customer::erase(app, user_id).await?;
    pictures::erase(app, user_id).await
}

/// Takes an item away whose maker has gone, and out of what is theirs.
async fn leave(app: &App, table: &Table, item_id: ItemId) -> Result<()> {
    let mut race = Race::new(app);
    // One that was taken away meanwhile is nobody's any more.
    while let Some(item) = table.get::<Item>(&item_key(item_id)).await?
        && !item.is_deleted
    {
        let mut tx = Transaction::new(app);
        take_away(&mut tx, app, table, &item)?;
        if item.was_ordered {
            tx.delete(table, made_key(item.maker_id, item.ordinal));
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
        let sample = include_str!("../../../events/market-erase.json");
        assert!(serde_json::from_str::<Event<AccountDeleted>>(sample).is_ok());
    }
}
