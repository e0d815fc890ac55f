//! The accounts, and the file they are kept in.

use std::{collections::BTreeMap, ops::Bound, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::directory::replace;

/// One account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    pub local_id: String,
    /// In lower case; no two accounts have the same.
    pub email: Option<String>,
    pub email_verified: bool,
    /// As it was given: nothing here is secret.
    pub password: Option<String>,
    pub display_name: Option<String>,
    pub photo_url: Option<String>,
    pub disabled: bool,
    pub created_at: Timestamp,
    pub last_login_at: Timestamp,
    pub password_updated_at: Timestamp,
    /// Tokens that were issued in an earlier second have been revoked.
    pub valid_since: Timestamp,
    /// Further claims of its ID tokens, as a server set them.
    #[serde(default)]
    pub claims: Map<String, Value>,
}

impl Account {
    /// One that was made just now.
    pub fn new(local_id: String, email: Option<String>, now: Timestamp) -> Self {
        Self {
            local_id,
            email,
            email_verified: false,
            password: None,
            display_name: None,
            photo_url: None,
            disabled: false,
            created_at: now,
            last_login_at: now,
            password_updated_at: now,
            valid_since: now,
            claims: Map::new(),
        }
    }
}

/// What a code is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    #[default]
    VerifyEmail,
    ResetPassword,
}

/// A mail that went nowhere: whoever has its code has read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OobCode {
    pub code: String,
    #[serde(default)]
    pub purpose: Purpose,
    pub local_id: String,
    pub email: String,
    pub continue_url: Option<String>,
}

impl OobCode {
    pub fn new(
        purpose: Purpose,
        account: &Account,
        email: &str,
        continue_url: Option<String>,
    ) -> Self {
        Self {
            code: new_id(),
            purpose,
            local_id: account.local_id.clone(),
            email: email.to_owned(),
            continue_url,
        }
    }
}

/// All accounts of the project.
#[derive(Default, Serialize, Deserialize)]
pub struct Accounts {
    by_id: BTreeMap<String, Account>,
    oob_codes: Vec<OobCode>,
    #[serde(skip)]
    file: Option<PathBuf>,
}

impl Accounts {
    /// What `file` holds; nothing where it is not there yet.
    pub fn open(file: Option<PathBuf>) -> Result<Self, String> {
        let kept = match file.as_ref().map(std::fs::read) {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes).map_err(|_| {
                let file = file.clone().unwrap_or_default();
                format!("{} holds no accounts; start with --fresh", file.display())
            })?,
            _ => Self::default(),
        };
        Ok(Self { file, ..kept })
    }

    pub fn get(&self, local_id: &str) -> Option<&Account> {
        self.by_id.get(local_id)
    }

    pub fn by_email(&self, email: &str) -> Option<&Account> {
        let mut accounts = self.by_id.values();
        accounts.find(|account| account.email.as_deref() == Some(email))
    }

    /// The accounts whose ids come after this one.
    pub fn after(&self, local_id: &str) -> impl Iterator<Item = &Account> {
        let after = (Bound::Excluded(local_id), Bound::Unbounded);
        self.by_id
            .range::<str, _>(after)
            .map(|(_, account)| account)
    }

    pub fn oob_codes(&self) -> &[OobCode] {
        &self.oob_codes
    }

    /// Changes something and keeps it.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        let changed = change(self);
        if let Some(file) = &self.file {
            let written = serde_json::to_vec_pretty(self)
                .map_err(std::io::Error::other)
                .and_then(|text| replace(file, text));
            if let Err(error) = written {
                tracing::warn!(%error, "Firebase's accounts could not be kept");
            }
        }
        changed
    }

    pub fn put(&mut self, account: Account) {
        self.by_id.insert(account.local_id.clone(), account);
    }

    pub fn remove(&mut self, local_id: &str) {
        self.by_id.remove(local_id);
        self.oob_codes.retain(|code| code.local_id != local_id);
    }

    pub fn clear(&mut self) {
        self.by_id.clear();
        self.oob_codes.clear();
    }

    pub fn add_oob_code(&mut self, code: OobCode) {
        self.oob_codes.push(code);
    }

    pub fn take_oob_code(&mut self, code: &str, purpose: Purpose) {
        self.oob_codes
            .retain(|one| one.code != code || one.purpose != purpose);
    }
}

/// 28 characters, as Firebase's are.
pub fn new_id() -> String {
    let mut id = Uuid::new_v4().simple().to_string();
    id.truncate(28);
    id
}
