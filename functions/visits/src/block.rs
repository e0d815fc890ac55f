//! Blocks: two people, one of whom does not want to meet the other. It works both ways, and both have a
//! row of it, so that one request shows whom somebody neither finds nor reaches.

use enishi_shared::{
    Result, UserId,
    store::{Key, Table, s},
};
use serde::{Deserialize, Serialize};

use crate::profile::VisitorId;

/// That somebody does not meet somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Block {
    /// What the other one is known by.
    pub visitor_id: VisitorId,
    /// Whether it is the row's own person who does not want to.
    #[serde(default)]
    pub by_me: bool,
    /// Whether it is the other one.
    #[serde(default)]
    pub by_them: bool,
}

/// The partition of the people whom somebody does not meet.
pub fn blocks(user_id: UserId) -> String {
    format!("BLOCKS#{user_id}")
}

/// The row of `user_id`'s that says they do not meet `other`; there is none where nobody minds.
pub fn block_key(user_id: UserId, other: UserId) -> Key {
    Key::new(blocks(user_id), other.to_string())
}

/// Removes all blocks of somebody's and against them, for who has closed their account. Safe to repeat.
///
/// # Errors
/// Whatever keeps one from being removed.
pub async fn erase(table: &Table, user_id: UserId) -> Result<()> {
    let pk = blocks(user_id);
    for item in table.query("pk = :pk").value(":pk", s(&pk)).all().await? {
        let other = Key::of(&item).and_then(|key| key.sk.parse().ok());
        if let Some(other) = other {
            // Theirs first: their own row is what says that there is one.
            table.delete(block_key(other, user_id)).await?;
            table.delete(block_key(user_id, other)).await?;
        }
    }
    Ok(())
}
