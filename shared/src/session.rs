//! Sessions: the family of refresh tokens that begins with one log-in, and the tokens it gives.
//!
//! A session ends 30 days after its last refresh, a year after its log-in, with a log-out, with a
//! new password or a proof at Firebase (the account's epoch moves on), or when a spent token comes back.
//!
//! Whoever began a session before the account's address was verified need not be the one who verified
//! it: only later ones have the operator scope.
//!
//! A function that begins or refreshes sessions reads the signing key, `TOKEN_SIGNING_SECRET`, and
//! `OPERATOR_EMAILS`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    App, Result, UserId,
    accounts::{Account, normalised, session_key, table},
    app::{ConfigError, Configure, Env},
    events::{Ended, SessionEnded, announce},
    store::{Change, Key, Transaction, when},
    token::{self, Subject},
};

mod refresh_token;
#[cfg(test)]
mod tests;

pub use refresh_token::{RefreshToken, salt};

const IDLE_SECONDS: i64 = 30 * 24 * 60 * 60;
const LONGEST_SECONDS: i64 = 365 * 24 * 60 * 60;

/// What a log-in and a refresh give.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.e30.c2ln")]
    pub access_token: String,
    /// For `POST /api/auth/refresh`; each use gives the next one.
    #[schema(
        example = "AZqitHwefTOfClscLT5PUNvGk2Ivb0bRt6nZx4Yh7eEkTq0m8sWcJd3uFvXo5aLpR1iBgKzHyN2rQw9tCjMfDA"
    )]
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// How long the access token is valid, in seconds.
    #[schema(example = 900)]
    pub expires_in: i64,
}

impl Tokens {
    /// Both tokens, as the client gets them.
    pub fn new(access_token: String, refresh_token: &RefreshToken) -> Self {
        Self {
            access_token,
            refresh_token: refresh_token.encode(),
            token_type: "Bearer",
            expires_in: token::LIFETIME_SECONDS,
        }
    }
}

/// A session as it lies in the table.
#[derive(Serialize, Deserialize)]
pub struct Session {
    /// Its id, the `sid` of its access tokens: 128 random bits, known to holders of its tokens
    /// only. That is why a right id with a wrong secret counts as a spent token.
    pub session_id: String,
    /// The account's epoch when it began.
    pub epoch: u32,
    /// Digest of the token that is good now.
    pub current: String,
    /// Digest of the token before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What the current token was derived with from its parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// When the parent was spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<Timestamp>,
    /// Whether each of its tokens is recorded in a log-in log.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub login_log: bool,
    /// When the log-in was.
    pub created_at: Timestamp,
    /// When it ends, in seconds.
    pub ttl: i64,
}

/// What a session gives, at its log-in and at every refresh.
pub struct Given {
    /// A fresh access token.
    pub access_token: String,
    /// The refresh token that is good now.
    pub token: RefreshToken,
    /// In how many seconds the session ends if the token is not used.
    pub lasts: i64,
}

/// What a session says to a token.
pub enum Verdict {
    /// It is the current one: time for its successor.
    Rotate,
    /// It was spent moments ago: here is its successor once more.
    Again(RefreshToken),
    /// It was spent before, or never given: somebody else may hold a copy.
    Reused,
}

impl Session {
    /// Whether it goes on, for this account and at this time.
    pub fn is_open(&self, account: &Account, now: Timestamp) -> bool {
        account.is_active() && account.epoch == self.epoch && now.as_second() < self.ttl
    }

    /// Whether the account's address was verified when it began.
    fn is_of_verified(&self, account: &Account) -> bool {
        let verified = account.email_verified_at;
        verified.is_some_and(|verified| verified <= self.created_at)
    }

    /// What becomes of a token that was presented.
    ///
    /// Within `grace` of its rotation the immediate parent gets its successor again: an answer that
    /// was lost, or several tabs at once, must not log anybody out.
    pub fn judge(
        &self,
        presented: &RefreshToken,
        now: Timestamp,
        grace: SignedDuration,
    ) -> Verdict {
        let digest = presented.digest();
        if digest == self.current {
            return Verdict::Rotate;
        }
        if let (Some(parent), Some(salt), Some(rotated_at)) =
            (&self.parent, &self.salt, self.rotated_at)
            && digest == *parent
            && now.duration_since(rotated_at) < grace
        {
            let successor = presented.successor(salt);
            if successor.digest() == self.current {
                return Verdict::Again(successor);
            }
        }
        Verdict::Reused
    }

