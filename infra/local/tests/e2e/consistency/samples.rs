//! The sample events: what AWS sends, and each function takes its own.

use std::{fs, time::Duration};

use enishi_local::{
    stack::root,
    template::{DEFAULT_ROUTE, Function, System},
};
use serde_json::{Value, json};

use super::Findings;
use crate::support::{MORNING, World, text};

#[tokio::test]
async fn every_sample_event_is_one_that_its_function_takes() {
    let world = World::new().await;
    // The samples speak of the first room of the first morning.
    let person = world.sign_up("hana").await;
    let enrolled = world
        .post(&person, "/register/", json!({"date": MORNING}))
        .await;
    enrolled.expect(201);
    world.at("2026-11-21T08:50").await;
    let system = world.stack.system();
    let mut findings = Findings::default();
    for function in &system.functions {
        let file = format!("events/{}.json", function.name);
        let sample = fs::read_to_string(root().join(&file)).unwrap_or_default();
        let Ok(event) = serde_json::from_str::<Value>(&sample) else {
            findings.note(format!("{file} is missing or no JSON."));
            continue;
        };
        for secret in secrets(&sample) {
            findings.note(format!(
                "{file} holds what looks like a real token, {secret}…; write \
                 `Bearer <ACCESS_TOKEN>`."
            ));
        }
        if event["requestContext"]["connectionId"].is_string() {
            findings.unless(
                is_of_its_route(system, function, &event),
                format!(
                    "{file}: no route of LiveApi leads from `requestContext.routeKey` to {}.",
                    function.logical_id
                ),
            );
        } else if event["requestContext"].is_object() {
            misrouted(system, function, &file, &event, &mut findings);
        } else if !function.schedules.is_empty() {
            findings.unless(
                text(&event["scheduled_time"])
                    .parse::<jiff::Timestamp>()
                    .is_ok(),
                format!("{file}: `scheduled_time` is a time such as 2026-11-20T23:50:00Z."),
            );
        }
        let invoked = world.stack.lambda().invoke(&function.logical_id, event);
        // A sample that hangs would hide the others.
        match tokio::time::timeout(Duration::from_secs(20), invoked).await {
            Err(_) => findings.note(format!("{file}: `{}` takes too long.", function.name)),
            Ok(Err(error)) => findings.note(format!("{file}: `{}` fails: {error}", function.name)),
            Ok(Ok(answer)) => {
                let status = answer["statusCode"].as_u64();
                findings.unless(
                    status != Some(500),
                    format!(
                        "{file}: `{}` answers 500: {}",
                        function.name, answer["body"]
                    ),
                );
                let failures = answer["batchItemFailures"].as_array();
                findings.unless(
                    failures.is_none_or(Vec::is_empty),
                    format!("{file}: `{}` refuses records: {answer}", function.name),
                );
            }
        }
    }
    findings.none();
}

/// A sample of a WebSocket function is what API Gateway sends along one of the function's routes.
fn is_of_its_route(system: &System, function: &Function, event: &Value) -> bool {
    let context = &event["requestContext"];
    let key = text(&context["routeKey"]);
    let kind = match key.as_str() {
        "$connect" => "CONNECT",
        "$disconnect" => "DISCONNECT",
        _ => "MESSAGE",
    };
    let routes = system.websocket.as_ref().map(|api| &api.routes);
    let leads_to = routes.and_then(|routes| routes.get(&key));
    leads_to == Some(&function.logical_id)
        && context["eventType"] == kind
        && event["body"].is_string() == (kind == "MESSAGE")
}

/// A sample of an HTTP function is what API Gateway sends along one of the function's routes.
fn misrouted(
    system: &System,
    function: &Function,
    file: &str,
    event: &Value,
    findings: &mut Findings,
) {
    let method = text(&event["requestContext"]["http"]["method"]);
    let path = text(&event["rawPath"]);
    let route = system
        .routes
        .iter()
        .filter(|route| route.function == function.logical_id)
        .find(|route| match &route.method {
            Some(method) => event["routeKey"] == format!("{method} {}", route.path).as_str(),
            None => event["routeKey"] == route.path.as_str(),
        });
    let Some(route) = route else {
        findings.note(format!(
            "{file}: no route of {} has the `routeKey` {}.",
            function.logical_id, event["routeKey"]
        ));
        return;
    };
    let parameters = event["pathParameters"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let filled = parameters
        .iter()
        .fold(route.path.clone(), |path, (name, value)| {
            let value = text(value);
            path.replace(&format!("{{{name}}}"), &value)
                .replace(&format!("{{{name}+}}"), &value)
        });
    findings.unless(
        filled == path || route.path == DEFAULT_ROUTE,
        format!("{file}: `routeKey` and `pathParameters` make {filled}, `rawPath` is {path}."),
    );
    findings.unless(
        event["version"] == "2.0"
            && event["requestContext"]["routeKey"] == event["routeKey"]
            && event["requestContext"]["http"]["path"] == event["rawPath"]
            && (event["routeKey"] == DEFAULT_ROUTE
                || text(&event["routeKey"]).starts_with(&format!("{method} "))),
        format!("{file}: `requestContext` has another route, path or method than the event."),
    );
    if let (Some(body), Some(length)) = (
        event["body"].as_str(),
        event["headers"]["content-length"].as_str(),
    ) {
        findings.unless(
            length == body.len().to_string(),
            format!("{file}: `content-length` is {}, not {length}.", body.len()),
        );
    }
}

/// Bearer tokens that carry something: a JWT's claims are more than `{}`.
fn secrets(sample: &str) -> Vec<&str> {
    sample
        .split("Bearer ")
        .skip(1)
        .filter(|rest| !rest.starts_with('<'))
        .filter(|rest| rest.split('.').nth(1).is_none_or(|claims| claims.len() > 8))
        .map(|rest| rest.get(..10).unwrap_or(rest))
        .collect()
}
