//! What becomes of an AWS call that failed even after the SDK's own retries.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::error::{Code, Error};

/// The error of an AWS call, for the caller: 503 when the service did not answer or throttled even
/// after the SDK's own retries, else 500. The log gets the code only: messages can quote items.
#[track_caller]
pub fn failed<E, R>(error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata,
{
    let code = error.code().unwrap_or("");
    let passing = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        _ => [
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "TooManyRequestsException",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "InternalServerError",
            "InternalServiceError",
            "InternalError",
            "SlowDown",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "ServiceFailureException",
        ]
        .contains(&code),
    };
    let place = std::panic::Location::caller();
    tracing::error!(
        code,
        kind = kind(&error),
        file = place.file(),
        line = place.line(),
        "an AWS call failed"
    );
    let failed = match passing {
        true => Error::unavailable(1),
        false => Error::new(
            Code::InternalServerError,
            "something went wrong on our side",
        ),
    };
    failed.with_cause(format!("an AWS call failed ({} {code})", kind(&error)))
}

/// [`failed`] on a result.
pub trait OrFailed<T> {
    /// The error of an AWS call, for the caller; see [`failed`].
    ///
    /// # Errors
    /// The call's.
    fn or_failed(self) -> Result<T, Error>;
}

impl<T, E: ProvideErrorMetadata, R> OrFailed<T> for Result<T, SdkError<E, R>> {
    #[track_caller]
    fn or_failed(self) -> Result<T, Error> {
        match self {
            Ok(output) => Ok(output),
            Err(error) => Err(failed(error)),
        }
    }
}

fn kind<E, R>(error: &SdkError<E, R>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "construction",
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "dispatch",
        SdkError::ResponseError(_) => "response",
        SdkError::ServiceError(_) => "service",
        _ => "other",
    }
}
