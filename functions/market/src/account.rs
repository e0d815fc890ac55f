//! Stripe has told of a maker's account: whether money can be passed on to it decides whether what they make
//! is on sale, and whether what waits for them is passed on. What was told is a hint; Stripe is asked how the account stands now.
//!
//! The maker is read before Stripe is asked, and written whatever was answered: of two at once one finds that
//! the other was there, and asks again. So events may come late, in any order and any number of times.

use enishi_shared::{
    App, Function, Result,
    events::{Event, StripeEvent, announce},
    function::on,
    store::{Outcome, Race, Transaction},
    stripe::{self, StripeError},
};

use crate::{
    events::MakerChanged,
    item,
    maker::{Maker, OfStripe, maker_key, stripe_key},
};

/// `market-account`
///
/// Budget: whose the account is, the maker, the change.
pub const FUNCTION: Function =
    Function::event("market-account", |app, event| on(app, event, updated)).budget(3);

async fn updated(app: App, Event { detail }: Event<StripeEvent>) -> Result<()> {
    let event = detail.data;
    let account = event.account.unwrap_or(event.object_id);
    let table = item::table(&app)?;
    let Some(known) = table.get::<OfStripe>(&stripe_key(&account)).await? else {
        // Another system's, that shares our account at Stripe.
        return Ok(());
    };
    let place = maker_key(known.maker_id);
    let mut race = Race::new(&app);
    loop {
        let maker = table.get::<Maker>(&place).await?;
        let maker = maker.filter(|it| it.stripe_account_id.as_deref() == Some(&*account));
        let Some(maker) = maker else { return Ok(()) };
        let onboarded = match stripe::client(&app).account(&account).await {
            Ok(account) => account.takes_transfers(),
            // It was closed, or has withdrawn from us.
            Err(StripeError::Refused(failure)) if matches!(failure.status, 403 | 404) => false,
            Err(error) => return Err(error.into()),
        };
        let mut tx = Transaction::new(&app);
        let change = maker.change().set("onboarded", onboarded);
        tx.update(&table, place.clone(), change);
        if onboarded {
            // Even if it was known: Stripe may have refused a transfer in between.
            let maker_id = maker.maker_id;
            announce(&mut tx, &table, MakerChanged { maker_id })?;
        }
        match tx.commit().await? {
            Outcome::Done => return Ok(()),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/market-account.json");
        assert!(serde_json::from_str::<Event<StripeEvent>>(sample).is_ok());
    }
}
