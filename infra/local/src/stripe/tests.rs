//! The client of `shared` against this server over real sockets, and this server by itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod client;
mod money;
mod objects;
mod pages;
mod strict;
mod subscriptions;
mod webhooks;

use bytes::Bytes;
use enishi_shared::{
    App,
    app::{Env, Parts, Random, TimeLimits, http_client},
    stripe::{CheckoutSession, LineItem, PaymentCheckout, client},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::{
    clock::LocalClock,
    secrets::{SECRET_ARN_PREFIX, Secrets, loopback},
};

/// When the tests begin.
const START: i64 = 1_800_000_000;

/// A server with an App that calls it.
struct World {
    stripe: Stripe,
    client: enishi_shared::stripe::Stripe,
    clock: LocalClock,
    url: String,
}

impl World {
    async fn new() -> Self {
        Self::with(API_KEY, None).await
    }

    async fn with(api_key: &str, webhook: Option<String>) -> Self {
        let clock = LocalClock::still(Timestamp::from_second(START).unwrap());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stripe = Stripe::open(clock.as_now(), format!("{url}/stripe"), webhook, None);
        let router = page::router(stripe.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let arn = format!("{SECRET_ARN_PREFIX}enishi/stripe");
        let secret = json!({"api_key": api_key}).to_string();
        let secrets = Secrets::new([(arn.clone(), secret)], clock.now());
        let aws = loopback::serve(move |request| {
            let secrets = secrets.clone();
            async move { secrets.handle(request).await }
        })
        .await;
        let base = format!("{url}/stripe");
        let env = [
            ("AWS_REGION", "ap-northeast-1"),
            ("AWS_ACCESS_KEY_ID", "Checkout"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_ENDPOINT_URL", &aws),
            ("STRIPE_API_BASE", &base),
            ("STRIPE_SECRET", &arn),
        ];
        let app = App::new(Parts {
            env: env
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .collect::<Env>(),
            clock: clock.as_clock(),
            random: Random::from_seed(1),
            http: http_client(),
            limits: TimeLimits::default(),
            password_cost: enishi_shared::password::Cost::default(),
        });
        Self {
            stripe,
            client: client(&app.unwrap()),
            clock,
            url,
        }
    }

    /// Moves the clock on.
    fn later(&self, duration: SignedDuration) {
        self.clock.set(Some(self.clock.now() + duration));
    }

    /// A Checkout over `amount` yen, whose record is `reference`.
    async fn checkout(&self, reference: &str, amount: i64) -> CheckoutSession {
        let items = [LineItem {
            name: "湯呑み & <cup>",
            unit_amount: amount,
            quantity: 1,
        }];
        let checkout = self.payment(reference, &items);
        let key = format!("checkout-{reference}");
        self.client
            .create_payment_checkout(&key, &checkout)
            .await
            .unwrap()
    }

    fn payment<'a>(&self, reference: &'a str, items: &'a [LineItem<'a>]) -> PaymentCheckout<'a> {
        PaymentCheckout {
            reference,
            currency: "jpy",
            items,
            transfer_group: Some(reference),
            metadata: &[("purpose", "market")],
            customer_email: Some("hana@example.com"),
            cards_only: false,
            expires_at: self.clock.now() + SignedDuration::from_mins(30),
            success_url: "https://shop.example/done?session={CHECKOUT_SESSION_ID}",
            cancel_url: "https://shop.example/cart",
        }
    }

    /// Pays a Checkout; gives its PaymentIntent and its charge.
    async fn paid(&self, reference: &str, amount: i64) -> (String, String) {
        let session = self.checkout(reference, amount).await;
        self.stripe.pay(&session.id).unwrap();
        let session = self.client.checkout_session(&session.id).await.unwrap();
        let intent = self
            .client
            .payment_intent(&session.payment_intent.unwrap())
            .await
            .unwrap();
        (intent.id, intent.latest_charge.unwrap().id)
    }

    /// A connected account that can be passed money.
    async fn maker(&self) -> String {
        let account = self
            .client
            .create_account("maker", "JP", None, &[])
            .await
            .unwrap();
        self.stripe.onboard(&account.id, true).unwrap();
        account.id
    }

    /// The events so far, by their names.
    fn happened(&self) -> Vec<String> {
        let events = self.stripe.events().into_iter();
        events.map(|event| event.kind).collect()
    }
}

/// Sends a request as any program could.
async fn raw(
    stripe: &Stripe,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    form: &str,
) -> (u16, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/stripe/v1/{path}"))
        .header("content-type", "application/x-www-form-urlencoded");
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        request = request.header("authorization", format!("Bearer {API_KEY}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::from(form.to_owned())).unwrap();
    let answer = stripe.handle(request).await;
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(answer.body()).unwrap())
}
