//! What the project's templates refer to: each to its own alone, and nothing to what waits for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cloud::{resources, templates},
    node::{Entry, Value},
    *,
};

/// A name that a template refers to, with what `GetAtt` wants of it, and where.
type Reference = (String, Option<String>, usize);

/// All references in a value.
fn references(node: &Node) -> Vec<Reference> {
    let of = |path: &str| {
        let (name, attribute) = path.split_once('.').unzip();
        let name = name.unwrap_or(path).to_owned();
        (name, attribute.map(str::to_owned), node.line)
    };
    match &node.value {
        Value::List(items) => items.iter().flat_map(references).collect(),
        Value::Map(entries) => entries.iter().flat_map(|e| references(&e.node)).collect(),
        Value::Call(call, argument) => match (call.as_str(), &argument.value) {
            ("Ref" | "GetAtt", Value::Text(path)) => vec![of(path)],
            ("Sub", Value::Text(text)) => {
                let names = text
                    .split("${")
                    .skip(1)
                    .filter_map(|rest| rest.split_once('}'));
                let names = names
                    .map(|(name, _)| name)
                    .filter(|name| !name.starts_with('!'));
                names.map(of).collect()
            }
            // A text with names of its own for some of what stands in it.
            ("Sub", Value::List(parts)) => {
                let [text, own] = &parts[..] else {
                    panic!("line {}: a text and its names are read", node.line);
                };
                let mut all = references(&Node {
                    value: Value::Call("Sub".to_owned(), Box::new(text.clone())),
                    line: node.line,
                });
                if let Value::Map(entries) = &own.value {
                    all.retain(|(name, ..)| entries.iter().all(|entry| entry.key != *name));
                }
                all.extend(references(own));
                all
            }
            ("GetAtt" | "Sub", _) => panic!("line {}: the short form is read", node.line),
            _ => references(argument),
        },
        _ => Vec::new(),
    }
}

/// What CloudFormation makes of a template, each with what it refers to. Of a function SAM makes its role as well, which
/// holds its policies, of an event and of a WebSocket's routes resources of their own, of an HTTP API its stage.
fn made(template: &Node) -> BTreeMap<String, Vec<Reference>> {
    let globals = template.get("Globals").map(references).unwrap_or_default();
    let mut made: BTreeMap<String, Vec<Reference>> = BTreeMap::new();
    for Entry { key: id, node, .. } in resources(template) {
        let kind = node.get("Type").and_then(Node::literal).unwrap();
        let is_function = kind == "AWS::Serverless::Function";
        let to = |name: &str| (name.to_owned(), None, node.line);
        let role = format!("{id}Role");
        let mut add = |name: &str, found: Vec<Reference>| {
            made.entry(name.to_owned()).or_default().extend(found);
        };
        match kind {
            "AWS::Serverless::HttpApi" => add(&format!("{id}ApiGatewayDefaultStage"), vec![to(id)]),
            "AWS::Serverless::Function" => {
                add(id, globals.clone());
                if node.get("Properties").unwrap().get("Role").is_none() {
                    add(id, vec![to(&role)]);
                    add(&role, globals.clone());
                }
            }
            _ => add(id, Vec::new()),
        }
        let properties = node.get("Properties").map(|it| it.entries("").unwrap());
        for property in properties.unwrap_or_default() {
            let found = references(&property.node);
            match property.key.as_str() {
                "Events" if is_function => {
                    for event in property.node.entries("").unwrap() {
                        let name = format!("{id}{}", event.key);
                        add(&name, references(&event.node));
                        add(&name, vec![to(id)]);
                    }
                }
                "Policies" if is_function => add(&role, found),
                "Routes" if kind == "AWS::Serverless::WebSocketApi" => {
                    add(&format!("{id}Routes"), found);
                }
                _ => add(id, found),
            }
        }
    }
    made
}

