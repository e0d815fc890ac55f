//! Accounts as Identity Toolkit shows them.

use serde_json::{Value, json};

use super::accounts::Account;

/// `REDACTED`, which Google answers for every password's hash.
const PASSWORD_HASH: &str = "UkVEQUNURUQ=";

fn providers(account: &Account) -> Value {
    if account.email.is_none() {
        return json!([]);
    }
    json!([{
        "providerId": "password",
        "email": account.email,
        "federatedId": account.email,
        "rawId": account.email,
        "displayName": account.display_name,
        "photoUrl": account.photo_url,
    }])
}

/// The accounts as `accounts:lookup` answers them: 64-bit numbers are strings, and `users` is
/// missing when there are none.
pub fn found(accounts: &[&Account]) -> Value {
    let users: Vec<Value> = accounts.iter().map(|account| shown(account)).collect();
    let mut answer = json!({"kind": "identitytoolkit#GetAccountInfoResponse"});
    if !users.is_empty() {
        answer["users"] = users.into();
    }
    answer
}

/// An account as a lookup shows it.
pub fn shown(account: &Account) -> Value {
    let mut shown = json!({
        "localId": account.local_id,
        "email": account.email,
        "emailVerified": account.email_verified,
        "displayName": account.display_name,
        "photoUrl": account.photo_url,
        "providerUserInfo": providers(account),
        "validSince": account.valid_since.as_second().to_string(),
        "disabled": account.disabled,
        "createdAt": account.created_at.as_millisecond().to_string(),
        "lastLoginAt": account.last_login_at.as_millisecond().to_string(),
    });
    if account.password.is_some() {
        shown["passwordHash"] = PASSWORD_HASH.into();
        shown["passwordUpdatedAt"] = account.password_updated_at.as_millisecond().into();
    }
    if !account.claims.is_empty() {
        let claims = Value::Object(account.claims.clone());
        shown["customAttributes"] = claims.to_string().into();
    }
    shown
}

/// An account as `accounts:update` answers it.
pub fn updated(account: &Account) -> Value {
    json!({
        "kind": "identitytoolkit#SetAccountInfoResponse",
        "localId": account.local_id,
        "email": account.email,
        "emailVerified": account.email_verified,
        "displayName": account.display_name,
        "photoUrl": account.photo_url,
        "passwordHash": PASSWORD_HASH,
        "providerUserInfo": providers(account),
    })
}
