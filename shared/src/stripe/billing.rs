//! Customers, their subscriptions and invoices.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use stripe_billing::{
    billing_portal_session::CreateBillingPortalSession,
    invoice::{ListInvoice, RetrieveInvoice},
    subscription::{
        RetrieveSubscription, UpdateSubscription, UpdateSubscriptionItems,
        UpdateSubscriptionProrationBehavior,
    },
};
use stripe_core::customer::CreateCustomer;

use super::{Answer, InvoiceStatus, Stripe, SubscriptionStatus, id, or_default, owned};

/// Somebody who subscribes.
#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    /// `cus_…`.
    pub id: String,
}

/// A subscription.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "SubscriptionShape")]
pub struct Subscription {
    /// `sub_…`.
    pub id: String,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// `cus_…`.
    pub customer: String,
    /// It goes on until its period's end and no longer; a state of its own beside `status`.
    pub cancel_at_period_end: bool,
    /// When somebody called it off.
    pub canceled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Ours.
    pub metadata: BTreeMap<String, String>,
    /// What is subscribed to; Enishi's have one.
    pub items: Vec<SubscriptionItem>,
}

/// What a subscription is for. The period is the item's, since items may differ.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "ItemShape")]
pub struct SubscriptionItem {
    /// `si_…`.
    pub id: String,
    /// `price_…`.
    pub price: String,
    /// How many, the seats.
    pub quantity: u64,
    /// The present period.
    pub period: Period,
}

/// From when until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Period {
    /// Its first moment.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub start: Timestamp,
    /// The moment at which the next begins.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub end: Timestamp,
}

/// An invoice.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "InvoiceShape")]
pub struct Invoice {
    /// `in_…`.
    pub id: String,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// The sum, in minor units.
    pub total: i64,
    /// What of it was paid.
    pub amount_paid: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// When it was made.
    pub created: Timestamp,
    /// What its last line is for: an invoice's own period is the one before.
    pub period: Option<Period>,
    /// `cus_…`.
    pub customer: Option<String>,
    /// `sub_…`.
    pub subscription: Option<String>,
    /// Where the customer sees it.
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

/// Stripe's page on which a customer manages its subscriptions. For a short while.
#[derive(Clone, Debug, Deserialize)]
pub struct Portal {
    /// The address.
    pub url: String,
}

impl Stripe {
    /// Makes a customer.
    pub async fn create_customer(
        &self,
        key: &str,
        name: &str,
        email: &str,
        metadata: &[(&str, &str)],
    ) -> Answer<Customer> {
        let mut request = CreateCustomer::new().name(name).email(email);
        if let Some(metadata) = owned(metadata) {
            request = request.metadata(metadata);
        }
        self.write(key, request).await
    }

    /// A subscription's present state.
    pub async fn subscription(&self, subscription: &str) -> Answer<Subscription> {
        self.read(RetrieveSubscription::new(id(subscription)?))
            .await
    }

    /// Changes how many of `item` (`si_…`) are subscribed to. The rest of the period is invoiced at
    /// once, for the seats can be used at once.
    pub async fn set_quantity(
        &self,
        key: &str,
        subscription: &str,
        item: &str,
        quantity: u64,
    ) -> Answer<Subscription> {
        let mut change = UpdateSubscriptionItems::new();
        change.id = Some(item.to_owned());
        change.quantity = Some(quantity);
        let request = UpdateSubscription::new(id(subscription)?)
            .items(vec![change])
            .proration_behavior(UpdateSubscriptionProrationBehavior::AlwaysInvoice);
        self.write(key, request).await
    }

    /// Lets a subscription end with its period, or go on after all.
    pub async fn cancel_at_period_end(
        &self,
        key: &str,
        subscription: &str,
        cancel: bool,
    ) -> Answer<Subscription> {
        let request = UpdateSubscription::new(id(subscription)?).cancel_at_period_end(cancel);
        self.write(key, request).await
    }

    /// An invoice's present state.
    pub async fn invoice(&self, invoice: &str) -> Answer<Invoice> {
        self.read(RetrieveInvoice::new(id(invoice)?)).await
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

    /// Opens the billing portal for a customer, who comes back to `return_url`.
    pub async fn create_portal(
        &self,
        key: &str,
        customer: &str,
        return_url: &str,
    ) -> Answer<Portal> {
        let request = CreateBillingPortalSession::new()
            .customer(customer)
            .return_url(return_url);
        self.write(key, request).await
    }
}

/// Stripe's own form of a list.
#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct SubscriptionShape {
    id: String,
    status: SubscriptionStatus,
    customer: String,
    cancel_at_period_end: bool,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional")]
    canceled_at: Option<Timestamp>,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional")]
    ended_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    metadata: BTreeMap<String, String>,
    items: List<SubscriptionItem>,
}

impl From<SubscriptionShape> for Subscription {
    fn from(shape: SubscriptionShape) -> Self {
        Self {
            id: shape.id,
            status: shape.status,
            customer: shape.customer,
            cancel_at_period_end: shape.cancel_at_period_end,
            canceled_at: shape.canceled_at,
            ended_at: shape.ended_at,
            metadata: shape.metadata,
            items: shape.items.data,
        }
    }
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct ItemShape {
    id: String,
    price: Named,
    #[serde(default, deserialize_with = "or_default")]
    quantity: u64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    current_period_start: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    current_period_end: Timestamp,
}

impl From<ItemShape> for SubscriptionItem {
    fn from(shape: ItemShape) -> Self {
        Self {
            id: shape.id,
            price: shape.price.id,
            quantity: shape.quantity,
            period: Period {
                start: shape.current_period_start,
                end: shape.current_period_end,
            },
        }
    }
}

#[derive(Deserialize)]
struct Line {
    period: Period,
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Deserialize)]
struct SubscriptionDetails {
    subscription: String,
}

#[derive(Deserialize)]
struct InvoiceShape {
    id: String,
    status: InvoiceStatus,
    total: i64,
    amount_paid: i64,
    currency: String,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created: Timestamp,
    customer: Option<String>,
    parent: Option<Parent>,
    hosted_invoice_url: Option<String>,
    lines: List<Line>,
}

impl From<InvoiceShape> for Invoice {
    fn from(shape: InvoiceShape) -> Self {
        let details = shape.parent.and_then(|parent| parent.subscription_details);
        Self {
            id: shape.id,
            status: shape.status,
            total: shape.total,
            amount_paid: shape.amount_paid,
            currency: shape.currency,
            created: shape.created,
            period: shape.lines.data.last().map(|line| line.period),
            customer: shape.customer,
            subscription: details.map(|details| details.subscription),
            hosted_invoice_url: shape.hosted_invoice_url,
        }
    }
}
