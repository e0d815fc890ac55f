//! Secrets Manager on this machine: `GetSecretValue`, so that a function reads its secrets with
//! the unmodified SDK.
//!
//! The secrets are given at construction and never change; there is no rotation, no earlier
//! version and no binary secret. Who may read what is checked by the front, with
//! [`Secrets::action`]; where the values come from is the stack's concern.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// The start of every local secret's ARN; the secret's name follows.
pub const SECRET_ARN_PREFIX: &str = "arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:";

/// The stand-in; clones share their secrets.
#[derive(Clone)]
pub struct Secrets {
    kept: Arc<Kept>,
}

struct Kept {
    by_arn: BTreeMap<String, Secret>,
    created: Timestamp,
}

struct Secret {
    name: String,
    value: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

impl Secrets {
    /// The secrets by ARN or by name, created at `created`. A name gets the ARN
    /// [`SECRET_ARN_PREFIX`]`<name>`; an ARN's last part is its name. Both find the secret.
    pub fn new(secrets: impl IntoIterator<Item = (String, String)>, created: Timestamp) -> Self {
        let by_arn = secrets
            .into_iter()
            .map(|(id, value)| {
                let (arn, name) = if id.starts_with("arn:") {
                    let name = id.splitn(7, ':').nth(6).unwrap_or(&id).to_owned();
                    (id, name)
                } else {
                    (format!("{SECRET_ARN_PREFIX}{id}"), id)
                };
                let version = Uuid::now_v7().to_string();
                (
                    arn,
                    Secret {
                        name,
                        value,
                        version,
                    },
                )
            })
            .collect();
        Self {
            kept: Arc::new(Kept { by_arn, created }),
        }
    }

    /// The IAM action and the resource of a request; `None` for an operation that is not offered.
    pub fn action(&self, request: &Request<Bytes>) -> Option<(String, String)> {
        if !is_get_secret_value(request) {
            return None;
        }
        let resource = match serde_json::from_slice::<GetSecretValue>(request.body()) {
            Ok(asked) => match self.find(&asked.secret_id) {
                Some((arn, _)) => arn.to_owned(),
                None if asked.secret_id.starts_with("arn:") => asked.secret_id,
                None => format!("{SECRET_ARN_PREFIX}{}", asked.secret_id),
            },
            Err(_) => "*".to_owned(),
        };
        Some(("secretsmanager:GetSecretValue".to_owned(), resource))
    }

    /// Answers a request as Secrets Manager does (AWS JSON 1.1).
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        if !is_get_secret_value(&request) {
            return failure("UnknownOperationException", "this operation is not offered");
        }
        let Ok(asked) = serde_json::from_slice::<GetSecretValue>(request.body()) else {
            return failure(
                "InvalidRequestException",
                "SecretId is missing or no string",
            );
        };
        let current = asked.version_stage.as_deref().unwrap_or("AWSCURRENT") == "AWSCURRENT";
        match self.find(&asked.secret_id) {
            Some((arn, secret))
                if current
                    && asked
                        .version_id
                        .as_ref()
                        .is_none_or(|id| *id == secret.version) =>
            {
                answer(
                    StatusCode::OK,
                    &json!({
                        "ARN": arn,
                        "Name": secret.name,
                        "VersionId": secret.version,
                        "SecretString": secret.value,
                        "VersionStages": ["AWSCURRENT"],
                        "CreatedDate": self.kept.created.as_millisecond() as f64 / 1000.0,
                    }),
                )
            }
            _ => failure(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            ),
        }
    }

    fn find(&self, id: &str) -> Option<(&str, &Secret)> {
        let arn_of_name = format!("{SECRET_ARN_PREFIX}{id}");
        self.kept
            .by_arn
            .get_key_value(id)
            .or_else(|| self.kept.by_arn.get_key_value(&arn_of_name))
            .map(|(arn, secret)| (arn.as_str(), secret))
    }
}

fn is_get_secret_value(request: &Request<Bytes>) -> bool {
    request
        .headers()
        .get("x-amz-target")
        .is_some_and(|target| target == "secretsmanager.GetSecretValue")
}

