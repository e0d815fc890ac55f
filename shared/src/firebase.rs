//! Firebase ID tokens, verified by Google's rules: RS256 under one of the published keys, for this
//! project, of somebody, and of now.
//!
//! The keys are fetched when they are first needed and again when their `Cache-Control` says that
//! they are old: never because a token names a key that is not among them, or anybody could make
//! every function ask Google at will. Callers that come together wait for one fetch.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::{
    app::{App, ConfigError, Configure, Env},
    error::Error,
    outbound,
};

/// Where Google publishes the keys.
const KEYS_URL: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
/// How far Google's clock may run ahead of ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);
/// After a fetch that failed nobody asks again for so long.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// The longest that keys are kept, whatever `Cache-Control` says.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Somebody whom Firebase vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirebaseUser {
    /// Their id at Firebase, 1–128 characters.
    pub uid: String,
    /// Their address, if they have one.
    pub email: Option<String>,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// The name they gave.
    pub name: Option<String>,
    /// When they logged in.
    pub auth_time: Timestamp,
}

/// `FIREBASE_PROJECT_ID`: the project whose tokens are taken. `FIREBASE_KEYS_URL`: where the keys
/// are, Google's address unless told. `FIREBASE_AUTH_EMULATOR_HOST`: the ecosystem's switch to an
/// emulator, whose tokens are unsigned; never set it where real people log in.
struct Config {
    project_id: String,
    keys_url: String,
    emulator: bool,
    keys: Arc<Mutex<Keys>>,
}

#[derive(Default)]
struct Keys {
    set: Option<JwkSet>,
    /// Before this nobody asks.
    next_fetch: Option<Timestamp>,
    /// Until then the keys count.
    fresh_until: Option<Timestamp>,
}

impl Configure for Config {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            project_id: env.required("FIREBASE_PROJECT_ID")?.to_owned(),
            keys_url: env.get("FIREBASE_KEYS_URL").unwrap_or(KEYS_URL).to_owned(),
            emulator: env.get("FIREBASE_AUTH_EMULATOR_HOST").is_some(),
            keys: Arc::default(),
        })
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    auth_time: i64,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    #[serde(default)]
    name: Option<String>,
}

/// Whom an ID token speaks of. No request while the keys are fresh, else one to Google.
///
/// # Errors
/// `access_token_expired`, `access_token_invalid` for everything else that is wrong with the token,
/// `service_unavailable` when there are no keys to be had.
pub async fn verify(app: &App, id_token: &str) -> Result<FirebaseUser, Error> {
    let config = app.config::<Config>()?;
    let claims = match config.emulator {
        true => unsigned(id_token),
        false => signed(app, &config, id_token).await?,
    };
    let claims = claims.ok_or_else(Error::token_invalid)?;
    config.check(claims, app.now())
}

impl Config {
    fn check(&self, claims: Claims, now: Timestamp) -> Result<FirebaseUser, Error> {
        let time = |seconds| Timestamp::from_second(seconds).ok();
        let past = |time: &Timestamp| time.duration_since(now) <= CLOCK_SKEW;
        let issuer = format!("https://securetoken.google.com/{}", self.project_id);
        let auth_time = time(claims.auth_time).filter(past);
        let (Some(auth_time), Some(_), true) = (
            auth_time,
            time(claims.iat).filter(past),
            claims.iss == issuer
                && claims.aud == self.project_id
                && (1..=128).contains(&claims.sub.chars().count()),
        ) else {
            return Err(Error::token_invalid());
        };
        if claims.exp <= now.as_second() {
            return Err(Error::token_expired());
        }
        Ok(FirebaseUser {
            uid: claims.sub,
            email: claims.email.filter(|email| !email.is_empty()),
            email_verified: claims.email_verified,
            name: claims.name.filter(|name| !name.is_empty()),
            auth_time,
        })
    }

    /// The keys as they are now.
    async fn keys(&self, app: &App) -> Result<JwkSet, Error> {
        let mut keys = self.keys.lock().await;
        let now = app.now();
        if let (Some(set), Some(until)) = (&keys.set, keys.fresh_until)
            && now < until
        {
            return Ok(set.clone());
        }
        if keys.next_fetch.is_some_and(|next| now < next) {
            return Err(Error::unavailable(5));
        }
        keys.next_fetch = now.checked_add(PAUSE).ok();
        let request = http::Request::get(&self.keys_url)
            .body(Bytes::new())
            .map_err(|error| Error::internal(error))?;
        let answer = outbound::send(app, request).await?;
        let set: JwkSet = (answer.status() == http::StatusCode::OK)
            .then(|| serde_json::from_slice(answer.body()).ok())
            .flatten()
            .ok_or_else(|| Error::unavailable(5))?;
        keys.fresh_until = now.checked_add(max_age(answer.headers())).ok();
        keys.set = Some(set.clone());
        Ok(set)
    }
}

async fn signed(app: &App, config: &Config, token: &str) -> Result<Option<Claims>, Error> {
    // What cannot be right costs no fetch.
    let Some(kid) = decode_header(token)
        .ok()
        .filter(|header| header.alg == Algorithm::RS256)
        .and_then(|header| header.kid)
    else {
        return Ok(None);
    };
    let keys = config.keys(app).await?;
    let Some(key) = keys
        .find(&kid)
        .and_then(|key| DecodingKey::from_jwk(key).ok())
    else {
        return Ok(None);
    };
    let mut validation = Validation::new(Algorithm::RS256);
    // Time comes from `App`; the rest is checked alike for signed and unsigned tokens.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    Ok(decode(token, &key, &validation)
        .ok()
        .map(|token| token.claims))
}

/// The claims of an emulator's token: `alg` is `none` and the signature empty.
fn unsigned(token: &str) -> Option<Claims> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let mut parts = token.split('.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let decoded = |part| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
    let header: Header = serde_json::from_slice(&decoded(header)?).ok()?;
    (header.alg == "none" && signature.is_empty() && parts.next().is_none())
        .then(|| serde_json::from_slice(&decoded(claims)?).ok())
        .flatten()
}

/// `max-age` of `Cache-Control`; without one the answer is not kept.
fn max_age(headers: &http::HeaderMap) -> SignedDuration {
    let directives = headers
        .get_all(http::header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    directives
        .filter_map(|directive| directive.trim().strip_prefix("max-age="))
        .find_map(|seconds| seconds.parse().ok())
        .map_or(PAUSE, SignedDuration::from_secs)
        .clamp(PAUSE, LONGEST)
}
