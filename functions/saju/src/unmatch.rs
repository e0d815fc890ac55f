//! `DELETE /api/chats/{chat_id}`: let a match go.
//!
//! The match is `ended` in the rows of both, which keeps them apart as any request does, and its chat has
//! ended: nobody enters it any more. What was written stays for the operators, as a report may be about
//! it, until both have closed their accounts.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    conversation::{self, Expiry},
    error::ErrorBody,
    http::{Path, no_content},
    store::{Change, Condition, Outcome, Race, Transaction, when},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chat::{self, Chats},
    pair::PairId,
    profile::check_exists,
    relation::{Status, read_both, relation_key},
};

/// `saju-unmatch`
///
/// Budget: what is between the two; the end. 1 when it has ended before.
pub const FUNCTION: Function = crate::http("saju-unmatch", || {
    OpenApiRouter::new().routes(routes!(unmatch))
})
.budget(2);

/// End a match
///
/// Either of the two can, for good: both lose the match and its chat, and neither is recommended to the
/// other or can ask again. They can still be blocked and reported. Doing it again changes nothing.
#[utoipa::path(
    delete,
    path = "/api/chats/{chat_id}",
    operation_id = "endMatch",
    tag = "saju",
    security(("access_token" = [])),
    params(("chat_id" = PairId, Path, description = "The chat")),
    responses(
        (status = 204, description = "Ended, now or before"),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "No such chat of the caller's, or there is a block", body = ErrorBody),
    )
)]
pub async fn unmatch(
    State(app): State<App>,
    user: User,
    Path(chat_id): Path<PairId>,
) -> Result<Response> {
    let me = user.id;
    let other = chat_id.other(me, "chat")?;
    let chats = chat::chats(&app)?;
    // It may be blocked at the same moment, and the other may close their account.
    let mut race = Race::new(&app);
    loop {
        let (mine, is_there) = read_both(chats.table(), me, other).await?;
        let mine = mine.filter(|row| !row.is_blocked());
        match mine.and_then(|row| row.status) {
            Some(Status::Matched) => {}
            Some(Status::Ended) => return Ok(no_content()),
            _ => return Err(Error::not_found("chat")),
        }
        let tx = end(&app, &chats, chat_id, (me, other), is_there);
        match tx.commit().await? {
            Outcome::Done => return Ok(no_content()),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// Ends what is between two people. The other's row `is_there` unless they have closed their account.
fn end(
    app: &App,
    chats: &Chats,
    chat_id: PairId,
    (me, other): (UserId, UserId),
    is_there: bool,
) -> Transaction {
    let table = chats.table();
    let ended = |there: Condition| {
        let there = there.eq("status", Status::Matched);
        Change::new().set("status", Status::Ended).when(there)
    };
    let mut tx = Transaction::new(app);
    let mine = ended(when().absent("blocks").absent("blocked"));
    tx.update(table, relation_key(me, other), mine);
    if is_there {
        tx.update(table, relation_key(other, me), ended(when()));
    }
    let now = app.now();
    let gone = conversation::expire(Expiry::At(now), now);
    tx.update(table, chats.key(chat_id), gone);
    check_exists(&mut tx, table, me);
    tx
}
