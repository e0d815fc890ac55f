//! `PATCH /api/visits/me`: changes my profile, and with it what students find. An operator has verified a
//! name, a birth date and an affiliation: who changes one of these is to be verified anew.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    auth::User,
    civil,
    error::ErrorBody,
    events::announce,
    http::Json,
    patch::{self, Patch, given},
    store::{Change, Outcome, Race, Transaction},
    validate,
};
use garde::Validate;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    availability::AvailabilityUpdate,
    card::{self, rows_of},
    certificate::{self, Review},
    choice::{self, ChoiceKind, Said},
    contact,
    events::{Cause, VisitorWithdrawn},
    me::VisitsMe,
    profile::{self, Documents, Job, Profile, profile_key, profile_missing},
};

/// `visits-update-me`.
///
/// Budget: the profile, the choices that are named, the change with what students find; 2 without choices.
pub const FUNCTION: Function = Function::http("visits-update-me", || {
    OpenApiRouter::new().routes(routes!(visits_update_me))
})
.budget(3);

/// What is to change: what is left out stays; null, or `""`, clears what may be without a value.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"comment": "配属の話ができます。", "shown": {"department": true}}))]
pub struct VisitsUpdateMeRequest {
    /// As at the sign-up. Another one un-verifies.
    #[garde(inner(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "山田 花"
    )]
    pub name: Option<String>,
    /// As at the sign-up. Another one un-verifies.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given_date")]
    #[schema(nullable = false, value_type = Option<String>, format = Date, example = "2004-04-02")]
    pub date_of_birth: Option<Date>,
    /// As at the sign-up.
    #[garde(inner(custom(profile::phone_number)))]
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        pattern = r"^\+?[0-9](-?[0-9]){6,14}$",
        example = "090-1234-5678"
    )]
    pub phone_number: Option<String>,
    /// As at the sign-up. Another one un-verifies.
    #[garde(inner(length(chars, min = 1, max = 120), custom(choice::nameable)))]
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 120,
        pattern = r"^.*\S.*$",
        example = "縁大学"
    )]
    pub affiliation: Option<String>,
    /// An employee's cannot be cleared.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Job>)]
    pub job: Patch<Job>,
    /// As at the sign-up.
    #[garde(inner(length(chars, min = 1, max = 120), custom(choice::nameable)))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 120, pattern = r"^(.*\S.*)?$", example = "工学部")]
    pub department: Patch<String>,
    /// As at the sign-up.
    #[garde(inner(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 100, pattern = r"^(\S(.*\S)?)?$", example = "学部三年")]
    pub position: Patch<String>,
    /// As at the sign-up: no e-mail address, URL or phone number.
    #[garde(inner(
        length(chars, min = 1, max = 2000),
        custom(validate::prose),
        custom(contact::none)
    ))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 2000, example = "配属の話ができます。")]
    pub comment: Patch<String>,
    /// As at the sign-up.
    #[garde(inner(custom(profile::time_zone)))]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "Asia/Tokyo")]
    pub time_zone: Option<String>,
    /// What an employee shows, and is found by.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub shown: Option<ShownUpdate>,
    /// Whether an employee wants to be found.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = true)]
    pub listed: Option<bool>,
    /// When an employee has time, in their time zone: hours of the week, and days that are otherwise.
    #[garde(dive)]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub availability: Option<AvailabilityUpdate>,
}

/// What an employee shows: what is left out stays.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownUpdate {
    /// Whether the department is shown.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = true)]
    pub department: Option<bool>,
    /// Whether the position is shown.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = false)]
    pub position: Option<bool>,
}

/// [`given`], of a date.
fn given_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    civil::date(deserializer).map(Some)
}

