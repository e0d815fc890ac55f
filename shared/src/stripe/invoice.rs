//! Invoices of subscriptions, and which payment paid them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stripe_billing::invoice::{ListInvoice, RetrieveInvoice};
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest};
use stripe_types::RangeQueryTs;

use super::{Answer, InvoiceReason, InvoiceStatus, List, Period, Stripe, id, or_default};

/// An invoice.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "InvoiceShape")]
pub struct Invoice {
    /// `in_…`.
    pub id: String,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// What it is for.
    pub reason: InvoiceReason,
    /// The sum, in minor units.
    pub total: i64,
    /// What of it is to be paid. A sum below the least charge (¥50) is carried over to the next invoice.
    pub amount_due: i64,
    /// What of it was paid.
    pub amount_paid: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// When it was made.
    pub created: Timestamp,
    /// What its last line is for, an invoice's own period is the one before: a whole period, or what was
    /// left of it when seats were added.
    pub period: Option<Period>,
    /// How many are paid for, beside those that were before: all at a period's beginning, those added at
    /// a change.
    pub quantity: i64,
    /// `cus_…`.
    pub customer: Option<String>,
    /// `sub_…`.
    pub subscription: Option<String>,
    /// That subscription's, when this was made.
    pub metadata: BTreeMap<String, String>,
    /// `pi_…`, of what paid it; known of a single invoice only, not in lists.
    pub payment_intent: Option<String>,
    /// Where the customer sees it, and pays it.
    pub hosted_invoice_url: Option<String>,
}

/// Some invoices, the newest first.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoicePage {
    /// The invoices.
    pub data: Vec<Invoice>,
    /// Whether there are more after the last one.
    pub has_more: bool,
}

impl Stripe {
    /// An invoice's present state.
    pub async fn invoice(&self, invoice: &str) -> Answer<Invoice> {
        let request = RetrieveInvoice::new(id(invoice)?).expand(vec!["payments".to_owned()]);
        self.read(request).await
    }

    /// A customer's invoices, newest first: `limit` (1–100) of those after the invoice `after`.
    pub async fn invoices(
        &self,
        customer: &str,
        limit: u8,
        after: Option<&str>,
    ) -> Answer<InvoicePage> {
        let mut request = ListInvoice::new().customer(customer).limit(limit);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        self.read(request).await
    }

    /// All invoices of a subscription that were made at `since` or later, newest first. A request for each
    /// hundred.
    pub async fn invoices_of(&self, subscription: &str, since: Timestamp) -> Answer<Vec<Invoice>> {
        let mut found: Vec<Invoice> = Vec::new();
        loop {
            let mut request = ListInvoice::new()
                .subscription(subscription)
                .created(RangeQueryTs::gte(since.as_second()))
                .limit(100);
            if let Some(last) = found.last() {
                request = request.starting_after(&last.id);
            }
            let page: InvoicePage = self.read(request).await?;
            let is_last = !page.has_more || page.data.is_empty();
            found.extend(page.data);
            if is_last {
                return Ok(found);
            }
        }
    }

    /// The invoice (`in_…`) that a PaymentIntent pays; `None` when it is for something else.
    pub async fn invoice_of(&self, payment_intent: &str) -> Answer<Option<String>> {
        let paid: List<InvoicePayment> = self.read(InvoicePaymentsOf(payment_intent)).await?;
        Ok(paid.data.into_iter().next().map(|payment| payment.invoice))
    }
}

/// The payments of invoices that are this PaymentIntent; async-stripe has it behind a feature.
struct InvoicePaymentsOf<'a>(&'a str);

#[derive(Serialize)]
struct OfPayment<'a> {
    payment: OfIntent<'a>,
}

#[derive(Serialize)]
struct OfIntent<'a> {
    r#type: &'static str,
    payment_intent: &'a str,
}

impl StripeRequest for InvoicePaymentsOf<'_> {
    type Output = ();

    fn build(&self) -> RequestBuilder {
        let payment = OfIntent {
            r#type: "payment_intent",
            payment_intent: self.0,
        };
        RequestBuilder::new(StripeMethod::Get, "/invoice_payments").query(&OfPayment { payment })
    }
}

#[derive(Deserialize)]
struct InvoicePayment {
    invoice: String,
    status: String,
    payment: Associated,
}

#[derive(Deserialize)]
struct Associated {
    payment_intent: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    amount: i64,
    #[serde(default, deserialize_with = "or_default")]
    quantity: i64,
    period: Period,
    parent: Option<LineParent>,
}

#[derive(Deserialize)]
struct LineParent {
    subscription_item_details: Option<LineDetails>,
}

#[derive(Deserialize)]
struct LineDetails {
    proration_details: Option<ProrationDetails>,
}

#[derive(Deserialize)]
struct ProrationDetails {
    credited_items: Option<serde::de::IgnoredAny>,
}

impl Line {
    /// Whether it gives back what was paid before: its amount may be 0 shortly before the period's end.
    fn is_credit(&self) -> bool {
        let details = self.parent.as_ref();
        let details = details.and_then(|parent| parent.subscription_item_details.as_ref());
        let proration = details.and_then(|details| details.proration_details.as_ref());
        self.amount < 0 || proration.is_some_and(|details| details.credited_items.is_some())
    }
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Deserialize)]
struct SubscriptionDetails {
    subscription: String,
    #[serde(default, deserialize_with = "or_default")]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct InvoiceShape {
    id: String,
    status: InvoiceStatus,
    billing_reason: InvoiceReason,
    total: i64,
    amount_due: i64,
    amount_paid: i64,
    currency: String,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created: Timestamp,
    customer: Option<String>,
    parent: Option<Parent>,
    hosted_invoice_url: Option<String>,
    lines: List<Line>,
    payments: Option<List<InvoicePayment>>,
}

impl From<InvoiceShape> for Invoice {
    fn from(shape: InvoiceShape) -> Self {
        let details = shape.parent.and_then(|parent| parent.subscription_details);
        let (subscription, metadata) = details
            .map(|details| (details.subscription, details.metadata))
            .unzip();
        let lines = &shape.lines.data;
        let period = lines.last().map(|line| line.period);
        let of_period = lines.iter().filter(|line| Some(line.period) == period);
        let quantity = |line: &Line| match line.is_credit() {
            true => -line.quantity,
            false => line.quantity,
        };
        let mut payments = shape.payments.into_iter().flat_map(|list| list.data);
        Self {
            id: shape.id,
            status: shape.status,
            reason: shape.billing_reason,
            total: shape.total,
            amount_due: shape.amount_due,
            amount_paid: shape.amount_paid,
            currency: shape.currency,
            created: shape.created,
            period,
            quantity: of_period.map(quantity).sum(),
            customer: shape.customer,
            subscription,
            metadata: metadata.unwrap_or_default(),
            payment_intent: payments
                .find(|payment| payment.status == "paid")
                .and_then(|paid| paid.payment.payment_intent),
            hosted_invoice_url: shape.hosted_invoice_url,
        }
    }
}
