//! Turns `Ref`, `GetAtt` and one-string `Sub` into text.
//!
//! The names and ARNs of resources come from [`super::resources`], the outputs of nested stacks from
//! [`super::nested`]; a reference to a resource that is not read (a role, an alarm) is an error here, for nothing
//! that runs may depend on it.

use std::collections::{BTreeMap, BTreeSet};

use super::node::{Node, Value};
use super::{ACCOUNT, Parameter, REGION, TemplateError};

/// Everything a reference may name.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    /// What `Ref` gives.
    refs: BTreeMap<String, String>,
    /// What `GetAtt` gives, under `Name.Attribute`; of an output perhaps why it cannot be read.
    attributes: BTreeMap<String, Result<String, TemplateError>>,
    /// Parameters whose value is a list.
    lists: BTreeSet<String>,
    /// The system's parameters, by what they are called here.
    origins: BTreeMap<String, String>,
    /// Resources that are not read, with their type.
    ignored: BTreeMap<String, String>,
}

impl Resolver {
    /// What every template may refer to. A stack's name is the parent's alone: a nested stack has one of its own.
    pub fn new() -> Self {
        let refs = [
            ("AWS::Region", REGION),
            ("AWS::AccountId", ACCOUNT),
            ("AWS::Partition", "aws"),
            ("AWS::URLSuffix", "amazonaws.com"),
        ];
        let refs = refs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            refs: refs.into(),
            attributes: BTreeMap::new(),
            lists: BTreeSet::new(),
            origins: BTreeMap::new(),
            ignored: BTreeMap::new(),
        }
    }

    /// Makes `Ref` to a parameter give its value.
    pub fn take(&mut self, name: &str, parameter: &Parameter) {
        if parameter.is_list {
            self.lists.insert(name.to_owned());
        }
        self.define(name, &parameter.value);
    }

    /// Makes `Ref` to `name` give `value`.
    pub fn define(&mut self, name: &str, value: &str) {
        self.refs.insert(name.to_owned(), value.to_owned());
    }

    /// Makes `GetAtt name.attribute` give `value`.
    pub fn define_attribute(&mut self, name: &str, attribute: &str, value: &str) {
        self.attributes
            .insert(format!("{name}.{attribute}"), Ok(value.to_owned()));
    }

    /// Makes `GetAtt stack.Outputs.name` give `value`, or say why that cannot be read.
    pub fn define_output(&mut self, stack: &str, name: &str, value: Result<String, TemplateError>) {
        self.attributes
            .insert(format!("{stack}.Outputs.{name}"), value);
    }

    /// Notes which of the system's parameters the one called `name` here is.
    pub fn originate(&mut self, name: &str, parameter: &str) {
        self.origins.insert(name.to_owned(), parameter.to_owned());
    }

    /// The system's parameter that a `Ref` is to.
    pub fn parameter(&self, node: &Node) -> Option<&str> {
        match &node.value {
            Value::Call(call, name) if call == "Ref" => {
                self.origins.get(name.literal()?).map(String::as_str)
            }
            _ => None,
        }
    }

    /// Notes a resource that is not read, for a clearer error. Of a CDN's distribution the host
    /// name can still be had: what it serves has an address of its own here, which replaces it.
    pub fn ignore(&mut self, name: &str, kind: &str) {
        if kind == "AWS::CloudFront::Distribution" {
            let host = format!("{}.cloudfront.net", name.to_lowercase());
            self.define_attribute(name, "DomainName", &host);
        }
        self.ignored.insert(name.to_owned(), kind.to_owned());
    }

    /// Whether that was noted of `name`.
    pub fn ignores(&self, name: &str) -> bool {
        self.ignored.contains_key(name)
    }

    /// The type of the resource that is not read, where a `Ref` or `GetAtt` is to one.
    pub fn unread(&self, node: &Node) -> Option<&str> {
        let Value::Call(call, argument) = &node.value else {
            return None;
        };
        let is_reference = call == "Ref" || call == "GetAtt";
        let name = argument.literal()?.split('.').next()?;
        let kind = self.ignored.get(name).filter(|_| is_reference)?;
        self.text(node, "").is_err().then_some(kind)
    }

    /// The text a scalar or a reference gives; `what` names it in errors.
    pub fn text(&self, node: &Node, what: &str) -> Result<String, TemplateError> {
        match &node.value {
            Value::Text(text) => Ok(text.clone()),
            Value::Integer(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Call(name, argument) => match (name.as_str(), &argument.value) {
                ("Ref", Value::Text(name)) => self.reference(name, node),
                ("GetAtt", Value::Text(path)) => self.attribute(path, node),
                ("GetAtt", Value::List(parts)) => {
                    let parts = parts.iter().map(Node::literal).collect::<Option<Vec<_>>>();
                    match parts.as_deref() {
                        Some([name, attribute]) => {
                            self.attribute(&format!("{name}.{attribute}"), node)
                        }
                        _ => Err(node.error(format!("{what}: `!GetAtt` takes two names."))),
                    }
                }
                ("Sub", Value::Text(text)) => self.substitute(text, node),
                ("Sub", _) => Err(node.error(format!("{what}: `!Sub` takes one string here."))),
                _ => Err(node.error(format!("{what}: `!{name}` is not read here."))),
            },
            Value::Null => Err(node.error(format!("{what} is empty."))),
            Value::List(_) | Value::Map(_) => Err(node.error(format!("{what} must be one value."))),
        }
    }

    /// [`Self::text`], where a list, which CloudFormation hands to no nested stack, is refused.
    pub fn single(&self, node: &Node, what: &str) -> Result<String, TemplateError> {
        match &node.value {
            Value::Call(_, name) if name.literal().is_some_and(|n| self.lists.contains(n)) => {
                Err(node.error(format!("{what}: a list cannot be passed.")))
            }
            _ => self.text(node, what),
        }
    }

    /// One text or several: a list, a single value, or a `CommaDelimitedList` parameter.
    pub fn texts(&self, node: &Node, what: &str) -> Result<Vec<String>, TemplateError> {
        match &node.value {
            Value::List(items) => items.iter().map(|item| self.text(item, what)).collect(),
            Value::Call(call, argument)
                if call == "Ref" && argument.literal().is_some_and(|n| self.lists.contains(n)) =>
            {
                let whole = self.reference(argument.literal().unwrap_or_default(), node)?;
                Ok(whole
                    .split(',')
                    .map(|part| part.trim().to_owned())
                    .collect())
            }
            _ => Ok(vec![self.text(node, what)?]),
        }
    }

    /// A whole number that is not negative.
    pub fn number(&self, node: &Node, what: &str) -> Result<u32, TemplateError> {
        let text = self.text(node, what)?;
        text.parse()
            .map_err(|_| node.error(format!("{what} must be a whole number, not `{text}`.")))
    }

    /// `true` or `false`.
    pub fn flag(&self, node: &Node, what: &str) -> Result<bool, TemplateError> {
        match self.text(node, what)?.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(node.error(format!("{what} must be true or false, not `{other}`."))),
        }
    }

    /// The JSON a value stands for, references resolved.
    pub fn json(&self, node: &Node, what: &str) -> Result<serde_json::Value, TemplateError> {
        Ok(match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(flag) => (*flag).into(),
            Value::Integer(number) => (*number).into(),
            Value::Text(text) => text.clone().into(),
            Value::Call(..) => self.text(node, what)?.into(),
            Value::List(items) => items
                .iter()
                .map(|item| self.json(item, what))
                .collect::<Result<Vec<_>, _>>()?
                .into(),
            Value::Map(entries) => serde_json::Value::Object(
                entries
                    .iter()
                    .map(|e| Ok((e.key.clone(), self.json(&e.node, what)?)))
                    .collect::<Result<_, TemplateError>>()?,
            ),
        })
    }

    fn reference(&self, name: &str, at: &Node) -> Result<String, TemplateError> {
        if self.lists.contains(name) && matches!(&at.value, Value::Call(call, _) if call == "Sub") {
            return Err(at.error(format!("`{name}` is a list and cannot stand inside text.")));
        }
        self.refs
            .get(name)
            .cloned()
            .ok_or_else(|| self.unknown(name, name, at))
    }

    fn attribute(&self, path: &str, at: &Node) -> Result<String, TemplateError> {
        let name = path.split('.').next().unwrap_or(path);
        self.attributes
            .get(path)
            .cloned()
            .unwrap_or_else(|| Err(self.unknown(name, path, at)))
    }

    fn unknown(&self, name: &str, whole: &str, at: &Node) -> TemplateError {
        if let Some(kind) = self.ignored.get(name) {
            return at.error(format!("`{whole}`: {kind} `{name}` is not read here."));
        }
        let begin = format!("{name}.");
        let has_others = self
            .attributes
            .keys()
            .any(|other| other.starts_with(&begin));
        if whole != name && (has_others || self.refs.contains_key(name)) {
            return at.error(format!("`{whole}`: `{name}` has no such attribute here."));
        }
        at.error(format!(
            "`{name}` is neither a parameter nor a resource of this template."
        ))
    }

    fn substitute(&self, text: &str, at: &Node) -> Result<String, TemplateError> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                return Err(at.error("`!Sub`: a `${` has no `}`."));
            };
            if let Some(kept) = name.strip_prefix('!') {
                out.push_str("${");
                out.push_str(kept);
                out.push('}');
            } else if name.contains('.') {
                out.push_str(&self.attribute(name.trim(), at)?);
            } else {
                out.push_str(&self.reference(name.trim(), at)?);
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }
}
