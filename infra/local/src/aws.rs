//! The one address at which AWS SDKs reach every stand-in, unmodified (`AWS_ENDPOINT_URL`).
//!
//! The credential in a request's signature says which service is meant and who calls: a function's
//! access key is its logical id. A call that the function's policy does not name is denied, as it
//! would be in the cloud. Whoever looks around with the AWS CLI or NoSQL Workbench has a key of their own,
//! [`DEVELOPER_KEY`], to which nothing is forbidden but making and deleting tables: these are
//! `template.yaml`'s. Signatures themselves are verified for S3 only, where a presigned URL is
//! nothing else.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{body::Body, extract::Request as AxumRequest};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::{
    bus::Buses,
    chime::Chime,
    journal,
    mailbox::Mailbox,
    s3::{self, S3},
    secrets::Secrets,
    template::System,
    websocket::WebSockets,
};

mod caller;
mod sts;

pub use caller::DEVELOPER_KEY;
use caller::{Caller, credential};

/// Says which request it was, to whoever asks AWS about it.
const REQUEST_ID: &str = "x-amzn-requestid";
const LARGEST_REQUEST: usize = 20 * 1024 * 1024;
/// More than any test makes: a stack that runs for weeks stays small.
const KEPT_CALLS: usize = 100_000;

/// The stand-ins behind the address. Clones share everything.
#[derive(Clone)]
pub struct Aws(Arc<Inner>);

struct Inner {
    system: Arc<System>,
    /// Where the embedded database listens.
    database: Uri,
    client: Client<HttpConnector, Full<Bytes>>,
    chime: Chime,
    mailbox: Mailbox,
    s3: S3,
    secrets: Secrets,
    buses: Buses,
    websockets: WebSockets,
    written: Arc<Notify>,
    seen: Mutex<VecDeque<Call>>,
    watcher: Mutex<Option<mpsc::UnboundedSender<Exchange>>>,
}

/// What a function asked of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The function's logical id.
    pub function: String,
    /// IAM actions with their resources.
    pub actions: Vec<(String, String)>,
    /// The service's own name of the request, `dynamodb:TransactWriteItems`.
    pub request: String,
    /// Whether the function's policy allows it.
    pub allowed: bool,
}

/// A request to the database with its answer, see [`Aws::watch`].
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The function's logical id.
    pub function: String,
    /// The operation, `TransactWriteItems`.
    pub operation: String,
    /// The request, JSON.
    pub request: Bytes,
    /// The answer, JSON, with the `ConsumedCapacity`.
    pub answer: Bytes,
}

/// What [`Aws`] stands on.
pub struct Services {
    /// Whose functions' policies count, and whose tables requests may name.
    pub system: Arc<System>,
    /// Where the embedded database listens.
    pub database: Uri,
    /// The meetings.
    pub chime: Chime,
    /// The mails.
    pub mailbox: Mailbox,
    /// The buckets.
    pub s3: S3,
    /// The secrets.
    pub secrets: Secrets,
    /// The buses.
    pub buses: Buses,
    /// The WebSocket API.
    pub websockets: WebSockets,
    /// Told when a table may have changed.
    pub written: Arc<Notify>,
}

impl Aws {
    /// The address over these stand-ins.
    pub fn new(services: Services) -> Self {
        Self(Arc::new(Inner {
            system: services.system,
            database: services.database,
            client: Client::builder(TokioExecutor::new()).build_http(),
            chime: services.chime,
            mailbox: services.mailbox,
            s3: services.s3,
            secrets: services.secrets,
            buses: services.buses,
            websockets: services.websockets,
            written: services.written,
            seen: Mutex::default(),
            watcher: Mutex::default(),
        }))
    }

