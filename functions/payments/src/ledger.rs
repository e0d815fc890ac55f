//! `payments-ledger`: what Stripe told is a hint, and the payment it is about moves to what Stripe
//! says of it now. What is not about one of our payments is left alone.

use enishi_shared::{
    App, Function, Result,
    error::Code,
    events::{Event, StripeEvent},
    function::on,
    payments::{PaymentRef, Sight, find, follow, follow_invoice, of_intent},
    stripe::{self, RefundStatus, StripeError},
};

/// `payments-ledger`
///
/// Budget: for what was given back or disputed of a subscription's period of which nothing was told yet, and
/// at most 5 to Stripe; 3 for an invoice (the first period's payment, its own, that one's next state with its
/// announcement) and 2 to Stripe; 2 for the others and at most 3 to Stripe, 1 when nothing is new.
pub const FUNCTION: Function =
    Function::event("payments-ledger", |app, event| on(app, event, settle)).budget(4);

async fn settle(app: App, Event { detail }: Event<StripeEvent>) -> Result<()> {
    let event = detail.data;
    if event.account.is_some() {
        return Ok(());
    }
    match look_up(&app, &event).await {
        Ok(()) => Ok(()),
        // Another system's, that shares our account at Stripe; or a test of Stripe's own.
        Err(StripeError::Refused(failure)) if failure.status == 404 => {
            tracing::warn!(
                kind = event.kind,
                "Stripe told of something it does not have"
            );
            Ok(())
        }
        Err(StripeError::Other(error)) if error.code() == Code::NotFound => {
            tracing::warn!(
                kind = event.kind,
                "Stripe told of a payment that is not ours"
            );
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn look_up(app: &App, event: &StripeEvent) -> Result<(), StripeError> {
    let stripe = stripe::client(app);
    let cause = &event.kind;
    let (payment, sight) = match event.object.as_str() {
        "checkout.session" => {
            let session = stripe.checkout_session(&event.object_id).await?;
            let Some(payment_ref) = PaymentRef::of_metadata(&session.metadata) else {
                return Ok(());
            };
            let payment = find(app, payment_ref).await?;
            (Some(payment), Sight::Checkout(session))
        }
        "refund" => {
            let refund = stripe.refund(&event.object_id).await?;
            if matches!(refund.status, RefundStatus::Failed | RefundStatus::Canceled) {
                tracing::error!(refund = refund.id, "a refund did not arrive");
            }
            let Some(intent) = &refund.payment_intent else {
                return Ok(());
            };
            let intent = stripe.payment_intent(intent).await?;
            let payment = of_intent(app, &intent, cause).await?;
            (payment, Sight::Refund(refund, intent))
        }
        "dispute" => {
            let dispute = stripe.dispute(&event.object_id).await?;
            let Some(intent) = &dispute.payment_intent else {
                return Ok(());
            };
            let intent = stripe.payment_intent(intent).await?;
            let payment = of_intent(app, &intent, cause).await?;
            (payment, Sight::Dispute(dispute, intent))
        }
        "invoice" => return follow_invoice(app, &event.object_id, cause).await.map(drop),
        _ => return Ok(()),
    };
    if let Some(payment) = payment {
        follow(app, payment, sight, cause).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/payments-ledger.json");
        assert!(serde_json::from_str::<Event<StripeEvent>>(sample).is_ok());
    }
}
