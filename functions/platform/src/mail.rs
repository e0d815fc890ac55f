//! `platform-mail`: sends the letters that services ask for with `mail.requested`.
//!
//! The letter comes ready, without secrets. To whoever has an account it goes to the address that the
//! account has now, and to nobody once it is closed. Each event's letter goes out once, or now and
//! then twice (see [`enishi_shared::mail`]).

use enishi_shared::{
    App, Function, Result, UserId,
    accounts::{Account, account_key, table},
    events::{Detail, Event, MailRequested, Recipient},
    function::on,
    mail::Mailing,
    store::decode,
};

/// `platform-mail`
///
/// Budget: receipt and account in one read, the receipt; 1 if there is nothing to send.
pub const FUNCTION: Function =
    Function::event("platform-mail", |app, event| on(app, event, mail)).budget(2);

/// Sends the letter, unless it was sent before or nobody is there to get it.
///
/// # Errors
/// Whatever keeps the letter from being sent; the event comes again.
pub async fn mail(app: App, Event { detail }: Event<MailRequested>) -> Result<()> {
    let Detail { id, data, .. } = detail;
    let table = table(&app)?;
    let mailing = Mailing::new(&app, &table, &id);
    let to = match data.to {
        Recipient::Address(address) => {
            let unsent = mailing.unless_sent(&[]).await?;
            unsent.map(|_| address)
        }
        Recipient::UserId(user_id) => address(&mailing, user_id).await?,
    };
    match to {
        Some(to) => mailing.send(&to, &data.letter).await,
        None => Ok(()),
    }
}

/// The address of somebody who has an account, unless the letter was sent. One request.
async fn address(mailing: &Mailing<'_>, user_id: UserId) -> Result<Option<String>> {
    let place = account_key(user_id);
    let found = mailing.unless_sent(std::slice::from_ref(&place)).await?;
    let account = found.and_then(|mut found| found.remove(&place));
    let account: Option<Account> = account.map(decode).transpose()?;
    let active = account.filter(Account::is_active);
    Ok(active.map(|account| account.email))
}

#[cfg(test)]
mod tests {
    use enishi_shared::events::Announcement as _;
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_sample_event_asks_for_a_letter() {
        let sample = include_str!("../../../events/platform-mail.json");
        let event: Value = serde_json::from_str(sample).unwrap();
        assert_eq!(event["detail-type"], MailRequested::DETAIL_TYPE);
        assert_eq!(event["source"], MailRequested::SOURCE);
        let event: Event<MailRequested> = serde_json::from_value(event).unwrap();
        assert!(matches!(event.detail.data.to, Recipient::Address(_)));
    }
}
