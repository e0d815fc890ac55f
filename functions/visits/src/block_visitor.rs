//! `POST /api/visits/blocks`: blocks somebody. What there is between the two stays as it is.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Json,
    store::{Change, Outcome, Race, Transaction, decode, when},
    throttle::{self, Limit},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    block::{Block, block_key},
    matching::{self, MatchingId},
    profile::{Profile, Visitor, VisitorId, profile_key, profile_missing, table},
};

/// `visits-block-visitor`
///
/// Budget: the throttle; who it is; both profiles and what stands between them; the block. 3 when it stands
/// already.
pub const FUNCTION: Function = Function::http("visits-block-visitor", || {
    OpenApiRouter::new().routes(routes!(block_visitor))
})
.budget(4);

/// How many one person may block.
const BY_ONE_PERSON: Limit = Limit::new("BLOCK_RATE", 60, 60 * 60);

/// Whom to block: one of the two.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"speaker_id": "9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e"}))]
pub struct BlockVisitorRequest {
    /// What they are known by.
    #[garde(skip)]
    pub speaker_id: Option<VisitorId>,
    /// The other of this matching.
    #[garde(skip)]
    pub matching_id: Option<MatchingId>,
}

/// Who is blocked.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockedVisitor {
    /// What they are known by, a student too.
    pub speaker_id: VisitorId,
}

/// Blocks somebody
///
/// It works both ways: neither finds, asks or writes to the other. What was agreed on stays, and either may
/// cancel it. Blocking again answers the same.
#[utoipa::path(
    post, path = "/api/visits/blocks", tag = "visits",
    operation_id = "blockVisitor",
    security(("access_token" = [])),
    request_body = BlockVisitorRequest,
    responses(
        (status = 201, body = BlockedVisitor, description = "Blocked"),
        (status = 400, body = ErrorBody, description = "Neither `speaker_id` nor `matching_id`, or both, or one's own"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, body = ErrorBody, description = "Nobody who is known so, or no such matching of the caller's"),
        (status = 429, body = ErrorBody, description = "Too many blocks; `Retry-After` says when"),
    )
)]
pub async fn block_visitor(
    State(app): State<App>,
    user: User,
    Json(body): Json<BlockVisitorRequest>,
) -> Result<impl IntoResponse> {
    let me = user.id;
    let table = table(&app)?;
    throttle::count(&app, &table, "block", &me.to_string(), &BY_ONE_PERSON).await?;
    let missing = || Error::not_found("speaker");
    let other = match (body.speaker_id, body.matching_id) {
        (Some(speaker_id), None) => {
            let visitor = table.get::<Visitor>(&speaker_id.key()).await?;
            visitor.ok_or_else(missing)?.user_id
        }
        (None, Some(id)) => {
            let (matching, party) = matching::find(&table, me, id).await?;
            matching.user(party.other())
        }
        (None, None) => return Err(Error::missing("speaker_id")),
        (Some(_), Some(_)) => {
            let sentence = "speaker_id and matching_id exclude each other";
            return Err(Error::invalid("matching_id", sentence));
        }
    };
    if other == me {
        return Err(Error::invalid("speaker_id", "you cannot block yourself"));
    }
    let mut race = Race::new(&app);
    loop {
        let places = [profile_key(me), profile_key(other), block_key(me, other)];
        let mut found = table.batch_get(&places).await?;
        let [mine, theirs, row] = places.map(|place| found.remove(&place));
        let mine = mine.map(decode::<Profile>).transpose()?;
        let mine = mine.ok_or_else(profile_missing)?.visitor_id;
        let theirs = theirs.map(decode::<Profile>).transpose()?;
        let theirs = theirs.ok_or_else(missing)?.visitor_id;
        let blocked = BlockedVisitor { speaker_id: theirs };
        let answer = Ok((StatusCode::CREATED, axum::Json(blocked)));
        let row = row.map(decode::<Block>).transpose()?;
        if row.is_some_and(|row| row.by_me) {
            return answer;
        }
        let mut tx = Transaction::new(&app);
        let row = |visitor_id: VisitorId, whose: &str| {
            let row = Change::new().set("visitor_id", visitor_id);
            row.set(whose, true)
        };
        tx.update(&table, block_key(me, other), row(theirs, "by_me"));
        tx.update(&table, block_key(other, me), row(mine, "by_them"));
        for person in [me, other] {
            tx.check(&table, profile_key(person), when().exists("pk"));
        }
        match tx.commit().await? {
            Outcome::Done => return answer,
            // One of the two has closed their account: the next reading shows which.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
