//! What a front end does, as a program: requests to the API, uploads, the buttons of Stripe's pages, a log-in at
//! Firebase, a meeting. The demo and the seed both go through it.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

use crate::firebase::PROJECT;

/// A client of the API that speaks JSON.
#[derive(Clone)]
pub struct Client {
    base: String,
    client: HyperClient<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// A client of the server at `base`, `http://127.0.0.1:3000`.
    pub fn new(base: String) -> Self {
        Self {
            base,
            client: HyperClient::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// One whose requests come from `address`, which has to be this machine's.
    pub fn from_address(base: String, address: IpAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(address));
        Self {
            base,
            // There may be hundreds of them, and a process has few files.
            client: HyperClient::builder(TokioExecutor::new())
                .pool_max_idle_per_host(0)
                .build(connector),
        }
    }

    /// The Firebase emulator of the stack whose AWS stand-ins are at `aws`.
    pub fn of_firebase(aws: &str) -> Self {
        Self::new(format!("{aws}/identitytoolkit.googleapis.com/v1"))
    }

    /// Sends a request; answers the status and the body, a string where it is no JSON.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<(u16, Value), String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request.body(Full::new(body));
        self.request(request.map_err(|error| error.to_string())?)
            .await
    }

    /// Uploads a file where it is allowed to (`upload_url`, with its `headers`).
    ///
    /// # Errors
    /// When the server does not answer, or does not take it.
    pub async fn upload(&self, allowed: &Value, file: impl Into<Bytes>) -> Result<(), String> {
        let mut request = Request::put(text(allowed, "upload_url"));
        for (name, value) in allowed["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        let request = request.body(Full::new(file.into()));
        let request = request.map_err(|error| error.to_string())?;
        match self.request(request).await? {
            (200, _) => Ok(()),
            (status, answer) => Err(format!("an upload was answered {status}: {answer}")),
        }
    }

    /// Fetches a file.
    ///
    /// # Errors
    /// When the server does not answer, or has none.
    pub async fn download(&self, url: &str) -> Result<Bytes, String> {
        let request = Request::get(url).body(Full::default());
        match self
            .answer(request.map_err(|error| error.to_string())?)
            .await?
        {
            (200, file) => Ok(file),
            (status, _) => Err(format!("a download was answered {status}")),
        }
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<(u16, Bytes), String> {
        let response = self.client.request(request).await;
        let response = response.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await;
        Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
    }

    /// Sends a request; answers the status and the body, a string where it is no JSON.
    pub(crate) async fn request(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(u16, Value), String> {
        let (status, body) = self.answer(request).await?;
        let text = String::from_utf8_lossy(&body);
        Ok((
            status,
            serde_json::from_str(&text).unwrap_or_else(|_| text.as_ref().into()),
        ))
    }

    /// Presses a button of one of Stripe's pages.
    ///
    /// # Errors
    /// When the page does not lead on.
    pub async fn press(&self, page: &str, button: &str) -> Result<(), String> {
        let request = Request::post(page)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(format!("do={button}"))));
        let request = request.map_err(|error| error.to_string())?;
        match self.request(request).await? {
            (300..400, _) => Ok(()),
            (status, answer) => Err(format!("Stripe's page answered {status}: {answer}")),
        }
    }

    /// Sends a request that is expected to succeed.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn expect(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let (status, answer) = self.send(method, path, token, body).await?;
        if (200..300).contains(&status) {
            Ok(answer)
        } else {
            Err(format!("{method} {path} answered {status}: {answer}"))
        }
    }

    /// Signs somebody up at Firebase, which this is a client of, with an address that is known to be theirs;
    /// answers their `localId` and `idToken`.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn sign_up_at_firebase(
        &self,
        email: &str,
        password: &str,
        name: &str,
    ) -> Result<Value, String> {
        let account = json!({"email": email, "password": password, "displayName": name});
        let path = "/accounts:signUp?key=any";
        let made = self.expect("POST", path, None, Some(account)).await?;
        let verified = json!({"localId": made["localId"], "emailVerified": true});
        let path = format!("/projects/{PROJECT}/accounts:update");
        let owner = Some("owner");
        self.expect("POST", &path, owner, Some(verified)).await?;
        self.log_in_at_firebase(email, password).await
    }

    /// Logs somebody in at Firebase; answers their `localId` and `idToken`.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn log_in_at_firebase(&self, email: &str, password: &str) -> Result<Value, String> {
        let body = json!({"email": email, "password": password});
        let path = "/accounts:signInWithPassword?key=any";
        self.expect("POST", path, None, Some(body)).await
    }
}

/// Connects the audio of a meeting, as a browser does with what it was answered to `join`; `aws` is where the AWS
/// stand-ins are.
///
/// # Errors
/// A sentence with what was answered instead.
pub async fn connect(aws: &str, join: &Value) -> Result<(), String> {
    let path = format!(
        "/_enishi/meetings/{}/{}/join",
        text(&join["Meeting"], "MeetingId"),
        text(&join["Attendee"], "AttendeeId"),
    );
    let body = json!({"JoinToken": join["Attendee"]["JoinToken"]});
    let browser = Client::new(aws.to_owned());
    browser.expect("POST", &path, None, Some(body)).await?;
    Ok(())
}

/// The token of the link in a mail's text.
pub fn token_in(mail: &str) -> Option<String> {
    let token = mail.split("token=").nth(1)?;
    let end = token
        .find(|char: char| !char.is_ascii_alphanumeric() && char != '-' && char != '_')
        .unwrap_or(token.len());
    Some(token[..end].to_owned())
}

/// What is said about a file before it is uploaded.
pub fn declared(content_type: &str, file: &[u8]) -> Value {
    let sha256: String = digest(&SHA256, file)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({"content_type": content_type, "size": file.len(), "sha256": sha256})
}

/// A string of an answer; empty where there is none.
pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
