//! `GET /api/users/me`: one's own account and profile.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::{self, Account, account_key},
    auth::User,
    civil::hour_minute,
    error::ErrorBody,
};
use futures_util::future::try_join;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    birthday::Calendar,
    profile::{self, Gender, Preferences, Profile, Wanted, profile_key},
};

/// `saju-me`.
///
/// Budget: the account and the profile, at once.
pub const FUNCTION: Function =
    crate::http("saju-me", || OpenApiRouter::new().routes(routes!(me))).budget(2);

/// One's own account, and one's own profile of saju: without one, all from `birth_date` to
/// `read_receipts` is null.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// The account.
    pub user_id: UserId,
    /// The name others see: the profile's, else the account's.
    #[schema(example = "서연")]
    pub name: String,
    /// The account's address.
    #[schema(format = "email", example = "seoyeon@example.kr")]
    pub email: String,
    /// As it was given, by `calendar`: a lunar 30 February is possible.
    #[schema(required, example = "1995-02-02")]
    pub birth_date: Option<String>,
    /// By which calendar it was given.
    #[schema(required)]
    pub calendar: Option<Calendar>,
    /// Whether its month is a leap month (윤달 閏月) of the lunar calendar.
    #[schema(required, example = false)]
    pub leap_month: Option<bool>,
    /// The same day by the solar calendar, from which age and pillars are reckoned.
    #[schema(required, value_type = Option<String>, format = Date, example = "1995-03-02")]
    pub solar_birth_date: Option<Date>,
    /// Korean time, if they told it.
    #[schema(required, example = "07:40")]
    pub birth_time: Option<String>,
    /// Their gender.
    #[schema(required)]
    pub gender: Option<Gender>,
    /// Where they live, in their own words.
    #[schema(required, example = "서울 마포구")]
    pub location: Option<String>,
    /// What they do.
    #[schema(required, example = "사서")]
    pub job: Option<String>,
    /// About themselves.
    #[schema(required, example = "비 오는 날 책방을 좋아해요.")]
    pub bio: Option<String>,
    /// Their picture.
    #[schema(required, example = "https://photos.example.com/photos/1.jpg")]
    pub profile_img_url: Option<String>,
    /// Whom they want to be introduced to.
    #[schema(required)]
    pub preferences: Option<MyPreferences>,
    /// Whether one wants to be recommended to others and asked.
    #[schema(required, example = true)]
    pub listed: Option<bool>,
    /// Whether partners see how far one has read, where they say so too.
    #[schema(required, example = false)]
    pub read_receipts: Option<bool>,
    /// Whether the address is verified; before that nobody is recommended to others.
    #[schema(example = true)]
    pub is_email_verified: bool,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

/// Whom somebody wants to be introduced to; what is null does not restrict.
#[derive(Serialize, ToSchema)]
#[schema(as = Preferences)]
pub struct MyPreferences {
    /// Null: the opposite gender; for `other` everyone.
    #[schema(required)]
    pub gender: Option<Wanted>,
    /// Completed years.
    #[schema(required, example = 27)]
    pub min_age: Option<u8>,
    /// Completed years.
    #[schema(required, example = 39)]
    pub max_age: Option<u8>,
    /// The other's `location`, letter by letter.
    #[schema(required, example = "서울 마포구")]
    pub location: Option<String>,
}

impl From<Preferences> for MyPreferences {
    fn from(preferences: Preferences) -> Self {
        Self {
            gender: preferences.gender,
            min_age: preferences.min_age,
            max_age: preferences.max_age,
            location: preferences.location,
        }
    }
}

/// My profile
///
/// Of every product's accounts; the fields of saju are null where there is no such profile.
#[utoipa::path(
    get, path = "/api/users/me", tag = "saju",
    operation_id = "getMyProfile",
    security(("access_token" = [])),
    responses(
        (status = 200, body = Me, description = "The account and its profile"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
    )
)]
pub async fn me(State(app): State<App>, user: User) -> Result<axum::Json<Me>> {
    let user_id = user.id;
    let (accounts, profiles) = (accounts::table(&app)?, profile::table(&app)?);
    let (account_key, profile_key) = (account_key(user_id), profile_key(user_id));
    let (account, profile) = try_join(
        accounts.get::<Account>(&account_key),
        profiles.get::<Profile>(&profile_key),
    )
    .await?;
    let account = account
        .filter(Account::is_active)
        .ok_or_else(Error::token_invalid)?;
    let mut me = Me {
        user_id,
        name: account.shown_name().to_owned(),
        is_email_verified: account.email_verified_at.is_some(),
        email: account.email,
        birth_date: None,
        calendar: None,
        leap_month: None,
        solar_birth_date: None,
        birth_time: None,
        gender: None,
        location: None,
        job: None,
        bio: None,
        profile_img_url: None,
        preferences: None,
        listed: None,
        read_receipts: None,
        created_at: account.created_at,
    };
    if let Some(profile) = profile {
        let birthday = profile.birthday();
        let candidate = profile.candidate;
        me = Me {
            name: profile.name,
            birth_date: Some(birthday.date.to_string()),
            calendar: Some(birthday.calendar),
            leap_month: Some(birthday.leap_month),
            solar_birth_date: Some(candidate.birth_date),
            birth_time: candidate.birth_time.map(hour_minute),
            gender: Some(candidate.gender),
            location: candidate.location,
            job: profile.job,
            bio: profile.bio,
            profile_img_url: profile.profile_img_url,
            preferences: Some(candidate.preferences.into()),
            listed: Some(!profile.standing.unlisted),
            read_receipts: Some(profile.read_receipts),
            ..me
        };
    }
    Ok(axum::Json(me))
}
