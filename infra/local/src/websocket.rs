//! The local stand-in for API Gateway's WebSocket API: the handshake through `$connect`, the route
//! of each message, `$disconnect`, and the management API (`@connections`) that functions push
//! through; with the service's limits.
//!
//! Left to others: reading the routes from `template.yaml`, listening, running the functions (the
//! callback of [`WebSockets::new`]) and IAM (asked by the front with [`WebSockets::action`]).
//!
//! Where AWS's guide is silent, this follows what people recorded of the service:
//! - A function that fails, or answers without a `statusCode`, gives 502 at the handshake and the
//!   frame `Internal server error` after it; one that takes longer than 29 s gives 504 and
//!   `Endpoint request timed out`. Otherwise a message's answer goes nowhere.
//! - A message's `action` never reaches `$connect` or `$disconnect`.
//! - The messages of one connection are handled at once, some sixteen at most; only then is
//!   reading paused. Nothing holds their order.
//! - Idleness (a frame either way ends it, a ping too) and the lifetime close with 1001; they are
//!   reckoned in real time whatever the stack's clock says.
//! - Deleting a connection delivers first what was posted to it, then closes with 1000.
//! - A client that leaves during `$connect`, and one that is there when the stack stops, gets no
//!   `$disconnect`: it is best-effort on AWS, too.

mod connection;
mod event;
mod management;
mod socket;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRequestParts as _;
use axum::extract::ws::{Utf8Bytes, WebSocketUpgrade};
use axum::response::IntoResponse as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use uuid::Uuid;

use crate::clock::Now;
use crate::template::WebSocketApi;
use connection::{Client, Connection, End};

/// WebSocket API quotas: bytes of a frame and of a message, time for an integration, time without
/// a frame, time in all.
const MAX_FRAME: usize = 32 * 1024;
const MAX_MESSAGE: usize = 128 * 1024;
const TIMEOUT: Duration = Duration::from_secs(29);
const IDLE: Duration = Duration::from_mins(10);
const LIFETIME: Duration = Duration::from_hours(2);
/// Messages to a client that does not read; more are refused with 429.
const UNREAD: usize = 1024;

type Invoke = Box<dyn Fn(String, Value) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// The WebSocket API and its connections. Clones share everything.
#[derive(Clone)]
pub struct WebSockets(Arc<Inner>);

struct Inner {
    api: Option<WebSocketApi>,
    now: Now,
    timeout: Duration,
    invoke: Invoke,
    stopping: watch::Receiver<bool>,
    connections: Mutex<BTreeMap<String, Connection>>,
    opened: AtomicU64,
    under_way: AtomicUsize,
    idle: Notify,
}

/// An invocation that gave no answer.
enum Failure {
    Failed,
    Late,
}

/// What stands in the way of a message to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undelivered {
    Gone,
    Unread,
}

/// Something [`WebSockets::idle`] waits for, from its making until it is dropped.
struct UnderWay(Arc<Inner>);

