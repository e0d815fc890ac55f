//! `market-follow-payment`: the ledger has told what became of an order's money: given back or not, taken back
//! or owed, disputed. What was told is a hint; the ledger's record is asked how it stands now.

use enishi_shared::{
    App, Error, Function, Result,
    events::{Event, PaymentSummary},
    function::on,
};

use crate::pay_out::pay_out;

/// `market-follow-payment`
///
/// Budget: as [`pay_out::FUNCTION`](crate::pay_out::FUNCTION).
pub const FUNCTION: Function = Function::event("market-follow-payment", |app, event| {
    on(app, event, followed)
})
.budget(14);

async fn followed(app: App, Event { detail }: Event<PaymentSummary>) -> Result<()> {
    let id = detail.data.reference.parse();
    let id = id.map_err(|_| Error::internal("an order's payment names no order"))?;
    pay_out(&app, id).await
}

#[cfg(test)]
mod tests {
    use enishi_shared::events::PaymentRefunded;

    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/market-follow-payment.json");
        assert!(serde_json::from_str::<Event<PaymentRefunded>>(sample).is_ok());
        assert!(serde_json::from_str::<Event<PaymentSummary>>(sample).is_ok());
    }
}
