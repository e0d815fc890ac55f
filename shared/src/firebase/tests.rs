//! Google on this machine: the tests' requests go over real sockets to a server that answers for
//! every one of Google's hosts and for Secrets Manager.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod keys;
mod service;
mod tokens;

use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use axum::{Router, body::Body, extract::Request};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::{Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::app::{App, Clock, Env, Parts, Random, TimeLimits, http_client};

const PROJECT: &str = "enishi-test";
const KEYS_PATH: &str =
    "/www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

/// Two keys that are published, `one` and `two`, and one that is not.
static KEYS: LazyLock<[RsaKeyPair; 3]> =
    LazyLock::new(|| [(); 3].map(|()| RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));

fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// What was asked of the server.
#[derive(Clone, Debug)]
struct Asked {
    path: String,
    authorization: String,
    body: String,
}

type Answer = (u16, &'static str, String);
type Handle = Box<dyn Fn(&Asked) -> Answer + Send>;

/// The server, the time and the functions' way there.
struct World {
    address: String,
    now: Arc<Mutex<Timestamp>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    handle: Arc<Mutex<Handle>>,
}

impl World {
    /// A server that publishes the keys for an hour.
    async fn new() -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let handle: Arc<Mutex<Handle>> = Arc::new(Mutex::new(Box::new(published)));
        let router = Router::new().fallback({
            let (asked, handle) = (Arc::clone(&asked), Arc::clone(&handle));
            move |request: Request| async move {
                let (parts, body) = request.into_parts();
                let header = parts.headers.get("authorization");
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                let one = Asked {
                    path: parts.uri.path().to_owned(),
                    authorization: header.map_or("", |it| it.to_str().unwrap()).to_owned(),
                    body: String::from_utf8(body.to_vec()).unwrap(),
                };
                let (status, cache_control, body) = handle.lock().unwrap()(&one);
                asked.lock().unwrap().push(one);
                Response::builder()
                    .status(StatusCode::from_u16(status).unwrap())
                    .header("cache-control", cache_control)
                    .body(Body::from(body))
                    .unwrap()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            now: Arc::new(Mutex::new(noon())),
            asked,
            handle,
        }
    }

    /// From now on the server answers so.
    fn answers(&self, handle: impl Fn(&Asked) -> Answer + Send + 'static) {
        *self.handle.lock().unwrap() = Box::new(handle);
    }

    /// The requests for a path so far.
    fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|one| one.path == path)
            .cloned()
            .collect()
    }

    fn fetches(&self) -> usize {
        self.asked(KEYS_PATH).len()
    }

    fn later(&self, seconds: i64) {
        let mut now = self.now.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    /// A new process of a function.
    fn app(&self) -> App {
        self.app_with(&[])
    }

    fn app_with(&self, more: &[(&str, &str)]) -> App {
        let aws = format!("http://{}", self.address);
        let redirected = Redirected {
            inner: http_client(),
            address: self.address.clone(),
        };
        let mut environment = vec![("AWS_ENDPOINT_URL", aws.as_str())];
        environment.extend(more);
        app(&environment, &self.now, SharedHttpClient::new(redirected))
    }
}

fn app(more: &[(&str, &str)], now: &Arc<Mutex<Timestamp>>, http: SharedHttpClient) -> App {
    let environment = [
        ("AWS_REGION", "ap-northeast-1"),
        ("AWS_ACCESS_KEY_ID", "Function"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("FIREBASE_PROJECT_ID", PROJECT),
    ];
    let now = Arc::clone(now);
    App::new(Parts {
        env: environment
            .iter()
            .chain(more)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<Env>(),
        clock: Clock::from_fn(move || *now.lock().unwrap()),
        random: Random::from_seed(1),
        http,
        limits: TimeLimits::default(),
        password_cost: crate::password::Cost::default(),
    })
    .unwrap()
}

/// Connections that lead `https://host/path` to `http://<address>/host/path`.
#[derive(Clone, Debug)]
struct Redirected {
    inner: SharedHttpClient,
    address: String,
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    address: String,
}

impl HttpClient for Redirected {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            address: self.address.clone(),
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if let Some(outside) = request.uri().strip_prefix("https://") {
            let uri = format!("http://{}/{outside}", self.address);
            request.set_uri(uri).unwrap();
        }
        self.inner.call(request)
    }
}

/// What Google answers, the keys and nothing else.
fn published(asked: &Asked) -> Answer {
    match asked.path.as_str() {
        KEYS_PATH => {
            let keys = ["one", "two"].iter().zip(KEYS.iter());
            let keys: Vec<Value> = keys.map(|(kid, key)| jwk(kid, key)).collect();
            let body = json!({"keys": keys}).to_string();
            (200, "public, max-age=3600, must-revalidate", body)
        }
        _ => (404, "", String::new()),
    }
}

/// A 2048-bit key's public half: of its PKCS #1 form (RFC 8017, A.1.1) the modulus is the 256 bytes
/// behind the nine of the two headers and the sign, the exponent the last three.
fn jwk(kid: &str, key: &RsaKeyPair) -> Value {
    let public = key.public_key().as_ref();
    assert_eq!(public.len(), 270);
    json!({
        "kid": kid, "kty": "RSA", "alg": "RS256", "use": "sig",
        "n": BASE64_URL_SAFE_NO_PAD.encode(&public[9..265]),
        "e": BASE64_URL_SAFE_NO_PAD.encode(&public[267..]),
    })
}

/// The key file of a service account, with the key that is not published.
fn key_file() -> String {
    let der: Pkcs8V1Der<'_> = KEYS[2].as_der().unwrap();
    let base64 = BASE64_STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    json!({
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "k1",
        "private_key": format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        ),
        "client_email": "server@enishi-test.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
    .to_string()
}

fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token with any header and claims, signed RS256 with `key`.
fn sign(header: &Value, claims: &Value, key: &RsaKeyPair) -> String {
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(
        &RSA_PKCS1_SHA256,
        &random,
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({"alg": "RS256", "kid": "one", "typ": "JWT"})
}

/// As Google says them, of somebody who logged in ten minutes ago.
fn claims() -> Value {
    let now = noon().as_second();
    json!({
        "iss": format!("https://securetoken.google.com/{PROJECT}"),
        "aud": PROJECT,
        "auth_time": now - 600,
        "user_id": "u1",
        "sub": "u1",
        "iat": now - 60,
        "exp": now + 3540,
        "email": "u1@example.com",
        "email_verified": true,
        "name": "Hana",
        "firebase": {"identities": {"email": ["u1@example.com"]}, "sign_in_provider": "password"},
    })
}

/// A token that is all right.
fn good() -> String {
    sign(&header(), &claims(), &KEYS[0])
}

/// `value` with one member changed; null takes it away.
fn with(mut value: Value, name: &str, member: Value) -> Value {
    let object = value.as_object_mut().unwrap();
    if member.is_null() {
        assert!(object.remove(name).is_some(), "{name}");
    } else {
        object.insert(name.to_owned(), member);
    }
    value
}
