//! Firebase Auth on this machine: an emulator as the ecosystem knows it, so that the official SDKs
//! work with `connectAuthEmulator(auth, "http://127.0.0.1:3001")` or `FIREBASE_AUTH_EMULATOR_HOST`.
//! Accounts with e-mail and password; no other providers, tenants or second factors. What it does not do
//! it refuses.
//!
//! | path | what |
//! |---|---|
//! | `/identitytoolkit.googleapis.com/v1/accounts:<operation>` | what an app does, with any API key |
//! | `/identitytoolkit.googleapis.com/v1/projects/<project>/accounts[:<operation>]` | what a server does, as `Bearer owner` |
//! | `/securetoken.googleapis.com/v1/token` | a refresh token for an ID token |
//! | `/emulator/v1/projects/<project>/oobCodes` | the codes of the mails that go nowhere |
//! | `/emulator/v1/projects/<project>/accounts` | `DELETE` empties it |
//! | `/emulator/action` | where a mail's link leads |
//!
//! ID tokens are unsigned and refresh tokens readable: nothing here is secret. As in new projects,
//! a failed log-in does not tell whether the account exists. An ID token that the emulator itself is
//! given may have expired: an app's clock need not be the stack's.

mod accounts;
mod codes;
mod operations;
mod requests;
mod server;
mod shapes;
#[cfg(test)]
mod tests;
mod tokens;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Body, routing::any};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde_json::{Value, json};

use crate::clock::Now;
use accounts::Accounts;

/// The project where the template names none; `demo-` projects exist nowhere else.
pub const PROJECT: &str = "demo-enishi";

/// The emulator; clones share the accounts.
#[derive(Clone)]
pub struct Firebase(Arc<Inner>);

struct Inner {
    project: String,
    now: Now,
    accounts: Mutex<Accounts>,
}

/// A refusal in Google's form, `{"error":{"code":400,"message":"EMAIL_EXISTS",…}}`.
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, message }
    }

    /// 400 with one of Identity Toolkit's codes.
    fn code(code: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code)
    }

    fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not offered here")
    }

    fn body(&self) -> Value {
        let (status, reason) = match self.status {
            StatusCode::UNAUTHORIZED => ("UNAUTHENTICATED", "authError"),
            StatusCode::FORBIDDEN => ("PERMISSION_DENIED", "forbidden"),
            StatusCode::NOT_FOUND => ("NOT_FOUND", "notFound"),
            StatusCode::NOT_IMPLEMENTED => ("NOT_IMPLEMENTED", "unimplemented"),
            _ => ("INVALID_ARGUMENT", "invalid"),
        };
        let error = json!({"message": self.message, "reason": reason, "domain": "global"});
        json!({"error": {
            "code": self.status.as_u16(),
            "message": self.message,
            "errors": [error],
            "status": status,
        }})
    }
}

impl Firebase {
    /// The project's accounts, kept in `file` from one start to the next, or in memory.
    ///
    /// # Errors
    /// One sentence that says what is wrong with the file.
    pub fn open(now: Now, project: &str, file: Option<PathBuf>) -> Result<Self, String> {
        Ok(Self(Arc::new(Inner {
            project: project.to_owned(),
            now,
            accounts: Mutex::new(Accounts::open(file)?),
        })))
    }

    /// All users, and the codes of the mails that went nowhere, as the emulator's own endpoints show them.
    pub fn users(&self) -> (Vec<Value>, Value) {
        self.with_project(|project| {
            let users = project.accounts.after("").map(shapes::shown).collect();
            (users, project.oob_codes()["oobCodes"].take())
        })
    }

    /// Changes an account, as a server does with `accounts:update`.
    ///
    /// # Errors
    /// Identity Toolkit's code.
    pub fn change(&self, change: &Value) -> Result<Value, String> {
        let body = change.to_string();
        self.with_project(|project| project.of_a_server("accounts:update", body.as_bytes()))
            .map_err(|failure| failure.message)
    }

    fn with_project<T>(&self, run: impl FnOnce(&mut operations::Project<'_>) -> T) -> T {
        let accounts = self.0.accounts.lock();
        let mut accounts = accounts.unwrap_or_else(PoisonError::into_inner);
        run(&mut operations::Project {
            id: &self.0.project,
            now: (self.0.now)(),
            accounts: &mut accounts,
            host: "",
        })
    }

    /// The endpoints.
    pub fn router(&self) -> Router {
        let firebase = self.clone();
        let handle = any(
            move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                let mut request = Request::new(body);
                *request.method_mut() = method;
                *request.uri_mut() = uri;
                *request.headers_mut() = headers;
                let response = firebase.handle(&request);
                async move { response.map(Body::from) }
            },
        );
        Router::new()
            .route("/identitytoolkit.googleapis.com/{*path}", handle.clone())
            .route("/securetoken.googleapis.com/{*path}", handle.clone())
            .route("/emulator/{*path}", handle)
    }

