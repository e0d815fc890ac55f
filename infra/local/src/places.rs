//! What stands in several places: a function in template.yaml or a nested stack's template, among the registered handlers, as a
//! binary, in its service's Cargo.toml and as a sample event; a path in the OpenAPI document and in the
//! template. [`findings`] says what is missing or differs, and where; [`generate`] writes what follows
//! from the template and the handlers; [`crate::new`] writes all of it for a new endpoint.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    asyncapi,
    keys::Keys,
    lambda::registered,
    openapi,
    stack::{parameters, root},
    template::{self, Function, System, TEMPLATE},
};

mod derived;
mod paths;
#[cfg(test)]
mod tests;

pub(crate) use derived::module;

/// A path and a method, `GET`.
pub type Operation = (String, String);

/// A function's handler.
pub struct Handler {
    /// The name of its binary.
    pub name: String,
    /// What it documents; `None` where it takes events.
    pub operations: Option<BTreeSet<Operation>>,
}

impl Handler {
    /// Those that are registered.
    ///
    /// # Errors
    /// When a part of the OpenAPI document cannot be serialised.
    pub fn registered() -> Result<Vec<Self>, String> {
        let handlers = registered().into_iter().map(|function| {
            let document = function.openapi().map(serde_json::to_value).transpose();
            let document = document.map_err(|error| format!("{}: {error}", function.name))?;
            Ok(Self {
                name: function.name.to_owned(),
                operations: document.map(|document| operations(&document).into_keys().collect()),
            })
        });
        handlers.collect()
    }
}

/// The operations of an OpenAPI document, each with its JSON.
pub fn operations(document: &Value) -> BTreeMap<Operation, Value> {
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

/// The template of this repository, with its nested stacks.
///
/// # Errors
/// What cannot be read, with its line.
pub fn system() -> Result<System, String> {
    let text = read(TEMPLATE)?;
    let parameters = parameters(&Keys::generate()?, None, BTreeMap::new());
    template::load(&text, &read, &parameters).map_err(|error| error.to_string())
}

/// Writes what follows from the template and the handlers: the OpenAPI and AsyncAPI documents, and the
/// binaries, routes and access keys that cargo and cargo-lambda need.
///
/// # Errors
/// What cannot be read or written.
pub fn generate() -> Result<(), String> {
    for (file, document) in [
        ("functions/platform/openapi.json", openapi::document()),
        ("functions/platform/asyncapi.json", asyncapi::document()),
    ] {
        write(file, &document.map_err(|error| error.to_string())?)?;
    }
    derive(&system()?, &Handler::registered()?)
}

/// Writes the binaries, and the services' parts of Cargo.toml.
pub(crate) fn derive(system: &System, handlers: &[Handler]) -> Result<(), String> {
    for (file, text) in derived::files(system, handlers)? {
        write(&file, &text)?;
    }
    Ok(())
}

/// All that is missing or differs, each with the file and what to write there.
///
/// # Errors
/// What cannot be read.
pub fn findings(system: &System, handlers: &[Handler]) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    let names: BTreeSet<&str> = (system.functions.iter().map(|function| &*function.name))
        .chain(handlers.iter().map(|handler| &*handler.name))
        .collect();
    for name in &names {
        match system.functions.iter().find(|f| f.name == *name) {
            None => {
                let file = template_of(system, service(name));
                findings.push(format!(
                    "{file} lacks `{name}`: add the function {} with `CodeUri: {}{name}/` and what starts it.",
                    pascal_case(name),
                    template::code_folder(file)
                ));
            }
            Some(function) => findings.extend(of_stanza(system, function, handlers)),
        }
        let count = handlers.iter().filter(|h| h.name == *name).count();
        if count != 1 {
            let service = service(name);
            findings.push(format!(
                "`{name}` is registered {count} times: its `FUNCTION` belongs once into `FUNCTIONS` in \
                 functions/{service}/src/lib.rs, and `FUNCTIONS` of each service into `registered()` in \
                 infra/local/src/lambda.rs."
            ));
        }
    }
    findings.extend(shared_roles(system));
    findings.extend(paths::findings(system, handlers));
    for (file, text) in derived::files(system, handlers)? {
        if read(&file).is_ok_and(|found| found == text) {
            continue;
        }
        findings.push(format!(
            "{file} is not what template.yaml and the handlers say; write it anew with `cargo run -- \
             generate`."
        ));
    }
    findings.extend(strays(&names)?);
    Ok(findings)
}

