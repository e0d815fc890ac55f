//! `GET /me/schedule`: when I come every week.

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::weekly::{self, Schedule};

/// `rooms-schedule`
pub const FUNCTION: Function = Function::http("rooms-schedule", || {
    OpenApiRouter::new().routes(routes!(schedule))
})
.budget(1);

/// When I come every week
#[utoipa::path(
    get,
    path = "/me/schedule",
    operation_id = "getMySchedule",
    tag = "rooms",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "The schedule; without days where there is none", body = Schedule),
        (status = 401, description = "No valid access token", body = ErrorBody),
    )
)]
pub async fn schedule(State(app): State<App>, user: User) -> Result<axum::Json<Schedule>> {
    let stored = weekly::read(&app, user.id).await?;
    Ok(axum::Json(
        stored.map_or_else(Schedule::default, |weekly| weekly.schedule),
    ))
}
