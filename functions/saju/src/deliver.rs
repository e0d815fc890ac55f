//! From the table's stream to the people: each message goes to every connection of both as
//! `{type: "message", chat_id, message_id, seq, sender_id, content, sent_at, client_msg_id}`.
//!
//! The event-source mapping hands over new messages only, at least once, and goes on after a
//! crash where it was: so a message that is stored reaches whoever is connected. The messages of a
//! chat go out in order. When one cannot be sent, those after it in the chat wait, and all are
//! reported: the stream goes on from there. Clients drop a `seq` they have, and ask for
//! `after_seq` when one is missing.

use std::collections::BTreeMap;

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use enishi_shared::{
    App, Function, Result,
    function::on,
    live,
    stream::{self, Record},
};
use futures_util::StreamExt as _;
use serde::Serialize;

use crate::message::Message;

/// `saju-deliver`
///
/// Budget: of each message; 1 more for each connection that has ended.
pub const FUNCTION: Function =
    Function::event("saju-deliver", |app, event| on(app, event, deliver)).budget(2);

/// Chats at once.
const AT_ONCE: usize = 8;

/// What a client gets.
#[derive(Serialize)]
struct Frame<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    message: &'a Message,
}

async fn deliver(app: App, event: Event) -> Result<DynamoDbEventResponse> {
    Ok(stream::records(event, |messages| send(&app, messages)).await)
}

/// Sends the messages of each chat; answers the sequence numbers of those that could not be sent.
async fn send(app: &App, messages: Vec<Record<Message>>) -> Vec<String> {
    let mut chats: BTreeMap<String, Vec<Record<Message>>> = BTreeMap::new();
    for message in messages {
        let chat = chats.entry(message.item.chat_id.to_string()).or_default();
        chat.push(message);
    }
    let unsent: Vec<Vec<String>> = futures_util::stream::iter(chats.into_values())
        .map(|chat| in_order(app, chat))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    unsent.into_iter().flatten().collect()
}

/// Sends a chat's messages one after the other; answers the sequence numbers from the first that
/// could not be sent on.
async fn in_order(app: &App, chat: Vec<Record<Message>>) -> Vec<String> {
    let mut chat = chat.into_iter();
    for delivery in chat.by_ref() {
        let message = &delivery.item;
        let frame = Frame {
            r#type: "message",
            message,
        };
        // The log has the failure.
        if live::push(app, &message.chat_id.both(), &frame)
            .await
            .is_err()
        {
            let rest = chat.filter_map(|delivery| delivery.sequence_number);
            return delivery.sequence_number.into_iter().chain(rest).collect();
        }
    }
    Vec::new()
}
