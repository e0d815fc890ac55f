//! Firebase accounts that are to be disabled: each has a row until it is done or not wanted any more.

use enishi_shared::{
    Result, UserId,
    events::{Announcement, announce},
    store::{Key, Table, Transaction},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The partition of the accounts that are still to be disabled.
pub const DISABLINGS: &str = "DISABLINGS";

/// That a Firebase account is to be disabled, as it lies in the table. Whether it still is wanted is asked
/// anew at each attempt: not once the account has a product here again, or somebody has come back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Disabling {
    /// Their id at Firebase.
    pub uid: String,
    /// The account here.
    pub user_id: UserId,
    /// When they were deleted.
    pub deleted_at: Timestamp,
    /// Whether Google was asked for it, and may have done it.
    #[serde(default)]
    pub is_asked: bool,
}

/// Where it lies that an account is to be disabled.
pub fn disabling_key(uid: &str) -> Key {
    Key::new(DISABLINGS, uid)
}

/// Somebody was deleted whose Firebase account is to be disabled: a hint, no more, for the row is what
/// counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserDeleted {
    /// Their id at Firebase.
    pub uid: String,
}

impl Announcement for UserDeleted {
    const DETAIL_TYPE: &'static str = "orgs.user_deleted";
    const SOURCE: &'static str = "enishi.orgs";
}

/// Asks for a Firebase account to be disabled, in the transaction that deletes its user.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn ask(tx: &mut Transaction, table: &Table, uid: &str, user_id: UserId) -> Result<()> {
    let disabling = Disabling {
        uid: uid.to_owned(),
        user_id,
        deleted_at: tx.app().now(),
        is_asked: false,
    };
    tx.put(table, disabling_key(uid), &disabling)?;
    announce(
        tx,
        table,
        UserDeleted {
            uid: uid.to_owned(),
        },
    )
}
