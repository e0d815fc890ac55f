//! SES v2 on this machine: takes the mails that functions send with the unmodified SDK and keeps
//! them, in memory for the tests and, when a directory is given, each as a file that a mail program opens
//! (`mail/*.eml`), and all in one list (`mails.jsonl`), which the next start reads.
//!
//! Nothing leaves the machine: no delivery, bounces, sandbox or templates, and every sender counts
//! as verified. Who may send is checked by the front, with [`Mailbox::actions`].

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use jiff::Timestamp;
use mail_builder::{
    MessageBuilder,
    headers::{content_type::ContentType, raw::Raw},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    clock::Now,
    journal::{self, Kind},
};

/// The most recipients (to, cc and bcc together) of one message, a limit of SES.
const RECIPIENTS: usize = 50;

/// One mail as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// All recipients: to, then cc, then bcc, as the sender wrote them.
    pub to: Vec<String>,
    /// The sender as written, display name included.
    pub from: String,
    /// The subject line.
    pub subject: String,
    /// The plain text body.
    pub text: Option<String>,
    /// The HTML body.
    pub html: Option<String>,
    /// The files that came with it.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Headers of its own, by their names.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// When it was accepted, by the stack's clock.
    pub sent_at: Timestamp,
    /// The id that the sender was answered.
    pub message_id: String,
}

/// A file of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is called.
    pub file_name: String,
    /// Its media type.
    pub content_type: String,
    /// What is in it, as Base64.
    pub content: String,
}

impl Attachment {
    /// What is in it.
    pub fn bytes(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.content).unwrap_or_default()
    }
}

/// The stand-in; clones share their mails.
#[derive(Clone)]
pub struct Mailbox {
    inner: Arc<Inner>,
}

struct Inner {
    now: Now,
    directory: Option<PathBuf>,
    mails: Mutex<Vec<Mail>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    #[serde(default)]
    destination: Destination,
    content: EmailContent,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EmailContent {
    simple: Option<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    subject: Text,
    body: Body,
    #[serde(default)]
    attachments: Vec<Attached>,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attached {
    file_name: String,
    content_type: Option<String>,
    raw_content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

impl Mailbox {
    /// The mails that `directory` holds; none without one.
    pub fn open(now: Now, directory: Option<PathBuf>) -> Self {
        let list = directory.as_deref().map(|directory| directory.join(LIST));
        let list = list.and_then(|file| std::fs::read_to_string(file).ok());
        // A line that the process was killed at is no mail: nobody was answered that it was taken.
        let mails = list.iter().flat_map(|list| list.lines());
        let mails = mails.filter_map(|line| serde_json::from_str(line).ok());
        Self {
            inner: Arc::new(Inner {
                now,
                mails: Mutex::new(mails.collect()),
                directory,
            }),
        }
    }

    /// The mails so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        let mails = self.inner.mails.lock();
        mails.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let mails = self.inner.mails.lock();
        mails.unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The IAM action of a request with its resources: the sender's identity and the configuration set
    /// that every identity has here, as in the cloud some have one. `None` for an operation that is not
    /// offered.
    pub fn actions(&self, request: &Request<Bytes>) -> Option<Vec<(String, String)>> {
        if !is_send_email(request) {
            return None;
        }
        let from = serde_json::from_slice::<SendEmail>(request.body())
            .ok()
            .and_then(|asked| asked.from_email_address);
        let identity = from.as_deref().map_or("*", address);
        let on = |resource: &str| {
            let arn = format!("arn:aws:ses:ap-northeast-1:000000000000:{resource}");
            ("ses:SendEmail".to_owned(), arn)
        };
        let identity = on(&format!("identity/{identity}"));
        Some(vec![identity, on("configuration-set/default")])
    }

    /// Answers a request as SES does (REST JSON).
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        if !is_send_email(&request) {
            return failure(
                404,
                "UnknownOperationException",
                "this operation is not offered",
            );
        }
        let mail = match self.accept(request.body()) {
            Ok(mail) => mail,
            Err(message) => return failure(400, "BadRequestException", &message),
        };
        if let Err(error) = self.file(&mail).await {
            return failure(500, "InternalServiceErrorException", &error.to_string());
        }
        tracing::info!("mail to {}: {}", mail.to.join(", "), mail.subject);
        journal::note(Kind::Mail, || {
            (
                format!("{} to {}", mail.subject, mail.to.join(", ")),
                json!({"message_id": mail.message_id}),
            )
        });
        let answered = json!({"MessageId": mail.message_id});
        let mails = self.inner.mails.lock();
        mails.unwrap_or_else(PoisonError::into_inner).push(mail);
        answer(StatusCode::OK, &answered)
    }

    /// Checks a message as SES would.
    fn accept(&self, body: &[u8]) -> Result<Mail, String> {
        let asked: SendEmail = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let from = asked.from_email_address.unwrap_or_default();
        let mut to = asked.destination.to_addresses;
        to.extend(asked.destination.cc_addresses);
        to.extend(asked.destination.bcc_addresses);
        if to.is_empty() {
            return Err("There are no recipients.".to_owned());
        }
        if to.len() > RECIPIENTS {
            return Err(format!("Recipient count exceeds {RECIPIENTS}."));
        }
        for written in std::iter::once(&from).chain(&to) {
            check_address(written)?;
        }
        let Some(message) = asked.content.simple else {
            return Err("Only simple content is offered here.".to_owned());
        };
        let attachments = message.attachments.into_iter().map(attachment);
        let attachments = attachments.collect::<Result<_, _>>()?;
        let headers = message.headers.into_iter().map(header);
        let headers = headers.collect::<Result<_, _>>()?;
        let text = message.body.text.map(|text| text.data);
        let html = message.body.html.map(|html| html.data);
        if text.is_none() && html.is_none() {
            return Err("The message has no body.".to_owned());
        }
        Ok(Mail {
            to,
            from,
            subject: message.subject.data,
            text,
            html,
            attachments,
            headers,
            sent_at: (self.inner.now)(),
            message_id: Uuid::now_v7().to_string(),
        })
    }

    /// Writes the mail's file and its line. Two mails of one moment to one person get two files: whoever
    /// comes second has the message id in its name as well.
    async fn file(&self, mail: &Mail) -> io::Result<()> {
        let Some(directory) = self.inner.directory.clone() else {
            return Ok(());
        };
        let content = message(mail)?;
        // Begun with the line's end, so that one which was cut off does not swallow the next.
        let line = format!("\n{}", serde_json::to_string(mail)?);
        let time = mail.sent_at.strftime("%Y%m%dT%H%M%S.%3fZ");
        let to = file_name(mail.to.first().map_or("", |first| address(first)));
        let files = directory.join("mail");
        let usual = files.join(format!("{time}-{to}.eml"));
        let second = files.join(format!("{time}-{to}-{}.eml", mail.message_id));
        let written = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&files)?;
            match write_new(&usual, &content) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    write_new(&second, &content)
                }
                other => other,
            }?;
            let mut list = File::options();
            let list = list.create(true).append(true);
            list.open(directory.join(LIST))?.write_all(line.as_bytes())
        });
        written.await.map_err(io::Error::other)?
    }
}

