//! `GET` and `PUT /me/schedule`: come every week, pause, or do so no more.

use std::collections::BTreeSet;

use axum::extract::State;
use enishi_shared::{App, Error, Function, Result, auth::User, error::ErrorBody, http::Json};
use garde::Validate;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    slot::Slots,
    weekly::{self, Day, Schedule},
};

/// `rooms-schedule`
///
/// Budget: to set it: the schedule, what there is of its days, and both anew; 1 to read it.
pub const FUNCTION: Function = Function::http("rooms-schedule", || {
    OpenApiRouter::new().routes(routes!(schedule, set_schedule))
})
.budget(3);

/// When I come every week
#[utoipa::path(
    get,
    path = "/me/schedule",
    operation_id = "getMySchedule",
    tag = "rooms",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "The schedule; without days where there is none", body = Schedule),
        (status = 401, description = "No valid access token", body = ErrorBody),
    )
)]
pub async fn schedule(State(app): State<App>, user: User) -> Result<axum::Json<Schedule>> {
    let stored = weekly::read(&app, user.id).await?;
    Ok(axum::Json(
        stored.map_or_else(Schedule::default, |weekly| weekly.schedule),
    ))
}

/// When to come every week.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleRequest {
    /// On which days, such as have slots; none: there is to be no schedule any more.
    #[garde(length(max = 7))]
    #[schema(example = json!(["mon", "thu"]), max_items = 7)]
    pub days: Vec<Day>,
    /// The slot's time; the first of the day unless told.
    #[garde(skip)]
    #[schema(pattern = "^([0-9]|[01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00")]
    pub time: Option<String>,
    /// The last day, today or later; it goes on unless told.
    #[garde(skip)]
    #[serde(default, deserialize_with = "weekly::date")]
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    pub until: Option<Date>,
    /// The day from which on one comes again; the days before are left out.
    #[garde(skip)]
    #[serde(default, deserialize_with = "weekly::date")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-07")]
    pub paused_until: Option<Date>,
}

impl ScheduleRequest {
    fn schedule(self, slots: &Slots, today: Date) -> Result<Schedule> {
        let known = slots.days();
        let unknown = |day: &&Day| {
            let name = serde_json::to_value(day).unwrap_or_default();
            !known.iter().any(|known| name == *known)
        };
        if self.days.iter().find(unknown).is_some() {
            return Err(Error::invalid("days", "there are no slots on this day"));
        }
        let times = slots.times();
        let time = match self.time {
            Some(time) => Some(slots.requested_time(&time)?.to_string()),
            None => times.first().cloned(),
        };
        // The second of a repeated hour is of one night only.
        if time.as_ref().is_some_and(|time| !times.contains(time)) {
            return Err(Error::invalid("time", "there is no slot at this time"));
        }
        if self.until.is_some_and(|until| until < today) {
            return Err(Error::invalid("until", "until is in the past"));
        }
        let days: BTreeSet<Day> = self.days.into_iter().collect();
        if days.is_empty() {
            return Ok(Schedule::default());
        }
        Ok(Schedule {
            days,
            time,
            until: self.until,
            paused_until: self.paused_until.filter(|paused| today < *paused),
        })
    }
}

/// Come every week
///
/// Takes the place of what was there. The next seven days are enrolled for at once, each night one more.
/// Each of these enrollments can be withdrawn by itself, and then stays so; those that the schedule made
/// and does not name any more are withdrawn, unless their rooms are drawn already.
#[utoipa::path(
    put,
    path = "/me/schedule",
    operation_id = "setMySchedule",
    tag = "rooms",
    security(("access_token" = [])),
    request_body = ScheduleRequest,
    responses(
        (status = 200, description = "The schedule as it is now", body = Schedule),
        (status = 400, description = "No slots on a day or at the time, or `until` is past", body = ErrorBody),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
    )
)]
pub async fn set_schedule(
    State(app): State<App>,
    user: User,
    Json(body): Json<ScheduleRequest>,
) -> Result<axum::Json<Schedule>> {
    let slots = app.config::<Slots>()?;
    let schedule = body.schedule(&slots, slots.today(app.now()))?;
    weekly::put(&app, user.id, &user.claims.name, &schedule).await?;
    Ok(axum::Json(schedule))
}
