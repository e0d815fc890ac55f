//! Checkout Sessions: Stripe's page on which a customer pays once or subscribes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAllowedPaymentMethodTypes,
    CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionPaymentIntentData, CreateCheckoutSessionSubscriptionData,
    CreateCheckoutSessionSubscriptionDataBillingMode as BillingMode,
    CreateCheckoutSessionSubscriptionDataBillingModeType as BillingModeType, ExpireCheckoutSession,
    ProductData, RetrieveCheckoutSession,
};
use stripe_shared::CheckoutSessionMode;

use super::{Answer, PaymentStatus, SessionStatus, Stripe, currency, id, or_default, owned};

/// A Checkout Session.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckoutSession {
    /// `cs_…`.
    pub id: String,
    /// Where it stands.
    pub status: SessionStatus,
    /// Whether it is paid.
    pub payment_status: PaymentStatus,
    /// The sum, in minor units.
    pub amount_total: Option<i64>,
    /// ISO 4217, lower case.
    pub currency: Option<String>,
    /// `pi_…`, once a payment was tried.
    pub payment_intent: Option<String>,
    /// `sub_…`, once subscribed.
    pub subscription: Option<String>,
    /// `in_…`, of the subscription's first period.
    pub invoice: Option<String>,
    /// `cus_…`.
    pub customer: Option<String>,
    /// Our record.
    pub client_reference_id: Option<String>,
    /// Ours.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
    /// Where the customer pays, while it is open.
    pub url: Option<String>,
    /// When it expires unless it is completed.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires_at: Timestamp,
}

/// A line of a Checkout.
#[derive(Clone, Copy, Debug)]
pub struct LineItem<'a> {
    /// What the customer reads, 1–250 characters.
    pub name: &'a str,
    /// The price of one, in minor units of the Checkout's currency.
    pub unit_amount: i64,
    /// How many.
    pub quantity: u64,
}

/// A payment that is to be made once. Stripe's bounds for the sum are ¥50 and ¥99,999,999.
#[derive(Clone, Copy, Debug)]
pub struct PaymentCheckout<'a> {
    /// Our record, at most 200 characters; comes back as `client_reference_id`.
    pub reference: &'a str,
    /// ISO 4217, lower case.
    pub currency: &'a str,
    /// What is paid for.
    pub items: &'a [LineItem<'a>],
    /// Ties the charge to its transfers.
    pub transfer_group: Option<&'a str>,
    /// Kept with the session and with its PaymentIntent.
    pub metadata: &'a [(&'a str, &'a str)],
    /// Fills in the page's e-mail field.
    pub customer_email: Option<&'a str>,
    /// Whether it is paid by card or not at all.
    pub cards_only: bool,
    /// 30 minutes to 24 hours from now.
    pub expires_at: Timestamp,
    /// Where the customer goes afterwards; `{CHECKOUT_SESSION_ID}` stands for the id.
    pub success_url: &'a str,
    /// Where the customer goes back to.
    pub cancel_url: &'a str,
}

/// A subscription that is to be begun.
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionCheckout<'a> {
    /// Our record, at most 200 characters; comes back as `client_reference_id`.
    pub reference: &'a str,
    /// `cus_…`.
    pub customer: &'a str,
    /// `price_…`, a recurring one.
    pub price: &'a str,
    /// How many, the seats.
    pub quantity: u64,
    /// Kept with the session and with its subscription.
    pub metadata: &'a [(&'a str, &'a str)],
    /// 30 minutes to 24 hours from now.
    pub expires_at: Timestamp,
    /// Where the customer goes afterwards; `{CHECKOUT_SESSION_ID}` stands for the id.
    pub success_url: &'a str,
    /// Where the customer goes back to.
    pub cancel_url: &'a str,
}

impl Stripe {
    /// Opens a Checkout for a payment.
    pub async fn create_payment_checkout(
        &self,
        key: &str,
        checkout: &PaymentCheckout<'_>,
    ) -> Answer<CheckoutSession> {
        let line = |item: &LineItem| {
            let mut price =
                CreateCheckoutSessionLineItemsPriceData::new(currency(checkout.currency));
            price.unit_amount = Some(item.unit_amount);
            price.product_data = Some(ProductData::new(item.name));
            let mut line = CreateCheckoutSessionLineItems::new();
            line.price_data = Some(price);
            line.quantity = Some(item.quantity);
            line
        };
        let mut intent = CreateCheckoutSessionPaymentIntentData::new();
        intent.transfer_group = checkout.transfer_group.map(str::to_owned);
        intent.metadata = owned(checkout.metadata);
        let mut request = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Payment)
            .client_reference_id(checkout.reference)
            .line_items(checkout.items.iter().map(line).collect::<Vec<_>>())
            .payment_intent_data(intent)
            .expires_at(checkout.expires_at.as_second())
            .success_url(checkout.success_url)
            .cancel_url(checkout.cancel_url);
        if let Some(metadata) = owned(checkout.metadata) {
            request = request.metadata(metadata);
        }
        if let Some(email) = checkout.customer_email {
            request = request.customer_email(email);
        }
        if checkout.cards_only {
            let card = CreateCheckoutSessionAllowedPaymentMethodTypes::Card;
            request = request.allowed_payment_method_types([card]);
        }
        self.write(key, request).await
    }

    /// Opens a Checkout for a subscription.
    pub async fn create_subscription_checkout(
        &self,
        key: &str,
        checkout: &SubscriptionCheckout<'_>,
    ) -> Answer<CheckoutSession> {
        let mut line = CreateCheckoutSessionLineItems::new();
        line.price = Some(checkout.price.to_owned());
        line.quantity = Some(checkout.quantity);
        let mut subscription = CreateCheckoutSessionSubscriptionData::new();
        subscription.metadata = owned(checkout.metadata);
        // In the flexible mode, the default, more seats after fewer would be set off against all that was
        // paid before.
        subscription.billing_mode = Some(BillingMode::new(BillingModeType::Classic));
        let mut request = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Subscription)
            .client_reference_id(checkout.reference)
            .customer(checkout.customer)
            .line_items(vec![line])
            .subscription_data(subscription)
            .expires_at(checkout.expires_at.as_second())
            .success_url(checkout.success_url)
            .cancel_url(checkout.cancel_url);
        if let Some(metadata) = owned(checkout.metadata) {
            request = request.metadata(metadata);
        }
        self.write(key, request).await
    }

    /// A Checkout's present state.
    pub async fn checkout_session(&self, session: &str) -> Answer<CheckoutSession> {
        self.read(RetrieveCheckoutSession::new(id(session)?)).await
    }

    /// Expires a Checkout. Refused with 400 unless it is open.
    pub async fn expire_checkout(&self, key: &str, session: &str) -> Answer<CheckoutSession> {
        self.write(key, ExpireCheckoutSession::new(id(session)?))
            .await
    }
}
