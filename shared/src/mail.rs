//! Letters: what they are made of, and how one goes out for an event, once.
//!
//! A letter with a secret in it (a link that logs in or sets a password) is written by the function
//! that makes the secret, when it sends it: a secret must lie neither in a table nor on the bus. Any
//! other is written by the service that has something to say, which announces
//! [`crate::events::MailRequested`] in the transaction of whatever it tells of; `platform-mail` sends it.
//!
//! Events come at least once. A receipt is written once the letter is on its way, and an event with a
//! receipt is done. If the function dies between the two, the letter goes out twice: better than never.
//!
//! A function that sends needs `MAIL_FROM` (the sender's address, verified at SES) with
//! `ses:SendEmail`, and `dynamodb:BatchGetItem` and `dynamodb:PutItem` on the table of its receipts.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt,
};

use aws_sdk_sesv2::{
    error::{ProvideErrorMetadata, SdkError},
    operation::send_email::SendEmailError,
    primitives::Blob,
    types::{self, Body, Content, Destination, EmailContent, Message, MessageHeader},
};
use serde::{Deserialize, Serialize};

use crate::{
    app::{App, ConfigError, Configure, Env},
    email,
    error::Error,
    language::Language,
    store::{Item, Key, OrFailed as _, Race, Table, decode},
};

mod html;

/// What stands between a letter's languages.
const BELOW: &str = "--\n\n";

/// A letter of plain text. It goes out as HTML too, which says the same.
#[derive(Clone, Serialize, Deserialize)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// What comes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
    /// The same for those who read another language, where whoever sends it finds out who reads what.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<Language, Letter>,
}

/// What letters are about that somebody may do without: their account's `unwanted` holds it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// That a room is ready, and that one is enrolled for tomorrow.
    Rooms,
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rooms => "rooms",
        })
    }
}

/// A file of text that comes with a letter.
#[derive(Clone, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is called, such as `visit.ics`.
    pub file_name: String,
    /// Its media type.
    pub content_type: String,
    /// What is in it.
    pub content: String,
}

impl Letter {
    /// A letter with nothing but its text.
    pub fn new(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            text: text.into(),
            attachment: None,
            translations: BTreeMap::new(),
        }
    }

    /// A letter in each of our languages, as `write` has it.
    pub fn in_each_language(write: impl Fn(Language) -> Self) -> Self {
        let others = [Language::Korean, Language::English];
        Self {
            translations: others.map(|language| (language, write(language))).into(),
            ..write(Language::Japanese)
        }
    }

    /// As somebody gets it who reads this language.
    #[must_use]
    pub fn read_in(mut self, language: Language) -> Self {
        self.translations.remove(&language).unwrap_or(self)
    }

    /// A letter with the same in English below it, for whoever reads that better.
    #[must_use]
    pub fn followed_by(self, english: Self) -> Self {
        Self {
            subject: format!("{} / {}", self.subject, english.subject),
            text: format!("{}{BELOW}{}", self.text, english.text),
            attachment: self.attachment,
            translations: BTreeMap::new(),
        }
    }
}

/// Whether a name cannot be an advertisement. Anybody can sign up with somebody else's address, or invite
/// it, and what they call themselves goes out in our letters.
pub fn is_harmless(name: &str) -> bool {
    let plain = |char: char| char.is_alphanumeric() || " -_'・".contains(char);
    !name.is_empty() && name.chars().count() <= 30 && name.chars().all(plain)
}

/// The line that greets somebody called `name`, with the empty one below it. A name that could be an
/// advertisement is left out.
pub fn greeting(language: Language, name: &str) -> String {
    match (language, is_harmless(name)) {
        (Language::Japanese, true) => format!("{name} 様\n\n"),
        (Language::Japanese, false) => String::new(),
        (Language::Korean, true) => format!("{name} 님, 안녕하세요.\n\n"),
        (Language::Korean, false) => "안녕하세요.\n\n".to_owned(),
        (Language::English, true) => format!("Hello {name},\n\n"),
        (Language::English, false) => "Hello,\n\n".to_owned(),
    }
}

/// A sum as it is written in Japanese: `3,000円`.
pub fn yen(amount: u64) -> String {
    let digits = amount.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + "円"
}

/// Longer than EventBridge and Lambda together go on delivering an event, in seconds.
const RECEIPT_SECONDS: i64 = 8 * 24 * 60 * 60;

/// The sending of one event's letter.
pub struct Mailing<'a> {
    app: &'a App,
    table: &'a Table,
    receipt: Key,
}

/// Says that an event's letter is on its way.
#[derive(Serialize, Deserialize)]
struct Receipt {
    sent: bool,
    ttl: i64,
}

impl<'a> Mailing<'a> {
    /// The letter of the event with this id; its receipt lies in `table`.
    pub fn new(app: &'a App, table: &'a Table, event_id: &str) -> Self {
        Self {
            app,
            table,
            receipt: Key::new(format!("MAIL#{event_id}"), "MAIL"),
        }
    }

