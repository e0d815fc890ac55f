//! EventBridge: `PutEvents` as the SDK sends it, and the template's rules, on the buses of the
//! template and on the default one.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    clock::Now,
    journal::{self, Cause, Kind},
    lambda::Lambda,
    pattern,
    template::{ACCOUNT, DEFAULT_BUS, REGION, Rule, System},
    terminal::summary,
};

/// EventBridge quota: bytes of all entries of a request.
const MOST_BYTES: usize = 256 * 1024;

/// The buses with their rules.
#[derive(Clone)]
pub struct Buses {
    names: BTreeSet<String>,
    rules: Vec<(String, Rule)>,
    lambda: Lambda,
    now: Now,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    time: Option<f64>,
    #[serde(default)]
    resources: Vec<String>,
}

impl Buses {
    /// The buses and rules of the template.
    pub fn new(system: &System, lambda: Lambda, now: Now) -> Self {
        Self {
            names: system
                .buses
                .iter()
                .map(|bus| bus.name.clone())
                .chain([DEFAULT_BUS.to_owned()])
                .collect(),
            rules: system
                .functions
                .iter()
                .flat_map(|function| {
                    function
                        .rules
                        .iter()
                        .map(|rule| (function.logical_id.clone(), rule.clone()))
                })
                .collect(),
            lambda,
            now,
        }
    }

    /// The IAM actions and resources of a request.
    pub fn actions(request: &Request<Bytes>) -> Vec<(String, String)> {
        let Ok(put) = serde_json::from_slice::<PutEvents>(request.body()) else {
            return vec![("events:PutEvents".into(), "*".into())];
        };
        let buses: BTreeSet<&str> = put.entries.iter().map(bus_of).collect();
        buses
            .into_iter()
            .map(|bus| {
                let arn = format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}");
                ("events:PutEvents".into(), arn)
            })
            .collect()
    }

    /// Answers `PutEvents`: entry by entry, as the service does.
    pub fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let put: PutEvents = match serde_json::from_slice(request.body()) {
            Ok(put) => put,
            Err(error) => return failure("ValidationException", &error.to_string()),
        };
        if put.entries.is_empty() || put.entries.len() > 10 {
            return failure("ValidationException", "Entries takes 1 to 10 entries");
        }
        if put.entries.iter().map(Entry::size).sum::<usize>() >= MOST_BYTES {
            let message = "Total size of the entries in the request is over the limit.";
            return failure("ValidationException", message);
        }
        if let Some(unknown) = put
            .entries
            .iter()
            .map(bus_of)
            .find(|bus| !self.names.contains(*bus))
        {
            return failure(
                "ResourceNotFoundException",
                &format!("Event bus {unknown} does not exist."),
            );
        }
        let results: Vec<Value> = put.entries.iter().map(|entry| self.put(entry)).collect();
        let failed = results
            .iter()
            .filter(|result| result.get("ErrorCode").is_some())
            .count();
        answer(
            StatusCode::OK,
            &json!({"FailedEntryCount": failed, "Entries": results}),
        )
    }

    fn put(&self, entry: &Entry) -> Value {
        let refused =
            |code: &str, message: String| json!({"ErrorCode": code, "ErrorMessage": message});
        let (source, detail_type, detail) = match entry.required() {
            Ok(required) => required,
            Err(name) => {
                let reason = format!("{name} is a required argument.");
                let message = format!("Parameter {name} is not valid. Reason: {reason}");
                return refused("InvalidArgument", message);
            }
        };
        if source.starts_with("aws.") {
            let message = "Not authorized for the source.";
            return refused("NotAuthorizedForSourceException", message.into());
        }
        let detail = serde_json::from_str::<Value>(detail).ok();
        let Some(detail) = detail.filter(Value::is_object) else {
            return refused("MalformedDetail", "Detail is malformed.".into());
        };
        // A letter's text is nobody's business, here either: ids and numbers tell enough.
        let mut data = detail["data"].clone();
        if let Some(data) = data.as_object_mut() {
            data.retain(|name, value| name.ends_with("_id") || value.is_number());
        }
        tracing::info!("{detail_type}: {}", summary(&data));
        let id = Uuid::new_v4().to_string();
        #[allow(clippy::cast_possible_truncation)]
        let time = entry
            .time
            .and_then(|seconds| jiff::Timestamp::from_second(seconds as i64).ok())
            .unwrap_or_else(|| (self.now)());
        self.deliver(
            bus_of(entry),
            &json!({
                "version": "0",
                "id": id,
                "source": source,
                "detail-type": detail_type,
                "account": ACCOUNT,
                "region": REGION,
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "resources": entry.resources,
                "detail": detail,
            }),
        );
        json!({"EventId": id})
    }

    /// Hands an event to every function with a rule that it meets.
    pub fn deliver(&self, bus: &str, event: &Value) {
        let entry = noted(bus, event);
        for (function, rule) in &self.rules {
            if rule.bus == bus && pattern::matches(&rule.pattern, event) {
                journal::within_now(entry.clone(), || {
                    self.lambda.invoke_async(function, event.clone());
                });
            }
        }
    }
}

impl Entry {
    /// What EventBridge counts of it.
    fn size(&self) -> usize {
        let texts = [&self.source, &self.detail_type, &self.detail];
        let texts = texts.into_iter().flatten().chain(&self.resources);
        let time = if self.time.is_some() { 14 } else { 0 };
        texts.map(String::len).sum::<usize>() + time
    }

    /// Source, type and detail, or which of them is missing.
    fn required(&self) -> Result<(&str, &str, &str), &'static str> {
        fn text(text: &Option<String>) -> Option<&str> {
            text.as_deref().filter(|text| !text.is_empty())
        }
        Ok((
            text(&self.source).ok_or("Source")?,
            text(&self.detail_type).ok_or("DetailType")?,
            text(&self.detail).ok_or("Detail")?,
        ))
    }
}

/// The event's entry: an effect of what wrote its outbox row, where it had one, for `platform-relay` takes
/// many rows at once; else of what is under way.
fn noted(bus: &str, event: &Value) -> Option<Cause> {
    let journal = journal::current()?.journal().clone();
    let announcer = event["detail"]["id"]
        .as_str()
        .and_then(|id| journal.announcer(id));
    let cause = announcer.or_else(|| journal::current()?.id());
    let mut title = event["detail-type"].as_str().unwrap_or_default().to_owned();
    // Chime's have one type for many things.
    if let Some(kind) = event["detail"]["eventType"].as_str() {
        title = format!("{title}: {kind}");
    }
    let entry = journal.begin(Kind::Bus, title, cause.into_iter().collect());
    entry.finish(|entry| entry.detail = json!({"bus": bus, "event": event}));
    Some(entry)
}

fn bus_of(entry: &Entry) -> &str {
    let name = entry.event_bus_name.as_deref().unwrap_or(DEFAULT_BUS);
    name.rsplit('/').next().unwrap_or(name)
}

fn failure(kind: &str, message: &str) -> Response<Bytes> {
    answer(
        StatusCode::BAD_REQUEST,
        &json!({"__type": kind, "message": message}),
    )
}

fn answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    response
}
