//! `market-follow-maker`: an operator, or Stripe, has changed whether a maker may sell or be passed on money. What a
//! suspended maker has not sent goes back; what waited for a maker is passed on. How the maker stands is read
//! here, so that what is told late or twice does no harm.

use enishi_shared::{
    App, Function, Result,
    events::Event,
    function::on,
    store::{Table, s},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Builder;

use crate::{
    events::MakerChanged,
    item::table,
    maker::{Maker, maker_key},
    order::{
        Listed,
        advance::follow,
        sales,
        state::{Action, Actor},
    },
    waits,
};

/// `market-follow-maker`
///
/// Budget: of each order; the maker, and 1 beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("market-follow-maker", |app, event| on(app, event, changed)).budget(2);

/// How old an order can be of which something is still to be sent: 14 days, four days until the money came, and as
/// long as a dispute takes.
const UNSENT: SignedDuration = SignedDuration::from_hours(150 * 24);

async fn changed(app: App, Event { detail }: Event<MakerChanged>) -> Result<()> {
    let MakerChanged { maker_id } = detail.data;
    let table = table(&app)?;
    let Some(maker) = table.get::<Maker>(&maker_key(maker_id)).await? else {
        return Ok(());
    };
    if maker.suspended {
        let action = Action::Refund {
            maker_id: Some(maker_id),
            reason: None,
        };
        let since = first_of(app.now() - UNSENT);
        each(&app, &table, (sales(maker_id), &since), &action).await
    } else if maker.onboarded {
        let action = Action::Resume { maker_id };
        each(&app, &table, (waits::partition(maker_id), ""), &action).await
    } else {
        Ok(())
    }
}

/// Does something with each order of a partition that is not before another one. What does not apply is left;
/// one that fails does not stop the others.
async fn each(app: &App, table: &Table, (pk, from): (String, &str), action: &Action) -> Result<()> {
    let orders = match from {
        "" => table.query("pk = :pk"),
        from => table
            .query("pk = :pk AND sk >= :from")
            .value(":from", s(from)),
    };
    let act = |Listed { order_id, .. }: Listed| {
        let action = action.clone();
        async move { follow(app, order_id, Actor::House, action).await }
    };
    orders.value(":pk", s(pk)).each(act).await?;
    Ok(())
}

/// The first id that could have been made then.
fn first_of(time: Timestamp) -> String {
    let millis = u64::try_from(time.as_millisecond()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &[0; 10])
        .into_uuid()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/market-follow-maker.json");
        assert!(serde_json::from_str::<Event<MakerChanged>>(sample).is_ok());
    }
}
