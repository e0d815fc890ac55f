//! Stripe on this machine: the calls that Enishi makes, with state, as strict as the real service
//! about keys, parameters and idempotency; a page to pay on; and signed webhooks.
//!
//! It is reached below `/stripe/` at the address of the AWS stand-ins (`STRIPE_API_BASE`).
//! [`Stripe::pay`] and the like are what a customer does on the page. Sessions expire and
//! subscriptions renew by the stack's clock. What it leaves out: fees, those of disputes too, payouts other
//! than by [`Stripe::pay_out`], taxes, and prices other than monthly ones, which [`Stripe::set_price`]
//! makes.

mod billing;
mod calls;
mod checkout;
mod connect;
mod disputes;
mod events;
mod invoices;
mod money;
mod objects;
pub mod page;
mod params;
mod people;
mod shown;
mod state;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    ops::{Deref, DerefMut},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use serde_json::{Value, json};

use crate::{clock::Now, directory::replace};
use params::{Answer, Params, Refusal};
use state::{Kept, Price, State, shown, text};

pub use events::{Order, signature};
pub use state::Event;

/// The one API key.
pub const API_KEY: &str = "sk_test_enishi_local";
/// Signs the account's own webhooks.
pub const SIGNING_SECRET: &str = "whsec_enishi_local_account";
/// Signs those of connected accounts.
pub const CONNECT_SIGNING_SECRET: &str = "whsec_enishi_local_connect";
/// The version of the API that is spoken here, and no other.
pub const API_VERSION: &str = "2026-09-30.endive";
/// Where webhooks are taken, at the API.
pub const WEBHOOK_PATH: &str = "/webhook/stripe";
/// A price that a new server knows: ¥1,000 a seat and month.
pub const PRICE: &str = "price_local_seat";

/// The secret that `STRIPE_SECRET` names.
pub fn api_secret() -> String {
    json!({"api_key": API_KEY}).to_string()
}

/// The secret that `STRIPE_WEBHOOK_SECRET` names.
pub fn webhook_secret() -> String {
    json!({"signing_secrets": [SIGNING_SECRET, CONNECT_SIGNING_SECRET]}).to_string()
}

/// What may befall the next request, see [`Stripe::inject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Carried out, and the answer kept for its key, but answered 502.
    Lost,
    /// Not carried out: 409, as while another attempt with the same key is under way.
    InUse,
    /// Not carried out: 429.
    Throttled,
    /// Not carried out: 503.
    Unavailable,
}

/// Where the money is, in minor units of whatever currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// What customers paid.
    pub paid: i64,
    /// What they got back, or are to get back.
    pub refunded: i64,
    /// What connected accounts were passed, and was not taken back.
    pub passed_on: i64,
    /// What disputes have taken, those that are not decided too.
    pub disputed: i64,
    /// The rest.
    pub platform: i64,
}

/// The stand-in; clones share everything.
#[derive(Clone)]
pub struct Stripe(Arc<Inner>);

struct Inner {
    now: Now,
    /// Where webhooks go; none delivers nothing.
    webhook: Option<String>,
    sender: events::Sender,
    state: Mutex<State>,
    faults: Mutex<VecDeque<Fault>>,
    requests: Mutex<Vec<String>>,
    /// Where everything is kept, see [`Locked`].
    file: Option<PathBuf>,
}

/// The state while somebody reads or changes it. What was changed is on disk when this is dropped, and
/// so before anybody is answered or told of it: a payment outlives the process that took it.
struct Locked<'a> {
    state: MutexGuard<'a, State>,
    stripe: &'a Inner,
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let Some(file) = self.stripe.file.as_ref().filter(|_| self.state.changed) else {
            return;
        };
        let kept = serde_json::to_vec(&*self.state).map_err(std::io::Error::other);
        match kept.and_then(|kept| replace(file, kept)) {
            Ok(()) => self.state.changed = false,
            Err(error) => tracing::error!(%error, "what Stripe knows could not be kept"),
        }
    }
}

