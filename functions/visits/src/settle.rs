//! `visits-settle`: the money for a visit has come. The visit takes place then; what does not pay for it
//! goes back.

use enishi_shared::{
    App, Error, Function, Result,
    error::Code,
    events::{Event, PaymentSettled, outbox_row},
    function::on,
};

use crate::{
    advance::follow,
    events::RefundOwed,
    matching::MatchingId,
    profile::table,
    state::{Action, Actor},
};

/// `visits-settle`
///
/// Budget: the matching, and what follows.
pub const FUNCTION: Function =
    Function::event("visits-settle", |app, event| on(app, event, settle)).budget(2);

async fn settle(app: App, Event { detail }: Event<PaymentSettled>) -> Result<()> {
    let PaymentSettled(payment) = detail.data;
    let id = payment.reference.parse::<MatchingId>();
    let id = id.map_err(|_| Error::internal("an appointment's payment names no matching"))?;
    let amount = u64::try_from(payment.amount)
        .map_err(|_| Error::internal("a payment's amount is negative"))?;
    let action = Action::Settle {
        payment: payment.payment_id,
        amount,
    };
    match follow(&app, id, Actor::Payments, action).await {
        // Both have left since, and the matching with them. Told twice it still goes back once: the ledger
        // knows the refund by its name.
        Err(error) if error.code() == Code::NotFound => {
            let owed = RefundOwed {
                payer: payment.payer,
                payment_id: payment.payment_id,
                matching_id: id,
                amount,
            };
            let (key, row) = outbox_row(&app, owed)?;
            table(&app)?.put(key, &row).await
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/visits-settle.json");
        assert!(serde_json::from_str::<Event<PaymentSettled>>(sample).is_ok());
    }
}
