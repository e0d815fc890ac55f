//! The emulator's tokens, in the official emulator's shape: an ID token is a JWT with `alg` `none`
//! and no signature, a refresh token says what it is for.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::accounts::Account;

/// How long an ID token is valid, in seconds.
pub const LIFETIME: i64 = 3600;

/// What a token says of its log-in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    #[serde(rename = "user_id")]
    pub local_id: String,
    /// When they logged in, in seconds.
    pub auth_time: i64,
    /// When the token was issued, in seconds.
    pub iat: i64,
}

impl Session {
    /// A log-in that begins.
    pub fn begin(account: &Account, now: Timestamp) -> Self {
        Self {
            local_id: account.local_id.clone(),
            auth_time: now.as_second(),
            iat: now.as_second(),
        }
    }

    /// The log-in that an ID token is of.
    pub fn of_id_token(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let header: Value = decode(header)?;
        (header["alg"] == "none" && signature.is_empty() && parts.next().is_none())
            .then(|| decode(claims))
            .flatten()
    }

    /// The log-in that a refresh token is of.
    pub fn of_refresh_token(token: &str) -> Option<Self> {
        decode(token)
    }

    /// The same log-in's next refresh token.
    pub fn refresh_token(&self, now: Timestamp) -> String {
        encode(&json!({
            "_AuthEmulatorRefreshToken": "DO NOT MODIFY",
            "user_id": self.local_id,
            "auth_time": self.auth_time,
            "iat": now.as_second(),
        }))
    }

    /// The same log-in's next ID token.
    pub fn id_token(&self, project: &str, account: &Account, now: Timestamp) -> String {
        let now = now.as_second();
        let mut claims = json!({
            "auth_time": self.auth_time,
            "user_id": account.local_id,
            "firebase": {"identities": {}, "sign_in_provider": "password"},
            "iat": now,
            "exp": now + LIFETIME,
            "aud": project,
            "iss": format!("https://securetoken.google.com/{project}"),
            "sub": account.local_id,
        });
        if let Some(email) = &account.email {
            claims["email"] = email.as_str().into();
            claims["email_verified"] = account.email_verified.into();
            claims["firebase"]["identities"]["email"] = json!([email]);
        }
        for (name, value) in &account.claims {
            claims[name] = value.clone();
        }
        for (name, value) in [
            ("name", &account.display_name),
            ("picture", &account.photo_url),
        ] {
            if let Some(value) = value {
                claims[name] = value.as_str().into();
            }
        }
        let header = json!({"alg": "none", "typ": "JWT"});
        format!("{}.{}.", encode(&header), encode(&claims))
    }
}

fn encode(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
