//! The sample events: what AWS sends, and each function takes its own.

use std::{fs, time::Duration};

use enishi_local::{
    aws::Call,
    stack::root,
    template::{DEFAULT_ROUTE, Function, System},
};
use serde_json::{Value, json};

use super::Findings;
use crate::support::{MORNING, World, text};

/// What a function made of its sample event.
pub struct Played {
    pub function: Function,
    /// `events/rooms-join.json`
    pub file: String,
    pub event: Value,
    /// Its answer, or why there is none.
    pub answer: Result<Value, String>,
    /// What it asked of AWS.
    pub calls: Vec<Call>,
}

impl Played {
    /// Whether it did what it is for.
    pub fn succeeded(&self) -> bool {
        let is_failure = |answer: &Value| answer["statusCode"].as_u64().is_some_and(|s| s >= 400);
        self.answer.as_ref().is_ok_and(|answer| !is_failure(answer))
    }
}

/// Invokes every function with its sample, as somebody who is in the first room of the first
/// morning; what deletes comes last.
pub async fn play(world: &World) -> Vec<Played> {
    let mut person = world.sign_up("hana").await;
    let enrolled = world
        .post(&person, "/register/", json!({"date": MORNING}))
        .await;
    enrolled.expect(201);
    world.at("2026-11-21T08:50").await;
    world.at("2026-11-21T08:57").await;
    world.refresh(&mut person).await;
    let mut samples: Vec<_> = (world.stack.system().functions.iter())
        .map(|function| {
            let file = format!("events/{}.json", function.name);
            let text = fs::read_to_string(root().join(&file)).unwrap_or_default();
            let event = serde_json::from_str(&text.replace("<ACCESS_TOKEN>", &person.access_token));
            (function.clone(), file, event.unwrap_or_default())
        })
        .collect();
    samples.sort_by_key(|(.., event): &(_, _, Value)| {
        event["requestContext"]["http"]["method"] == "DELETE"
    });
    let mut played = Vec::new();
    for (function, file, event) in samples {
        world.stack.aws().forget_calls();
        let invoked = world
            .stack
            .lambda()
            .invoke(&function.logical_id, event.clone());
        // A sample that hangs would hide the others.
        let answer = tokio::time::timeout(Duration::from_secs(20), invoked).await;
        let mut calls = world.stack.aws().calls();
        calls.retain(|call| call.function == function.logical_id);
        played.push(Played {
            calls,
            answer: answer.unwrap_or_else(|_| Err("takes too long".into())),
            function,
            file,
            event,
        });
    }
    played
}

#[tokio::test]
async fn every_sample_event_is_one_that_its_function_takes() {
    let world = World::new().await;
    let system = world.stack.system();
    let mut findings = Findings::default();
    for played in play(&world).await {
        let Played {
            function,
            file,
            event,
            answer,
            ..
        } = played;
        let sample = fs::read_to_string(root().join(&file)).unwrap_or_default();
        for secret in secrets(&sample) {
            findings.note(format!(
                "{file} holds what looks like a real token, {secret}…; write \
                 `Bearer <ACCESS_TOKEN>`."
            ));
        }
        if event.is_null() {
            findings.note(format!("{file} is missing or no JSON."));
            continue;
        }
        if event["requestContext"]["connectionId"].is_string() {
            findings.unless(
                is_of_its_route(system, &function, &event),
                format!(
                    "{file}: no route of LiveApi leads from `requestContext.routeKey` to {}.",
                    function.logical_id
                ),
            );
        } else if event["requestContext"].is_object() {
            misrouted(system, &function, &file, &event, &mut findings);
        } else if !function.schedules.is_empty() {
            findings.unless(
                text(&event["scheduled_time"])
                    .parse::<jiff::Timestamp>()
                    .is_ok(),
                format!("{file}: `scheduled_time` is a time such as 2026-11-20T23:50:00Z."),
            );
        }
        let name = &function.name;
        match answer {
            Err(error) => findings.note(format!("{file}: `{name}` fails: {error}")),
            Ok(answer) => {
                let (status, body) = (&answer["statusCode"], &answer["body"]);
                findings.unless(
                    *status != 500,
                    format!("{file}: `{name}` answers 500: {body}"),
                );
                let failures = answer["batchItemFailures"].as_array();
                findings.unless(
                    failures.is_none_or(Vec::is_empty),
                    format!("{file}: `{name}` refuses records: {answer}"),
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
