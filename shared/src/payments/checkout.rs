//! The beginning of a payment, and its end before it is paid.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    Line, Observed, PayerId, Payment, PaymentId, PaymentRef, Product, Purpose, Sight, State,
    StripeObjects, find, follow, follow::unopened, store, stored, table, update,
};
use crate::{
    app::App,
    error::Error,
    store::Transaction,
    stripe::{
        self, CheckoutSession, LineItem, PaymentCheckout, SessionStatus, StripeError,
        SubscriptionCheckout,
    },
};

/// Stripe takes no Checkout that expires earlier than 30 minutes from its own present.
const SHORTEST: SignedDuration = SignedDuration::from_mins(31);

/// A payment to be made.
#[derive(Clone, Debug)]
pub struct NewPayment<'a> {
    /// Its id. The service keeps it in its own record first: opening again with the same id is
    /// opening the same payment.
    pub payment_id: PaymentId,
    /// Who pays.
    pub payer: PayerId,
    /// What for.
    pub purpose: Purpose,
    /// The service's own record, at most 200 characters.
    pub reference: &'a str,
    /// What is paid for; no [`Product::Renewal`], which Stripe begins by itself.
    pub product: Product,
    /// ISO 4217, lower case.
    pub currency: &'a str,
    /// For how long it can be paid: 31 minutes to 24 hours. What is above 31 minutes is the time
    /// that a retry has.
    pub lasts: SignedDuration,
    /// Whether it is paid by card or not at all: a konbini slip can be paid three days after its
    /// Checkout has expired. A subscription always is.
    pub cards_only: bool,
    /// Where the customer goes afterwards.
    pub success_url: &'a str,
    /// Where the customer goes back to.
    pub cancel_url: &'a str,
}

/// A payment that can be paid.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its record.
    pub payment: Payment,
    /// Where the customer pays.
    pub checkout_url: String,
}

/// Makes the record of a payment in the transaction of what it is for, so that nothing waits for a
/// payment that does not exist. [`open`] finds it then; one that is never opened expires.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn begin(tx: &mut Transaction, new: &NewPayment<'_>) -> Result<(), Error> {
    let record = first(&new.record(tx.app().now())?);
    let table = table(tx.app())?;
    tx.create(&table, record.payment_ref().key(), &stored(&record))?;
    Ok(())
}

/// Makes the record of a payment unless it is there ([`begin`]), then its Checkout. 2 requests to DynamoDB and 1 to Stripe; again,
/// with the same id, the same ones at most.
///
/// # Errors
/// `conflict` when this id is another payment's, or its payment is over or too old to be opened:
/// take a new id then. `service_unavailable`: open it again with the same id.
pub async fn open(app: &App, new: NewPayment<'_>) -> Result<Opened, Error> {
    let record = new.record(app.now())?;
    let payment = match store(app, &record, &first(&record)).await? {
        None => first(&record),
        Some(known) => known,
    };
    if !record.is_same_as(&payment) {
        return Err(Error::conflict("this payment_id is another payment's"));
    }
    if payment.state != State::Pending {
        return Err(over());
    }
    let stripe = stripe::client(app);
    if let Some(session) = &payment.stripe.checkout_session {
        let session = stripe.checkout_session(session).await?;
        return opened(payment, session);
    }
    if payment.expires_at.duration_since(app.now()) < SHORTEST {
        return Err(over());
    }
    let session = new.checkout(app, &payment).await?;
    let mut seen = Observed::state(State::Pending);
    seen.stripe.checkout_session = Some(session.id.clone());
    let now = app.now();
    let payment = update(
        app,
        payment,
        |payment| Ok(payment.moved(&seen, now, OPENED)),
    )
    .await?;
    if payment.state == State::Expired {
        // It was called off in between. Nobody has the address.
        match expire_checkout(app, payment.payment_id, &session.id).await {
            Ok(_) | Err(StripeError::Refused(_)) => {}
            Err(StripeError::Other(error)) => return Err(error),
        }
    }
    opened(payment, session)
}

const OPENED: &str = "opened";

/// The record as it is stored first.
fn first(record: &Payment) -> Payment {
    Payment {
        version: 1,
        ..record.clone()
    }
}

fn opened(payment: Payment, session: CheckoutSession) -> Result<Opened, Error> {
    match (payment.state, session.status, session.url) {
        (State::Pending, SessionStatus::Open, Some(checkout_url)) => Ok(Opened {
            payment,
            checkout_url,
        }),
        _ => Err(over()),
    }
}

