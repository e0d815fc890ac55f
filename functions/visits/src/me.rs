//! `GET /api/visits/me`: my profile.

use axum::extract::State;
use enishi_shared::{App, Function, Result, UserId, auth::User, error::ErrorBody};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    availability::Availability,
    choice::Choice,
    profile::{Documents, Job, Profile, Shown, VisitorType, profile_key, profile_missing, table},
};

/// `visits-me`
pub const FUNCTION: Function = Function::http("visits-me", || {
    OpenApiRouter::new().routes(routes!(visits_me))
})
.budget(1);

/// One's own profile.
#[derive(Serialize, ToSchema)]
pub struct VisitsMe {
    /// The account.
    pub user_id: UserId,
    /// One's name, which nobody sees before a visit is paid for.
    #[schema(example = "山田 花")]
    pub name: String,
    /// When one was born.
    #[schema(value_type = String, format = Date, example = "2004-04-02")]
    pub date_of_birth: Date,
    /// Seen by nobody else.
    #[schema(example = "090-1234-5678")]
    pub phone_number: String,
    /// Who one is.
    #[serde(rename = "type")]
    pub visitor_type: VisitorType,
    /// One's university or company.
    pub affiliation: Choice,
    /// What one does.
    #[schema(required)]
    pub job: Option<Job>,
    /// Where in it one is.
    #[schema(required)]
    pub department: Option<Choice>,
    /// What one is there.
    #[schema(required, example = "学部三年")]
    pub position: Option<String>,
    /// About oneself.
    #[schema(required, example = "機械学習を勉強しています。")]
    pub comment: Option<String>,
    /// Its IANA name.
    #[schema(example = "Asia/Tokyo")]
    pub time_zone: String,
    /// Whether an operator has found in one's documents what the profile says.
    pub is_authenticated: bool,
    /// The check of these.
    pub documents: Documents,
    /// How many notices one has not read.
    #[schema(example = 0)]
    pub notifications: u32,
    /// What an employee shows, and is found by.
    pub shown: Shown,
    /// Whether an employee wants to be found.
    pub listed: bool,
    /// When an employee has time, in their time zone.
    pub availability: Availability,
    /// When the profile was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

impl From<Profile> for VisitsMe {
    fn from(profile: Profile) -> Self {
        Self {
            user_id: profile.user_id,
            name: profile.name,
            date_of_birth: profile.date_of_birth,
            phone_number: profile.phone_number,
            visitor_type: profile.visitor_type,
            affiliation: profile.affiliation,
            job: profile.job,
            department: profile.department,
            position: profile.position,
            comment: profile.comment,
            time_zone: profile.time_zone,
            is_authenticated: profile.is_authenticated,
            documents: profile.documents,
            notifications: profile.notifications,
            shown: profile.shown,
            listed: profile.listed,
            availability: profile.availability,
            created_at: profile.created_at,
        }
    }
}

/// My visits profile
#[utoipa::path(
    get, path = "/api/visits/me", tag = "visits",
    operation_id = "getMyVisitsProfile",
    security(("access_token" = [])),
    responses(
        (status = 200, body = VisitsMe, description = "The profile"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn visits_me(State(app): State<App>, user: User) -> Result<axum::Json<VisitsMe>> {
    let profile = table(&app)?.get::<Profile>(&profile_key(user.id)).await?;
    Ok(axum::Json(profile.ok_or_else(profile_missing)?.into()))
}
