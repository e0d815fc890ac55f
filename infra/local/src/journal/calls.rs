//! What functions call, with the entry that they run for.

use std::{fmt, time::Instant};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use axum::{extract::Request, middleware::Next, response::Response};
use http::HeaderMap;
use serde_json::Value;

use super::{Call, Cause, Id, Journal, Kind, Row, current, milliseconds, within};

/// Says for which entry a call is made; on this machine only.
pub const HEADER: &str = "x-enishi-entry";

/// Takes the header off.
pub fn told(headers: &mut HeaderMap) -> Option<Id> {
    headers.remove(HEADER)?.to_str().ok()?.parse().ok()
}

/// A function's connections, which say for which entry they are used.
pub fn wrap(client: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(Telling(client))
}

#[derive(Clone, Debug)]
struct Telling<T>(T);

impl HttpClient for Telling<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Telling(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for Telling<SharedHttpConnector> {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if let Some(id) = current().and_then(|cause| cause.id()) {
            request.headers_mut().insert(HEADER, id.to_string());
        }
        self.0.call(request)
    }
}

/// Around the stand-ins: what a function calls happens for the entry that its header names, and what
/// somebody does on a page of Stripe's is an entry of its own. Calls to the database tell more of
/// themselves ([`database`]).
pub async fn around(journal: Journal, mut request: Request, next: Next) -> Response {
    let id = told(request.headers_mut());
    let cause = journal.cause(id);
    let (name, about) = name(&request);
    let is_page = id.is_none()
        && request.method() == http::Method::POST
        && request.uri().path().starts_with("/stripe/")
        && !request.uri().path().starts_with("/stripe/v1/");
    let started = Instant::now();
    if is_page {
        let page = journal.begin(Kind::Hand, format!("Stripe's page {about}"), Vec::new());
        let response = within(Some(page.clone()), next.run(request)).await;
        page.answered(response.status().as_u16(), started.elapsed());
        return response;
    }
    let response = within(Some(cause.clone()), next.run(request)).await;
    if !name.starts_with("dynamodb:") {
        cause.called(Call {
            name,
            about,
            wrote: Vec::new(),
            status: response.status().as_u16(),
            milliseconds: milliseconds(started.elapsed()),
        });
    }
    response
}

/// `service:Operation` where a header says it, else the service with method and path.
fn name(request: &Request) -> (String, String) {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let path = request.uri().path();
    if let Some(path) = path.strip_prefix("/stripe/v1/") {
        return ("stripe".into(), format!("{} {path}", request.method()));
    }
    let scope = header("authorization").and_then(|it| it.split("Credential=").nth(1));
    let service = scope.and_then(|it| it.split('/').nth(3)).unwrap_or("http");
    match header("x-amz-target").and_then(|target| target.split('.').nth(1)) {
        Some(operation) => (format!("{service}:{operation}"), String::new()),
        None => (service.to_owned(), format!("{} {path}", request.method())),
    }
}

/// A call to the database that is under way.
#[must_use]
pub struct Asked {
    cause: Cause,
    call: Call,
    /// Whose the rows were that it writes.
    before: Vec<(Row, Id)>,
    started: Instant,
}

/// Begins a call to the database: what it is about, and which rows it writes. They are its entry's from here on:
/// a stream may bring them before the call is answered.
pub fn database(operation: &str, request: &[u8], keys: Keys<'_>) -> Option<Asked> {
    let cause = current().filter(|cause| cause.id().is_some())?;
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let mut about = About {
        keys,
        read: Vec::new(),
        wrote: Vec::new(),
    };
    about.of(operation, &request);
    let shown = about.read.iter().chain(&about.wrote);
    let shown: Vec<String> = shown.map(ToString::to_string).collect();
    Some(Asked {
        before: cause.writes(&about.wrote),
        cause,
        call: Call {
            name: format!("dynamodb:{operation}"),
            about: shown.join(", "),
            wrote: about.wrote,
            status: 0,
            milliseconds: 0.0,
        },
        started: Instant::now(),
    })
}

impl Asked {
    /// Notes the call. What was not written is again whose it was.
    pub fn answered(self, status: u16) {
        let Self {
            cause,
            mut call,
            before,
            started,
        } = self;
        call.status = status;
        call.milliseconds = milliseconds(started.elapsed());
        if status != 200 {
            call.wrote.clear();
            cause.wrote_not(before);
        }
        cause.called(call);
    }
}

/// The names of a table's key attributes.
pub type Keys<'a> = &'a dyn Fn(&str) -> (String, Option<String>);

struct About<'a> {
    keys: Keys<'a>,
    read: Vec<Row>,
    wrote: Vec<Row>,
}

impl About<'_> {
    fn of(&mut self, operation: &str, request: &Value) {
        let table = request["TableName"].as_str().unwrap_or_default();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        match operation {
            "GetItem" => self.read.push(self.row(table, &request["Key"])),
            "PutItem" => self.wrote.push(self.row(table, &request["Item"])),
            "UpdateItem" | "DeleteItem" => self.wrote.push(self.row(table, &request["Key"])),
            "Query" | "Scan" => {
                let values = request["ExpressionAttributeValues"].as_object();
                let values = values.into_iter().flatten().map(|(_, value)| text(value));
                let values: Vec<String> = values.filter(|text| !text.is_empty()).collect();
                let index = request["IndexName"].as_str();
                self.read.push(Row {
                    table: index.map_or(table.to_owned(), |index| format!("{table}.{index}")),
                    pk: values.join(" … "),
                    sk: String::new(),
                });
            }
            "TransactWriteItems" | "TransactGetItems" => {
                for part in list(&request["TransactItems"]) {
                    for (kind, part) in part.as_object().into_iter().flatten() {
                        let table = part["TableName"].as_str().unwrap_or_default();
                        match kind.as_str() {
                            "Put" => self.wrote.push(self.row(table, &part["Item"])),
                            "Update" | "Delete" => self.wrote.push(self.row(table, &part["Key"])),
                            _ => self.read.push(self.row(table, &part["Key"])),
                        }
                    }
                }
            }
            "BatchGetItem" | "BatchWriteItem" => {
                for (table, asked) in request["RequestItems"].as_object().into_iter().flatten() {
                    for key in list(&asked["Keys"]) {
                        self.read.push(self.row(table, &key));
                    }
                    for write in list(asked) {
                        let put = self.row(table, &write["PutRequest"]["Item"]);
                        let delete = self.row(table, &write["DeleteRequest"]["Key"]);
                        self.wrote
                            .push(if put.pk.is_empty() { delete } else { put });
                    }
                }
            }
            _ => {}
        }
    }

    fn row(&self, table: &str, key: &Value) -> Row {
        row((self.keys)(table), table, key)
    }
}

/// The row of a table that has these key attributes.
pub fn row((partition, sort): (String, Option<String>), table: &str, key: &Value) -> Row {
    Row {
        table: table.to_owned(),
        pk: text(&key[partition]),
        sk: sort.map(|sort| text(&key[sort])).unwrap_or_default(),
    }
}

/// What an attribute says, where it is a text or a number.
fn text(attribute: &Value) -> String {
    let said = attribute["S"].as_str().or_else(|| attribute["N"].as_str());
    said.unwrap_or_default().to_owned()
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table, self.pk)?;
        match self.sk.is_empty() {
            true => Ok(()),
            false => write!(f, " / {}", self.sk),
        }
    }
}
