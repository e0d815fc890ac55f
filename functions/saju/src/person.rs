//! `GET /api/matches/{user_id}/profile`: somebody's profile, to look at before one answers or asks.

use axum::{Json, extract::State};
use enishi_shared::{
    App, Error, Function, Result, UserId, auth::User, error::ErrorBody, http::Path, store::decode,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    profile::{Profile, profile_key, profile_missing, table, today},
    recommendations::{
        Recommendation,
        draw::{self, list_key},
    },
    relation::{Relation, Status, relation_key},
};

/// `saju-person`
pub const FUNCTION: Function = crate::http("saju-person", || {
    OpenApiRouter::new().routes(routes!(person))
})
.budget(1);

/// Somebody, as one may see them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MatchProfile)]
pub struct Person {
    /// As in the day's recommendations.
    #[serde(flatten)]
    pub seen: Recommendation,
    /// What they do.
    #[schema(required, example = "사서")]
    pub job: Option<String>,
}

/// Somebody's profile
///
/// Of those who asked the caller, are on the caller's list of recommendations of today, or are matched
/// with the caller. To everybody else there is none.
#[utoipa::path(
    get,
    path = "/api/matches/{user_id}/profile",
    operation_id = "getMatchProfile",
    tag = "saju",
    security(("access_token" = [])),
    params(("user_id" = UserId, Path, description = "The other person")),
    responses(
        (status = 200, description = "The profile", body = Person),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "No such person, or none whose profile the caller may see", body = ErrorBody),
    )
)]
pub async fn person(
    State(app): State<App>,
    user: User,
    Path(other): Path<UserId>,
) -> Result<Json<Person>> {
    let (me, today) = (user.id, today(app.now()));
    if other == me {
        return Err(Error::not_found("user"));
    }
    let places = [
        profile_key(me),
        profile_key(other),
        relation_key(me, other),
        list_key(me, today),
    ];
    let mut found = table(&app)?.batch_get(&places).await?;
    let [mine, theirs, between, list] = places.map(|place| found.remove(&place));
    let mine: Profile = decode(mine.ok_or_else(profile_missing)?)?;
    let theirs: Profile = decode(theirs.ok_or_else(|| Error::not_found("user"))?)?;
    let between: Option<Relation> = between.map(decode).transpose()?;
    let list = list.map(draw::people).transpose()?.unwrap_or_default();
    if !may_see(between.as_ref(), list.contains(&other), &theirs) {
        return Err(Error::not_found("user"));
    }
    Ok(Json(Person {
        job: theirs.job.clone(),
        seen: Recommendation::of(&mine, theirs, today)?,
    }))
}

/// Whether the caller may see `theirs`: by what is `between` them, or because they are `listed` among the
/// caller's recommendations of today.
fn may_see(between: Option<&Relation>, listed: bool, theirs: &Profile) -> bool {
    let Some(between) = between else {
        return listed && !theirs.standing.unlisted;
    };
    let asked_by_them = between.requester_id == Some(theirs.candidate.user_id);
    !between.is_blocked()
        && match between.status {
            Some(Status::Requested) => asked_by_them || listed,
            Some(Status::Matched) => true,
            Some(Status::Declined | Status::Ended) | None => false,
        }
}