/// The list of all mails, one a line.
const LIST: &str = "mails.jsonl";

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    File::create_new(path)?.write_all(content)
}

/// The mail as SES sends it (RFC 5322).
fn message(mail: &Mail) -> io::Result<Vec<u8>> {
    let message = MessageBuilder::new()
        .header("From", Raw::new(&*mail.from))
        .header("To", Raw::new(mail.to.join(", ")))
        .subject(&*mail.subject)
        .date(mail.sent_at.as_second())
        .message_id(format!("{}@ap-northeast-1.amazonses.com", mail.message_id));
    let own = mail.headers.iter();
    let message = own.fold(message, |message, (name, value)| {
        message.header(name.as_str(), Raw::new(value.as_str()))
    });
    let message = match &mail.text {
        Some(text) => message.text_body(&**text),
        None => message,
    };
    let message = match &mail.html {
        Some(html) => message.html_body(&**html),
        None => message,
    };
    let mut message = message;
    for file in &mail.attachments {
        let kind = ContentType::new(&*file.content_type);
        message = message.attachment(kind, &*file.file_name, file.bytes());
    }
    message.write_to_vec()
}

/// A header as SES takes it: up to 126 characters that may name one, and a value in ASCII of up to 870.
fn header(header: Header) -> Result<(String, String), String> {
    let names = |c: char| c.is_ascii_graphic() && c != ':';
    let values = |c: char| c == ' ' || c.is_ascii_graphic();
    let Header { name, value } = header;
    let is_named = (1..=126).contains(&name.len()) && name.chars().all(names);
    if !is_named || value.len() > 870 || !value.chars().all(values) {
        return Err(format!("The header {name} is not valid."));
    }
    Ok((name, value))
}

