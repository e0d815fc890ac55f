//! Reads functions, `Globals.Function` merged in.

use std::collections::BTreeMap;

use super::node::{Entry, Node, Value};
use super::resolve::Resolver;
use super::{AsyncInvoke, Function, Retry, TemplateError, events, policy, resources};

/// Where a function's built binary lies; the part after it is the binary's name.
const CODE: &str = "target/lambda/";

/// What would change who may call the function, what it may do or what code it is.
const REFUSED: [&str; 7] = [
    "Role",
    "FunctionUrlConfig",
    "DeadLetterQueue",
    "InlineCode",
    "ImageUri",
    "ImageConfig",
    "PackageType",
];

/// Reads `Globals`; other sections than `Function` are refused.
pub(super) fn globals(template: &Node) -> Result<Option<&Node>, TemplateError> {
    match template.get("Globals") {
        Some(globals) => {
            globals.only(&["Function"], "Globals")?;
            Ok(globals.get("Function"))
        }
        None => Ok(None),
    }
}

/// Reads one function.
pub(super) fn function(
    resource: &Entry,
    globals: Option<&Node>,
    resolver: &Resolver,
    tables: &[super::Table],
) -> Result<Function, TemplateError> {
    let id = &resource.key;
    let what = format!("function `{id}`");
    let own = resources::properties(resource);
    let node = globals.map_or_else(|| own.clone(), |globals| merge(globals, own));
    node.without(&REFUSED, &what)?;
    let code = node.get("CodeUri").ok_or_else(|| {
        resource.error(format!("{what} has no `CodeUri`, which names its binary."))
    })?;
    let code_uri = resolver.text(code, &what)?;
    let name = code_uri
        .strip_prefix(CODE)
        .map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let Some(name) = name.filter(|name| !name.is_empty() && !name.contains('/')) else {
        return Err(code.error(format!("{what}: `CodeUri` must be `{CODE}<binary>/`.")));
    };
    let number = |key: &str, otherwise: u32| match node.get(key) {
        Some(value) => resolver.number(value, &format!("`{key}` of `{id}`")),
        None => Ok(otherwise),
    };
    let mut function = Function {
        logical_id: id.clone(),
        name: name.to_owned(),
        arn: resources::function_arn(id),
        memory_mb: number("MemorySize", 128)?,
        timeout_s: number("Timeout", 3)?,
        environment: environment(&node, &what, resolver)?,
        policy: match node.get("Policies") {
            Some(policies) => policy::read(policies, &what, resolver)?,
            None => Vec::new(),
        },
        async_invoke: async_invoke(&node, &what, resolver)?,
        schedules: Vec::new(),
        rules: Vec::new(),
        mappings: Vec::new(),
        line: resource.line,
    };
    if let Some(declared) = node.get("Events") {
        events::read(declared, &mut function, resolver, tables)?;
    }
    Ok(function)
}

fn environment(
    node: &Node,
    what: &str,
    resolver: &Resolver,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let Some(variables) = node.get("Environment").and_then(|e| e.get("Variables")) else {
        return Ok(BTreeMap::new());
    };
    variables
        .entries(what)?
        .iter()
        .map(|e| {
            Ok((
                e.key.clone(),
                resolver.text(&e.node, &format!("`{}` of {what}", e.key))?,
            ))
        })
        .collect()
}

/// Lambda's defaults: two more attempts within six hours, then the event is lost.
fn async_invoke(
    node: &Node,
    what: &str,
    resolver: &Resolver,
) -> Result<AsyncInvoke, TemplateError> {
    let mut invoke = AsyncInvoke {
        retry: Retry {
            attempts: 2,
            max_age_s: 21_600,
        },
        on_failure: None,
    };
    if let Some(config) = node.get("EventInvokeConfig") {
        let known = [
            "MaximumRetryAttempts",
            "MaximumEventAgeInSeconds",
            "DestinationConfig",
        ];
        config.only(&known, what)?;
        invoke.retry = events::retry(config, invoke.retry, what, resolver)?;
        invoke.on_failure = events::on_failure(config, what, resolver)?;
    }
    Ok(invoke)
}

/// As SAM merges `Globals`: maps key by key, lists one after the other, else the function's own.
fn merge(global: &Node, own: &Node) -> Node {
    let value = match (&global.value, &own.value) {
        (Value::Map(global), Value::Map(own)) => {
            let mut merged = global.clone();
            for entry in own {
                match merged.iter_mut().find(|e| e.key == entry.key) {
                    Some(found) => {
                        *found = Entry {
                            node: merge(&found.node, &entry.node),
                            ..entry.clone()
                        };
                    }
                    None => merged.push(entry.clone()),
                }
            }
            Value::Map(merged)
        }
        (Value::List(global), Value::List(own)) => {
            Value::List(global.iter().chain(own).cloned().collect())
        }
        _ => own.value.clone(),
    };
    Node {
        line: own.line,
        value,
    }
}
