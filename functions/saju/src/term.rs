//! Terms of the field as the API shows them.

use serde::Serialize;
use utoipa::ToSchema;

/// A term of the field: a key for programs, and what people read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Term {
    /// Stable, in English or the Revised Romanisation; a client may choose a picture by it.
    #[schema(example = "jeongjae")]
    pub key: &'static str,
    /// The Korean name.
    #[schema(example = "정재")]
    pub name: String,
    /// The name in hanja.
    #[schema(example = "正財")]
    pub hanja: String,
}

impl Term {
    /// Of a name that is written with its hanja behind it: `정재(正財)`.
    pub fn new(key: &'static str, name: &str) -> Self {
        let (name, hanja) = name.split_once('(').unwrap_or((name, ""));
        Self {
            key,
            name: name.to_owned(),
            hanja: hanja.trim_end_matches(')').to_owned(),
        }
    }
}
