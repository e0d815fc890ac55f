//! What identity announces to itself; what other services hear of is in [`enishi_shared::events`].

use enishi_shared::events::Announcement;
use serde::{Deserialize, Serialize};

/// Somebody has asked for a new password. Whether the address has an account is not known yet.
#[derive(Serialize, Deserialize)]
pub struct PasswordForgotten {
    /// The address as it was given.
    pub email: String,
}

impl Announcement for PasswordForgotten {
    const DETAIL_TYPE: &'static str = "password.forgotten";
    const SOURCE: &'static str = "enishi.identity";
}
