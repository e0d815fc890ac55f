//! The paths: OpenAPI, the template's routes, cargo-lambda's routes.

use std::collections::{BTreeMap, BTreeSet};

use enishi_local::template::DEFAULT_ROUTE;

use super::{Findings, Operation, crates, documented, name_of, pascal_case, routes};
use crate::support::{World, text};

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
