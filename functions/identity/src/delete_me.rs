//! `DELETE /api/users/me`: closes the account at once.

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    accounts::{Account, account_key, active, email_key, firebase_key, table, username_key},
    auth::User,
    error::ErrorBody,
    events::{AccountDeleted, announce},
    http::no_content,
    store::{Condition, Outcome, Race, Transaction},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// `identity-delete-me`.
///
/// Budget: the account, one transaction.
pub const FUNCTION: Function = Function::http("identity-delete-me", || {
    OpenApiRouter::new().routes(routes!(delete_me))
})
.with_error_field()
.budget(2);

/// Closes my account
///
/// At once: its sessions end, its e-mail, its username and its Firebase identity are free again. What
/// the products hold of it, they erase within seconds, on `account.deleted`; until then others may
/// still see its profile, and its pictures for five minutes more where a cache has them. An access token that was issued before may still be taken for up to 15
/// minutes where no account is looked up. Doing it again is 401.
///
/// While something is open that others rely on, such as a paid order or an appointment, it is 409,
/// and the message names all of it.
#[utoipa::path(
    delete, path = "/api/users/me", tag = "identity",
    operation_id = "closeMyAccount",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "Closed"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
        (status = 409, body = ErrorBody, description = "Something is open that must end first; `message` names it"),
    )
)]
pub async fn delete_me(State(app): State<App>, user: User) -> Result<impl IntoResponse> {
    let user_id = user.id;
    let table = table(&app)?;
    let mut account = table.get::<Account>(&account_key(user_id)).await?;
    // A profile may be added at the same moment, or a hold.
    let mut race = Race::new(&app);
    loop {
        let present = account
            .filter(Account::is_active)
            .ok_or_else(Error::token_invalid)?;
        if !present.holds.is_empty() {
            return Err(held(&present));
        }
        let mut tx = Transaction::new(&app);
        let gone = tx.delete_when(&table, account_key(user_id), unchanged(&present));
        tx.delete(&table, email_key(&present.email));
        if let Some(username) = &present.username {
            tx.delete(&table, username_key(username));
        }
        if let Some(uid) = &present.firebase_uid {
            tx.delete(&table, firebase_key(uid));
        }
        announce(&mut tx, &table, AccountDeleted { user_id })?;
        match tx.commit().await? {
            Outcome::Done => return Ok(no_content()),
            Outcome::Refused(refused) => account = refused.item(gone.of())?,
        }
        race.lost().await?;
    }
}

/// That the account is active, that nothing holds it, and that it has the names it had: those whose
/// claims go with it.
fn unchanged(account: &Account) -> Condition {
    active()
        .absent("holds")
        .eq("email", &account.email)
        .same("username", account.username.as_ref())
        .same("firebase_uid", account.firebase_uid.as_ref())
}

/// The 409 that names what is open.
fn held(account: &Account) -> Error {
    let open: Vec<&str> = account.holds.iter().map(String::as_str).collect();
    Error::conflict(format!("your account has open: {}", open.join(", ")))
}
