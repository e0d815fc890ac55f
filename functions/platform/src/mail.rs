//! `platform-mail`: sends the letters that services ask for with `mail.requested`.
//!
//! The letter comes ready, without secrets. To whoever has an account it goes to the address that the
//! account has now, and to nobody once it is closed. Each event's letter goes out once, or now and
//! then twice (see [`enishi_shared::mail`]).

use enishi_shared::{
    App, Function, Result, UserId,
    accounts::{Account, account_key, table},
    app::{ConfigError, Configure, Env},
    events::{Detail, Event, MailRequested, Recipient},
    function::on,
    language::Language,
    mail::Mailing,
    store::decode,
};

use crate::subscription::Subscription;

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
    match data.to {
        Recipient::Address(address) => match mailing.unless_sent(&[]).await? {
            Some(_) => mailing.send(&address, &data.letter).await,
            None => Ok(()),
        },
        Recipient::UserId(user_id) => match reader(&mailing, user_id).await? {
            Some(reader) => mailing.send(&reader.email, &data.letter).await,
            None => Ok(()),
        },
        Recipient::Subscriber { user_id, topic } => {
            let reader = reader(&mailing, user_id).await?;
            let wants = |reader: &Account| !reader.unwanted.contains(&topic.to_string());
            let Some(reader) = reader.filter(wants) else {
                return Ok(());
            };
            let token = Subscription { user_id, topic }.token(&app).await?;
            let url = format!(
                "{}/letters/unsubscribe?token={token}",
                app.config::<Api>()?.0
            );
            let mut letter = data.letter.read_in(reader.language);
            letter.text.push_str(&ending(reader.language, &url));
            mailing
                .send_to_subscriber(&reader.email, &letter, &url)
                .await
        }
    }
}

/// `API_DOMAIN`: the API's own domain, where it has one; `API_URL`: its address without one.
struct Api(String);

impl Configure for Api {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let domain = env.get("API_DOMAIN").filter(|domain| !domain.is_empty());
        Ok(Self(match domain {
            Some(domain) => format!("https://{domain}"),
            None => env.required("API_URL")?.trim_end_matches('/').to_owned(),
        }))
    }
}

/// How a letter ends that one may do without.
fn ending(language: Language, url: &str) -> String {
    let text = match language {
        Language::Japanese => "このお知らせメールを停止する:",
        Language::Korean => "이 알림 메일을 그만 받으시려면:",
        Language::English => "To get no more of these letters:",
    };
    format!("\n--\n{text}\n{url}\n")
}

/// Somebody who has an account, unless the letter was sent. One request.
async fn reader(mailing: &Mailing<'_>, user_id: UserId) -> Result<Option<Account>> {
    let place = account_key(user_id);
    let found = mailing.unless_sent(std::slice::from_ref(&place)).await?;
    let account = found.and_then(|mut found| found.remove(&place));
    let account: Option<Account> = account.map(decode).transpose()?;
    Ok(account.filter(Account::is_active))
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
