//! `POST /signup`: makes an account, or adds the rooms profile to
//! the one whose token is presented.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::{
        self, Account, Registration, account_key, active, claim, not_joined, taken, username_key,
    },
    auth::User,
    error::ErrorBody,
    http::{Json, SourceIp},
    idempotency::IdempotencyKey,
    language::{AcceptLanguage, Language},
    session::{self, Tokens},
    store::{Change, Outcome, Transaction},
    username, validate,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `identity-signup`.
///
/// Budget: two throttles and one transaction; 1 more with `Authorization`, its account; 2 more for
/// a replay, the account and the new session.
pub const FUNCTION: Function = Function::http("identity-signup", || {
    OpenApiRouter::new().routes(routes!(signup))
})
.budget(6);

/// The product that this sign-up is of.
const ROOMS: &str = "rooms";

/// Who wants to join.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignupRequest {
    /// The name others see: 1–150 letters and digits of any script and visible ASCII characters, parted
    /// by single spaces (RFC 8265). Unique whatever its case and the width of its characters.
    #[garde(length(chars, min = 1, max = 150), custom(validate::username))]
    #[schema(
        min_length = 1,
        max_length = 150,
        pattern = r"^\S+( \S+)*$",
        example = "hana"
    )]
    pub username: String,
    /// Unique whatever its case, at most 254 bytes; ASCII before the `@`.
    #[garde(custom(validate::email))]
    #[schema(max_length = 254, format = "email", example = "hana@example.jp")]
    pub email: String,
    /// 8–128 characters of any kind: length is what counts (NIST SP 800-63B).
    #[garde(length(chars, min = 8, max = 128))]
    #[schema(min_length = 8, max_length = 128, format = Password, example = "a quiet morning at nine")]
    pub password: String,
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
    #[schema(format = "email", example = "hana@example.jp")]
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
#[utoipa::path(
    post, path = "/signup", tag = "identity",
    operation_id = "signUp",
    request_body = SignupRequest,
    params(
        IdempotencyKey,
        ("Accept-Language" = Option<String>, Header, description = "The language of ours (`ja`, `ko`, `en`) that a new account is written to in; Japanese where none is named"),
    ),
    security((), ("access_token" = [])),
    responses(
        (status = 201, body = SignupResponse, description = "The account, logged in"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "The access token is not valid"),
        (status = 409, body = ErrorBody, description = "`email` or `username` is already in use, or the account has the profile, or the `Idempotency-Key` was used with another body"),
        (status = 429, body = ErrorBody, description = "Too many sign-ups; `Retry-After` says when"),
    )
)]
pub async fn signup(
    State(app): State<App>,
    address: SourceIp,
    AcceptLanguage(language): AcceptLanguage,
    key: IdempotencyKey,
    user: Option<User>,
    Json(body): Json<SignupRequest>,
) -> Result<impl IntoResponse> {
    let username = username::shown(&body.username);
    let username = username.ok_or_else(|| Error::invalid("username", "not a username"))?;
    let body = SignupRequest { username, ..body };
    let registration = Registration::begin(app, &address, key, &body.email, &body.password).await?;
    let (account, tokens) = match user {
        Some(user) => join(&registration, &user, &body).await?,
        None => {
            let language = language.unwrap_or(Language::Japanese);
            create(&registration, &body, language).await?
        }
    };
    let response = SignupResponse {
        user_id: account.user_id,
        username: body.username,
        email: account.email,
        tokens,
    };
    Ok((StatusCode::CREATED, axum::Json(response)))
}

/// A new account.
async fn create(
    registration: &Registration,
    body: &SignupRequest,
    language: Language,
) -> Result<(Account, Tokens)> {
    let Registration { app, table, .. } = registration;
    let account = Account {
        username: Some(body.username.clone()),
        ..registration.new_account(ROOMS, language)?
    };
    let user_id = account.user_id;
    let (session, tokens) = session::open(app, &account).await?;
    let creation = registration.creation("signup", None, &(&body.username, &body.email))?;

    let mut tx = Transaction::new(app);
    let email = accounts::create(&mut tx, table, &account)?;
    let username = claim(&mut tx, table, username_key(&body.username), user_id)?;
    tx.create(table, session.key(user_id), &session)?;
    match tx.commit_once(table, creation.as_ref(), &user_id).await? {
        Outcome::Done => Ok((account, tokens)),
        Outcome::Replayed { id, .. } => {
            let account = registration.repeated(id, true).await?;
            let tokens = session::log_in(app, &account).await?;
            Ok((account, tokens))
        }
        Outcome::Refused(refused) => Err(taken(&[
            ("email", refused.is(email)),
            ("username", refused.is(username)),
        ])),
    }
}

/// The rooms profile for the account whose token was presented.
async fn join(
    registration: &Registration,
    user: &User,
    body: &SignupRequest,
) -> Result<(Account, Tokens)> {
    let Registration { app, table, .. } = registration;
    let mut account = registration.account_of(user).await?;
    account.username = Some(body.username.clone());
    let user_id = account.user_id;
    let (session, tokens) = session::open(app, &account).await?;
    let told = (&body.username, &body.email);
    let creation = registration.creation("signup", Some(user_id), &told)?;

    let mut tx = Transaction::new(app);
    let profile = Change::new()
        .set("username", &body.username)
        .append("products", ROOMS)
        .when(active().absent("username").lacks("products", ROOMS));
    let joined = tx.update(table, account_key(user_id), profile).of();
    let username = claim(&mut tx, table, username_key(&body.username), user_id)?;
    tx.create(table, session.key(user_id), &session)?;
    match tx.commit_once(table, creation.as_ref(), &user_id).await? {
        Outcome::Done => Ok((account, tokens)),
        Outcome::Replayed { id, .. } => {
            let account = registration.repeated(id, false).await?;
            let tokens = session::log_in(app, &account).await?;
            Ok((account, tokens))
        }
        Outcome::Refused(refused) if refused.is(joined) => {
            Err(not_joined(refused.item(joined)?.as_ref()))
        }
        Outcome::Refused(refused) => Err(taken(&[("username", refused.is(username))])),
    }
}
