//! What becomes of a subscription after its Checkout: more and fewer seats, its end, and that of one too many.
//!
//! Stripe keeps the state; each call asks for it first and then for the difference, so that a repetition asks
//! for nothing, and what is answered is the present. The keys are new each time: one derived from the wish
//! would answer with the past when the same is wished for again.

use jiff::Timestamp;

use super::{State, follow_invoice, refund};
use crate::{
    app::App,
    error::Error,
    stripe::{
        self, Invoice, InvoiceReason, InvoiceStatus, Proration, Stripe, StripeError, Subscription,
    },
};

/// Brings a subscription to `quantity` seats. Fewer cost nothing and give nothing back: what is billed stands
/// until the period's end, and up to that number more are free again. Beyond it the rest of the period is
/// paid at once; if that is declined, the seats above what is billed are [`pending`]. At most 4 requests to
/// Stripe, mostly 2; one more for each further hundred invoices of this period.
///
/// # Errors
/// `conflict` when the subscription has ended; `service_unavailable`: ask again.
pub async fn set_quantity(
    app: &App,
    subscription: &str,
    quantity: u64,
) -> Result<Subscription, Error> {
    let stripe = stripe::client(app);
    let mut present = alive(&stripe, subscription).await?;
    let item = present.item()?.clone();
    let pending = present.pending_update.as_ref();
    if pending.is_some_and(|update| update.quantity == Some(quantity)) {
        return Ok(present);
    }
    let is_pending = pending.is_some();
    let free = if quantity > item.quantity {
        let invoices = stripe.invoices_of(subscription, item.period.start).await?;
        billed(&invoices, item.period.end).clamp(item.quantity, quantity)
    } else {
        quantity
    };
    // What is pending is dropped by any change, even to what is there.
    if free != item.quantity || (is_pending && free == quantity) {
        let key = key(app);
        let changed = stripe.set_quantity(&key, subscription, &item.id, free, Proration::None);
        present = changed.await?;
    }
    if free < quantity {
        let key = key(app);
        let changed = stripe.set_quantity(&key, subscription, &item.id, quantity, Proration::Paid);
        present = changed.await?;
    }
    Ok(present)
}

/// How many seats are billed for the period that ends at `end`: those of its own invoice, paid or not yet,
/// and those that were added and paid.
fn billed(invoices: &[Invoice], end: Timestamp) -> u64 {
    let of_period = invoices
        .iter()
        .filter(|invoice| invoice.period.is_some_and(|period| period.end == end));
    let counts = |invoice: &&Invoice| match (&invoice.reason, &invoice.status) {
        (_, InvoiceStatus::Paid) => true,
        (InvoiceReason::Update, _) => false,
        (_, status) => matches!(status, InvoiceStatus::Draft | InvoiceStatus::Open),
    };
    let seats: i64 = of_period.filter(counts).map(|it| it.quantity).sum();
    u64::try_from(seats).unwrap_or_default()
}

/// Seats that count once they are paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingSeats {
    /// How many there would be.
    pub quantity: u64,
    /// Where the customer pays for them.
    pub url: Option<String>,
    /// When the offer ends.
    pub expires_at: Timestamp,
}

/// The seats of a subscription that wait for their payment. 1 request to Stripe if there are any.
///
/// # Errors
/// `service_unavailable` when Stripe does not answer.
pub async fn pending(
    app: &App,
    subscription: &Subscription,
) -> Result<Option<PendingSeats>, Error> {
    let Some(update) = &subscription.pending_update else {
        return Ok(None);
    };
    let (Some(quantity), Some(invoice)) = (update.quantity, &subscription.latest_invoice) else {
        return Ok(None);
    };
    let invoice = stripe::client(app).invoice(invoice).await?;
    Ok(Some(PendingSeats {
        quantity,
        url: invoice.hosted_invoice_url,
        expires_at: update.expires_at,
    }))
}

/// Lets a subscription end with its period, or go on after all, whichever way it was called off. At most 3
/// requests to Stripe.
///
/// # Errors
/// `conflict` when the subscription has ended; `service_unavailable`: ask again.
pub async fn set_cancel(
    app: &App,
    subscription: &str,
    cancel: bool,
) -> Result<Subscription, Error> {
    let stripe = stripe::client(app);
    let mut present = alive(&stripe, subscription).await?;
    if cancel {
        let end = present.item()?.period.end;
        if present.ends_at().is_none_or(|at| at > end) {
            let key = key(app);
            let changed = stripe.cancel_at_period_end(&key, subscription, true);
            present = changed.await?;
        }
        return Ok(present);
    }
    if present.cancel_at_period_end {
        let key = key(app);
        let changed = stripe.cancel_at_period_end(&key, subscription, false);
        present = changed.await?;
    }
    if present.cancel_at.is_some() {
        present = stripe.clear_cancel_at(&key(app), subscription).await?;
    }
    Ok(present)
}

