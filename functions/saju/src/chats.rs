//! `GET /api/chats`: one's chats.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{Item, decode, n, s},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chat::{Chat, Membership, chat_key, listing, membership_key},
    pair::PairId,
    profile::{self, LISTING, Profile, profile_key},
};

/// `saju-chats`
pub const FUNCTION: Function =
    Function::http("saju-chats", || OpenApiRouter::new().routes(routes!(chats))).with_error_field();

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
/// The one with the latest message first. Chats with a block are left out. At most 49 in a page.
///
/// Budget: 2 DynamoDB requests.
#[utoipa::path(
    get,
    path = "/api/chats",
    tag = "saju",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "The chats; `Link` leads to the next page", body = [ListedChat]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
    )
)]
pub async fn chats(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    let me = UserId::of(&user)?;
    let table = profile::table(&app)?;
    let limit = query.limit().min(MOST);
    let after = match query.after()? {
        Some(cursor) => Some(place(me, &cursor)?),
        None => None,
    };
    let page = table
        .query("listing_key = :mine")
        .index(LISTING)
        .value(":mine", s(listing(me)))
        .descending()
        .limit(limit)
        .after(after)
        .page::<Membership>()
        .await?;
    let next = page.next.as_ref().and(page.items.last()).map(cursor);
    let mut keys = vec![profile_key(me)];
    for membership in &page.items {
        keys.push(chat_key(membership.chat_id));
        keys.push(profile_key(membership.chat_id.other(me, "chat")?));
    }
    let mut items = table.batch_get(&keys).await?;
    if !items.contains_key(&profile_key(me)) {
        return Err(Error::token_invalid());
    }
    let mut listed = Vec::new();
    for membership in page.items {
        let chat_id = membership.chat_id;
        let Some(chat) = items.remove(&chat_key(chat_id)) else {
            continue;
        };
        let chat = decode::<Chat>(chat)?;
        if chat.is_blocked() {
            continue;
        }
        let partner_id = chat_id.other(me, "chat")?;
        let partner = items.remove(&profile_key(partner_id));
        let partner = partner.map(decode::<Profile>).transpose()?;
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
            unread_count: chat.unread_count(me),
            last_message: chat.last_message,
        });
    }
    Ok((next_link(&uri, limit, next.as_deref()), axum::Json(listed)))
}

/// Where a page ended: several chats may have moved within one millisecond.
fn cursor(last: &Membership) -> String {
    format!("{}#{}", last.listing_order, last.chat_id)
}

/// The key in the index that a cursor stands for.
fn place(me: UserId, cursor: &str) -> Result<Item> {
    let parsed = cursor.split_once('#').and_then(|(order, chat_id)| {
        Some((order.parse::<i64>().ok()?, chat_id.parse::<PairId>().ok()?))
    });
    let Some((order, chat_id)) = parsed else {
        return Err(Error::invalid("cursor", "cursor is not one of ours"));
    };
    let key = membership_key(me, chat_id);
    Ok(Item::from([
        ("pk".to_owned(), s(key.pk)),
        ("sk".to_owned(), s(key.sk)),
        ("listing_key".to_owned(), s(listing(me))),
        ("listing_order".to_owned(), n(order)),
    ]))
}
