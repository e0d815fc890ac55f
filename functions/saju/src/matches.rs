//! `GET /api/matches`: the requests one sent and received.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{
    App, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::Query,
    listing::{self, Listing},
    page::PageQuery,
    store::{Item, decode},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pair::PairId,
    profile::{Profile, partition, profile_key, table, today},
    relation::{self, Relation, Status, relation_key},
};

/// `saju-matches`
///
/// Budget: which ones; the requests and the partners. 1 when there are none.
pub const FUNCTION: Function = crate::http("saju-matches", || {
    OpenApiRouter::new().routes(routes!(matches))
})
.budget(2);

/// Two items a request fit into one batch of 100.
type MatchesQuery = PageQuery<50>;

/// Which way a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// One asked.
    Sent,
    /// One was asked.
    Received,
}

/// A request, as one of the two sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Match {
    /// The match.
    pub match_id: PairId,
    /// Which way it went.
    pub direction: Direction,
    /// Where it stands.
    pub status: Status,
    /// 0–100, as it was at the request.
    #[schema(minimum = 0, maximum = 100, example = 78)]
    pub compatibility_score: u8,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:00:00Z")]
    pub created_at: Timestamp,
    /// The chat of an accepted one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chat_id: Option<PairId>,
    /// The other.
    pub partner: MatchPartner,
}

/// The other of a match. All but the id is null when they have closed their account.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchPartner {
    /// The person.
    pub user_id: UserId,
    /// The name others see.
    #[schema(required, example = "지우")]
    pub name: Option<String>,
    /// Completed years at Korean time.
    #[schema(required, example = 31)]
    pub age: Option<u8>,
    /// Their picture, if they have one.
    #[schema(required, example = "https://photos.example.com/photos/1.jpg")]
    pub profile_img_url: Option<String>,
}

/// A request, as the index has it.
#[derive(Deserialize)]
struct Row {
    other_id: UserId,
}

/// My requests, sent and received, newest first
///
/// One who blocks the other or is blocked is left out, and so is what has ended, so a page may be shorter than its limit;
/// while there is a `Link`, there is more.
#[utoipa::path(
    get,
    path = "/api/matches",
    operation_id = "listMyMatches",
    tag = "saju",
    security(("access_token" = [])),
    params(MatchesQuery),
    responses(
        (status = 200, description = "The requests; `Link` leads to the next page", body = [Match]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn matches(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<MatchesQuery>,
) -> Result<impl IntoResponse> {
    let me = user.id;
    let table = table(&app)?;
    let list = relation::listing(me);
    let Listing::<Row> { rows, next } =
        listing::page(&table, &partition(me), &list, &query, &uri).await?;
    let keys: Vec<_> = rows
        .iter()
        .flat_map(|row| [relation_key(me, row.other_id), profile_key(row.other_id)])
        .collect();
    let mut found = table.batch_get(&keys).await?;
    let mut list = Vec::with_capacity(rows.len());
    for Row { other_id } in rows {
        // The index may lag behind: what was taken back is not there any more.
        let row = found.remove(&relation_key(me, other_id));
        let profile = found.remove(&profile_key(other_id));
        if let Some(row) = row {
            list.extend(shown(&app, me, decode(row)?, profile)?);
        }
    }
    Ok((next, axum::Json(list)))
}

/// A row as it is shown, if it is.
fn shown(app: &App, me: UserId, row: Relation, profile: Option<Item>) -> Result<Option<Match>> {
    let (Some(status), Some(created_at), Some(match_id), true) = (
        row.status,
        row.created_at,
        PairId::of(me, row.other_id),
        row.is_shown(),
    ) else {
        return Ok(None);
    };
    let profile: Option<Profile> = profile.map(decode).transpose()?;
    let age = |profile: &Profile| profile.candidate.age(today(app.now()));
    Ok(Some(Match {
        match_id,
        direction: match row.requester_id {
            Some(id) if id == me => Direction::Sent,
            _ => Direction::Received,
        },
        status,
        compatibility_score: row.compatibility_score.unwrap_or_default(),
        created_at,
        chat_id: (status == Status::Matched).then_some(match_id),
        partner: MatchPartner {
            user_id: row.other_id,
            age: profile.as_ref().map(age),
            name: profile.as_ref().map(|profile| profile.name.clone()),
            profile_img_url: profile.and_then(|profile| profile.profile_img_url),
        },
    }))
}
