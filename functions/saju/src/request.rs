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
    idempotency::IdempotencyKey,
    store::{Outcome, Transaction, decode},
    throttle::{self, Limit},
};
use garde::Validate;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pair::PairId,
    profile::{Profile, check_exists, profile_key, profile_missing, table, today},
    relation::{Relation, Status, listing, relation_key},
    score,
};

/// `saju-request`
///
/// Budget: both profiles and what is between the two; the throttle; the request.
pub const FUNCTION: Function = crate::http("saju-request", || {
    OpenApiRouter::new().routes(routes!(request))
})
.budget(3);

/// How many one person may ask.
const BY_ONE_PERSON: Limit = Limit::new("MATCH_REQUEST_RATE", 50, 24 * 60 * 60);

/// Who is asked.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchRequest {
    /// Another person: not yourself.
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
/// There is one request a pair, whichever way round; a declined one stands for good. It reaches nobody
/// who is not `listed`, or whose wishes (gender, ages, location) exclude the caller: to these, there is
/// nobody.
#[utoipa::path(
    post,
    path = "/api/matches/request",
    operation_id = "requestMatch",
    tag = "saju",
    security(("access_token" = [])),
    params(IdempotencyKey),
    request_body = MatchRequest,
    responses(
        (status = 201, description = "Asked", body = MatchStatus),
        (status = 400, description = "`receiver_id` is missing, is not an id, or is your own", body = ErrorBody),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "Nobody to be asked, or nobody who wants to be asked by the caller", body = ErrorBody),
        (status = 409, description = "`Match request already exists`, either way round; or the `Idempotency-Key` was used for something else", body = ErrorBody),
        (status = 429, description = "Too many requests for a match; `Retry-After` says when", body = ErrorBody),
    )
)]
pub async fn request(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(body): Json<MatchRequest>,
) -> Result<impl IntoResponse> {
    let (me, other) = (user.id, body.receiver_id);
    let Some(match_id) = PairId::of(me, other) else {
        return Err(Error::invalid(
            "receiver_id",
            "you cannot send a request to yourself",
        ));
    };
    let creation = key.creation(&app, &format!("saju-request\n{me}"), &body)?;
    let table = table(&app)?;
    let places = [profile_key(me), profile_key(other), relation_key(me, other)];
    let mut found = table.batch_get(&places).await?;
    let [mine, theirs, between] = places.map(|place| found.remove(&place));
    let mine: Profile = decode(mine.ok_or_else(profile_missing)?)?;
    let theirs: Profile = decode(theirs.ok_or_else(|| Error::not_found("user"))?)?;
    throttle::count(
        &app,
        &table,
        "match-request",
        &me.to_string(),
        &BY_ONE_PERSON,
    )
    .await?;

    let created_at = app.now();
    // Where there is a request already, it decides what is answered.
    if between.is_none() && !may_ask(&mine, &theirs, today(created_at)) {
        return Err(Error::not_found("user"));
    }
    let (mine, theirs) = (mine.candidate, theirs.candidate);
    let score = score::score_of(&mine.side()?, &theirs.side()?);
    let mut tx = Transaction::new(&app);
    let mut row = |user_id, other_id| {
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
        tx.create(&table, relation_key(user_id, other_id), &row)
    };
    let my_row = row(me, other)?;
    row(other, me)?;
    let my_profile = check_exists(&mut tx, &table, me);
    let their_profile = check_exists(&mut tx, &table, other);
    let outcome = tx.commit_once(&table, creation.as_ref(), &match_id).await?;
    let (refused, replayed) = match outcome {
        Outcome::Done => (None, false),
        Outcome::Replayed { refused, .. } => (Some(refused), true),
        Outcome::Refused(refused) => (Some(refused), false),
    };
    if let Some(refused) = refused {
        if refused.is(my_profile) {
            return Err(profile_missing());
        }
        if refused.is(their_profile) {
            return Err(Error::not_found("user"));
        }
        refusal(refused.item(my_row)?.as_ref(), me, replayed)?;
    }
    let status = Status::Requested;
    Ok((
        StatusCode::CREATED,
        axum::Json(MatchStatus { match_id, status }),
    ))
}

/// Whether `theirs` wants to be asked, and by somebody like `mine`.
fn may_ask(mine: &Profile, theirs: &Profile, today: Date) -> bool {
    !theirs.standing.unlisted && theirs.candidate.accepts(&mine.candidate, today)
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
