//! Reads functions, `Globals.Function` merged in.

use std::collections::BTreeMap;

use super::node::{Entry, Node, Value};
use super::resolve::Resolver;
use super::{AsyncInvoke, Function, Retry, TemplateError, events, nested, policy, resources};

/// What would change who may call the function, what it may do or what code it is.
const REFUSED: [&str; 5] = [
    "FunctionUrlConfig",
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
    part: &nested::Part<'_>,
    tables: &[super::Table],
) -> Result<Function, TemplateError> {
    let id = &resource.key;
    let resolver = &part.resolver;
    let what = format!("function `{id}`");
    let own = resources::properties(resource);
    let node = part
        .globals
        .map_or_else(|| own.clone(), |globals| merge(globals, own));
    node.without(&REFUSED, &what)?;
    let code = node.get("CodeUri").ok_or_else(|| {
        resource.error(format!("{what} has no `CodeUri`, which names its binary."))
    })?;
    let code_uri = resolver.text(code, &what)?;
    let folder = super::code_folder(&part.file);
    let name = code_uri
        .strip_prefix(&folder)
        .map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let Some(name) = name.filter(|name| !name.is_empty() && !name.contains('/')) else {
        return Err(code.error(format!("{what}: `CodeUri` must be `{folder}<binary>/`.")));
    };
    let number = |key: &str, otherwise: u32| match node.get(key) {
        Some(value) => resolver.number(value, &format!("`{key}` of `{id}`")),
        None => Ok(otherwise),
    };
    let role = match (node.get("Role"), node.get("Policies")) {
        (None, _) => resources::role_arn(id),
        (Some(role), None) => resolver.text(role, &what)?,
        (Some(role), Some(_)) => {
            return Err(role.error(format!(
                "{what}: SAM ignores `Policies` beside a `Role`; write one of them."
            )));
        }
    };
    let mut function = Function {
        logical_id: id.clone(),
        name: name.to_owned(),
        arn: resources::function_arn(id),
        role,
        memory_mb: number("MemorySize", 128)?,
        timeout_s: number("Timeout", 3)?,
        environment: environment(&node, &what, resolver)?,
        given: given(&node, resolver),
        policy: match node.get("Policies") {
            Some(policies) => policy::read(policies, &what, resolver)?,
            None => Vec::new(),
        },
        async_invoke: async_invoke(&node, &what, resolver)?,
        schedules: Vec::new(),
        rules: Vec::new(),
        mappings: Vec::new(),
        file: part.file.clone(),
        line: resource.line,
    };
    if let Some(declared) = node.get("Events") {
        events::read(declared, &mut function, resolver, tables)?;
    }
    Ok(function)
}

/// Gives each function that has a sibling's role that one's statements.
pub(super) fn share_roles(functions: &mut [Function]) -> Result<(), TemplateError> {
    let owners: BTreeMap<String, Function> = functions
        .iter()
        .filter(|function| function.role == resources::role_arn(&function.logical_id))
        .map(|function| (function.role.clone(), function.clone()))
        .collect();
    for function in functions {
        let what = format!("function `{}`", function.logical_id);
        let error = |sentence| Err(function.error(sentence));
        let Some(owner) = owners.get(&function.role) else {
            return error(format!(
                "{what}: its `Role` is none that SAM generates for a function of this template."
            ));
        };
        if owner.logical_id == function.logical_id {
            continue;
        }
        if let Some(other) = [&*function, owner]
            .into_iter()
            .find(|f| !f.can_share_role())
        {
            return error(format!(
                "{what}: `{}` has dead letters or reads a stream, for which SAM widens a role; such a \
                 role cannot be shared.",
                other.logical_id
            ));
        }
        function.policy.clone_from(&owner.policy);
    }
    Ok(())
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

/// The variables that are a parameter's value, with its name.
fn given(node: &Node, resolver: &Resolver) -> BTreeMap<String, String> {
    let variables = node.get("Environment").and_then(|e| e.get("Variables"));
    let Some(Value::Map(variables)) = variables.map(|variables| &variables.value) else {
        return BTreeMap::new();
    };
    let given = variables.iter().filter_map(|entry| {
        let name = resolver.parameter(&entry.node)?;
        Some((entry.key.clone(), name.to_owned()))
    });
    given.collect()
}

/// Lambda's defaults: two more attempts within six hours, then the event is lost.
fn async_invoke(
    node: &Node,
    what: &str,
    resolver: &Resolver,
) -> Result<AsyncInvoke, TemplateError> {
    let mut retry = Retry {
        attempts: 2,
        max_age_s: 21_600,
    };
    // Where the event goes then is said once, by the `DeadLetterQueue`.
    if let Some(config) = node.get("EventInvokeConfig") {
        config.only(&["MaximumRetryAttempts", "MaximumEventAgeInSeconds"], what)?;
        retry = events::retry(config, retry, what, resolver)?;
    }
    let dead_letters = match node.get("DeadLetterQueue") {
        Some(queue) => Some(events::sqs(queue, "TargetArn", what, resolver)?),
        None => None,
    };
    Ok(AsyncInvoke {
        retry,
        dead_letters,
    })
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
