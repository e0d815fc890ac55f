//! What stands in several places stands there alike: template.yaml, the registered functions, their
//! binaries, cargo-lambda's routes and access keys, the OpenAPI document and the sample events.
//! Each failure says what to write where.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    fs,
    path::Path,
    process::Command,
    time::Duration,
};

use enishi_local::{
    lambda::registered,
    openapi,
    stack::root,
    template::{DEFAULT_ROUTE, Function, System},
};
use serde_json::{Value, json};

use crate::support::{MORNING, World, text};

/// What was found, all of it at once.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn note(&mut self, finding: impl Display) {
        self.0.push(finding.to_string());
    }

    fn unless(&mut self, holds: bool, finding: impl Display) {
        if !holds {
            self.note(finding);
        }
    }

    #[track_caller]
    fn none(self) {
        assert!(self.0.is_empty(), "\n\n{}\n", self.0.join("\n\n"));
    }
}

/// A function crate, as cargo reads it.
struct Crate {
    /// `functions/rooms/Cargo.toml`
    manifest: String,
    /// `enishi-rooms`
    package: String,
    /// The binaries: by name, the file and whether `cargo test` would build it.
    binaries: BTreeMap<String, (String, bool)>,
    /// `[package.metadata.lambda]`
    lambda: Value,
}

fn crates() -> Vec<Crate> {
    let root = root();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let relative = |path: &Value| {
        let path = text(path);
        let path = Path::new(&path);
        path.strip_prefix(&root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| Crate {
            manifest: relative(&package["manifest_path"]),
            package: text(&package["name"]),
            binaries: package["targets"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|target| target["kind"][0] == "bin")
                .map(|target| {
                    let file = relative(&target["src_path"]);
                    (text(&target["name"]), (file, target["test"] == true))
                })
                .collect(),
            lambda: package["metadata"]["lambda"].clone(),
        })
        .filter(|found| found.manifest.starts_with("functions/"))
        .collect()
}

/// `rooms-meeting-url` → `RoomsMeetingUrl`
fn pascal_case(name: &str) -> String {
    name.split('-')
        .flat_map(|word| {
            let (first, rest) = word.split_at(1.min(word.len()));
            [first.to_uppercase(), rest.to_owned()]
        })
        .collect()
}

/// A path and a method, `GET`.
type Operation = (String, String);

/// The document's operations, each with its JSON.
fn operations(document: &Value) -> BTreeMap<Operation, Value> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let item = item.as_object().into_iter().flatten();
            item.map(|(method, operation)| {
                ((path.clone(), method.to_uppercase()), operation.clone())
            })
        })
        .collect()
}

/// The template's routes without `$default`, each with its function's binary.
fn routes(system: &System) -> BTreeMap<Operation, String> {
    let routes = system
        .routes
        .iter()
        .filter(|route| route.path != DEFAULT_ROUTE);
    routes
        .map(|route| {
            let method = route.method.as_ref().map_or("ANY", http::Method::as_str);
            (
                (route.path.clone(), method.to_owned()),
                name_of(system, &route.function),
            )
        })
        .collect()
}

fn name_of(system: &System, logical_id: &str) -> String {
    let mut functions = system.functions.iter();
    functions
        .find(|function| function.logical_id == logical_id)
        .map_or_else(|| logical_id.to_owned(), |function| function.name.clone())
}

/// The registered functions that answer HTTP, each with what it documents.
fn documented() -> BTreeMap<&'static str, BTreeSet<Operation>> {
    let functions = registered();
    let http = functions.iter().filter_map(|function| {
        let document = serde_json::to_value(function.openapi()?).unwrap();
        Some((function.name, operations(&document).into_keys().collect()))
    });
    http.collect()
}

fn is_started_by_events(function: &Function) -> bool {
    !(function.schedules.is_empty() && function.rules.is_empty() && function.mappings.is_empty())
}