/// What the template says of a function.
fn of_stanza(system: &System, function: &Function, handlers: &[Handler]) -> Vec<String> {
    let Function {
        name, file, line, ..
    } = function;
    let logical_id = pascal_case(name);
    let http = (handlers.iter()).any(|h| h.name == *name && h.operations.is_some());
    let routed = (system.routes.iter()).any(|route| route.function == function.logical_id);
    let socket = (system.websocket.iter().flat_map(|api| api.routes.values()))
        .any(|target| *target == function.logical_id);
    let invoked = !function.schedules.is_empty() || !function.rules.is_empty();
    let dead_letters = function.async_invoke.dead_letters.is_some()
        && (function.schedules.iter().map(|s| &s.dead_letters))
            .chain(function.rules.iter().map(|r| &r.dead_letters))
            .all(Option::is_some);
    [
        (
            function.logical_id != logical_id,
            format!(
                "{file}:{line}: rename {} to {logical_id}, the PascalCase of its binary.",
                function.logical_id
            ),
        ),
        (
            http && !routed,
            format!(
                "template.yaml: no route leads to {logical_id}; add its path under Api, \
                 DefinitionBody, paths."
            ),
        ),
        (
            routed && !http,
            format!(
                "template.yaml: a route leads to {logical_id}, but `{name}` takes events; make it \
                 `Function::http` or take the route away."
            ),
        ),
        (
            !http && !socket && !invoked && function.mappings.is_empty(),
            format!(
                "{file}:{line}: nothing starts {logical_id}; give it `Events` (ScheduleV2, \
                 EventBridgeRule or DynamoDB) or a route of LiveApi."
            ),
        ),
        (
            invoked && !dead_letters,
            format!(
                "{file}:{line}: give {logical_id} a `DeadLetterQueue`, and each of its rules and \
                 schedules a `DeadLetterConfig`, or what fails is lost."
            ),
        ),
    ]
    .into_iter()
    .filter_map(|(found, finding)| found.then_some(finding))
    .collect()
}

/// Functions of a service with the same policies need one role: the first one's.
fn shared_roles(system: &System) -> Vec<String> {
    let statements = |function: &Function| -> BTreeSet<(BTreeSet<String>, BTreeSet<String>)> {
        let set = |texts: &[String]| texts.iter().cloned().collect();
        (function.policy.iter())
            .map(|statement| (set(&statement.actions), set(&statement.resources)))
            .collect()
    };
    let mut owners = BTreeMap::new();
    let mut findings = Vec::new();
    for function in system.functions.iter().filter(|f| f.can_share_role()) {
        let key = (service(&function.name), statements(function));
        let owner = *owners.entry(key).or_insert(function);
        if function.role != owner.role {
            findings.push(format!(
                "{}:{}: {} may do what {} may; write `Role: !GetAtt {}Role.Arn` in place of its policies.",
                function.file,
                function.line,
                function.logical_id,
                owner.logical_id,
                owner.logical_id
            ));
        }
    }
    findings
}

/// Binaries and samples of no function, and functions without a sample.
fn strays(names: &BTreeSet<&str>) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    let services: BTreeSet<&str> = names.iter().map(|name| service(name)).collect();
    for service in services {
        let directory = format!("functions/{service}/src/bin");
        for name in names_in(&directory, ".rs")? {
            if !names.contains(&*name) {
                findings.push(format!(
                    "{directory}/{name}.rs belongs to no function; delete or rename it."
                ));
            }
        }
    }
    let samples = names_in("events", ".json")?;
    for name in &samples {
        if !names.contains(&**name) {
            findings.push(format!(
                "events/{name}.json belongs to no function; delete or rename it."
            ));
        }
    }
    for name in names.iter().filter(|name| !samples.contains(**name)) {
        findings.push(format!(
            "events/{name}.json is missing: a sample of what AWS sends to `{name}`."
        ));
    }
    Ok(findings)
}

/// What a folder holds, without `suffix`; what has another suffix keeps it.
fn names_in(directory: &str, suffix: &str) -> Result<BTreeSet<String>, String> {
    let failed = |error: std::io::Error| format!("{directory}: {error}");
    let names = fs::read_dir(root().join(directory))
        .map_err(failed)?
        .map(|entry| {
            let name = entry
                .map_err(failed)?
                .file_name()
                .to_string_lossy()
                .into_owned();
            Ok(name
                .strip_suffix(suffix)
                .map_or_else(|| name.clone(), str::to_owned))
        });
    names.collect()
}

/// `rooms-meeting-url` → `RoomsMeetingUrl`
pub fn pascal_case(name: &str) -> String {
    name.split(['-', '_'])
        .flat_map(|word| {
            let (first, rest) = word.split_at(1.min(word.len()));
            [first.to_uppercase(), rest.to_owned()]
        })
        .collect()
}

/// `rooms` of `rooms-enroll`.
pub fn service(name: &str) -> &str {
    name.split('-').next().unwrap_or_default()
}

/// The template that a service's functions stand in.
pub fn template_of<'a>(system: &'a System, name: &str) -> &'a str {
    let mut functions = system.functions.iter();
    functions
        .find(|function| service(&function.name) == name)
        .map_or(TEMPLATE, |function| &function.file)
}

/// The binary of a function, by its logical id.
pub(crate) fn name_of<'a>(system: &'a System, logical_id: &'a str) -> &'a str {
    let function = system.function(logical_id);
    function.map_or(logical_id, |function| &function.name)
}

fn place(file: &str) -> PathBuf {
    root().join(Path::new(file))
}

/// A file of the repository.
pub(crate) fn read(file: &str) -> Result<String, String> {
    fs::read_to_string(place(file)).map_err(|error| format!("{file}: {error}"))
}

/// Writes a file of the repository, unless it is so already.
pub(crate) fn write(file: &str, text: &str) -> Result<(), String> {
    if read(file).is_ok_and(|found| found == text) {
        return Ok(());
    }
    fs::write(place(file), text).map_err(|error| format!("{file}: {error}"))
}
