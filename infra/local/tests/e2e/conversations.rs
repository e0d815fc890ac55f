//! Conversations that end: over a running stack's table, under keys that no service uses.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use aws_lambda_events::dynamodb::Event;
use enishi_local::database::from_json;
use enishi_saju::{pair::PairId, profile};
use enishi_shared::{
    Error, Result, UserId,
    conversation::{
        self, Conversation, Conversations, Expiry, Layout, Message, NewMessage, Stretch,
    },
    error::Code,
    page::PageQuery,
    store::{Change, Outcome, Transaction},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{saju::requests::dump, support::World};

const LAYOUT: Layout = Layout {
    name: "TALK",
    list: "TALKS",
    member: |user_id| format!("TALKER#{user_id}"),
    noun: "talk",
};
const HANA: UserId = UserId::NOBODY;
/// What no function's key may do everything of: each use goes under one that may.
const BEGINS: &str = "SajuAccept";
const SENDS: &str = "SajuSendMessage";
const READS: &str = "SajuMessages";
const LISTS: &str = "SajuChats";
const MARKS: &str = "SajuReadChat";
const ERASES: &str = "SajuFollowAccount";

fn ken() -> UserId {
    UserId::from_bytes([7; 16])
}

fn id() -> PairId {
    PairId::of(HANA, ken()).unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn talks(world: &World, function: &str) -> Conversations<PairId> {
    let app = world.stack.app(function).unwrap();
    let table = profile::table(&app).unwrap();
    Conversations::new(&app, table, &LAYOUT)
}

/// Writes whatever `parts` says.
async fn commit(
    world: &World,
    parts: impl FnOnce(&mut Transaction, &Conversations<PairId>) -> Result<()>,
) {
    let mut tx = Transaction::new(&world.stack.app(BEGINS).unwrap());
    parts(&mut tx, &talks(world, BEGINS)).unwrap();
    assert!(matches!(tx.commit().await.unwrap(), Outcome::Done));
}

async fn begin(world: &World, expiry: Expiry) {
    let members = [HANA, ken()];
    commit(world, |tx, talks| talks.begin(tx, id(), &members, expiry)).await;
}

async fn expire(world: &World, expiry: Expiry) {
    let now = world.stack.clock().now();
    commit(world, |tx, talks| {
        change(tx, talks, conversation::expire(expiry, now));
        Ok(())
    })
    .await;
}

fn change(tx: &mut Transaction, talks: &Conversations<PairId>, change: Change) {
    tx.update(talks.table(), talks.key(id()), change);
}

/// Hana's message, under conditions of `admit`.
async fn say_if(
    world: &World,
    text: &str,
    admit: impl Fn(&mut Transaction) -> Result<()>,
) -> Result<Message<PairId>> {
    let new = NewMessage {
        conversation_id: id(),
        sender_id: HANA,
        text,
        client_msg_id: text,
    };
    let talks = talks(world, SENDS);
    talks.send(new, &[], |_, tx| admit(tx)).await
}

async fn say(world: &World, text: &str) -> Result<Message<PairId>> {
    say_if(world, text, |_| Ok(())).await
}

async fn enter(world: &World, me: UserId) -> Result<Conversation<PairId>> {
    let talks = talks(world, READS);
    let (talk, _) = talks.enter(me, id(), &[]).await?;
    talk.ok_or_else(|| talks.not_found())
}

/// The numbers of all messages, as Ken finds them.
async fn seqs(world: &World) -> Result<Vec<u64>> {
    let talks = talks(world, READS);
    let stretch = Stretch::of(None, Some(0), None)?;
    let entering = enter(world, ken());
    let messages = talks.messages(id(), stretch, 30, entering).await?;
    Ok(messages.iter().map(|message| message.seq).collect())
}

/// How many conversations Ken's list shows.
async fn listed(world: &World) -> usize {
    let talks = talks(world, LISTS);
    let uri = "/talks".parse().unwrap();
    let query = PageQuery::<100>::default();
    let ids = talks.list_of(ken(), &query, &uri).await.unwrap().rows;
    let keys: Vec<_> = ids.iter().map(|id| talks.key(*id)).collect();
    let mut items = talks.table().batch_get(&keys).await.unwrap();
    let shown = ids
        .iter()
        .filter_map(|id| talks.take(&mut items, ken(), *id).unwrap());
    shown.count()
}

/// Whom the messages that are stored would be pushed to now, by message.
async fn pushed(world: &World) -> Vec<(u64, Vec<UserId>)> {
    let records: Vec<Value> = rows(world)
        .into_iter()
        .filter(|row| row["sk"]["S"].as_str().unwrap().starts_with("MESSAGE#"))
        .map(|row| {
            json!({
                "awsRegion": "ap-northeast-1", "eventID": "1", "eventName": "INSERT",
                "dynamodb": {
                    "ApproximateCreationDateTime": 0, "Keys": {}, "NewImage": row,
                    "SequenceNumber": row["seq"]["N"], "SizeBytes": 1,
                },
            })
        })
        .collect();
    let event: Event = serde_json::from_value(json!({"Records": records})).unwrap();
    let (talks, pushed) = (talks(world, ERASES), Mutex::new(Vec::new()));
    let answer = conversation::deliver(event, async |message: Message<PairId>| {
        if let Some(talk) = talks.get(message.conversation_id).await? {
            let to = talk.members().collect();
            pushed.lock().unwrap().push((message.seq, to));
        }
        Ok(())
    })
    .await;
    assert!(answer.batch_item_failures.is_empty());
    pushed.into_inner().unwrap()
}

fn rows(world: &World) -> Vec<Value> {
    let mut rows = dump(world);
    rows.retain(|row| row["pk"]["S"].as_str().unwrap().starts_with("TALK"));
    rows
}

#[track_caller]
fn is_gone<T>(result: Result<T>) {
    assert_eq!(result.err().map(|error| error.code()), Some(Code::NotFound));
}

fn set(world: &World, time: Timestamp) {
    world.stack.clock().set(Some(time));
}

#[tokio::test]
async fn a_conversation_that_has_ended_is_gone_everywhere() {
    let world = World::new().await;
    let end = world.stack.clock().now() + hours(1);
    begin(&world, Expiry::At(end)).await;
    set(&world, end - SignedDuration::from_millis(1));
    say(&world, "one").await.unwrap();
    say(&world, "two").await.unwrap();
    let entered = enter(&world, ken()).await.unwrap();
    assert_eq!(entered.unread_count(ken()), 2);
    assert_eq!(entered.unread_count(HANA), 0);
    assert_eq!(seqs(&world).await.unwrap(), [1, 2]);
    assert_eq!(listed(&world).await, 1);
    let both = vec![HANA, ken()];
    assert_eq!(pushed(&world).await, [(1, both.clone()), (2, both)]);

    set(&world, end);
    is_gone(say(&world, "three").await);
    // Not even a message that was taken is answered again.
    is_gone(say(&world, "two").await);
    is_gone(enter(&world, ken()).await);
    is_gone(seqs(&world).await);
    assert_eq!(listed(&world).await, 0);
    assert_eq!(pushed(&world).await, []);

    expire(&world, Expiry::Never).await;
    set(&world, end + hours(10_000));
    assert_eq!(say(&world, "three").await.unwrap().seq, 3);
    assert_eq!(seqs(&world).await.unwrap(), [1, 2, 3]);
    assert_eq!(listed(&world).await, 1);
    let talks = talks(&world, MARKS);
    let entered = enter(&world, ken()).await.unwrap();
    let read = talks.mark_read(entered.clone(), ken(), 2).await.unwrap();
    assert_eq!(read.unread_count(ken()), 1);
    // From what was read before: the mark does not go back.
    let read = talks.mark_read(entered, ken(), 1).await.unwrap();
    assert_eq!(read.read_by(ken()), 2);
}

#[tokio::test]
async fn each_message_moves_the_end_of_a_conversation_that_ends_when_nobody_writes() {
    let world = World::new().await;
    let start = world.stack.clock().now();
    begin(&world, Expiry::Idle(hours(30))).await;
    set(&world, start + hours(29));
    let sent = say(&world, "one").await.unwrap();
    set(&world, start + hours(58));
    // The same message is no new one.
    assert_eq!(say(&world, "one").await.unwrap(), sent);
    assert_eq!(seqs(&world).await.unwrap(), [1]);
    set(&world, start + hours(59));
    is_gone(seqs(&world).await);

    set(&world, start + hours(58));
    expire(&world, Expiry::At(start + hours(70))).await;
    set(&world, start + hours(69));
    say(&world, "two").await.unwrap();
    set(&world, start + hours(70));
    is_gone(seqs(&world).await);
}

#[tokio::test]
async fn a_message_does_not_undo_what_becomes_of_its_conversation_meanwhile() {
    let world = World::new().await;
    let now = world.stack.clock().now();
    begin(&world, Expiry::Idle(hours(30))).await;
    let end = now + hours(100);
    let attempts = AtomicU32::new(0);
    let update = |expression: &str, values: Value| {
        let update = json!({
            "TableName": "SajuTable",
            "Key": {"pk": {"S": format!("TALK#{}", id())}, "sk": {"S": "TALK"}},
            "UpdateExpression": expression,
            "ExpressionAttributeValues": values,
        });
        let database = world.stack.database();
        database.update_item(from_json(update).unwrap()).unwrap();
    };
    // Its end is moved after the conversation was read, before the message is committed.
    let sent = say_if(&world, "one", |_| {
        if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
            let values = json!({":end": {"S": end.to_string()}});
            update("SET expires_at = :end REMOVE idle", values);
        }
        Ok(())
    });
    assert_eq!(sent.await.unwrap().seq, 1);
    assert_eq!(attempts.load(Ordering::Relaxed), 2);
    assert_eq!(enter(&world, ken()).await.unwrap().expires_at, Some(end));

    // It is closed.
    let refused = say_if(&world, "two", |_| {
        update("ADD blocked_by :who", json!({":who": {"SS": ["ken"]}}));
        Ok(())
    });
    is_gone(refused.await);
    update("DELETE blocked_by :who", json!({":who": {"SS": ["ken"]}}));
    assert_eq!(seqs(&world).await.unwrap(), [1]);
}

#[tokio::test]
async fn the_service_says_who_may_write_and_holds_to_it_at_the_commit() {
    let world = World::new().await;
    begin(&world, Expiry::Never).await;
    let refused = say_if(&world, "one", |_| Err(Error::forbidden())).await;
    assert_eq!(refused.unwrap_err().code(), Code::Forbidden);
    let attempts = AtomicU32::new(0);
    let table = profile::table(&world.stack.app(SENDS).unwrap()).unwrap();
    // A condition that does not hold when it is committed; the next reading shows why.
    let refused = say_if(&world, "one", |tx| {
        if attempts.fetch_add(1, Ordering::Relaxed) > 0 {
            return Err(Error::forbidden());
        }
        profile::check_exists(tx, &table, HANA);
        Ok(())
    })
    .await;
    assert_eq!(refused.unwrap_err().code(), Code::Forbidden);
    assert_eq!(seqs(&world).await.unwrap(), [0; 0]);
    is_gone(enter(&world, UserId::from_bytes([9; 16])).await);
}

#[tokio::test]
async fn what_is_erased_leaves_nothing_and_may_be_erased_again() {
    let world = World::new().await;
    let now = world.stack.clock().now();
    begin(&world, Expiry::At(now + hours(1))).await;
    for text in ["one", "two", "three"] {
        say(&world, text).await.unwrap();
    }
    // The conversation, two memberships, three messages and their clients' ids.
    assert_eq!(rows(&world).len(), 9);
    set(&world, now + hours(1));
    let erases = talks(&world, ERASES);
    for _ in 0..2 {
        erases.erase(id(), &[HANA, ken()]).await.unwrap();
        assert_eq!(rows(&world), [json!(null); 0]);
        is_gone(say(&world, "four").await);
    }
}
