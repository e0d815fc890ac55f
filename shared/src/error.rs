//! The error catalogue: every 4xx and 5xx answers the one body
//! `{status, code, message, errors:[{field, code}]}`.
//!
//! To add an error: 1. a variant of [`Code`]; 2. its status in the match below; 3. what it means and what a client
//! does about it, in `infra/local/src/openapi/errors.rs`, for `/docs/errors`; 4. a constructor here, if more than one
//! handler needs it.
//!
//! When to use which: `invalid_parameter` names the field the caller must change; `conflict` means
//! the same request could succeed in another state; `not_found` also stands for what belongs to
//! somebody else; [`Error::internal`] is for what no caller can mend. Its cause goes to the log
//! with the place it was made at, never into the body.

use std::{borrow::Cow, panic::Location, time::Duration};

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 400: not JSON, or not sent as `application/json`.
    InvalidFormat,
    /// 400: a value is missing or wrong; `errors` names it.
    InvalidParameter,
    /// 401: the access token has expired: refresh it.
    AccessTokenExpired,
    /// 401: no token, or not one of ours.
    AccessTokenInvalid,
    /// 401: the log-in is wrong; refreshing does not help.
    InvalidCredentials,
    /// 403: known, but not allowed.
    Forbidden,
    /// 403: the account has no profile of this product yet: register there first.
    ProfileMissing,
    /// 403: the quota that was bought is used up.
    QuotaExceeded,
    /// 404.
    NotFound,
    /// 405: `Allow` lists what the path takes.
    MethodNotAllowed,
    /// 408: no answer within 10 seconds.
    RequestTimeout,
    /// 409: the resource's state does not allow it.
    Conflict,
    /// 413: the body is larger than 256 KB.
    PayloadTooLarge,
    /// 429: `Retry-After` says when.
    TooManyRequests,
    /// 500.
    InternalServerError,
    /// 503: `Retry-After` says when.
    ServiceUnavailable,
}

impl Code {
    /// The HTTP status of this code.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidFormat | Self::InvalidParameter => StatusCode::BAD_REQUEST,
            Self::AccessTokenExpired | Self::AccessTokenInvalid | Self::InvalidCredentials => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden | Self::ProfileMissing | Self::QuotaExceeded => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// What is wrong with a field, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldCode {
    /// The resource it names does not exist.
    Missing,
    /// It is required and was not given.
    MissingField,
    /// Its form or value is wrong.
    Invalid,
    /// Another resource already has this value.
    AlreadyExists,
}

/// One field's fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field, as the request spells it; nested ones with dots.
    #[schema(example = "date")]
    pub field: String,
    /// What is wrong with it.
    pub code: FieldCode,
    /// What it has to be, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "a date such as 2026-11-21")]
    pub rule: Option<Cow<'static, str>>,
}

/// The error body of every 4xx and 5xx.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorBody {
    /// The HTTP status again.
    #[schema(example = 400)]
    pub status: u16,
    /// The machine-readable code.
    pub code: Code,
    /// A sentence for people.
    #[schema(example = "date is in the past")]
    pub message: String,
    /// The fields at fault; only on validation failures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// `message` once more, for clients that read it there; most services leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "date is in the past")]
    pub error: Option<String>,
}

