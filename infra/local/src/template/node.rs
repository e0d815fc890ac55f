//! The template's YAML with the line of every key and value, and intrinsic functions told apart.
//!
//! Both spellings of an intrinsic, `!Ref X` and `{Ref: X}`, become one [`Value::Call`]. It leaves to
//! [`super::resolve`] what a call gives.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::TemplateError;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Counted from 1.
    pub line: usize,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// `!Name argument`, without the `!` and without `Fn::`.
    Call(String, Box<Node>),
}

/// One key of a map.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    /// The key's line, the one to name when the entry is at fault.
    pub line: usize,
    pub node: Node,
}

/// The tree of a template's text, parsed once a process: tests start thousands of stacks from one.
pub(super) fn tree(text: &str) -> Result<Arc<Node>, TemplateError> {
    static TREES: Mutex<BTreeMap<String, Arc<Node>>> = Mutex::new(BTreeMap::new());
    let mut trees = TREES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(tree) = trees.get(text) {
        return Ok(Arc::clone(tree));
    }
    let tree = Arc::new(parse(text)?);
    trees.insert(text.to_owned(), Arc::clone(&tree));
    Ok(tree)
}

/// Parses the template's text; it must be one YAML document.
fn parse(text: &str) -> Result<Node, TemplateError> {
    let documents = MarkedYaml::load_from_str(text)
        .map_err(|e| TemplateError::new(e.marker().line(), format!("not YAML: {}.", e.info())))?;
    match <[MarkedYaml<'_>; 1]>::try_from(documents) {
        Ok([document]) => Node::read(&document),
        Err(documents) => Err(TemplateError::new(
            documents
                .get(1)
                .map_or(1, |second| second.span.start.line()),
            "the template must be one YAML document.",
        )),
    }
}

impl Node {
    fn read(yaml: &MarkedYaml<'_>) -> Result<Self, TemplateError> {
        let line = yaml.span.start.line();
        let value = match &yaml.data {
            YamlData::Value(scalar) => match scalar {
                Scalar::Null => Value::Null,
                Scalar::Boolean(b) => Value::Bool(*b),
                Scalar::Integer(i) => Value::Integer(*i),
                Scalar::FloatingPoint(f) => {
                    return Err(TemplateError::new(
                        line,
                        format!("the number {f} is not whole; put it in quotes if it is text."),
                    ));
                }
                Scalar::String(s) => Value::Text(s.to_string()),
            },
            YamlData::Sequence(items) => {
                Value::List(items.iter().map(Self::read).collect::<Result<_, _>>()?)
            }
            YamlData::Mapping(entries) => {
                let mut read = Vec::with_capacity(entries.len());
                for (key, node) in entries {
                    let line = key.span.start.line();
                    let key = match &Self::read(key)?.value {
                        Value::Text(key) => key.clone(),
                        Value::Integer(key) => key.to_string(),
                        _ => return Err(TemplateError::new(line, "a key must be text.")),
                    };
                    read.push(Entry {
                        key,
                        line,
                        node: Self::read(node)?,
                    });
                }
                long_call(read)
            }
            YamlData::Tagged(tag, node) => {
                Value::Call(tag.suffix.clone(), Box::new(Self::read(node)?))
            }
            YamlData::Representation(..) | YamlData::Alias(_) | YamlData::BadValue => {
                return Err(TemplateError::new(line, "this value cannot be read."));
            }
        };
        Ok(Self { line, value })
    }

    /// An error about this value.
    pub fn error(&self, sentence: impl Into<String>) -> TemplateError {
        TemplateError::new(self.line, sentence)
    }

    /// The entries of a map; `what` names the value in the error.
    pub fn entries(&self, what: &str) -> Result<&[Entry], TemplateError> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            Value::Call(name, _) => Err(self.error(format!("{what}: `!{name}` is not read here."))),
            _ => Err(self.error(format!("{what} must be a map."))),
        }
    }

    /// The items of a list; `what` names the value in the error.
    pub fn items(&self, what: &str) -> Result<&[Node], TemplateError> {
        match &self.value {
            Value::List(items) => Ok(items),
            Value::Call(name, _) => Err(self.error(format!("{what}: `!{name}` is not read here."))),
            _ => Err(self.error(format!("{what} must be a list."))),
        }
    }

    /// The value under `key`, where this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|e| e.key == key).map(|e| &e.node),
            _ => None,
        }
    }

    /// The value under `key`, or an error that `what` lacks it.
    pub fn require(&self, key: &str, what: &str) -> Result<&Node, TemplateError> {
        self.get(key)
            .ok_or_else(|| self.error(format!("{what} has no `{key}`.")))
    }

    /// Refuses every key that is not among `known`.
    pub fn only(&self, known: &[&str], what: &str) -> Result<(), TemplateError> {
        match self
            .entries(what)?
            .iter()
            .find(|e| !known.contains(&e.key.as_str()))
        {
            None => Ok(()),
            Some(e) => Err(e.error(format!("{what}: `{}` is not read here.", e.key))),
        }
    }

    /// Refuses the keys of `refused`, each of which would change what runs.
    pub fn without(&self, refused: &[&str], what: &str) -> Result<(), TemplateError> {
        match self
            .entries(what)?
            .iter()
            .find(|e| refused.contains(&e.key.as_str()))
        {
            None => Ok(()),
            Some(e) => Err(e.error(format!("{what}: `{}` is not supported here.", e.key))),
        }
    }

    /// The text, where this is literal text.
    pub fn literal(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Entry {
    /// An error about this entry.
    pub fn error(&self, sentence: impl Into<String>) -> TemplateError {
        TemplateError::new(self.line, sentence)
    }
}

/// `{Ref: X}` and `{Fn::Sub: …}` are the long spellings of `!Ref X` and `!Sub …`.
fn long_call(mut entries: Vec<Entry>) -> Value {
    let name = match entries.as_slice() {
        [only] if only.key == "Ref" => Some("Ref".to_owned()),
        [only] => only.key.strip_prefix("Fn::").map(str::to_owned),
        _ => None,
    };
    match (name, entries.pop()) {
        (Some(name), Some(only)) => Value::Call(name, Box::new(only.node)),
        (None, Some(last)) => {
            entries.push(last);
            Value::Map(entries)
        }
        (_, None) => Value::Map(entries),
    }
}
