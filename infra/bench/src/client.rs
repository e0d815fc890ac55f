//! HTTP as an app on a phone speaks it: JSON, kept connections, all headers of the answer.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

use crate::world::sentence;

/// A client of one server.
#[derive(Clone)]
pub struct Client {
    base: String,
    client: HyperClient<HttpConnector, Full<Bytes>>,
}

/// What was answered.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, null where it is no JSON.
    pub body: Value,
    headers: HeaderMap,
}

impl Answer {
    /// When to ask again, where the answer says so.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        Some(Duration::from_secs(seconds.parse().ok()?))
    }

    /// The next page's path, where there is one.
    pub fn next(&self) -> Option<String> {
        let link = self.headers.get(header::LINK)?.to_str().ok()?;
        let (path, _) = link.strip_prefix('<')?.split_once('>')?;
        Some(path.to_owned())
    }
}

impl Client {
    /// A client of the server at `base`, `http://127.0.0.1:3000`.
    pub fn new(base: String) -> Self {
        Self {
            base,
            client: HyperClient::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Sends a request.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = request.body(Full::new(body.into())).map_err(sentence)?;
        let response = self.client.request(request).await.map_err(sentence)?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(sentence)?.to_bytes();
        Ok(Answer {
            status: parts.status.as_u16(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            headers: parts.headers,
        })
    }
}
