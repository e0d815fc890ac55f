//! `visits-refund`: gives back what the end of a matching, or money beside what paid for it, has made owed.

use enishi_shared::{
    App, Error, Function, Result,
    error::Code,
    events::Event,
    function::on,
    payments::{self, PaymentRef},
};

use crate::events::RefundOwed;

/// `visits-refund`
///
/// Budget: the payment, what is asked for, what Stripe has confirmed.
pub const FUNCTION: Function =
    Function::event("visits-refund", |app, event| on(app, event, refund)).budget(3);

/// What the ledger calls it. A payment has one, so it is the same however often it is asked for.
pub const NAME: &str = "matching";

async fn refund(app: App, Event { detail }: Event<RefundOwed>) -> Result<()> {
    let owed = detail.data;
    let amount = i64::try_from(owed.amount)
        .map_err(|_| Error::internal("a refund's amount is out of bounds"))?;
    let payment_ref = PaymentRef {
        payer: owed.payer,
        payment_id: owed.payment_id,
    };
    match payments::refund(&app, payment_ref, NAME, Some(amount)).await {
        // No repetition would find it: an alarm tells the operators.
        Err(error) if error.code() == Code::NotFound => {
            tracing::error!(payment = %owed.payment_id, "a refund is owed of an unknown payment");
            Ok(())
        }
        done => done.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/visits-refund.json");
        assert!(serde_json::from_str::<Event<RefundOwed>>(sample).is_ok());
    }
}
