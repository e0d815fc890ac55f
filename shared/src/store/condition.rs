//! Conditions, built clause by clause, and the expressions that DynamoDB reads them in.

use std::collections::HashMap;

use serde::Serialize;

use super::{AttributeValue, Item};
use crate::error::Error;

/// The place of a value in an item: an attribute, or what a map or a list in it holds.
#[derive(Clone, Debug)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Field(String),
    Index(usize),
}

impl Path {
    /// An attribute.
    pub fn new(attribute: &str) -> Self {
        Self(vec![Step::Field(attribute.to_owned())])
    }

    /// What the map here holds under `name`.
    #[must_use]
    pub fn field(mut self, name: impl ToString) -> Self {
        self.0.push(Step::Field(name.to_string()));
        self
    }

    /// What the list here holds at `index`, from 0.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }
}

impl From<&str> for Path {
    fn from(attribute: &str) -> Self {
        Self::new(attribute)
    }
}

/// A value on its way into an expression; `None` is one that cannot be stored.
pub(super) type Value = Option<AttributeValue>;

pub(super) fn value(value: impl Serialize) -> Value {
    serde_dynamo::to_attribute_value(value).ok()
}

/// What has to hold of an item for a write to be done: all clauses of one of its alternatives.
///
/// ```ignore
/// when().eq("status", Status::Active).absent("username")
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Condition(Vec<Vec<Clause>>);

#[derive(Clone, Debug)]
enum Clause {
    Exists(Path),
    Absent(Path),
    Compared(Path, &'static str, Value),
    Contains(Path, Value),
    Lacks(Path, Value),
    Smaller(Path, Value),
}

/// A condition without a clause yet, which always holds.
pub fn when() -> Condition {
    Condition(vec![Vec::new()])
}

/// The condition that there is no item, or one whose `ttl` has passed at `now` (seconds) and that
/// DynamoDB has not removed yet.
pub fn gone(now: i64) -> Condition {
    when().absent("pk").or(when().le("ttl", now))
}

impl Condition {
    /// There is a value at `path`; at `pk`: there is an item.
    pub fn exists(self, path: impl Into<Path>) -> Self {
        self.and(Clause::Exists(path.into()))
    }

    /// There is no value at `path`; at `pk`: there is no item.
    pub fn absent(self, path: impl Into<Path>) -> Self {
        self.and(Clause::Absent(path.into()))
    }

    /// [`Self::exists`] or [`Self::absent`].
    pub fn present(self, path: impl Into<Path>, is_present: bool) -> Self {
        match is_present {
            true => self.exists(path),
            false => self.absent(path),
        }
    }

    /// The value at `path` is this one.
    pub fn eq(self, path: impl Into<Path>, to: impl Serialize) -> Self {
        self.and(Clause::Compared(path.into(), "=", value(to)))
    }

    /// The value at `path` is this one, or is as absent as this one.
    pub fn same(self, path: impl Into<Path>, as_known: Option<impl Serialize>) -> Self {
        match as_known {
            Some(known) => self.eq(path, known),
            None => self.absent(path),
        }
    }

    /// There is a value at `path` and it is below this one.
    pub fn lt(self, path: impl Into<Path>, than: impl Serialize) -> Self {
        self.and(Clause::Compared(path.into(), "<", value(than)))
    }

    /// There is a value at `path` and it is not above this one.
    pub fn le(self, path: impl Into<Path>, than: impl Serialize) -> Self {
        self.and(Clause::Compared(path.into(), "<=", value(than)))
    }

    /// There is a value at `path` and it is above this one.
    pub fn gt(self, path: impl Into<Path>, than: impl Serialize) -> Self {
        self.and(Clause::Compared(path.into(), ">", value(than)))
    }

    /// There is a value at `path` and it is not below this one.
    pub fn ge(self, path: impl Into<Path>, than: impl Serialize) -> Self {
        self.and(Clause::Compared(path.into(), ">=", value(than)))
    }

    /// The list or set at `path` holds this element.
    pub fn contains(self, path: impl Into<Path>, element: impl Serialize) -> Self {
        self.and(Clause::Contains(path.into(), value(element)))
    }

    /// The list or set at `path`, if there is one, does not hold this element.
    pub fn lacks(self, path: impl Into<Path>, element: impl Serialize) -> Self {
        self.and(Clause::Lacks(path.into(), value(element)))
    }

    /// There is a list or set at `path` and it has fewer elements.
    pub fn smaller(self, path: impl Into<Path>, than: u32) -> Self {
        self.and(Clause::Smaller(path.into(), value(than)))
    }

