//! `PUT /api/meeting/{matching_id}/recording`: whether one consents to being recorded.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Json, Path},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    matching::MatchingId,
    recording::{self, Consent, RecordingState},
};

/// `visits-consent`
///
/// Budget: matching, meeting and recording; the answer, with what is to be captured; and what Chime makes of
/// it. 1 where nothing changes.
pub const FUNCTION: Function = Function::http("visits-consent", || {
    OpenApiRouter::new().routes(routes!(consent))
})
.budget(3);

/// Whether one consents.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"consent": true}))]
pub struct ConsentRequest {
    /// To this meeting's being recorded; false withdraws it.
    #[garde(skip)]
    pub consent: bool,
}

/// How the recording of a meeting stands.
#[derive(Serialize, ToSchema)]
pub struct ShownRecording {
    /// Who consents.
    pub consent: Consent,
    /// What becomes of it.
    pub recording: RecordingState,
}

/// Consent to a recording, or withdraw
///
/// A paid meeting is recorded, its sound alone, while both consent. Who withdraws ends that for this meeting,
/// finally; what was recorded until then stays.
#[utoipa::path(
    put, path = "/api/meeting/{matching_id}/recording", tag = "visits",
    operation_id = "consentToRecording",
    security(("access_token" = [])),
    params(("matching_id" = MatchingId, Path, description = "The matching")),
    request_body = ConsentRequest,
    responses(
        (status = 200, body = ShownRecording, description = "How the recording stands"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No matching of one's own"),
        (status = 409, body = ErrorBody, description = "One of the two has withdrawn, the meeting is over, or it is not paid for: the state is named"),
        (status = 503, body = ErrorBody, description = "The answer is kept, and the recording follows it soon: try again"),
    )
)]
pub async fn consent(
    State(app): State<App>,
    user: User,
    Path(id): Path<MatchingId>,
    Json(body): Json<ConsentRequest>,
) -> Result<axum::Json<ShownRecording>> {
    let (state, recording) = recording::consent(&app, user.id, id, body.consent).await?;
    Ok(axum::Json(ShownRecording {
        consent: recording.consent(),
        recording: recording.state(&app, state)?,
    }))
}
