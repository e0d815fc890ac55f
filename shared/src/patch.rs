//! A field of a partial change.

use garde::{
    Validate,
    error::{NoKey, Path},
    rules::inner::Inner,
};
use serde::{Deserialize, Deserializer};

/// What a partial change says of a field: nothing, null, or a value. Fields need
/// `#[serde(default)]`, and for their schema `#[schema(value_type = Option<T>)]`; rules of the value
/// go into `#[garde(inner(…))]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// It was left out: what is there stays.
    #[default]
    Absent,
    /// It was null: what is there goes.
    Null,
    /// It was given.
    Value(T),
}

impl<T> Patch<T> {
    /// Whether it was left out.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, if one was given.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// What is there after the change.
    pub fn or(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Absent => before,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// The same of another form of the value.
    ///
    /// # Errors
    /// What `form` answers.
    pub fn try_map<U, E>(self, form: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(form(value)?),
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// Text of a partial change, where `""` clears as null does: forms send it for a field that was emptied.
/// For `#[serde(default, deserialize_with = "patch::text")]`.
///
/// # Errors
/// Says that it is no text.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<String>, D::Error> {
    Ok(match Patch::<String>::deserialize(deserializer)? {
        Patch::Value(text) if text.is_empty() => Patch::Null,
        other => other,
    })
}

/// A field that may be left out, but not null: `#[serde(default, deserialize_with = "patch::given")]` of an
/// `Option`.
///
/// # Errors
/// What is no `T`.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<T> Inner<T> for Patch<T> {
    type Key = NoKey;

    fn validate_inner<F: FnMut(&T, &NoKey)>(&self, mut check: F) {
        if let Self::Value(value) = self {
            check(value, &NoKey::default());
        }
    }
}

impl<T: Validate> Validate for Patch<T> {
    type Context = T::Context;

    fn validate_into(
        &self,
        context: &T::Context,
        path: &mut dyn FnMut() -> Path,
        report: &mut garde::Report,
    ) {
        if let Self::Value(value) = self {
            value.validate_into(context, path, report);
        }
    }
}