#[tokio::test]
async fn every_function_stands_in_all_its_places() {
    let world = World::new().await;
    let system = world.stack.system();
    let (registered, crates, documented) = (registered(), crates(), documented());
    let mut findings = Findings::default();

    let mut names: BTreeSet<&str> = system.functions.iter().map(|f| f.name.as_str()).collect();
    names.extend(registered.iter().map(|function| function.name));
    names.extend(
        crates
            .iter()
            .flat_map(|found| found.binaries.keys())
            .map(String::as_str),
    );
    for name in names {
        let (service, use_case) = name.split_once('-').unwrap_or((name, ""));
        let directory = format!("functions/{service}");
        let logical_id = pascal_case(name);
        match system
            .functions
            .iter()
            .find(|function| function.name == name)
        {
            None => findings.note(format!(
                "template.yaml lacks `{name}`: add the function {logical_id} with \
                 `CodeUri: target/lambda/{name}/` and what starts it."
            )),
            Some(function) => {
                findings.unless(
                    function.logical_id == logical_id,
                    format!(
                        "template.yaml:{}: rename {} to {logical_id}, the PascalCase of its \
                         binary.",
                        function.line, function.logical_id
                    ),
                );
                let routed = system
                    .routes
                    .iter()
                    .any(|r| r.function == function.logical_id);
                let http = documented.contains_key(name);
                findings.unless(
                    routed || !http,
                    format!(
                        "template.yaml: no route leads to {logical_id}; add its path under Api, \
                         DefinitionBody, paths."
                    ),
                );
                findings.unless(
                    http || !routed,
                    format!(
                        "template.yaml: a route leads to {logical_id}, but `{name}` takes events; \
                         make it `Function::http` or take the route away."
                    ),
                );
                findings.unless(
                    http || is_started_by_events(function),
                    format!(
                        "template.yaml:{}: nothing starts {logical_id}; give it `Events` \
                         (ScheduleV2, EventBridgeRule or DynamoDB).",
                        function.line
                    ),
                );
            }
        }
        let count = registered
            .iter()
            .filter(|function| function.name == name)
            .count();
        findings.unless(
            count == 1,
            format!(
                "`{name}` is registered {count} times: its `FUNCTION` belongs once into \
                 `FUNCTIONS` in {directory}/src/lib.rs, and `FUNCTIONS` of each service into \
                 `registered()` in infra/local/src/lambda.rs."
            ),
        );
        let Some(home) = crates
            .iter()
            .find(|found| found.binaries.contains_key(name))
        else {
            findings.note(format!(
                "`{name}` has no binary: create {directory}/src/bin/{name}.rs and add to \
                 {directory}/Cargo.toml:\n  [[bin]]\n  name = \"{name}\"\n  \
                 path = \"src/bin/{name}.rs\"\n  test = false"
            ));
            continue;
        };
        findings.unless(
            home.manifest == format!("{directory}/Cargo.toml")
                && home.package == format!("enishi-{service}"),
            format!(
                "move the binary `{name}` from {} to {directory}/Cargo.toml.",
                home.manifest
            ),
        );
        let (file, tested) = &home.binaries[name];
        findings.unless(
            *file == format!("{directory}/src/bin/{name}.rs"),
            format!(
                "{}: the file of `{name}` is {directory}/src/bin/{name}.rs.",
                home.manifest
            ),
        );
        findings.unless(
            !tested,
            format!(
                "{}: add to the `[[bin]]` of `{name}`:\n  test = false",
                home.manifest
            ),
        );
        let binary = fs::read_to_string(root().join(file)).unwrap_or_default();
        let module = use_case.replace('-', "_");
        findings.unless(
            binary.contains(&format!("run(&enishi_{service}::{module}::FUNCTION)")),
            format!("{file}: run `&enishi_{service}::{module}::FUNCTION`."),
        );
        findings.unless(
            home.lambda["bin"][name]["env"]["AWS_ACCESS_KEY_ID"] == logical_id.as_str(),
            format!(
                "{}: `[package.metadata.lambda.bin]` lacks\n  \
                 {name}.env.AWS_ACCESS_KEY_ID = \"{logical_id}\"",
                home.manifest
            ),
        );
        findings.unless(
            root().join(format!("events/{name}.json")).is_file(),
            format!("events/{name}.json is missing: a sample of what AWS sends to `{name}`."),
        );
    }
    for found in &crates {
        for name in found.lambda["bin"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            findings.unless(
                found.binaries.contains_key(name),
                format!(
                    "{}: take `{name}` out of `[package.metadata.lambda.bin]`; there is no such \
                     binary.",
                    found.manifest
                ),
            );
        }
        // cargo finds what lies in src/bin by itself, without `test = false`.
        let bin = root().join(&found.manifest).with_file_name("src/bin");
        for file in fs::read_dir(bin).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            findings.unless(
                name.strip_suffix(".rs")
                    .is_some_and(|name| found.binaries.contains_key(name)),
                format!(
                    "{}: src/bin/{name} belongs to no `[[bin]]`.",
                    found.manifest
                ),
            );
        }
    }
    for file in fs::read_dir(root().join("events")).unwrap().flatten() {
        let file = file.file_name().to_string_lossy().into_owned();
        let name = file.strip_suffix(".json").unwrap_or(&file);
        findings.unless(
            registered.iter().any(|function| function.name == name),
            format!("events/{file} belongs to no function; delete or rename it."),
        );
    }
    findings.none();
}

