//! `identity-mail`: mails the links that follow a sign-up and a forgotten password.
//!
//! Events come at least once. A receipt is written once the mail is on its way, and an event with
//! a receipt is done. If the function dies between the two, the mail goes out twice, each with a
//! link that works: better than none at all.

use enishi_shared::{
    App, Function, Result,
    app::{ConfigError, Configure, Env},
    events::Detail,
    function::on,
    mail,
    store::{Item, Key, Table, Write, decode},
};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::{Account, Owner, account_key, email_key, table},
    events::{AccountCreated, PasswordForgotten},
    letters::{self, Letter},
    one_time::{Purpose, mint},
};

/// `identity-mail`.
///
/// Budget: after a forgotten password (whose the address is and the receipt in one read, the account,
/// the token, the receipt); 3 after a sign-up, 1 or 2 if there is nothing to send.
pub const FUNCTION: Function =
    Function::event("identity-mail", |app, event| on(app, event, handle)).budget(4);

/// Longer than EventBridge and Lambda together go on delivering an event.
const RECEIPT_SECONDS: i64 = 8 * 24 * 60 * 60;

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
            let place = account_key(event.data.user_id);
            let Some(account) = unless_sent(&app, &table, &event.id, &place).await? else {
                return Ok(());
            };
            let account: Account = decode(account)?;
            if account.email_verified {
                return Ok(());
            }
            send(&app, &table, &event.id, &account, Purpose::VerifyEmail).await
        }
        Event::PasswordForgotten(event) => {
            let place = email_key(&event.data.email);
            let Some(owner) = unless_sent(&app, &table, &event.id, &place).await? else {
                return Ok(());
            };
            let owner: Owner = decode(owner)?;
            let Some(account) = table.get::<Account>(&account_key(owner.user_id)).await? else {
                return Ok(());
            };
            send(&app, &table, &event.id, &account, Purpose::ResetPassword).await
        }
    }
}

/// `FRONTEND_URL`: where the links lead, without a path.
struct Frontend(String);

impl Configure for Frontend {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let url = env.required("FRONTEND_URL")?;
        Ok(Self(url.trim_end_matches('/').to_owned()))
    }
}

/// Says that an event's mail is on its way.
#[derive(Serialize, Deserialize)]
struct Receipt {
    sent: bool,
    ttl: i64,
}

fn receipt_key(event_id: &str) -> Key {
    Key::new(format!("MAIL#{event_id}"), "MAIL")
}

/// The item at `place`, unless it is not there or the event's mail was sent. One request.
async fn unless_sent(
    app: &App,
    table: &Table,
    event_id: &str,
    place: &Key,
) -> Result<Option<Item>> {
    let receipt = receipt_key(event_id);
    let mut found = table.batch_get(&[receipt.clone(), place.clone()]).await?;
    if let Some(receipt) = found.remove(&receipt) {
        let receipt: Receipt = decode(receipt)?;
        if receipt.sent && app.now().as_second() < receipt.ttl {
            return Ok(None);
        }
    }
    Ok(found.remove(place))
}

/// Makes the token good, mails it, and leaves the receipt.
async fn send(
    app: &App,
    table: &Table,
    event_id: &str,
    account: &Account,
    purpose: Purpose,
) -> Result<()> {
    if !account.is_active() {
        return Ok(());
    }
    let (token, write) = mint(app, account, purpose)?;
    table.write(write).await?;
    let frontend = &app.config::<Frontend>()?.0;
    let Letter { subject, text } = match purpose {
        Purpose::VerifyEmail => letters::welcome(account.shown_name(), frontend, &token),
        Purpose::ResetPassword => letters::new_password(account.shown_name(), frontend, &token),
    };
    mail::send(app, &account.email, subject, &text).await?;
    let receipt = Receipt {
        sent: true,
        ttl: app.now().as_second() + RECEIPT_SECONDS,
    };
    table
        .write(Write::put(receipt_key(event_id), &receipt)?)
        .await?;
    Ok(())
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
