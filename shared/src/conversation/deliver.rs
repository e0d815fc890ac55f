//! From a table's stream to the members.

use std::collections::BTreeMap;

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use futures_util::StreamExt as _;

use super::{Id, Message};
use crate::{
    error::Error,
    stream::{self, Record},
};

/// Conversations at once.
const AT_ONCE: usize = 8;

/// Hands the new messages of a table's stream to `push`, those of a conversation in their order.
/// When one cannot be sent, those after it in its conversation wait, and all are reported: the
/// stream goes on from there.
///
/// Whom a message goes to is for `push` to say. Where conversations end, it asks
/// [`Conversations::get`](super::Conversations::get): one that has ended has no members.
pub async fn deliver<I, F, Fut>(event: Event, push: F) -> DynamoDbEventResponse
where
    I: Id,
    F: Fn(Message<I>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    stream::records(event, |messages| in_conversations(messages, &push)).await
}

/// Sends the messages of each conversation; answers the sequence numbers of those that could not be
/// sent.
async fn in_conversations<I, F, Fut>(messages: Vec<Record<Message<I>>>, push: &F) -> Vec<String>
where
    I: Id,
    F: Fn(Message<I>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let mut conversations: BTreeMap<String, Vec<Record<Message<I>>>> = BTreeMap::new();
    for message in messages {
        let id = message.item.conversation_id.to_string();
        conversations.entry(id).or_default().push(message);
    }
    let unsent: Vec<Vec<String>> = futures_util::stream::iter(conversations.into_values())
        .map(|messages| in_order(messages, push))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    unsent.into_iter().flatten().collect()
}

/// Sends a conversation's messages one after the other; answers the sequence numbers from the first
/// that could not be sent on.
async fn in_order<I, F, Fut>(messages: Vec<Record<Message<I>>>, push: &F) -> Vec<String>
where
    F: Fn(Message<I>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let mut messages = messages.into_iter();
    for Record {
        sequence_number,
        item,
    } in messages.by_ref()
    {
        // The log has the failure.
        if push(item).await.is_err() {
            let rest = messages.filter_map(|message| message.sequence_number);
            return sequence_number.into_iter().chain(rest).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::{Value, json};

    use super::*;

    fn record(id: u8, seq: u8) -> Value {
        let image = json!({
            "chat_id": {"N": id.to_string()}, "seq": {"N": seq.to_string()},
            "message_id": {"S": "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071"},
            "sender_id": {"S": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50"},
            "content": {"S": "hello"}, "sent_at": {"S": "2026-11-20T23:00:00Z"},
            "client_msg_id": {"S": "1"},
        });
        json!({
            "awsRegion": "ap-northeast-1", "eventID": "1", "eventName": "INSERT",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_215_600, "Keys": {}, "NewImage": image,
                "SequenceNumber": format!("{id}{seq}"), "SizeBytes": 1,
            },
        })
    }

    #[tokio::test]
    async fn a_message_that_cannot_be_sent_holds_up_its_own_conversation_alone() {
        let order = [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (2, 3)];
        let records: Vec<Value> = order.map(|(id, seq)| record(id, seq)).into();
        let event: Event = serde_json::from_value(json!({"Records": records})).unwrap();
        let pushed = Mutex::new(Vec::new());
        let answer = deliver(event, async |message: Message<u8>| {
            if (message.conversation_id, message.seq) == (1, 2) {
                return Err(Error::unavailable(1));
            }
            let mut pushed = pushed.lock().unwrap();
            pushed.push((message.conversation_id, message.seq));
            Ok(())
        })
        .await;
        let failed: Vec<_> = answer
            .batch_item_failures
            .into_iter()
            .filter_map(|failure| failure.item_identifier)
            .collect();
        assert_eq!(failed, ["12", "13"]);
        let mut pushed = pushed.into_inner().unwrap();
        pushed.sort_by_key(|(id, _)| *id);
        assert_eq!(pushed, [(1, 1), (2, 1), (2, 2), (2, 3)]);
    }
}