    /// Those of the items at `places` that are there; `None` if the letter was sent. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn unless_sent(&self, places: &[Key]) -> Result<Option<HashMap<Key, Item>>, Error> {
        let keys = [std::slice::from_ref(&self.receipt), places].concat();
        let mut found = self.table.batch_get(&keys).await?;
        if let Some(receipt) = found.remove(&self.receipt) {
            let receipt: Receipt = decode(receipt)?;
            if receipt.sent && self.app.now().as_second() < receipt.ttl {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    /// Sends the letter and leaves the receipt. One request, and one to SES. A letter that SES will
    /// never take is done too: anybody can give an address, and what is tried in vain would only fill
    /// the dead letters.
    ///
    /// # Errors
    /// `service_unavailable` or `internal_server_error` when SES does not take it now or the receipt
    /// cannot be written.
    pub async fn send(&self, to: &str, letter: &Letter) -> Result<(), Error> {
        self.deliver(to, letter, None).await
    }

    /// [`Self::send`], of a letter that its reader may do without: with one `POST` to `unsubscribe_url`
    /// they get no more of its kind (RFC 8058).
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_to_subscriber(
        &self,
        to: &str,
        letter: &Letter,
        unsubscribe_url: &str,
    ) -> Result<(), Error> {
        self.deliver(to, letter, Some(unsubscribe_url)).await
    }

    async fn deliver(
        &self,
        to: &str,
        letter: &Letter,
        unsubscribe_url: Option<&str>,
    ) -> Result<(), Error> {
        send(self.app, to, letter, unsubscribe_url).await?;
        let receipt = Receipt {
            sent: true,
            ttl: self.app.now().as_second() + RECEIPT_SECONDS,
        };
        self.table.put(self.receipt.clone(), &receipt).await
    }
}

/// `MAIL_FROM`: the sender's verified address.
struct Sender(String);

impl Configure for Sender {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("MAIL_FROM")?.to_owned()))
    }
}

/// Sends a letter, unless SES refuses its address or what is in it. What it refuses for the sender's
/// sake (a quota, a pause, an identity that is not verified) may pass.
/// Beyond the account's rate it waits, for as long as an outside call may take.
async fn send(
    app: &App,
    to: &str,
    letter: &Letter,
    unsubscribe_url: Option<&str>,
) -> Result<(), Error> {
    let to = email::ascii(to).unwrap_or(Cow::Borrowed(to));
    let content = |data: &str| {
        Content::builder()
            .data(data)
            .charset("UTF-8")
            .build()
            .map_err(|error| Error::internal(error))
    };
    let attachments = letter.attachment.iter().map(|attachment| {
        types::Attachment::builder()
            .file_name(&attachment.file_name)
            .content_type(&attachment.content_type)
            .raw_content(Blob::new(attachment.content.as_bytes()))
            .build()
            .map_err(|error| Error::internal(error))
    });
    let attachments: Vec<_> = attachments.collect::<Result<_, _>>()?;
    let one_click = unsubscribe_url.map(|url| {
        [
            ("List-Unsubscribe", format!("<{url}>")),
            (
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            ),
        ]
    });
    let headers = one_click.into_iter().flatten().map(|(name, value)| {
        let header = MessageHeader::builder().name(name).value(value);
        header.build().map_err(|error| Error::internal(error))
    });
    let headers: Vec<_> = headers.collect::<Result<_, _>>()?;
    let body = Body::builder()
        .text(content(&letter.text)?)
        .html(content(&html::document(letter))?);
    let message = Message::builder()
        .subject(content(&letter.subject)?)
        .body(body.build())
        .set_attachments((!attachments.is_empty()).then_some(attachments))
        .set_headers((!headers.is_empty()).then_some(headers))
        .build();
    let sender = &app.config::<Sender>()?.0;
    let destination = Destination::builder().to_addresses(to).build();
    let content = EmailContent::builder().simple(message).build();
    let mut race = Race::new(app);
    let sent = loop {
        let request = app.ses().send_email().from_email_address(sender);
        let request = request.destination(destination.clone());
        let sent = request.content(content.clone()).send().await;
        let refusal = sent.as_ref().err().and_then(SdkError::as_service_error);
        if !refusal.is_some_and(SendEmailError::is_too_many_requests_exception) {
            break sent;
        }
        race.lost().await?;
    };
    let refusal = sent.as_ref().err().and_then(SdkError::as_service_error);
    let for_good = refusal.filter(|error| {
        let message = error.message().unwrap_or_default();
        let rejected = error.is_message_rejected() || error.is_bad_request_exception();
        rejected && !message.contains(sender)
    });
    if let Some(code) = for_good.and_then(ProvideErrorMetadata::code) {
        tracing::warn!(code, "SES refuses a letter for good");
        return Ok(());
    }
    sent.or_failed()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_advertises_is_left_out() {
        for language in [Language::Japanese, Language::Korean, Language::English] {
            assert!(greeting(language, "서연 花子-O'Hara").contains("서연 花子-O'Hara"));
            for name in ["win at evil.example", "http://evil", &"a".repeat(31), ""] {
                assert!(name.is_empty() || !greeting(language, name).contains(name));
            }
        }
        assert_eq!(
            greeting(Language::Korean, "서연"),
            "서연 님, 안녕하세요.\n\n"
        );
    }

    #[test]
    fn yen_are_written_in_groups_of_three_digits() {
        for (amount, text) in [
            (0, "0円"),
            (999, "999円"),
            (1_501, "1,501円"),
            (12_345_678, "12,345,678円"),
        ] {
            assert_eq!(yen(amount), text);
        }
    }

    #[test]
    fn everybody_gets_a_letter_in_their_language() {
        let letter = Letter::in_each_language(|language| Letter::new(format!("{language:?}"), ""));
        for language in [Language::Japanese, Language::Korean, Language::English] {
            let read = letter.clone().read_in(language);
            assert_eq!(read.subject, format!("{language:?}"));
            assert_eq!(Letter::new("縁", "").read_in(language).subject, "縁");
        }
    }

    #[test]
    fn english_stands_below() {
        let letter = |text: &str| Letter::new(text, format!("{text}\n\n"));
        let both = letter("縁").followed_by(letter("a bond"));
        assert_eq!(both.subject, "縁 / a bond");
        assert_eq!(both.text, "縁\n\n--\n\na bond\n\n");
    }
}
