//! `POST /api/users/register`: the sign-up. Makes an account, or adds the saju profile to the one
//! whose token is presented.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::{self, Account, Registration, account_key, active, not_joined, taken},
    auth::User,
    civil,
    error::ErrorBody,
    http::{Json, SourceIp},
    idempotency::IdempotencyKey,
    language::{AcceptLanguage, Language},
    store::{Change, Outcome, Race, Table, Transaction},
    validate,
};
use garde::Validate;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pillars::Birth,
    profile::{self, Gender, MIN_AGE, Profile, profile_key, today},
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
    /// Of the solar calendar, from 1920 on, of somebody who is 19 or older in Korea today.
    #[garde(skip)]
    #[serde(deserialize_with = "civil::date")]
    #[schema(value_type = String, format = Date, example = "1995-03-02")]
    pub birth_date: Date,
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
/// address is verified. One must be 19 or older, in completed years at
/// Korean time.
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
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; `birth_date`: not a date from 1920 on, or less than 19 years ago"),
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
    let birth = Birth::new(body.birth_date, None)
        .map_err(|error| Error::invalid("birth_date", error.to_string()))?;
    if profile::age(body.birth_date, profile::today(app.now())) < MIN_AGE {
        let message = format!("you must be {MIN_AGE} or older");
        return Err(Error::invalid("birth_date", message));
    }
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
    let profile = Profile::new(user_id, &body.name, birth, body.gender, app.now());
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
        let mut profile = Profile::new(user_id, &body.name, birth, body.gender, now);
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

/// The profile, with the day on which it was made as the one on which they were last seen.
fn begin(tx: &mut Transaction, saju: &Table, profile: &Profile) -> Result<()> {
    let user_id = profile.candidate.user_id;
    tx.create(saju, profile_key(user_id), profile)?;
    let (key, seen) = standing::seen(user_id, today(profile.created_at));
    tx.put(saju, key, &seen)
}

/// All but the password.
fn told(body: &RegisterRequest) -> (&str, &str, Date, Gender) {
    (&body.name, &body.email, body.birth_date, body.gender)
}
