//! What identity announces to itself; what other services hear of is in [`enishi_shared::events`].

use enishi_shared::events::Announcement;
use serde::{Deserialize, Serialize};

use crate::accounts::UserId;

const SOURCE: &str = "enishi.identity";

/// Somebody has signed up.
#[derive(Debug, Serialize, Deserialize)]
pub struct AccountCreated {
    /// The new account. Who it is, its reader looks up: an event outlives a closed account.
    pub user_id: UserId,
}

impl Announcement for AccountCreated {
    const DETAIL_TYPE: &'static str = "account.created";
    const SOURCE: &'static str = SOURCE;
}

/// Somebody has asked for a new password. Whether the address has an account is not known yet.
#[derive(Serialize, Deserialize)]
pub struct PasswordForgotten {
    /// The address as it was given.
    pub email: String,
}

impl Announcement for PasswordForgotten {
    const DETAIL_TYPE: &'static str = "password.forgotten";
    const SOURCE: &'static str = SOURCE;
}
