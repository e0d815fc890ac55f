//! `GET /api/blocks`: whom one blocks.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{
    App, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::Query,
    listing::{self, Listing},
    page::PageQuery,
    store::{Key, decode},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chat,
    profile::{Profile, partition, profile_key, table},
};

/// `saju-blocks`
pub const FUNCTION: Function = crate::http("saju-blocks", || {
    OpenApiRouter::new().routes(routes!(blocks))
})
.budget(2);

/// Two items a block and the caller's profile fit into one batch of 100.
const MOST: i32 = 49;

/// That somebody blocks somebody, in the list of whom they block.
#[derive(Debug, Serialize, Deserialize)]
pub struct Blocked {
    /// Who is blocked.
    other_id: UserId,
    /// `BLOCKS#<user_id>` in the index `listing`.
    listing_key: String,
    /// Milliseconds: the latest first.
    listing_order: i64,
}

impl Blocked {
    /// `me` blocks `other` from now on; the row, and where it lies.
    pub fn new(me: UserId, other: UserId, now: Timestamp) -> (Key, Self) {
        let row = Self {
            other_id: other,
            listing_key: list(me),
            listing_order: now.as_millisecond(),
        };
        (blocked_key(me, other), row)
    }
}

/// Where it lies that `me` blocks `other`.
pub fn blocked_key(me: UserId, other: UserId) -> Key {
    Key::new(partition(me), format!("BLOCK#{other}"))
}

fn list(me: UserId) -> String {
    format!("BLOCKS#{me}")
}

/// A block, as the index has it.
#[derive(Deserialize)]
struct Row {
    other_id: UserId,
}

/// Somebody whom one blocks. `name` and `profile_img_url` are null when they have closed their account.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockedPerson {
    /// The person.
    pub user_id: UserId,
    /// The name others see.
    #[schema(required, example = "지우")]
    pub name: Option<String>,
    /// Their picture, if they have one.
    #[schema(required, example = "https://photos.example.com/photos/1.jpg")]
    pub profile_img_url: Option<String>,
    /// Since when, at full milliseconds.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:00:00Z")]
    pub blocked_at: Timestamp,
}

/// Whom I block
///
/// The latest block first; those of others on oneself are not told. At most 49 in a page.
#[utoipa::path(
    get,
    path = "/api/blocks",
    operation_id = "listMyBlocks",
    tag = "saju",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "Whom the caller blocks; `Link` leads to the next page", body = [BlockedPerson]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn blocks(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    let me = user.id;
    let table = table(&app)?;
    let query = PageQuery {
        limit: Some(query.limit().min(MOST)),
        ..query
    };
    let Listing::<Row> { rows, next } =
        listing::page(&table, &partition(me), &list(me), &query, &uri).await?;
    let mut keys = vec![profile_key(me)];
    for Row { other_id } in &rows {
        keys.push(blocked_key(me, *other_id));
        keys.push(profile_key(*other_id));
    }
    let mut items = table.batch_get(&keys).await?;
    chat::admit(&items, me)?;
    let mut listed = Vec::with_capacity(rows.len());
    for Row { other_id } in rows {
        // The index may lag behind: what was lifted is not there any more.
        let Some(block) = items.remove(&blocked_key(me, other_id)) else {
            continue;
        };
        let block: Blocked = decode(block)?;
        let profile = items.remove(&profile_key(other_id));
        let profile: Option<Profile> = profile.map(decode).transpose()?;
        let (name, profile_img_url) = match profile {
            Some(profile) => (Some(profile.name), profile.profile_img_url),
            None => (None, None),
        };
        listed.push(BlockedPerson {
            user_id: other_id,
            name,
            profile_img_url,
            blocked_at: Timestamp::from_millisecond(block.listing_order).unwrap_or_default(),
        });
    }
    Ok((next, axum::Json(listed)))
}
