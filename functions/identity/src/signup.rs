//! `POST /signup`: the sign-up of `specs/rooms.md`. Makes an account, or adds the rooms profile to
//! the one whose token is presented.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    app::{ConfigError, Configure, Env},
    auth::User,
    error::ErrorBody,
    events::announce,
    http::{Json, SourceIp},
    idempotency::{Creation, IdempotencyKey},
    password,
    store::{AttributeValue, Committed, Expression, Refusal, Table, Write, s},
    throttle::{self, Rate},
    validate,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    accounts::{
        Account, ROOMS, Status, UserId, account_key, claim, email_key, normalised, table,
        username_key,
    },
    events::AccountCreated,
    limits,
    responses::Failures,
    session::{self, Tokens},
};

/// `identity-signup`.
pub const FUNCTION: Function =
    Function::http("identity-signup", || OpenApiRouter::new().routes(routes!(signup)));

/// Who wants to join.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignupRequest {
    /// The name others see: unique, 1–150 characters, no space at either end.
    #[garde(length(chars, min = 1, max = 150), custom(validate::line), custom(untrimmed))]
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
/// Budget: 3 DynamoDB requests (two throttles, one transaction); with `Authorization` 4 (and the
/// account); a replay 5 (and the account, the new session)
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
        Failures,
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
    throttle::count(&app, &table, "register", &normalised(&body.email), rates.email).await?;

    let signup = Signup { app, table, body };
    let response = match user {
        Some(user) => signup.join(&user, key.as_deref()).await?,
        None => signup.create(key.as_deref()).await?,
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

struct Signup {
    app: App,
    table: Table,
    body: SignupRequest,
}

/// The parts of the transaction that somebody else's write can refuse come first, in this order;
/// the record of the `Idempotency-Key` is the last part of all.
const EMAIL: usize = 0;
const USERNAME: usize = 1;

impl Signup {
    /// A new account. The password is hashed before anything is looked up, so a taken e-mail takes
    /// as long as a free one.
    async fn create(&self, key: Option<&str>) -> Result<SignupResponse> {
        let Self { app, body, .. } = self;
        let account = Account {
            user_id: UserId::new(app),
            username: Some(body.username.clone()),
            name: None,
            email: body.email.clone(),
            email_verified: false,
            password_hash: Some(password::hash(app, &body.password)?),
            status: Status::Active,
            epoch: 0,
            products: vec![ROOMS.to_owned()],
            created_at: app.now(),
        };
        let user_id = account.user_id;
        let (session, tokens) = session::open(app, &account).await?;
        let writes = vec![
            claim(email_key(&body.email), user_id)?,
            claim(username_key(&body.username), user_id)?,
            Write::create(account_key(user_id), &account)?,
            session,
            announce(app, AccountCreated { user_id })?,
        ];
        match self.commit(writes, user_id, "signup", key).await? {
            None => Ok(self.response(account, tokens)),
            Some(created) => self.replay(created, true).await,
        }
    }

    /// The rooms profile for the account whose token was presented.
    async fn join(&self, user: &User, key: Option<&str>) -> Result<SignupResponse> {
        let Self { app, body, table } = self;
        let user_id: UserId = user.id.parse().map_err(|_| Error::token_invalid())?;
        let mut account = table
            .get::<Account>(&account_key(user_id))
            .await?
            .filter(Account::is_active)
            .ok_or_else(Error::token_invalid)?;
        if normalised(&account.email) != normalised(&body.email) {
            return Err(Error::conflict("email must be the one of your account")
                .and_already_exists("email"));
        }
        account.username = Some(body.username.clone());
        let (session, tokens) = session::open(app, &account).await?;
        let profile = Expression::update(
            "SET #username = :username, #products = list_append(#products, :profile)",
        )
        .and_when(
            "#status = :active AND attribute_not_exists(#username) \
             AND NOT contains(#products, :rooms)",
        )
        .name("#username", "username")
        .name("#products", "products")
        .name("#status", "status")
        .value(":username", s(&body.username))
        .value(":profile", AttributeValue::L(vec![s(ROOMS)]))
        .value(":rooms", s(ROOMS))
        .value(":active", s(Status::ACTIVE));
        let writes = vec![
            Write::Update(account_key(user_id), profile),
            claim(username_key(&body.username), user_id)?,
            session,
        ];
        let scope = format!("signup {user_id}");
        match self.commit(writes, user_id, &scope, key).await? {
            None => Ok(self.response(account, tokens)),
            Some(created) => self.replay(created, false).await,
        }
    }

    /// Writes it all, or says what stands in the way; `Some` is what this `Idempotency-Key` has
    /// created before.
    async fn commit(
        &self,
        mut writes: Vec<Write>,
        user_id: UserId,
        scope: &str,
        key: Option<&str>,
    ) -> Result<Option<UserId>> {
        let Self { app, body, table } = self;
        // No password: a fast digest of something guessable must not lie in a table.
        let creation = key
            .map(|key| Creation::new(app, scope, key, &(&body.username, &body.email)))
            .transpose()?;
        let record = writes.len();
        if let Some(creation) = &creation {
            writes.push(creation.remember(&user_id.to_string())?);
        }
        let mut refused = match table.transact(writes).await? {
            Committed::Done => return Ok(None),
            Committed::Refused(refused) => refused,
        };
        let before = refused
            .iter_mut()
            .find(|refusal| refusal.part == record)
            .and_then(|refusal| refusal.item.take());
        if let (Some(creation), Some(before)) = (creation, before)
            && let Some(created) = creation.recall(app, before)?
        {
            return created.parse().map(Some).map_err(Error::internal);
        }
        Err(taken(&refused))
    }

    /// Answers a repetition: a new session, since tokens are kept nowhere.
    async fn replay(&self, user_id: UserId, verify: bool) -> Result<SignupResponse> {
        let Self { app, body, table } = self;
        let account = table
            .get::<Account>(&account_key(user_id))
            .await?
            .filter(Account::is_active);
        let hash = account
            .as_ref()
            .and_then(|account| account.password_hash.as_deref());
        let same = !verify || password::verify(app, &body.password, hash)?;
        let Some(account) = account.filter(|_| same) else {
            return Err(Error::conflict(
                "this Idempotency-Key was used with another body",
            ));
        };
        let (session, tokens) = session::open(app, &account).await?;
        table.write(session).await?;
        Ok(self.response(account, tokens))
    }

    fn response(&self, account: Account, tokens: Tokens) -> SignupResponse {
        SignupResponse {
            user_id: account.user_id,
            username: self.body.username.clone(),
            email: account.email,
            tokens,
        }
    }
}

/// The 409 that names what is in use: the e-mail (or its account's profile), the username or both.
fn taken(refused: &[Refusal]) -> Error {
    let is = |part| refused.iter().any(|refusal| refusal.part == part);
    match (is(EMAIL), is(USERNAME)) {
        (true, true) => Error::already_exists("email").and_already_exists("username"),
        (true, false) => Error::already_exists("email"),
        (false, true) => Error::already_exists("username"),
        (false, false) => Error::conflict("somebody else was faster; try again"),
    }
}