impl Stripe {
    /// A server at `base` (`http://127.0.0.1:3001/stripe`) that sends its events to `webhook`, and
    /// knows what is in `file`.
    pub fn open(now: Now, base: String, webhook: Option<String>, file: Option<PathBuf>) -> Self {
        let mut state = State {
            base,
            ..State::default()
        };
        let price = Price {
            currency: "jpy".into(),
            unit_amount: 1_000,
        };
        state.prices.insert(PRICE.into(), price);
        let known = file.as_ref().and_then(|file| std::fs::read(file).ok());
        let stripe = Self(Arc::new(Inner {
            now,
            webhook,
            sender: events::sender(),
            state: Mutex::new(state),
            faults: Mutex::default(),
            requests: Mutex::default(),
            file,
        }));
        if let Some(known) = known {
            let restored = serde_json::from_slice(&known).and_then(|it| stripe.restore(it));
            if let Err(error) = restored {
                tracing::warn!(%error, "what Stripe knew in the last run is forgotten");
            }
        }
        stripe
    }

    /// Answers a request; its path starts with `/stripe/v1/`.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let path = path.strip_prefix("/stripe/v1/").unwrap_or(path);
        let noted = format!("{} {path}", parts.method);
        lock(&self.0.requests).push(noted);
        let query = parts.uri.query().unwrap_or_default();
        let text = match parts.method {
            Method::GET => query.as_bytes(),
            _ => &body,
        };
        let fault = lock(&self.0.faults).pop_front();
        let answer = match fault {
            Some(Fault::InUse) => in_use().kept(),
            Some(Fault::Throttled) => unavailable(429, Some("rate_limit")).kept(),
            Some(Fault::Unavailable) => unavailable(503, None).kept(),
            Some(Fault::Lost) => {
                let _ = self.answer(&parts.method, path, &parts.headers, text);
                unavailable(502, None).kept()
            }
            None => match self.answer(&parts.method, path, &parts.headers, text) {
                Ok(answer) => answer,
                Err(refusal) => refusal.kept(),
            },
        };
        let mut response = answer.respond();
        if let Ok(id) = HeaderValue::try_from(State::id("req_")) {
            response.headers_mut().insert("request-id", id);
        }
        response
    }

    /// An error is one that is not kept for the request's idempotency key.
    fn answer(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        text: &[u8],
    ) -> Result<Answer, Refusal> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if header(header::AUTHORIZATION.as_str()) != Some(&format!("Bearer {API_KEY}")) {
            let mut refusal = Refusal::invalid("Invalid API Key provided");
            refusal.status = 401;
            return Err(refusal);
        }
        if header("stripe-version").is_some_and(|version| version != API_VERSION) {
            return Err(Refusal::invalid(format!(
                "Invalid Stripe API version: only {API_VERSION} is spoken here"
            )));
        }
        let form = header(header::CONTENT_TYPE.as_str());
        let form = form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !text.is_empty() && *method == Method::POST && !form {
            return Err(Refusal::invalid("The body is not form-encoded"));
        }
        let params = Params::parse(text)?;
        let key = header("idempotency-key").filter(|_| *method == Method::POST);
        if key.is_some_and(|key| key.is_empty() || key.len() > 255) {
            return Err(Refusal::invalid(
                "Idempotency keys must be 1 to 255 characters long",
            ));
        }
        let request = format!("{method} {path} {}", params.fingerprint());
        let mut state = self.lock();
        if let Some(key) = key
            && let Some(kept) = state.kept(key)
        {
            if kept.request != request {
                let mut refusal = Refusal::invalid(
                    "Keys for idempotent requests can only be used with the same parameters they \
                     were first used with.",
                );
                refusal.kind = "idempotency_error";
                return Err(refusal);
            }
            return Ok(kept.answer.clone());
        }
        let execution = calls::prepare(method, path, header("stripe-account"), params)?;
        let answer = match execution(&mut state) {
            Ok(body) => Answer {
                status: 200,
                body: body.to_string(),
            },
            Err(refusal) => refusal.kept(),
        };
        if let Some(key) = key {
            let kept = Kept {
                request,
                answer: answer.clone(),
                since: state.now,
            };
            state.changed = true;
            state.keys.insert(key.to_owned(), kept);
        }
        Ok(answer)
    }

    /// An object as the API shows it, whatever it is.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.lock().objects.get(id).map(shown)
    }

    /// The Checkouts that can be paid, oldest first.
    pub fn open_sessions(&self) -> Vec<String> {
        let state = self.lock();
        let open = state.all("checkout.session").into_iter();
        open.filter(|session| text(session, "status") == "open")
            .map(|session| text(session, "id").to_owned())
            .collect()
    }

    /// Where the money is.
    pub fn balance(&self) -> Balance {
        let state = self.lock();
        let paid = money::charges(&state, "amount");
        let refunded = money::charges(&state, "amount_refunded");
        let passed_on = money::passed_on(&state, None);
        let disputed = money::disputed(&state);
        Balance {
            paid,
            refunded,
            passed_on,
            disputed,
            platform: paid - refunded - passed_on - disputed,
        }
    }

    /// All that happened, in order.
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// How events are delivered from now on.
    pub fn deliver_order(&self, order: Order) {
        self.lock().order = order;
    }

    /// Makes an event due again, `times` times, as Stripe's dashboard can.
    pub fn resend(&self, event: &str, times: u32) {
        let mut state = self.lock();
        let now = state.now;
        state.changed = true;
        if let Some(event) = state.events.iter_mut().find(|it| it.id == event)
            && let Some(copies) = times.checked_sub(1)
        {
            event.due = Some(now);
            event.copies = copies;
        }
    }

    /// Sends what is due, and again what was not taken when its next time has come. Whether anything
    /// was sent.
    pub async fn deliver(&self) -> bool {
        let Some(url) = &self.0.webhook else {
            return false;
        };
        let due = events::due(&self.lock());
        let mut outcomes = std::collections::BTreeMap::new();
        for outgoing in &due {
            let taken = events::send(&self.0.sender, url, outgoing).await;
            *outcomes.entry(outgoing.event.as_str()).or_insert(true) &= taken;
        }
        let mut state = self.lock();
        for (event, taken) in outcomes {
            events::sent(&mut state, event, taken);
        }
        !due.is_empty()
    }

    /// Lets the next request meet `fault`; faults queue up.
    pub fn inject(&self, fault: Fault) {
        lock(&self.0.faults).push_back(fault);
    }

    /// The requests so far, `POST refunds`.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.0.requests).clone()
    }

    /// Replaces everything by a snapshot.
    fn restore(&self, snapshot: Value) -> Result<(), serde_json::Error> {
        let mut restored: State = serde_json::from_value(snapshot)?;
        let mut state = lock(&self.0.state);
        restored.base = std::mem::take(&mut state.base);
        restored.order = state.order;
        *state = restored;
        Ok(())
    }

    /// The state as of now: what was due until now has happened.
    fn lock(&self) -> Locked<'_> {
        let mut state = Locked {
            state: lock(&self.0.state),
            stripe: &self.0,
        };
        state.now = (self.0.now)();
        let ticked = checkout::tick(&mut state).and_then(|()| billing::tick(&mut state));
        if let Err(refusal) = ticked {
            tracing::error!(
                refusal.message,
                "the local Stripe server is at odds with itself"
            );
        }
        state
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_use() -> Refusal {
    let mut refusal = Refusal::invalid(
        "There is currently another in-progress request using this Idempotent Key.",
    )
    .code("idempotency_key_in_use");
    refusal.kind = "idempotency_error";
    refusal.status = 409;
    refusal
}

fn unavailable(status: u16, code: Option<&'static str>) -> Refusal {
    let mut refusal = Refusal::invalid("Later");
    refusal.kind = "api_error";
    refusal.code = code;
    refusal.status = status;
    refusal
}
