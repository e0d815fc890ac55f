//! Stripe's webhooks: who sent one, and what it is about.
//!
//! An event is a hint and nothing more: it comes duplicated, out of order, up to three days late,
//! so whoever takes it asks Stripe for the object's present state.

#[cfg(test)]
mod tests;

use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::{
    app::{App, ConfigError, Configure, Env},
    error::Error,
};

/// How far a signature's time may be from ours, either way.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// `STRIPE_WEBHOOK_SECRET`: the ARN of the secret `{"signing_secrets": ["whsec_…", …]}`, with those
/// of the account's endpoint, of the Connect endpoint, and of either's predecessor while it is
/// being replaced. Apart from the API key, which a function that takes webhooks does not need.
struct Config {
    secret: String,
}

impl Configure for Config {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            secret: env.required("STRIPE_WEBHOOK_SECRET")?.to_owned(),
        })
    }
}

#[derive(Deserialize)]
struct Secret {
    signing_secrets: Vec<String>,
}

/// The secrets with which Stripe may sign. One request in five minutes.
///
/// # Errors
/// Those of reading a secret; `internal_server_error` when it holds none.
pub async fn secrets(app: &App) -> Result<Vec<String>, Error> {
    let config = app.config::<Config>()?;
    let secret = app.secrets().get(app, &config.secret).await?;
    serde_json::from_str::<Secret>(&secret)
        .ok()
        .map(|secret| secret.signing_secrets)
        .filter(|secrets| !secrets.is_empty() && secrets.iter().all(|one| !one.is_empty()))
        .ok_or_else(|| Error::internal("the webhook secret holds no signing_secrets"))
}

/// What a webhook tells.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// `evt_…`; the same in each delivery.
    pub id: String,
    /// `checkout.session.completed` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub created: Timestamp,
    /// The connected account it happened in; none is our own.
    #[serde(default)]
    pub account: Option<String>,
    /// Whether it is about real money.
    pub livemode: bool,
    /// What it happened to.
    pub data: Data,
}

/// What an [`Event`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Data {
    /// What it happened to, as it was at that time.
    pub object: Object,
}

/// What an [`Event`] happened to. Its present state is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Object {
    /// Its id.
    pub id: String,
    /// `checkout.session`, `payment_intent` and so on.
    pub object: String,
}

/// The event in `payload`, if one of `secrets` signed it (`stripe-signature`, scheme `v1`) and at
/// most 5 minutes lie between its signature and `now`.
///
/// # Errors
/// 400 `invalid_parameter` when it is not Stripe's or too old; 500 `internal_server_error` when
/// Stripe signed something that cannot be read: keep the payload then.
pub fn verify(
    payload: &[u8],
    header: &str,
    secrets: &[&str],
    now: Timestamp,
) -> Result<Event, Error> {
    let refused = |why| Err(Error::invalid("stripe-signature", why));
    let Some(signature) = Signature::of(header) else {
        return refused("no signature of the scheme v1");
    };
    let signed = [signature.time.as_bytes(), b".", payload].concat();
    // An empty secret would be one that everybody knows.
    let ours = secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .any(|secret| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            signature
                .values
                .iter()
                .any(|value| hmac::verify(&key, &signed, value).is_ok())
        });
    if !ours {
        return refused("not signed by Stripe");
    }
    if signature.at.duration_since(now).abs() > TOLERANCE {
        return refused("signed more than 5 minutes from now");
    }
    serde_json::from_slice(payload).map_err(|error| {
        let (kind, column) = (error.classify(), error.column());
        Error::internal(format_args!(
            "a webhook has an unknown form ({kind:?} at {column})"
        ))
    })
}

/// `t=1700000000,v1=<hex>,v1=<hex>,v0=…`. The time is signed as it is written.
struct Signature<'a> {
    time: &'a str,
    at: Timestamp,
    values: Vec<[u8; 32]>,
}

impl<'a> Signature<'a> {
    fn of(header: &'a str) -> Option<Self> {
        let mut time = None;
        let mut values = Vec::new();
        for part in header.split(',') {
            match part.trim().split_once('=')? {
                // Two times would leave it open which one was signed.
                ("t", text) if time.is_none() && text.bytes().all(|b| b.is_ascii_digit()) => {
                    time = Some(text);
                }
                ("t", _) => return None,
                ("v1", text) => values.extend(hex(text)),
                _ => {}
            }
        }
        let time = time?;
        let at = Timestamp::from_second(time.parse().ok()?).ok()?;
        (!values.is_empty()).then_some(Self { time, at, values })
    }
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let mut value = 0;
        for digit in pair {
            value = value * 16 + char::from(*digit).to_digit(16)?;
        }
        *byte = u8::try_from(value).ok()?;
    }
    Some(bytes)
}
