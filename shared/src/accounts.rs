//! Accounts: how they lie in the table of the service identity, how they are found, and how they are
//! made ([`Registration`], and [`enter`] for who comes from Firebase). Below all services, for each product has a sign-up of its own, which
//! writes the account and the product's profile in one transaction.
//!
//! | access pattern of `IDENTITY_TABLE` | key | requests | capacity units |
//! |---|---|---|---|
//! | the account of a user | `ACCOUNT#<user_id>` / `ACCOUNT` | 1 get | 1 R |
//! | who has an e-mail | `EMAIL#<canonical>` / `EMAIL` | 1 get | 1 R |
//! | who has a username | `USERNAME#<canonical>` / `USERNAME` | 1 get | 1 R |
//! | whose a Firebase identity is | `FIREBASE#<uid>` / `FIREBASE` | 1 get | 1 R |
//! | make an account | account, e-mail, outbox; its other names, the product's profile | 1 transaction | from 6 W |
//! | begin or end what forbids closing it | account, within another transaction | | 2 W |
//!
//! An obligation, such as a paid order, is a hold: a name in the account's set `holds`, which a
//! service adds in the transaction that begins the obligation and takes away in the one that ends it.
//! While there is one, the account cannot be closed. A function that does either needs
//! `IDENTITY_TABLE` with `dynamodb:UpdateItem`.

mod entry;
mod registration;
mod session;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    App, Result, UserId, email,
    events::{AccountCreated, announce},
    language::Language,
    store::{Change, Condition, Key, Part, Table, Transaction, when},
    username,
};

pub use entry::{enter, leave};
pub use registration::{Registration, not_joined, taken};
pub use session::{OpenSession, SESSIONS, session_key};

/// An account.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// Its id; never changes.
    pub user_id: UserId,
    /// Unique, as [`username::shown`] has it; people who registered elsewhere have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// What others see of people without a `username`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address as it was typed; unique in its [`normalised`] form.
    pub email: String,
    /// What it is written to in.
    #[serde(default)]
    pub language: Language,
    /// When it was first proved that the address is its owner's; `None` before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified_at: Option<Timestamp>,
    /// Argon2id as a PHC string; accounts from elsewhere may have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// The one Firebase identity that logs in to it, whose [`firebase_key`] names this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firebase_uid: Option<String>,
    /// Whether it may be used.
    pub status: Status,
    /// Every session and every token for a new password carries the epoch it was made in. A new
    /// password raises it, and so does whoever proves at Firebase that the address is theirs: that
    /// ends them all in one write ([`SessionEnded`](crate::events::SessionEnded)).
    pub epoch: u32,
    /// The products it has a profile of, by the names that these give themselves.
    pub products: Vec<String>,
    /// What is open and forbids closing it; only [`hold`] and [`release`] write it.
    #[serde(default, skip_serializing)]
    pub holds: BTreeSet<String>,
    /// The letters that its owner does without, by their [`Topic`](crate::mail::Topic); only
    /// `platform-unsubscribe` writes it.
    #[serde(default, skip_serializing)]
    pub unwanted: BTreeSet<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It may.
    Active,
    /// It counts as if it did not exist, but keeps its names.
    Disabled,
}

impl Account {
    /// Whether it may be used.
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// The name others see.
    pub fn shown_name(&self) -> &str {
        self.username
            .as_deref()
            .or(self.name.as_deref())
            .unwrap_or_default()
    }
}

/// `IDENTITY_TABLE`: the table of the service identity.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn table(app: &App) -> Result<Table> {
    Table::named(app, "IDENTITY_TABLE")
}

/// The form in which an e-mail address is unique; what is none is unique as it is.
pub fn normalised(email: &str) -> String {
    email::canonical(email).unwrap_or_else(|| email.to_owned())
}

/// Where an account lies.
pub fn account_key(user_id: UserId) -> Key {
    Key::new(partition(user_id), "ACCOUNT")
}

