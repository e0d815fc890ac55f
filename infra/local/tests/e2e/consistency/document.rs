//! The OpenAPI document: current, whole, its examples fitting.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use enishi_local::{
    openapi,
    places::{Handler, operations},
    stack::root,
};
use serde_json::Value;

use super::Findings;
use crate::support::text;

#[test]
fn the_openapi_document_is_current() {
    let file = fs::read_to_string(root().join("functions/platform/openapi.json"));
    assert!(
        file.is_ok_and(|file| file == openapi::document().unwrap()),
        "functions/platform/openapi.json is not what the handlers say; write it anew with \
         `cargo run -- generate`"
    );
}

#[test]
fn every_operation_is_described_whole() {
    let document: Value = serde_json::from_str(&openapi::document().unwrap()).unwrap();
    let operations = operations(&document);
    let mut findings = Findings::default();
    findings.unless(
        text(&document["openapi"]).starts_with("3.1."),
        "infra/local/src/openapi.rs: the document has to be OpenAPI 3.1.",
    );
    let declared: BTreeSet<String> = document["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| text(&tag["name"]))
        .collect();
    let mut ids = BTreeMap::new();
    let handlers = Handler::registered().unwrap();
    for (operation, body) in &operations {
        let (path, method) = operation;
        let documents = |handler: &&Handler| {
            let operations = handler.operations.as_ref();
            operations.is_some_and(|operations| operations.contains(operation))
        };
        let function = (handlers.iter().find(documents)).map_or("", |handler| &handler.name);
        let here = format!("{method} {path} (`{function}`)");

        let id = text(&body["operationId"]);
        let is_camel_case = id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.contains(|c: char| c.is_ascii_uppercase())
            && id.chars().all(|c| c.is_ascii_alphanumeric());
        findings.unless(
            is_camel_case,
            format!(
                "{here}: give its `#[utoipa::path]` an `operation_id`, a verb with its object such \
                 as `enrollForSlot`."
            ),
        );
        if let Some(other) = ids.insert(id.clone(), here.clone()) {
            findings.note(format!(
                "{here} and {other} are both the operation `{id}`; give one another \
                 `operation_id` in its `#[utoipa::path]`."
            ));
        }
        let tags: Vec<String> = body["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect();
        let service = function.split('-').next().unwrap_or_default();
        findings.unless(
            tags == [service],
            format!("{here}: write `tag = \"{service}\"` in its `#[utoipa::path]`."),
        );
        findings.unless(
            declared.contains(service),
            format!("infra/local/src/openapi.rs: describe the tag `{service}` in `tags`."),
        );
        findings.unless(
            !text(&body["summary"]).is_empty(),
            format!("{here}: the first line of the handler's `///` is the operation's title."),
        );
        let responses = body["responses"].as_object().cloned().unwrap_or_default();
        findings.unless(
            responses
                .keys()
                .any(|status| status.starts_with('2') || status.starts_with('3')),
            format!("{here}: document the answer of success in its `responses`."),
        );
        findings.unless(
            responses.contains_key("default"),
            format!("{here}: the `default` response is missing; see infra/local/src/openapi.rs."),
        );
        for (status, response) in &responses {
            findings.unless(
                !text(&response["description"]).is_empty(),
                format!("{here}: the response {status} needs a `description`."),
            );
            findings.unless(
                !is_error(status) || text(&response["$ref"]).starts_with("#/components/responses/"),
                format!(
                    "{here}: name the response {status} in infra/local/src/openapi.rs, `ERRORS`."
                ),
            );
        }
        let request = &body["requestBody"]["content"]["application/json"]["schema"];
        for missing in without_example(&document, request) {
            findings.note(format!(
                "{here}: give the request's field `{missing}` a `#[schema(example = …)]`."
            ));
        }
        for parameter in body["parameters"].as_array().into_iter().flatten() {
            findings.unless(
                !text(&parameter["description"]).is_empty(),
                format!(
                    "{here}: describe the parameter `{}`.",
                    text(&parameter["name"])
                ),
            );
            if let Some(problem) = unfit(&parameter["schema"], &parameter["example"]) {
                let name = text(&parameter["name"]);
                findings.note(format!("{here}: the example of `{name}` {problem}."));
            }
        }
    }
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        wrong_examples(name, schema, &mut findings);
    }
    findings.none();
}

fn is_error(status: &str) -> bool {
    status == "default" || status.starts_with('4') || status.starts_with('5')
}

/// What `$ref` and `allOf` lead to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    schema["$ref"]
        .as_str()
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')))
        .unwrap_or(schema)
}

/// The required plain fields of a request that have no example.
fn without_example(document: &Value, request: &Value) -> Vec<String> {
    let request = match &request["oneOf"] {
        Value::Array(variants) if variants.iter().any(|v| v["type"] == "null") => variants
            .iter()
            .find(|v| v["type"] != "null")
            .unwrap_or(request),
        _ => request,
    };
    let request = resolved(document, request);
    let required = request["required"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text);
    required
        .filter(|field| {
            let field = resolved(document, &request["properties"][field]);
            let plain = ["string", "integer", "number"]
                .iter()
                .any(|t| field["type"] == *t);
            plain && field["enum"].is_null() && field["example"].is_null()
        })
        .collect()
}

/// Why a schema's example cannot be one.
fn unfit(schema: &Value, example: &Value) -> Option<String> {
    if example.is_null() {
        return None;
    }
    let kind = match example {
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        _ => "object",
    };
    let fits = match &schema["type"] {
        Value::String(one) => one == kind || (one == "number" && kind == "integer"),
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => true,
    };
    if !fits {
        return Some(format!(
            "is of type {kind}, the schema wants {}",
            schema["type"]
        ));
    }
    let values = schema["enum"].as_array();
    if values.is_some_and(|values| !values.contains(example)) {
        return Some("is none of the values that there are".into());
    }
    let length = example.as_str().map(|text| text.chars().count() as u64);
    if length
        .zip(schema["maxLength"].as_u64())
        .is_some_and(|(length, most)| length > most)
        || length
            .zip(schema["minLength"].as_u64())
            .is_some_and(|(length, least)| length < least)
    {
        return Some("is longer or shorter than allowed".into());
    }
    None
}

fn wrong_examples(place: &str, schema: &Value, findings: &mut Findings) {
    if let Some(problem) = unfit(schema, &schema["example"]) {
        findings.note(format!("the schema {place}: its example {problem}."));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        wrong_examples(&format!("{place}.{name}"), property, findings);
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for part in schema[part].as_array().into_iter().flatten() {
            wrong_examples(place, part, findings);
        }
    }
    if schema["items"].is_object() {
        wrong_examples(place, &schema["items"], findings);
    }
}
