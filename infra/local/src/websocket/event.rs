//! The events that API Gateway sends the functions of a WebSocket API.
//!
//! Header names are in lower case here; on AWS they are as the client wrote them.

use http::request::Parts;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::connection::{Client, End};
use super::new_id;
use crate::template::WebSocketApi;

/// Headers that concern the handshake's own connection only.
const NOT_FORWARDED: [&str; 2] = ["connection", "upgrade"];

/// The event of a handshake.
pub(super) fn connect(
    api: &WebSocketApi,
    client: &Client,
    request: &Parts,
    request_id: &str,
    now: Timestamp,
) -> Value {
    let mut headers = Many::default();
    for (name, value) in &request.headers {
        if !NOT_FORWARDED.contains(&name.as_str()) {
            headers.push(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        }
    }
    headers.push("x-forwarded-for", &client.source_ip.to_string());
    headers.push("x-forwarded-proto", "http");
    let mut event = event(api, client, "$connect", "CONNECT", request_id, now);
    event["headers"] = Value::Object(headers.last);
    event["multiValueHeaders"] = Value::Object(headers.all);
    let query = request.uri.query().unwrap_or_default();
    if !query.is_empty() {
        let mut parameters = Many::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            parameters.push(&name, &value);
        }
        event["queryStringParameters"] = Value::Object(parameters.last);
        event["multiValueQueryStringParameters"] = Value::Object(parameters.all);
    }
    event
}

/// The event of a message on the route `key`.
pub(super) fn message(
    api: &WebSocketApi,
    client: &Client,
    key: &str,
    text: &str,
    request_id: &str,
    now: Timestamp,
) -> Value {
    let mut event = event(api, client, key, "MESSAGE", request_id, now);
    event["requestContext"]["messageId"] = new_id().into();
    event["body"] = text.into();
    event
}

/// The event of a connection's end.
pub(super) fn disconnect(
    api: &WebSocketApi,
    client: &Client,
    end: &End,
    request_id: &str,
    now: Timestamp,
) -> Value {
    let mut headers = Many::default();
    headers.push("host", &client.domain);
    headers.push("x-forwarded-for", "");
    let mut event = event(api, client, "$disconnect", "DISCONNECT", request_id, now);
    event["headers"] = Value::Object(headers.last);
    event["multiValueHeaders"] = Value::Object(headers.all);
    event["requestContext"]["disconnectStatusCode"] = end.code.into();
    event["requestContext"]["disconnectReason"] = end.reason.as_str().into();
    event
}

/// What all events have.
fn event(
    api: &WebSocketApi,
    client: &Client,
    key: &str,
    kind: &str,
    request_id: &str,
    now: Timestamp,
) -> Value {
    let mut identity = json!({"sourceIp": client.source_ip.to_string()});
    if let Some(agent) = &client.user_agent {
        identity["userAgent"] = json!(agent);
    }
    json!({
        "requestContext": {
            "routeKey": key,
            "eventType": kind,
            "extendedRequestId": request_id,
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "messageDirection": "IN",
            "stage": api.stage,
            "connectedAt": client.connected_at.as_millisecond(),
            "requestTimeEpoch": now.as_millisecond(),
            "identity": identity,
            "requestId": request_id,
            "domainName": client.domain,
            "connectionId": client.id,
            "apiId": api.logical_id,
        },
        "isBase64Encoded": false,
    })
}

/// Names with the last of their values and with all of them.
#[derive(Default)]
struct Many {
    last: Map<String, Value>,
    all: Map<String, Value>,
}

impl Many {
    fn push(&mut self, name: &str, value: &str) {
        self.last.insert(name.to_owned(), json!(value));
        let all = self.all.entry(name).or_insert_with(|| json!([]));
        if let Value::Array(all) = all {
            all.push(json!(value));
        }
    }
}
