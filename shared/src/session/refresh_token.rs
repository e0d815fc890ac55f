//! The refresh token itself: 64 bytes in base64url, the user's id (16), the session's id (16) and
//! a secret (32). With both ids in it, one read finds the account and the session.
//!
//! A token's successor is not drawn but derived, from the token's own secret and a salt that lies
//! in the table. So the table holds nothing that could be used, and yet whoever holds the
//! immediate parent can be given the very same successor again.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    App, UserId,
    seal::{hmac_sha256, sha256},
};

/// Keeps what is derived here apart from anything else these bytes might ever be a key for.
const CONTEXT: &[u8] = b"enishi refresh-token successor 1\0";

/// A refresh token. Not `Debug`, but for tests: it must never come into a log.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct RefreshToken {
    user_id: UserId,
    session: [u8; 16],
    secret: [u8; 32],
}

impl RefreshToken {
    /// The first token of a new session.
    pub fn first(app: &App, user_id: UserId) -> Self {
        Self {
            user_id,
            session: app.random(),
            secret: app.random(),
        }
    }

    /// The token that a client sent; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (user_id, rest) = bytes.split_first_chunk::<16>()?;
        let (session, secret) = rest.split_first_chunk::<16>()?;
        Some(Self {
            user_id: UserId::from_bytes(*user_id),
            session: *session,
            secret: secret.try_into().ok()?,
        })
    }

    /// As it is given to the client.
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        [
            self.user_id.to_bytes().as_slice(),
            &self.session,
            &self.secret,
        ]
        .concat()
    }

    /// Whose it says it is.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// The session it says it belongs to, as in the key and in the access token's `sid`.
    pub fn session_id(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.session)
    }

    /// What the table recognises it by. Digests of 256 random bits tell nothing about them, so
    /// comparing two needs no constant time: what a timing could give away is a digest.
    pub fn digest(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(sha256(&self.bytes()))
    }

    /// The token that follows this one in its session, always the same for the same salt.
    #[must_use]
    pub fn successor(&self, salt: &str) -> Self {
        let input = [
            CONTEXT,
            &self.user_id.to_bytes(),
            &self.session,
            salt.as_bytes(),
        ]
        .concat();
        Self {
            secret: hmac_sha256(&self.secret, &input),
            ..*self
        }
    }
}

/// A salt for [`RefreshToken::successor`].
pub fn salt(app: &App) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(app.random::<32>())
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn any_token() -> impl Strategy<Value = RefreshToken> {
        any::<([u8; 16], [u8; 16], [u8; 32])>().prop_map(|(user_id, session, secret)| {
            RefreshToken {
                user_id: UserId::from_bytes(user_id),
                session,
                secret,
            }
        })
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_parsed(token in any_token()) {
            prop_assert!(RefreshToken::parse(&token.encode()) == Some(token));
        }

        #[test]
        fn what_is_parsed_has_one_spelling(text in "[A-Za-z0-9_-]{86}") {
            if let Some(token) = RefreshToken::parse(&text) {
                prop_assert_eq!(token.encode(), text);
            }
        }

        #[test]
        fn anything_else_is_none(text in "\\PC{0,85}|[A-Za-z0-9_-]{87,120}") {
            prop_assert!(RefreshToken::parse(&text).is_none());
        }

        #[test]
        fn a_successor_stays_in_its_session_and_is_new(token in any_token(), salt in "[a-z]{8}") {
            let successor = token.successor(&salt);
            prop_assert!(successor == token.successor(&salt));
            prop_assert_eq!(successor.session_id(), token.session_id());
            prop_assert_eq!(successor.user_id(), token.user_id());
            prop_assert_ne!(successor.digest(), token.digest());
        }

        #[test]
        fn another_salt_or_parent_gives_another_successor(
            (one, other) in (any_token(), any_token()),
            (salt, pepper) in ("[a-z]{8}", "[A-Z]{8}"),
        ) {
            prop_assert!(one.successor(&salt) != one.successor(&pepper));
            prop_assert!(one.successor(&salt) != other.successor(&salt));
        }
    }
}
