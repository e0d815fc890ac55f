//! The template's parameters, with the values that they are given, checked as CloudFormation checks them.

use std::collections::BTreeMap;

use regex_lite::Regex;

use super::{
    TemplateError,
    node::{Entry, Node, Value},
};

/// Everything about a parameter that is read, and what says nothing of its value.
const KNOWN: [&str; 10] = [
    "Type",
    "Default",
    "Description",
    "AllowedValues",
    "AllowedPattern",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
];

/// A parameter with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What was given, else the default.
    pub value: String,
    /// Whether that is a list, between commas.
    pub is_list: bool,
    /// What it is for.
    pub description: String,
    /// What it is unless something is given.
    pub default: Option<String>,
    /// Where it stands in the template.
    pub line: usize,
}

/// Reads `Parameters`; what is given comes before a default.
pub(super) fn read(
    template: &Node,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Parameter>, TemplateError> {
    let mut parameters = BTreeMap::new();
    let declared = template.get("Parameters");
    let entries = declared.map_or(Ok(&[] as &[Entry]), |node| node.entries("Parameters"))?;
    for entry in entries {
        let parameter = parameter(entry, given.get(&entry.key))?;
        parameters.insert(entry.key.clone(), parameter);
    }
    match given.keys().find(|name| !parameters.contains_key(*name)) {
        None => Ok(parameters),
        Some(name) => Err(TemplateError::new(
            declared.map_or(1, |node| node.line),
            format!("`{name}` was given but is no parameter."),
        )),
    }
}

fn parameter(entry: &Entry, given: Option<&String>) -> Result<Parameter, TemplateError> {
    let node = &entry.node;
    let what = format!("parameter `{}`", entry.key);
    node.only(&KNOWN, &what)?;
    let kind = node.require("Type", &what)?.literal().unwrap_or_default();
    if !["String", "Number", "CommaDelimitedList"].contains(&kind) {
        return Err(entry.error(format!(
            "{what} must be a String, a Number or a CommaDelimitedList."
        )));
    }
    let default = match node.get("Default") {
        Some(default) => Some(scalar(default, &what)?),
        None => None,
    };
    let Some(value) = given.or(default.as_ref()).cloned() else {
        return Err(entry.error(format!("{what} has no default and was not given.")));
    };
    let description = node.get("Description").and_then(Node::literal);
    let parameter = Parameter {
        value,
        is_list: kind == "CommaDelimitedList",
        description: description.unwrap_or_default().to_owned(),
        default,
        line: entry.line,
    };
    // What the template says itself is cfn-lint's to check.
    if given.is_some() && !is_allowed(node, &parameter, kind, &what)? {
        return Err(parameter.refused(&entry.key));
    }
    Ok(parameter)
}

fn is_allowed(
    node: &Node,
    parameter: &Parameter,
    kind: &str,
    what: &str,
) -> Result<bool, TemplateError> {
    let value = &*parameter.value;
    let bound = |key: &str| match node.get(key).map(|bound| scalar(bound, what)) {
        Some(text) => Ok(text?.parse::<f64>().ok()),
        None => Ok::<_, TemplateError>(None),
    };
    let within = |size: f64, least: &str, most: &str| {
        let (least, most) = (bound(least)?, bound(most)?);
        Ok::<_, TemplateError>(
            least.is_none_or(|least| least <= size) && most.is_none_or(|most| size <= most),
        )
    };
    if kind == "Number" {
        let Ok(number) = value.parse::<f64>() else {
            return Ok(false);
        };
        if !number.is_finite() || !within(number, "MinValue", "MaxValue")? {
            return Ok(false);
        }
    }
    #[allow(clippy::cast_precision_loss)]
    let length = value.chars().count() as f64;
    if !within(length, "MinLength", "MaxLength")? {
        return Ok(false);
    }
    let parts: Vec<&str> = match parameter.is_list {
        true => value.split(',').map(str::trim).collect(),
        false => vec![value],
    };
    if let Some(allowed) = node.get("AllowedValues") {
        let allowed = allowed.items(what)?.iter().map(|one| scalar(one, what));
        let allowed = allowed.collect::<Result<Vec<_>, _>>()?;
        if !parts
            .iter()
            .all(|part| allowed.iter().any(|one| one == part))
        {
            return Ok(false);
        }
    }
    if let Some(pattern) = node.get("AllowedPattern") {
        let whole = format!("^(?:{})$", scalar(pattern, what)?);
        let whole = Regex::new(&whole)
            .map_err(|error| pattern.error(format!("{what}: `AllowedPattern`: {error}.")))?;
        return Ok(parts.iter().all(|part| whole.is_match(part)));
    }
    Ok(true)
}

/// The text of a literal.
fn scalar(node: &Node, what: &str) -> Result<String, TemplateError> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(node.error(format!("{what}: only plain values are read here."))),
    }
}

impl Parameter {
    /// That the parameter, called `name`, cannot have its value, and what it could be.
    pub fn refused(&self, name: &str) -> TemplateError {
        let default = self.default.as_ref().filter(|default| !default.is_empty());
        let mut sentences = vec![format!("the parameter {name} cannot be `{}`.", self.value)];
        sentences.extend(Some(self.description.clone()).filter(|text| !text.is_empty()));
        sentences.extend(default.map(|default| format!("For example `{default}`.")));
        TemplateError::new(self.line, sentences.join(" "))
    }
}
