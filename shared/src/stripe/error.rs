//! Why Stripe did not do what it was asked.

use serde::Deserialize;

use crate::error::Error;

/// A refusal that says something about the request: a declined card, a parameter, an object that is
/// not there or not in the right state. The same request meets the same refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Stripe refuses: {status} {code}")]
pub struct Failure {
    /// Stripe's error code (`charge_already_refunded`, `resource_missing`), or the error's type where
    /// it has no code (`invalid_request_error`).
    pub code: String,
    /// The HTTP status: 400, 402, 403, 404 or 409.
    pub status: u16,
}

/// Why a call to Stripe failed.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// Stripe refused this request; the caller decides what that means.
    #[error(transparent)]
    Refused(#[from] Failure),
    /// `service_unavailable` when Stripe does not answer, answers 5xx, throttles, or is still busy
    /// with the same idempotency key; `internal_server_error` for everything else. Already logged.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<StripeError> for Error {
    /// A refusal that nobody expected is our fault.
    #[track_caller]
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::Refused(failure) => Self::internal(failure),
            StripeError::Other(error) => error,
        }
    }
}

#[derive(Deserialize)]
struct Body {
    error: Detail,
}

/// Its message may quote what was sent: it is not read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Detail {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    param: Option<String>,
}

/// What an answer that is no success means.
pub(super) fn refused(status: u16, body: &[u8]) -> StripeError {
    let detail = serde_json::from_slice::<Body>(body)
        .map(|body| body.error)
        .unwrap_or_default();
    let code = detail.code.unwrap_or(detail.kind);
    match status {
        401 => Error::internal("Stripe does not know our API key").into(),
        429 | 500.. => {
            tracing::warn!(status, code, "Stripe is not available");
            Error::unavailable(2).into()
        }
        409 if code == "idempotency_key_in_use" => Error::unavailable(2).into(),
        _ => {
            let param = detail.param.unwrap_or_default();
            tracing::warn!(status, code, param, "Stripe refused a request");
            Failure { code, status }.into()
        }
    }
}
