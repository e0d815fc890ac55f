use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{refresh_token::tests::any_token, *};
use crate::accounts::Status;

const GRACE: SignedDuration = SignedDuration::from_secs(30);
const SALT: &str = "salt";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn session(current: &RefreshToken) -> Session {
    Session {
        session_id: current.session_id(),
        epoch: 0,
        current: current.digest(),
        parent: None,
        salt: None,
        rotated_at: None,
        login_log: false,
        created_at: at(0),
        ttl: ends(at(0), at(0)),
    }
}

/// The session after `spent` was presented at `now`.
fn rotated(session: Session, spent: &RefreshToken, now: Timestamp) -> Session {
    Session {
        current: spent.successor(SALT).digest(),
        parent: Some(spent.digest()),
        salt: Some(SALT.to_owned()),
        rotated_at: Some(now),
        ttl: ends(session.created_at, now),
        ..session
    }
}

fn account(status: Status, epoch: u32) -> Account {
    Account {
        user_id: UserId::NOBODY,
        username: None,
        name: None,
        email: "hana@example.jp".into(),
        language: Default::default(),
        email_verified_at: Some(at(0)),
        password_hash: None,
        firebase_uid: None,
        status,
        epoch,
        products: Vec::new(),
        holds: BTreeSet::new(),
        unwanted: BTreeSet::new(),
        created_at: at(0),
    }
}

proptest! {
    #[test]
    fn the_current_token_is_rotated(token in any_token(), now in 0_i64..1_000_000) {
        let verdict = session(&token).judge(&token, at(now), GRACE);
        prop_assert!(matches!(verdict, Verdict::Rotate));
    }

    #[test]
    fn within_the_grace_the_parent_gets_the_same_successor(
        token in any_token(),
        later in 0_i64..30,
    ) {
        let session = rotated(session(&token), &token, at(100));
        let verdict = session.judge(&token, at(100 + later), GRACE);
        prop_assert!(matches!(verdict, Verdict::Again(next) if next == token.successor(SALT)));
    }

    #[test]
    fn after_the_grace_the_parent_is_reused(token in any_token(), later in 30_i64..1_000_000) {
        let session = rotated(session(&token), &token, at(100));
        prop_assert!(matches!(session.judge(&token, at(100 + later), GRACE), Verdict::Reused));
    }

    #[test]
    fn a_grandparent_is_reused_at_once(token in any_token()) {
        let child = token.successor(SALT);
        let session = rotated(rotated(session(&token), &token, at(100)), &child, at(100));
        prop_assert!(matches!(session.judge(&token, at(100), GRACE), Verdict::Reused));
    }

    #[test]
    fn a_wrong_secret_is_reuse((token, other) in (any_token(), any_token())) {
        prop_assert!(matches!(session(&token).judge(&other, at(0), GRACE), Verdict::Reused));
    }

    #[test]
    fn a_session_is_of_a_verified_address_if_it_began_no_earlier(
        token in any_token(),
        (began, verified) in (0_i64..100, 0_i64..100),
    ) {
        let session = Session { created_at: at(began), ..session(&token) };
        let account = |verified: Option<i64>| Account {
            email_verified_at: verified.map(at),
            ..account(Status::Active, 0)
        };
        prop_assert_eq!(session.is_of_verified(&account(Some(verified))), verified <= began);
        prop_assert!(!session.is_of_verified(&account(None)));
    }

    #[test]
    fn a_session_slides_but_never_beyond_a_year(days in 0_i64..1_000) {
        let now = at(days * 86_400);
        let end = ends(at(0), now);
        prop_assert!(end <= 365 * 86_400);
        prop_assert!(end - now.as_second() <= 30 * 86_400);
        prop_assert!(days > 335 || end - now.as_second() == 30 * 86_400);
    }
}

#[test]
fn a_session_goes_on_while_account_epoch_and_time_allow() {
    let session = Session {
        session_id: String::new(),
        epoch: 3,
        current: String::new(),
        parent: None,
        salt: None,
        rotated_at: None,
        login_log: false,
        created_at: at(0),
        ttl: 100,
    };
    assert!(session.is_open(&account(Status::Active, 3), at(99)));
    assert!(!session.is_open(&account(Status::Active, 3), at(100)));
    assert!(!session.is_open(&account(Status::Active, 4), at(99)));
    assert!(!session.is_open(&account(Status::Disabled, 3), at(99)));
}

#[test]
fn operators_are_recognised_whatever_the_case() -> Result<(), ConfigError> {
    let env = |emails: &str| {
        [("OPERATOR_EMAILS".to_owned(), emails.to_owned())]
            .into_iter()
            .collect()
    };
    let operators = Operators::configure(&env("Ops@Example.com, chief@example.jp,"))?;
    assert!(operators.include("ops@example.COM"));
    assert!(operators.include("chief@example.jp"));
    assert!(!operators.include(""));
    assert!(!Operators::configure(&env(""))?.include("ops@example.com"));
    Ok(())
}