fn over() -> Error {
    Error::conflict("this payment is over; begin another one")
}

impl NewPayment<'_> {
    /// The record, not stored yet (version 0).
    fn record(&self, now: Timestamp) -> Result<Payment, Error> {
        let amount = (self.product.amount())
            .ok_or_else(|| Error::internal("a payment's amount is out of bounds"))?;
        let expires_at = now
            .checked_add(self.lasts)
            .map_err(|_| Error::internal("a payment lasts too long"))?;
        let mut payment = Payment {
            payment_id: self.payment_id,
            payer: self.payer,
            purpose: self.purpose.clone(),
            reference: self.reference.to_owned(),
            product: self.product.clone(),
            amount,
            currency: self.currency.to_owned(),
            state: State::Pending,
            amount_refunded: 0,
            history: Vec::new(),
            created_at: now,
            expires_at,
            stripe: StripeObjects::default(),
            refunds: BTreeMap::new(),
            transfers: BTreeMap::new(),
            disputes: BTreeMap::new(),
            due_at: None,
            version: 0,
        };
        payment.note(now, OPENED);
        Ok(payment.due(now))
    }

    /// The payment's Checkout at Stripe: the same one for the same record.
    async fn checkout(&self, app: &App, payment: &Payment) -> Result<CheckoutSession, Error> {
        let payment_id = payment.payment_id.to_string();
        let payer = payment.payer.to_string();
        let metadata = [(super::PAYER, &*payer), (super::PAYMENT_ID, &*payment_id)];
        let stripe = stripe::client(app);
        let key = format!("open-{payment_id}");
        let session = match &payment.product {
            Product::Lines(lines) => {
                let items: Vec<LineItem<'_>> = lines.iter().map(Line::item).collect();
                let checkout = PaymentCheckout {
                    reference: &payment.reference,
                    currency: &payment.currency,
                    items: &items,
                    transfer_group: Some(&payment_id),
                    metadata: &metadata,
                    customer_email: None,
                    cards_only: self.cards_only,
                    expires_at: payment.expires_at,
                    success_url: self.success_url,
                    cancel_url: self.cancel_url,
                };
                stripe.create_payment_checkout(&key, &checkout).await?
            }
            Product::Subscription {
                customer,
                price,
                quantity,
                ..
            } => {
                let checkout = SubscriptionCheckout {
                    reference: &payment.reference,
                    customer,
                    price,
                    quantity: *quantity,
                    metadata: &metadata,
                    expires_at: payment.expires_at,
                    success_url: self.success_url,
                    cancel_url: self.cancel_url,
                };
                stripe.create_subscription_checkout(&key, &checkout).await?
            }
            Product::Renewal(_) => return Err(Error::internal("a renewal has no Checkout")),
        };
        Ok(session)
    }
}

impl Line {
    fn item(&self) -> LineItem<'_> {
        LineItem {
            name: &self.name,
            unit_amount: self.unit_amount,
            quantity: self.quantity,
        }
    }
}

impl Payment {
    /// Whether both are to pay the same thing.
    fn is_same_as(&self, other: &Self) -> bool {
        self.purpose == other.purpose
            && self.reference == other.reference
            && self.amount == other.amount
            && self.currency == other.currency
    }
}

/// Calls a payment off, unless the customer was faster: the record as it stands then says which.
/// At most 3 requests to DynamoDB and 3 to Stripe.
///
/// # Errors
/// `not_found`; `service_unavailable`: ask again.
pub async fn expire(app: &App, payment_ref: PaymentRef) -> Result<Payment, Error> {
    const CAUSE: &str = "expired on request";
    let payment = find(app, payment_ref).await?;
    if payment.state != State::Pending {
        return Ok(payment);
    }
    let Some(session) = payment.stripe.checkout_session.clone() else {
        return unopened(app, payment, CAUSE).await;
    };
    let sight = match expire_checkout(app, payment_ref.payment_id, &session).await {
        Ok(session) => Sight::Checkout(session),
        // It is not open any more.
        Err(StripeError::Refused(_)) => Sight::Nothing,
        Err(StripeError::Other(error)) => return Err(error),
    };
    follow(app, payment, sight, CAUSE).await
}

async fn expire_checkout(
    app: &App,
    payment_id: PaymentId,
    session: &str,
) -> Result<CheckoutSession, StripeError> {
    let key = format!("expire-{payment_id}");
    stripe::client(app).expire_checkout(&key, session).await
}
