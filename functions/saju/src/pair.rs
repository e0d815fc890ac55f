//! Two people, whichever way round. The id of their match, and of its chat, is both their ids in
//! order: so there is one match a pair by construction, and whoever has the id finds the people
//! without asking an index. It opens nothing: every use checks that the caller is one of the two.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{Error, Result, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A pair's id: 43 characters of base64url, `match_id` and `chat_id` alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", example = "AZqitHweeTOfClscLT5PUAGaorR8HnozjwpbHC0-T1E")]
pub struct PairId([UserId; 2]);

/// The text is no pair's id.
#[derive(Debug, thiserror::Error)]
#[error("not the id of a match")]
pub struct NotAPair;

impl PairId {
    /// The pair of two people; `None` for one person twice.
    pub fn of(one: UserId, other: UserId) -> Option<Self> {
        (one != other).then(|| Self([one.min(other), one.max(other)]))
    }

    /// Both, in order.
    pub fn both(self) -> [UserId; 2] {
        self.0
    }

    /// The other of the two.
    ///
    /// # Errors
    /// `not_found`, as for any id that does not exist, when `me` is neither.
    pub fn other(self, me: UserId, what: &str) -> Result<UserId> {
        let [low, high] = self.0;
        match me {
            me if me == low => Ok(high),
            me if me == high => Ok(low),
            _ => Err(Error::not_found(what)),
        }
    }
}

impl fmt::Display for PairId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.map(UserId::to_bytes).concat();
        formatter.write_str(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for PairId {
    type Err = NotAPair;

    fn from_str(text: &str) -> Result<Self, NotAPair> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAPair)?;
        let (low, high) = bytes.split_at_checked(16).ok_or(NotAPair)?;
        let id = |bytes: &[u8]| bytes.try_into().map(UserId::from_bytes);
        let (low, high) = id(low)
            .and_then(|low| Ok((low, id(high)?)))
            .map_err(|_| NotAPair)?;
        if low < high {
            Ok(Self([low, high]))
        } else {
            Err(NotAPair)
        }
    }
}

impl TryFrom<String> for PairId {
    type Error = NotAPair;

    fn try_from(text: String) -> Result<Self, NotAPair> {
        text.parse()
    }
}

impl From<PairId> for String {
    fn from(id: PairId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_pair_has_one_id_whichever_way_round(one: [u8; 16], other: [u8; 16]) {
            let (one, other) = (UserId::from_bytes(one), UserId::from_bytes(other));
            let id = PairId::of(one, other);
            prop_assert_eq!(id, PairId::of(other, one));
            prop_assert_eq!(id.is_none(), one == other);
            if let Some(id) = id {
                prop_assert_eq!(id.to_string().parse::<PairId>().unwrap(), id);
                prop_assert_eq!(id.other(one, "match").unwrap(), other);
                prop_assert!(id.other(UserId::NOBODY, "match").is_err() || id.both().contains(&UserId::NOBODY));
            }
        }

        #[test]
        fn no_other_text_is_an_id(text in "\\PC{0,60}") {
            if let Ok(id) = text.parse::<PairId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
