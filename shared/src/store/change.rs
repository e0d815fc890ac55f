//! Changes of an item.

use std::marker::PhantomData;

use serde::Serialize;

use super::{
    AttributeValue,
    condition::{Condition, Path, Terms, Value, value, when},
};
use crate::{error::Error, patch::Patch};

/// Of a [`Change`] that has the same result when it is done twice.
#[derive(Clone, Copy, Debug)]
pub enum Repeatable {}

/// Of a [`Change`] that depends on what is there. The SDK repeats a write whose answer was lost, and
/// only a transaction, by its token, recognises the repetition.
#[derive(Clone, Copy, Debug)]
pub enum Counting {}

/// What a write makes of an item. On its own it sets and removes values and set elements, which is
/// the same when it is done twice; a [`Counting`] one goes into a transaction.
#[derive(Clone, Debug)]
#[must_use]
pub struct Change<K = Repeatable> {
    set: Vec<(Path, To)>,
    remove: Vec<Path>,
    add: Vec<(Path, Value)>,
    discard: Vec<(Path, Value)>,
    condition: Condition,
    kind: PhantomData<K>,
}

#[derive(Clone, Debug)]
enum To {
    Value(Value),
    ValueIfAbsent(Value),
    Longer(Value),
}

impl Default for Change {
    fn default() -> Self {
        Self {
            set: Vec::new(),
            remove: Vec::new(),
            add: Vec::new(),
            discard: Vec::new(),
            condition: when(),
            kind: PhantomData,
        }
    }
}

impl Change {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<K> Change<K> {
    /// Sets the value at `path`.
    pub fn set(mut self, path: impl Into<Path>, to: impl Serialize) -> Self {
        self.set.push((path.into(), To::Value(value(to))));
        self
    }

    /// Sets the value at `path` where there is none.
    pub fn set_if_absent(mut self, path: impl Into<Path>, to: impl Serialize) -> Self {
        self.set.push((path.into(), To::ValueIfAbsent(value(to))));
        self
    }

    /// Removes the value at `path`.
    pub fn remove(mut self, path: impl Into<Path>) -> Self {
        self.remove.push(path.into());
        self
    }

    /// Does with the value at `path` what a partial change says of it.
    pub fn patch(self, path: impl Into<Path>, patch: &Patch<impl Serialize>) -> Self {
        match patch {
            Patch::Absent => self,
            Patch::Null => self.remove(path),
            Patch::Value(value) => self.set(path, value),
        }
    }

    /// Puts a text or a number into the set at `path`, which begins with its first element.
    pub fn insert(mut self, path: impl Into<Path>, element: impl Serialize) -> Self {
        self.add.push((path.into(), set_of(element)));
        self
    }

    /// Takes a text or a number out of the set at `path`, which ends with its last element.
    pub fn discard(mut self, path: impl Into<Path>, element: impl Serialize) -> Self {
        self.discard.push((path.into(), set_of(element)));
        self
    }

    /// Adds to the number at `path`; where there is none, to zero.
    pub fn add(mut self, path: impl Into<Path>, number: i64) -> Change<Counting> {
        self.add.push((path.into(), value(number)));
        self.counting()
    }

    /// Adds an element at the end of the list at `path`.
    pub fn append(mut self, path: impl Into<Path>, element: impl Serialize) -> Change<Counting> {
        let list = value(element).map(|element| AttributeValue::L(vec![element]));
        self.set.push((path.into(), To::Longer(list)));
        self.counting()
    }

    /// Under which condition; without one it makes an item where there is none.
    pub fn when(mut self, condition: Condition) -> Self {
        self.condition = condition;
        self
    }

    fn counting(self) -> Change<Counting> {
        Change {
            set: self.set,
            remove: self.remove,
            add: self.add,
            discard: self.discard,
            condition: self.condition,
            kind: PhantomData,
        }
    }

    /// As an update expression, and its condition.
    pub(super) fn render(&self, terms: &mut Terms) -> Result<(String, Option<String>), Error> {
        let mut set = Vec::with_capacity(self.set.len());
        for (path, to) in &self.set {
            let path = terms.path(path);
            set.push(match to {
                To::Value(value) => format!("{path} = {}", terms.value(value)?),
                To::ValueIfAbsent(value) => {
                    format!("{path} = if_not_exists({path}, {})", terms.value(value)?)
                }
                To::Longer(list) => {
                    format!("{path} = list_append({path}, {})", terms.value(list)?)
                }
            });
        }
        let remove = self.remove.iter().map(|path| terms.path(path)).collect();
        let mut pairs = |pairs: &[(Path, Value)]| -> Result<Vec<String>, Error> {
            let mut pair = |(path, to): &(Path, Value)| {
                Ok(format!("{} {}", terms.path(path), terms.value(to)?))
            };
            pairs.iter().map(&mut pair).collect()
        };
        let (add, discard) = (pairs(&self.add)?, pairs(&self.discard)?);
        let clauses = [
            ("SET", set),
            ("REMOVE", remove),
            ("ADD", add),
            ("DELETE", discard),
        ];
        let clauses: Vec<String> = clauses
            .into_iter()
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(clause, parts)| format!("{clause} {}", parts.join(", ")))
            .collect();
        Ok((clauses.join(" "), self.condition.render(terms)?))
    }
}

/// A set of one element.
fn set_of(element: impl Serialize) -> Value {
    match value(element)? {
        AttributeValue::S(text) => Some(AttributeValue::Ss(vec![text])),
        AttributeValue::N(number) => Some(AttributeValue::Ns(vec![number])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_one_expression_with_its_condition() -> Result<(), Error> {
        let mut terms = Terms::default();
        let change = Change::new()
            .set("status", "closed")
            .set_if_absent("name", "hana")
            .append("products", "chess")
            .remove("hash")
            .add("left", -3)
            .discard("holds", "order")
            .when(when().ge("left", 3));
        let (update, condition) = change.render(&mut terms)?;
        assert_eq!(
            update,
            "SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1), #n2 = list_append(#n2, :v2) \
             REMOVE #n3 ADD #n4 :v3 DELETE #n5 :v4"
        );
        assert_eq!(condition.as_deref(), Some("#n4 >= :v5"));
        Ok(())
    }

    #[test]
    fn what_is_no_text_and_no_number_is_no_set_element() {
        let mut terms = Terms::default();
        let change = Change::new().insert("holds", true);
        assert!(change.render(&mut terms).is_err());
    }
}
