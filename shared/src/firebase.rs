//! Firebase: who an ID token speaks of, by Google's rules (RS256 under one of the published keys,
//! for this project, of somebody, and of now), and the disabling of an account.
//!
//! A function that verifies needs `FIREBASE_PROJECT_ID`; what the others are is said where they are
//! read. Locally `FIREBASE_AUTH_EMULATOR_HOST` names the emulator of `infra/local`.

mod account;
mod keys;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::{
    app::{App, ConfigError, Configure, Env},
    error::Error,
};

pub use account::{disable_account, enable_account};
use keys::Keys;

/// How far Google's clock may run ahead of ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Somebody whom Firebase vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirebaseUser {
    /// Their id at Firebase, 1–128 characters.
    pub uid: String,
    /// Their address, if they have one.
    pub email: Option<String>,
    /// Whether there is an address that is known to be theirs.
    pub email_verified: bool,
    /// The name they gave.
    pub name: Option<String>,
    /// When they logged in.
    pub auth_time: Timestamp,
    /// When the token was issued.
    pub issued_at: Timestamp,
}

/// `FIREBASE_PROJECT_ID`: the project whose tokens are taken. `FIREBASE_KEYS_URL`: where the keys
/// are, Google's address unless told. `FIREBASE_AUTH_EMULATOR_HOST`: the ecosystem's switch to an
/// emulator (`127.0.0.1:9099`), whose tokens are unsigned; never set it where real people log in.
struct Config {
    project_id: String,
    emulator: Option<String>,
    keys: Arc<Keys>,
}

impl Configure for Config {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            project_id: env.required("FIREBASE_PROJECT_ID")?.to_owned(),
            emulator: env.get("FIREBASE_AUTH_EMULATOR_HOST").map(str::to_owned),
            keys: Arc::new(Keys::new(env.get("FIREBASE_KEYS_URL"))),
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
        Some(_) => unsigned(id_token),
        None => signed(app, &config.keys, id_token).await?,
    };
    let claims = claims.ok_or_else(Error::token_invalid)?;
    config.check(claims, app.now())
}

impl Config {
    fn check(&self, claims: Claims, now: Timestamp) -> Result<FirebaseUser, Error> {
        let past = |seconds| {
            Timestamp::from_second(seconds)
                .ok()
                .filter(|time| time.duration_since(now) <= CLOCK_SKEW)
        };
        let issuer = format!("https://securetoken.google.com/{}", self.project_id);
        let ours = claims.iss == issuer
            && claims.aud == self.project_id
            && (1..=128).contains(&claims.sub.chars().count());
        let (Some(auth_time), Some(issued_at), true) =
            (past(claims.auth_time), past(claims.iat), ours)
        else {
            return Err(Error::token_invalid());
        };
        if claims.exp <= now.as_second() {
            return Err(Error::token_expired());
        }
        let email = claims.email.filter(|email| !email.is_empty());
        Ok(FirebaseUser {
            uid: claims.sub,
            email_verified: claims.email_verified && email.is_some(),
            email,
            name: claims.name.filter(|name| !name.is_empty()),
            auth_time,
            issued_at,
        })
    }
}

/// The claims of a token that Google signed.
async fn signed(app: &App, keys: &Keys, token: &str) -> Result<Option<Claims>, Error> {
    // What cannot be right costs no fetch.
    let Some(kid) = decode_header(token)
        .ok()
        .filter(|header| header.alg == Algorithm::RS256 && header.crit.is_none())
        .and_then(|header| header.kid)
    else {
        return Ok(None);
    };
    let keys = keys.get(app).await?;
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
