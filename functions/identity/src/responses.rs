//! The errors that every endpoint of this service can answer, for its documentation.

use enishi_shared::error::ErrorBody;
use utoipa::IntoResponses;

/// Errors of any endpoint with a body.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents; handlers answer `Error`")]
pub enum Failures {
    /// No answer within 10 seconds.
    #[response(status = 408)]
    Timeout(ErrorBody),
    /// The body is larger than 256 KB.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// Something went wrong on our side.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// Temporarily unavailable; `Retry-After` says when.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}
