//! `DELETE /api/blocks/{user_id}`: lift one's own block.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Function, Result, UserId,
    auth::User,
    conversation,
    error::ErrorBody,
    http::{Path, no_content},
    store::{Change, Outcome, Race, Transaction, when},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    blocks::blocked_key,
    chat::{self, Chats},
    pair::PairId,
    relation::{Relation, Status, as_read, read_both, relation_key},
};

/// `saju-unblock`
///
/// Budget: what is between the two; the change. 1 when there is no block.
pub const FUNCTION: Function = crate::http("saju-unblock", || {
    OpenApiRouter::new().routes(routes!(unblock))
})
.budget(2);

/// Lift a block
///
/// Only one's own: where the other blocks too, that one stays. What was there before is there again,
/// a pending request too. Where there is no block, nothing happens.
#[utoipa::path(
    delete,
    path = "/api/blocks/{user_id}",
    operation_id = "unblockUser",
    tag = "saju",
    security(("access_token" = [])),
    params(("user_id" = UserId, Path, description = "Who is blocked")),
    responses(
        (status = 204, description = "Not blocked any more"),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "`user_id` is no id", body = ErrorBody),
    )
)]
pub async fn unblock(
    State(app): State<App>,
    user: User,
    Path(other): Path<UserId>,
) -> Result<Response> {
    let me = user.id;
    let chats = chat::chats(&app)?;
    let mut race = Race::new(&app);
    loop {
        let (mine, is_there) = read_both(chats.table(), me, other).await?;
        let Some(mine) = mine.filter(|row| row.blocks) else {
            return Ok(no_content());
        };
        let mut tx = Transaction::new(&app);
        lift(&mut tx, &chats, &mine, is_there);
        match tx.commit().await? {
            Outcome::Done => return Ok(no_content()),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// Lifts the block of the row `mine`. The other row `is_there` unless its owner has closed their
/// account.
fn lift(tx: &mut Transaction, chats: &Chats, mine: &Relation, is_there: bool) {
    let table = chats.table();
    let (me, other) = (mine.user_id, mine.other_id);
    let places = (relation_key(me, other), relation_key(other, me));
    tx.delete(table, blocked_key(me, other));
    if mine.status.is_none() && !mine.blocked {
        tx.delete_when(table, places.0, as_read(Some(mine)));
        tx.delete(table, places.1);
        return;
    }
    let lifted = Change::new().remove("blocks").when(as_read(Some(mine)));
    tx.update(table, places.0, lifted);
    if is_there {
        let lifted = Change::new().remove("blocked").when(when().exists("pk"));
        tx.update(table, places.1, lifted);
    }
    if let Some(chat_id) = PairId::of(me, other)
        && mine.status == Some(Status::Matched)
    {
        tx.update(table, chats.key(chat_id), conversation::reopen(me));
    }
}