/// Something that waits for itself, where there is such a thing.
fn cycle(made: &BTreeMap<String, Vec<Reference>>) -> Option<&str> {
    let mut left: BTreeMap<&str, BTreeSet<&str>> = made
        .iter()
        .map(|(name, references)| {
            let names = references.iter().map(|(name, ..)| name.as_str());
            (
                &**name,
                names.filter(|name| made.contains_key(*name)).collect(),
            )
        })
        .collect();
    // What waits for nothing more is made, until there is no such thing.
    loop {
        let done = left.iter().find(|(_, waits_for)| waits_for.is_empty());
        let Some(done) = done.map(|(name, _)| *name) else {
            return left.keys().next().copied();
        };
        left.remove(done);
        for waits_for in left.values_mut() {
            waits_for.remove(done);
        }
    }
}

/// The names under a section of a template.
fn names(template: &Node, section: &str) -> BTreeSet<String> {
    let entries = template.get(section).map(|node| node.entries("").unwrap());
    entries
        .unwrap_or_default()
        .iter()
        .map(|entry| entry.key.clone())
        .collect()
}

#[test]
fn every_reference_is_to_something_of_its_own_template() {
    for (template, _) in templates(&project()) {
        let (made, parameters) = (made(&template), names(&template, "Parameters"));
        for (name, _, line) in references(&template) {
            let known = made.contains_key(&name) || parameters.contains(&name);
            assert!(known || name.starts_with("AWS::"), "line {line}: {name}");
        }
    }
}

#[test]
fn nothing_waits_for_itself() {
    for (template, _) in templates(&project()) {
        assert_eq!(cycle(&made(&template)), None);
    }
    // The boundary names a stream of the nested stack, so the stack cannot take the boundary.
    let text = project_text(TEMPLATE);
    let passed = "      Parameters:\n        StackName: !Ref AWS::StackName\n";
    let boundary = format!("{passed}        Boundary: !Ref FunctionBoundary\n");
    let around = text.replacen(passed, &boundary, 1);
    assert_ne!(around, text);
    assert!(cycle(&made(&node::tree(&around).unwrap())).is_some());
}

#[test]
fn a_nested_stack_gets_what_it_declares_and_its_parent_uses_what_it_gives() {
    let system = project();
    let parent = node::tree(&project_text(TEMPLATE)).unwrap();
    for (file, id) in &system.nested {
        let template = node::tree(&project_text(file)).unwrap();
        let stack = resources(&parent).iter().find(|entry| entry.key == *id);
        let passed = stack.unwrap().node.get("Properties").unwrap();
        let declared = names(&template, "Parameters");
        assert_eq!(names(passed, "Parameters"), declared, "{file}");
        for parameter in template.get("Parameters").unwrap().entries("").unwrap() {
            // One that nobody passes would go unnoticed, with another value than the parent's.
            assert!(parameter.node.get("Default").is_none(), "{}", parameter.key);
        }
        let used: BTreeSet<String> = references(&parent)
            .into_iter()
            .filter(|(name, ..)| name == id)
            .filter_map(|(_, attribute, _)| Some(attribute?.strip_prefix("Outputs.")?.to_owned()))
            .collect();
        assert_eq!(used, names(&template, "Outputs"), "{file}");
    }
}

#[test]
fn a_nested_stacks_functions_have_the_globals_of_the_others_and_the_parents_name() {
    let system = project();
    let globals = |file: &str| {
        let text = project_text(file);
        let (_, globals) = text.split_once("\nGlobals:\n").unwrap();
        globals.split_once("\nResources:\n").unwrap().0.to_owned()
    };
    for file in system.nested.keys() {
        let name = globals(TEMPLATE).replace("!Ref AWS::StackName", "!Ref StackName");
        assert_eq!(globals(file), name, "{file}");
        let text = project_text(file);
        // Its own name is one that CloudFormation makes up.
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        for line in code {
            assert!(!line.contains("AWS::StackName"), "{file}: {line}");
        }
    }
}
