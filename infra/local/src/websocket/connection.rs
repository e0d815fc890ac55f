//! What is known of a connection, and how it ends.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::Utf8Bytes;
use http::request::Parts;
use http::{HeaderName, header};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::{UnderWay, new_id};

/// An open connection. Whoever takes it from the map ends it, so it ends once.
pub(super) struct Connection {
    pub client: Arc<Client>,
    /// Its place among all that were opened.
    pub number: u64,
    pub texts: mpsc::Sender<Utf8Bytes>,
    pub ended: oneshot::Sender<(End, UnderWay)>,
}

/// Who is at the other end.
pub(super) struct Client {
    pub id: String,
    pub connected_at: Timestamp,
    pub source_ip: IpAddr,
    pub user_agent: Option<String>,
    /// The name the client asked for.
    pub domain: String,
    /// When the last frame went, by the sockets' clock and by the stack's.
    active: Mutex<(Instant, Timestamp)>,
}

/// How a connection ends.
pub(super) struct End {
    /// The close frame's code and reason, and `$disconnect`'s.
    pub code: u16,
    pub reason: Utf8Bytes,
    pub manner: Manner,
    /// Whether `$disconnect` is invoked.
    pub told: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// With a close frame from here.
    Closing,
    /// The client closed; the socket answers by itself.
    Closed,
    /// The TCP connection is dropped.
    Dropped,
}

impl Client {
    /// Whoever asks for this handshake, under an id of its own.
    pub fn new(request: &Parts, source_ip: IpAddr, now: Timestamp) -> Self {
        let text = |name: HeaderName| Some(request.headers.get(name)?.to_str().ok()?.to_owned());
        let host = text(header::HOST).unwrap_or_else(|| "localhost".to_owned());
        Self {
            id: new_id(),
            connected_at: now,
            source_ip,
            user_agent: text(header::USER_AGENT),
            domain: host.split(':').next().unwrap_or_default().to_owned(),
            active: Mutex::new((Instant::now(), now)),
        }
    }

    pub fn active(&self) -> (Instant, Timestamp) {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a frame.
    pub fn touch(&self, now: Timestamp) {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), now);
    }
}

impl End {
    /// With this close frame.
    pub fn closing(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Utf8Bytes::from_static(reason),
            manner: Manner::Closing,
            told: true,
        }
    }

    /// Without a word.
    pub fn lost() -> Self {
        Self {
            code: 1006,
            reason: Utf8Bytes::from_static("Connection closed abnormally"),
            manner: Manner::Dropped,
            told: true,
        }
    }
}
