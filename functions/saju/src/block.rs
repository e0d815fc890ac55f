//! `POST /api/blocks`: block somebody.
//!
//! A block stands in the rows of both and, where the two have a chat, in the chat: there every
//! message meets it. The transaction holds to the status that was read, so that a request accepted
//! in the same moment either finds the block or has its chat closed by it.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::Json,
    store::{AttributeValue, Committed, Expression, Write, decode, s},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    chat::chat_key,
    pair::PairId,
    profile::{exists, profile_key, table},
    relation::{Relation, Status, as_read, relation_key},
};

/// `saju-block`
///
/// Budget: both profiles and what is between the two; the block. 1 when the block stands already.
pub const FUNCTION: Function =
    Function::http("saju-block", || OpenApiRouter::new().routes(routes!(block)))
        .with_error_field()
        .budget(2);

/// Attempts while what is between the two changes at the same time.
pub const ATTEMPTS: usize = 8;

/// Whom to block, or who is blocked.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Anybody but oneself.
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
    tag = "saju",
    security(("access_token" = [])),
    request_body = Block,
    responses(
        (status = 201, description = "Blocked", body = Block),
        (status = 400, description = "`user_id` is missing, no id, or oneself", body = ErrorBody),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 404, description = "No such user", body = ErrorBody),
    )
)]
pub async fn block(
    State(app): State<App>,
    user: User,
    Json(body): Json<Block>,
) -> Result<impl IntoResponse> {
    let (me, other) = (UserId::of(&user)?, body.user_id);
    let Some(chat_id) = PairId::of(me, other) else {
        return Err(Error::invalid("user_id", "user_id is oneself"));
    };
    let table = table(&app)?;
    for _ in 0..ATTEMPTS {
        let places = [profile_key(me), profile_key(other), relation_key(me, other)];
        let mut found = table.batch_get(&places).await?;
        let [mine, theirs, row] = places.map(|place| found.remove(&place));
        mine.ok_or_else(Error::token_invalid)?;
        theirs.ok_or_else(|| Error::not_found("user"))?;
        let row: Option<Relation> = row.map(decode).transpose()?;
        if row.as_ref().is_some_and(|row| row.blocks) {
            return Ok((StatusCode::CREATED, axum::Json(body)));
        }
        let mut writes = vec![
            Write::Update(
                relation_key(me, other),
                as_read(mark(me, other, "blocks"), row.as_ref()),
            ),
            Write::Update(relation_key(other, me), mark(other, me, "blocked")),
            exists(me),
            exists(other),
        ];
        if row.is_some_and(|row| row.status == Some(Status::Matched)) {
            writes.push(closing(chat_id, "ADD", me));
        }
        if let Committed::Done = table.transact(writes).await? {
            return Ok((StatusCode::CREATED, axum::Json(body)));
        }
    }
    Err(Error::unavailable(1))
}

/// Sets `flag` in the row of `user_id` about `other_id`, and makes the row where there is none.
fn mark(user_id: UserId, other_id: UserId, flag: &str) -> Expression {
    Expression::update(format!(
        "SET user_id = :user, other_id = :other, {flag} = :true"
    ))
    .value(":user", s(user_id.to_string()))
    .value(":other", s(other_id.to_string()))
    .value(":true", AttributeValue::Bool(true))
}

/// `ADD`s somebody to those who stop a chat, or `DELETE`s them.
pub fn closing(chat_id: PairId, clause: &str, user_id: UserId) -> Write {
    Write::Update(
        chat_key(chat_id),
        Expression::update(format!("{clause} blocked_by :who"))
            .and_when("attribute_exists(pk)")
            .value(":who", AttributeValue::Ss(vec![user_id.to_string()])),
    )
}