impl WebSockets {
    /// The API of the template; without one there is no stage to connect to. `invoke` gets the
    /// function's logical id and the event; every connection ends once `stopping` holds `true`.
    /// A function that has `answer` to answer in is waited for that long, if it is longer than the
    /// quota.
    pub fn new<F, Fut>(
        api: Option<WebSocketApi>,
        now: Now,
        stopping: watch::Receiver<bool>,
        answer: Duration,
        invoke: F,
    ) -> Self
    where
        F: Fn(String, Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, String>> + Send + 'static,
    {
        Self(Arc::new(Inner {
            api,
            now,
            timeout: TIMEOUT.max(answer),
            invoke: Box::new(move |function, event| Box::pin(invoke(function, event))),
            stopping,
            connections: Mutex::default(),
            opened: AtomicU64::new(0),
            under_way: AtomicUsize::new(0),
            idle: Notify::new(),
        }))
    }

    /// Whether a request is a WebSocket handshake at the API's stage.
    pub fn takes<B>(&self, request: &Request<B>) -> bool {
        let asks = request
            .headers()
            .get(header::UPGRADE)
            .is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
        let stage = self.0.api.as_ref().map(|api| api.stage.as_str());
        asks && stage.is_some() && request.uri().path().strip_prefix('/') == stage
    }

    /// Answers a handshake: 101 where `$connect` answered 2xx (its `Sec-WebSocket-Protocol` goes
    /// to the client), else the status that `$connect` gave, 502 where it failed, 504 where it was
    /// late. From the 101 on the connection is served by a task of its own.
    pub async fn serve(&self, request: axum::extract::Request, source: IpAddr) -> Response<Body> {
        let (mut parts, _) = request.into_parts();
        let mut upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => upgrade,
            Err(rejection) => return rejection.into_response(),
        };
        let client = Arc::new(Client::new(&parts, source, (self.0.now)()));
        match self.connect(&client, &parts).await {
            Ok(Some(protocol)) => upgrade.set_selected_protocol(protocol),
            Ok(None) => {}
            Err(refusal) => return refusal,
        }
        let (texts, unsent) = mpsc::channel(UNREAD);
        let (end, ended) = oneshot::channel();
        let connection = Connection {
            client: Arc::clone(&client),
            number: self.0.opened.fetch_add(1, Ordering::Relaxed),
            texts,
            ended: end,
        };
        self.lock().insert(client.id.clone(), connection);
        let (failed, gone) = (self.clone(), Arc::clone(&client));
        let (sockets, socket_client) = (self.clone(), client);
        upgrade
            .max_frame_size(MAX_FRAME)
            .max_message_size(MAX_MESSAGE)
            .on_failed_upgrade(move |_| {
                // There is no socket that would tell of the end.
                let connection = failed.lock().remove(&gone.id);
                if let Some(connection) = connection {
                    let under_way = failed.under_way();
                    tokio::spawn(async move {
                        failed.disconnect(&connection.client, &End::lost()).await;
                        drop(under_way);
                    });
                }
            })
            .on_upgrade(move |socket| sockets.run(socket, socket_client, unsent, ended))
    }

    /// The ids of the open connections, in the order in which they were opened.
    pub fn connections(&self) -> Vec<String> {
        let connections = self.lock();
        let mut open: Vec<_> = connections
            .values()
            .map(|c| (c.number, &c.client.id))
            .collect();
        open.sort_unstable();
        open.into_iter().map(|(_, id)| id.clone()).collect()
    }

    /// Drops a connection's TCP connection without a close frame; `$disconnect` is invoked.
    /// Answers whether it was open.
    pub fn cut(&self, connection_id: &str) -> bool {
        self.end(connection_id, End::lost())
    }

    /// As [`Self::cut`], but without `$disconnect`, as happens on AWS.
    pub fn cut_silently(&self, connection_id: &str) -> bool {
        let told = false;
        self.end(
            connection_id,
            End {
                told,
                ..End::lost()
            },
        )
    }

    /// Waits until no message that has arrived, no `$connect` and no `$disconnect` is being
    /// handled; answers whether one was.
    pub async fn idle(&self) -> bool {
        let mut waited = false;
        loop {
            let idle = self.0.idle.notified();
            if self.0.under_way.load(Ordering::SeqCst) == 0 {
                return waited;
            }
            waited = true;
            idle.await;
        }
    }

    /// Asks `$connect`: the subprotocol it chose, or the refusal.
    async fn connect(
        &self,
        client: &Client,
        request: &Parts,
    ) -> Result<Option<HeaderValue>, Response<Body>> {
        let Some((api, function)) = self.special("$connect") else {
            return Ok(None);
        };
        let request_id = new_id();
        let event = event::connect(api, client, request, &request_id, (self.0.now)());
        match self.call(function, event).await {
            Ok(answer) => match status(&answer) {
                Some(status) if status.is_success() => Ok(protocol(&answer)),
                status => {
                    let mut refusal = Response::new(Body::empty());
                    *refusal.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
                    Err(refusal)
                }
            },
            Err(failure) => {
                let own = own_message(failure.message(), &client.id, &request_id);
                let mut refusal = Response::new(Body::from(own));
                *refusal.status_mut() = failure.status();
                let json = HeaderValue::from_static("application/json");
                refusal.headers_mut().insert(header::CONTENT_TYPE, json);
                Err(refusal)
            }
        }
    }

