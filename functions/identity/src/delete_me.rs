//! `DELETE /api/users/me`: closes the account at once.

use axum::{extract::State, response::IntoResponse};
use enishi_saju::profile::{self, profile_key};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    events::{AccountDeleted, announce},
    http::no_content,
    store::{Committed, Expression, Write, decode, s},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::accounts::{
    Account, Status, UserId, account_key, email_key, firebase_key, table, username_key,
};

/// `identity-delete-me`.
///
/// Budget: the account, one transaction over both tables.
pub const FUNCTION: Function = Function::http("identity-delete-me", || {
    OpenApiRouter::new().routes(routes!(delete_me))
})
.with_error_field()
.budget(2);

/// Attempts against a profile that is added at the same moment.
const ATTEMPTS: usize = 5;

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
    for _ in 0..ATTEMPTS {
        let present = account
            .filter(Account::is_active)
            .ok_or_else(Error::token_invalid)?;
        let mut writes = vec![
            Write::Delete(account_key(user_id), unchanged(&present)),
            Write::Delete(email_key(&present.email), Expression::default()),
            announce(&app, AccountDeleted { user_id })?,
        ];
        if let Some(username) = &present.username {
            writes.push(Write::Delete(username_key(username), Expression::default()));
        }
        if let Some(uid) = &present.firebase_uid {
            writes.push(Write::Delete(firebase_key(uid), Expression::default()));
        }
        let profile = Write::Delete(profile_key(user_id), Expression::default());
        match accounts
            .transact_with(writes, &profiles, vec![profile])
            .await?
        {
            Committed::Done => return Ok(no_content()),
            // The account is the only part with a condition; here is what it has become.
            Committed::Refused(refused) => {
                let item = refused.into_iter().next().and_then(|refusal| refusal.item);
                account = item.map(decode).transpose()?;
            }
        }
    }
    Err(Error::unavailable(1))
}

/// That the account is active and has the names it had: those whose claims go with it.
fn unchanged(account: &Account) -> Expression {
    let mut condition = "#status = :active AND #email = :email".to_owned();
    let mut values = Vec::new();
    for (name, now) in [
        ("username", &account.username),
        ("firebase_uid", &account.firebase_uid),
    ] {
        condition += &match now {
            Some(_) => format!(" AND #{name} = :{name}"),
            None => format!(" AND attribute_not_exists(#{name})"),
        };
        values.extend(now.as_ref().map(|now| (format!(":{name}"), s(now))));
    }
    values
        .into_iter()
        .fold(Expression::when(condition), |expression, (name, value)| {
            expression.value(&name, value)
        })
        .name("#status", "status")
        .name("#email", "email")
        .name("#username", "username")
        .name("#firebase_uid", "firebase_uid")
        .value(":active", s(Status::ACTIVE))
        .value(":email", s(&account.email))
}