/// API Gateway takes no path that ends in a slash: `/register/` arrives at `/register/{proxy+}`, and
/// so does what a variable takes at this place. `/register` is there for those who leave it away.
#[tokio::test]
async fn the_documented_paths_are_the_templates_and_cargo_lambdas_routes() {
    let world = World::new().await;
    let system = world.stack.system();
    let routes = routes(system);
    let mut findings = Findings::default();
    let mut covered = BTreeSet::new();
    // What cargo-lambda's router, which knows slashes, has to take.
    let mut watched: BTreeMap<Operation, &str> = BTreeMap::new();

    for (name, operations) in documented() {
        for (path, method) in operations {
            let (parent, last) = path.rsplit_once('/').unwrap_or_default();
            let direct = (path.clone(), method.clone());
            let bare = (parent.to_owned(), method.clone());
            let proxy = (format!("{parent}/{{proxy+}}"), method.clone());
            let needed = if last.is_empty() {
                vec![bare, proxy]
            } else if last.starts_with('{')
                && !routes.contains_key(&direct)
                && routes.get(&proxy).is_some_and(|function| function == name)
            {
                vec![proxy]
            } else {
                vec![direct]
            };
            for route in needed {
                let leads_to = routes.get(&route);
                findings.unless(
                    leads_to.is_some_and(|function| function == name),
                    format!(
                        "template.yaml: `{name}` documents {method} {path}; lead {} {} under Api, \
                         DefinitionBody, paths to {} ({}).",
                        route.1.to_lowercase(),
                        route.0,
                        pascal_case(name),
                        leads_to.map_or_else(
                            || "there is no such route".to_owned(),
                            |other| format!("it leads to `{other}`")
                        ),
                    ),
                );
                if !route.0.ends_with("{proxy+}") {
                    watched.insert(route.clone(), name);
                }
                covered.insert(route);
            }
            watched.insert((path, method), name);
        }
    }
    for ((path, method), name) in &routes {
        findings.unless(
            !path.ends_with('/'),
            format!(
                "template.yaml: API Gateway refuses the path {path}; write it without the slash at \
                 its end, and once more with /{{proxy+}}."
            ),
        );
        findings.unless(
            covered.contains(&(path.clone(), method.clone())),
            format!(
                "template.yaml leads {method} {path} to `{name}`, which documents no such path; \
                 add it to the handler's `#[utoipa::path]` or take the route away."
            ),
        );
    }
    let default: Vec<_> = system
        .routes
        .iter()
        .filter(|r| r.path == DEFAULT_ROUTE)
        .collect();
    findings.unless(
        matches!(default[..], [route] if name_of(system, &route.function) == "platform-fallback"),
        "template.yaml: lead /$default to PlatformFallback, once.",
    );

    let crates = crates();
    let mut present: BTreeMap<(Operation, String), &str> = BTreeMap::new();
    for found in &crates {
        let router = found.lambda["watch"]["router"].as_object();
        for (path, entries) in router.into_iter().flatten() {
            for entry in entries.as_array().into_iter().flatten() {
                let operation = (path.clone(), text(&entry["method"]));
                present.insert((operation, text(&entry["function"])), &found.manifest);
            }
        }
    }
    for ((path, method), name) in &watched {
        let service = name.split('-').next().unwrap_or_default();
        let manifest = format!("functions/{service}/Cargo.toml");
        let key = ((path.clone(), method.clone()), (*name).to_owned());
        findings.unless(
            present.get(&key).is_some_and(|found| **found == manifest),
            format!(
                "{manifest}: `[package.metadata.lambda.watch.router]` lacks\n  \
                 \"{path}\" = [{{ method = \"{method}\", function = \"{name}\" }}]"
            ),
        );
    }
    for ((operation, function), manifest) in &present {
        findings.unless(
            watched.get(operation).is_some_and(|name| name == function),
            format!(
                "{manifest}: `[package.metadata.lambda.watch.router]` leads {} {} to \
                 `{function}`, which documents no such path; take it away.",
                operation.1, operation.0
            ),
        );
    }
    findings.none();
}