    /// Hands a message to its route's function.
    async fn message(&self, client: &Client, text: &str) {
        let Some(api) = &self.0.api else { return };
        let request_id = new_id();
        let own = match route(api, text) {
            None => "Forbidden",
            Some((key, function)) => {
                let now = (self.0.now)();
                let event = event::message(api, client, key, text, &request_id, now);
                match self.call(function, event).await {
                    Ok(_) => return,
                    Err(failure) => failure.message(),
                }
            }
        };
        // Whoever is gone need not know.
        let _ = self.post(&client.id, own_message(own, &client.id, &request_id).into());
    }

    async fn disconnect(&self, client: &Client, end: &End) {
        if end.told
            && let Some((api, function)) = self.special("$disconnect")
        {
            let event = event::disconnect(api, client, end, &new_id(), (self.0.now)());
            // Nobody hears of a failure.
            let _ = self.call(function, event).await;
        }
    }

    fn special(&self, key: &str) -> Option<(&WebSocketApi, &str)> {
        let api = self.0.api.as_ref()?;
        Some((api, api.routes.get(key)?))
    }

    /// A function's answer, which must have a `statusCode`.
    async fn call(&self, function: &str, event: Value) -> Result<Value, Failure> {
        let _under_way = self.under_way();
        let invoked = (self.0.invoke)(function.to_owned(), event);
        match tokio::time::timeout(self.0.timeout, invoked).await {
            Ok(Ok(answer)) if status(&answer).is_some() => Ok(answer),
            Ok(Ok(_)) => {
                tracing::error!(function, "the answer has no `statusCode`");
                Err(Failure::Failed)
            }
            Ok(Err(error)) => {
                tracing::error!(function, error, "a function failed");
                Err(Failure::Failed)
            }
            Err(_) => Err(Failure::Late),
        }
    }

    /// Sends a client a message.
    fn post(&self, connection_id: &str, text: Utf8Bytes) -> Result<(), Undelivered> {
        let connections = self.lock();
        let connection = connections.get(connection_id).ok_or(Undelivered::Gone)?;
        connection
            .texts
            .try_send(text)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Undelivered::Unread,
                mpsc::error::TrySendError::Closed(_) => Undelivered::Gone,
            })?;
        connection.client.touch((self.0.now)());
        Ok(())
    }

    /// Ends a connection where it is open: from here on it is gone.
    fn end(&self, connection_id: &str, end: End) -> bool {
        let mut connections = self.lock();
        let Some(connection) = connections.remove(connection_id) else {
            return false;
        };
        // Its task is there until it hears this.
        let _ = connection.ended.send((end, self.under_way()));
        true
    }

    fn under_way(&self) -> UnderWay {
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay(Arc::clone(&self.0))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Connection>> {
        let connections = self.0.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failure {
    fn message(&self) -> &'static str {
        match self {
            Self::Failed => "Internal server error",
            Self::Late => "Endpoint request timed out",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Failed => StatusCode::BAD_GATEWAY,
            Self::Late => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.0.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

/// The route of a message with its function; `$default` takes what no other route takes.
fn route<'a>(api: &'a WebSocketApi, text: &str) -> Option<(&'a String, &'a String)> {
    let body: Option<Value> = serde_json::from_str(text).ok();
    let named = body.as_ref().and_then(|body| body[&api.selection].as_str());
    named
        .filter(|key| !key.starts_with('$'))
        .and_then(|key| api.routes.get_key_value(key))
        .or_else(|| api.routes.get_key_value("$default"))
}

fn status(answer: &Value) -> Option<StatusCode> {
    let code = u16::try_from(answer["statusCode"].as_u64()?).ok()?;
    StatusCode::from_u16(code).ok()
}

fn protocol(answer: &Value) -> Option<HeaderValue> {
    let headers = answer["headers"].as_object()?;
    let name = header::SEC_WEBSOCKET_PROTOCOL;
    let (_, chosen) = headers.iter().find(|(key, _)| name == key.as_str())?;
    HeaderValue::from_str(chosen.as_str()?).ok()
}

/// What the gateway itself tells a client.
fn own_message(message: &str, connection_id: &str, request_id: &str) -> String {
    json!({"message": message, "connectionId": connection_id, "requestId": request_id}).to_string()
}

/// In the form of the service's ids, `L0SM9cOFvHcCIhw=`.
fn new_id() -> String {
    let bytes = Uuid::new_v4().into_bytes();
    URL_SAFE.encode(bytes.split_at(11).0)
}