/// An attachment as SES takes it: of a type, even where none is said.
fn attachment(file: Attached) -> Result<Attachment, String> {
    if file.file_name.is_empty() || BASE64_STANDARD.decode(&file.raw_content).is_err() {
        return Err("An attachment has no name, or is no Base64.".to_owned());
    }
    let octets = || "application/octet-stream".to_owned();
    Ok(Attachment {
        file_name: file.file_name,
        content_type: file.content_type.unwrap_or_else(octets),
        content: file.raw_content,
    })
}

/// `user@example.com` of `Name <user@example.com>`.
fn address(written: &str) -> &str {
    match (written.rfind('<'), written.rfind('>')) {
        (Some(open), Some(close)) if open < close => written[open + 1..close].trim(),
        _ => written.trim(),
    }
}

/// SES takes addresses of the form `user@domain` in ASCII, the display name too (RFC 2047 encodes
/// others); a line break would add a header.
fn check_address(written: &str) -> Result<(), String> {
    if !written.is_ascii() {
        return Err(format!("Not ASCII, encode it as of RFC 2047: {written}"));
    }
    let plain = address(written);
    let Some((local, domain)) = plain.rsplit_once('@') else {
        return Err("Missing final '@domain'".to_owned());
    };
    let clean = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | ';');
    if local.is_empty() || !plain.chars().all(clean) || written.contains(['\r', '\n']) {
        return Err("Local address contains control or whitespace".to_owned());
    }
    if !domain.contains('.') || domain.starts_with('.') || domain.ends_with('.') {
        return Err("Domain is not valid".to_owned());
    }
    Ok(())
}

/// An address as a file name: no path separators, nothing hidden.
fn file_name(address: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | '+');
    let safe = address.chars().map(|c| if keep(c) { c } else { '_' });
    safe.take(100).collect()
}

fn is_send_email(request: &Request<Bytes>) -> bool {
    request.method() == Method::POST && request.uri().path() == "/v2/email/outbound-emails"
}

fn failure(status: u16, kind: &'static str, message: &str) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = answer(status, &json!({"message": message}));
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert("x-amzn-errortype", kind);
    response
}

