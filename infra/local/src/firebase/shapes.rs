//! Accounts as Identity Toolkit shows them.

use serde_json::{Value, json};

use super::accounts::Account;

/// `REDACTED`, which Google answers for every password's hash.
const PASSWORD_HASH: &str = "UkVEQUNURUQ=";

fn providers(account: &Account) -> Value {
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
    let shown = |account: &&Account| {
        json!({
            "localId": account.local_id,
            "email": account.email,
            "emailVerified": account.email_verified,
            "displayName": account.display_name,
            "photoUrl": account.photo_url,
            "passwordHash": PASSWORD_HASH,
            "passwordUpdatedAt": account.password_updated_at.as_millisecond(),
            "providerUserInfo": providers(account),
            "validSince": account.valid_since.as_second().to_string(),
            "disabled": account.disabled,
            "createdAt": account.created_at.as_millisecond().to_string(),
            "lastLoginAt": account.last_login_at.as_millisecond().to_string(),
        })
    };
    let users: Vec<Value> = accounts.iter().map(shown).collect();
    let mut answer = json!({"kind": "identitytoolkit#GetAccountInfoResponse"});
    if !users.is_empty() {
        answer["users"] = users.into();
    }
    answer
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
