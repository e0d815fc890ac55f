//! `POST /login` and `POST /api/users/login`: begins a session.
//!
//! A wrong password, an unknown and a disabled account are one and the same 401, and cost the same
//! requests and the same hashing.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::{Account, Owner, account_key, email_key, table, username_key},
    error::{Code, ErrorBody},
    http::{Json, SourceIp},
    password,
    session::{self, Tokens},
    store::{Key, Table},
    throttle::{self, Limit},
    validate,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `identity-login`.
///
/// Budget: three throttles, whose the name is, the account, the new session.
pub const FUNCTION: Function = Function::http("identity-login", || {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(login_by_email))
})
.budget(6);

/// Attempts at an account from one address, whether it exists or not.
pub const ACCOUNT: Limit = Limit::new("LOGIN_RATE", 10, 5 * 60);
/// Attempts at an account from wherever they come. Far above the other: who keeps somebody out with
/// wrong passwords needs many addresses for it.
const ACCOUNT_ANYWHERE: Limit = Limit::new("LOGIN_ACCOUNT_RATE", 100, 5 * 60);
/// Attempts from an address.
pub const ADDRESS: Limit = Limit::new("LOGIN_ADDRESS_RATE", 100, 5 * 60);

/// Who logs in: by `email` or by `username`, one of them. Described as [`EitherLogin`].
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BothLogins)]
pub struct LoginRequest {
    /// The account's address, in any case.
    #[garde(inner(custom(validate::email)))]
    #[schema(max_length = 254, format = "email", example = "hana@example.jp")]
    pub email: Option<String>,
    /// The account's name, in any case, instead of its address.
    #[garde(length(chars, min = 1, max = 150))]
    #[schema(min_length = 1, max_length = 150, example = "hana")]
    pub username: Option<String>,
    /// The password.
    #[garde(length(chars, min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128, format = Password, example = "a quiet morning at nine")]
    pub password: String,
}

/// Who logs in, by address.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailLoginRequest {
    /// The account's address, in any case.
    #[garde(custom(validate::email))]
    #[schema(max_length = 254, format = "email", example = "hana@example.jp")]
    pub email: String,
    /// The password.
    #[garde(length(chars, min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128, format = Password, example = "a quiet morning at nine")]
    pub password: String,
}

/// Who logs in, by name.
// For the document: `LoginRequest` is what is read and checked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsernameLoginRequest {
    /// The account's name, in any case.
    #[schema(min_length = 1, max_length = 150, example = "hana")]
    pub username: String,
    /// The password.
    #[schema(min_length = 1, max_length = 128, format = Password, example = "a quiet morning at nine")]
    pub password: String,
}

/// Who logs in: by `email` or by `username`.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = LoginRequest)]
pub enum EitherLogin {
    /// By address.
    Email(EmailLoginRequest),
    /// By name.
    Username(UsernameLoginRequest),
}

/// Who has logged in.
#[derive(Serialize, ToSchema)]
pub struct LoginResponse {
    /// The account.
    pub user_id: UserId,
    /// The tokens of the new session.
    #[serde(flatten)]
    pub tokens: Tokens,
}

/// Logs in
#[utoipa::path(
    post, path = "/login", tag = "identity",
    operation_id = "logIn",
    request_body = EitherLogin,
    responses(
        (status = 200, body = LoginResponse, description = "A new session"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "Wrong e-mail, username or password"),
        (status = 429, body = ErrorBody, description = "Too many attempts; `Retry-After` says when"),
    )
)]
pub async fn login(
    State(app): State<App>,
    address: SourceIp,
    Json(body): Json<LoginRequest>,
) -> Result<impl IntoResponse> {
    let name = match (&body.email, &body.username) {
        (Some(email), None) => email_key(email),
        (None, Some(username)) => username_key(username),
        (Some(_), Some(_)) => {
            return Err(Error::invalid(
                "username",
                "give email or username, not both",
            ));
        }
        (None, None) => return Err(Error::missing("email")),
    };
    begin(&app, &address, name, &body.password).await
}

/// Logs in by e-mail
#[utoipa::path(
    post, path = "/api/users/login", tag = "identity",
    operation_id = "logInByEmail",
    request_body = EmailLoginRequest,
    responses(
        (status = 200, body = LoginResponse, description = "A new session"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "Wrong e-mail or password"),
        (status = 429, body = ErrorBody, description = "Too many attempts; `Retry-After` says when"),
    )
)]
pub async fn login_by_email(
    State(app): State<App>,
    address: SourceIp,
    Json(body): Json<EmailLoginRequest>,
) -> Result<impl IntoResponse> {
    begin(&app, &address, email_key(&body.email), &body.password).await
}

/// Counts an attempt at a password: of an account, by its id, or of a name that nobody has. What comes
/// from an address that has used up its attempts at it is not counted against the account. Two requests.
///
/// # Errors
/// `too_many_requests`, `service_unavailable`.
pub async fn count(app: &App, table: &Table, address: &SourceIp, account: &str) -> Result<()> {
    throttle::count_from(app, table, "login", account, address, &ACCOUNT).await?;
    throttle::count(app, table, "login", account, &ACCOUNT_ANYWHERE).await
}

/// The address is counted first: one that has used up its own attempts uses up nobody else's.
async fn begin(
    app: &App,
    address: &SourceIp,
    name: Key,
    password: &str,
) -> Result<axum::Json<LoginResponse>> {
    let table = table(app)?;
    throttle::count_address(app, &table, "login", address, &ADDRESS).await?;

    // An unknown name goes the whole way too, with nobody at its end. An account has one count,
    // whichever of its names is given.
    let owner = table.get::<Owner>(&name).await?;
    let (user_id, counted) = match owner {
        Some(Owner { user_id }) => (user_id, user_id.to_string()),
        None => (UserId::NOBODY, name.pk),
    };
    count(app, &table, address, &counted).await?;
    let account = table.get::<Account>(&account_key(user_id)).await?;
    let hash = account
        .as_ref()
        .and_then(|account| account.password_hash.as_deref());
    let right = password::verify(app, password, hash)?;
    let account = account
        .filter(|account| right && account.is_active())
        .ok_or_else(rejected)?;

    let tokens = session::log_in(app, &account).await?;
    Ok(axum::Json(LoginResponse { user_id, tokens }))
}

/// The 401 of a wrong password, or of a name that nobody has.
pub fn rejected() -> Error {
    Error::new(
        Code::InvalidCredentials,
        "wrong e-mail, username or password",
    )
    .with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"enishi\""),
    )
}