    /// Where it lies.
    pub fn key(&self, user_id: UserId) -> Key {
        session_key(user_id, &self.session_id)
    }

    /// The change that spends `presented` for the successor it has under `salt`; refused when
    /// somebody else spent it first.
    pub fn rotation(&self, presented: &RefreshToken, salt: &str, now: Timestamp) -> Change {
        let spent = presented.digest();
        Change::new()
            .set("current", presented.successor(salt).digest())
            .set("parent", &spent)
            .set("salt", salt)
            .set("rotated_at", now)
            .set("ttl", self.ends_after(now))
            .when(when().eq("current", &spent))
    }

    /// When it ends if it is refreshed now and never again, in seconds.
    pub fn ends_after(&self, now: Timestamp) -> i64 {
        ends(self.created_at, now)
    }
}

/// A new session, still to be stored, and its first tokens.
///
/// # Errors
/// `service_unavailable` or `internal_server_error` when the signing key cannot be had.
pub async fn open(app: &App, account: &Account) -> Result<(Session, Tokens)> {
    let (session, given) = begin(app, account, false).await?;
    Ok((session, Tokens::new(given.access_token, &given.token)))
}

/// Logs in: a new session, stored, and its first tokens. One request.
///
/// # Errors
/// As [`open`], and `service_unavailable` when DynamoDB does not answer.
pub async fn log_in(app: &App, account: &Account) -> Result<Tokens> {
    let (session, tokens) = open(app, account).await?;
    let place = session.key(account.user_id);
    table(app)?.create(place, &session).await?;
    Ok(tokens)
}

/// A new session, still to be stored, and what it gives. The access token is signed here, before
/// anything is written: a key that cannot be read must not leave half a log-in.
///
/// # Errors
/// As [`open`].
pub async fn begin(app: &App, account: &Account, login_log: bool) -> Result<(Session, Given)> {
    let now = app.now();
    let first = RefreshToken::first(app, account.user_id);
    let session = Session {
        session_id: first.session_id(),
        epoch: account.epoch,
        current: first.digest(),
        parent: None,
        salt: None,
        rotated_at: None,
        login_log,
        created_at: now,
        ttl: ends(now, now),
    };
    let given = Given {
        access_token: access_token(app, account, &session).await?,
        token: first,
        lasts: session.ttl - now.as_second(),
    };
    Ok((session, given))
}

/// Ends a session, if it goes on, and announces it. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn end(app: &App, user_id: UserId, session_id: &str) -> Result<()> {
    let table = table(app)?;
    let mut tx = Transaction::new(app);
    let session = session_key(user_id, session_id);
    tx.delete_when(&table, session, when().exists("pk"));
    let ended = Ended::SessionId(session_id.to_owned());
    announce(&mut tx, &table, SessionEnded { user_id, ended })?;
    // Refused, it has ended before and was announced then.
    tx.commit().await?;
    Ok(())
}

/// Signs an access token for a session of this account.
///
/// # Errors
/// `service_unavailable` or `internal_server_error` when the signing key cannot be had.
pub async fn access_token(app: &App, account: &Account, session: &Session) -> Result<String> {
    let operators = app.config::<Operators>()?;
    let subject = Subject {
        user_id: &account.user_id.to_string(),
        session_id: &session.session_id,
        name: account.shown_name(),
        email: &account.email,
        operator: session.is_of_verified(account) && operators.include(&account.email),
    };
    token::issue(app, subject).await
}

/// `OPERATOR_EMAILS`: addresses, separated by commas, whose accounts get the operator scope in the
/// sessions that begin once they are verified. None by default.
struct Operators(Vec<String>);

impl Configure for Operators {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let listed = env.get("OPERATOR_EMAILS").unwrap_or_default().split(',');
        Ok(Self(
            listed
                .map(|email| normalised(email.trim()))
                .filter(|email| !email.is_empty())
                .collect(),
        ))
    }
}

impl Operators {
    fn include(&self, email: &str) -> bool {
        self.0.contains(&normalised(email))
    }
}

fn ends(created_at: Timestamp, now: Timestamp) -> i64 {
    (now.as_second() + IDLE_SECONDS).min(created_at.as_second() + LONGEST_SECONDS)
}
