//! `GET /api/visits/blocks`: whom I have blocked.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    store::{decode, s},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    block::{Block, blocks as partition},
    block_visitor::BlockedVisitor,
    profile::table,
};

/// `visits-blocks`
///
/// Budget: more only where somebody has more than a megabyte of them, thousands.
pub const FUNCTION: Function = Function::http("visits-blocks", || {
    OpenApiRouter::new().routes(routes!(blocks))
})
.budget(1);

/// Whom I have blocked
///
/// All of them, in no order that would tell anything.
#[utoipa::path(
    get, path = "/api/visits/blocks", tag = "visits",
    operation_id = "listBlockedVisitors",
    security(("access_token" = [])),
    responses(
        (status = 200, body = [BlockedVisitor], description = "Whom one has blocked"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn blocks(State(app): State<App>, user: User) -> Result<axum::Json<Vec<BlockedVisitor>>> {
    let query = table(&app)?.query("pk = :pk");
    let rows = query.value(":pk", s(partition(user.id))).all().await?;
    let mut blocked = Vec::new();
    for row in rows {
        let block: Block = decode(row)?;
        if block.by_me {
            blocked.push(BlockedVisitor {
                speaker_id: block.visitor_id,
            });
        }
    }
    // They lie in the order of the accounts, which tells which was made first.
    blocked.sort_by_key(|blocked| blocked.speaker_id);
    Ok(axum::Json(blocked))
}
