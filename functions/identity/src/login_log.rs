//! The sessions of the market. Such a one calls its refresh token session key, and every one that it
//! gives out is recorded in a log-in log: its digest only, for a year.

use enishi_shared::{
    Result,
    accounts::{Account, partition},
    session::{Given, RefreshToken, begin},
    store::{Key, Table, Transaction},
};
use jiff::Timestamp;
use serde::Serialize;

const LOG_SECONDS: i64 = 365 * 24 * 60 * 60;

/// A token that a market session gave out, as the LogInLog keeps it.
#[derive(Serialize)]
struct LogIn {
    /// The token's digest.
    session_key: String,
    session_id: String,
    at: Timestamp,
    ttl: i64,
}

/// Begins a session of the market, records its first key, and answers what it gives.
///
/// # Errors
/// `service_unavailable` or `internal_server_error` when the signing key cannot be had.
pub async fn open_market(tx: &mut Transaction, table: &Table, account: &Account) -> Result<Given> {
    let (session, given) = begin(tx.app(), account, true).await?;
    tx.create(table, session.key(account.user_id), &session)?;
    record(tx, table, &given.token)?;
    Ok(given)
}

/// Records a token which a market session gives out.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn record(tx: &mut Transaction, table: &Table, token: &RefreshToken) -> Result<()> {
    let now = tx.app().now();
    let entry = LogIn {
        session_key: token.digest(),
        session_id: token.session_id(),
        at: now,
        ttl: now.as_second() + LOG_SECONDS,
    };
    // As many digits in every time, or their order as text would not be theirs.
    let place = format!("LOGIN#{now:.6}#{}", entry.session_key);
    tx.put(table, Key::new(partition(token.user_id()), place), &entry)
}
