//! What stands in several places stands there alike: template.yaml, the registered functions, their
//! binaries, cargo-lambda's routes and access keys, the OpenAPI document and the sample events.
//! Each failure says what to write where.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    path::Path,
    process::Command,
};

use enishi_local::{
    lambda::registered,
    stack::root,
    template::{DEFAULT_ROUTE, System},
};
use serde_json::Value;

use crate::support::text;

mod document;
mod paths;
mod places;
pub mod samples;

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
