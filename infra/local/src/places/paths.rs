//! The paths: those that the handlers document, the template's routes and cargo-lambda's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Handler, Operation, name_of, pascal_case};
use crate::template::{DEFAULT_ROUTE, System};

/// What a handler documents, with the template's routes that must lead to it. API Gateway takes no path
/// that ends in a slash: `/register/` arrives at `/register/{proxy+}`, and so does what a variable takes
/// at this place. `/register` is there for those who leave it away.
fn needed(
    (path, method): &Operation,
    name: &str,
    routes: &BTreeMap<Operation, &str>,
) -> Vec<Operation> {
    let (parent, last) = path.rsplit_once('/').unwrap_or_default();
    let direct = (path.clone(), method.clone());
    let bare = (parent.to_owned(), method.clone());
    let proxy = (format!("{parent}/{{proxy+}}"), method.clone());
    let by_proxy = last.starts_with('{')
        && !routes.contains_key(&direct)
        && routes.get(&proxy).is_some_and(|function| *function == name);
    match (last.is_empty(), by_proxy) {
        (true, _) => vec![bare, proxy],
        (false, true) => vec![proxy],
        (false, false) => vec![direct],
    }
}

/// The routes of cargo-lambda's own router, which knows slashes.
pub(super) fn watched(handlers: &[Handler]) -> BTreeMap<Operation, &str> {
    let mut watched = BTreeMap::new();
    for handler in handlers {
        for (path, method) in handler.operations.iter().flatten() {
            if let Some(bare) = path.strip_suffix('/') {
                watched.insert((bare.to_owned(), method.clone()), &*handler.name);
            }
            watched.insert((path.clone(), method.clone()), &*handler.name);
        }
    }
    watched
}

/// Where the template's routes and the documented paths differ.
pub(super) fn findings(system: &System, handlers: &[Handler]) -> Vec<String> {
    let mut findings = Vec::new();
    let (default, routes): (Vec<_>, Vec<_>) =
        (system.routes.iter()).partition(|route| route.path == DEFAULT_ROUTE);
    let routes: BTreeMap<Operation, &str> = routes
        .into_iter()
        .map(|route| {
            let method = route.method.as_ref().map_or("ANY", http::Method::as_str);
            let name = name_of(system, &route.function);
            ((route.path.clone(), method.to_owned()), name)
        })
        .collect();
    let mut covered = BTreeSet::new();
    for handler in handlers {
        let name = &handler.name;
        for operation in handler.operations.iter().flatten() {
            for route in needed(operation, name, &routes) {
                let leads_to = routes.get(&route);
                if leads_to.is_none_or(|function| function != name) {
                    findings.push(format!(
                        "template.yaml: `{name}` documents {} {}; lead {} {} under Api, DefinitionBody, \
                         paths to {} ({}).",
                        operation.1,
                        operation.0,
                        route.1.to_lowercase(),
                        route.0,
                        pascal_case(name),
                        leads_to.map_or_else(
                            || "there is no such route".to_owned(),
                            |other| format!("it leads to `{other}`")
                        ),
                    ));
                }
                covered.insert(route);
            }
        }
    }
    for (route, name) in &routes {
        if !covered.contains(route) {
            let (path, method) = route;
            findings.push(format!(
                "template.yaml leads {method} {path} to `{name}`, which documents no such path; add it \
                 to the handler's `#[utoipa::path]` or take the route away."
            ));
        }
    }
    if !matches!(default[..], [route] if name_of(system, &route.function) == "platform-fallback") {
        findings.push("template.yaml: lead /$default to PlatformFallback, once.".to_owned());
    }
    findings
}
