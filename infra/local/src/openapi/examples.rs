//! Examples of whole bodies, put together from those of their fields.

use serde_json::{Map, Value, json};

/// Gives every schema, request and answer that has no example of its own one that is put together.
pub fn complete(document: &mut Value) {
    let known = document.clone();
    let schemas = document["components"]["schemas"].as_object_mut();
    for schema in schemas.into_iter().flat_map(Map::values_mut) {
        if let (None, Some(example)) = (own(schema), example(&known, schema)) {
            schema["example"] = example;
        }
    }
    let paths = document["paths"].as_object_mut();
    let operations = paths
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    for operation in operations {
        if let Some(body) = operation.get_mut("requestBody") {
            complete_content(&known, body);
        }
        let responses = operation["responses"].as_object_mut();
        for response in responses.into_iter().flat_map(Map::values_mut) {
            complete_content(&known, response);
        }
    }
}

fn complete_content(document: &Value, message: &mut Value) {
    let content = message.get_mut("content").and_then(Value::as_object_mut);
    for media_type in content.into_iter().flat_map(Map::values_mut) {
        if let (None, Some(example)) = (
            media_type.get("example"),
            example(document, &media_type["schema"]),
        ) {
            media_type["example"] = example;
        }
    }
}

fn own(schema: &Value) -> Option<&Value> {
    let first = || schema.get("examples").and_then(|all| all.get(0));
    schema.get("example").or_else(first)
}

/// A value that a schema takes; `None` where a part that has to be there has no example.
pub fn example(document: &Value, schema: &Value) -> Option<Value> {
    if let Some(own) = own(schema) {
        return Some(own.clone());
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document, document.pointer(reference.strip_prefix('#')?)?);
    }
    if let Some(only) = schema.get("const").or_else(|| schema["enum"].get(0)) {
        return Some(only.clone());
    }
    if let Some(alternatives) = schema["oneOf"].as_array() {
        let first = alternatives.iter().find(|one| one["type"] != "null")?;
        return example(document, first);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        if let [one] = parts.as_slice() {
            return example(document, one);
        }
        let mut whole = Map::new();
        for part in parts {
            let Value::Object(fields) = example(document, part)? else {
                return None;
            };
            whole.extend(fields);
        }
        return Some(whole.into());
    }
    if let Some(properties) = schema["properties"].as_object() {
        let fields = properties.iter().map(|(name, property)| {
            let value = example(document, property)?;
            Some((name.clone(), value))
        });
        return fields.collect::<Option<Map<_, _>>>().map(Value::from);
    }
    match schema["type"].as_str()? {
        "array" => Some(json!([example(document, &schema["items"])?])),
        "boolean" => Some(true.into()),
        _ => None,
    }
}
