//! `GET /rooms/{room_id}/join`: into the room's meeting, which is found or created. No joiner opens a room
//! beyond the unreserved share of Chime's quota (see `open`).

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    chime::{ChimeError, JoinResponse, Venue},
    error::ErrorBody,
    http::Path,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    enrollment::moved_away,
    open::may_open,
    seating::{meeting_key, read_room, table},
    slot::{RoomId, Slots},
};

/// `rooms-join`
///
/// Budget: to open the meeting, with one to Chime; 1 while it is open.
pub const FUNCTION: Function =
    Function::http("rooms-join", || OpenApiRouter::new().routes(routes!(join))).budget(3);

/// Join a room
#[utoipa::path(
    get,
    path = "/rooms/{room_id}/join",
    operation_id = "joinRoom",
    tag = "rooms",
    security(("access_token" = [])),
    params(("room_id" = RoomId, Path, description = "The room")),
    responses(
        (status = 200, description = "The meeting and one's own credentials", body = JoinResponse),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
        (status = 404, description = "No such room, or not a member", body = ErrorBody),
        (status = 409, description = "More than five minutes before the slot, or after it, or moved to another room", body = ErrorBody),
        (status = 503, description = "As many meetings as the service may hold: try again", body = ErrorBody),
    )
)]
pub async fn join(
    State(app): State<App>,
    user: User,
    Path(room_id): Path<String>,
) -> Result<axum::Json<JoinResponse>> {
    let id: RoomId = room_id.parse().map_err(|()| Error::not_found("room"))?;
    let slot = app.config::<Slots>()?.by_id(id.slot_id());
    let mut room = read_room(&app, id, user.id).await?;
    if room.has_moved(user.id) {
        return Err(moved_away());
    }
    if !room.has(user.id) {
        return Err(Error::not_found("room"));
    }
    slot.require_open(app.now())?;
    if !may_open(&app, id)? {
        return Err(ChimeError::QuotaExceeded.into());
    }
    let stored = room.meeting.take();
    let venue = Venue::new(&app, table(&app)?, meeting_key(id), &room_id).await?;
    let open = venue.open(stored, &room.people()).await?;
    let attendee = venue.attendee(&open, user.id).await?;
    Ok(axum::Json(JoinResponse {
        meeting: open.meeting,
        attendee,
    }))
}
