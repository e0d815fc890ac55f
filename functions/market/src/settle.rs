//! `market-settle`: something has become of an order's payment. Whatever told of it, the order follows how the
//! payment stands now: so events may come in any order, any number of times.

use enishi_shared::{
    App, Error, Function, Result,
    error::Code,
    events::{Event, PaymentSummary},
    function::on,
    payments::{self, PaymentRef, State},
};

use crate::order::{
    OrderId,
    advance::{follow, settled},
    state::{Action, Actor},
};

/// `market-settle`
///
/// Budget: the payment; the order, the cart, what follows. Where money comes for stock that was given back: the
/// order once more, and that it is taken; 2 more where that lies in several places.
pub const FUNCTION: Function =
    Function::event("market-settle", |app, event| on(app, event, settle)).budget(8);

async fn settle(app: App, Event { detail }: Event<PaymentSummary>) -> Result<()> {
    let told = detail.data;
    let id = told.reference.parse::<OrderId>();
    let id = id.map_err(|_| Error::internal("an order's payment names no order"))?;
    let payment_ref = PaymentRef {
        payer: told.payer,
        payment_id: told.payment_id,
    };
    let payment = match payments::find(&app, payment_ref).await {
        // No repetition would find it: an alarm tells the operators.
        Err(error) if error.code() == Code::NotFound => {
            tracing::error!(payment = %told.payment_id, "an order's payment is unknown");
            return Ok(());
        }
        found => found?,
    };
    let action = match payment.state {
        State::Pending => return Ok(()),
        State::Processing => Action::Slip,
        State::Expired => Action::Expire,
        State::Failed => Action::Fail,
        State::Settled | State::PartiallyRefunded | State::Refunded => settled(),
    };
    follow(&app, id, Actor::Payments, action).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/market-settle.json");
        assert!(serde_json::from_str::<Event<PaymentSummary>>(sample).is_ok());
    }
}
