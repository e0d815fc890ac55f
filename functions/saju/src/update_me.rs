//! `PUT /api/users/me`: changes one's own profile.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    civil,
    error::ErrorBody,
    http::Json,
    media::picture::PhotosUrl,
    patch::{self, Patch},
    store::{Change, Race, Table, Written, decode, when},
    validate,
};
use garde::Validate;
use jiff::{
    ToSpan as _,
    civil::{Date, Time},
};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    birthday::{Birthday, Calendar},
    photo::is_own,
    profile::{self, Preferences, Profile, Wanted, profile_key, profile_missing},
    recommendations::draw::list_key,
    standing,
};

/// `saju-update-me`.
///
/// Budget: with `birth_time`, `calendar`, `preferences` or `listed` the profile before and the day's list, its
/// new place in the pool read and marked, the change; 2 where the place stays, 1 without these.
pub const FUNCTION: Function = crate::http("saju-update-me", || {
    OpenApiRouter::new().routes(routes!(update_me))
})
.budget(4);

/// What is to change: what is left out stays, null or `""` clears.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"location": "서울 마포구", "job": "사서", "preferences": {"min_age": 27}}))]
pub struct UpdateMeRequest {
    /// Where one lives, in one's own words: one line of at most 255 characters.
    #[garde(inner(length(chars, min = 1, max = 255), custom(validate::line)))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 255, pattern = r"^(.*\S.*)?$", example = "서울 마포구")]
    pub location: Patch<String>,
    /// What one does: one line of at most 255 characters.
    #[garde(inner(length(chars, min = 1, max = 255), custom(validate::line)))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 255, pattern = r"^(.*\S.*)?$", example = "사서")]
    pub job: Patch<String>,
    /// Introduction: at most 2,000 characters, line breaks among them.
    #[garde(inner(length(chars, min = 1, max = 2000), custom(validate::prose)))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 2000, example = "비 오는 날 책방을 좋아해요.")]
    pub bio: Patch<String>,
    /// The address of one's own picture: the `url` that `POST /api/users/me/photo` gave, and no other.
    #[garde(inner(length(chars, max = 2048)))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 2048, pattern = r"^(https?://\S+)?$", example = "https://photos.example.com/photos/1.jpg")]
    pub profile_img_url: Patch<String>,
    /// When one was born, Korean time, `HH:MM`.
    #[garde(skip)]
    #[serde(default, deserialize_with = "time")]
    #[schema(value_type = Option<String>, pattern = "^(([01][0-9]|2[0-3]):[0-5][0-9])?$", example = "07:40")]
    pub birth_time: Patch<Time>,
    /// By which calendar the `birth_date` of the registration was meant; it stays as it is written
    /// and is converted anew. Null is `solar`.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Calendar>)]
    pub calendar: Patch<Calendar>,
    /// Whether its month is a leap month (윤달) of the lunar calendar; null is false, and so is what
    /// is left out with a `calendar`.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<bool>, example = false)]
    pub leap_month: Patch<bool>,
    /// Whether one is recommended to others and can be asked. `false` takes one out at once; requests that
    /// wait, matches and chats stay. Null: true.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<bool>, example = true)]
    pub listed: Patch<bool>,
    /// Whether partners see how far one has read, and one sees how far they have: among those who both
    /// say so. Null: false.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<bool>, example = false)]
    pub read_receipts: Patch<bool>,
    /// Whom one wants to be introduced to; null clears all of it. They count from the next list of
    /// recommendations.
    #[garde(dive)]
    #[serde(default)]
    #[schema(value_type = Option<PreferencesUpdate>)]
    pub preferences: Patch<PreferencesUpdate>,
}

/// Whom one wants to be introduced to: what is left out stays, null does not restrict.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesUpdate {
    /// Null: the opposite gender; for `other` everyone.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Wanted>)]
    pub gender: Patch<Wanted>,
    /// Completed years, at most `max_age`.
    #[garde(inner(range(min = 19, max = 120)))]
    #[serde(default)]
    #[schema(value_type = Option<u8>, minimum = 19, maximum = 120, example = 27)]
    pub min_age: Patch<u8>,
    /// Completed years, at least `min_age`.
    #[garde(inner(range(min = 19, max = 120)))]
    #[serde(default)]
    #[schema(value_type = Option<u8>, minimum = 19, maximum = 120, example = 39)]
    pub max_age: Patch<u8>,
    /// The other's `location`, letter by letter: one line of at most 255 characters.
    #[garde(inner(length(chars, min = 1, max = 255), custom(validate::line)))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 255, pattern = r"^(.*\S.*)?$", example = "서울 마포구")]
    pub location: Patch<String>,
}

/// `HH:MM`.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<Time>, D::Error> {
    patch::text(deserializer)?.try_map(|text| {
        civil::parse_time(&text).ok_or_else(|| de::Error::custom("not a time like 07:40"))
    })
}

/// What is answered to a change.
#[derive(Serialize, ToSchema)]
pub struct UpdateMeResponse {
    /// Always the same.
    #[schema(example = "Profile updated successfully")]
    pub message: &'static str,
    /// Of changed `preferences`: the day in Korea whose list of recommendations is the first that they
    /// count for, today where it has not been drawn yet, else tomorrow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String, format = Date, example = "2026-11-21")]
    pub preferences_count_from: Option<Date>,
}

