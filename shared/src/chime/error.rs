//! Why Chime did not do what it was asked.

use aws_sdk_chimesdkmeetings::error::{ProvideErrorMetadata, SdkError};

use crate::{
    error::{Code, Error},
    store::failed,
};

/// Why a meeting could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ChimeError {
    /// More requests than the Region allows a second: try again.
    #[error("Chime throttles")]
    Throttled,
    /// As many meetings at once as the Region allows: somebody has to leave first.
    #[error("the meeting quota is used up")]
    QuotaExceeded,
    /// The meeting has ended.
    #[error("the meeting has ended")]
    NotFound,
    /// Anything else; already logged.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<ChimeError> for Error {
    fn from(error: ChimeError) -> Self {
        match error {
            ChimeError::Throttled => Self::unavailable(2),
            ChimeError::QuotaExceeded => Self::unavailable(30),
            ChimeError::NotFound => Self::unavailable(1),
            ChimeError::Other(error) => error,
        }
    }
}

/// What an SDK error means here.
#[track_caller]
pub(super) fn chime_error<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> ChimeError {
    match error.code() {
        Some("ThrottlingException" | "TooManyRequestsException" | "ConflictException") => {
            ChimeError::Throttled
        }
        Some("LimitExceededException") => ChimeError::QuotaExceeded,
        Some("NotFoundException") => ChimeError::NotFound,
        _ => {
            let error = failed(error);
            if error.code() == Code::ServiceUnavailable {
                ChimeError::Throttled
            } else {
                ChimeError::Other(error)
            }
        }
    }
}
