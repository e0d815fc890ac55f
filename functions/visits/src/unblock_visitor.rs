//! `DELETE /api/visits/blocks/{speaker_id}`: lifts one's own block.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Path, no_content},
    store::{Change, Outcome, Race, Transaction, when},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    block::{Block, block_key},
    profile::{Visitor, VisitorId, table},
};

/// `visits-unblock-visitor`
///
/// Budget: who it is; the block; the change. 2 when there is none, 1 when there is nobody.
pub const FUNCTION: Function = Function::http("visits-unblock-visitor", || {
    OpenApiRouter::new().routes(routes!(unblock_visitor))
})
.budget(3);

/// Lifts a block
///
/// Only one's own: where the other blocks too, that one stays. Where there is no block, nothing happens.
#[utoipa::path(
    delete, path = "/api/visits/blocks/{speaker_id}", tag = "visits",
    operation_id = "unblockVisitor",
    security(("access_token" = [])),
    params(("speaker_id" = VisitorId, Path, description = "What they are known by")),
    responses(
        (status = 204, description = "Not blocked any more"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "`speaker_id` is no id"),
    )
)]
pub async fn unblock_visitor(
    State(app): State<App>,
    user: User,
    Path(speaker_id): Path<VisitorId>,
) -> Result<Response> {
    let me = user.id;
    let table = table(&app)?;
    // With the account goes the block.
    let Some(Visitor { user_id: other }) = table.get(&speaker_id.key()).await? else {
        return Ok(no_content());
    };
    let mut race = Race::new(&app);
    loop {
        let mine: Option<Block> = table.get(&block_key(me, other)).await?;
        let Some(mine) = mine.filter(|row| row.by_me) else {
            return Ok(no_content());
        };
        let mut tx = Transaction::new(&app);
        if mine.by_them {
            let lifted = Change::new().remove("by_me");
            tx.update(
                &table,
                block_key(me, other),
                lifted.when(when().exists("by_them")),
            );
            let lifted = Change::new().remove("by_them");
            tx.update(
                &table,
                block_key(other, me),
                lifted.when(when().exists("by_me")),
            );
        } else {
            let only_mine = when().absent("by_them");
            tx.delete_when(&table, block_key(me, other), only_mine);
            tx.delete(&table, block_key(other, me));
        }
        match tx.commit().await? {
            Outcome::Done => return Ok(no_content()),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
