//! `POST /participated`: I am here.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, auth::User, error::ErrorBody, http::OptionalJson,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    enrollment::{moved_away, placed},
    seating::{find_seat, mark_participant, read_room},
    slot::{RoomId, Slots},
};

/// `rooms-participated`
///
/// Budget: for those who were moved to another room and name none; 3 for those who walked in, 2 for the others.
#[allow(deprecated)]
pub const FUNCTION: Function = Function::http("rooms-participated", || {
    OpenApiRouter::new()
        .routes(routes!(participated))
        .routes(routes!(paticipated))
})
.budget(4);

/// In which room.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParticipatedRequest {
    /// The room; that of the present slot unless told.
    #[garde(skip)]
    #[schema(value_type = Option<RoomId>)]
    pub room_id: Option<String>,
}

/// That one takes part.
#[derive(Debug, Serialize, ToSchema)]
pub struct Participated {
    /// The room.
    #[schema(value_type = RoomId)]
    pub room_id: String,
    /// Always true.
    pub participate: bool,
}

/// Say that one takes part
///
/// From five minutes before the slot to its end.
#[utoipa::path(
    post,
    path = "/participated",
    operation_id = "confirmParticipation",
    tag = "rooms",
    security(("access_token" = [])),
    request_body = Option<ParticipatedRequest>,
    responses(
        (status = 200, description = "Noted", body = Participated),
        (status = 400, description = "A value is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 404, description = "No such room, or not a member", body = ErrorBody),
        (status = 409, description = "More than five minutes before the slot, or after it, or moved to another room", body = ErrorBody),
    )
)]
pub async fn participated(
    State(app): State<App>,
    user: User,
    OptionalJson(body): OptionalJson<ParticipatedRequest>,
) -> Result<axum::Json<Participated>> {
    let is_own = body.room_id.is_none();
    let (id, slot) = match body.room_id {
        Some(room_id) => {
            let unknown = || Error::not_found("room");
            let id: RoomId = room_id.parse().map_err(|()| unknown())?;
            let slot = app.config::<Slots>()?.by_id(id.slot_id());
            let room = read_room(&app, id, user.id).await?;
            if room.has_moved(user.id) {
                return Err(moved_away());
            }
            if !room.has(user.id) {
                return Err(unknown());
            }
            slot.require_open(app.now())?;
            (id, slot)
        }
        None => {
            let slot = app
                .config::<Slots>()?
                .current(app.now())
                .ok_or_else(|| Error::conflict("there is no slot at this time"))?;
            (own_room(&app, &user, &slot).await?, slot)
        }
    };
    let mut id = id;
    if !mark_participant(&app, id, &slot, user.id).await? {
        let moved = placed(&app, slot.id(), user.id).await?;
        id = moved.filter(|_| is_own).ok_or_else(moved_away)?;
        if !mark_participant(&app, id, &slot, user.id).await? {
            return Err(Error::unavailable(1));
        }
    }
    Ok(axum::Json(Participated {
        room_id: id.to_string(),
        participate: true,
    }))
}

async fn own_room(app: &App, user: &User, slot: &crate::slot::Slot) -> Result<RoomId> {
    if let Some(id) = find_seat(app, slot.id(), user.id).await? {
        return Ok(id);
    }
    let placed = placed(app, slot.id(), user.id).await?;
    placed.ok_or_else(|| Error::not_found("room"))
}

/// Say that one takes part (as the specification spells it)
#[utoipa::path(
    post,
    path = "/paticipated",
    operation_id = "confirmPaticipation",
    tag = "rooms",
    security(("access_token" = [])),
    request_body = Option<ParticipatedRequest>,
    responses(
        (status = 200, description = "Noted", body = Participated),
        (status = 400, description = "A value is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 404, description = "No such room, or not a member", body = ErrorBody),
        (status = 409, description = "More than five minutes before the slot, or after it, or moved to another room", body = ErrorBody),
    )
)]
#[deprecated = "`participated` is spelt right"]
pub async fn paticipated(
    state: State<App>,
    user: User,
    body: OptionalJson<ParticipatedRequest>,
) -> Result<axum::Json<Participated>> {
    participated(state, user, body).await
}
