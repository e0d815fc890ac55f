//! Reads the HTTP API: its routes from `DefinitionBody`, its CORS from `CorsConfiguration`.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;

use super::node::{Entry, Node};
use super::resolve::Resolver;
use super::{Cors, DEFAULT_ROUTE, Function, Route, TemplateError, resources};

const INTEGRATION: &str = "x-amazon-apigateway-integration";
const ANY_METHOD: &str = "x-amazon-apigateway-any-method";

/// Reads one `AWS::Serverless::HttpApi`.
pub(super) fn read(
    resource: &Entry,
    functions: &[Function],
    resolver: &Resolver,
) -> Result<(Vec<Route>, Option<Cors>), TemplateError> {
    let what = format!("API `{}`", resource.key);
    let node = resources::properties(resource);
    node.without(
        &[
            "Auth",
            "DefinitionUri",
            "Domain",
            "PropagateTags",
            "StageName",
        ],
        &what,
    )?;
    let body = node.require("DefinitionBody", &what)?;
    let mut routes: Vec<Route> = Vec::new();
    let mut taken: BTreeMap<(String, String), usize> = BTreeMap::new();
    for path in body.require("paths", &what)?.entries(&what)? {
        for method in path.node.entries(&format!("path `{}`", path.key))? {
            let route = route(path, method, functions, resolver)?;
            let key = (
                route
                    .method
                    .as_ref()
                    .map_or("ANY", Method::as_str)
                    .to_owned(),
                shape(&route.path),
            );
            if let Some(line) = taken.insert(key, route.line) {
                return Err(method.error(format!(
                    "the route {} `{}` stands on line {line} already.",
                    method.key, path.key
                )));
            }
            routes.push(route);
        }
    }
    let cors = node
        .get("CorsConfiguration")
        .map(|c| cors(c, resolver))
        .transpose()?;
    Ok((routes, cors))
}

fn route(
    path: &Entry,
    method: &Entry,
    functions: &[Function],
    resolver: &Resolver,
) -> Result<Route, TemplateError> {
    let what = format!("route {} `{}`", method.key, path.key);
    check_path(path)?;
    let verb = match method.key.as_str() {
        "get" => Some(Method::GET),
        "put" => Some(Method::PUT),
        "post" => Some(Method::POST),
        "patch" => Some(Method::PATCH),
        "delete" => Some(Method::DELETE),
        "head" => Some(Method::HEAD),
        "options" => Some(Method::OPTIONS),
        ANY_METHOD => None,
        other => return Err(method.error(format!("path `{}`: no method is `{other}`.", path.key))),
    };
    let is_default = path.key.trim_start_matches('/') == DEFAULT_ROUTE;
    if is_default && verb.is_some() {
        return Err(method.error(format!("`{DEFAULT_ROUTE}` takes `{ANY_METHOD}` only.")));
    }
    method.node.only(
        &["isDefaultRoute", "parameters", "responses", INTEGRATION],
        &what,
    )?;
    check_declared(path, method, &what, resolver)?;
    let integration = method
        .node
        .get(INTEGRATION)
        .ok_or_else(|| method.error(format!("{what} has no `{INTEGRATION}`.")))?;
    integration.only(
        &[
            "type",
            "httpMethod",
            "payloadFormatVersion",
            "credentials",
            "uri",
        ],
        &what,
    )?;
    for (key, expected) in [
        ("type", "aws_proxy"),
        ("httpMethod", "POST"),
        ("payloadFormatVersion", "2.0"),
    ] {
        let value = integration.require(key, &what)?;
        if resolver.text(value, &what)? != expected {
            return Err(value.error(format!("{what}: `{key}` must be `{expected}`.")));
        }
    }
    // Without it the gateway may not call the function and answers 500.
    integration.require("credentials", &what)?;
    let uri_node = integration.require("uri", &what)?;
    let uri = resolver.text(uri_node, &what)?;
    let function = uri
        .rsplit_once("/functions/")
        .and_then(|(_, rest)| rest.strip_suffix("/invocations"))
        .and_then(|arn| functions.iter().find(|f| f.arn == arn));
    match function {
        Some(function) => Ok(Route {
            method: verb,
            path: if is_default {
                DEFAULT_ROUTE.to_owned()
            } else {
                path.key.clone()
            },
            function: function.logical_id.clone(),
            line: method.line,
        }),
        None => Err(uri_node.error(format!("{what}: `uri` names no function of this template."))),
    }
}

