//! Messages of a matching, as they are asked for and shown. Who wrote one shows as their part in it, and
//! nothing else of them.

use std::collections::HashMap;

use enishi_shared::{
    App, Error, Result, UserId,
    conversation::{self, Message, NewMessage},
    store::{Item, Key, decode, when},
    throttle::{self, Limit},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    block::block_key,
    chat::{self, Chat, Chats},
    contact,
    matching::{self, MatchingId, StoredMatching},
    profile::{Profile, profile_key, profile_missing},
    state::Party,
};

/// The longest message, in characters.
const LONGEST: usize = 2_000;
/// How much one person may write, into all matchings together.
const BY_ONE_PERSON: Limit = Limit::new("MESSAGE_RATE", 30, 60);

/// A message of a matching.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchingMessage {
    /// The message.
    #[schema(value_type = String, format = "uuid", example = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071")]
    pub message_id: Uuid,
    /// Its number in the matching: 1, 2, 3 and so on without a gap.
    #[schema(example = 2, minimum = 1)]
    pub seq: u64,
    /// Which of the two wrote it.
    #[schema(example = "listener")]
    pub sender: Party,
    /// What they wrote.
    #[schema(example = "よろしくお願いします。")]
    pub text: String,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:00:00Z")]
    pub sent_at: Timestamp,
}

impl MatchingMessage {
    /// A message as both are shown it.
    ///
    /// # Errors
    /// `internal_server_error` when its sender is neither of the two.
    pub fn of(matching: &StoredMatching, message: Message<MatchingId>) -> Result<Self> {
        let sender = matching.party(message.sender_id);
        Ok(Self {
            message_id: message.message_id,
            seq: message.seq,
            sender: sender.ok_or_else(|| Error::internal("a stranger's message"))?,
            text: message.text,
            sent_at: message.sent_at,
        })
    }
}

/// A message's text, for `#[garde(custom(…))]`: as [`conversation::is_text`] says, 1–2,000 characters.
///
/// # Errors
/// Says that it is none.
pub fn text<C>(value: &str, _: &C) -> garde::Result {
    match conversation::is_text(value, LONGEST) {
        true => Ok(()),
        false => Err(garde::Error::new("not 1 to 2,000 characters of text")),
    }
}

/// The messages as `me`, who is one of the two, finds them. One request.
///
/// # Errors
/// `not_found` after they have ended and while there is a block; `profile_missing`; `forbidden` when `me` is
/// suspended.
pub async fn enter(chats: &Chats, me: UserId, matching: &StoredMatching) -> Result<Chat> {
    let other = other(matching, me)?;
    let places = [profile_key(me), block_key(me, other)];
    let (chat, items) = chats.enter(me, matching.matching_id, &places).await?;
    admit(&items, me, other)?;
    chat.ok_or_else(|| chats.not_found())
}

/// Sends a message of `me`'s. 4 requests, more as [`Chats::send`] says. `text` and `client_msg_id` are as
/// [`text`] and [`conversation::client_msg_id`] want them.
///
/// # Errors
/// As [`enter`]; `not_found` for a stranger; `invalid_parameter` on a `text` that tells how to be reached
/// before it is paid for; `too_many_requests`; `conflict` when `client_msg_id` was used for another message.
pub async fn send(
    app: &App,
    me: UserId,
    id: MatchingId,
    text: &str,
    client_msg_id: &str,
) -> Result<MatchingMessage> {
    let chats = chat::chats(app)?;
    let table = chats.table();
    let (matching, _) = matching::find(table, me, id).await?;
    let other = other(&matching, me)?;
    throttle::count(app, table, "message", &me.to_string(), &BY_ONE_PERSON).await?;
    let tells = !matching.matching.state.is_paid_for() && contact::is_in(text);
    let new = NewMessage {
        conversation_id: id,
        sender_id: me,
        text,
        client_msg_id,
    };
    let places = [profile_key(me), block_key(me, other)];
    let message = chats
        .send(new, &places, |items, tx| {
            admit(items, me, other)?;
            if tells {
                let rule = "no e-mail address, URL or phone number before the visit is paid for";
                return Err(Error::invalid("text", rule));
            }
            tx.check(table, profile_key(me), when().eq("is_suspended", false));
            tx.check(table, block_key(me, other), when().absent("pk"));
            Ok(())
        })
        .await?;
    MatchingMessage::of(&matching, message)
}

fn other(matching: &StoredMatching, me: UserId) -> Result<UserId> {
    let party = matching.party(me);
    let party = party.ok_or_else(|| Error::not_found("matching"))?;
    Ok(matching.user(party.other()))
}

/// That `me` has a profile, is not suspended, and does not mind the other, nor the other them, as the items
/// that were read say.
fn admit(items: &HashMap<Key, Item>, me: UserId, other: UserId) -> Result<()> {
    let profile = items.get(&profile_key(me)).cloned();
    let profile = profile.map(decode::<Profile>).transpose()?;
    if profile.ok_or_else(profile_missing)?.is_suspended {
        return Err(Error::forbidden());
    }
    match items.contains_key(&block_key(me, other)) {
        true => Err(Error::not_found("matching")),
        false => Ok(()),
    }
}
