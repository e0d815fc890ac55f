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
    enrollment::{EnrollmentItem, moved_away, placed, room_of},
    seating::{enrollment_key, mark_participant, read_room, table},
    slot::{RoomId, Slot, Slots},
};

/// `rooms-participated`
///
/// Budget: for those who were drawn and name no room; 2 for the others. 2 more for who is moved to another
/// room at this moment; where one slot follows another, 1 more for five minutes.
#[allow(deprecated)]
pub const FUNCTION: Function = Function::http("rooms-participated", || {
    OpenApiRouter::new()
        .routes(routes!(participated))
        .routes(routes!(paticipated))
})
.budget(3);

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
/// From five minutes before the slot to its end; earlier, the answer says when it opens.
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
        None => own_room(&app, &user).await?,
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

/// The caller's room of a slot that is open. Where one slot follows another, both are for five minutes.
async fn own_room(app: &App, user: &User) -> Result<(RoomId, Slot)> {
    let (slots, now) = (app.config::<Slots>()?, app.now());
    let mut open = slots.open(now).peekable();
    if open.peek().is_none() {
        let next = slots.next(now).map(|slot| slot.opens_at());
        let next = next.map_or_else(String::new, |at| format!("; the next one opens at {at}"));
        return Err(Error::conflict(format!("no room is open now{next}")));
    }
    for slot in open {
        let key = enrollment_key(slot.id(), user.id);
        let Some(enrollment) = table(app)?.get::<EnrollmentItem>(&key).await? else {
            continue;
        };
        if !enrollment.withdrawn
            && let Some(room) = room_of(app, &enrollment).await?
        {
            return Ok((room, slot));
        }
    }
    Err(Error::not_found("room"))
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
