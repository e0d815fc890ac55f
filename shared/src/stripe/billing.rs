//! Customers, their subscriptions, and the billing portal.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stripe_billing::{
    billing_portal_session::CreateBillingPortalSession,
    subscription::{
        CancelSubscription, RetrieveSubscription, UpdateSubscription, UpdateSubscriptionItems,
        UpdateSubscriptionPaymentBehavior, UpdateSubscriptionProrationBehavior,
    },
};
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest};
use stripe_core::customer::CreateCustomer;

use crate::error::Error;

use super::{Answer, List, Stripe, SubscriptionStatus, id, or_default, owned};

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
    /// When it is to end; set by a page of Stripe's, perhaps without `cancel_at_period_end`.
    pub cancel_at: Option<Timestamp>,
    /// When somebody called it off.
    pub canceled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Ours.
    pub metadata: BTreeMap<String, String>,
    /// What is subscribed to; Enishi's have one.
    pub items: Vec<SubscriptionItem>,
    /// `in_…`, the last one; while an update is pending, the one that it waits for.
    pub latest_invoice: Option<String>,
    /// A change that counts once it is paid.
    pub pending_update: Option<PendingUpdate>,
}

impl Subscription {
    /// What is subscribed to.
    ///
    /// # Errors
    /// `internal_server_error` when there is nothing: then it is none of ours.
    pub fn item(&self) -> Result<&SubscriptionItem, Error> {
        let item = self.items.first();
        item.ok_or_else(|| Error::internal("a subscription is to nothing"))
    }

    /// When it ends, if somebody has called it off, whichever way.
    pub fn ends_at(&self) -> Option<Timestamp> {
        let period = || self.items.first().map(|item| item.period.end);
        let at_period_end = self.cancel_at_period_end.then(period).flatten();
        self.ended_at.or(self.cancel_at).or(at_period_end)
    }
}

/// A change that counts once its invoice is paid.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "PendingShape")]
pub struct PendingUpdate {
    /// How many there would be.
    pub quantity: Option<u64>,
    /// When it is dropped: 23 hours after it was asked for, or with the period if that is earlier.
    pub expires_at: Timestamp,
}

/// Whether a change of quantity costs something for the rest of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proration {
    /// It is free until the period's end.
    None,
    /// The rest of the period is invoiced at once, and the change counts when that is paid: at once, or as
    /// [`Subscription::pending_update`] if the card is declined.
    Paid,
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

/// Stripe's page on which a customer manages its subscriptions. For a short while.
#[derive(Clone, Debug, Deserialize)]
pub struct Portal {
    /// The address.
    pub url: String,
}

/// What one of something costs each period.
#[derive(Clone, Debug, Deserialize)]
pub struct Price {
    /// `price_…`.
    pub id: String,
    /// In minor units.
    pub unit_amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
}

impl Stripe {
    /// What is asked for something.
    pub async fn price(&self, price: &str) -> Answer<Price> {
        self.read(RetrievePrice(id(price)?)).await
    }

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

    /// Changes how many of `item` (`si_…`) are subscribed to. A pending update is dropped, its invoice void.
    pub async fn set_quantity(
        &self,
        key: &str,
        subscription: &str,
        item: &str,
        quantity: u64,
        proration: Proration,
    ) -> Answer<Subscription> {
        let mut change = UpdateSubscriptionItems::new();
        change.id = Some(item.to_owned());
        change.quantity = Some(quantity);
        let request = UpdateSubscription::new(id(subscription)?).items(vec![change]);
        let request = match proration {
            Proration::None => {
                request.proration_behavior(UpdateSubscriptionProrationBehavior::None)
            }
            Proration::Paid => request
                .proration_behavior(UpdateSubscriptionProrationBehavior::AlwaysInvoice)
                .payment_behavior(UpdateSubscriptionPaymentBehavior::PendingIfIncomplete),
        };
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

    /// Lets a subscription go on that was to end at a certain time.
    pub async fn clear_cancel_at(&self, key: &str, subscription: &str) -> Answer<Subscription> {
        self.write(key, ClearCancelAt(id(subscription)?)).await
    }

    /// Ends a subscription at once; nothing is invoiced or given back. Refused with 404 when it has ended, so
    /// that repeating it needs no key.
    pub async fn end_subscription(&self, subscription: &str) -> Answer<Subscription> {
        self.read(CancelSubscription::new(id(subscription)?)).await
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

/// The typed request is in a crate of its own, for one call.
struct RetrievePrice<'a>(&'a str);

impl StripeRequest for RetrievePrice<'_> {
    type Output = Price;

    fn build(&self) -> RequestBuilder {
        RequestBuilder::new(StripeMethod::Get, format!("/prices/{}", self.0))
    }
}

/// An empty `cancel_at`, which the typed request has no words for.
struct ClearCancelAt<'a>(&'a str);

#[derive(Serialize)]
struct Cleared {
    cancel_at: &'static str,
}

impl StripeRequest for ClearCancelAt<'_> {
    type Output = Subscription;

    fn build(&self) -> RequestBuilder {
        RequestBuilder::new(StripeMethod::Post, format!("/subscriptions/{}", self.0))
            .form(&Cleared { cancel_at: "" })
    }
}

#[derive(Deserialize)]
struct SubscriptionShape {
    id: String,
    status: SubscriptionStatus,
    customer: String,
    cancel_at_period_end: bool,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional")]
    cancel_at: Option<Timestamp>,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional")]
    canceled_at: Option<Timestamp>,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional")]
    ended_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    metadata: BTreeMap<String, String>,
    items: List<SubscriptionItem>,
    latest_invoice: Option<String>,
    pending_update: Option<PendingUpdate>,
}

impl From<SubscriptionShape> for Subscription {
    fn from(shape: SubscriptionShape) -> Self {
        Self {
            id: shape.id,
            status: shape.status,
            customer: shape.customer,
            cancel_at_period_end: shape.cancel_at_period_end,
            cancel_at: shape.cancel_at,
            canceled_at: shape.canceled_at,
            ended_at: shape.ended_at,
            metadata: shape.metadata,
            items: shape.items.data,
            latest_invoice: shape.latest_invoice,
            pending_update: shape.pending_update,
        }
    }
}

#[derive(Deserialize)]
struct PendingShape {
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    expires_at: Timestamp,
    #[serde(default, deserialize_with = "or_default")]
    subscription_items: Vec<PendingItem>,
}

#[derive(Deserialize)]
struct PendingItem {
    quantity: Option<u64>,
}

impl From<PendingShape> for PendingUpdate {
    fn from(shape: PendingShape) -> Self {
        Self {
            quantity: shape
                .subscription_items
                .first()
                .and_then(|item| item.quantity),
            expires_at: shape.expires_at,
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
