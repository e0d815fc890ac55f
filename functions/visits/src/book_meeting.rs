//! `POST /api/meeting`: books what was agreed, for both.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result, auth::User, error::ErrorBody, frontend::FrontendUrl, http::Json,
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    advance::act,
    letters::page,
    matching::MatchingId,
    state::{Action, Terms},
};

/// `visits-book-meeting`
///
/// Budget: the matching, the booking; where it is refused, the last step.
pub const FUNCTION: Function = Function::http("visits-book-meeting", || {
    OpenApiRouter::new().routes(routes!(book_meeting))
})
.budget(2);

/// What was agreed.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeetingRequest {
    /// Of which matching.
    #[garde(skip)]
    pub matching_id: MatchingId,
    /// When it begins.
    #[garde(skip)]
    #[schema(value_type = String, format = DateTime, example = "2026-11-25T10:00:00Z")]
    pub date: Timestamp,
    /// Its length in minutes.
    #[garde(skip)]
    #[schema(minimum = 15, maximum = 120, multiple_of = 15, example = 60)]
    pub meeting_length: u16,
}

/// A meeting that both have booked.
#[derive(Serialize, ToSchema)]
pub struct BookedMeeting {
    /// Its page.
    #[schema(
        format = "uri",
        example = "https://app.example.com/meetings/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50"
    )]
    pub url: String,
    /// When it begins.
    #[schema(value_type = String, format = DateTime, example = "2026-11-25T10:00:00Z")]
    pub date: Timestamp,
    /// Its length in minutes.
    #[schema(minimum = 15, maximum = 120, multiple_of = 15, example = 60)]
    pub meeting_length: u16,
}

/// Book the meeting that was agreed on
///
/// Either of the two does, for both. It is cancelled when it is not paid for within 24 hours, or an hour
/// before it begins.
#[utoipa::path(
    post, path = "/api/meeting", tag = "visits",
    operation_id = "bookMeeting",
    security(("access_token" = [])),
    request_body = MeetingRequest,
    responses(
        (status = 200, body = BookedMeeting, description = "Booked"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong, or the date is too near by now"),
        (status = 401, body = ErrorBody, description = "No valid access token, or the account is closed"),
        (status = 403, body = ErrorBody, description = "One is not verified"),
        (status = 404, body = ErrorBody, description = "No matching of one's own"),
        (status = 409, body = ErrorBody, description = "Not where the matching stands, which is named; not what was agreed; the time is taken; or the other does not meet anybody now"),
    )
)]
pub async fn book_meeting(
    State(app): State<App>,
    user: User,
    Json(body): Json<MeetingRequest>,
) -> Result<axum::Json<BookedMeeting>> {
    let terms = Terms {
        date: body.date,
        minutes: body.meeting_length,
    };
    act(&app, user.id, body.matching_id, Action::Schedule(terms)).await?;
    let frontend = app.config::<FrontendUrl>()?;
    Ok(axum::Json(BookedMeeting {
        url: page(&frontend.0, body.matching_id),
        date: body.date,
        meeting_length: body.meeting_length,
    }))
}
