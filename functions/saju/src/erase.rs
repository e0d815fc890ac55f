//! Erases somebody who has closed their account: profile, requests, memberships,
//! recommendations and pictures.
//!
//! The profile goes first. Whatever puts rows into a person's partition checks in its transaction
//! that the profile is there, so nothing new comes after; all that is there is then found by one
//! query, and is taken away so that what leads to something goes after it. So the event may come
//! twice, at any time after the account was closed, and a run that was cut off is finished by the
//! next.
//!
//! The other one's rows: a pending or declined request, or a block, goes; a match stays, with its
//! chat and all that was written in it, and shows a partner without a name, and one that has ended stays
//! hidden. When both have gone, the chat goes too. Reports stay, for the operators.
//!
//! A picture may still be on its way: where it may lie is noted for [`sweep`](crate::sweep), which
//! erases there once more when nothing can come any more.

use enishi_shared::{
    App, Error, Result, UserId, erasure,
    events::{AccountDeleted, Detail},
    store::{Key, s},
};
use futures_util::{TryStreamExt as _, stream};
use serde::Deserialize;

use crate::{
    blocks::blocked_key,
    chat::{self, Chats},
    pair::PairId,
    photo,
    profile::{partition, profile_key},
    relation::{Status, WITH, relation_key},
};

const AT_ONCE: usize = 8;
/// Items read at once.
const PAGE: i32 = 200;

/// An item of a person's partition.
#[derive(Deserialize)]
struct Row {
    sk: String,
    /// A relation's.
    status: Option<Status>,
    /// A relation's: whether the other blocks them.
    #[serde(default)]
    blocked: bool,
}

/// Erases what there is of the account.
///
/// # Errors
/// Whatever keeps something from being erased; the event comes again.
pub async fn erase(app: App, detail: Detail<AccountDeleted>) -> Result<()> {
    let user_id = detail.data.user_id;
    let chats = chat::chats(&app)?;
    let table = chats.table();
    erasure::note(table, user_id, detail.time).await?;
    table.delete(profile_key(user_id)).await?;
    let mut after = None;
    loop {
        let page = table
            .query("pk = :pk")
            .value(":pk", s(partition(user_id)))
            .limit(PAGE)
            .after(after)
            .page::<Row>()
            .await?;
        // Memberships before matches: of two who go at once, one finds that the other has left.
        let (relations, rest): (Vec<_>, Vec<_>) =
            (page.items.into_iter()).partition(|row| row.sk.starts_with(WITH));
        at_once(rest, |row| {
            table.delete(Key::new(partition(user_id), row.sk))
        })
        .await?;
        at_once(relations, |row| part(&chats, user_id, row)).await?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    photo::erase(&app, user_id).await
}

/// Ends what is between somebody who goes and another.
async fn part(chats: &Chats, user_id: UserId, row: Row) -> Result<()> {
    let table = chats.table();
    let other: Option<UserId> = row.sk.strip_prefix(WITH).and_then(|id| id.parse().ok());
    let Some((other, chat_id)) = other.and_then(|other| Some((other, PairId::of(user_id, other)?)))
    else {
        return Err(Error::internal("a relation is with nobody"));
    };
    if !matches!(row.status, Some(Status::Matched | Status::Ended)) {
        if row.blocked {
            table.delete(blocked_key(other, user_id)).await?;
        }
        table.delete(relation_key(other, user_id)).await?;
    } else if !chats.is_listed(other, chat_id).await? {
        // Both have left their lists.
        chats.erase(chat_id, &[]).await?;
    }
    table.delete(relation_key(user_id, other)).await
}

async fn at_once<T, F>(items: Vec<T>, each: impl Fn(T) -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    stream::iter(items.into_iter().map(Ok))
        .try_for_each_concurrent(AT_ONCE, each)
        .await
}
