//! From the table's stream to the people: each message goes to every connection of both as
//! `{type: "matchingMessage", matching_id, message_id, seq, sender, text, sent_at}`. The sender's own id for
//! it does not go along: it could tell what the text must not.
//!
//! The event-source mapping hands over new messages only, at least once, and goes on after a crash where
//! it was: so a message that is stored reaches whoever is connected. The messages of a matching go out in
//! order. Clients drop a `seq` they have, and ask for `after_seq` when one is missing.
//!
//! Whether they are there for the two is asked for each message: after a block, what was written before it
//! and is still under way reaches nobody.

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use enishi_shared::{
    App, Function, Result,
    conversation::{self, Message},
    function::on,
    live::Pushes,
    store::decode,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    block::{Block, block_key},
    chat::{self, Chats},
    matching::{MatchingId, StoredMatching, matching_key},
    message::MatchingMessage,
};

/// `visits-deliver`
///
/// Budget: of each message, the matching, a block and, where no message before it went to them, the
/// connections of both; 1 more for each connection that has ended.
pub const FUNCTION: Function =
    Function::event("visits-deliver", |app, event| on(app, event, deliver)).budget(4);

/// A message that was written in one of the person's matchings, by the person too.
#[derive(Serialize, ToSchema)]
#[schema(as = MatchingMessageFrame)]
pub struct Frame {
    /// `matchingMessage`.
    pub r#type: &'static str,
    /// The matching.
    pub matching_id: MatchingId,
    /// The message.
    #[serde(flatten)]
    pub message: MatchingMessage,
}

async fn deliver(app: App, event: Event) -> Result<DynamoDbEventResponse> {
    let (chats, pushes) = (chat::chats(&app)?, Pushes::new(&app)?);
    Ok(conversation::deliver(event, |message| push(&pushes, &chats, message)).await)
}

async fn push(pushes: &Pushes, chats: &Chats, message: Message<MatchingId>) -> Result<()> {
    let (id, sender) = (message.conversation_id, message.sender_id);
    let place = matching_key(id);
    let also = std::slice::from_ref(&place);
    let (chat, mut items) = chats.enter(sender, id, also).await?;
    let (Some(_), Some(matching)) = (chat, items.remove(&place)) else {
        return Ok(());
    };
    let matching: StoredMatching = decode(matching)?;
    let both = [matching.speaker, matching.listener];
    let block = block_key(matching.speaker, matching.listener);
    if chats.table().get::<Block>(&block).await?.is_some() {
        return Ok(());
    }
    let frame = Frame {
        r#type: "matchingMessage",
        matching_id: id,
        message: MatchingMessage::of(&matching, message)?,
    };
    pushes.push(&both, &frame).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/visits-deliver.json");
        assert!(serde_json::from_str::<Event>(sample).is_ok());
    }
}
