//! `orgs-license`: something has become of a licence. Whatever tells of it, the ledger or Stripe, is a hint: what
//! Stripe says of the subscription now is what counts ([`follow`]).

use enishi_shared::{
    App, Function, Result,
    error::Code,
    events::{Event, PaymentSummary, StripeEvent},
    function::on,
    payments::{self, PaymentRef},
    stripe::{self, StripeError},
};
use serde::Deserialize;

use crate::{
    follow::{begun, follow, refuse},
    licensing::LICENSE,
};

/// `orgs-license`
///
/// Budget: the payment; the organisation, the invoices, the change, and the first two once more. A subscription
/// that nobody wanted takes 3, and of each of its invoices 5.
pub const FUNCTION: Function =
    Function::event("orgs-license", |app, event| on(app, event, license)).budget(8);

/// What tells of it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Told {
    /// The ledger.
    Payment(PaymentSummary),
    /// Stripe.
    Stripe(StripeEvent),
}

async fn license(app: App, Event { detail }: Event<Told>) -> Result<()> {
    match detail.data {
        Told::Payment(told) => settled(&app, told).await,
        Told::Stripe(told) if told.account.is_some() => Ok(()),
        Told::Stripe(told) => match changed(&app, &told).await {
            // Another system's, that shares our account at Stripe; or a test of Stripe's own.
            Err(StripeError::Refused(failure)) if failure.status == 404 => {
                tracing::warn!(
                    kind = told.kind,
                    "Stripe told of something it does not have"
                );
                Ok(())
            }
            other => other.map_err(Into::into),
        },
    }
}

async fn settled(app: &App, told: PaymentSummary) -> Result<()> {
    let payment_ref = PaymentRef {
        payer: told.payer,
        payment_id: told.payment_id,
    };
    match payments::find(app, payment_ref).await {
        Ok(payment) => match begun(app, &payment).await? {
            Some(its) => obey(app, payment_ref, &its).await,
            None => Ok(()),
        },
        // No repetition would find it: an alarm tells the operators.
        Err(error) if error.code() == Code::NotFound => {
            tracing::error!(payment = %told.payment_id, "a licence's payment is unknown");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// A subscription is its organisation's licence, or is ended.
async fn obey(app: &App, payment_ref: PaymentRef, subscription_id: &str) -> Result<()> {
    match follow(app, payment_ref, subscription_id, None).await? {
        Some(_) => Ok(()),
        None => refuse(app, payment_ref, subscription_id).await,
    }
}

async fn changed(app: &App, told: &StripeEvent) -> Result<(), StripeError> {
    let stripe = stripe::client(app);
    let (subscription, metadata) = match told.object.as_str() {
        "subscription" => {
            let subscription = stripe.subscription(&told.object_id).await?;
            (Some(subscription.id), subscription.metadata)
        }
        "invoice" => {
            let invoice = stripe.invoice(&told.object_id).await?;
            (invoice.subscription, invoice.metadata)
        }
        _ => return Ok(()),
    };
    let (Some(subscription), Some(payment_ref)) =
        (subscription, PaymentRef::of_metadata(&metadata))
    else {
        return Ok(());
    };
    match payments::find(app, payment_ref).await {
        Ok(payment) if payment.purpose == LICENSE => {
            Ok(obey(app, payment_ref, &subscription).await?)
        }
        // Another stack's, that shares our account at Stripe.
        Err(error) if error.code() != Code::NotFound => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/orgs-license.json");
        let event = serde_json::from_str::<Event<Told>>(sample);
        assert!(matches!(
            event.map(|event| event.detail.data),
            Ok(Told::Stripe(_))
        ));
    }
}
