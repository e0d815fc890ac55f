//! `GET /meeting_url/{user_id}`: is my room drawn, and where is it?

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    frontend::FrontendUrl,
    http::{Path, Query},
    store::decode,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    enrollment::{EnrollmentItem, placed},
    person::{self, person_key},
    seating::{MemberName, enrollment_key, find_seat, read_room, table},
    slot::{RoomId, Slots},
};

/// `rooms-meeting-url`
///
/// Budget: for those who were moved to another room; 3 for those who walked in, 2 for the others.
pub const FUNCTION: Function = Function::http("rooms-meeting-url", || {
    OpenApiRouter::new().routes(routes!(meeting_url))
})
.budget(4);

/// Which slot.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SlotQuery {
    /// The slot's day; the next slot's unless told.
    #[garde(skip)]
    #[param(example = "2026-11-21", format = Date)]
    pub date: Option<String>,
    /// The slot's time; the first of the day unless told.
    #[garde(skip)]
    #[param(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00")]
    pub time: Option<String>,
}

/// Where my room is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum MeetingUrl {
    /// The rooms are not drawn yet: ask again.
    #[schema(title = "PendingRoom")]
    Pending {},
    /// The room is drawn.
    #[schema(title = "DrawnRoom")]
    Ready {
        /// The page of the room.
        #[schema(
            format = "uri",
            example = "https://app.example.com/rooms/20261121T0900-0"
        )]
        url: String,
        /// The room.
        #[schema(value_type = RoomId)]
        room_id: String,
        /// The slot's date, where the slots are.
        #[schema(format = Date, example = "2026-11-21")]
        date: String,
        /// The slot's time, where the slots are.
        #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00")]
        time: String,
        /// Everybody in the room, you included.
        members: Vec<MemberName>,
        /// Whether one has taken part.
        participate: bool,
    },
}

/// Ask whether the rooms are drawn, and for one's own
#[utoipa::path(
    get,
    path = "/meeting_url/{user_id}",
    operation_id = "getMeetingUrl",
    tag = "rooms",
    security(("access_token" = [])),
    params(("user_id" = UserId, Path, description = "One's own id"), SlotQuery),
    responses(
        (status = 200, description = "Pending or ready", body = MeetingUrl),
        (status = 400, description = "Unknown slot, past, or more than 30 days ahead", body = ErrorBody),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
        (status = 404, description = "Not enrolled, or not one's own id", body = ErrorBody),
    )
)]
pub async fn meeting_url(
    State(app): State<App>,
    user: User,
    Path(user_id): Path<String>,
    Query(query): Query<SlotQuery>,
) -> Result<axum::Json<MeetingUrl>> {
    if user_id != user.id.to_string() {
        return Err(Error::not_found("user"));
    }
    let slots = app.config::<Slots>()?;
    let slot = match (&query.date, &query.time) {
        (None, None) => slots.next(app.now()),
        (None, Some(time)) => {
            let today = slots.today(app.now()).to_string();
            Some(slots.requested(app.now(), &today, Some(time))?)
        }
        (Some(date), time) => Some(slots.requested(app.now(), date, time.as_deref())?),
    }
    .ok_or_else(|| Error::not_found("slot"))?;
    let room_id = match find_seat(&app, slot.id(), user.id).await? {
        Some(room_id) => room_id,
        None => {
            let key = enrollment_key(slot.id(), user.id);
            let keys = [key.clone(), person_key(user.id)];
            let mut items = table(&app)?.batch_get(&keys).await?;
            person::take_caller(&items, user.id)?;
            let enrollment: EnrollmentItem = items
                .remove(&key)
                .map(decode)
                .transpose()?
                .ok_or_else(|| Error::not_found("enrollment"))?;
            match enrollment.room_id {
                Some(room_id) => room_id
                    .parse()
                    .map_err(|()| Error::internal("an enrollment names no room"))?,
                None => return Ok(axum::Json(MeetingUrl::Pending {})),
            }
        }
    };
    let mut room = read_room(&app, room_id, user.id).await?;
    if room.has_moved(user.id) {
        let moved = placed(&app, slot.id(), user.id).await?;
        // Moved once more at this moment.
        let moved = moved.ok_or_else(|| Error::unavailable(1))?;
        room = read_room(&app, moved, user.id).await?;
    }
    Ok(axum::Json(MeetingUrl::Ready {
        url: format!("{}/rooms/{}", app.config::<FrontendUrl>()?.0, room.id),
        room_id: room.id.to_string(),
        date: slot.date(),
        time: slot.time(),
        members: room.names(),
        participate: room.participants.contains(&user.id),
    }))
}
