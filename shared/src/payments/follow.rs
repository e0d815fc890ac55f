//! Following Stripe: what it says of a payment now is what the record moves to.

use std::collections::BTreeMap;

use super::{
    Dispute, DisputeState, Observed, Payment, PaymentId, PaymentRef, Product, REFUND, Refund,
    State, StripeObjects, find, given, reverse, table, update,
};
use crate::{
    app::App,
    error::Error,
    stripe::{
        self, CheckoutSession, DisputeStatus, Invoice, InvoiceReason, InvoiceStatus, PaymentIntent,
        PaymentIntentStatus, PaymentStatus, RefundStatus, SessionStatus, Stripe, StripeError,
    },
};

/// What was just read of Stripe's objects.
#[derive(Clone, Debug)]
pub enum Sight {
    /// Nothing yet.
    Nothing,
    /// The payment's Checkout.
    Checkout(CheckoutSession),
    /// A refund, and the PaymentIntent that it is of.
    Refund(stripe::Refund, PaymentIntent),
    /// A dispute, and the PaymentIntent that it is of.
    Dispute(stripe::Dispute, PaymentIntent),
}

/// Moves a record to what Stripe says of it now; what `sight` holds is not asked for again. `cause`
/// goes into the history. At most 3 requests to Stripe, and one to DynamoDB if that is news.
///
/// # Errors
/// `service_unavailable` when somebody does not answer; `internal_server_error` when Stripe took
/// another sum than was asked for, which an operator has to look into.
pub async fn follow(
    app: &App,
    payment: Payment,
    sight: Sight,
    cause: &str,
) -> Result<Payment, Error> {
    let stripe = stripe::client(app);
    let seen = match sight {
        Sight::Refund(refund, intent) => of_refund(&payment, refund, &intent)?,
        Sight::Dispute(dispute, intent) => of_dispute(&payment, dispute, &intent)?,
        Sight::Checkout(session) => of_checkout(&stripe, &payment, session).await?,
        Sight::Nothing => {
            let Some(session) = &payment.stripe.checkout_session else {
                return Ok(payment);
            };
            let session = stripe.checkout_session(session).await?;
            of_checkout(&stripe, &payment, session).await?
        }
    };
    let now = app.now();
    update(app, payment, |payment| Ok(payment.moved(&seen, now, cause))).await
}

async fn of_checkout(
    stripe: &Stripe,
    payment: &Payment,
    session: CheckoutSession,
) -> Result<Observed, Error> {
    let mut seen = match (&session.status, &session.payment_status) {
        (SessionStatus::Complete, PaymentStatus::Paid | PaymentStatus::NoPaymentRequired) => {
            let asked = payment.product.amount().unwrap_or(payment.amount);
            let sum = session.amount_total.zip(session.currency.as_deref());
            expect(payment, asked, sum)?;
            match (&session.payment_intent, &session.invoice) {
                (Some(intent), _) => paid_by(payment, &stripe.payment_intent(intent).await?)?,
                (None, Some(invoice)) => {
                    of_invoice(
                        stripe,
                        payment,
                        State::Settled,
                        stripe.invoice(invoice).await?,
                    )
                    .await?
                }
                (None, None) => Observed::state(State::Settled),
            }
        }
        (SessionStatus::Complete, PaymentStatus::Unpaid) => match &session.payment_intent {
            Some(intent) => paid_by(payment, &stripe.payment_intent(intent).await?)?,
            None => Observed::state(State::Processing),
        },
        (SessionStatus::Expired, _) => Observed::state(State::Expired),
        _ => Observed::state(State::Pending),
    };
    seen.stripe.checkout_session = Some(session.id);
    seen.stripe.subscription = session.subscription;
    seen.stripe.invoice = session.invoice;
    Ok(seen)
}

/// What the PaymentIntent of a Checkout that is complete says.
pub(super) fn paid_by(payment: &Payment, intent: &PaymentIntent) -> Result<Observed, Error> {
    let state = match &intent.status {
        PaymentIntentStatus::Succeeded => {
            let sum = Some((intent.amount_received, intent.currency.as_str()));
            expect(payment, payment.amount, sum)?;
            State::Settled
        }
        PaymentIntentStatus::RequiresPaymentMethod | PaymentIntentStatus::Canceled => State::Failed,
        _ => State::Processing,
    };
    let charge = intent.latest_charge.as_ref().filter(|charge| charge.paid);
    Ok(Observed {
        stripe: StripeObjects {
            payment_intent: Some(intent.id.clone()),
            charge: charge.map(|charge| charge.id.clone()),
            receipt_url: charge.and_then(|charge| charge.receipt_url.clone()),
            ..StripeObjects::default()
        },
        ..Observed::state(state)
    })
}

