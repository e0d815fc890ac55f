//! `DELETE /api/users/me`: closes the account at once.

use axum::{extract::State, response::IntoResponse};
use enishi_saju::profile::{self, profile_key};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    events::{AccountDeleted, announce},
    http::no_content,
    store::{Condition, Outcome, Race, Transaction},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::accounts::{
    Account, UserId, account_key, active, email_key, firebase_key, table, username_key,
};

/// `identity-delete-me`.
///
/// Budget: the account, one transaction over both tables.
pub const FUNCTION: Function = Function::http("identity-delete-me", || {
    OpenApiRouter::new().routes(routes!(delete_me))
})
.with_error_field()
.budget(2);

/// Closes my account
///
/// At once: its sessions end, its e-mail, its username and its Firebase identity are free again. What
/// the services hold of it, they erase on `account.deleted`. An access token that was issued before
/// may still be taken for up to 15 minutes where no account is looked up. Doing it again is 401.
///
/// API.md's 409 while paid orders or appointments are open cannot come yet: no product has any.
#[utoipa::path(
    delete, path = "/api/users/me", tag = "identity",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "Closed"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
    )
)]
pub async fn delete_me(State(app): State<App>, user: User) -> Result<impl IntoResponse> {
    let user_id = UserId::of(&user)?;
    let (accounts, profiles) = (table(&app)?, profile::table(&app)?);
    let mut account = accounts.get::<Account>(&account_key(user_id)).await?;
    // A profile may be added at the same moment.
    let mut race = Race::new(&app);
    loop {
        let present = account
            .filter(Account::is_active)
            .ok_or_else(Error::token_invalid)?;
        let mut tx = Transaction::new(&app);
        let gone = tx.delete_when(&accounts, account_key(user_id), unchanged(&present));
        tx.delete(&accounts, email_key(&present.email));
        if let Some(username) = &present.username {
            tx.delete(&accounts, username_key(username));
        }
        if let Some(uid) = &present.firebase_uid {
            tx.delete(&accounts, firebase_key(uid));
        }
        announce(&mut tx, &accounts, AccountDeleted { user_id })?;
        tx.delete(&profiles, profile_key(user_id));
        match tx.commit().await? {
            Outcome::Done => return Ok(no_content()),
            Outcome::Refused(refused) => account = refused.item(gone.of())?,
        }
        race.lost().await?;
    }
}

/// That the account is active and has the names it had: those whose claims go with it.
fn unchanged(account: &Account) -> Condition {
    active()
        .eq("email", &account.email)
        .same("username", account.username.as_ref())
        .same("firebase_uid", account.firebase_uid.as_ref())
}