    /// Either this condition or the other one, whose clauses may go on after it.
    pub fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn and(mut self, clause: Clause) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.push(clause);
        }
        self
    }

    /// As an expression; `None` when it always holds.
    pub(super) fn render(&self, terms: &mut Terms) -> Result<Option<String>, Error> {
        if self.0.iter().any(Vec::is_empty) {
            return Ok(None);
        }
        let mut alternatives = Vec::with_capacity(self.0.len());
        for clauses in &self.0 {
            let clauses: Vec<String> = clauses
                .iter()
                .map(|clause| clause.render(terms))
                .collect::<Result<_, _>>()?;
            alternatives.push(clauses.join(" AND "));
        }
        // AND binds closer, and DynamoDB takes no parentheses that change nothing.
        Ok(Some(alternatives.join(" OR ")))
    }
}

impl Clause {
    fn render(&self, terms: &mut Terms) -> Result<String, Error> {
        Ok(match self {
            Self::Exists(path) => format!("attribute_exists({})", terms.path(path)),
            Self::Absent(path) => format!("attribute_not_exists({})", terms.path(path)),
            Self::Compared(path, how, value) => {
                format!("{} {how} {}", terms.path(path), terms.value(value)?)
            }
            Self::Contains(path, value) => {
                format!("contains({}, {})", terms.path(path), terms.value(value)?)
            }
            Self::Lacks(path, value) => {
                format!(
                    "NOT contains({}, {})",
                    terms.path(path),
                    terms.value(value)?
                )
            }
            Self::Smaller(path, value) => {
                format!("size({}) < {}", terms.path(path), terms.value(value)?)
            }
        })
    }
}

/// The names and values of a write's expressions. Every name gets a placeholder, for some are words
/// of DynamoDB's own.
#[derive(Debug, Default)]
pub(super) struct Terms {
    names: HashMap<String, String>,
    values: Item,
}

impl Terms {
    pub(super) fn path(&mut self, path: &Path) -> String {
        let mut text = String::new();
        for step in &path.0 {
            match step {
                Step::Field(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    let next = format!("#n{}", self.names.len());
                    text.push_str(self.names.entry(name.clone()).or_insert(next));
                }
                Step::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }

    pub(super) fn value(&mut self, value: &Value) -> Result<String, Error> {
        let value = value
            .clone()
            .ok_or_else(|| Error::internal("a value cannot be stored"))?;
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        Ok(placeholder)
    }

    /// Placeholder to name, as the SDK takes them.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let pairs = self.names.iter();
        let names = pairs.map(|(name, placeholder)| (placeholder.clone(), name.clone()));
        (!self.names.is_empty()).then(|| names.collect())
    }

    /// Placeholder to value, as the SDK takes them.
    pub(super) fn values(&self) -> Option<Item> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{n, s};

    #[test]
    fn clauses_are_all_to_hold_and_alternatives_one_of_them() -> Result<(), Error> {
        let mut terms = Terms::default();
        let condition = gone(7)
            .or(when().eq("generation", 3).absent("meeting"))
            .render(&mut terms)?;
        assert_eq!(
            condition.as_deref(),
            Some(
                "attribute_not_exists(#n0) OR #n1 <= :v0 OR #n2 = :v1 AND attribute_not_exists(#n3)"
            )
        );
        let names = terms.names().unwrap_or_default();
        assert_eq!(names["#n2"], "generation");
        assert_eq!(terms.values().unwrap_or_default()[":v1"], n(3));
        Ok(())
    }

    #[test]
    fn a_condition_without_a_clause_is_no_expression() -> Result<(), Error> {
        let mut terms = Terms::default();
        assert_eq!(when().render(&mut terms)?, None);
        assert_eq!(
            when().or(when().exists("pk")).render(&mut terms)?,
            None,
            "what always holds holds with an alternative too"
        );
        assert_eq!(terms.names(), None);
        Ok(())
    }

    #[test]
    fn a_path_leads_into_maps_and_lists_and_one_name_has_one_placeholder() -> Result<(), Error> {
        let mut terms = Terms::default();
        let seat = Path::new("seats").index(3).index(0).field("user.id");
        assert_eq!(terms.path(&seat), "#n0[3][0].#n1");
        assert_eq!(terms.path(&Path::new("seats")), "#n0");
        assert_eq!(terms.names().unwrap_or_default()["#n1"], "user.id");
        assert_eq!(terms.value(&value("x"))?, ":v0");
        assert_eq!(terms.values().unwrap_or_default()[":v0"], s("x"));
        Ok(())
    }
}
