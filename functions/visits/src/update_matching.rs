//! `PUT /api/matching/{matching_id}`: accepts, declines, cancels or proposes.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Json, Path},
};
use garde::Validate;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    advance::act, matching::MatchingId, profile::table, shown_matching::ShownMatching,
    state::Action,
};

/// `visits-update-matching`
///
/// Budget: the matching, the step (or the last one, where it is refused), and the other's profile where
/// one knows who they are. Where a Checkout is to end first, its payment, read and written; and where that is
/// found paid, its settlement, and the matching anew.
pub const FUNCTION: Function = Function::http("visits-update-matching", || {
    OpenApiRouter::new().routes(routes!(update_matching))
})
.budget(7);

/// What to do with a matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchingAction {
    /// Accepts what the other proposed.
    Accept,
    /// Does not want to: the employee, of a request.
    Decline,
    /// Does not want to any more.
    Cancel,
    /// Would rather have it so.
    Propose,
}

/// What to do with a matching.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"action": "propose", "meeting_length": 30}))]
pub struct MatchingUpdate {
    /// What.
    #[garde(skip)]
    pub action: MatchingAction,
    /// With `propose`: when the meeting is to begin; what is known of it unless told. With `accept`: when,
    /// where the student left that open; elsewhere it can only repeat what is accepted.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-25T10:00:00Z")]
    pub date: Option<Timestamp>,
    /// With `propose`: its length in minutes; what is known of it unless told.
    #[garde(skip)]
    #[serde(default)]
    #[schema(minimum = 15, maximum = 120, multiple_of = 15, example = 60)]
    pub meeting_length: Option<u16>,
}

impl MatchingUpdate {
    fn action(&self) -> Result<Action> {
        let (date, minutes) = (self.date, self.meeting_length);
        let action = match self.action {
            MatchingAction::Accept => Action::Accept { date },
            MatchingAction::Decline => Action::Decline,
            MatchingAction::Cancel => Action::Cancel,
            MatchingAction::Propose => return Ok(Action::Propose { date, minutes }),
        };
        if minutes.is_some() {
            return Err(Error::invalid(
                "meeting_length",
                "only a proposal has a length",
            ));
        }
        if date.is_some() && !matches!(action, Action::Accept { .. }) {
            return Err(Error::invalid("date", "only a proposal has a date"));
        }
        Ok(action)
    }
}

/// Accept, decline, cancel or propose
///
/// What each may do depends on where the matching stands. Doing once more what one has just done answers
/// how it stands.
#[utoipa::path(
    put, path = "/api/matching/{matching_id}", tag = "visits",
    operation_id = "updateMatching",
    security(("access_token" = [])),
    params(("matching_id" = MatchingId, Path, description = "The matching")),
    request_body = MatchingUpdate,
    responses(
        (status = 200, body = ShownMatching, description = "Done"),
        (status = 400, body = ErrorBody, description = "A date that is too near, too far or off the grid, or none; a length that is none"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "One accepts without being verified"),
        (status = 404, body = ErrorBody, description = "No matching of one's own"),
        (status = 409, body = ErrorBody, description = "Not where the matching stands, which is named; the date is not what was proposed; the time is taken; or the other does not meet anybody now"),
    )
)]
pub async fn update_matching(
    State(app): State<App>,
    user: User,
    Path(id): Path<MatchingId>,
    Json(body): Json<MatchingUpdate>,
) -> Result<axum::Json<ShownMatching>> {
    let (stored, party) = act(&app, user.id, id, body.action()?).await?;
    let shown = stored.show(&app, &table(&app)?, party).await?;
    Ok(axum::Json(shown))
}
