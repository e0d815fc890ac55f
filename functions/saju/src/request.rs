//! `POST /api/matches/request`: ask somebody for a match.
//!
//! Both rows are created where none is, in one transaction: of two requests, the same or one each
//! way, one is made.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::Json,
    idempotency::{Creation, IdempotencyKey},
    store::{Committed, Item, Write, decode},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pair::PairId,
    profile::{Candidate, exists, profile_key, table},
    relation::{Relation, Status, listing, relation_key},
    score,
};

/// `saju-request`
///
/// Budget: both profiles; the request.
pub const FUNCTION: Function = Function::http("saju-request", || {
    OpenApiRouter::new().routes(routes!(request))
})
.with_error_field()
.budget(2);

/// The positions of the transaction's parts that may be refused.
const ROW: usize = 0;
const REQUESTER: usize = 2;
const RECEIVER: usize = 3;
const KEY: usize = 4;

/// Who is asked.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchRequest {
    /// Anybody but oneself.
    #[garde(skip)]
    pub receiver_id: UserId,
}

/// A match and where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchStatus {
    /// The match.
    pub match_id: PairId,
    /// Where it stands now.
    pub status: Status,
}

/// Ask for a match
///
/// There is one request a pair, whichever way round; a declined one stands for good.
#[utoipa::path(
    post,
    path = "/api/matches/request",
    tag = "saju",
    security(("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body answers the same, for 24 hours")),
    request_body = MatchRequest,
    responses(
        (status = 201, description = "Asked", body = MatchStatus),
        (status = 400, description = "`receiver_id` is missing, no id, or oneself", body = ErrorBody),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 404, description = "Nobody to be asked", body = ErrorBody),
        (status = 409, description = "`Match request already exists`, either way round; or the `Idempotency-Key` was used for something else", body = ErrorBody),
    )
)]
pub async fn request(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(body): Json<MatchRequest>,
) -> Result<impl IntoResponse> {
    let (me, other) = (UserId::of(&user)?, body.receiver_id);
    let Some(match_id) = PairId::of(me, other) else {
        return Err(Error::invalid("receiver_id", "receiver_id is oneself"));
    };
    let creation = key
        .0
        .map(|key| Creation::new(&app, &format!("saju-request\n{me}"), &key, &body))
        .transpose()?;
    let table = table(&app)?;
    let places = [profile_key(me), profile_key(other)];
    let mut profiles = table.batch_get(&places).await?;
    let [mine, theirs] = places.map(|place| profiles.remove(&place));
    let mine: Candidate = decode(mine.ok_or_else(Error::token_invalid)?)?;
    let theirs: Candidate = decode(theirs.ok_or_else(|| Error::not_found("user"))?)?;

    let created_at = app.now();
    let score = score::score_of(&mine.birth()?.pillars(), &theirs.birth()?.pillars());
    let row = |user_id, other_id| {
        let row = Relation {
            user_id,
            other_id,
            status: Some(Status::Requested),
            requester_id: Some(me),
            compatibility_score: Some(score),
            created_at: Some(created_at),
            blocks: false,
            blocked: false,
            listing_key: Some(listing(user_id)),
            listing_order: Some(created_at.as_millisecond()),
        };
        Write::create(relation_key(user_id, other_id), &row)
    };
    let mut writes = vec![row(me, other)?, row(other, me)?, exists(me), exists(other)];
    if let Some(creation) = &creation {
        writes.push(creation.remember(&match_id.to_string())?);
    }
    let mut refused: [Option<Option<Item>>; KEY + 1] = [const { None }; KEY + 1];
    if let Committed::Refused(refusals) = table.transact(writes).await? {
        for refusal in refusals {
            if let Some(part) = refused.get_mut(refusal.part) {
                *part = Some(refusal.item);
            }
        }
        let row = refused[ROW].take().flatten().map(decode).transpose()?;
        if refused[REQUESTER].is_some() {
            return Err(Error::token_invalid());
        }
        if refused[RECEIVER].is_some() {
            return Err(Error::not_found("user"));
        }
        let replayed = match (&creation, refused[KEY].take().flatten()) {
            (Some(creation), Some(record)) => creation.recall(&app, record)?.is_some(),
            _ => false,
        };
        refusal(row.as_ref(), me, replayed)?;
    }
    let status = Status::Requested;
    Ok((
        StatusCode::CREATED,
        axum::Json(MatchStatus { match_id, status }),
    ))
}

/// Why a request was not made; `Ok` where it was, when the key came for the first time.
fn refusal(row: Option<&Relation>, me: UserId, replayed: bool) -> Result<()> {
    match row {
        Some(row) if replayed && row.requester_id == Some(me) => Ok(()),
        Some(row) if row.is_blocked() => Err(Error::not_found("user")),
        None if replayed => Err(Error::conflict(
            "this Idempotency-Key was used for a request that is gone",
        )),
        Some(_) => Err(Error::conflict("Match request already exists")),
        // The rows of a pair come and go together.
        None => Err(Error::internal("one of a pair's two rows is alone")),
    }
}
