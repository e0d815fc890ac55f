//! `DELETE /api/blocks/{user_id}`: lift one's own block.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::{Path, no_content},
    store::{Committed, Expression, Write, decode},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    block::{ATTEMPTS, closing},
    pair::PairId,
    profile::{profile_key, table},
    relation::{Relation, Status, as_read, relation_key},
};

/// `saju-unblock`
///
/// Budget: what is between the two; the change. 1 when there is no block.
pub const FUNCTION: Function = Function::http("saju-unblock", || {
    OpenApiRouter::new().routes(routes!(unblock))
})
.with_error_field()
.budget(2);

/// Lift a block
///
/// Only one's own: where the other blocks too, that one stays. What was there before is there again,
/// a pending request too. Where there is no block, nothing happens.
#[utoipa::path(
    delete,
    path = "/api/blocks/{user_id}",
    tag = "saju",
    security(("access_token" = [])),
    params(("user_id" = UserId, Path, description = "Who is blocked")),
    responses(
        (status = 204, description = "Not blocked any more"),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 404, description = "`user_id` is no id", body = ErrorBody),
    )
)]
pub async fn unblock(
    State(app): State<App>,
    user: User,
    Path(other): Path<UserId>,
) -> Result<Response> {
    let me = UserId::of(&user)?;
    let table = table(&app)?;
    for _ in 0..ATTEMPTS {
        let places = [
            profile_key(me),
            relation_key(me, other),
            relation_key(other, me),
        ];
        // There are no two rows of oneself, and DynamoDB reads none twice.
        let distinct = if me == other { &places[..2] } else { &places };
        let mut found = table.batch_get(distinct).await?;
        let [profile, mine, theirs] = places.map(|place| found.remove(&place));
        profile.ok_or_else(Error::token_invalid)?;
        let mine: Option<Relation> = mine.map(decode).transpose()?;
        let Some(mine) = mine.filter(|row| row.blocks) else {
            return Ok(no_content());
        };
        if let Committed::Done = table.transact(lift(&mine, theirs.is_some())).await? {
            return Ok(no_content());
        }
    }
    Err(Error::unavailable(1))
}

/// The writes that lift the block of the row `mine`. The other row `is_there` unless its owner has
/// closed their account.
fn lift(mine: &Relation, is_there: bool) -> Vec<Write> {
    let (me, other) = (mine.user_id, mine.other_id);
    let places = (relation_key(me, other), relation_key(other, me));
    if mine.status.is_none() && !mine.blocked {
        return vec![
            Write::Delete(places.0, as_read(Expression::default(), Some(mine))),
            Write::Delete(places.1, Expression::default()),
        ];
    }
    let update = as_read(Expression::update("REMOVE blocks"), Some(mine));
    let mut writes = vec![Write::Update(places.0, update)];
    if is_there {
        let update = Expression::update("REMOVE blocked").and_when("attribute_exists(pk)");
        writes.push(Write::Update(places.1, update));
    }
    if let Some(chat_id) = PairId::of(me, other)
        && mine.status == Some(Status::Matched)
    {
        writes.push(closing(chat_id, "DELETE", me));
    }
    writes
}
