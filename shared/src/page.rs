//! Lists: `limit` and an opaque `cursor`, which carries the sort key only. The partition always
//! comes from the caller, so a cursor needs no secret and opens nobody else's list.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::Error;

/// `?limit=&cursor=`.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many at the most: 1–100, 20 unless told.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, example = 20)]
    pub limit: Option<i32>,
    /// Where the last page ended, from its `Link` header.
    #[garde(length(max = 512))]
    pub cursor: Option<String>,
}

impl PageQuery {
    /// The limit, or its default.
    pub fn limit(&self) -> i32 {
        self.limit.unwrap_or(20)
    }

    /// The sort key after which the page starts.
    ///
    /// # Errors
    /// `invalid_parameter` on `cursor` when it is none of ours.
    pub fn after(&self) -> Result<Option<String>, Error> {
        self.cursor
            .as_deref()
            .map(|cursor| {
                BASE64_URL_SAFE_NO_PAD
                    .decode(cursor)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .filter(|key| !key.is_empty())
                    .ok_or_else(|| Error::invalid("cursor", "cursor is not one of ours"))
            })
            .transpose()
    }
}

/// `Link: <…>; rel="next"` for a bare array that goes on after `sort_key` (RFC 8288); the link
/// repeats the request's path and its `limit`.
pub fn next_link(uri: &Uri, limit: i32, sort_key: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(sort_key) = sort_key {
        let cursor = BASE64_URL_SAFE_NO_PAD.encode(sort_key);
        let link = format!(
            "<{}?limit={limit}&cursor={cursor}>; rel=\"next\"",
            uri.path()
        );
        if let Ok(link) = HeaderValue::from_str(&link) {
            headers.insert(header::LINK, link);
        }
    }
    headers
}