fn of_refund(
    payment: &Payment,
    refund: stripe::Refund,
    intent: &PaymentIntent,
) -> Result<Observed, Error> {
    let mut seen = paid_by(payment, intent)?;
    let name = refund.metadata.get(REFUND).unwrap_or(&refund.id).clone();
    seen.refunds.insert(name, Refund::from(refund));
    Ok(seen)
}

impl From<stripe::Refund> for Refund {
    fn from(refund: stripe::Refund) -> Self {
        Self {
            amount: refund.amount,
            id: Some(refund.id),
            failed: matches!(refund.status, RefundStatus::Failed | RefundStatus::Canceled),
            refused: 0,
        }
    }
}

fn of_dispute(
    payment: &Payment,
    dispute: stripe::Dispute,
    intent: &PaymentIntent,
) -> Result<Observed, Error> {
    let mut seen = paid_by(payment, intent)?;
    seen.dispute(dispute);
    Ok(seen)
}

impl Observed {
    /// Takes up a dispute, once it has moved money.
    pub(super) fn dispute(&mut self, dispute: stripe::Dispute) {
        let state = match &dispute.status {
            DisputeStatus::NeedsResponse | DisputeStatus::UnderReview => DisputeState::Open,
            DisputeStatus::Won => DisputeState::Won,
            DisputeStatus::Lost => DisputeState::Lost,
            DisputeStatus::WarningNeedsResponse
            | DisputeStatus::WarningUnderReview
            | DisputeStatus::WarningClosed
            | DisputeStatus::Prevented => return,
            DisputeStatus::Unknown(status) => {
                tracing::error!(status, "a dispute has an unknown status");
                return;
            }
        };
        let seen = Dispute {
            state,
            amount: dispute.amount,
            reason: dispute.reason,
        };
        self.disputes.insert(dispute.id, seen);
    }
}

/// Nothing is settled by another sum than was asked for.
fn expect(payment: &Payment, asked: i64, sum: Option<(i64, &str)>) -> Result<(), Error> {
    match sum {
        Some((amount, currency))
            if amount == asked && currency.eq_ignore_ascii_case(&payment.currency) =>
        {
            Ok(())
        }
        _ => Err(Error::internal(format_args!(
            "Stripe took another sum for the payment {} than was asked for",
            payment.payment_id
        ))),
    }
}

/// Looks after a payment that has waited for too long: asks Stripe about it, and for what it has not
/// confirmed. Afterwards the record is done, or waits anew.
///
/// # Errors
/// As [`follow`].
pub async fn look(app: &App, payment_ref: PaymentRef) -> Result<(), Error> {
    let payment = find(app, payment_ref).await?;
    let now = app.now();
    if payment.due_at.is_none_or(|due| due > now.as_second()) {
        return Ok(());
    }
    let (payment, outcome) = match ask(app, payment.clone()).await {
        Ok(payment) => (payment, Ok(())),
        Err(error) => (payment, Err(error)),
    };
    update(app, payment, |payment| {
        let next = payment.clone().due(now);
        Ok((next.due_at != payment.due_at).then_some(next))
    })
    .await?;
    outcome
}

async fn ask(app: &App, payment: Payment) -> Result<Payment, Error> {
    const CAUSE: &str = "swept";
    if payment.state == State::Pending && payment.stripe.checkout_session.is_none() {
        return unopened(app, payment, CAUSE).await;
    }
    let payment = disputed(app, payment, CAUSE).await?;
    let payment = reverse::collect(app, payment).await?;
    let payment = given::confirm(app, payment, None).await?;
    follow(app, payment, Sight::Nothing, CAUSE).await
}

/// Asks about the open disputes.
async fn disputed(app: &App, payment: Payment, cause: &str) -> Result<Payment, Error> {
    let stripe = stripe::client(app);
    let mut seen = Observed::state(payment.state);
    let disputes = payment.disputes.iter();
    for (id, _) in disputes.filter(|(_, dispute)| dispute.state == DisputeState::Open) {
        seen.dispute(stripe.dispute(id).await?);
    }
    let now = app.now();
    update(app, payment, |payment| Ok(payment.moved(&seen, now, cause))).await
}