    /// From now on hands over every request to the database with its answer, and asks for the
    /// capacity it consumes. For the benchmarks.
    pub fn watch(&self) -> mpsc::UnboundedReceiver<Exchange> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.watcher() = Some(sender);
        receiver
    }

    fn watcher(&self) -> MutexGuard<'_, Option<mpsc::UnboundedSender<Exchange>>> {
        self.0
            .watcher
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The last hundred thousand calls, in order.
    pub fn calls(&self) -> Vec<Call> {
        let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().cloned().collect()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.0
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Answers one request of an SDK, with an id, as every service does.
    pub async fn handle(&self, request: AxumRequest) -> Response<Body> {
        let mut response = self.answer(request).await;
        let headers = response.headers_mut();
        if !headers.contains_key(REQUEST_ID)
            && !headers.contains_key(s3::REQUEST_ID)
            && let Ok(id) = HeaderValue::try_from(Uuid::new_v4().to_string())
        {
            headers.insert(REQUEST_ID, id);
        }
        response
    }

    async fn answer(&self, request: AxumRequest) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, LARGEST_REQUEST).collect().await else {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large");
        };
        let request = Request::from_parts(parts, body.to_bytes());
        if let Some(response) = self.0.s3.handle_unsigned(&request).await {
            return response;
        }
        let Some((caller, service)) = credential(&request) else {
            return plain(
                StatusCode::FORBIDDEN,
                "This is where AWS SDKs reach the local stack; the API listens elsewhere.",
            );
        };
        if service == "sts" {
            let caller = Caller::of(&caller, &self.0.system);
            return sts::answer(&request, caller).map(Body::from);
        }
        let (operation, actions) = self.actions(&service, &request);
        let Some(actions) = actions else {
            return refusal(
                &service,
                400,
                "UnknownOperationException",
                "not offered here",
            );
        };
        let Some(caller) = Caller::of(&caller, &self.0.system) else {
            return refusal(
                &service,
                403,
                "UnrecognizedClientException",
                &format!(
                    "the access key {caller} is no function of template.yaml, nor {DEVELOPER_KEY}"
                ),
            );
        };
        let denied = actions
            .iter()
            .find(|(action, resource)| !caller.may(action, resource))
            .cloned();
        let request_name = format!("{service}:{operation}");
        self.note(&caller, actions, &request_name, denied.is_none());
        if let Some((action, resource)) = denied {
            let who = caller.arn();
            let message = format!(
                "User: {who} is not authorized to perform: {action} on resource: {resource}"
            );
            tracing::error!("{message}");
            return refusal(&service, 400, "AccessDeniedException", &message);
        }
        let response = match service.as_str() {
            "dynamodb" => return self.database(request, caller.key(), operation).await,
            "chime" => self.0.chime.handle(request).await,
            "s3" => {
                let list =
                    s3::bucket_of(&request).map(|bucket| ("s3:ListBucket".to_owned(), bucket));
                let list = list.filter(|(action, bucket)| caller.may(action, bucket));
                let response = self.0.s3.handle(request, list.is_some()).await;
                // That something is missing is told to those who may list.
                if response.status() == StatusCode::NOT_FOUND {
                    self.note(&caller, list.into_iter().collect(), &request_name, true);
                }
                return response;
            }
            "ses" => self.0.mailbox.handle(request).await,
            "secretsmanager" => self.0.secrets.handle(request).await,
            "execute-api" => self.0.websockets.manage(request),
            _ => self.0.buses.handle(&request),
        };
        response.map(Body::from)
    }

    /// Remembers what a function has asked for.
    fn note(&self, caller: &Caller, actions: Vec<(String, String)>, request: &str, allowed: bool) {
        if let Caller::Function(function) = caller {
            let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.len() == KEPT_CALLS {
                seen.pop_front();
            }
            seen.push_back(Call {
                function: function.logical_id.clone(),
                actions,
                request: request.to_owned(),
                allowed,
            });
        }
    }

    /// The request's name, and what IAM calls what it does; `None` for what is not offered.
    fn actions(
        &self,
        service: &str,
        request: &Request<Bytes>,
    ) -> (String, Option<Vec<(String, String)>>) {
        let one = |action: Option<(String, String)>| {
            let name = action
                .as_ref()
                .and_then(|(action, _)| action.split(':').nth(1))
                .unwrap_or_default()
                .to_owned();
            (name, action.map(|action| vec![action]))
        };
        match service {
            "chime" => match self.0.chime.actions(request) {
                Some((operation, actions)) => (operation.to_owned(), Some(actions)),
                None => (String::new(), None),
            },
            "ses" => match self.0.mailbox.actions(request) {
                Some(actions) => ("SendEmail".into(), Some(actions)),
                None => (String::new(), None),
            },
            "s3" => self.0.s3.action(request).map_or_else(
                || (String::new(), None),
                |(operation, action, resource)| (operation.into(), Some(vec![(action, resource)])),
            ),
            "secretsmanager" => one(self.0.secrets.action(request)),
            "execute-api" => match self.0.websockets.action(request) {
                Some((operation, action)) => (operation.to_owned(), Some(vec![action])),
                None => (String::new(), None),
            },
            "events" => match target(request) {
                Some("AWSEvents.PutEvents") => ("PutEvents".into(), Some(Buses::actions(request))),
                _ => (String::new(), None),
            },
            "dynamodb" => {
                let operation = target(request)
                    .and_then(|target| target.strip_prefix("DynamoDB_20120810."))
                    .unwrap_or_default();
                (
                    operation.to_owned(),
                    self.dynamodb_actions(operation, request.body()),
                )
            }
            _ => (String::new(), None),
        }
    }

    fn dynamodb_actions(&self, operation: &str, body: &[u8]) -> Option<Vec<(String, String)>> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let named = |action: &str, table: &Value| {
            (
                format!("dynamodb:{action}"),
                self.table_arn(table.as_str().unwrap_or_default()),
            )
        };
        Some(match operation {
            "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" => {
                vec![named(operation, &body["TableName"])]
            }
            "Query" | "Scan" => {
                let (action, mut arn) = named(operation, &body["TableName"]);
                if let Some(index) = body["IndexName"].as_str() {
                    arn = format!("{arn}/index/{index}");
                }
                vec![(action, arn)]
            }
            "BatchGetItem" | "BatchWriteItem" => body["RequestItems"]
                .as_object()?
                .keys()
                .map(|table| named(operation, &table.as_str().into()))
                .collect(),
            // The transaction itself is no IAM action; its parts are.
            "TransactWriteItems" => {
                let mut actions = BTreeSet::new();
                for part in body["TransactItems"].as_array()? {
                    let (kind, write) = part.as_object()?.iter().next()?;
                    let action = match kind.as_str() {
                        "Put" => "PutItem",
                        "Update" => "UpdateItem",
                        "Delete" => "DeleteItem",
                        _ => "ConditionCheckItem",
                    };
                    actions.insert(named(action, &write["TableName"]));
                }
                actions.into_iter().collect()
            }
            "TransactGetItems" => {
                let tables = body["TransactItems"].as_array()?.iter();
                let actions: BTreeSet<_> = tables
                    .map(|part| named("GetItem", &part["Get"]["TableName"]))
                    .collect();
                actions.into_iter().collect()
            }
            "" => return None,
            // What only a developer does; where it is about no table, it is about all.
            _ => vec![match &body["TableName"] {
                Value::String(_) => named(operation, &body["TableName"]),
                _ => (format!("dynamodb:{operation}"), "*".to_owned()),
            }],
        })
    }

    fn table_arn(&self, name: &str) -> String {
        self.0
            .system
            .tables
            .iter()
            .find(|table| table.name == name)
            .map_or_else(
                || format!("arn:aws:dynamodb:::table/{name}"),
                |table| table.arn.clone(),
            )
    }

    /// The names of a table's key attributes.
    fn keys(&self, name: &str) -> (String, Option<String>) {
        let table = self.0.system.tables.iter().find(|table| table.name == name);
        table.map_or_else(Default::default, |table| {
            (table.keys.partition.clone(), table.keys.sort.clone())
        })
    }

    async fn database(
        &self,
        mut request: Request<Bytes>,
        caller: &str,
        operation: String,
    ) -> Response<Body> {
        let watcher = self.watcher().clone();
        if watcher.is_some() {
            ask_for_capacity(&mut request);
        }
        let asked = request.body().clone();
        let call = journal::database(&operation, &asked, &|table| self.keys(table));
        *request.uri_mut() = self.0.database.clone();
        request.headers_mut().remove(header::HOST);
        let answer = self.0.client.request(request.map(Full::new)).await;
        const READS: [&str; 4] = ["GetItem", "Query", "BatchGetItem", "TransactGetItems"];
        if !READS.contains(&operation.as_str()) {
            self.0.written.notify_one();
        }
        let status = answer
            .as_ref()
            .map_or(500, |answer| answer.status().as_u16());
        if let Some(call) = call {
            call.answered(status);
        }
        let answer = match (answer, watcher) {
            (Ok(response), None) => Ok(response.map(Body::new)),
            (Ok(response), Some(watcher)) => {
                let (parts, body) = response.into_parts();
                body.collect()
                    .await
                    .map_err(|error| error.to_string())
                    .map(|body| {
                        let answer = body.to_bytes();
                        // Whoever watched may have had enough.
                        let _ = watcher.send(Exchange {
                            function: caller.to_owned(),
                            operation,
                            request: asked,
                            answer: answer.clone(),
                        });
                        Response::from_parts(parts, Body::from(answer))
                    })
            }
            (Err(error), _) => Err(error.to_string()),
        };
        answer.unwrap_or_else(|error| {
            tracing::error!(error, "the embedded database does not answer");
            refusal("dynamodb", 500, "InternalServerError", "does not answer")
        })
    }
}

