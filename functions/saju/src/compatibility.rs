//! `GET /api/matches/{user_id}/compatibility`: how well two people's pillars go together.

use axum::{Json, extract::State};
use enishi_shared::{
    App, Error, Function, Result, UserId, auth::User, error::ErrorBody, http::Path, store::decode,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    profile::{Profile, profile_key, profile_missing, table},
    relation::{Relation, relation_key},
    score::{Compatibility, Part},
};

/// `saju-compatibility`
pub const FUNCTION: Function = crate::http("saju-compatibility", || {
    OpenApiRouter::new().routes(routes!(compatibility))
})
.budget(1);

/// How well somebody's pillars go with the caller's.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompatibilityResponse {
    /// The other person.
    pub user_id: UserId,
    /// The same whichever of the two asks.
    #[schema(example = 84, minimum = 0, maximum = 100)]
    pub score: u8,
    /// What the score is made of.
    pub breakdown: Vec<Part>,
}

/// How well we go together
#[utoipa::path(
    get,
    path = "/api/matches/{user_id}/compatibility",
    operation_id = "getCompatibility",
    tag = "saju",
    security(("access_token" = [])),
    params(("user_id" = UserId, Path, description = "The other person")),
    responses(
        (status = 200, description = "The score and its parts", body = CompatibilityResponse),
        (status = 400, description = "`user_id` is the caller's own", body = ErrorBody),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "No such person, or one of the two has blocked the other", body = ErrorBody),
    )
)]
pub async fn compatibility(
    State(app): State<App>,
    user: User,
    Path(other): Path<UserId>,
) -> Result<Json<CompatibilityResponse>> {
    let me = user.id;
    if other == me {
        let message = "you cannot be compared with yourself";
        return Err(Error::invalid("user_id", message));
    }
    let (mine, theirs, relation) = (profile_key(me), profile_key(other), relation_key(me, other));
    let keys = [mine.clone(), theirs.clone(), relation.clone()];
    let mut items = table(&app)?.batch_get(&keys).await?;
    let mut profile =
        |key| -> Result<Option<Profile>> { items.remove(&key).map(decode).transpose() };
    let mine = profile(mine)?.ok_or_else(profile_missing)?;
    let theirs = profile(theirs)?.ok_or_else(|| Error::not_found("user"))?;
    let relation: Option<Relation> = items.remove(&relation).map(decode).transpose()?;
    if relation.is_some_and(|relation| relation.is_blocked()) {
        return Err(Error::not_found("user"));
    }
    let compatibility = Compatibility::of(&mine.candidate.side()?, &theirs.candidate.side()?);
    Ok(Json(CompatibilityResponse {
        user_id: other,
        score: compatibility.score,
        breakdown: compatibility.breakdown,
    }))
}
