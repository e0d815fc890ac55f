//! `POST /api/session`: logs in with a Firebase ID token; its first one makes the account or joins one
//! ([`accounts::enter`]).

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    accounts::{self, table},
    error::ErrorBody,
    firebase,
    http::{Json, SourceIp},
    language::{AcceptLanguage, Language},
    store::{Outcome, Race, Transaction},
    throttle,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    login,
    login_log::open_market,
    session_key::{self, SessionCookie, SessionResponse},
};

/// `identity-begin-session`.
///
/// Budget: two throttles, whose uid and e-mail are in one read, the account, one transaction; the
/// first time 4, for there is no account to read.
pub const FUNCTION: Function = Function::http("identity-begin-session", || {
    OpenApiRouter::new().routes(routes!(begin_session))
})
.budget(5);

/// The product that customers are of.
const MARKET: &str = "market";

/// Who logs in.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// The ID token that Firebase gave the client.
    #[garde(length(min = 1, max = 8192))]
    #[schema(
        min_length = 1,
        max_length = 8192,
        pattern = "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*$",
        example = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJKV1QifQ.e30.c2ln"
    )]
    pub id_token: String,
}

/// Logs in with Firebase
///
/// The first token of a Firebase account makes the customer. Where its e-mail has an account, it is
/// joined if both e-mails are verified. That ends the account's other sessions, and its password is
/// good no more, for they may be somebody else's; so does the first token that says that the address
/// is verified. A new password can be set by mail.
#[utoipa::path(
    post, path = "/api/session", tag = "identity",
    operation_id = "beginSession",
    request_body = SessionRequest,
    params(("Accept-Language" = Option<String>, Header, description = "The language of ours (`ja`, `ko`, `en`) that a new account is written to in; Japanese where none is named")),
    responses(
        (status = 200, body = SessionResponse, description = "A new session", headers(
            ("Set-Cookie" = inline(SessionCookie), description = "`session_key`, for `/api/session` only"),
        )),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; `id_token`: of an account without an e-mail address"),
        (status = 401, body = ErrorBody, description = "The ID token is not valid or has expired, or its account may not be used"),
        (status = 409, body = ErrorBody, description = "`email` has an account, and one of the two has not been verified"),
        (status = 429, body = ErrorBody, description = "Too many attempts; `Retry-After` says when"),
    )
)]
pub async fn begin_session(
    State(app): State<App>,
    address: SourceIp,
    AcceptLanguage(language): AcceptLanguage,
    Json(body): Json<SessionRequest>,
) -> Result<impl IntoResponse> {
    let language = language.unwrap_or(Language::Japanese);
    let table = table(&app)?;
    throttle::count_address(&app, &table, "session", &address, &login::ADDRESS).await?;
    let caller = firebase::verify(&app, &body.id_token).await?;
    throttle::count(&app, &table, "session", &caller.uid, &login::ACCOUNT).await?;
    let mut race = Race::new(&app);
    loop {
        let mut tx = Transaction::new(&app);
        let account = accounts::enter(&mut tx, &table, &caller, MARKET, language).await?;
        let given = open_market(&mut tx, &table, &account).await?;
        match tx.commit().await? {
            Outcome::Done => return session_key::answer(given),
            // Another first token, a closing, a change: it is looked up again.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
