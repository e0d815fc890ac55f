//! `GET /api/meeting/{matching_id}/join`: into the meeting of a paid visit, which is found or created.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    chime::{JoinResponse, Venue},
    error::ErrorBody,
    http::Path,
    store::decode,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    matching::{MatchingId, StoredMatching, matching_key, venue_name},
    meeting::{Attendance, attendance_key, meeting_key, next_look, require_open, watch},
    profile::table,
    state::Party,
};

/// `visits-join`
///
/// Budget: to open the meeting, with one to Chime; 1 while it is open.
pub const FUNCTION: Function = Function::http("visits-join", || {
    OpenApiRouter::new().routes(routes!(join_meeting))
})
.budget(4);

/// Join the meeting of a visit
///
/// From five minutes before the start until five minutes after the end of a visit that is paid for.
#[utoipa::path(
    get, path = "/api/meeting/{matching_id}/join", tag = "visits",
    operation_id = "joinMeeting",
    security(("access_token" = [])),
    params(("matching_id" = MatchingId, Path, description = "The matching")),
    responses(
        (status = 200, body = JoinResponse, description = "The meeting and one's own credentials"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No matching of one's own"),
        (status = 409, body = ErrorBody, description = "Not paid for, or not now: the message says how it stands or from when"),
        (status = 503, body = ErrorBody, description = "As many meetings as the service may hold: try again"),
    )
)]
pub async fn join_meeting(
    State(app): State<App>,
    user: User,
    Path(id): Path<MatchingId>,
) -> Result<axum::Json<JoinResponse>> {
    let table = table(&app)?;
    let keys = [matching_key(id), meeting_key(id), attendance_key(id)];
    let mut items = table.batch_get(&keys).await?;
    let [stored, meeting, attendance] = keys.map(|key| items.remove(&key));
    let stored: Option<StoredMatching> = stored.map(decode).transpose()?;
    let stored = stored
        .filter(|stored| stored.party(user.id).is_some())
        .ok_or_else(|| Error::not_found("matching"))?;
    let terms = require_open(&stored.matching, app.now())?;
    let attendance: Option<Attendance> = attendance.map(decode).transpose()?;
    if !attendance.unwrap_or_default().is_watched() {
        watch(&table, id, next_look(terms, app.now())).await?;
    }
    let venue = Venue::new(&app, table, meeting_key(id), &venue_name(id)).await?;
    let both = Party::ALL.map(|party| stored.user(party));
    let open = venue.open(meeting, &both).await?;
    let attendee = venue.attendee(&open, user.id).await?;
    Ok(axum::Json(JoinResponse {
        meeting: open.meeting,
        attendee,
    }))
}
