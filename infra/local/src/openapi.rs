//! The OpenAPI document: every function's part of it, put together.

use enishi_shared::error::{Code, ErrorBody, FieldCode, FieldError};
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::lambda::registered;

#[derive(OpenApi)]
#[openapi(components(schemas(ErrorBody, FieldError, FieldCode, Code)))]
struct Common;

/// The document as `GET /openapi.json` serves it, pretty-printed.
///
/// # Errors
/// When it cannot be serialised.
pub fn document() -> Result<String, serde_json::Error> {
    let mut document = Common::openapi();
    for part in registered()
        .iter()
        .filter_map(|function| function.openapi())
    {
        document.merge(part);
    }
    let mut document = serde_json::to_value(document)?;
    document["info"] = json!({
        "title": "Enishi",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "One backend that brings people together. Errors answer in one body, \
            `{status, code, message, errors}`; lists take `limit` and `cursor`; times are RFC 3339 \
            in UTC unless shown otherwise.",
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/"}]);
    document["tags"] = json!([
        {"name": "identity", "description": "Accounts, sessions and tokens"},
        {"name": "rooms", "description": "Morning rooms drawn by lot"},
        {"name": "saju", "description": "Matchmaking by the four pillars"},
        {"name": "payments", "description": "What people pay, whatever for"},
        {"name": "live", "description": "Messages to people at once, over a WebSocket"},
        {"name": "platform", "description": "The API itself"},
    ]);
    document["components"]["securitySchemes"] = json!({
        "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "stripe_signature": {
            "type": "apiKey", "in": "header", "name": "Stripe-Signature",
            "description": "Stripe's signature of the body, scheme v1",
        },
    });
    // Whatever else may go wrong answers in the same body.
    let error = json!({
        "description": "Any other error",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
    });
    if let Some(paths) = document["paths"].as_object_mut() {
        for operation in paths
            .values_mut()
            .filter_map(Value::as_object_mut)
            .flat_map(|operations| operations.values_mut())
        {
            operation["responses"]["default"] = error.clone();
        }
    }
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
