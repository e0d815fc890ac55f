//! `POST /api/blocks`: block somebody.
//!
//! A block stands in the rows of both, in the list of whom one blocks and, where the two have a chat, in the chat: there every
//! message meets it. The transaction holds to the status that was read, so that a request accepted
//! in the same moment either finds the block or has its chat closed by it.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    conversation,
    error::ErrorBody,
    http::Json,
    store::{Change, Outcome, Race, Transaction, decode},
    throttle::{self, Limit},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    blocks::Blocked,
    chat,
    pair::PairId,
    profile::{check_exists, profile_key, profile_missing},
    relation::{Relation, Status, as_read, relation_key},
};

/// `saju-block`
///
/// Budget: the throttle; both profiles and what is between the two; the block. 2 when the block stands
/// already.
pub const FUNCTION: Function =
    crate::http("saju-block", || OpenApiRouter::new().routes(routes!(block))).budget(3);

/// How many one person may block.
const BY_ONE_PERSON: Limit = Limit::new("BLOCK_RATE", 60, 60 * 60);

/// Whom to block, or who is blocked.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Another person: not yourself.
    #[garde(skip)]
    pub user_id: UserId,
}

/// Block somebody
///
/// It works both ways: neither finds, asks or writes to the other. A pending request waits behind
/// it. Blocking again answers the same.
#[utoipa::path(
    post,
    path = "/api/blocks",
    operation_id = "blockUser",
    tag = "saju",
    security(("access_token" = [])),
    request_body = Block,
    responses(
        (status = 201, description = "Blocked", body = Block),
        (status = 400, description = "`user_id` is missing, is not an id, or is your own", body = ErrorBody),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "No such user", body = ErrorBody),
        (status = 429, description = "Too many blocks; `Retry-After` says when", body = ErrorBody),
    )
)]
pub async fn block(
    State(app): State<App>,
    user: User,
    Json(body): Json<Block>,
) -> Result<impl IntoResponse> {
    let (me, other) = (user.id, body.user_id);
    let Some(chat_id) = PairId::of(me, other) else {
        return Err(Error::invalid("user_id", "you cannot block yourself"));
    };
    let chats = chat::chats(&app)?;
    let table = chats.table();
    throttle::count(&app, table, "block", &me.to_string(), &BY_ONE_PERSON).await?;
    // What is between the two may change at the same moment.
    let mut race = Race::new(&app);
    loop {
        let places = [profile_key(me), profile_key(other), relation_key(me, other)];
        let mut found = table.batch_get(&places).await?;
        let [mine, theirs, row] = places.map(|place| found.remove(&place));
        mine.ok_or_else(profile_missing)?;
        theirs.ok_or_else(|| Error::not_found("user"))?;
        let row: Option<Relation> = row.map(decode).transpose()?;
        if row.as_ref().is_some_and(|row| row.blocks) {
            break;
        }
        let mut tx = Transaction::new(&app);
        let blocks = mark(me, other, "blocks").when(as_read(row.as_ref()));
        tx.update(table, relation_key(me, other), blocks);
        let (key, listed) = Blocked::new(me, other, app.now());
        tx.put(table, key, &listed)?;
        tx.update(table, relation_key(other, me), mark(other, me, "blocked"));
        check_exists(&mut tx, table, me);
        check_exists(&mut tx, table, other);
        if row.is_some_and(|row| row.status == Some(Status::Matched)) {
            tx.update(table, chats.key(chat_id), conversation::close(me));
        }
        match tx.commit().await? {
            Outcome::Done => break,
            Outcome::Refused(_) => race.lost().await?,
        }
    }
    Ok((StatusCode::CREATED, axum::Json(body)))
}

/// Sets `flag` in the row of `user_id` about `other_id`, and makes the row where there is none.
fn mark(user_id: UserId, other_id: UserId, flag: &str) -> Change {
    Change::new()
        .set("user_id", user_id)
        .set("other_id", other_id)
        .set(flag, true)
}
