//! The OpenAPI document: every function's part of it, put together.

use enishi_shared::error::{Code, ErrorBody, FieldCode, FieldError};
use enishi_visits::profile::Job;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::lambda::registered;

mod errors;
pub(crate) mod examples;

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
        {"name": "visits", "description": "Students meet employees of companies"},
        {"name": "market", "description": "Makers sell what they make by hand"},
        {"name": "orgs", "description": "Organisations and those who belong to them"},
        {"name": "payments", "description": "What people pay, whatever for"},
        {"name": "live", "description": "Messages to people at once, over a WebSocket"},
        {"name": "platform", "description": "The API itself"},
    ]);
    document["components"]["securitySchemes"] = json!({
        "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "id_token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An ID token of Firebase's",
        },
        "stripe_signature": {
            "type": "apiKey", "in": "header", "name": "Stripe-Signature",
            "description": "Stripe's signature of the body, scheme v1",
        },
    });
    document["components"]["responses"] = error_responses();
    // For generators whose languages have no such names.
    let jobs = Job::ALL.map(|job| format!("{job:?}"));
    document["components"]["schemas"]["Job"]["x-enum-varnames"] = json!(jobs);
    let paths = document["paths"].as_object_mut();
    for (path, operations) in paths.into_iter().flatten() {
        let operations = operations.as_object_mut();
        for operation in operations.into_iter().flat_map(Map::values_mut) {
            finish(path, operation);
        }
    }
    describe_whole(&mut document);
    examples::complete(&mut document);
    errors::describe(&mut document);
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// Where the answers with an error body lie, and the headers that theirs have.
const ERRORS: [(&str, &str, &str); 10] = [
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
            "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/ErrorBody"},
                "example": error_example(status),
            }},
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

/// What is said of the one of several alternatives that is no null is said of the whole: a generated
/// client takes an alternative for another type where its reference has a description.
pub(crate) fn describe_whole(value: &mut Value) {
    if let Some(alternatives) = value.get_mut("oneOf").and_then(Value::as_array_mut) {
        let references = alternatives.iter_mut().filter_map(Value::as_object_mut);
        let said = references
            .filter(|one| one.contains_key("$ref"))
            .filter_map(|one| one.remove("description"))
            .next_back();
        if let (None, Some(said)) = (value.get("description"), said) {
            value["description"] = said;
        }
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(describe_whole),
        Value::Object(fields) => fields.values_mut().for_each(describe_whole),
        _ => {}
    }
}

/// What an error with this status may look like.
fn error_example(status: &str) -> Value {
    let (code, message) = match status {
        "400" => (Code::InvalidParameter, "date is in the past"),
        "401" => (Code::AccessTokenInvalid, "the access token is not valid"),
        "403" => (Code::Forbidden, "this is not allowed"),
        "404" => (Code::NotFound, "room not found"),
        "409" => (Code::Conflict, "the slot is over"),
        "413" => (Code::PayloadTooLarge, "the body is larger than 256 KB"),
        "429" => (Code::TooManyRequests, "too many requests"),
        "503" => (Code::ServiceUnavailable, "temporarily unavailable"),
        _ => (Code::InternalServerError, "something went wrong"),
    };
    let mut example = json!({"status": code.status().as_u16(), "code": code, "message": message});
    if status == "400" {
        example["errors"] = json!([{"field": "date", "code": FieldCode::Invalid, "rule": message}]);
    }
    example
}

/// What every operation has in common, which its handler need not repeat.
fn finish(path: &str, operation: &mut Value) {
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
    let mut is_list = false;
    let parameters = operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        is_list |= parameter["name"] == "cursor";
        // It is left out, or has a value: there is no null in an address or a header.
        if let Some(kind) = parameter.pointer_mut("/schema/type")
            && let Some(one) = (kind.as_array()).and_then(|all| all.iter().find(|it| *it != "null"))
        {
            *kind = one.clone();
        }
    }
    if is_list {
        operation["responses"]["200"]["headers"]["Link"] = json!({
            "description": "`<address>; rel=\"next\"`: the next page; left out on the last one",
            "schema": {"type": "string", "pattern": "^<[^<>]+>; rel=\"next\"$"},
            "example": format!("<{path}?limit=20&cursor=QUFB>; rel=\"next\""),
        });
    }
    // A body that may be left out is no null either.
    if let Some(body) = operation.get_mut("requestBody") {
        let schema = &mut body["content"]["application/json"]["schema"];
        let alternatives = schema["oneOf"].as_array();
        let is_null = |one: &&Value| one["type"] == "null";
        if alternatives.is_some_and(|all| all.iter().any(|one| is_null(&one))) {
            let other = alternatives.and_then(|all| all.iter().find(|one| !is_null(one)));
            *schema = other.cloned().unwrap_or_default();
            body["required"] = false.into();
        }
    }
    if operation.get("security").is_none() {
        operation["security"] = json!([]);
    }
}
