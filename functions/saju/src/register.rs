//! `POST /api/users/register`: the sign-up. Makes an account, or adds the saju profile to the one
//! whose token is presented.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Function, Result, UserId,
    accounts::{self, Account, Registration, account_key, active, not_joined, taken},
    auth::User,
    error::ErrorBody,
    http::{Json, SourceIp},
    idempotency::IdempotencyKey,
    language::{AcceptLanguage, Language},
    store::{Change, Outcome, Race, Table, Transaction},
    validate,
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    birthday::{Birthday, Calendar, Written},
    pillars::Birth,
    profile::{self, Gender, Profile, profile_key, today},
    standing,
};

/// `saju-register`.
///
/// Budget: two throttles, one transaction over both tables; with `Authorization` its account, and the
/// place in the pool read and marked where its address is verified.
pub const FUNCTION: Function = crate::http("saju-register", || {
    OpenApiRouter::new().routes(routes!(register))
})
.budget(6);

/// Who wants to be introduced to somebody.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// Unique whatever its case, at most 254 bytes; ASCII before the `@`.
    #[garde(custom(validate::email))]
    #[schema(max_length = 254, format = "email", example = "seoyeon@example.kr")]
    pub email: String,
    /// 8–128 characters of any kind: length is what counts (NIST SP 800-63B).
    #[garde(length(chars, min = 8, max = 128))]
    #[schema(min_length = 8, max_length = 128, format = Password, example = "under the old pine tree")]
    pub password: String,
    /// The name others see: 1–100 characters, no space at either end. Not unique.
    #[garde(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "서연"
    )]
    pub name: String,
    /// By `calendar`, from 1920 on, of somebody who is 19 or older in Korea today. A lunar 30 February
    /// exists.
    #[garde(skip)]
    #[schema(value_type = String, pattern = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", example = "1995-03-02")]
    pub birth_date: Written,
    /// By which calendar `birth_date` is given; the Korean lunar one is converted once, here.
    #[garde(skip)]
    #[serde(default)]
    pub calendar: Calendar,
    /// Whether the month is a leap month (윤달) of the lunar calendar: the one that follows the month
    /// of the same number.
    #[garde(skip)]
    #[serde(default)]
    #[schema(example = false)]
    pub leap_month: bool,
    /// Their gender.
    #[garde(skip)]
    pub gender: Gender,
}

/// Who has joined.
#[derive(Serialize, ToSchema)]
pub struct RegisterResponse {
    /// The account.
    pub user_id: UserId,
    /// The name others see.
    #[schema(example = "서연")]
    pub name: String,
    /// The account's address.
    #[schema(format = "email", example = "seoyeon@example.kr")]
    pub email: String,
}

/// Signs up for introductions
///
/// Logs nobody in: `POST /api/users/login` does. Nobody is recommended to others before their e-mail
/// address is verified. One must be 19 or older, in completed years of the solar calendar at Korean time.
/// With the `Authorization` of an existing account the saju profile is added to it: the e-mail
/// must be that account's, the password is ignored, the account keeps the name it has.
/// A repetition with the same `Idempotency-Key` answers the same account; its password must be the
/// account's, since only the other values are kept to compare it with.
#[utoipa::path(
    post, path = "/api/users/register", tag = "saju",
    operation_id = "registerProfile",
    request_body = RegisterRequest,
    params(
        IdempotencyKey,
        ("Accept-Language" = Option<String>, Header, description = "The language of ours (`ja`, `ko`, `en`) that a new account is written to in; Korean where none is named"),
    ),
    security((), ("access_token" = [])),
    responses(
        (status = 201, body = RegisterResponse, description = "The account has a saju profile"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; `birth_date`: not a date of its calendar from 1920 on, or less than 19 years ago; `leap_month`: that year has no such leap month"),
        (status = 401, body = ErrorBody, description = "The access token is not valid"),
        (status = 409, body = ErrorBody, description = "`email` is already in use, or the account has the profile, or the `Idempotency-Key` was used with another body"),
        (status = 429, body = ErrorBody, description = "Too many sign-ups; `Retry-After` says when"),
    )
)]
pub async fn register(
    State(app): State<App>,
    address: SourceIp,
    AcceptLanguage(language): AcceptLanguage,
    key: IdempotencyKey,
    user: Option<User>,
    Json(body): Json<RegisterRequest>,
) -> Result<impl IntoResponse> {
    let birth = body.birthday().born(None, "birth_date", app.now())?;
    let saju = profile::table(&app)?;
    let registration = Registration::begin(app, &address, key, &body.email, &body.password).await?;
    let account = match user {
        Some(user) => join(&registration, &saju, &user, &body, birth).await?,
        None => {
            let language = language.unwrap_or(Language::Korean);
            create(&registration, &saju, &body, birth, language).await?
        }
    };
    let response = RegisterResponse {
        user_id: account.user_id,
        name: body.name,
        email: account.email,
    };
    Ok((StatusCode::CREATED, axum::Json(response)))
}

