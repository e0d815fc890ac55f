//! Every fault of a request at once, each with the rule it breaks.
//!
//! serde stops at the first fault, and garde starts only where serde is content. So a field that is wrong
//! is put right, with the example that its schema has, and the request is read again until it is all
//! right. What is sent is thereby checked by nothing but the code that reads it; the schema, which is the
//! public document's, only tells the rule.

use std::borrow::Cow;

use garde::Validate;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::{Error, FieldCode, FieldError};

/// The most faults that an answer names; a request that has more is not what it claims to be.
const MOST: usize = 32;

/// What a request looks like: the schema of its body, with the schemas that it refers to, or of its query.
pub(super) struct Shape {
    schema: Value,
    named: Map<String, Value>,
}

impl Shape {
    /// Of a body.
    pub fn of_body<T: ToSchema>() -> Self {
        let mut named = vec![];
        T::schemas(&mut named);
        let named = named
            .into_iter()
            .filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?)));
        Self {
            schema: serde_json::to_value(T::schema()).unwrap_or_default(),
            named: named.collect(),
        }
    }

    /// Of a query string.
    pub fn of_query(parameters: &[utoipa::openapi::path::Parameter]) -> Self {
        let mut properties = Map::new();
        for parameter in parameters {
            let parameter = serde_json::to_value(parameter).unwrap_or_default();
            let mut schema = parameter["schema"].clone();
            if let (Value::Object(schema), Some(example)) = (&mut schema, parameter.get("example"))
            {
                schema.insert("example".into(), example.clone());
            }
            if let Some(name) = parameter["name"].as_str() {
                properties.insert(name.to_owned(), schema);
            }
        }
        let properties = Value::Object(properties);
        Self {
            schema: serde_json::json!({"type": "object", "properties": properties}),
            named: Map::new(),
        }
    }

    /// The schema of a field by its path, `preferences.age_min` or `items[0].name`.
    fn field(&self, path: &str) -> Option<&Value> {
        let mut schema = self.resolved(&self.schema);
        for step in steps(path) {
            schema = self.resolved(match step {
                Step::Key(key) => schema.get("properties")?.get(key)?,
                Step::Index(_) => schema.get("items")?,
            });
        }
        Some(schema)
    }

    /// The schema itself behind a reference, and behind "or null".
    fn resolved<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        // As deep as schemas are nested.
        for _ in 0..8 {
            let alternatives = schema.get("oneOf").or_else(|| schema.get("anyOf"));
            let other = alternatives.and_then(Value::as_array);
            let other = other.and_then(|all| all.iter().find(|it| it["type"] != "null"));
            let name = schema.get("$ref").and_then(Value::as_str);
            let named = name.and_then(|name| self.named.get(name.rsplit('/').next()?));
            match other.or(named) {
                Some(inner) => schema = inner,
                None => break,
            }
        }
        schema
    }

    /// A value that the field takes.
    fn example(&self, schema: &Value) -> Option<Value> {
        if let Some(example) = schema.get("example") {
            return Some(example.clone());
        }
        if let Some(first) = schema.get("examples").and_then(|all| all.get(0)) {
            return Some(first.clone());
        }
        if let Some(first) = schema.get("enum").and_then(|all| all.get(0)) {
            return Some(first.clone());
        }
        let required = schema.get("required").and_then(Value::as_array);
        let properties = schema.get("properties").and_then(Value::as_object)?;
        let mut object = Map::new();
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            let property = self.resolved(properties.get(name)?);
            object.insert(name.to_owned(), self.example(property)?);
        }
        Some(Value::Object(object))
    }
}

/// A fault as serde or garde tells it.
pub(super) struct Fault {
    field: String,
    kind: Kind,
    /// What garde says of it.
    message: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Missing,
    Unknown,
    Invalid,
}

/// A request that was read and has rules of its own, or what is wrong with it: serde's one fault, or all
/// of garde's.
pub(super) fn checked<T: Validate<Context = ()>>(read: Result<T, Fault>) -> Result<T, Vec<Fault>> {
    let value = read.map_err(|fault| vec![fault])?;
    match value.validate() {
        Ok(()) => Ok(value),
        Err(report) => Err(report
            .iter()
            .map(|(path, error)| Fault {
                field: path.to_string(),
                kind: Kind::Invalid,
                message: Some(error.message().to_owned()),
            })
            .collect()),
    }
}

/// What serde says is wrong. It names a missing or an unknown field in its message only, with the path of
/// the object around it.
pub(super) fn fault<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> Fault {
    let message = error.inner().to_string();
    let quoted = |prefix: &str| {
        let rest = message.strip_prefix(prefix)?;
        rest.split('`').next().map(str::to_owned)
    };
    let (name, kind) = if let Some(name) = quoted("missing field `") {
        (name, Kind::Missing)
    } else if let Some(name) = quoted("unknown field `") {
        (name, Kind::Unknown)
    } else {
        (
            quoted("duplicate field `").unwrap_or_default(),
            Kind::Invalid,
        )
    };
    let path = error.path().to_string();
    let outer = if path == "." { "" } else { &path };
    let last = outer.rsplit('.').next().unwrap_or_default();
    Fault {
        field: match outer {
            "" => name,
            outer if name.is_empty() || last == name => outer.to_owned(),
            outer => format!("{outer}.{name}"),
        },
        kind,
        message: None,
    }
}