/// OpenAPI wants every variable, with its type, and the responses declared. API Gateway warns otherwise, and
/// `FailOnWarnings` turns that into a deployment that fails.
fn check_declared(
    path: &Entry,
    method: &Entry,
    what: &str,
    resolver: &Resolver,
) -> Result<(), TemplateError> {
    method.node.require("responses", what)?;
    let mut declared = BTreeSet::new();
    if let Some(parameters) = method.node.get("parameters") {
        for parameter in parameters.items(what)? {
            parameter.require("schema", what)?.require("type", what)?;
            declared.insert(resolver.text(parameter.require("name", what)?, what)?);
        }
    }
    let variables: BTreeSet<String> = path
        .key
        .split('/')
        .filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'))
        .map(str::to_owned)
        .collect();
    match variables.symmetric_difference(&declared).next() {
        None => Ok(()),
        Some(name) => Err(method.error(format!(
            "{what}: `{name}` must stand in the path and in `parameters`."
        ))),
    }
}

/// API Gateway drops or refuses route keys that end in a slash, and a greedy variable comes last.
fn check_path(path: &Entry) -> Result<(), TemplateError> {
    let key = path.key.as_str();
    if key.trim_start_matches('/') == DEFAULT_ROUTE {
        return Ok(());
    }
    if !key.starts_with('/') {
        return Err(path.error(format!("path `{key}` must begin with a slash.")));
    }
    if key.len() > 1 && key.ends_with('/') {
        return Err(path.error(format!(
            "path `{key}` ends in a slash, which API Gateway does not take."
        )));
    }
    let mut names = BTreeSet::new();
    let segments: Vec<&str> = key.split('/').skip(1).collect();
    for (position, segment) in segments.iter().enumerate() {
        let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
            if segment.contains(['{', '}']) || (segment.is_empty() && key != "/") {
                return Err(path.error(format!("path `{key}`: `{segment}` is no whole segment.")));
            }
            continue;
        };
        if name.ends_with('+') && position + 1 != segments.len() {
            return Err(path.error(format!("path `{key}`: `{segment}` must come last.")));
        }
        if !names.insert(name.trim_end_matches('+')) {
            return Err(path.error(format!("path `{key}` has `{segment}` twice.")));
        }
    }
    Ok(())
}

/// The path without its variables' names: two routes of one shape would be the same route.
fn shape(path: &str) -> String {
    let segment = |segment: &str| match (segment.starts_with('{'), segment.ends_with("+}")) {
        (true, true) => "{+}".to_owned(),
        (true, false) => "{}".to_owned(),
        _ => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn cors(node: &Node, resolver: &Resolver) -> Result<Cors, TemplateError> {
    let what = "CorsConfiguration";
    node.only(
        &[
            "AllowOrigins",
            "AllowMethods",
            "AllowHeaders",
            "ExposeHeaders",
            "AllowCredentials",
            "MaxAge",
        ],
        what,
    )?;
    let list = |key: &str| match node.get(key) {
        Some(list) => resolver.texts(list, key),
        None => Ok(Vec::new()),
    };
    let cors = Cors {
        allow_origins: list("AllowOrigins")?,
        allow_methods: list("AllowMethods")?,
        allow_headers: list("AllowHeaders")?,
        expose_headers: list("ExposeHeaders")?,
        allow_credentials: match node.get("AllowCredentials") {
            Some(flag) => resolver.flag(flag, what)?,
            None => false,
        },
        max_age_s: node
            .get("MaxAge")
            .map(|age| resolver.number(age, what))
            .transpose()?,
    };
    if cors.allow_credentials && cors.allow_origins.iter().any(|origin| origin == "*") {
        return Err(node.error(format!(
            "{what}: cookies cannot be allowed to every origin."
        )));
    }
    Ok(cors)
}
