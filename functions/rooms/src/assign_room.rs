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
    assign::{self, Draw, Drawn},
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
    #[schema(pattern = "^([0-9]|[01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")]
    pub time: Option<String>,
    /// Draw it though it is not due: who enrolls from then on walks in.
    #[garde(skip)]
    #[schema(example = true)]
    pub confirm: Option<bool>,
}

/// Draw a slot's rooms
///
/// Repeating it answers the same and changes nothing. A slot that is not due yet, more than ten minutes
/// before its start, is drawn with `confirm` only.
#[utoipa::path(
    post,
    path = "/assign_room/",
    operation_id = "assignRooms",
    tag = "rooms",
    security(("access_token" = ["operator"])),
    request_body = Option<AssignRoomRequest>,
    responses(
        (status = 200, description = "What was drawn", body = Drawn),
        (status = 400, description = "Unknown slot, past, more than 30 days ahead, or not due yet and not confirmed", body = ErrorBody),
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
    let now = app.now();
    let over = slot.end <= now;
    let early = now < slot.drawn_at() && body.confirm != Some(true);
    if over || early {
        let draw = assign::read(&app, slot.id()).await?;
        return match draw.filter(Draw::is_drawn) {
            Some(draw) => Ok(axum::Json(assign::outcome(&slot, &draw))),
            None if over => Err(Error::conflict("the slot is over")),
            None => Err(Error::invalid(
                "confirm",
                format!(
                    "the rooms are due to be drawn at {}; confirm that they are drawn now",
                    slot.drawn_at()
                ),
            )),
        };
    }
    Ok(axum::Json(assign::assign(&app, &slot).await?))
}

/// Draw the rooms of the slot at this time
#[utoipa::path(
    post,
    path = "/assign_room/{time}",
    operation_id = "assignRoomsAt",
    tag = "rooms",
    security(("access_token" = ["operator"])),
    params(("time" = String, Path, description = "The slot's time", pattern = "^([0-9]|[01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")),
    request_body = Option<AssignRoomRequest>,
    responses(
        (status = 200, description = "What was drawn", body = Drawn),
        (status = 400, description = "Unknown slot, past, more than 30 days ahead, or not due yet and not confirmed", body = ErrorBody),
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
    let slots = state.0.config::<Slots>()?;
    let at = slots.requested_time(&time)?;
    if let Some(other) = &body.time
        && slots.requested_time(other)? != at
    {
        return Err(Error::invalid("time", "time differs from the path's"));
    }
    body.time = Some(time);
    assign_room(state, operator, OptionalJson(body)).await
}
