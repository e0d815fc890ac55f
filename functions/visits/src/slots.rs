//! `GET /api/users/{speaker_id}/slots`: when a visit to an employee can begin.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Path, Query},
    store::decode,
};
use futures_util::future::try_join;
use garde::Validate;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    availability::free_starts,
    block::block_key,
    busy::busy_between,
    card,
    profile::{
        self, Profile, Visitor, VisitorId, VisitorType, profile_key, profile_missing, table,
    },
    state::{self, LEAST_AHEAD, MOST_AHEAD},
};

/// `visits-slots`
///
/// Budget: the caller's profile and whose the id is; the employee's profile and a block; what is booked
/// of each of the two.
pub const FUNCTION: Function = Function::http("visits-slots", || {
    OpenApiRouter::new().routes(routes!(slots))
})
.budget(4);

/// How long a stretch of time one request asks for.
const LONGEST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Which starts.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SlotsQuery {
    /// From this time on; what is less than 3 hours ahead is left out.
    #[garde(skip)]
    #[param(value_type = String, format = DateTime, example = "2026-11-23T00:00:00Z")]
    pub from: Timestamp,
    /// Before this time, at most 14 days after `from`; what is more than 60 days ahead is left out.
    #[garde(skip)]
    #[param(value_type = String, format = DateTime, example = "2026-11-30T00:00:00Z")]
    pub to: Timestamp,
    /// How long the visit is to be, in minutes: 15–120, in steps of 15.
    #[garde(custom(state::length))]
    #[param(minimum = 15, maximum = 120, multiple_of = 15, example = 30)]
    pub meeting_length: u16,
}

/// When a visit can begin.
#[derive(Debug, Serialize, ToSchema)]
pub struct Slots {
    /// The starts, the first one first, on the grid of 15 minutes.
    #[schema(value_type = Vec<String>, example = json!(["2026-11-24T09:00:00Z", "2026-11-24T09:15:00Z"]))]
    pub starts: Vec<Timestamp>,
}

/// When I could visit an employee
///
/// For verified students. The hours in which the employee has time, without those in which they or the
/// caller have an appointment.
#[utoipa::path(
    get, path = "/api/users/{speaker_id}/slots", tag = "visits",
    operation_id = "listSlots",
    security(("access_token" = [])),
    params(("speaker_id" = VisitorId, Path, description = "What the employee is known by"), SlotsQuery),
    responses(
        (status = 200, body = Slots, description = "The starts that are free now"),
        (status = 400, body = ErrorBody, description = "A parameter is missing or wrong, or more than 14 days"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a verified student, or suspended"),
        (status = 404, body = ErrorBody, description = "Nobody who can be found, or there is a block"),
    )
)]
pub async fn slots(
    State(app): State<App>,
    user: User,
    Path(speaker_id): Path<VisitorId>,
    Query(query): Query<SlotsQuery>,
) -> Result<axum::Json<Slots>> {
    if query.to <= query.from || query.to.duration_since(query.from) > LONGEST {
        return Err(Error::invalid("to", "to is after from, by at most 14 days"));
    }
    let me = user.id;
    let missing = || Error::not_found("speaker");
    let table = table(&app)?;
    let places = [profile_key(me), speaker_id.key()];
    let mut found = table.batch_get(&places).await?;
    let [mine, whose] = places.map(|place| found.remove(&place));
    let mine = mine.map(decode::<Profile>).transpose()?;
    let mine = mine.ok_or_else(profile_missing)?;
    let is_student = mine.visitor_type == VisitorType::Student;
    if !is_student || !mine.is_authenticated || mine.is_suspended {
        return Err(Error::forbidden());
    }
    let whose = whose.map(decode::<Visitor>).transpose()?;
    let speaker = whose.ok_or_else(missing)?.user_id;

    let places = [profile_key(speaker), block_key(me, speaker)];
    let mut found = table.batch_get(&places).await?;
    let [profile, block] = places.map(|place| found.remove(&place));
    let profile = profile.map(decode::<Profile>).transpose()?;
    let profile = profile.filter(|profile| !card::rows_of(profile).is_empty());
    let profile = profile.filter(|_| block.is_none()).ok_or_else(missing)?;

    let (now, instant) = (app.now(), SignedDuration::from_nanos(1));
    let from = query.from.max(now + LEAST_AHEAD);
    let to = query.to.min(now + MOST_AHEAD + instant);
    if from >= to {
        return Ok(axum::Json(Slots { starts: Vec::new() }));
    }
    let length = SignedDuration::from_mins(query.meeting_length.into());
    let booked = |user_id| busy_between(&table, user_id, from, to + length);
    let (mut busy, other) = try_join(booked(me), booked(speaker)).await?;
    busy.extend(other);
    let zone = profile::zone(&profile.time_zone).unwrap_or(TimeZone::UTC);
    let starts = free_starts(&profile.availability, &zone, from..to, length, &busy);
    Ok(axum::Json(Slots { starts }))
}
