//! The mailbox. A mail's HTML is a document of its own, in a frame that may do nothing but show itself and
//! open links elsewhere; a frame says no header, so its address has a key that opens this mail alone.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use http::header;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Console};
use crate::{
    mailbox::{Attachment, Mail},
    stack::Stack,
};

/// How many are listed.
const LISTED: usize = 300;
/// What a mail's document may do.
const POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
     style-src 'unsafe-inline'; img-src data: http: https:; frame-ancestors 'self'";

/// The last mails, the newest first.
pub async fn mails(State(stack): State<Stack>) -> Json<Value> {
    let mails = stack.mailbox().mails();
    let shown = |mail: &Mail| {
        json!({
            "message_id": mail.message_id, "to": mail.to, "subject": mail.subject,
            "sent_at": mail.sent_at, "attachments": mail.attachments.len(),
        })
    };
    Json(mails.iter().rev().take(LISTED).map(shown).collect())
}

/// One of them.
pub async fn mail(State(stack): State<Stack>, Path(id): Path<String>) -> Answer<Value> {
    let missing = || (StatusCode::NOT_FOUND, "there is no such mail".to_owned());
    let mail = find(&stack, &id).ok_or_else(missing)?;
    let console = stack.console().ok_or_else(missing)?;
    let address = |part: &str| {
        let key = console.key(&format!("{id}/{part}"));
        format!("/mail/{id}/{part}?key={key}")
    };
    let attachments = mail.attachments.iter().enumerate().map(|(number, file)| {
        json!({
            "file_name": file.file_name, "content_type": file.content_type,
            "url": address(&number.to_string()),
        })
    });
    Ok(Json(json!({
        "message_id": mail.message_id, "to": mail.to, "from": mail.from, "subject": mail.subject,
        "sent_at": mail.sent_at, "text": mail.text,
        "html": mail.html.as_ref().map(|_| address("html")),
        "attachments": attachments.collect::<Vec<_>>(),
    })))
}

/// The key in an address.
#[derive(Deserialize)]
pub struct Key {
    #[serde(default)]
    key: String,
}

/// A mail's HTML, or one of its files.
pub async fn part(
    State((stack, console)): State<(Stack, Console)>,
    Path((id, part)): Path<(String, String)>,
    Query(Key { key }): Query<Key>,
) -> Response {
    let found = find(&stack, &id).filter(|_| console.key(&format!("{id}/{part}")) == key);
    let Some(mail) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let policy = (header::CONTENT_SECURITY_POLICY, POLICY);
    match (part.as_str(), mail.html) {
        ("html", Some(html)) => {
            let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
            // Links open beside the console, not within the frame.
            ([policy, kind], format!("<base target=\"_blank\">{html}")).into_response()
        }
        (number, _) => {
            let file = number
                .parse()
                .ok()
                .and_then(|at: usize| mail.attachments.get(at));
            let Some(file) = file else {
                return StatusCode::NOT_FOUND.into_response();
            };
            let kind = (header::CONTENT_TYPE, "application/octet-stream");
            let name = (header::CONTENT_DISPOSITION, disposition(file));
            ([policy, kind], [name], file.bytes()).into_response()
        }
    }
}

fn disposition(file: &Attachment) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "._- ".contains(char);
    let name: String = file.file_name.chars().filter(|char| plain(*char)).collect();
    format!("attachment; filename=\"{name}\"")
}

fn find(stack: &Stack, id: &str) -> Option<Mail> {
    let mails = stack.mailbox().mails();
    mails.into_iter().find(|mail| mail.message_id == id)
}