fn failure(kind: &str, message: &str) -> Response<Bytes> {
    answer(
        StatusCode::BAD_REQUEST,
        &json!({"__type": kind, "Message": message}),
    )
}

fn answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    response
}

/// A loopback server for the tests of the stand-ins: `handle` behind a port of 127.0.0.1.
#[cfg(test)]
pub(crate) mod loopback {
    #![allow(clippy::expect_used)]

    use bytes::Bytes;
    use http::{Request, Response};

    /// Serves `handle` until the test ends and gives the endpoint's URL.
    pub(crate) async fn serve<F, A>(handle: F) -> String
    where
        F: Fn(Request<Bytes>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let service = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let handle = handle.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
                let answer = handle(Request::from_parts(head, body)).await;
                answer.map(axum::body::Body::from)
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, service).await });
        format!("http://{address}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
    use aws_sdk_secretsmanager::{Client, Config};

    async fn stack() -> (Secrets, Client) {
        let arn = format!("{SECRET_ARN_PREFIX}enishi/signing-AbCdEf");
        let secrets = Secrets::new(
            [
                (arn, "private".to_owned()),
                ("enishi/stripe".to_owned(), "sk_test".to_owned()),
            ],
            Timestamp::from_millisecond(1_763_600_000_500).unwrap(),
        );
        let served = secrets.clone();
        let endpoint = loopback::serve(move |request| {
            let served = served.clone();
            async move { served.handle(request).await }
        })
        .await;
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(Credentials::new("Function", "secret", None, None, "test"))
            .endpoint_url(endpoint)
            .build();
        (secrets, Client::from_conf(config))
    }

    #[tokio::test]
    async fn a_secret_is_found_by_its_name_and_by_its_arn() {
        let (_, client) = stack().await;
        let by_name = client
            .get_secret_value()
            .secret_id("enishi/stripe")
            .send()
            .await
            .unwrap();
        assert_eq!(by_name.secret_string(), Some("sk_test"));
        assert_eq!(by_name.version_stages(), ["AWSCURRENT"]);
        assert_eq!(
            by_name.created_date().unwrap().to_millis().unwrap(),
            1_763_600_000_500
        );
        let by_arn = client
            .get_secret_value()
            .secret_id(by_name.arn().unwrap())
            .version_id(by_name.version_id().unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(by_arn.secret_string(), Some("sk_test"));
        let given_by_arn = client
            .get_secret_value()
            .secret_id(format!("{SECRET_ARN_PREFIX}enishi/signing-AbCdEf"))
            .send()
            .await
            .unwrap();
        assert_eq!(given_by_arn.name(), Some("enishi/signing-AbCdEf"));
    }

    #[tokio::test]
    async fn an_unknown_secret_and_an_earlier_version_are_not_found() {
        let (_, client) = stack().await;
        let unknown = client.get_secret_value().secret_id("other").send().await;
        assert!(
            unknown
                .unwrap_err()
                .into_service_error()
                .is_resource_not_found_exception()
        );
        let earlier = client
            .get_secret_value()
            .secret_id("enishi/stripe")
            .version_stage("AWSPREVIOUS")
            .send()
            .await;
        assert!(
            earlier
                .unwrap_err()
                .into_service_error()
                .is_resource_not_found_exception()
        );
    }

    #[test]
    fn the_resource_is_the_secrets_arn_whichever_way_it_is_asked_for() {
        let secrets = Secrets::new([("a".to_owned(), "b".to_owned())], Timestamp::UNIX_EPOCH);
        let request = |target: &str, body: &str| {
            Request::post("/")
                .header("X-Amz-Target", target)
                .body(Bytes::from(body.to_owned()))
                .unwrap()
        };
        let arn = format!("{SECRET_ARN_PREFIX}a");
        let expected = Some(("secretsmanager:GetSecretValue".to_owned(), arn.clone()));
        let target = "secretsmanager.GetSecretValue";
        for id in ["a", arn.as_str()] {
            let asked = request(target, &json!({"SecretId": id}).to_string());
            assert_eq!(secrets.action(&asked), expected);
        }
        assert_eq!(
            secrets.action(&request("secretsmanager.PutSecretValue", "{}")),
            None
        );
    }
}