/// A failure on its way to the caller. Boxed parts keep `Result`s small.
#[derive(Debug)]
pub struct Error(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: Code,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    header: Option<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

impl Error {
    /// An error with its sentence.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Parts {
            code,
            message: message.into(),
            fields: Vec::new(),
            header: None,
            cause: None,
        }))
    }

    /// 400 `invalid_format`: not JSON at all.
    pub fn invalid_format(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidFormat, message)
    }

    /// 400 `invalid_parameter` with all fields at fault.
    pub fn invalid_fields(fields: Vec<FieldError>) -> Self {
        let message = match fields.as_slice() {
            [one] => match (one.code, &one.rule) {
                (FieldCode::MissingField, _) | (_, None) => {
                    format!("{} is {}", one.field, describe(one.code))
                }
                (_, Some(rule)) => format!("{} is invalid: {rule}", one.field),
            },
            fields => {
                let names: Vec<&str> = fields.iter().map(|one| one.field.as_str()).collect();
                format!("these fields are invalid: {}", names.join(", "))
            }
        };
        let mut error = Self::new(Code::InvalidParameter, message);
        error.0.fields = fields;
        error
    }

    /// 400 `invalid_parameter` naming one field, with a sentence that says what would be right.
    pub fn invalid(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        let mut error = Self::new(Code::InvalidParameter, message.clone());
        error.0.fields = vec![FieldError {
            field: field.into(),
            code: FieldCode::Invalid,
            rule: Some(message),
        }];
        error
    }

    /// 400 `invalid_parameter` naming a field that is required and was not given.
    pub fn missing(field: &'static str) -> Self {
        Self::invalid_fields(vec![FieldError {
            field: field.into(),
            code: FieldCode::MissingField,
            rule: None,
        }])
    }

    /// 400 `invalid_parameter` naming a field whose id names nothing.
    pub fn unknown(field: &'static str) -> Self {
        Self::invalid_fields(vec![FieldError {
            field: field.into(),
            code: FieldCode::Missing,
            rule: None,
        }])
    }

    /// 401 `access_token_invalid`.
    pub fn token_invalid() -> Self {
        Self::new(Code::AccessTokenInvalid, "a valid access token is needed").with_header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"enishi\", error=\"invalid_token\""),
        )
    }

    /// 401 `access_token_expired`.
    pub fn token_expired() -> Self {
        Self::new(Code::AccessTokenExpired, "the access token has expired").with_header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(
                "Bearer realm=\"enishi\", error=\"invalid_token\", error_description=\"expired\"",
            ),
        )
    }

    /// 403 `forbidden`.
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden, "you are not allowed to do this")
    }

    /// 403 `profile_missing`; `product` is whose profile the account has not.
    pub fn profile_missing(product: &str) -> Self {
        Self::new(
            Code::ProfileMissing,
            format!("your account has no {product} profile yet"),
        )
    }

    /// 404 `not_found`; `what` is a noun such as `room`.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("no such {what}"))
    }

    /// 409 `conflict`.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// 409 `conflict` because another resource has this field's value.
    pub fn already_exists(field: &'static str) -> Self {
        Self::conflict(format!("{field} is already in use")).and_already_exists(field)
    }

    /// Names a field (one more) whose value another resource has.
    #[must_use]
    pub fn and_already_exists(mut self, field: &'static str) -> Self {
        self.0.fields.push(FieldError {
            field: field.into(),
            code: FieldCode::AlreadyExists,
            rule: None,
        });
        self
    }

    /// 408 `request_timeout`: no answer within `limit`.
    pub fn late(limit: Duration) -> Self {
        let seconds = limit.as_secs_f32();
        Self::new(
            Code::RequestTimeout,
            format!("no answer within {seconds} seconds"),
        )
    }

    /// 429 `too_many_requests`; try again in `retry_after` seconds.
    pub fn too_many_requests(retry_after: u32) -> Self {
        Self::new(Code::TooManyRequests, "too many attempts; try again later")
            .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after))
    }

    /// 503 `service_unavailable`; try again in `retry_after` seconds.
    pub fn unavailable(retry_after: u32) -> Self {
        Self::new(
            Code::ServiceUnavailable,
            "temporarily unavailable; try again shortly",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after))
    }

    /// 500 `internal_server_error`. The cause is logged here, with the caller's place; its
    /// `Display` must not hold anything personal.
    #[track_caller]
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let place = Location::caller();
        tracing::error!(%cause, file = place.file(), line = place.line(), "internal error");
        Self::new(
            Code::InternalServerError,
            "something went wrong on our side",
        )
        .with_cause(cause)
    }

    /// Says what it came of to whoever reads the log or a dead letter, never to a caller; nothing
    /// personal.
    #[must_use]
    pub fn with_cause(mut self, cause: impl std::fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// The machine-readable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// In how many seconds to try again, where the error says so.
    pub fn retry_after(&self) -> Option<u32> {
        let (name, value) = self.0.header.as_ref()?;
        let seconds = value
            .to_str()
            .ok()
            .filter(|_| name == header::RETRY_AFTER)?;
        seconds.parse().ok()
    }

    /// The error's body, for answers that are not HTTP.
    pub fn body(self) -> ErrorBody {
        let Parts {
            code,
            message,
            fields,
            ..
        } = *self.0;
        ErrorBody {
            status: code.status().as_u16(),
            code,
            message: message.into_owned(),
            errors: fields,
            error: None,
        }
    }
}

fn describe(code: FieldCode) -> &'static str {
    match code {
        FieldCode::Missing => "not known",
        FieldCode::MissingField => "required",
        FieldCode::Invalid => "invalid",
        FieldCode::AlreadyExists => "already in use",
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0.cause {
            Some(cause) => write!(formatter, "{}: {cause}", self.0.message),
            None => write!(formatter, "{}", self.0.message),
        }
    }
}

impl std::error::Error for Error {}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let header = self.0.header.clone();
        let mut response = (self.code().status(), Json(self.body())).into_response();
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_tells_the_cause_and_an_answer_does_not() {
        let error = Error::internal("the table is on fire");
        assert_eq!(
            error.to_string(),
            "something went wrong on our side: the table is on fire"
        );
        assert_eq!(error.body().message, "something went wrong on our side");
        assert_eq!(Error::conflict("not so").to_string(), "not so");
    }
}
