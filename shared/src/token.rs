//! Access tokens: JWTs (RFC 9068, `typ: at+jwt`) signed with EdDSA, valid for 15 minutes.
//!
//! Verifying takes only public keys from the configuration, so it reads no secret and calls no
//! service. The private key lies in Secrets Manager; only the issuing functions may read it. Two
//! keys can live side by side under their `kid`, for rotation.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    jwk::JwkSet,
};
use serde::{Deserialize, Serialize};

use crate::{
    app::{App, ConfigError, Configure, Env},
    error::Error,
};

/// How long an access token is valid, in seconds.
pub const LIFETIME_SECONDS: i64 = 15 * 60;
const TYPE: &str = "at+jwt";
/// How far an issuer's clock may run ahead of ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer, `TOKEN_ISSUER`.
    pub iss: String,
    /// Audience, `TOKEN_AUDIENCE`.
    pub aud: String,
    /// The user's id.
    pub sub: String,
    /// The session (refresh-token family) it was issued in.
    pub sid: String,
    /// The name others see: `username`, or `name` of those who registered elsewhere.
    pub name: String,
    /// The account's e-mail address.
    pub email: String,
    /// Space-separated scopes; `operator` is the only one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// Issued at, in seconds.
    pub iat: i64,
    /// Expires at, in seconds.
    pub exp: i64,
}

impl Claims {
    /// Whether the token carries `scope`.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|held| held == scope)
    }
}

/// Who issues our tokens, for whom, and the public keys they are verified with.
///
/// `TOKEN_ISSUER`, `TOKEN_AUDIENCE`: strings. `TOKEN_PUBLIC_KEYS`: a JWKS of Ed25519 keys, each
/// with a `kid`.
pub struct TokenConfig {
    issuer: String,
    audience: String,
    keys: JwkSet,
}

impl Configure for TokenConfig {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: env.required("TOKEN_ISSUER")?.to_owned(),
            audience: env.required("TOKEN_AUDIENCE")?.to_owned(),
            keys: serde_json::from_str(env.required("TOKEN_PUBLIC_KEYS")?)
                .map_err(|_| ConfigError::Invalid("TOKEN_PUBLIC_KEYS"))?,
        })
    }
}

impl TokenConfig {
    /// The public keys, as `GET /.well-known/jwks.json` publishes them.
    pub fn keys(&self) -> &JwkSet {
        &self.keys
    }

    /// The claims of a token that is ours and has not expired at `now`.
    ///
    /// # Errors
    /// `access_token_expired`, or `access_token_invalid` for everything else.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, Error> {
        let claims = self.claims(token).ok_or_else(Error::token_invalid)?;
        let issued = Timestamp::from_second(claims.iat).map_err(|_| Error::token_invalid())?;
        if issued
            .saturating_sub(CLOCK_SKEW)
            .map_err(|_| Error::token_invalid())?
            > now
        {
            return Err(Error::token_invalid());
        }
        if claims.exp <= now.as_second() {
            return Err(Error::token_expired());
        }
        Ok(claims)
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        if header.alg != Algorithm::EdDSA || !is_of_our_type(&header) {
            return None;
        }
        let key = DecodingKey::from_jwk(self.keys.find(header.kid.as_deref()?)?).ok()?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time comes from `App`, not from the library's own clock.
        validation.validate_exp = false;
        Some(decode(token, &key, &validation).ok()?.claims)
    }
}

/// Whether a token says that it is an access token, of ours or not.
pub fn is_access_token(token: &str) -> bool {
    decode_header(token).is_ok_and(|header| is_of_our_type(&header))
}

fn is_of_our_type(header: &Header) -> bool {
    header.typ.as_ref().is_some_and(|typ| {
        typ.eq_ignore_ascii_case(TYPE) || typ.eq_ignore_ascii_case("application/at+jwt")
    })
}

/// The private key as it lies in Secrets Manager: `{"kid", "pkcs8"}`, PKCS #8 in base64.
#[derive(Serialize, Deserialize)]
pub struct SigningKey {
    /// Names the key in the token's header and in the JWKS.
    pub kid: String,
    /// The Ed25519 key pair, PKCS #8 DER in base64.
    pub pkcs8: String,
}

/// `TOKEN_SIGNING_SECRET`: the ARN of the secret that holds the [`SigningKey`].
struct SigningConfig(String);

impl Configure for SigningConfig {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("TOKEN_SIGNING_SECRET")?.to_owned()))
    }
}

/// Whom a token is for.
pub struct Subject<'a> {
    /// The user's id.
    pub user_id: &'a str,
    /// The session's id.
    pub session_id: &'a str,
    /// The name others see.
    pub name: &'a str,
    /// The account's e-mail address.
    pub email: &'a str,
    /// Whether the token carries the operator scope.
    pub operator: bool,
}

/// Signs an access token. One request to Secrets Manager while the key is not cached.
///
/// # Errors
/// `service_unavailable` or `internal_server_error` when the key cannot be had.
pub async fn issue(app: &App, subject: Subject<'_>) -> Result<String, Error> {
    let config = app.config::<TokenConfig>()?;
    let secret = app.config::<SigningConfig>()?;
    let secret = app.secrets().get(app, &secret.0).await?;
    let key: SigningKey = serde_json::from_str(&secret)
        .map_err(|_| Error::internal("the signing key has an unknown form"))?;
    let der = BASE64_STANDARD
        .decode(&key.pkcs8)
        .map_err(|_| Error::internal("the signing key has an unknown form"))?;
    let now = app.now().as_second();
    let claims = Claims {
        iss: config.issuer.clone(),
        aud: config.audience.clone(),
        sub: subject.user_id.to_owned(),
        sid: subject.session_id.to_owned(),
        name: subject.name.to_owned(),
        email: subject.email.to_owned(),
        scope: if subject.operator { "operator" } else { "" }.to_owned(),
        iat: now,
        exp: now + LIFETIME_SECONDS,
    };
    let header = Header {
        typ: Some(TYPE.to_owned()),
        kid: Some(key.kid),
        ..Header::new(Algorithm::EdDSA)
    };
    encode(&header, &claims, &EncodingKey::from_ed_der(&der))
        .map_err(|_| Error::internal("the signing key does not sign"))
}