fn answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use aws_sdk_sesv2::config::retry::RetryConfig;
    use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region};
    use aws_sdk_sesv2::operation::send_email::{SendEmailError, SendEmailOutput};
    use aws_sdk_sesv2::{Client, Config};
    use aws_sdk_sesv2::{primitives::Blob, types};

    async fn stack(directory: Option<PathBuf>) -> (Mailbox, Client) {
        let now: Timestamp = "2026-11-21T09:00:00+09:00".parse().unwrap();
        let mailbox = Mailbox::open(Arc::new(move || now), directory);
        let served = mailbox.clone();
        let endpoint = crate::secrets::loopback::serve(move |request| {
            let served = served.clone();
            async move { served.handle(request).await }
        });
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(Credentials::new("Function", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(endpoint.await)
            .build();
        (mailbox, Client::from_conf(config))
    }

    async fn send(
        client: &Client,
        from: &str,
        to: Vec<String>,
    ) -> Result<SendEmailOutput, SendEmailError> {
        let content = |data: &str| types::Content::builder().data(data).build().unwrap();
        let body = types::Body::builder()
            .text(content("Guten Tag"))
            .html(content("<p>縁</p>"));
        let message = types::Message::builder()
            .subject(content("確認"))
            .body(body.build())
            .attachments(
                types::Attachment::builder()
                    .file_name("visit.ics")
                    .content_type("text/calendar")
                    .raw_content(Blob::new("BEGIN:VCALENDAR"))
                    .build()
                    .unwrap(),
            )
            .headers(
                types::MessageHeader::builder()
                    .name("List-Unsubscribe")
                    .value("<https://api.example.com/letters/unsubscribe?token=abc>")
                    .build()
                    .unwrap(),
            )
            .build();
        client
            .send_email()
            .from_email_address(from)
            .destination(
                types::Destination::builder()
                    .set_to_addresses(Some(to))
                    .build(),
            )
            .content(types::EmailContent::builder().simple(message).build())
            .send()
            .await
            .map_err(|error| error.into_service_error())
    }

    fn directory() -> PathBuf {
        std::env::temp_dir().join(format!("enishi-mailbox-{}", Uuid::now_v7()))
    }

    #[tokio::test]
    async fn a_mail_is_a_file_that_mail_programs_open_and_listed_after_a_restart() {
        let directory = directory();
        let (mailbox, client) = stack(Some(directory.clone())).await;
        let to = vec!["Aoi <aoi@example.com>".to_owned()];
        let from = "Enishi <no-reply@enishi.example>";
        let answer = send(&client, from, to.clone()).await.unwrap();
        let mail = mailbox.mails().remove(0);
        assert_eq!(answer.message_id(), Some(mail.message_id.as_str()));
        assert_eq!((mail.from.as_str(), &mail.to), (from, &to));
        assert_eq!(mail.subject, "確認");
        assert_eq!(mail.text.as_deref(), Some("Guten Tag"));
        assert_eq!(mail.html.as_deref(), Some("<p>縁</p>"));
        assert_eq!(mail.attachments[0].file_name, "visit.ics");
        assert_eq!(mail.attachments[0].bytes(), b"BEGIN:VCALENDAR");
        let file = "mail/20261121T000000.000Z-aoi@example.com.eml";
        let file = std::fs::read_to_string(directory.join(file)).unwrap();
        let (head, body) = file.split_once("\r\n\r\n").unwrap();
        for line in [
            "From: Enishi <no-reply@enishi.example>",
            "To: Aoi <aoi@example.com>",
            "Date: Sat, 21 Nov 2026 00:00:00 +0000",
            "Subject: =?utf-8?B?56K66KqN?=",
            "List-Unsubscribe: <https://api.example.com/letters/unsubscribe?token=abc>",
            "MIME-Version: 1.0",
        ] {
            assert!(head.split("\r\n").any(|found| found == line), "{head}");
        }
        assert!(head.contains("Content-Type: multipart/mixed;"), "{head}");
        assert!(
            body.contains("Content-Type: multipart/alternative;"),
            "{body}"
        );
        assert!(body.contains("filename=\"visit.ics\""), "{body}");
        assert!(body.contains("\r\n\r\nGuten Tag"), "{body}");
        assert!(
            body.contains("Content-Type: text/html; charset=\"utf-8\""),
            "{body}"
        );

        // As if the process had been killed while it wrote.
        let list = std::fs::File::options()
            .append(true)
            .open(directory.join(LIST));
        list.unwrap().write_all(b"\n{\"to\":").unwrap();
        send(&client, from, to).await.unwrap();
        assert_eq!(
            std::fs::read_dir(directory.join("mail")).unwrap().count(),
            2
        );
        let (after_a_restart, _) = stack(Some(directory.clone())).await;
        assert_eq!(after_a_restart.mails(), mailbox.mails());
        assert_eq!(after_a_restart.mails().len(), 2);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[tokio::test]
    async fn what_ses_would_refuse_is_a_bad_request() {
        let (mailbox, client) = stack(None).await;
        let from = "no-reply@enishi.example";
        let many = (0..51).map(|n| format!("u{n}@example.com")).collect();
        for (from, to) in [
            (from, vec![]),
            (from, many),
            (from, vec!["nobody".to_owned()]),
            (from, vec!["a@example.com\r\nBcc: b@example.com".to_owned()]),
            (
                "縁 <no-reply@enishi.example>",
                vec!["a@example.com".to_owned()],
            ),
            ("", vec!["a@example.com".to_owned()]),
        ] {
            let refused = send(&client, from, to.clone()).await.unwrap_err();
            assert!(refused.is_bad_request_exception(), "{from} {to:?}");
        }
        assert_eq!(mailbox.mails(), []);
    }

    #[tokio::test]
    async fn a_mail_that_cannot_be_written_is_not_taken() {
        let blocked = directory();
        std::fs::write(&blocked, "a file, no directory").unwrap();
        let (mailbox, client) = stack(Some(blocked.clone())).await;
        let to = vec!["a@example.com".to_owned()];
        let failed = send(&client, "no-reply@enishi.example", to).await;
        assert!(!failed.unwrap_err().is_bad_request_exception());
        assert_eq!(mailbox.mails(), []);
        std::fs::remove_file(blocked).unwrap();
    }

    #[tokio::test]
    async fn the_resources_are_the_senders_identity_and_its_configuration_set() {
        let (mailbox, _) = stack(None).await;
        let body = json!({"FromEmailAddress": "E <e@enishi.example>", "Content": {}}).to_string();
        let request = |uri| Request::post(uri).body(Bytes::from(body.clone())).unwrap();
        let on = ["identity/e@enishi.example", "configuration-set/default"].map(|resource| {
            let arn = format!("arn:aws:ses:ap-northeast-1:000000000000:{resource}");
            ("ses:SendEmail".to_owned(), arn)
        });
        assert_eq!(
            mailbox.actions(&request("/v2/email/outbound-emails")),
            Some(on.into()),
        );
        assert_eq!(mailbox.actions(&request("/v2/email/identities")), None);
    }
}