/// Calls off a payment without a Checkout: nobody can have the address of one that no record knows.
pub(super) async fn unopened(app: &App, payment: Payment, cause: &str) -> Result<Payment, Error> {
    let (seen, now) = (Observed::state(State::Expired), app.now());
    update(app, payment, |payment| {
        let unopened = payment.stripe.checkout_session.is_none();
        Ok(unopened.then(|| payment.moved(&seen, now, cause)).flatten())
    })
    .await
}

/// Moves the payment that an invoice is to what Stripe says of it now: that of the subscription's first
/// period is its Checkout's, each further one gets a record of its own. `None` when it is not ours, costs
/// nothing or is not final yet. At most 2 requests to Stripe.
///
/// # Errors
/// As [`follow`]; Stripe's refusal when it knows no such invoice.
pub async fn follow_invoice(
    app: &App,
    invoice: &str,
    cause: &str,
) -> Result<Option<Payment>, StripeError> {
    let stripe = stripe::client(app);
    let invoice = stripe.invoice(invoice).await?;
    let Some(payment_ref) = PaymentRef::of_metadata(&invoice.metadata) else {
        return Ok(None);
    };
    let is_first = invoice.reason == InvoiceReason::Create;
    let state = match &invoice.status {
        InvoiceStatus::Paid => State::Settled,
        // Its Checkout is open still, and says what becomes of it.
        _ if is_first => return Ok(None),
        InvoiceStatus::Open | InvoiceStatus::Uncollectible | InvoiceStatus::Void => State::Failed,
        _ => return Ok(None),
    };
    let first = find(app, payment_ref).await?;
    let payment = if is_first {
        first
    } else if invoice.amount_due > 0 {
        let renewal = renewal(first, &invoice);
        let known = table(app)?.get(&renewal.payment_ref().key()).await?;
        known.unwrap_or(renewal)
    } else {
        return Ok(None);
    };
    let seen = of_invoice(&stripe, &payment, state, invoice).await?;
    let now = app.now();
    let payment = update(app, payment, |payment| Ok(payment.moved(&seen, now, cause)));
    Ok(Some(payment.await?))
}

/// The payment that a PaymentIntent is: it says so itself, or its invoice does. `None` when it is not ours.
/// At most 3 requests to Stripe.
///
/// # Errors
/// As [`follow_invoice`].
pub async fn of_intent(
    app: &App,
    intent: &PaymentIntent,
    cause: &str,
) -> Result<Option<Payment>, StripeError> {
    if let Some(payment_ref) = PaymentRef::of_metadata(&intent.metadata) {
        return Ok(Some(find(app, payment_ref).await?));
    }
    match stripe::client(app).invoice_of(&intent.id).await? {
        Some(invoice) => follow_invoice(app, &invoice, cause).await,
        None => Ok(None),
    }
}

/// What an invoice says of its payment: once that is paid, with what is to be known to give it back.
async fn of_invoice(
    stripe: &Stripe,
    payment: &Payment,
    state: State,
    invoice: Invoice,
) -> Result<Observed, Error> {
    let payment = Payment {
        amount: invoice.amount_due,
        ..payment.clone()
    };
    let mut seen = match &invoice.payment_intent {
        Some(intent) if state == State::Settled => {
            paid_by(&payment, &stripe.payment_intent(intent).await?)?
        }
        _ => Observed::state(state),
    };
    seen.amount = Some(payment.amount);
    seen.stripe.receipt_url = invoice.hosted_invoice_url;
    seen.stripe.subscription = invoice.subscription;
    seen.stripe.invoice = Some(invoice.id);
    Ok(seen)
}

/// The record of a further period, not stored yet (version 0).
fn renewal(first: Payment, invoice: &Invoice) -> Payment {
    Payment {
        payment_id: PaymentId::derived(&invoice.id, invoice.created),
        product: Product::Renewal(invoice.id.clone()),
        amount: invoice.amount_due,
        currency: invoice.currency.clone(),
        state: State::Pending,
        amount_refunded: 0,
        history: Vec::new(),
        created_at: invoice.created,
        expires_at: invoice.created,
        stripe: StripeObjects {
            subscription: invoice.subscription.clone(),
            invoice: Some(invoice.id.clone()),
            ..StripeObjects::default()
        },
        refunds: BTreeMap::new(),
        transfers: BTreeMap::new(),
        disputes: BTreeMap::new(),
        due_at: None,
        version: 0,
        ..first
    }
}
