//! The management API: `POST`, `GET` and `DELETE` of `/@connections/<id>` (with or without the
//! stage before it), for the unmodified SDK (REST JSON).
//!
//! An id that is none of this stack's is 410 like one that is gone; AWS answers 400 where it has
//! not the form of an id.

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;
use uuid::Uuid;

use super::connection::End;
use super::{MAX_MESSAGE, Undelivered, WebSockets};
use crate::gateway::decoded;
use crate::journal::{self, Kind, Outcome};
use crate::template::{ACCOUNT, REGION};

impl WebSockets {
    /// A request's operation, and the IAM action with its resource; `None` for what is not offered.
    pub fn action(&self, request: &Request<Bytes>) -> Option<(&'static str, (String, String))> {
        let api = self.0.api.as_ref()?;
        let id = self.connection_id(request.uri().path())?;
        let operation = match *request.method() {
            Method::POST => "PostToConnection",
            Method::GET => "GetConnection",
            Method::DELETE => "DeleteConnection",
            _ => return None,
        };
        let resource = format!(
            "arn:aws:execute-api:{REGION}:{ACCOUNT}:{}/{}/{}/@connections/{id}",
            api.logical_id,
            api.stage,
            request.method()
        );
        let action = "execute-api:ManageConnections".to_owned();
        Some((operation, (action, resource)))
    }

    /// Answers a request as the service does: 410 for a connection that is not open (any more, or
    /// yet), 413 for more than 128 KB, 429 for a client that does not read.
    pub fn manage(&self, request: Request<Bytes>) -> Response<Bytes> {
        let Some(id) = self.connection_id(request.uri().path()) else {
            return refusal(StatusCode::NOT_FOUND, "NotFoundException", "no such path");
        };
        let gone = || refusal(StatusCode::GONE, "GoneException", "the connection is gone");
        match *request.method() {
            Method::GET => {
                let connections = self.lock();
                let Some(connection) = connections.get(&id) else {
                    return gone();
                };
                let client = &connection.client;
                let shown = json!({
                    "connectedAt": client.connected_at.to_string(),
                    "identity": {
                        "sourceIp": client.source_ip.to_string(),
                        "userAgent": client.user_agent.as_deref().unwrap_or_default(),
                    },
                    "lastActiveAt": client.active().1.to_string(),
                });
                answer(StatusCode::OK, shown.to_string())
            }
            Method::DELETE if self.end(&id, End::closing(1000, "")) => {
                answer(StatusCode::NO_CONTENT, String::new())
            }
            Method::DELETE => gone(),
            _ => {
                let body = request.into_body();
                if body.len() > MAX_MESSAGE {
                    let status = StatusCode::PAYLOAD_TOO_LARGE;
                    return refusal(status, "PayloadTooLargeException", "more than 128 KB");
                }
                let Ok(text) = Utf8Bytes::try_from(body) else {
                    let status = StatusCode::BAD_REQUEST;
                    return refusal(status, "BadRequestException", "the data is not UTF-8");
                };
                let told = text.clone();
                let posted = self.post(&id, text);
                journal::note(Kind::Push, || {
                    (format!("to {id}"), journal::body(told.as_bytes()))
                })
                .filter(|_| posted.is_err())
                .inspect(|push| push.change(|entry| entry.outcome = Outcome::Refused));
                match posted {
                    Ok(()) => answer(StatusCode::OK, String::new()),
                    Err(Undelivered::Gone) => gone(),
                    Err(Undelivered::Unread) => refusal(
                        StatusCode::TOO_MANY_REQUESTS,
                        "LimitExceededException",
                        "the client does not read",
                    ),
                }
            }
        }
    }

    fn connection_id(&self, path: &str) -> Option<String> {
        let stage = &self.0.api.as_ref()?.stage;
        let path = path.strip_prefix('/')?;
        let path = match path.strip_prefix(stage.as_str()) {
            Some(rest) if rest.starts_with('/') => rest.strip_prefix('/')?,
            _ => path,
        };
        let (collection, id) = path.split_once('/')?;
        let whole = decoded(collection) == "@connections" && !id.is_empty() && !id.contains('/');
        whole.then(|| decoded(id))
    }
}

fn refusal(status: StatusCode, kind: &'static str, message: &str) -> Response<Bytes> {
    let mut response = answer(status, json!({"message": message}).to_string());
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert("x-amzn-errortype", kind);
    response
}

fn answer(status: StatusCode, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    if let Ok(id) = HeaderValue::from_str(&Uuid::now_v7().to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