/// Changes my visits profile
///
/// What is left out stays. Another name, birth date or affiliation is to be verified anew: until then an
/// employee is not found, and what they or a student have asked for or agreed on is cancelled. What is booked
/// goes on.
#[utoipa::path(
    patch, path = "/api/visits/me", tag = "visits",
    operation_id = "updateMyVisitsProfile",
    security(("access_token" = [])),
    request_body = VisitsUpdateMeRequest,
    responses(
        (status = 200, body = VisitsMe, description = "The profile as it is now"),
        (status = 400, body = ErrorBody, description = "A value is wrong; an id of `affiliation` or `department` names nothing; an employee without a job"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn visits_update_me(
    State(app): State<App>,
    user: User,
    Json(body): Json<VisitsUpdateMeRequest>,
) -> Result<axum::Json<VisitsMe>> {
    let table = profile::table(&app)?;
    let place = profile_key(user.id);
    let mut race = Race::new(&app);
    loop {
        let before = table.get::<Profile>(&place).await?;
        let before = before.ok_or_else(profile_missing)?;
        let mut said = Vec::new();
        if let Some(affiliation) = &body.affiliation {
            let kind = before.visitor_type.affiliation();
            said.push(Said::new("affiliation", kind, affiliation));
        }
        if let Patch::Value(department) = &body.department {
            said.push(Said::new("department", ChoiceKind::Department, department));
        }
        let chosen = choice::choose(&table, said).await?;
        let mut choices = chosen.iter().map(|chosen| &chosen.choice);

        let mut after = before.clone();
        if let Some(name) = &body.name {
            after.name.clone_from(name);
        }
        if let Some(date) = body.date_of_birth {
            after.date_of_birth = date;
        }
        if let Some(number) = &body.phone_number {
            after.phone_number.clone_from(number);
        }
        if body.affiliation.is_some()
            && let Some(choice) = choices.next()
        {
            after.affiliation.clone_from(choice);
        }
        after.job = body.job.or(after.job);
        after.department = match &body.department {
            Patch::Absent => after.department,
            Patch::Null => None,
            Patch::Value(_) => choices.next().cloned(),
        };
        after.position = body.position.clone().or(after.position);
        after.comment = body.comment.clone().or(after.comment);
        if let Some(zone) = &body.time_zone {
            after.time_zone = profile::canonical_zone(zone);
        }
        if let Some(shown) = body.shown {
            after.shown.department = shown.department.unwrap_or(after.shown.department);
            after.shown.position = shown.position.unwrap_or(after.shown.position);
        }
        after.listed = body.listed.unwrap_or(after.listed);
        if let Some(availability) = &body.availability {
            after.availability = after.availability.with(availability.clone());
        }
        profile::check_job(after.visitor_type, after.job)?;
        if body.date_of_birth.is_some() {
            profile::check_born(after.date_of_birth, &after.time_zone, app.now())?;
        }
        let is_another = after.is_other_person_than(&before);
        if is_another {
            after.is_authenticated = false;
            after.documents = Documents::default();
            // What an operator was to look at tells of somebody else now.
            if before.upload.is_some() {
                certificate::erase(&app, user.id).await?;
            }
        }

        let mut tx = Transaction::new(&app);
        for chosen in &chosen {
            chosen.keep(&mut tx, &table);
        }
        tx.update(&table, place.clone(), change(&before, &after));
        card::replace(&mut tx, &table, &rows_of(&before), &rows_of(&after))?;
        if let (true, Some(review)) = (is_another, Review::of(&before)) {
            tx.delete(&table, review.key());
        }
        if before.is_authenticated && !after.is_authenticated {
            let withdrawn = VisitorWithdrawn {
                user_id: user.id,
                cause: Cause::Unverified,
            };
            announce(&mut tx, &table, withdrawn)?;
        }
        match tx.commit().await? {
            Outcome::Done => return Ok(axum::Json(after.into())),
            // Closed, or changed by somebody else a moment ago: it is read again.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// All that somebody says of themselves, and what follows from it, where nobody has changed any of it since
/// it was read. Changes of different fields at the same moment are all kept: the later one reads again.
fn change(before: &Profile, after: &Profile) -> Change {
    let change = before
        .change()
        .set("name", &after.name)
        .set("date_of_birth", after.date_of_birth)
        .set("phone_number", &after.phone_number)
        .set("affiliation", &after.affiliation)
        .set("job", after.job)
        .set("department", &after.department)
        .set("position", &after.position)
        .set("comment", &after.comment)
        .set("time_zone", &after.time_zone)
        .set("shown", after.shown)
        .set("listed", after.listed)
        .set("availability", &after.availability);
    match after.is_other_person_than(before) {
        false => change,
        true => change
            .set("is_authenticated", after.is_authenticated)
            .set("documents", &after.documents)
            .remove("upload")
            .remove("submitted_at"),
    }
}
