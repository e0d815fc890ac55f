//! `POST /assign_room/`: an operator draws a slot's rooms, or sees what was drawn.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    auth::Operator,
    error::ErrorBody,
    http::{OptionalJson, Path},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    assign::{Drawn, assign},
    slot::Slots,
};

/// `rooms-assign-room`
///
/// Budget: of each person, and mostly much less, as `rooms-assign`; 1 to repeat it.
pub const FUNCTION: Function = Function::http("rooms-assign-room", || {
    OpenApiRouter::new()
        .routes(routes!(assign_room))
        .routes(routes!(assign_room_at))
})
.budget(1);

/// Which slot.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignRoomRequest {
    /// The day, where the slots are; today unless told.
    #[garde(skip)]
    #[schema(example = "2026-11-21", format = Date)]
    pub date: Option<String>,
    /// The slot's time; the first of the day unless told.
    #[garde(skip)]
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00")]
    pub time: Option<String>,
}

/// Draw a slot's rooms
///
/// Repeating it answers the same and changes nothing.
#[utoipa::path(
    post,
    path = "/assign_room/",
    operation_id = "assignRooms",
    tag = "rooms",
    security(("access_token" = ["operator"])),
    request_body = Option<AssignRoomRequest>,
    responses(
        (status = 200, description = "What was drawn", body = Drawn),
        (status = 400, description = "Unknown slot, past, or more than 30 days ahead", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 403, description = "Not an operator", body = ErrorBody),
        (status = 409, description = "The slot is over and was never drawn", body = ErrorBody),
    )
)]
pub async fn assign_room(
    State(app): State<App>,
    _: Operator,
    OptionalJson(body): OptionalJson<AssignRoomRequest>,
) -> Result<axum::Json<Drawn>> {
    let slots = app.config::<Slots>()?;
    let today = slots.today(app.now()).to_string();
    let date = body.date.as_deref().unwrap_or(&today);
    let slot = slots.requested(app.now(), date, body.time.as_deref())?;
    if slot.end <= app.now() && !crate::enrollment::is_drawn(&app, slot.id()).await? {
        return Err(Error::conflict("the slot is over"));
    }
    Ok(axum::Json(assign(&app, &slot).await?))
}

/// Draw the rooms of the slot at this time
#[utoipa::path(
    post,
    path = "/assign_room/{time}",
    operation_id = "assignRoomsAt",
    tag = "rooms",
    security(("access_token" = ["operator"])),
    params(("time" = String, Path, description = "The slot's time", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00")),
    request_body = Option<AssignRoomRequest>,
    responses(
        (status = 200, description = "What was drawn", body = Drawn),
        (status = 400, description = "Unknown slot, past, or more than 30 days ahead", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 403, description = "Not an operator", body = ErrorBody),
        (status = 409, description = "The slot is over and was never drawn", body = ErrorBody),
    )
)]
pub async fn assign_room_at(
    state: State<App>,
    operator: Operator,
    Path(time): Path<String>,
    OptionalJson(mut body): OptionalJson<AssignRoomRequest>,
) -> Result<axum::Json<Drawn>> {
    if body.time.as_ref().is_some_and(|other| *other != time) {
        return Err(Error::invalid("time", "time differs from the path's"));
    }
    body.time = Some(time);
    assign_room(state, operator, OptionalJson(body)).await
}
