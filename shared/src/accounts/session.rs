//! Sessions, for what outlasts the access token it was asked for with. How they begin and go on is
//! [`session`](crate::session)'s; that they end is announced ([`SessionEnded`](crate::events::SessionEnded)).
//!
//! | access pattern of `IDENTITY_TABLE` | key | requests |
//! |---|---|---|
//! | whether a session goes on | `ACCOUNT#<user_id>` / `ACCOUNT`, `SESSION#<session_id>` | 1 batch get; later 2 checks within another transaction |

use serde::{Deserialize, Serialize};

use super::{Account, account_key, active, partition, table};
use crate::{
    App, Error, Result, UserId,
    auth::User,
    store::{Key, Part, Table, Transaction, decode, when},
};

/// What the sort keys of an account's sessions start with.
pub const SESSIONS: &str = "SESSION#";

/// Where a session lies.
pub fn session_key(user_id: UserId, session_id: &str) -> Key {
    Key::new(partition(user_id), format!("{SESSIONS}{session_id}"))
}

/// A session that went on when it was read, to be kept with whatever must not outlast it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenSession {
    /// Whose it is.
    pub user_id: UserId,
    /// Its id, the `sid` of its access tokens.
    pub session_id: String,
    /// The account's epoch in which it began.
    pub epoch: u32,
}

/// A session as it lies in the table, as far as it is read here.
#[derive(Deserialize)]
struct Stored {
    epoch: u32,
    ttl: i64,
}

impl OpenSession {
    /// The session that an access token was issued in. One request.
    ///
    /// # Errors
    /// `access_token_invalid` when it or its account has ended, `service_unavailable` when DynamoDB
    /// does not answer.
    pub async fn of(app: &App, user: &User) -> Result<Self> {
        let session_id = user.claims.sid.clone();
        let places = [account_key(user.id), session_key(user.id, &session_id)];
        let mut found = table(app)?.batch_get(&places).await?;
        let [account, session] = places.map(|place| found.remove(&place));
        let (Some(account), Some(session)) = (account, session) else {
            return Err(Error::token_invalid());
        };
        let (account, session): (Account, Stored) = (decode(account)?, decode(session)?);
        let goes_on = account.is_active() && account.epoch == session.epoch;
        if !goes_on || session.ttl <= app.now().as_second() {
            return Err(Error::token_invalid());
        }
        Ok(Self {
            user_id: user.id,
            session_id,
            epoch: session.epoch,
        })
    }

    /// Refuses a transaction unless the session still goes on: by one of these parts then.
    pub fn check(&self, tx: &mut Transaction, table: &Table) -> [Part; 2] {
        let now = tx.app().now().as_second();
        let session = session_key(self.user_id, &self.session_id);
        [
            tx.check(
                table,
                account_key(self.user_id),
                active().eq("epoch", self.epoch),
            ),
            tx.check(table, session, when().gt("ttl", now)),
        ]
    }
}
