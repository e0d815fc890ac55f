//! `POST /api/session`: logs in with a Firebase ID token.
//!
//! A Firebase identity is known by its uid. Its first token makes the account, or joins the one that
//! has its e-mail, but only where both sides have proved that the address is theirs: or somebody
//! could sign up with another's address, here or at Firebase, and wait for them. With each such proof
//! the account begins anew: older sessions end (and with them their WebSocket connections), and an
//! older password is good no more.

use std::collections::BTreeSet;

use axum::{extract::State, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::{
        self, Account, Owner, Status, account_key, active, claim, email_key, firebase_key,
        normalised, table,
    },
    error::ErrorBody,
    events::{Ended, SessionEnded, announce},
    firebase::{self, FirebaseUser},
    http::{Json, SourceIp},
    language::{AcceptLanguage, Language},
    store::{Change, Outcome, Race, Table, Transaction, decode},
    throttle, validate,
};
use garde::Validate;
use jiff::Timestamp;
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
/// The longest name that is taken over, in characters.
const LONGEST_NAME: usize = 150;

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
        let account = enter(&mut tx, &table, &caller, language).await?;
        let given = open_market(&mut tx, &table, &account).await?;
        match tx.commit().await? {
            Outcome::Done => return session_key::answer(given),
            // Another first token, a closing, a change: it is looked up again.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// The account that the caller logs in to, as it will be once `tx` has made it so. Two requests, one
/// if there is none yet.
async fn enter(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    language: Language,
) -> Result<Account> {
    let uid = firebase_key(&caller.uid);
    let email = caller.email.as_deref();
    let email = email.filter(|email| validate::email(email, &()).is_ok());
    let named = email.map(email_key);
    let keys: Vec<_> = [Some(uid.clone()), named.clone()]
        .into_iter()
        .flatten()
        .collect();
    let mut found = table.batch_get(&keys).await?;
    if let Some(owner) = found.remove(&uid) {
        let account = account_of(table, decode(owner)?)
            .await?
            .filter(|account| account.firebase_uid.as_deref() == Some(&caller.uid))
            .ok_or_else(Error::token_invalid)?;
        return known(tx, table, caller, account);
    }
    let (Some(email), Some(named)) = (email, named) else {
        return Err(Error::invalid(
            "id_token",
            "the Firebase account needs an e-mail address",
        ));
    };
    match found.remove(&named) {
        Some(owner) => {
            let account = account_of(table, decode(owner)?).await?;
            join(tx, table, caller, account)
        }
        None => create(tx, table, caller, email, language),
    }
}

async fn account_of(table: &Table, owner: Owner) -> Result<Option<Account>> {
    let account = table.get::<Account>(&account_key(owner.user_id)).await?;
    Ok(account.filter(Account::is_active))
}

/// Somebody who was here before. They become a customer if they are none, and their address is
/// verified once it is at Firebase.
fn known(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    account: Account,
) -> Result<Account> {
    let is_same = |email: &String| normalised(email) == normalised(&account.email);
    let verified = caller.email_verified && caller.email.as_ref().is_some_and(is_same);
    let mut after = Account {
        products: with_market(&account),
        ..account.clone()
    };
    if verified && account.email_verified_at.is_none() {
        after = begun_anew(after, tx.app().now());
    }
    if after.epoch != account.epoch || after.products != account.products {
        change(tx, table, caller, &account, &after)?;
    }
    Ok(after)
}

/// Somebody whose e-mail has an account.
fn join(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    account: Option<Account>,
) -> Result<Account> {
    let taken = || {
        Error::conflict(
            "there is an account with this e-mail; they become one when it is verified there and \
             at Firebase, and no other Firebase account belongs to it",
        )
        .and_already_exists("email")
    };
    let account = account.ok_or_else(taken)?;
    if account.firebase_uid.as_deref() == Some(&caller.uid) {
        // It was made or joined by another token of theirs between the two reads.
        return known(tx, table, caller, account);
    }
    let both = account.email_verified_at.is_some() && caller.email_verified;
    if !both || account.firebase_uid.is_some() {
        return Err(taken());
    }
    let after = Account {
        firebase_uid: Some(caller.uid.clone()),
        products: with_market(&account),
        ..begun_anew(account.clone(), tx.app().now())
    };
    claim(tx, table, firebase_key(&caller.uid), account.user_id)?;
    change(tx, table, caller, &account, &after)?;
    Ok(after)
}

/// The account once its owner has come with the proof that its address is theirs: whoever was in it
/// before, or knows its password, need not be them.
fn begun_anew(account: Account, now: Timestamp) -> Account {
    Account {
        email_verified_at: account.email_verified_at.or(Some(now)),
        password_hash: None,
        epoch: account.epoch.wrapping_add(1),
        ..account
    }
}

/// Somebody new.
fn create(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    email: &str,
    language: Language,
) -> Result<Account> {
    let user_id = UserId::new(tx.app());
    let account = Account {
        user_id,
        username: None,
        name: caller.name.as_deref().and_then(shortened),
        email: email.to_owned(),
        language,
        email_verified_at: caller.email_verified.then(|| tx.app().now()),
        password_hash: None,
        firebase_uid: Some(caller.uid.clone()),
        status: Status::Active,
        epoch: 0,
        products: vec![MARKET.to_owned()],
        holds: BTreeSet::new(),
        created_at: tx.app().now(),
    };
    claim(tx, table, firebase_key(&caller.uid), user_id)?;
    accounts::create(tx, table, &account)?;
    Ok(account)
}

fn with_market(account: &Account) -> Vec<String> {
    let mut products = account.products.clone();
    if !products.iter().any(|product| product == MARKET) {
        products.push(MARKET.to_owned());
    }
    products
}

/// A name as it may stand in mails and tokens; `None` when nothing is left of it.
fn shortened(name: &str) -> Option<String> {
    let name = name.chars().filter(|char| !validate::is_hidden(*char));
    let name: String = name.take(LONGEST_NAME).collect();
    let name = name.trim();
    (!validate::is_blank(name)).then(|| name.to_owned())
}

/// Makes `before` what `after` is, unless it has become something else.
fn change(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    before: &Account,
    after: &Account,
) -> Result<()> {
    let user_id = before.user_id;
    let unchanged = active()
        .eq("email", &before.email)
        .eq("epoch", before.epoch)
        .eq("products", &before.products)
        .same("email_verified_at", before.email_verified_at)
        .same("firebase_uid", before.firebase_uid.as_ref());
    let mut change = Change::new()
        .set("products", &after.products)
        .set("firebase_uid", &caller.uid)
        .when(unchanged);
    if after.epoch != before.epoch {
        change = change
            .set("epoch", after.epoch)
            .set("email_verified_at", after.email_verified_at)
            .remove("password_hash");
        let ended = Ended::BeforeEpoch(after.epoch);
        announce(tx, table, SessionEnded { user_id, ended })?;
    }
    tx.update(table, account_key(user_id), change);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_short_and_shows_no_tricks(name in "\\PC{0,200}|[\\x00-\\x7f]{0,200}") {
            if let Some(short) = shortened(&name) {
                prop_assert!(validate::line(&short, &()).is_ok());
                prop_assert!(short.chars().count() <= LONGEST_NAME);
                prop_assert_eq!(shortened(&short), Some(short.clone()));
            }
        }
    }
}