/// Changes my profile
///
/// What is left out stays, null clears; so within `preferences`. Changes of different fields at
/// the same moment are all kept.
#[utoipa::path(
    put, path = "/api/users/me", tag = "saju",
    operation_id = "updateMyProfile",
    security(("access_token" = [])),
    request_body = UpdateMeRequest,
    responses(
        (status = 200, body = UpdateMeResponse, description = "Changed"),
        (status = 400, body = ErrorBody, description = "A value is wrong; `calendar`: it has no such date, or one is not 19 by it; `leap_month`: that year has no such leap month"),
        (status = 401, body = ErrorBody, description = "No valid access token, or no saju profile"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn update_me(
    State(app): State<App>,
    user: User,
    Json(body): Json<UpdateMeRequest>,
) -> Result<axum::Json<UpdateMeResponse>> {
    let user_id = user.id;
    if let Some(url) = body.profile_img_url.value()
        && !is_own(&*app.config::<PhotosUrl>()?, url, user_id)
    {
        let message = "profile_img_url must be the `url` of a picture that you have uploaded";
        return Err(Error::invalid("profile_img_url", message));
    }
    let table = profile::table(&app)?;
    let stays = body.birth_time.is_absent()
        && body.calendar.is_absent()
        && body.leap_month.is_absent()
        && body.preferences.is_absent()
        && body.listed.is_absent();
    let next_list = match stays {
        true => {
            update(&table, user_id, &body).await?;
            None
        }
        false => Some(move_and_update(&app, &table, user_id, &body).await?),
    };
    Ok(axum::Json(UpdateMeResponse {
        message: "Profile updated successfully",
        preferences_count_from: next_list.filter(|_| !body.preferences.is_absent()),
    }))
}

/// Changes what nothing depends on: only the fields that were given are written.
async fn update(table: &Table, user_id: UserId, body: &UpdateMeRequest) -> Result<()> {
    let change = change(body).when(when().exists("pk"));
    match table.update(profile_key(user_id), change).await? {
        Written::Done => Ok(()),
        Written::Refused(_) => Err(profile_missing()),
    }
}

/// Changes what decides the place in the pool too: on the condition that all of that is as it was read.
/// Answers the day whose list of recommendations is the next one.
async fn move_and_update(
    app: &App,
    table: &Table,
    user_id: UserId,
    body: &UpdateMeRequest,
) -> Result<Date> {
    let today = profile::today(app.now());
    let places = [profile_key(user_id), list_key(user_id, today)];
    let mut found = table.batch_get(&places).await?;
    let [profile, list] = places.map(|place| found.remove(&place));
    let mut profile: Option<Profile> = profile.map(decode).transpose()?;
    let mut race = Race::new(app);
    loop {
        let before = profile.ok_or_else(profile_missing)?;
        let mut after = before.clone();
        let birthday = birthday(&before, body);
        after.lunar_birth = birthday.lunar();
        let candidate = &mut after.candidate;
        candidate.birth_time = body.birth_time.or(candidate.birth_time);
        if !body.calendar.is_absent() || !body.leap_month.is_absent() {
            let birth = birthday.born(candidate.birth_time, "calendar", app.now())?;
            candidate.birth_date = birth.date();
        }
        candidate.preferences = match &body.preferences {
            Patch::Absent => before.candidate.preferences.clone(),
            Patch::Null => Preferences::default(),
            Patch::Value(update) => wanted(&before.candidate.preferences, update)?,
        };
        after.standing.unlisted = match body.listed {
            Patch::Absent => before.standing.unlisted,
            Patch::Null => false,
            Patch::Value(listed) => !listed,
        };
        after.place(today)?;
        // Marked for whoever is not in the pool too: they may come back without a look at the marks.
        if after.candidate.place()? != before.candidate.place()? {
            profile::occupy(table, &after.candidate).await?;
        }
        let change = standing::moved(change(body), &before, &after);
        match table.update(profile_key(user_id), change).await? {
            Written::Done => {
                return match list {
                    Some(_) => Ok(today.saturating_add(1.day())),
                    None => Ok(today),
                };
            }
            Written::Refused(found) => profile = found.item()?,
        }
        race.lost().await?;
    }
}

/// The birthday as it is written, by the calendar that it was meant by.
fn birthday(profile: &Profile, body: &UpdateMeRequest) -> Birthday {
    let before = profile.birthday();
    let leap_month = match body.calendar.is_absent() {
        true => Some(before.leap_month),
        false => None,
    };
    Birthday {
        date: before.date,
        calendar: body.calendar.or(Some(before.calendar)).unwrap_or_default(),
        leap_month: body.leap_month.or(leap_month).unwrap_or_default(),
    }
}

/// The wishes with the update's.
fn wanted(before: &Preferences, update: &PreferencesUpdate) -> Result<Preferences> {
    let (before, update) = (before.clone(), update.clone());
    let after = Preferences {
        gender: update.gender.or(before.gender),
        min_age: update.min_age.or(before.min_age),
        max_age: update.max_age.or(before.max_age),
        location: update.location.or(before.location),
    };
    let upside_down = matches!((after.min_age, after.max_age), (Some(min), Some(max)) if min > max);
    match (update.min_age.is_absent(), update.max_age.is_absent()) {
        _ if !upside_down => Ok(after),
        (false, true) => Err(Error::invalid(
            "preferences.min_age",
            "min_age must not be above max_age",
        )),
        _ => Err(Error::invalid(
            "preferences.max_age",
            "max_age must not be below min_age",
        )),
    }
}

/// The plain fields that were given.
fn change(body: &UpdateMeRequest) -> Change {
    Change::new()
        .patch("location", &body.location)
        .patch("job", &body.job)
        .patch("bio", &body.bio)
        .patch("profile_img_url", &body.profile_img_url)
        .patch("birth_time", &body.birth_time)
        .patch("read_receipts", &body.read_receipts)
}
