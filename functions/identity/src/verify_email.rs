//! `POST /api/auth/email/verify`: proves that the address is the account's owner's, with the token of
//! the sign-up mail and with a proof of the account itself.
//!
//! The token alone says that somebody reads the address's mail, not that they made the account: anybody
//! can sign up with somebody else's address and wait for them to follow the link. So whoever comes with
//! it is logged in to the account, or has its password. An owner who did not sign up takes the account
//! over with a new password instead, which shuts out whoever did.
//!
//! The token asks for nothing but the address itself, so a new password in between does not spoil
//! it; and it is not spent, so following the link twice is fine for its seven days.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    accounts::{Account, account_key, active, table},
    auth::User,
    error::ErrorBody,
    events::{AccountVerified, announce},
    http::{Json, SourceIp, no_content},
    password,
    store::{Change, Outcome, Table, Transaction},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    login,
    one_time::{self, OneTime, Purpose, rejected},
};

/// `identity-verify-email`.
///
/// Budget: the token, the account; with a password 3 more, two throttles and the account read.
pub const FUNCTION: Function = Function::http("identity-verify-email", || {
    OpenApiRouter::new().routes(routes!(verify_email))
})
.budget(5);

/// The proof.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmailRequest {
    /// The token from the mail's link.
    #[garde(length(min = 1, max = 512))]
    #[schema(
        min_length = 1,
        max_length = 512,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "AZqitHwefTOfClscLT5PUGieMqpNFcd5jNnPGW-8KtavUSB4WH4rlT2wD3rRvCxk"
    )]
    pub token: String,
    /// The account's password, of somebody who is not logged in to it.
    #[garde(length(chars, min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128, format = Password, example = "a quiet morning at nine")]
    pub password: Option<String>,
}

/// Verifies an e-mail address
///
/// The link alone proves nothing about who made the account: its owner is logged in to it, or gives its
/// password. Doing it again is 204 again.
/// The operator scope is in the tokens of sessions that begin afterwards.
#[utoipa::path(
    post, path = "/api/auth/email/verify", tag = "identity",
    operation_id = "verifyEmail",
    request_body = VerifyEmailRequest,
    security((), ("access_token" = [])),
    responses(
        (status = 204, description = "The address is verified"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; `token`: none of ours, or expired, or the account has another address now"),
        (status = 401, body = ErrorBody, description = "Neither a valid access token nor the right password"),
        (status = 403, body = ErrorBody, description = "The access token is of another account"),
        (status = 429, body = ErrorBody, description = "Too many wrong passwords; `Retry-After` says when"),
    )
)]
pub async fn verify_email(
    State(app): State<App>,
    address: SourceIp,
    user: Option<User>,
    Json(body): Json<VerifyEmailRequest>,
) -> Result<impl IntoResponse> {
    let place = one_time::key(&body.token)?;
    let table = table(&app)?;
    let token = one_time::find(&app, &table, &place, Purpose::VerifyEmail).await?;
    match (&body.password, user) {
        (_, Some(user)) if user.id == token.user_id => {}
        (Some(password), _) => prove(&app, &table, &address, &token, password).await?,
        (None, Some(_)) => return Err(Error::forbidden()),
        (None, None) => return Err(Error::token_invalid()),
    }
    let verified = Change::new().set("email_verified_at", app.now()).when(
        active()
            .eq("email", &token.email)
            .absent("email_verified_at"),
    );
    let user_id = token.user_id;
    let mut tx = Transaction::new(&app);
    let account = tx.update(&table, account_key(user_id), verified).of();
    announce(&mut tx, &table, AccountVerified { user_id })?;
    let verified = match tx.commit().await? {
        Outcome::Done => true,
        Outcome::Refused(refused) => refused.item::<Account>(account)?.is_some_and(|account| {
            let same = account.is_active() && account.email == token.email;
            same && account.email_verified_at.is_some()
        }),
    };
    if verified {
        Ok(no_content())
    } else {
        Err(rejected())
    }
}

/// That the password is the account's. Three requests; an attempt counts as one at a log-in.
async fn prove(
    app: &App,
    table: &Table,
    address: &SourceIp,
    token: &OneTime,
    password: &str,
) -> Result<()> {
    let user_id = token.user_id;
    login::count(app, table, address, &user_id.to_string()).await?;
    let account = table.get::<Account>(&account_key(user_id)).await?;
    let hash = account.and_then(|account| account.password_hash);
    match password::verify(app, password, hash.as_deref())? {
        true => Ok(()),
        false => Err(login::rejected()),
    }
}