    /// Answers a request of an SDK, on any page's behalf: there are no cookies.
    fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let mut response = if request.method() == Method::OPTIONS {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        } else {
            let (status, body) = match self.route(request) {
                Ok(body) => (StatusCode::OK, body),
                Err(failure) => (failure.status, failure.body()),
            };
            let mut response = Response::new(Bytes::from(body.to_string()));
            *response.status_mut() = status;
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        };
        share(request.headers(), response.headers_mut());
        response
    }

    fn route(&self, request: &Request<Bytes>) -> Result<Value, Failure> {
        let path = request.uri().path();
        let query = |name: &str| {
            let query = request.uri().query().unwrap_or_default();
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .filter(|value| !value.is_empty())
        };
        let mut accounts = self
            .0
            .accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let mut project = operations::Project {
            id: &self.0.project,
            now: (self.0.now)(),
            accounts: &mut accounts,
            host,
        };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let body = request.body();
        match (request.method(), parts.as_slice()) {
            (&Method::POST, ["identitytoolkit.googleapis.com", "v1", operation]) => {
                needs_key(query("key").as_deref())?;
                project.of_an_app(operation, body)
            }
            (&Method::POST, ["securetoken.googleapis.com", "v1", "token"]) => {
                needs_key(query("key").as_deref())?;
                project.refresh(body)
            }
            (
                &Method::POST,
                [
                    "identitytoolkit.googleapis.com",
                    "v1",
                    "projects",
                    id,
                    operation,
                ],
            ) => {
                needs_owner(request.headers())?;
                self.ours(id)?;
                project.of_a_server(operation, body)
            }
            (
                &Method::GET,
                [
                    "identitytoolkit.googleapis.com",
                    "v1",
                    "projects",
                    id,
                    "accounts:batchGet",
                ],
            ) => {
                needs_owner(request.headers())?;
                self.ours(id)?;
                let (most, after) = (query("maxResults"), query("nextPageToken"));
                project.list(most.as_deref(), after.as_deref())
            }
            (&Method::GET, ["emulator", "v1", "projects", id, "oobCodes"]) => {
                self.ours(id)?;
                Ok(project.oob_codes())
            }
            (&Method::DELETE, ["emulator", "v1", "projects", id, "accounts"]) => {
                self.ours(id)?;
                project.accounts.change(Accounts::clear);
                Ok(json!({}))
            }
            (&Method::GET, ["emulator", "action"]) => match query("mode").as_deref() {
                Some("verifyEmail") => project.verify_email(&query("oobCode").unwrap_or_default()),
                Some("resetPassword") => project.reset_password(requests::ResetPassword {
                    oob_code: query("oobCode"),
                    new_password: Some(
                        query("newPassword")
                            .ok_or_else(|| Failure::code("add &newPassword=… to this address"))?,
                    ),
                }),
                _ => Err(Failure::not_found()),
            },
            _ => Err(Failure::not_found()),
        }
    }

    fn ours(&self, project: &str) -> Result<(), Failure> {
        if project == self.0.project {
            return Ok(());
        }
        let message = format!("the project here is {}", self.0.project);
        Err(Failure::new(StatusCode::NOT_FOUND, message))
    }
}

fn needs_key(key: Option<&str>) -> Result<(), Failure> {
    key.map(|_| ()).ok_or_else(|| {
        let message = "The request is missing a valid API key.";
        Failure::new(StatusCode::FORBIDDEN, message)
    })
}

fn needs_owner(headers: &HeaderMap) -> Result<(), Failure> {
    if headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value == "Bearer owner")
    {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::UNAUTHORIZED,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login \
         cookie or other valid authentication credential.",
    ))
}

/// CORS for every origin, and for pages that come from the internet.
fn share(asked: &HeaderMap, answer: &mut HeaderMap) {
    let Some(origin) = asked.get(header::ORIGIN) else {
        return;
    };
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    answer.insert(header::VARY, HeaderValue::from_static("Origin"));
    if asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        let methods = HeaderValue::from_static("GET,POST,DELETE");
        answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    if let Some(headers) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
    }
    if asked.contains_key("access-control-request-private-network") {
        let allowed = HeaderValue::from_static("true");
        answer.insert("access-control-allow-private-network", allowed);
    }
}
