//! Webhooks: signed as Stripe signs them, and as unreliable as Stripe's.

use std::time::Instant;

use aws_lc_rs::hmac;
use bytes::Bytes;
use enishi_shared::app::Random;
use http::{Request, header};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use jiff::{SignedDuration, Timestamp};

use super::{CONNECT_SIGNING_SECRET, SIGNING_SECRET, state::State};
use crate::journal::{self, Cause, HEADER, Kind};

/// After how many minutes an event that was not taken is sent again; then it is given up. Stripe
/// goes on for three days.
const RETRIES: [i64; 7] = [1, 5, 30, 120, 300, 600, 3_264];

/// How events are delivered. As they happen, once each, unless told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order {
    /// How often each event that is yet to happen is sent beside the first time.
    pub copies: u32,
    /// How long each event that is yet to happen waits, by the stack's clock.
    pub delay: SignedDuration,
    /// Shuffles what is due at the same time, the same way for the same number.
    pub shuffle: Option<u64>,
}

/// The client that delivers.
pub type Sender = Client<HttpConnector, Full<Bytes>>;

pub fn sender() -> Sender {
    Client::builder(TokioExecutor::new()).build_http()
}

/// What goes out for one event.
pub struct Outgoing {
    pub event: String,
    pub kind: String,
    pub cause: Option<Cause>,
    pub body: String,
    pub signature: String,
}

/// What is due now, in the order in which it is to be sent.
pub fn due(state: &State) -> Vec<Outgoing> {
    let mut due = Vec::new();
    for event in &state.events {
        if event.due.is_some_and(|due| due <= state.now) {
            let body = event.body.to_string();
            let secret = match event.account {
                Some(_) => CONNECT_SIGNING_SECRET,
                None => SIGNING_SECRET,
            };
            for _ in 0..=event.copies {
                due.push(Outgoing {
                    event: event.id.clone(),
                    kind: event.kind.clone(),
                    cause: event.cause.clone(),
                    body: body.clone(),
                    signature: signature(&body, secret, state.now),
                });
            }
        }
    }
    if let Some(seed) = state.order.shuffle {
        let random = Random::from_seed(seed);
        for last in (1..due.len()).rev() {
            let drawn = u64::from_le_bytes(random.bytes()) % (last as u64 + 1);
            due.swap(last, usize::try_from(drawn).unwrap_or(last));
        }
    }
    due
}

/// The header `stripe-signature` for a body.
pub fn signature(body: &str, secret: &str, now: Timestamp) -> String {
    let time = now.as_second();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    let hex: String = tag
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("t={time},v1={hex}")
}

/// Sends one; whether it was taken.
pub async fn send(sender: &Sender, url: &str, outgoing: &Outgoing) -> bool {
    let mut request = Request::post(url)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header("stripe-signature", &outgoing.signature);
    let cause = outgoing.cause.clone().or_else(journal::current);
    let entry = journal::within_now(cause, || {
        journal::begin(Kind::Webhook, || outgoing.kind.clone())
    });
    if let Some(id) = entry.as_ref().and_then(Cause::id) {
        request = request.header(HEADER, id);
    }
    let Ok(request) = request.body(Full::new(Bytes::from(outgoing.body.clone()))) else {
        return false;
    };
    let started = Instant::now();
    let status = sender.request(request).await.map(|answer| answer.status());
    if let Some(entry) = entry {
        let answered = status.as_ref().map_or(502, http::StatusCode::as_u16);
        entry.change(|entry| entry.detail = journal::body(outgoing.body.as_bytes()));
        entry.answered(answered, started.elapsed());
    }
    status.is_ok_and(|status| status.is_success())
}

/// Notes that an event was sent; whether all of its copies were taken.
pub fn sent(state: &mut State, event: &str, taken: bool) {
    let now = state.now;
    let Some(event) = state.events.iter_mut().find(|it| it.id == event) else {
        return;
    };
    state.changed = true;
    event.attempts += 1;
    event.copies = 0;
    let retry = usize::try_from(event.attempts - 1)
        .ok()
        .and_then(|it| RETRIES.get(it));
    event.due = match retry {
        Some(minutes) if !taken => now.checked_add(SignedDuration::from_mins(*minutes)).ok(),
        _ => None,
    };
}
