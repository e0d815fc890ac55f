//! From the table's stream to the people: each message goes to every connection of both as
//! `{type: "message", chat_id, message_id, seq, sender_id, content, sent_at, client_msg_id}`, a new request
//! to whom it asks, and an acceptance to who asked ([`notice`]).
//!
//! The event-source mapping hands over new messages, requests and chats only, at least once, and goes on
//! after a crash where it was: so what is stored reaches whoever is connected. The messages of a
//! chat go out in order. Clients drop a `seq` they have, and ask for `after_seq` when one is missing.
//!
//! Whether it is there for them is asked each time: after a block, what was written before it and is
//! still under way reaches nobody.

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use enishi_shared::{
    App, Function, Result,
    conversation::{self, Message},
    function::on,
    live::Pushes,
    stream::{self, Record},
};
use futures_util::StreamExt as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    chat::{self, CHAT, Chats},
    message::Sent,
    notice,
    pair::PairId,
    relation::WITH,
};

/// Requests and acceptances at once.
const AT_ONCE: usize = 8;

/// `saju-deliver`
///
/// Budget: of each message, the chat and, where no message before it went to them, the connections of both;
/// 2 of each request and each acceptance; 1 more for each connection that has ended.
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
    let (chats, pushes) = (chat::chats(&app)?, Pushes::new(&app)?);
    let (requests, others) = stream::partition(event, |sk| sk.starts_with(WITH));
    let (begun, messages) = stream::partition(others, |sk| sk == CHAT);
    let messages = conversation::deliver(messages, |message| push(&pushes, &chats, message));
    let requests = stream::records(requests, |rows| {
        each(rows, |row| notice::requested(&app, row))
    });
    let begun = stream::places(begun);
    let begun = each(begun, |place| {
        let (app, match_id) = (&app, chats.id_of(&place.pk));
        async move { notice::accepted(app, match_id?).await }
    });
    let (mut answer, requests, begun) = tokio::join!(messages, requests, begun);
    answer
        .batch_item_failures
        .extend(requests.batch_item_failures);
    answer
        .batch_item_failures
        .extend(stream::failures(begun).batch_item_failures);
    Ok(answer)
}

/// Tells of each, and answers the sequence numbers of those that could not be told.
async fn each<T, Fut>(records: Vec<Record<T>>, tell: impl Fn(T) -> Fut) -> Vec<String>
where
    Fut: Future<Output = Result<()>>,
{
    let told = futures_util::stream::iter(records).map(|record| {
        let telling = tell(record.item);
        async move {
            // The log has the failure.
            telling.await.err().and(record.sequence_number)
        }
    });
    told.buffer_unordered(AT_ONCE)
        .filter_map(|failed| async { failed })
        .collect()
        .await
}

async fn push(pushes: &Pushes, chats: &Chats, message: Message<PairId>) -> Result<()> {
    let chat_id = message.conversation_id;
    if chats.get(chat_id).await?.is_none() {
        return Ok(());
    }
    let frame = Frame {
        r#type: "message",
        chat_id,
        sent: message.into(),
    };
    pushes.push(&chat_id.both(), &frame).await
}
