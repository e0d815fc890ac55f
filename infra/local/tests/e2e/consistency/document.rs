//! The OpenAPI and AsyncAPI documents: current and whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use enishi_local::{
    asyncapi,
    lambda::registered,
    openapi,
    places::{self, Handler, operations},
    stack::root,
};
use serde_json::Value;

use super::Findings;
use crate::support::text;

/// That the file beside platform's crate is the document that the handlers give now.
#[track_caller]
fn is_current(file: &str, document: &str) {
    let path = format!("functions/platform/{file}");
    let kept = fs::read_to_string(root().join(&path));
    assert!(
        kept.is_ok_and(|kept| kept == document),
        "{path} is not what the handlers say; write it anew with `cargo run -- generate`"
    );
}

#[test]
fn the_openapi_document_is_current() {
    is_current("openapi.json", &openapi::document().unwrap());
}

/// Where two functions have a schema of one name, the document takes either's.
#[test]
fn the_name_of_a_schema_stands_for_one() {
    let mut found: BTreeMap<String, (Value, &str)> = BTreeMap::new();
    for function in registered() {
        let part = serde_json::to_value(function.openapi()).unwrap();
        for (name, schema) in part["components"]["schemas"]
            .as_object()
            .into_iter()
            .flatten()
        {
            let (first, whose) = found
                .entry(name.clone())
                .or_insert_with(|| (schema.clone(), function.name));
            assert_eq!(first, schema, "{name} of {whose} and of {}", function.name);
        }
    }
    assert!(found.len() > 100, "{} schemas", found.len());
}

#[test]
fn the_asyncapi_document_is_current() {
    is_current("asyncapi.json", &asyncapi::document().unwrap());
}

#[test]
fn every_route_of_the_websocket_is_described() {
    let document: Value = serde_json::from_str(&asyncapi::document().unwrap()).unwrap();
    let routes = places::system().unwrap().websocket.unwrap().routes;
    // What a client sends to no route of its own is a ping.
    let routes = routes.into_keys().filter(|route| !route.starts_with('$'));
    let expected: BTreeSet<String> = routes.chain(["ping".to_owned()]).collect();
    let described = document["components"]["schemas"].as_object().unwrap();
    let actions = described
        .values()
        .filter_map(|schema| schema["properties"]["action"]["const"].as_str());
    assert_eq!(
        actions.map(str::to_owned).collect::<BTreeSet<_>>(),
        expected,
        "infra/local/src/asyncapi.rs: add the messages of the route"
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
        for parameter in body["parameters"].as_array().into_iter().flatten() {
            findings.unless(
                !text(&parameter["description"]).is_empty(),
                format!(
                    "{here}: describe the parameter `{}`.",
                    text(&parameter["name"])
                ),
            );
        }
    }
    findings.none();
}

fn is_error(status: &str) -> bool {
    status == "default" || status.starts_with('4') || status.starts_with('5')
}