/// Every operation takes the member; the SDK's requests are JSON objects and never empty.
fn ask_for_capacity(request: &mut Request<Bytes>) {
    if let Some(rest) = request.body().strip_prefix(b"{\"") {
        let mut body = br#"{"ReturnConsumedCapacity":"TOTAL",""#.to_vec();
        body.extend_from_slice(rest);
        *request.body_mut() = body.into();
        request.headers_mut().remove(header::CONTENT_LENGTH);
    }
}

fn target(request: &Request<Bytes>) -> Option<&str> {
    request.headers().get("x-amz-target")?.to_str().ok()
}

fn plain(status: StatusCode, message: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(message));
    *response.status_mut() = status;
    response
}

/// An error as the service's protocol says it: in the body for JSON, in a header for REST.
fn refusal(service: &str, status: u16, kind: &str, message: &str) -> Response<Body> {
    if service == "s3" {
        return s3::refusal(kind, message);
    }
    let rest = matches!(service, "chime" | "ses" | "execute-api");
    let status = if rest && kind == "AccessDeniedException" {
        403
    } else {
        status
    };
    let body = json!({"__type": kind, "message": message, "Message": message});
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert("x-amzn-errortype", kind);
    }
    let content_type = if rest {
        "application/json"
    } else {
        "application/x-amz-json-1.0"
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
