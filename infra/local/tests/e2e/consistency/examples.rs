//! The examples of the OpenAPI and AsyncAPI documents: everywhere, fitting, and taken as they stand.

use std::sync::LazyLock;

use enishi_local::{
    asyncapi,
    clock::LocalClock,
    openapi,
    places::{Operation, operations},
};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::Findings;
use crate::{
    saju::register,
    support::{World, text, tokyo},
};

/// What the document shows as an operation's body.
pub fn example(operation: &Value) -> Option<Value> {
    let body = &operation["requestBody"]["content"]["application/json"];
    body.get("example").cloned()
}

#[test]
fn every_schema_request_and_answer_has_an_example_that_fits() {
    let document: Value = serde_json::from_str(&openapi::document().unwrap()).unwrap();
    let mut findings = Findings::default();
    let mut checked = 0;
    visit(&document, "", &mut |place, schema, examples| {
        if examples.is_empty() {
            findings.note(format!(
                "{place}: give every field a `#[schema(example = …)]`."
            ));
            return;
        }
        // References lead into the document.
        let schema = json!({"allOf": [schema], "components": document["components"]});
        let schema = validator(&schema);
        for example in examples {
            checked += 1;
            if let Err(error) = schema.validate(example) {
                findings.note(format!(
                    "{place}: the example {example} does not fit: {error}."
                ));
            }
        }
    });
    assert!(checked > 300, "{checked} examples");
    findings.none();
}

#[test]
fn every_message_of_the_websocket_has_an_example_that_fits() {
    for (name, schema, example) in MESSAGES.iter() {
        assert!(!example.is_null(), "{name}: give every field an example");
        schema.validate(example).unwrap();
    }
}

/// That a message is one that the AsyncAPI document describes, if it has the type of one.
#[track_caller]
pub fn expect_described(message: &Value) {
    let is_type =
        |example: &Value| example["type"].is_string() && example["type"] == message["type"];
    for (name, schema, _) in MESSAGES.iter().filter(|(.., example)| is_type(example)) {
        let fits = schema.validate(message);
        assert!(fits.is_ok(), "{name}: {}: {message}", fits.unwrap_err());
    }
}

/// The messages of the AsyncAPI document, by name, each with its schema and its example.
static MESSAGES: LazyLock<Vec<(String, Validator, Value)>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(&asyncapi::document().unwrap()).unwrap();
    let components = &document["components"];
    let messages = components["messages"].as_object().unwrap();
    let message = |(name, message): (&String, &Value)| {
        let schema = json!({"allOf": [message["payload"]], "components": components});
        let example = message["examples"][0]["payload"].clone();
        (name.clone(), validator(&schema), example)
    };
    messages.iter().map(message).collect()
});

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(schema).unwrap()
}

/// Calls `check` with every place that has an example or should have one: its schema, and its examples.
fn visit(value: &Value, place: &str, check: &mut impl FnMut(&str, &Value, Vec<&Value>)) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, &format!("{place}/{index}"), check);
            }
        }
        Value::Object(fields) => {
            let examples = fields.get("examples").and_then(Value::as_array);
            let examples = examples.into_iter().flatten();
            let examples: Vec<&Value> = fields.get("example").into_iter().chain(examples).collect();
            let is_schema =
                place.starts_with("/components/schemas/") && place.matches('/').count() == 3;
            let is_json = place.ends_with("/application~1json");
            if !examples.is_empty() || is_schema || is_json {
                check(place, fields.get("schema").unwrap_or(value), examples);
            }
            for (name, field) in fields
                .iter()
                .filter(|(name, _)| !name.starts_with("example"))
            {
                let name = name.replace('~', "~0").replace('/', "~1");
                visit(field, &format!("{place}/{name}"), check);
            }
        }
        _ => {}
    }
}

/// What cannot be shown: a value that only its owner has makes the request one.
const ONES_OWN: [(&str, &str); 5] = [
    // From a mail.
    ("/api/auth/email/verify", "POST"),
    ("/api/auth/password/reset", "POST"),
    ("/letters/unsubscribe", "GET"),
    ("/letters/unsubscribe", "POST"),
    // Stripe's signature.
    ("/webhook/stripe", "POST"),
];

#[tokio::test]
async fn every_request_can_be_sent_as_the_document_shows_it_whatever_the_day() {
    let late = tokyo("2027-03-04T23:30");
    let world = World::with(|options| options.clock = LocalClock::still(late)).await;
    let document = world.call("GET", "/openapi.json", None, None).await.body;
    let person = register(&world, "seoyeon", "1995-03-02", "female").await;
    let operator = world.operator().await;
    // What ends sessions and the account comes last.
    let mut operations: Vec<(Operation, Value)> = operations(&document).into_iter().collect();
    let ends = |path: &str, method: &str| method == "DELETE" || path == "/api/auth/logout";
    operations.sort_by_key(|((path, method), _)| (ends(path, method), path == "/api/users/me"));
    let mut findings = Findings::default();
    for ((path, method), operation) in &operations {
        if ONES_OWN.contains(&(path, method)) {
            continue;
        }
        let who = match &operation["security"][0]["access_token"][0] {
            Value::String(_) => &operator,
            _ => &person,
        };
        let path = filled(&document, path, operation);
        let token = Some(who.access_token.as_str());
        let answer = world.call(method, &path, token, example(operation)).await;
        findings.unless(
            answer.status != 400 && !answer.status.is_server_error(),
            format!("{method} {path}: {} {}", answer.status, answer.text),
        );
    }
    findings.none();
}

/// A path with the examples of its variables and of its query.
fn filled(document: &Value, path: &str, operation: &Value) -> String {
    let (mut path, mut query) = (path.to_owned(), Vec::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = text(&parameter["name"]);
        let schema = &parameter["schema"];
        let reference = text(&schema["$ref"]);
        let schema = document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or(schema);
        let shown = [
            &parameter["example"],
            &schema["example"],
            &schema["examples"][0],
        ];
        let Some(value) = shown.into_iter().find(|value| !value.is_null()) else {
            continue;
        };
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        match parameter["in"].as_str() {
            Some("path") => path = path.replace(&format!("{{{name}}}"), &value),
            Some("query") => query.push(format!("{name}={value}")),
            _ => {}
        }
    }
    match query.is_empty() {
        true => path,
        false => format!("{path}?{}", query.join("&")),
    }
}
