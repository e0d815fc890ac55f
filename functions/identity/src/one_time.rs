//! The tokens in mails: the user's id (16 bytes) and a secret (32 random bytes) in base64url. They lie
//! with their account, so that they can go with it, and as the secret's digest only.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{
    App, Error, Result, UserId,
    accounts::{Account, account_key, active, partition},
    seal::sha256,
    store::{Key, Outcome, Table, Transaction},
};
use serde::{Deserialize, Serialize};

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

/// Makes a new token good and answers its text, for the mail; `None` when the account has been closed
/// meanwhile. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn mint(
    app: &App,
    table: &Table,
    account: &Account,
    purpose: Purpose,
) -> Result<Option<String>> {
    let user_id = account.user_id;
    let secret: [u8; 32] = app.random();
    let token = OneTime {
        user_id,
        purpose,
        email: account.email.clone(),
        epoch: account.epoch,
        used: false,
        ttl: app.now().as_second() + purpose.seconds(),
    };
    let mut tx = Transaction::new(app);
    tx.check(table, account_key(user_id), active());
    tx.create(table, digest_key(user_id, &secret), &token)?;
    Ok(match tx.commit().await? {
        Outcome::Done => Some(encode(user_id, &secret)),
        Outcome::Refused(_) => None,
    })
}

/// Where the token that a client sent would lie.
///
/// # Errors
/// `invalid_parameter` on `token` when it cannot be one.
pub fn key(token: &str) -> Result<Key> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .as_deref()
        .and_then(|bytes| bytes.split_first_chunk::<16>())
        .and_then(|(user_id, secret)| Some((UserId::from_bytes(*user_id), secret.try_into().ok()?)))
        .map(|(user_id, secret)| digest_key(user_id, secret))
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

/// What the sort keys of an account's tokens start with.
pub const PREFIX: &str = "TOKEN#";

fn digest_key(user_id: UserId, secret: &[u8; 32]) -> Key {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(sha256(secret));
    Key::new(partition(user_id), format!("{PREFIX}{digest}"))
}

fn encode(user_id: UserId, secret: &[u8; 32]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode([user_id.to_bytes().as_slice(), secret].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_is_found_under_its_digest_only(
            user_id in any::<[u8; 16]>(), secret in any::<[u8; 32]>(),
        ) {
            let user_id = UserId::from_bytes(user_id);
            let token = encode(user_id, &secret);
            let key = key(&token).map_err(|_| TestCaseError::fail("no key"))?;
            prop_assert_eq!(&key, &digest_key(user_id, &secret));
            // The id alone is in both.
            prop_assert!(!key.sk.contains(&token[22..]));
        }

        #[test]
        fn what_cannot_be_a_token_is_refused(text in "\\PC{0,63}|[A-Za-z0-9_-]{65,80}") {
            prop_assert!(key(&text).is_err());
        }
    }
}
