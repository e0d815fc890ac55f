//! The tokens in mails: 32 random bytes in base64url, stored as their digest only.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{
    App, Error, Result,
    seal::sha256,
    store::{Key, Table},
};
use serde::{Deserialize, Serialize};

use crate::accounts::{Account, UserId};

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Proves that the address receives mail. Seven days.
    VerifyEmail,
    /// Sets a new password. One hour.
    ResetPassword,
}

impl Purpose {
    fn seconds(self) -> i64 {
        match self {
            Self::VerifyEmail => 7 * 24 * 60 * 60,
            Self::ResetPassword => 60 * 60,
        }
    }
}

/// A token as it lies in the table.
#[derive(Serialize, Deserialize)]
pub struct OneTime {
    /// Whose it is.
    pub user_id: UserId,
    /// What it is good for.
    pub purpose: Purpose,
    /// The address it was mailed to, as the account had it.
    pub email: String,
    /// The account's epoch when it was made.
    pub epoch: u32,
    /// Whether it has done its work.
    #[serde(default)]
    pub used: bool,
    /// When it ends, in seconds.
    pub ttl: i64,
}

/// Makes a new token good and answers its text, for the mail. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn mint(app: &App, table: &Table, account: &Account, purpose: Purpose) -> Result<String> {
    let secret: [u8; 32] = app.random();
    let token = OneTime {
        user_id: account.user_id,
        purpose,
        email: account.email.clone(),
        epoch: account.epoch,
        used: false,
        ttl: app.now().as_second() + purpose.seconds(),
    };
    table.create(digest_key(&secret), &token).await?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(secret))
}

/// Where the token that a client sent would lie.
///
/// # Errors
/// `invalid_parameter` on `token` when it cannot be one.
pub fn key(token: &str) -> Result<Key> {
    BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .map(|secret| digest_key(&secret))
        .ok_or_else(rejected)
}

/// The token at `key`, if it is for this purpose and has not expired. One request.
///
/// # Errors
/// `invalid_parameter` on `token` otherwise.
pub async fn find(app: &App, table: &Table, key: &Key, purpose: Purpose) -> Result<OneTime> {
    table
        .get::<OneTime>(key)
        .await?
        .filter(|token| token.purpose == purpose && app.now().as_second() < token.ttl)
        .ok_or_else(rejected)
}

/// The 400 of a token that is not good, whatever the reason.
pub fn rejected() -> Error {
    Error::invalid(
        "token",
        "this link is not valid any more; ask for a new mail",
    )
}

fn digest_key(secret: &[u8; 32]) -> Key {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(sha256(secret));
    Key::new(format!("TOKEN#{digest}"), "TOKEN")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_is_found_under_its_digest_only(secret in any::<[u8; 32]>()) {
            let token = BASE64_URL_SAFE_NO_PAD.encode(secret);
            let key = key(&token).map_err(|_| TestCaseError::fail("no key"))?;
            prop_assert_eq!(&key, &digest_key(&secret));
            prop_assert!(!key.pk.contains(&token));
        }

        #[test]
        fn what_cannot_be_a_token_is_refused(text in "\\PC{0,42}|[A-Za-z0-9_-]{44,60}") {
            prop_assert!(key(&text).is_err());
        }
    }
}
