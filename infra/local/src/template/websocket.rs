//! Reads the WebSocket API: its stage, how a message names its route, and its routes.
//!
//! Access logs and throttling are ignored, as the HTTP API's are.

use std::collections::BTreeMap;

use super::node::{Entry, Node};
use super::resolve::Resolver;
use super::{Function, TemplateError, WebSocketApi, resources};

/// What is read, and what changes nothing here.
const PROPERTIES: [&str; 9] = [
    "Routes",
    "RouteSelectionExpression",
    "StageName",
    "AccessLogSettings",
    "DefaultRouteSettings",
    "Description",
    "Name",
    "PropagateTags",
    "Tags",
];
/// SAM's own, where `StageName` is missing.
const DEFAULT_STAGE: &str = "default";
const SPECIAL_ROUTES: [&str; 3] = ["$connect", "$disconnect", "$default"];

/// Reads one `AWS::Serverless::WebSocketApi`.
pub(super) fn read(
    resource: &Entry,
    functions: &[Function],
    resolver: &Resolver,
) -> Result<WebSocketApi, TemplateError> {
    let what = format!("WebSocket API `{}`", resource.key);
    let node = resources::properties(resource);
    node.only(&PROPERTIES, &what)?;
    let expression = node.require("RouteSelectionExpression", &what)?;
    let text = resolver.text(expression, &what)?;
    let selection = text
        .strip_prefix("$request.body.")
        .filter(|member| is_word(member, "_-"))
        .ok_or_else(|| {
            expression.error(format!(
                "{what}: `RouteSelectionExpression` must be `$request.body.<member>`."
            ))
        })?;
    let routes = routes(node.require("Routes", &what)?, &what, functions, resolver)?;
    Ok(WebSocketApi {
        logical_id: resource.key.clone(),
        stage: stage(node, &what, resolver)?,
        selection: selection.to_owned(),
        routes,
        line: resource.line,
    })
}

fn stage(node: &Node, what: &str, resolver: &Resolver) -> Result<String, TemplateError> {
    let Some(name) = node.get("StageName") else {
        return Ok(DEFAULT_STAGE.to_owned());
    };
    let stage = resolver.text(name, what)?;
    match is_word(&stage, "_-") {
        true => Ok(stage),
        false => Err(name.error(format!("{what}: no stage can be named `{stage}`."))),
    }
}

fn routes(
    node: &Node,
    what: &str,
    functions: &[Function],
    resolver: &Resolver,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut routes = BTreeMap::new();
    let mut logical_ids: BTreeMap<String, &str> = BTreeMap::new();
    for route in node.entries(what)? {
        let key = route.key.as_str();
        if !SPECIAL_ROUTES.contains(&key) && !is_word(key, "") {
            return Err(route.error(format!(
                "{what}: the route key `{key}` must be letters and digits, or one of {}.",
                SPECIAL_ROUTES.join(", ")
            )));
        }
        // SAM names a route's resources after its key, capitalised and without the `$`.
        let logical_id = key.trim_start_matches('$').to_ascii_lowercase();
        if let Some(other) = logical_ids.insert(logical_id, key) {
            return Err(route.error(format!(
                "{what}: the route `{key}` would get the logical id of `{other}`."
            )));
        }
        route.node.only(&["FunctionArn"], what)?;
        let arn_node = route.node.require("FunctionArn", what)?;
        let arn = resolver.text(arn_node, what)?;
        let function = functions.iter().find(|function| function.arn == arn);
        let function = function.ok_or_else(|| {
            arn_node.error(format!(
                "{what}: `FunctionArn` of the route `{key}` names no function of this template."
            ))
        })?;
        routes.insert(key.to_owned(), function.logical_id.clone());
    }
    if routes.is_empty() {
        return Err(node.error(format!("{what} has no routes.")));
    }
    Ok(routes)
}

/// Letters, digits and `others`, at least one of them.
fn is_word(text: &str, others: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}
