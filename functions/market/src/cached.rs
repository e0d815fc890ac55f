//! Answers that everybody gets alike: shared caches keep them for a moment, and whoever has one asks whether
//! it is still so.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{Error, Result, seal::sha256};
use serde::Serialize;

/// A cache of everybody's keeps it for ten seconds; a browser asks each time.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=10");

/// A body with its `ETag`; 304 where the caller has it already. `more` goes along.
///
/// # Errors
/// `internal_server_error` when the body is no JSON.
pub fn answer<T: Serialize>(request: &HeaderMap, more: HeaderMap, body: &T) -> Result<Response> {
    let body = serde_json::to_vec(body).map_err(|error| Error::internal(error))?;
    let mut known = body.clone();
    for value in more.values() {
        known.extend(value.as_bytes());
    }
    let tag = format!(
        "\"{}\"",
        BASE64_URL_SAFE_NO_PAD.encode(&sha256(&known)[..12])
    );
    let is_known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|value| value.trim().trim_start_matches("W/"))
        .any(|value| value == tag || value == "*");

    let mut response = match is_known {
        true => Response::new(Body::empty()),
        false => Response::new(Body::from(body)),
    };
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.extend(more);
    headers.insert(header::CACHE_CONTROL, CACHE_CONTROL);
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    let tag = HeaderValue::try_from(tag).map_err(|error| Error::internal(error))?;
    headers.insert(header::ETAG, tag);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_it_is_told_so() {
        let first = answer(&HeaderMap::new(), HeaderMap::new(), &["青"]).unwrap();
        assert_eq!(first.status(), 200);
        assert_eq!(first.headers()[header::CACHE_CONTROL], CACHE_CONTROL);
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        let ask = |tag: &str, body: &[&str]| {
            let mut request = HeaderMap::new();
            request.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
            answer(&request, HeaderMap::new(), &body).unwrap().status()
        };
        for has in [tag, "*", &format!("\"x\", W/{tag}")] {
            assert_eq!(ask(has, &["青"]), 304, "{has}");
        }
        for has_not in ["\"x\"", tag.trim_matches('"')] {
            assert_eq!(ask(has_not, &["青"]), 200, "{has_not}");
        }
        assert_eq!(ask(tag, &["赤"]), 200);
    }

    #[test]
    fn another_next_page_is_another_answer() {
        let mut more = HeaderMap::new();
        more.insert(header::LINK, HeaderValue::from_static("</?cursor=1>"));
        let [one, other] =
            [HeaderMap::new(), more].map(|more| answer(&HeaderMap::new(), more, &["青"]).unwrap());
        assert_ne!(one.headers()[header::ETAG], other.headers()[header::ETAG]);
        assert!(other.headers().contains_key(header::LINK));
    }
}
