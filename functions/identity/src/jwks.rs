//! `GET /.well-known/jwks.json`: the public keys that our access tokens are verified with.

use axum::{extract::State, http::header, response::IntoResponse};
use enishi_shared::{App, Function, Result, error::ErrorBody, token::TokenConfig};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `identity-jwks`.
///
/// The keys are configuration.
pub const FUNCTION: Function = Function::http("identity-jwks", || {
    OpenApiRouter::new().routes(routes!(jwks))
});

/// A JSON Web Key Set (RFC 7517); documents what is served from the configuration.
#[derive(ToSchema)]
pub struct KeySet {
    /// Usually one key; two while they are exchanged.
    pub keys: Vec<PublicKey>,
}

/// An Ed25519 public key (RFC 8037).
#[derive(ToSchema)]
pub struct PublicKey {
    /// The key type.
    #[schema(example = "OKP")]
    pub kty: String,
    /// The curve.
    #[schema(example = "Ed25519")]
    pub crv: String,
    /// The key, in base64url.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub x: String,
    /// The name that a token's header calls it by.
    #[schema(example = "2026-11")]
    pub kid: String,
}

/// Public keys
///
/// May be kept for five minutes.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "identity",
    operation_id = "getJsonWebKeySet",
    responses(
        (status = 200, body = KeySet, description = "The keys"),
        (status = 500, body = ErrorBody, description = "Something went wrong on our side"),
    )
)]
pub async fn jwks(State(app): State<App>) -> Result<impl IntoResponse> {
    let config = app.config::<TokenConfig>()?;
    Ok((
        [(header::CACHE_CONTROL, "public, max-age=300")],
        axum::Json(config.keys().clone()),
    ))
}
