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
    document["components"]["responses"] = error_responses();
    if let Some(paths) = document["paths"].as_object_mut() {
        for operation in paths
            .values_mut()
            .filter_map(Value::as_object_mut)
            .flat_map(|operations| operations.values_mut())
        {
            finish(operation);
        }
    }
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// Where the answers with an error body lie, and the headers that theirs have.
const ERRORS: [(&str, &str, &str); 12] = [
    (
        "400",
        "BadRequest",
        "A value is missing or wrong; `errors` names every one",
    ),
    ("401", "Unauthorized", "No valid access token"),
    ("403", "Forbidden", "Known, but not allowed"),
    (
        "404",
        "NotFound",
        "It does not exist, or belongs to somebody else",
    ),
    (
        "405",
        "MethodNotAllowed",
        "The path does not take this method",
    ),
    (
        "408",
        "RequestTimeout",
        "No answer within ten seconds; try again",
    ),
    ("409", "Conflict", "The present state does not allow it"),
    ("413", "PayloadTooLarge", "The body is larger than 256 KB"),
    (
        "429",
        "TooManyRequests",
        "Too many; `Retry-After` says when to try again",
    ),
    (
        "500",
        "InternalServerError",
        "Something went wrong on our side",
    ),
    (
        "503",
        "ServiceUnavailable",
        "Temporarily unavailable; `Retry-After` says when to try again",
    ),
    ("default", "Error", "Any other error"),
];

fn error_responses() -> Value {
    let seconds = json!({
        "description": "Seconds until another attempt makes sense",
        "schema": {"type": "integer", "minimum": 1},
    });
    let scheme = json!({
        "description": "`Bearer`, with what is wrong with the token",
        "schema": {"type": "string"},
    });
    let responses = ERRORS.map(|(status, name, description)| {
        let mut response = json!({
            "description": description,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
        });
        match status {
            "401" => response["headers"] = json!({"WWW-Authenticate": scheme}),
            "429" | "503" | "default" => response["headers"] = json!({"Retry-After": seconds}),
            _ => {}
        }
        (name.to_owned(), response)
    });
    responses
        .into_iter()
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// What every operation has in common, which its handler need not repeat.
fn finish(operation: &mut Value) {
    let responses = &mut operation["responses"];
    // Whatever else may go wrong answers in the same body.
    responses["default"] = json!({});
    for (status, name, usual) in ERRORS {
        let Some(response) = responses.get_mut(status) else {
            continue;
        };
        let said = response["description"].as_str().unwrap_or(usual).to_owned();
        *response = json!({"$ref": format!("#/components/responses/{name}"), "description": said});
    }
    // A list's next page.
    let parameters = operation["parameters"].as_array();
    if parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "cursor")) {
        operation["responses"]["200"]["headers"]["Link"] = json!({
            "description": "`<address>; rel=\"next\"`: the next page; left out on the last one",
            "schema": {"type": "string"},
            "example": "</api/payments?limit=20&cursor=QUFB>; rel=\"next\"",
        });
    }
    if operation.get("security").is_none() {
        operation["security"] = json!([]);
    }
}
