//! Disabling an account and enabling it again, through the Identity Toolkit API and as a service account
//! of the project.
//!
//! The service account proves itself with a JWT that it signs (RFC 7523) and gets an access token
//! for an hour, which is kept until a minute before it ends. An emulator takes the token `owner`,
//! as the official SDKs send it.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::Config;
use crate::{
    app::{App, ConfigError, Configure, Env},
    error::Error,
    outbound,
};

const SCOPE: &str = "https://www.googleapis.com/auth/identitytoolkit";
/// The longest that Google gives an assertion.
const ASSERTION_SECONDS: i64 = 3600;
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// `FIREBASE_SERVICE_ACCOUNT_SECRET`: the ARN of the secret that holds the service account's key
/// file as Google made it (JSON). Not needed with an emulator.
struct ServiceAccount {
    secret: String,
    token: Mutex<Option<AccessToken>>,
}

impl Configure for ServiceAccount {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            secret: env.required("FIREBASE_SERVICE_ACCOUNT_SECRET")?.to_owned(),
            token: Mutex::default(),
        })
    }
}

#[derive(Clone)]
struct AccessToken {
    token: String,
    until: Timestamp,
}

/// What is read of the key file.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key_id: String,
    /// PKCS #8 in PEM.
    private_key: String,
    token_uri: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    /// Seconds.
    expires_in: i64,
}

/// Disables the account `uid`: it can neither log in nor refresh its ID token, which itself goes on
/// for an hour at most. One request, and another for an access token once an hour. Doing it twice is
/// as good, and an account that is not there counts as disabled.
///
/// # Errors
/// `service_unavailable` when Google does not answer, `internal_server_error` when it refuses.
pub async fn disable_account(app: &App, uid: &str) -> Result<(), Error> {
    set_disabled(app, uid, true).await
}

/// Takes [`disable_account`] back.
///
/// # Errors
/// As [`disable_account`].
pub async fn enable_account(app: &App, uid: &str) -> Result<(), Error> {
    set_disabled(app, uid, false).await
}

async fn set_disabled(app: &App, uid: &str, disabled: bool) -> Result<(), Error> {
    let update = json!({"localId": uid, "disableUser": disabled});
    let config = app.config::<Config>()?;
    if let Some(host) = &config.emulator {
        let base = format!("http://{host}/identitytoolkit.googleapis.com");
        let answer = send(app, &base, &config.project_id, &update, "owner").await?;
        return outcome(&answer);
    }
    let account = app.config::<ServiceAccount>()?;
    let base = "https://identitytoolkit.googleapis.com";
    let token = account.token(app).await?;
    let mut answer = send(app, base, &config.project_id, &update, &token).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        account.forget(&token).await;
        let token = account.token(app).await?;
        answer = send(app, base, &config.project_id, &update, &token).await?;
    }
    outcome(&answer)
}

/// Asks the Identity Toolkit API at `base` to update an account.
async fn send(
    app: &App,
    base: &str,
    project_id: &str,
    update: &Value,
    token: &str,
) -> Result<Response<Bytes>, Error> {
    let request = Request::post(format!("{base}/v1/projects/{project_id}/accounts:update"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(update.to_string()))
        .map_err(|_| Error::internal("Firebase's project or access token has an unknown form"))?;
    outbound::send(app, request).await
}

fn outcome(answer: &Response<Bytes>) -> Result<(), Error> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    // `{"error":{"code":400,"message":"USER_NOT_FOUND : …"}}`: the first word is the code.
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let message = body["error"]["message"].as_str().unwrap_or_default();
    let code = message.split(' ').next().unwrap_or_default();
    if code == "USER_NOT_FOUND" {
        return Ok(());
    }
    if passing(status) {
        return Err(Error::unavailable(5));
    }
    Err(Error::internal(format_args!(
        "an account cannot be disabled or enabled: {status} {code}"
    )))
}

fn passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

impl ServiceAccount {
    /// An access token that goes on for a minute at least. Callers that come together wait for one
    /// request.
    async fn token(&self, app: &App) -> Result<String, Error> {
        let mut known = self.token.lock().await;
        let now = app.now();
        if let Some(known) = known.as_ref().filter(|known| now < known.until) {
            return Ok(known.token.clone());
        }
        let file = app.secrets().get(app, &self.secret).await?;
        let file: KeyFile = serde_json::from_str(&file)
            .map_err(|_| Error::internal("the service account has an unknown form"))?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &file.assertion(now)?)
            .finish();
        let request = Request::post(&file.token_uri)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .map_err(|_| Error::internal("the service account has an unknown form"))?;
        let answer = outbound::send(app, request).await?;
        let status = answer.status();
        if passing(status) {
            return Err(Error::unavailable(5));
        }
        let granted: TokenAnswer = status
            .is_success()
            .then(|| serde_json::from_slice(answer.body()).ok())
            .flatten()
            .ok_or_else(|| {
                Error::internal(format_args!("the service account gets no token: {status}"))
            })?;
        let lasts = SignedDuration::from_secs(granted.expires_in);
        *known = now
            .checked_add(lasts.saturating_sub(MARGIN))
            .ok()
            .map(|until| AccessToken {
                token: granted.access_token.clone(),
                until,
            });
        Ok(granted.access_token)
    }

    /// Forgets `token`, unless there is another one by now.
    async fn forget(&self, token: &str) {
        let mut known = self.token.lock().await;
        known.take_if(|known| known.token == token);
    }
}

impl KeyFile {
    /// The JWT that the account proves itself with.
    fn assertion(&self, now: Timestamp) -> Result<String, Error> {
        let unusable = || Error::internal("the service account's key is no RSA key");
        let now = now.as_second();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.private_key_id});
        let claims = json!({
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        });
        let encoded = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let key = PrivatePkcs8KeyDer::from_pem_slice(self.private_key.as_bytes())
            .map_err(|_| unusable())?;
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|_| unusable())?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .map_err(|_| unusable())?;
        Ok(format!(
            "{signed}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(signature)
        ))
    }
}
