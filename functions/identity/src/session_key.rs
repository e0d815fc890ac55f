//! The market's session key on its way to the client and back: in the body, and as a cookie that no
//! script reads and that goes to `/api/session` only.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::IntoResponse,
};
use enishi_shared::{Error, Result, session::Given, token};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

const NAME: &str = "session_key";
const ATTRIBUTES: &str = "HttpOnly; Secure; SameSite=Strict; Path=/api/session";

/// The header `Set-Cookie`.
pub type SetCookie = [(HeaderName, HeaderValue); 1];

/// The cookie as it is described.
pub struct SessionCookie;

impl PartialSchema for SessionCookie {
    fn schema() -> RefOr<Schema> {
        let key = "AZqitHwefTOfClscLT5PUNvGk2Ivb0bRt6nZx4Yh7eEkTq0m8sWcJd3uFvXo5aLpR1iBgKzHyN2rQw9tCjMfDA";
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!(
                "^{NAME}=[A-Za-z0-9_-]*; {ATTRIBUTES}; Max-Age=[0-9]+$"
            )))
            .examples([cookie(key, 2_592_000)]);
        text.into()
    }
}

impl ToSchema for SessionCookie {}

/// A market session; the session key comes as a cookie too.
#[derive(Serialize, ToSchema)]
pub struct SessionResponse {
    /// For `PUT /api/session`; each use gives the next one.
    #[schema(
        example = "AZqitHwefTOfClscLT5PUNvGk2Ivb0bRt6nZx4Yh7eEkTq0m8sWcJd3uFvXo5aLpR1iBgKzHyN2rQw9tCjMfDA"
    )]
    pub session_key: String,
    /// For `Authorization: Bearer`.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.e30.c2ln")]
    pub access_token: String,
    /// How long the access token is valid, in seconds.
    #[schema(example = 900)]
    pub expires_in: i64,
}

/// What a session gives, as the market's clients get it. The cookie ends with the session.
///
/// # Errors
/// `internal_server_error` when the key is no header's value, which it always is.
pub fn answer(given: Given) -> Result<impl IntoResponse> {
    let session_key = given.token.encode();
    let cookie = set_cookie(&session_key, given.lasts)?;
    let body = SessionResponse {
        session_key,
        access_token: given.access_token,
        expires_in: token::LIFETIME_SECONDS,
    };
    Ok((cookie, axum::Json(body)))
}

/// The header that makes a browser forget the session key.
///
/// # Errors
/// As [`answer`].
pub fn forget() -> Result<SetCookie> {
    set_cookie("", 0)
}

/// The session key in a request's cookies.
pub fn of_cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME && !value.is_empty()).then_some(value))
}

fn set_cookie(session_key: &str, seconds: i64) -> Result<SetCookie> {
    let cookie = HeaderValue::try_from(cookie(session_key, seconds));
    let cookie = cookie.map_err(|error| Error::internal(error))?;
    Ok([(header::SET_COOKIE, cookie)])
}

fn cookie(session_key: &str, seconds: i64) -> String {
    format!("{NAME}={session_key}; {ATTRIBUTES}; Max-Age={seconds}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(cookies: &[&str]) -> Option<String> {
        let cookies = cookies
            .iter()
            .filter_map(|cookie| HeaderValue::from_str(cookie).ok());
        let headers = cookies.map(|cookie| (header::COOKIE, cookie)).collect();
        of_cookie(&headers).map(str::to_owned)
    }

    #[test]
    fn the_key_is_found_among_other_cookies() {
        assert_eq!(found(&["session_key=a"]), Some("a".into()));
        assert_eq!(found(&["a=b; session_key=c=d;e=f"]), Some("c=d".into()));
        assert_eq!(found(&["a=b", "session_key=c"]), Some("c".into()));
        for none in [
            "",
            "session_key",
            "session_key=",
            "x_session_key=a",
            "Session_Key=a",
        ] {
            assert_eq!(found(&[none]), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_was_set_is_found(key in "[A-Za-z0-9_-]{1,90}", seconds in 0_i64..1_000_000) {
            let set = set_cookie(&key, seconds).map_err(|_| TestCaseError::fail("no cookie"))?;
            let [(_, cookie)] = set;
            let pair = cookie.to_str().unwrap_or_default().split(';').next();
            prop_assert_eq!(found(&[pair.unwrap_or_default()]), Some(key));
        }
    }
}