/// The error that names every fault of a request: the `first` that were found in it, and those that
/// `read` finds once these are put right.
pub(super) fn all(
    shape: &Shape,
    mut request: Value,
    first: Vec<Fault>,
    read: impl Fn(&Value) -> Result<(), Vec<Fault>>,
) -> Error {
    let mut found: Vec<FieldError> = Vec::new();
    let mut faults = first;
    while found.len() < MOST {
        let known = found.len();
        let mut repaired = true;
        for fault in faults {
            if found.iter().any(|other| other.field == fault.field) {
                continue;
            }
            let schema = shape.field(&fault.field);
            let example = schema.and_then(|schema| shape.example(schema));
            repaired &= put_right(&mut request, &fault, example);
            found.push(FieldError {
                rule: Some(match fault.kind {
                    Kind::Unknown => "unknown field".into(),
                    Kind::Missing | Kind::Invalid => rule(schema, fault.message),
                }),
                field: fault.field,
                code: match fault.kind {
                    Kind::Missing => FieldCode::MissingField,
                    Kind::Unknown | Kind::Invalid => FieldCode::Invalid,
                },
            });
        }
        // What cannot be put right hides the rest.
        if !repaired || found.len() == known {
            break;
        }
        match read(&request) {
            Ok(()) => break,
            Err(further) => faults = further,
        }
    }
    found.sort_by(|one, other| one.field.cmp(&other.field));
    Error::invalid_fields(found)
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    path.split(['.', '['])
        .filter(|step| !step.is_empty())
        .map(|step| match step.strip_suffix(']').map(str::parse) {
            Some(Ok(index)) => Step::Index(index),
            _ => Step::Key(step),
        })
}

/// Gives the faulty field its example, or takes the unknown one away; whether that was possible.
fn put_right(request: &mut Value, fault: &Fault, example: Option<Value>) -> bool {
    let mut steps: Vec<Step<'_>> = steps(&fault.field).collect();
    let last = steps.pop();
    let mut around = Some(request);
    for step in steps {
        around = around.and_then(|value| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(index),
        });
    }
    match (around, last, fault.kind) {
        (Some(Value::Object(object)), Some(Step::Key(key)), Kind::Unknown) => {
            object.remove(key).is_some()
        }
        (Some(Value::Object(object)), Some(Step::Key(key)), _) => match example {
            Some(example) => {
                object.insert(key.to_owned(), example);
                true
            }
            // Optional ones may do without.
            None => object.remove(key).is_some(),
        },
        (Some(Value::Array(items)), Some(Step::Index(index)), _) => {
            match (items.get_mut(index), example) {
                (Some(item), Some(example)) => *item = example,
                _ => return false,
            }
            true
        }
        _ => false,
    }
}

/// A field's rule in words: `8–128 characters`, `one of woman, man`, `a date such as 2026-11-21`.
fn rule(schema: Option<&Value>, message: Option<String>) -> Cow<'static, str> {
    // What garde's own rules say, the schema says better.
    let own = message.filter(|message| {
        let of_garde = ["length is ", "lower than ", "greater than "];
        !of_garde.iter().any(|start| message.starts_with(start))
    });
    match (schema.and_then(described), own) {
        (Some(described), Some(own)) if !described.contains(&own) => {
            format!("{described}, {own}").into()
        }
        (Some(described), _) => described.into(),
        (None, Some(own)) => own.into(),
        (None, None) => "another type".into(),
    }
}

fn described(schema: &Value) -> Option<String> {
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let choices: Vec<String> = choices
            .iter()
            .filter(|choice| !choice.is_null())
            .map(|choice| {
                choice
                    .as_str()
                    .map_or_else(|| choice.to_string(), str::to_owned)
            })
            .collect();
        return Some(format!("one of {}", choices.join(", ")));
    }
    let types = schema.get("type")?;
    let is = |name: &str| {
        *types == *name
            || types
                .as_array()
                .is_some_and(|all| all.contains(&name.into()))
    };
    let bound = |name: &str| schema.get(name).filter(|bound| bound.is_number());
    let range = |least: &str, most: &str| match (bound(least), bound(most)) {
        (Some(least), Some(most)) => Some(format!("{least}–{most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    };
    let such_as = || match schema.get("example") {
        Some(Value::String(example)) => format!(" such as {example}"),
        Some(example) => format!(" such as {example}"),
        None => String::new(),
    };
    if is("string") {
        let length = range("minLength", "maxLength").map(|range| format!("{range} characters"));
        let form = match schema.get("format").and_then(Value::as_str) {
            Some("date") => Some("a date"),
            Some("date-time") => Some("a time"),
            Some("uuid") => Some("an id"),
            Some("email" | "idn-email") => Some("an e-mail address"),
            Some("uri") => Some("an address"),
            _ => None,
        };
        return Some(match (form, length) {
            (Some(form), Some(length)) => format!("{form}{}, {length}", such_as()),
            (Some(form), None) => form.to_owned() + &such_as(),
            (None, Some(length)) => length,
            (None, None) => "text".to_owned() + &such_as(),
        });
    }
    if is("integer") || is("number") {
        let kind = if is("integer") {
            "a whole number"
        } else {
            "a number"
        };
        let range = range("minimum", "maximum").map(|range| format!(", {range}"));
        return Some(kind.to_owned() + &range.unwrap_or_default());
    }
    if is("boolean") {
        return Some("true or false".into());
    }
    if is("array") {
        let range = range("minItems", "maxItems").map(|range| format!(" of {range} items"));
        return Some("a list".to_owned() + &range.unwrap_or_default());
    }
    is("object").then(|| "an object".into())
}

#[cfg(test)]
mod tests;
