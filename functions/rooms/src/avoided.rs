//! `GET /me/avoid`: whom I do not wish to meet.

use axum::extract::State;
use enishi_shared::{App, Function, Result, UserId, auth::User, error::ErrorBody};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::wishes;

/// `rooms-avoided`
pub const FUNCTION: Function = Function::http("rooms-avoided", || {
    OpenApiRouter::new().routes(routes!(avoided))
})
.budget(1);

/// Somebody whom one does not wish to meet.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Avoided {
    /// The name under which one met them.
    #[schema(example = "hanako")]
    pub username: String,
    /// Their id.
    pub user_id: UserId,
}

/// Whom I do not wish to meet
///
/// At most fifty, in the order of their names. Somebody who has closed their account is no more among
/// them.
#[utoipa::path(
    get,
    path = "/me/avoid",
    operation_id = "listPeopleIAvoid",
    tag = "rooms",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "Those whom one named", body = [Avoided]),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
    )
)]
pub async fn avoided(State(app): State<App>, user: User) -> Result<axum::Json<Vec<Avoided>>> {
    let named = wishes::read(&app, user.id).await?.avoids.into_iter();
    let mut people: Vec<Avoided> = named
        .map(|(user_id, username)| Avoided { username, user_id })
        .collect();
    people.sort();
    Ok(axum::Json(people))
}