/// The partition of an account and its sessions.
pub fn partition(user_id: UserId) -> String {
    format!("ACCOUNT#{user_id}")
}

/// Where it lies who has an e-mail address.
pub fn email_key(email: &str) -> Key {
    Key::new(format!("EMAIL#{}", normalised(email)), "EMAIL")
}

/// Where it lies who has a username; what is none is nobody's.
pub fn username_key(username: &str) -> Key {
    let name = username::canonical(username).unwrap_or_else(|| username.to_owned());
    Key::new(format!("USERNAME#{name}"), "USERNAME")
}

/// Where it lies whose account a Firebase identity logs in to.
pub fn firebase_key(uid: &str) -> Key {
    Key::new(format!("FIREBASE#{uid}"), "FIREBASE")
}

/// Whose a unique name is.
#[derive(Serialize, Deserialize)]
pub struct Owner {
    /// The account.
    pub user_id: UserId,
}

/// Takes a unique name (an [`email_key`], a [`username_key`] or a [`firebase_key`]) for an account;
/// refused where it is somebody's.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn claim(
    tx: &mut Transaction,
    table: &Table,
    name: Key,
    user_id: UserId,
) -> Result<Part<Owner>> {
    tx.create(table, name, &Owner { user_id })
}

/// Makes an account, with its e-mail, and announces it; refused where the e-mail is somebody's. Its
/// other names are claimed beside it.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn create(tx: &mut Transaction, table: &Table, account: &Account) -> Result<Part<Owner>> {
    let user_id = account.user_id;
    let email = claim(tx, table, email_key(&account.email), user_id)?;
    tx.create(table, account_key(user_id), account)?;
    announce(tx, table, AccountCreated { user_id })?;
    Ok(email)
}

/// Begins an obligation that forbids closing the account: refused when it is closed. `name` tells one
/// obligation from all others of the account (`<what> <id>`), and people read it: it is what they are
/// told to end first. Once more does no harm.
///
/// # Errors
/// `internal_server_error` when the table is not configured.
pub fn hold(tx: &mut Transaction, user_id: UserId, name: &str) -> Result<Part<Account>> {
    let held = Change::new().insert("holds", name).when(active());
    let table = table(tx.app())?;
    Ok(tx.update(&table, account_key(user_id), held).of())
}

/// Ends an obligation. Refused when there is no such account: one with a hold cannot be closed, so
/// this one has ended before. Once more does no harm.
///
/// # Errors
/// As [`hold`].
pub fn release(tx: &mut Transaction, user_id: UserId, name: &str) -> Result<Part> {
    let released = Change::new()
        .discard("holds", name)
        .when(when().exists("pk"));
    let table = table(tx.app())?;
    Ok(tx.update(&table, account_key(user_id), released))
}

/// The condition that an account may be used.
pub fn active() -> Condition {
    when().eq("status", Status::Active)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_and_a_username_are_one_however_they_are_written() {
        assert_eq!(email_key("Hana@例え.JP"), email_key("hana@xn--r8jz45g.jp"));
        assert_ne!(email_key("hana@example.jp"), email_key("hana@example.com"));
        assert_eq!(username_key("Ｈana"), username_key("hana"));
        assert_ne!(username_key("hana"), username_key("hanna"));
    }

    #[test]
    fn an_id_is_stored_as_text() -> Result<(), Box<dyn std::error::Error>> {
        let id: UserId = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50".parse()?;
        let item: crate::store::Item = serde_dynamo::to_item(Owner { user_id: id })?;
        assert_eq!(item["user_id"], crate::store::s(id.to_string()));
        assert_eq!(UserId::from_bytes(id.to_bytes()), id);
        Ok(())
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(email in "\\PC{0,40}") {
            let once = normalised(&email);
            prop_assert_eq!(normalised(&once), once);
        }
    }
}
