//! Stripe: the calls that Enishi makes, with answers that hold only what Enishi reads, and the
//! verification of webhooks ([`webhook`]).
//!
//! The requests are async-stripe's, so that parameters are typed and the API version is pinned with
//! the crate; they travel over [`outbound`], because async-stripe's own client brings a second HTTP
//! stack and keeps no connections. Every write takes an idempotency key, at most 255 characters, that
//! its caller derives from its own record: the same key gives the same object for 24 hours at least.
//!
//! A function that calls Stripe needs `STRIPE_SECRET`, one that takes webhooks
//! `STRIPE_WEBHOOK_SECRET`; see [`client`] and [`webhook::secrets`].

mod billing;
mod checkout;
mod connect;
mod error;
mod invoice;
mod payment;
mod status;
pub mod webhook;

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use serde::{Deserialize, de::DeserializeOwned};
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest, VERSION};

use crate::{
    app::{App, ConfigError, Configure, Env},
    error::Error,
    outbound,
};

pub use billing::{
    Customer, PendingUpdate, Period, Portal, Price, Proration, Subscription, SubscriptionItem,
};
pub use checkout::{CheckoutSession, LineItem, PaymentCheckout, SubscriptionCheckout};
pub use connect::{Account, AccountLink, Capabilities, LoginLink, NewTransfer, Reversal, Transfer};
pub use error::{Failure, StripeError};
pub use invoice::{Invoice, InvoicePage};
pub use payment::{Charge, Dispute, PaymentIntent, Refund};
pub use status::{
    DisputeStatus, InvoiceReason, InvoiceStatus, PaymentIntentStatus, PaymentStatus, RefundStatus,
    SessionStatus, SubscriptionStatus,
};

/// `STRIPE_SECRET`: the ARN of the secret `{"api_key": "sk_…"}`. `STRIPE_API_BASE`: where the API
/// is, Stripe's address unless told; the path below it starts with `/v1`.
struct Config {
    base: String,
    secret: String,
}

impl Configure for Config {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let base = env
            .get("STRIPE_API_BASE")
            .unwrap_or("https://api.stripe.com");
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            secret: env.required("STRIPE_SECRET")?.to_owned(),
        })
    }
}

#[derive(Deserialize)]
struct Secret {
    api_key: String,
}

/// Stripe's API. Nothing is read or sent before the first call.
pub fn client(app: &App) -> Stripe {
    Stripe(app.clone())
}

/// Stripe's API, see [`client`]. Each method is one request; errors are those of [`StripeError`].
#[derive(Clone)]
pub struct Stripe(App);

impl Stripe {
    /// Sends a request that reads, or that says by itself what it is a repetition of.
    async fn read<T: DeserializeOwned>(&self, request: impl StripeRequest) -> Answer<T> {
        parse(&self.send(request.build(), None, None).await?)
    }

    /// Sends a request that reads something of a connected account's.
    async fn read_as<T: DeserializeOwned>(
        &self,
        account: &str,
        request: impl StripeRequest,
    ) -> Answer<T> {
        parse(&self.send(request.build(), None, Some(account)).await?)
    }

    /// Sends a request that writes, known to Stripe by `key`.
    async fn write<T: DeserializeOwned>(
        &self,
        key: &str,
        request: impl StripeRequest,
    ) -> Answer<T> {
        parse(&self.send(request.build(), Some(key), None).await?)
    }

    async fn send(
        &self,
        built: RequestBuilder,
        key: Option<&str>,
        account: Option<&str>,
    ) -> Answer<Bytes> {
        let config = self.0.config::<Config>()?;
        let secret = self.0.secrets().get(&self.0, &config.secret).await?;
        let secret: Secret = serde_json::from_str(&secret)
            .map_err(|_| Error::internal("the Stripe secret holds no api_key"))?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", secret.api_key))
            .map_err(|_| Error::internal("the Stripe API key is no key"))?;
        bearer.set_sensitive(true);
        let mut uri = format!("{}/v1{}", config.base, built.path);
        if let Some(query) = built.query.filter(|query| !query.is_empty()) {
            uri = format!("{uri}?{query}");
        }
        let mut request = Request::builder()
            .method(match built.method {
                StripeMethod::Get => Method::GET,
                StripeMethod::Post => Method::POST,
                StripeMethod::Delete => Method::DELETE,
            })
            .uri(uri)
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("stripe-version", VERSION.as_str());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(account) = account {
            request = request.header("stripe-account", account);
        }
        let request = request
            .body(Bytes::from(built.body.unwrap_or_default()))
            .map_err(|_| Error::internal("a request to Stripe cannot be built"))?;
        let answer = outbound::send(&self.0, request).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body();
        match status {
            200..=299 => Ok(body),
            _ => Err(error::refused(status, &body)),
        }
    }
}

type Answer<T> = Result<T, StripeError>;

fn parse<T: DeserializeOwned>(body: &[u8]) -> Answer<T> {
    serde_json::from_slice(body).map_err(|error| {
        // Where and what kind only: the answer's text may hold something personal.
        let (kind, column) = (error.classify(), error.column());
        Error::internal(format_args!(
            "Stripe's answer has an unknown form ({kind:?} at {column})"
        ))
        .into()
    })
}

/// An id that may stand in a path. Whatever else it is, Stripe has no such object.
fn id(text: &str) -> Answer<&str> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !text.is_empty() && text.bytes().all(known) {
        return Ok(text);
    }
    Err(StripeError::Refused(Failure {
        code: "resource_missing".into(),
        status: 404,
    }))
}

/// Stripe's own form of a list.
#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

/// What Stripe leaves empty now and then: null is as good as absent.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn currency(code: &str) -> stripe_types::Currency {
    match code.parse() {
        Ok(currency) => currency,
        Err(never) => match never {},
    }
}

/// None is sent where there is none: an empty one would read as the wish to remove what is there.
fn owned(metadata: &[(&str, &str)]) -> Option<HashMap<String, String>> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    (!metadata.is_empty()).then(|| metadata.iter().map(owned).collect())
}
