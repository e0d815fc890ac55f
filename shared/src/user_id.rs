//! A user's id, the same in every service.

use derive_more::{Display, FromStr};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;

/// A user's id: a UUIDv7, in the form `01234567-89ab-…`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    FromStr,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
pub struct UserId(Uuid);

impl UserId {
    /// No account ever has this id: a look-up of it costs what any other costs, and finds nothing.
    pub const NOBODY: Self = Self(Uuid::nil());

    /// The id of a new account.
    pub fn new(app: &App) -> Self {
        Self(app.new_id())
    }

    /// The id in its 16 bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The id from its 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}