#[test]
fn the_openapi_document_is_current() {
    let file = fs::read_to_string(root().join("functions/platform/openapi.json"));
    assert!(
        file.is_ok_and(|file| file == openapi::document().unwrap()),
        "functions/platform/openapi.json is not what the handlers say; write it anew with \
         `cargo run -- openapi`"
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
    let functions = documented();
    for (operation, body) in &operations {
        let (path, method) = operation;
        let function = functions
            .iter()
            .find(|(_, documented)| documented.contains(operation))
            .map_or("", |(name, _)| name);
        let here = format!("{method} {path} (`{function}`)");

        let id = text(&body["operationId"]);
        findings.unless(
            !id.is_empty(),
            format!("{here}: `operation_id` is missing in its `#[utoipa::path]`."),
        );
        if let Some(other) = ids.insert(id.clone(), here.clone()) {
            findings.note(format!(
                "{here} and {other} are both the operation `{id}`; rename one handler, or give it \
                 an `operation_id` in its `#[utoipa::path]`."
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
        findings.unless(
            text(&body["description"])
                .lines()
                .any(|line| line.starts_with("Budget: ")),
            format!(
                "{here}: the handler's `///` needs a line of the form\n  \
                 /// Budget: 1 DynamoDB request."
            ),
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
            let schema = &response["content"]["application/json"]["schema"]["$ref"];
            findings.unless(
                !is_error(status) || schema == "#/components/schemas/ErrorBody",
                format!("{here}: write `body = ErrorBody` in the response {status}."),
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

/// Handlers behind HTTP say it in the OpenAPI document; the others say it in their source alone.
#[test]
fn every_event_function_says_what_a_call_costs() {
    let mut findings = Findings::default();
    for function in registered()
        .iter()
        .filter(|function| function.openapi().is_none())
    {
        let (service, use_case) = function.name.split_once('-').unwrap();
        let file = format!("functions/{service}/src/{}.rs", use_case.replace('-', "_"));
        let source = fs::read_to_string(root().join(&file)).unwrap_or_default();
        let mut lines = source.lines().map(str::trim_start);
        findings.unless(
            lines.any(|line| line.starts_with("/// Budget: ") || line.starts_with("//! Budget: ")),
            format!(
                "{file}: the handler's `///` (or the file's `//!`) needs a line of the form\n  \
                 /// Budget: 1 DynamoDB request."
            ),
        );
    }
    findings.none();
}

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
        if event["requestContext"].is_object() {
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
