//! A function's places: template, registration, binary, access key, sample event.

use std::{collections::BTreeSet, fs};

use enishi_local::{
    lambda::registered,
    stack::root,
    template::{Function, System},
};

use super::{Findings, crates, documented, pascal_case};
use crate::support::World;

fn is_started_by_events(system: &System, function: &Function) -> bool {
    let mut messages = system.websocket.iter().flat_map(|api| api.routes.values());
    messages.any(|logical_id| *logical_id == function.logical_id)
        || !(function.schedules.is_empty()
            && function.rules.is_empty()
            && function.mappings.is_empty())
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
                    http || is_started_by_events(system, function),
                    format!(
                        "template.yaml:{}: nothing starts {logical_id}; give it `Events` \
                         (ScheduleV2, EventBridgeRule or DynamoDB) or a route of LiveApi.",
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
