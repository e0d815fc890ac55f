//! `GET /api/chats`: one's chats.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{
    App, Function, Result, UserId, auth::User, error::ErrorBody, http::Query, listing::Listing,
    page::PageQuery, store::decode,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chat, notice,
    pair::PairId,
    profile::{Profile, profile_key},
};

/// `saju-chats`
pub const FUNCTION: Function =
    crate::http("saju-chats", || OpenApiRouter::new().routes(routes!(chats))).budget(2);

/// Two items a chat and the caller's profile fit into one batch of 100.
const MOST: i32 = 49;

/// A chat in somebody's list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedChat {
    /// The chat.
    pub chat_id: PairId,
    /// Whom it is with.
    pub partner: ChatPartner,
    /// How the last message begins: its first 200 characters; null before the first message.
    #[schema(required, example = "반가워요!")]
    pub last_message: Option<String>,
    /// When it was stored; null before the first message.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-21T00:00:00Z")]
    pub last_message_at: Option<Timestamp>,
    /// Up to which message the partner has read; null unless both say `read_receipts`.
    #[schema(required, example = 7)]
    pub partner_read_seq: Option<u64>,
    /// How many messages one has not read.
    #[schema(example = 2)]
    pub unread_count: u64,
}

/// The other of the two.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatPartner {
    /// Their id.
    pub user_id: UserId,
    /// Their name; null when they have closed their account.
    #[schema(required, example = "지우")]
    pub name: Option<String>,
    /// Their picture.
    #[schema(required, example = "https://example.com/jiwoo.jpg")]
    pub profile_img_url: Option<String>,
}

/// One's chats
///
/// The one with the latest message first. Chats with a block, and of matches that have ended, are left
/// out, so a page may be shorter than its limit; while there is a `Link`, there is more. At most 49 in a
/// page.
#[utoipa::path(
    get,
    path = "/api/chats",
    operation_id = "listMyChats",
    tag = "saju",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "The chats; `Link` leads to the next page", body = [ListedChat]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn chats(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    let me = user.id;
    let chats = chat::chats(&app)?;
    let query = PageQuery {
        limit: Some(query.limit().min(MOST)),
        ..query
    };
    let Listing { rows, next } = chats.list_of(me, &query, &uri).await?;
    let mut keys = vec![profile_key(me)];
    for chat_id in &rows {
        keys.push(chats.key(*chat_id));
        keys.push(profile_key(chat_id.other(me, "chat")?));
    }
    let mut items = chats.table().batch_get(&keys).await?;
    chat::admit(&items, me)?;
    let mine = items.remove(&profile_key(me)).map(decode::<Profile>);
    let mine = mine.transpose()?;
    let mut listed = Vec::new();
    for chat_id in rows {
        let Some(chat) = chats.take(&mut items, me, chat_id)? else {
            continue;
        };
        let partner_id = chat_id.other(me, "chat")?;
        let partner = items.remove(&profile_key(partner_id));
        let partner = partner.map(decode::<Profile>).transpose()?;
        let both_tell = notice::both_tell(mine.as_ref(), partner.as_ref());
        let (name, profile_img_url) = match partner {
            Some(partner) => (Some(partner.name), partner.profile_img_url),
            None => (None, None),
        };
        listed.push(ListedChat {
            chat_id,
            partner: ChatPartner {
                user_id: partner_id,
                name,
                profile_img_url,
            },
            partner_read_seq: both_tell.then(|| chat.read_by(partner_id)),
            unread_count: chat.unread_count(me),
            last_message: chat.last_message,
            last_message_at: chat.last_message_at,
        });
    }
    Ok((next, axum::Json(listed)))
}
