//! `POST /signup`: the sign-up of `specs/rooms.md`. Makes an account, or adds the rooms profile to
//! the one whose token is presented.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    app::{ConfigError, Configure, Env},
    auth::User,
    error::ErrorBody,
    http::{Json, SourceIp},
    idempotency::IdempotencyKey,
    throttle::{self, Rate},
    validate,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    accounts::{UserId, normalised, table},
    limits,
    session::Tokens,
};

mod registration;

use registration::Registration;

/// `identity-signup`.
pub const FUNCTION: Function = Function::http("identity-signup", || {
    OpenApiRouter::new().routes(routes!(signup))
});

/// Who wants to join.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignupRequest {
    /// The name others see: unique, 1–150 characters, no space at either end.
    #[garde(
        length(chars, min = 1, max = 150),
        custom(validate::line),
        custom(untrimmed)
    )]
    #[schema(min_length = 1, max_length = 150, example = "hana")]
    pub username: String,
    /// Unique whatever its case, at most 254 bytes.
    #[garde(custom(validate::email))]
    #[schema(max_length = 254, example = "hana@example.jp")]
    pub email: String,
    /// 8–128 characters of any kind: length is what counts (NIST SP 800-63B).
    #[garde(length(chars, min = 8, max = 128))]
    #[schema(min_length = 8, max_length = 128, format = Password, example = "a quiet morning at nine")]
    pub password: String,
}

fn untrimmed<C>(value: &str, _: &C) -> garde::Result {
    if value.trim() == value {
        Ok(())
    } else {
        Err(garde::Error::new("starts or ends with a space"))
    }
}

/// Who has joined, logged in at once.
#[derive(Serialize, ToSchema)]
pub struct SignupResponse {
    /// The account.
    pub user_id: UserId,
    /// The name others see.
    #[schema(example = "hana")]
    pub username: String,
    /// The account's address.
    #[schema(example = "hana@example.jp")]
    pub email: String,
    /// The tokens of the new session.
    #[serde(flatten)]
    pub tokens: Tokens,
}

/// Signs up
///
/// With the `Authorization` of an existing account the rooms profile is added to it: the e-mail
/// must be that account's, the password is ignored.
/// A repetition with the same `Idempotency-Key` answers the same account with new tokens; its
/// password must be the account's, since only names are kept to compare it with.
///
/// Budget: 3 DynamoDB requests (two throttles, one transaction); 4 with `Authorization` (and its
/// account); a replay takes 2 more (the account, the new session)
#[utoipa::path(
    post, path = "/signup", tag = "identity",
    request_body = SignupRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the sign-up safe to repeat for 24 hours")),
    security((), ("access_token" = [])),
    responses(
        (status = 201, body = SignupResponse, description = "The account, logged in"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "The access token is not valid"),
        (status = 409, body = ErrorBody, description = "`email` or `username` is already in use, or the `Idempotency-Key` was used with another body"),
        (status = 429, body = ErrorBody, description = "Too many sign-ups; `Retry-After` says when"),
    )
)]
pub async fn signup(
    State(app): State<App>,
    address: SourceIp,
    IdempotencyKey(key): IdempotencyKey,
    user: Option<User>,
    Json(body): Json<SignupRequest>,
) -> Result<impl IntoResponse> {
    let rates = app.config::<Rates>()?;
    let table = table(&app)?;
    limits::by_address(&app, &table, "register", &address, rates.address).await?;
    throttle::count(
        &app,
        &table,
        "register",
        &normalised(&body.email),
        rates.email,
    )
    .await?;

    let registration = Registration { app, table, body };
    let response = match user {
        Some(user) => registration.join(&user, key.as_deref()).await?,
        None => registration.create(key.as_deref()).await?,
    };
    Ok((StatusCode::CREATED, axum::Json(response)))
}

/// `REGISTER_RATE`: sign-ups an address (default `20/1h`). `REGISTER_EMAIL_RATE`: sign-ups an
/// e-mail (default `10/1h`); replays count too, since they compare a password.
struct Rates {
    address: Rate,
    email: Rate,
}

impl Configure for Rates {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let rate = |attempts| Rate {
            attempts,
            seconds: 60 * 60,
        };
        Ok(Self {
            address: env.parsed("REGISTER_RATE", rate(20))?,
            email: env.parsed("REGISTER_EMAIL_RATE", rate(10))?,
        })
    }
}