/// A new account with its profile.
async fn create(
    registration: &Registration,
    saju: &Table,
    body: &RegisterRequest,
    birth: Birth,
    language: Language,
) -> Result<Account> {
    let Registration { app, table, .. } = registration;
    let account = Account {
        name: Some(body.name.clone()),
        ..registration.new_account(profile::PRODUCT, language)?
    };
    let user_id = account.user_id;
    let profile = body.profile(user_id, birth, app.now());
    let creation = registration.creation("register", None, &told(body))?;

    let mut tx = Transaction::new(app);
    let email = accounts::create(&mut tx, table, &account)?;
    begin(&mut tx, saju, &profile)?;
    match tx.commit_once(table, creation.as_ref(), &user_id).await? {
        Outcome::Done => Ok(account),
        Outcome::Replayed { id, .. } => registration.repeated(id, true).await,
        Outcome::Refused(refused) => Err(taken(&[("email", refused.is(email))])),
    }
}

/// The saju profile for the account whose token was presented.
async fn join(
    registration: &Registration,
    saju: &Table,
    user: &User,
    body: &RegisterRequest,
    birth: Birth,
) -> Result<Account> {
    let Registration { app, table, .. } = registration;
    let now = app.now();
    let mut account = registration.account_of(user).await?;
    let user_id = account.user_id;
    let creation = registration.creation("register", Some(user_id), &told(body))?;
    // The address may be verified at the same moment.
    let mut race = Race::new(app);
    loop {
        let mut profile = body.profile(user_id, birth, now);
        if account.email_verified_at.is_some() {
            profile.standing.unverified = false;
            profile.place(today(now))?;
            profile::occupy(saju, &profile.candidate).await?;
        }
        let mut tx = Transaction::new(app);
        let unchanged = active()
            .lacks("products", profile::PRODUCT)
            .same("email_verified_at", account.email_verified_at);
        let change = Change::new()
            .append("products", profile::PRODUCT)
            .set_if_absent("name", &body.name)
            .when(unchanged);
        let joined = tx.update(table, account_key(user_id), change).of();
        begin(&mut tx, saju, &profile)?;
        let refused = match tx.commit_once(table, creation.as_ref(), &user_id).await? {
            Outcome::Done => return Ok(account),
            Outcome::Replayed { id, .. } => return registration.repeated(id, false).await,
            Outcome::Refused(refused) if refused.is(joined) => refused,
            Outcome::Refused(_) => return Err(taken(&[])),
        };
        let there: Option<Account> = refused.item(joined)?;
        let product = |name: &String| name == profile::PRODUCT;
        match there {
            Some(there) if there.is_active() && !there.products.iter().any(product) => {
                account = there;
            }
            there => return Err(not_joined(there.as_ref())),
        }
        race.lost().await?;
    }
}

impl RegisterRequest {
    /// The birthday as it is given.
    fn birthday(&self) -> Birthday {
        Birthday {
            date: self.birth_date,
            calendar: self.calendar,
            leap_month: self.leap_month,
        }
    }

    fn profile(&self, user_id: UserId, birth: Birth, now: Timestamp) -> Profile {
        Profile {
            lunar_birth: self.birthday().lunar(),
            ..Profile::new(user_id, &self.name, birth, self.gender, now)
        }
    }
}

/// The profile, with the day on which it was made as the one on which they were last seen.
fn begin(tx: &mut Transaction, saju: &Table, profile: &Profile) -> Result<()> {
    let user_id = profile.candidate.user_id;
    tx.create(saju, profile_key(user_id), profile)?;
    let (key, seen) = standing::seen(user_id, today(profile.created_at));
    tx.put(saju, key, &seen)
}

/// All but the password.
fn told(body: &RegisterRequest) -> (&str, &str, (Written, Calendar, bool), Gender) {
    let birthday = (body.birth_date, body.calendar, body.leap_month);
    (&body.name, &body.email, birthday, body.gender)
}
