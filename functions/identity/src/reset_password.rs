//! `POST /api/auth/password/reset`: sets a new password with the token of a mail.
//!
//! The account's epoch moves on, which ends every session and every other such token at once. While
//! the address was not verified, a Firebase identity is parted from the account: whoever chose the
//! address there need not be who reads its mail, and who does joins it again with the next log-in.
//!
//! The token sets one password only. It is not deleted but marked, and lasts ten more minutes: whoever
//! lost the answer and sends the same password again is told once more that it is set.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use enishi_shared::{
    App, Function, Result,
    accounts::{Account, account_key, active, firebase_key, table},
    error::ErrorBody,
    events::{AccountVerified, Ended, SessionEnded, announce},
    http::{Json, SourceIp, no_content},
    password,
    store::{Change, Key, Outcome, Race, Table, Transaction, when},
    throttle::{self, Limit},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::one_time::{self, OneTime, Purpose, rejected};

/// `identity-reset-password`.
///
/// Budget: throttle, token, account, one transaction; a repetition 3.
pub const FUNCTION: Function = Function::http("identity-reset-password", || {
    OpenApiRouter::new().routes(routes!(reset_password))
})
.budget(4);

/// Resets an address.
const ADDRESS: Limit = Limit::new("RESET_ADDRESS_RATE", 30, 60 * 60);
/// How long a used token still answers its own repetition, in seconds.
const REPEATABLE_SECONDS: i64 = 10 * 60;

/// The new password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordRequest {
    /// The token from the mail's link.
    #[garde(length(min = 1, max = 512))]
    #[schema(
        min_length = 1,
        max_length = 512,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "AZqitHwefTOfClscLT5PUGieMqpNFcd5jNnPGW-8KtavUSB4WH4rlT2wD3rRvCxk"
    )]
    pub token: String,
    /// 8–128 characters of any kind.
    #[garde(length(chars, min = 8, max = 128))]
    #[schema(min_length = 8, max_length = 128, format = Password, example = "a quiet evening at ten")]
    pub password: String,
}

/// Sets a new password
///
/// Ends all sessions, closes their WebSocket connections, and verifies the address. If it was not
/// verified before, a Firebase identity is unlinked from the account; with the same e-mail, verified, it
/// is linked again at its next log-in. A token works once: another password with it is 400, only the
/// very same request is 204 again for ten minutes.
#[utoipa::path(
    post, path = "/api/auth/password/reset", tag = "identity",
    operation_id = "resetPassword",
    request_body = ResetPasswordRequest,
    responses(
        (status = 204, description = "The password is set"),
        (status = 400, body = ErrorBody, description = "A value is wrong, or the token is used or has expired"),
        (status = 429, body = ErrorBody, description = "Too many attempts; `Retry-After` says when"),
    )
)]
pub async fn reset_password(
    State(app): State<App>,
    address: SourceIp,
    Json(body): Json<ResetPasswordRequest>,
) -> Result<impl IntoResponse> {
    let place = one_time::key(&body.token)?;
    let table = table(&app)?;
    throttle::count_address(&app, &table, "reset", &address, &ADDRESS).await?;

    let (token, mut account) = read(&app, &table, &place).await?;
    if token.used {
        return repeated(&app, &token, &account, &body.password);
    }
    if token.epoch != account.epoch {
        // Void, or used by this very request between the two reads.
        let token = one_time::find(&app, &table, &place, Purpose::ResetPassword).await?;
        return repeated(&app, &token, &account, &body.password);
    }
    let hash = password::hash(&app, &body.password)?;
    let mut race = Race::new(&app);
    loop {
        let tx = change(&app, &table, &place, &token, &account, &hash)?;
        if let Outcome::Done = tx.commit().await? {
            return Ok(no_content());
        }
        let (token, present) = read(&app, &table, &place).await?;
        if token.used || token.epoch != present.epoch {
            // The same request at the same time, or another one with another password?
            return repeated(&app, &token, &present, &body.password);
        }
        // A Firebase identity has joined, or the address was verified.
        account = present;
        race.lost().await?;
    }
}

async fn read(app: &App, table: &Table, place: &Key) -> Result<(OneTime, Account)> {
    let token = one_time::find(app, table, place, Purpose::ResetPassword).await?;
    let account = table
        .get::<Account>(&account_key(token.user_id))
        .await?
        .filter(|account| account.is_active() && account.email == token.email)
        .ok_or_else(rejected)?;
    Ok((token, account))
}

/// A used token: was it this very request that used it?
fn repeated(app: &App, token: &OneTime, account: &Account, password: &str) -> Result<Response> {
    let by_this_token = token.used && account.epoch == token.epoch.wrapping_add(1);
    if by_this_token && password::verify(app, password, account.password_hash.as_deref())? {
        Ok(no_content())
    } else {
        Err(rejected())
    }
}

/// The new password, with the proof that its owner receives the address's mail.
fn change(
    app: &App,
    table: &Table,
    place: &Key,
    token: &OneTime,
    account: &Account,
    hash: &str,
) -> Result<Transaction> {
    let user_id = token.user_id;
    let epoch = token.epoch.wrapping_add(1);
    let present = active()
        .eq("epoch", token.epoch)
        .eq("email", &token.email)
        .same("email_verified_at", account.email_verified_at)
        .same("firebase_uid", account.firebase_uid.as_ref());
    let mut change = Change::new()
        .set("password_hash", hash)
        .set("epoch", epoch)
        .set_if_absent("email_verified_at", app.now())
        .when(present);
    let stranger = account.firebase_uid.as_ref();
    let stranger = stranger.filter(|_| account.email_verified_at.is_none());
    if stranger.is_some() {
        change = change.remove("firebase_uid");
    }
    let ttl = token.ttl.min(app.now().as_second() + REPEATABLE_SECONDS);
    let spent = Change::new()
        .set("used", true)
        .set("ttl", ttl)
        .when(when().eq("used", false));
    let mut tx = Transaction::new(app);
    tx.update(table, account_key(user_id), change);
    tx.update(table, place.clone(), spent);
    if let Some(uid) = stranger {
        tx.delete(table, firebase_key(uid));
    }
    let ended = Ended::BeforeEpoch(epoch);
    announce(&mut tx, table, SessionEnded { user_id, ended })?;
    if account.email_verified_at.is_none() {
        announce(&mut tx, table, AccountVerified { user_id })?;
    }
    Ok(tx)
}