/// Ends a subscription at once and gives nothing back; again, it has ended. At most 2 requests to Stripe.
///
/// # Errors
/// `service_unavailable`: ask again.
pub async fn end(app: &App, subscription: &str) -> Result<Subscription, Error> {
    let stripe = stripe::client(app);
    match stripe.end_subscription(subscription).await {
        Ok(ended) => Ok(ended),
        Err(StripeError::Refused(failure)) => {
            let present = stripe.subscription(subscription).await?;
            match present.status.is_final() {
                true => Ok(present),
                false => Err(Error::internal(failure)),
            }
        }
        Err(StripeError::Other(error)) => Err(error),
    }
}

/// Ends a subscription at once and gives back all that was paid for it: one that nobody needed, because
/// there is another. At most 6 requests to DynamoDB and 3 to Stripe for each of its invoices, of which there is
/// mostly one, and 3 to Stripe.
///
/// # Errors
/// `conflict` while a payment of it is disputed, or when Stripe refuses a refund; `service_unavailable`: ask
/// again.
pub async fn end_and_refund(app: &App, subscription: &str) -> Result<(), Error> {
    const CAUSE: &str = "ended on request";
    /// The refund's name.
    const ENDED: &str = "ended";
    end(app, subscription).await?;
    let stripe = stripe::client(app);
    let invoices = stripe.invoices_of(subscription, Timestamp::UNIX_EPOCH);
    for invoice in invoices.await? {
        let payment = follow_invoice(app, &invoice.id, CAUSE).await?;
        if let Some(payment) = payment
            && matches!(payment.state, State::Settled | State::PartiallyRefunded)
            && payment.amount > 0
        {
            refund(app, payment.payment_ref(), ENDED, None).await?;
        }
    }
    Ok(())
}

/// A subscription that can be changed.
async fn alive(stripe: &Stripe, subscription: &str) -> Result<Subscription, Error> {
    let present = stripe.subscription(subscription).await?;
    match present.status.is_final() {
        true => Err(Error::conflict("this subscription has ended")),
        false => Ok(present),
    }
}

fn key(app: &App) -> String {
    format!("change-{}", app.new_id())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const END: i64 = 2_000_000;

    /// An invoice of a period that ends at `end`, of lines of so many seats; what is negative is given back.
    fn invoice(reason: &str, status: &str, end: i64, quantities: &[i64]) -> Invoice {
        let line = |quantity: &i64| {
            let credited = (*quantity < 0).then(|| json!({"invoice": "in_0"}));
            json!({
                // In a period's last second seats cost nothing.
                "amount": 0,
                "quantity": quantity.abs(),
                "period": {"start": end - 1_000, "end": end},
                "parent": {"subscription_item_details": {
                    "proration_details": {"credited_items": credited},
                }},
            })
        };
        let lines: Vec<_> = quantities.iter().map(line).collect();
        let invoice = json!({
            "id": "in_1", "status": status, "billing_reason": reason, "total": 0, "amount_due": 0,
            "amount_paid": 0, "currency": "jpy", "created": 0, "lines": {"data": lines},
        });
        serde_json::from_value(invoice).unwrap()
    }

    #[test]
    fn billed_is_what_the_period_began_with_paid_or_not_and_what_was_added_and_paid() {
        for status in ["draft", "open", "paid"] {
            let began = invoice("subscription_cycle", status, END, &[10]);
            let others = [
                invoice("subscription_update", "paid", END, &[-5, 7]),
                invoice("subscription_update", "open", END, &[-7, 20]),
                invoice("subscription_update", "void", END, &[-7, 30]),
                invoice("subscription_create", "paid", END - 1_000, &[40]),
            ];
            let mut invoices = vec![began];
            invoices.extend(others);
            let end = Timestamp::from_second(END).unwrap();
            assert_eq!(billed(&invoices, end), 12, "{status}");
            invoices.remove(0);
            assert_eq!(billed(&invoices, end), 2);
        }
        for status in ["void", "uncollectible", "given_up"] {
            let began = invoice("subscription_create", status, END, &[10]);
            assert_eq!(
                billed(&[began], Timestamp::from_second(END).unwrap()),
                0,
                "{status}"
            );
        }
    }
}
