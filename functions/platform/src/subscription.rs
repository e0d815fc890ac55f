//! The link with which somebody ends letters of a kind: sealed when the letter is sent, so that it lies in
//! no table and on no bus, and good for ever. It can end letters, and begin them again, and nothing else.
//!
//! `JOIN_TOKEN_SECRET`: ARN of the key that seals it, under a place of its own.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{
    App, Error, Result, UserId,
    app::{ConfigError, Configure, Env},
    mail::Topic,
    seal::SealingKey,
};
use serde::{Deserialize, Serialize};

/// What the key seals links for; join tokens are sealed for a meeting's.
const PLACE: &str = "unsubscribe";

struct Secret(String);

impl Configure for Secret {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("JOIN_TOKEN_SECRET")?.to_owned()))
    }
}

/// Whose letters, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The account.
    pub user_id: UserId,
    /// What the letters are about.
    pub topic: Topic,
}

impl Subscription {
    /// As the link carries it. One request to Secrets Manager while the key is not cached; so to read it.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub async fn token(&self, app: &App) -> Result<String> {
        let plain = serde_json::to_vec(self);
        let plain = plain.map_err(|_| Error::internal("a subscription cannot be sealed"))?;
        let sealed = key(app).await?.seal(app, PLACE, &plain)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Reads it from a link.
    ///
    /// # Errors
    /// `invalid_parameter` on `token` where it is none of ours.
    pub async fn read(app: &App, token: &str) -> Result<Self> {
        let key = key(app).await?;
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
        let plain = sealed.and_then(|sealed| key.open(PLACE, &sealed));
        let subscription = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        subscription.ok_or_else(|| Error::invalid("token", "token is not one of our letters'"))
    }
}

async fn key(app: &App) -> Result<SealingKey> {
    let secret = app.config::<Secret>()?;
    SealingKey::from_secret(app, &secret.0).await
}
