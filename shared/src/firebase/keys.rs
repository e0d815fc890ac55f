//! Google's public keys for ID tokens.
//!
//! They are fetched when they are first needed and again when their `Cache-Control` says that they
//! are old: never because a token names a key that is not among them, or anybody could make every
//! function ask Google at will. Callers that come together wait for one fetch. Keys that are old
//! are not used, even while there are no newer ones.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::Mutex;

use crate::{app::App, error::Error, outbound};

/// Where Google publishes the keys.
const KEYS_URL: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
/// After a fetch that failed nobody asks again for so long, in seconds; also the shortest that keys
/// are kept.
const PAUSE: u32 = 5;
/// The longest that keys are kept, whatever `Cache-Control` says.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// The keys as this process knows them.
pub(super) struct Keys {
    url: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    set: Option<Fresh>,
    /// Before this nobody asks.
    next_fetch: Option<Timestamp>,
}

struct Fresh {
    keys: Arc<JwkSet>,
    until: Timestamp,
}

impl Keys {
    pub(super) fn new(url: Option<&str>) -> Self {
        Self {
            url: url.unwrap_or(KEYS_URL).to_owned(),
            known: Mutex::default(),
        }
    }

    /// The keys as they are now. One request while there are none that are fresh.
    ///
    /// # Errors
    /// `service_unavailable` when they cannot be had.
    pub(super) async fn get(&self, app: &App) -> Result<Arc<JwkSet>, Error> {
        let mut known = self.known.lock().await;
        let now = app.now();
        if let Some(fresh) = known.set.as_ref().filter(|fresh| now < fresh.until) {
            return Ok(Arc::clone(&fresh.keys));
        }
        if known.next_fetch.is_some_and(|next| now < next) {
            return Err(Error::unavailable(PAUSE));
        }
        let pause = SignedDuration::from_secs(PAUSE.into());
        known.next_fetch = now.checked_add(pause).ok();
        let request = Request::get(&self.url)
            .body(Bytes::new())
            .map_err(|_| Error::internal("FIREBASE_KEYS_URL is no address"))?;
        let answer = outbound::send(app, request).await?;
        let keys = (answer.status() == StatusCode::OK)
            .then(|| serde_json::from_slice::<JwkSet>(answer.body()).ok())
            .flatten()
            .filter(|set| !set.keys.is_empty());
        let Some(keys) = keys.map(Arc::new) else {
            tracing::error!(
                status = answer.status().as_u16(),
                "Firebase's keys cannot be read"
            );
            return Err(Error::unavailable(PAUSE));
        };
        let age = max_age(answer.headers()).clamp(pause, LONGEST);
        known.set = now.checked_add(age).ok().map(|until| Fresh {
            keys: Arc::clone(&keys),
            until,
        });
        Ok(keys)
    }
}

/// `max-age` of `Cache-Control` (RFC 9111), zero without one.
fn max_age(headers: &HeaderMap) -> SignedDuration {
    headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|directive| directive.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("max-age"))
        .and_then(|(_, seconds)| seconds.trim_matches('"').parse().ok())
        .map_or(SignedDuration::ZERO, SignedDuration::from_secs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_age_is_what_cache_control_says() {
        for (value, seconds) in [
            (
                "public, max-age=19204, must-revalidate, no-transform",
                19_204,
            ),
            ("Max-Age=60", 60),
            ("max-age=\"60\"", 60),
            ("s-maxage=60", 0),
            ("no-store", 0),
            ("max-age", 0),
            ("max-age=soon", 0),
            ("", 0),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CACHE_CONTROL, value.parse().unwrap());
            let expected = SignedDuration::from_secs(seconds);
            assert_eq!(max_age(&headers), expected, "{value}");
        }
        assert_eq!(max_age(&HeaderMap::new()), SignedDuration::ZERO);
    }
}
