//! `GET /api/chats/{chat_id}/messages`: what was said.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::{Path, Query},
    store::{Table, s},
};
use futures_util::future::try_join;
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chat,
    message::{ChatMessage, Message, message_key},
    pair::PairId,
    profile,
};

/// `saju-messages`
///
/// Budget: where a page holds more than a megabyte; else 2.
pub const FUNCTION: Function = crate::http("saju-messages", || {
    OpenApiRouter::new().routes(routes!(messages))
})
.budget(3);

/// The highest number that a message's key has room for.
const LAST: u64 = 999_999_999_999;

/// Which messages; at most one of `offset`, `after_seq` and `before_seq`.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// How many at the most: 1–100, 30 unless told.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, example = 30)]
    pub limit: Option<i32>,
    /// How many of the newest to leave out; 0 unless told.
    #[garde(range(max = LAST))]
    #[param(example = 0)]
    pub offset: Option<u64>,
    /// Those after this number, oldest first: what a client missed.
    #[garde(range(max = LAST))]
    pub after_seq: Option<u64>,
    /// Those before this number, newest first.
    #[garde(range(max = LAST))]
    pub before_seq: Option<u64>,
}

/// A chat's messages
///
/// Newest first; with `after_seq` oldest first, so that a client that was away goes on from the
/// last number it has until a page is not full.
#[utoipa::path(
    get,
    path = "/api/chats/{chat_id}/messages",
    tag = "saju",
    security(("access_token" = [])),
    params(("chat_id" = PairId, Path, description = "The chat"), MessagesQuery),
    responses(
        (status = 200, description = "The messages", body = [ChatMessage]),
        (status = 400, description = "A parameter is wrong, or two exclude each other", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 404, description = "No such chat of the caller's, or there is a block", body = ErrorBody),
    )
)]
pub async fn messages(
    State(app): State<App>,
    user: User,
    Path(chat_id): Path<PairId>,
    Query(query): Query<MessagesQuery>,
) -> Result<impl IntoResponse> {
    let me = UserId::of(&user)?;
    let table = profile::table(&app)?;
    let limit = query.limit.unwrap_or(30);
    let chat = chat::enter(&table, me, chat_id, &[]);
    let stretch = match (query.offset, query.after_seq, query.before_seq) {
        (None | Some(0), None, None) => Stretch::newest_up_to(LAST),
        (None, None, Some(seq)) => Stretch::newest_up_to(seq.saturating_sub(1)),
        (None, Some(seq), None) => Stretch {
            first: seq + 1,
            last: LAST,
            oldest_first: true,
        },
        (Some(offset), None, None) => {
            let (chat, _) = chat.await?;
            let stretch = Stretch::newest_up_to(chat.last_seq.saturating_sub(offset));
            return Ok(axum::Json(stretch.read(&table, chat_id, limit).await?));
        }
        (offset, ..) => {
            let field = if offset.is_some() {
                "offset"
            } else {
                "before_seq"
            };
            let sentence = "offset, after_seq and before_seq exclude each other";
            return Err(Error::invalid(field, sentence));
        }
    };
    // A stranger is answered before a message is read.
    chat_id.other(me, "chat")?;
    let (_, messages) = try_join(chat, stretch.read(&table, chat_id, limit)).await?;
    Ok(axum::Json(messages))
}

/// A stretch of a chat's sequence.
struct Stretch {
    first: u64,
    last: u64,
    oldest_first: bool,
}

impl Stretch {
    fn newest_up_to(last: u64) -> Self {
        Self {
            first: 1,
            last,
            oldest_first: false,
        }
    }

    /// The first `limit` messages of it.
    ///
    /// # Errors
    /// `service_unavailable` while one is missing among them: a query may see a message before the
    /// one that was committed just before it, and nobody must go on past that.
    async fn read(&self, table: &Table, chat_id: PairId, limit: i32) -> Result<Vec<ChatMessage>> {
        let mut messages: Vec<ChatMessage> = Vec::new();
        if self.first > self.last {
            return Ok(messages);
        }
        let (first, last) = (
            message_key(chat_id, self.first),
            message_key(chat_id, self.last),
        );
        let mut query = table
            .query("pk = :chat AND sk BETWEEN :first AND :last")
            .value(":chat", s(first.pk))
            .value(":first", s(first.sk))
            .value(":last", s(last.sk));
        if !self.oldest_first {
            query = query.descending();
        }
        let mut after = None;
        loop {
            let left = limit - messages.len() as i32;
            let page = query
                .clone()
                .limit(left)
                .after(after)
                .page::<Message>()
                .await?;
            messages.extend(page.items.into_iter().map(|stored| stored.sent.message));
            after = page.next;
            if after.is_none() || messages.len() >= limit as usize {
                break;
            }
        }
        let starts = messages
            .first()
            .is_none_or(|message| message.seq == self.first);
        let in_a_row = |pair: &[ChatMessage]| match pair {
            [one, next] => one.seq.abs_diff(next.seq) == 1,
            _ => true,
        };
        if (self.oldest_first && !starts) || !messages.windows(2).all(in_a_row) {
            return Err(Error::unavailable(1));
        }
        Ok(messages)
    }
}
