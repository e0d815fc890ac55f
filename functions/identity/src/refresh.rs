//! `POST /api/auth/refresh`: spends a refresh token for the next one and a fresh access token.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    app::{ConfigError, Configure, Env},
    error::ErrorBody,
    http::{Json, SourceIp},
    store::{Expression, Key, Table, Write, Written, decode},
    throttle::Rate,
};
use garde::Validate;
use jiff::SignedDuration;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    accounts::{Account, account_key, table},
    limits,
    refresh_token::{RefreshToken, salt},
    session::{self, Session, Tokens, Verdict, rejected},
};

/// `identity-refresh`.
pub const FUNCTION: Function = Function::http("identity-refresh", || {
    OpenApiRouter::new().routes(routes!(refresh))
});

/// The token to spend.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token that the last log-in or refresh gave.
    #[garde(length(min = 1, max = 512))]
    #[schema(
        max_length = 512,
        example = "AZqitHwefTOfClscLT5PUNvGk2Ivb0bRt6nZx4Yh7eEkTq0m8sWcJd3uFvXo5aLpR1iBgKzHyN2rQw9tCjMfDA"
    )]
    pub refresh_token: String,
}

/// Refreshes the tokens
///
/// Each use spends the token. For a short grace (30 s) the token just spent answers the same next
/// token again, so a lost answer and parallel calls are harmless; any other spent token ends the
/// session, for somebody else may hold a copy.
///
/// Budget: 3 DynamoDB requests (throttle, account and session in one read, rotation); 2 within the
/// grace; a caller that loses a race for the rotation 3, and a spent token at most 4
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "identity",
    request_body = RefreshRequest,
    responses(
        (status = 200, body = Tokens, description = "The next tokens of the session"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "The token is not valid any more: log in again"),
        (status = 429, body = ErrorBody, description = "Too many refreshes; `Retry-After` says when"),
    )
)]
pub async fn refresh(
    State(app): State<App>,
    address: SourceIp,
    Json(body): Json<RefreshRequest>,
) -> Result<impl IntoResponse> {
    let presented = RefreshToken::parse(&body.refresh_token).ok_or_else(rejected)?;
    let config = app.config::<Refreshes>()?;
    let table = table(&app)?;
    limits::by_address(&app, &table, "refresh", &address, config.rate).await?;

    let (account, session) = read(&table, &presented).await?;
    let now = app.now();
    if !session.is_open(&account, now) {
        return Err(rejected());
    }
    let mut verdict = session.judge(&presented, now, config.grace);
    // Signed before the rotation: a token must not be spent for an answer that cannot be given.
    let access_token = match verdict {
        Verdict::Reused => return Err(end(&table, &presented).await?),
        _ => session::access_token(&app, &account, &session.session_id).await?,
    };
    if let Verdict::Rotate = verdict {
        let salt = salt(&app);
        verdict = match table
            .write(session.rotation(&presented, &salt, now))
            .await?
        {
            Written::Done => Verdict::Again(presented.successor(&salt)),
            // Somebody else spent it in between: now it is a parent like any other.
            Written::Refused(Some(item)) => {
                decode::<Session>(item)?.judge(&presented, now, config.grace)
            }
            Written::Refused(None) => return Err(rejected()),
        };
    }
    match verdict {
        Verdict::Again(next) => Ok(axum::Json(Tokens::new(access_token, &next))),
        Verdict::Rotate | Verdict::Reused => Err(end(&table, &presented).await?),
    }
}

/// `REFRESH_RATE`: refreshes an address (default `600/5m`: an office or a school behind one
/// address, and many tabs at once). `REFRESH_GRACE_SECONDS`: how long a spent token gets its
/// successor again (default 30).
struct Refreshes {
    rate: Rate,
    grace: SignedDuration,
}

impl Configure for Refreshes {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let rate = Rate {
            attempts: 600,
            seconds: 5 * 60,
        };
        let grace = env.parsed("REFRESH_GRACE_SECONDS", 30_u32)?;
        Ok(Self {
            rate: env.parsed("REFRESH_RATE", rate)?,
            grace: SignedDuration::from_secs(grace.into()),
        })
    }
}

/// The account and the session that a token names, in one request.
async fn read(table: &Table, presented: &RefreshToken) -> Result<(Account, Session)> {
    let account = account_key(presented.user_id());
    let session = place(presented);
    let mut found = table.batch_get(&[account.clone(), session.clone()]).await?;
    match (found.remove(&account), found.remove(&session)) {
        (Some(account), Some(session)) => Ok((decode(account)?, decode(session)?)),
        _ => Err(rejected()),
    }
}

/// Ends the session of a token that was spent before; the caller and whoever has the copy both
/// have to log in again.
async fn end(table: &Table, presented: &RefreshToken) -> Result<Error> {
    tracing::warn!("a spent refresh token came back: its session ends");
    table
        .write(Write::Delete(place(presented), Expression::default()))
        .await?;
    Ok(rejected())
}

fn place(presented: &RefreshToken) -> Key {
    session::key(presented.user_id(), &presented.session_id())
}
