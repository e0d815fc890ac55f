//! From the table's stream to the people: each message goes to every connection of both as
//! `{type: "message", chat_id, message_id, seq, sender_id, content, sent_at, client_msg_id}`.
//!
//! The event-source mapping hands over new messages only, at least once, and goes on after a
//! crash where it was: so a message that is stored reaches whoever is connected. The messages of a
//! chat go out in order. Clients drop a `seq` they have, and ask for `after_seq` when one is missing.
//!
//! Whether the chat is there for them is asked for each message: after a block, what was written
//! before it and is still under way reaches nobody.

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use enishi_shared::{
    App, Function, Result,
    conversation::{self, Message},
    function::on,
    live,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    chat::{self, Chats},
    message::Sent,
    pair::PairId,
};

/// `saju-deliver`
///
/// Budget: of each message, the chat and the connections of both; 1 more for each connection that has
/// ended.
pub const FUNCTION: Function =
    Function::event("saju-deliver", |app, event| on(app, event, deliver)).budget(3);

/// A message that was written into one of the person's chats, by the person too.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageFrame)]
pub struct Frame {
    /// `message`.
    pub r#type: &'static str,
    /// The chat.
    pub chat_id: PairId,
    /// The message.
    #[serde(flatten)]
    pub sent: Sent,
}

async fn deliver(app: App, event: Event) -> Result<DynamoDbEventResponse> {
    let chats = chat::chats(&app)?;
    Ok(conversation::deliver(event, |message| push(&app, &chats, message)).await)
}

async fn push(app: &App, chats: &Chats, message: Message<PairId>) -> Result<()> {
    let chat_id = message.conversation_id;
    if chats.get(chat_id).await?.is_none() {
        return Ok(());
    }
    let frame = Frame {
        r#type: "message",
        chat_id,
        sent: message.into(),
    };
    live::push(app, &chat_id.both(), &frame).await
}
