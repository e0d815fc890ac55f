//! `identity-mail`: mails the links that follow a sign-up and a forgotten password.
//!
//! Each event's mail goes out once (see [`enishi_shared::mail`]), or now and then twice, each with a
//! link that works.

use enishi_shared::{
    App, Function, Result,
    accounts::{Account, Owner, account_key, email_key, table},
    events::{AccountCreated, Detail},
    frontend::FrontendUrl,
    function::on,
    mail::Mailing,
    store::{Item, Key, Table, decode},
};
use serde::Deserialize;

use crate::{
    events::PasswordForgotten,
    letters,
    one_time::{Purpose, mint},
};

/// `identity-mail`.
///
/// Budget: after a forgotten password (whose the address is and the receipt in one read, the account,
/// the token, the receipt); 3 after a sign-up, 1 or 2 if there is nothing to send.
pub const FUNCTION: Function =
    Function::event("identity-mail", |app, event| on(app, event, handle)).budget(4);

/// The events that are mailed about, in EventBridge's envelope.
#[derive(Deserialize)]
#[serde(tag = "detail-type", content = "detail")]
pub enum Event {
    /// Somebody signed up: is the address theirs?
    #[serde(rename = "account.created")]
    AccountCreated(Detail<AccountCreated>),
    /// Somebody forgot their password, if the address has an account.
    #[serde(rename = "password.forgotten")]
    PasswordForgotten(Detail<PasswordForgotten>),
}

/// Sends the event's mail, unless it was sent before or nobody is there to get it.
///
/// # Errors
/// Whatever keeps the mail from being sent; the event comes again.
pub async fn handle(app: App, event: Event) -> Result<()> {
    let table = table(&app)?;
    match event {
        Event::AccountCreated(event) => {
            let mailing = Mailing::new(&app, &table, &event.id);
            let place = account_key(event.data.user_id);
            let Some(account) = unless_sent(&mailing, place).await? else {
                return Ok(());
            };
            let account: Account = decode(account)?;
            if account.email_verified_at.is_some() {
                return Ok(());
            }
            send(&app, &table, &mailing, &account, Purpose::VerifyEmail).await
        }
        Event::PasswordForgotten(event) => {
            let mailing = Mailing::new(&app, &table, &event.id);
            let Some(owner) = unless_sent(&mailing, email_key(&event.data.email)).await? else {
                return Ok(());
            };
            let owner: Owner = decode(owner)?;
            let Some(account) = table.get::<Account>(&account_key(owner.user_id)).await? else {
                return Ok(());
            };
            send(&app, &table, &mailing, &account, Purpose::ResetPassword).await
        }
    }
}

/// The item at `place`, unless it is not there or the event's mail was sent. One request.
async fn unless_sent(mailing: &Mailing<'_>, place: Key) -> Result<Option<Item>> {
    let found = mailing.unless_sent(std::slice::from_ref(&place)).await?;
    Ok(found.and_then(|mut found| found.remove(&place)))
}

/// Makes the token good and mails it.
async fn send(
    app: &App,
    table: &Table,
    mailing: &Mailing<'_>,
    account: &Account,
    purpose: Purpose,
) -> Result<()> {
    if !account.is_active() {
        return Ok(());
    }
    let Some(token) = mint(app, table, account, purpose).await? else {
        return Ok(());
    };
    let frontend = &app.config::<FrontendUrl>()?.0;
    let letter = match purpose {
        Purpose::VerifyEmail => letters::welcome,
        Purpose::ResetPassword => letters::new_password,
    };
    let letter = letter(account.language, account.shown_name(), frontend, &token);
    mailing.send(&account.email, &letter).await
}

#[cfg(test)]
mod tests {
    use enishi_shared::events::Announcement;

    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/identity-mail.json");
        assert!(matches!(
            serde_json::from_str(sample),
            Ok(Event::AccountCreated(_))
        ));
    }

    #[test]
    fn events_are_known_by_what_announces_them() {
        let envelope = |detail_type: &str, data: serde_json::Value| {
            serde_json::json!({
                "detail-type": detail_type,
                "detail": {"id": "1", "time": "2026-11-20T00:00:00Z", "data": data},
            })
        };
        let user = serde_json::json!({"user_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50"});
        let created = envelope(AccountCreated::DETAIL_TYPE, user.clone());
        assert!(matches!(
            serde_json::from_value(created),
            Ok(Event::AccountCreated(_))
        ));
        let email = serde_json::json!({"email": "hana@example.jp"});
        let forgotten = envelope(PasswordForgotten::DETAIL_TYPE, email);
        assert!(matches!(
            serde_json::from_value(forgotten),
            Ok(Event::PasswordForgotten(_))
        ));
        assert!(serde_json::from_value::<Event>(envelope("account.deleted", user)).is_err());
    }
}
