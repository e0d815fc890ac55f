//! The messages of a matching: a conversation of its two.

use enishi_shared::{
    App, Result,
    conversation::{Conversation, Conversations, Layout},
};

use crate::{
    matching::MatchingId,
    profile::{self, partition},
};

/// The messages of a matching.
pub type Chat = Conversation<MatchingId>;
/// Those of all matchings.
pub type Chats = Conversations<MatchingId>;

/// Where they lie.
const LAYOUT: Layout = Layout {
    name: "CHAT",
    list: "CHATS",
    member: partition,
    noun: "matching",
};

/// Those of all matchings.
///
/// # Errors
/// `internal_server_error` when the table is not configured.
pub fn chats(app: &App) -> Result<Chats> {
    Ok(Chats::new(app, profile::table(app)?, &LAYOUT))
}
