//! What a server does, with the Admin SDKs: create, list, look up, change and delete accounts.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    Failure,
    accounts::{Account, new_id},
    operations::{Project, strong},
    requests::{BatchDelete, Delete, LookUp, SignUp, Update, parse},
    shapes::{found, shown, updated},
};

/// The most accounts of a page, and of a page whose size nobody told.
const PAGE: usize = 1_000;
const SHORT_PAGE: usize = 20;
/// The most accounts that are deleted at once.
const DELETED_AT_ONCE: usize = 1_000;

impl Project<'_> {
    /// What a server may do; `accounts` alone creates one.
    pub fn of_a_server(&mut self, operation: &str, body: &[u8]) -> Result<Value, Failure> {
        match operation {
            "accounts" => self.create(parse(body, &[])?),
            "accounts:lookup" => {
                let asked: LookUp = parse(body, &[])?;
                let by_id = asked.local_id.iter().filter_map(|id| self.accounts.get(id));
                let emails = asked.email.iter().map(|email| email.to_lowercase());
                let mut accounts: Vec<&Account> = by_id
                    .chain(emails.filter_map(|email| self.accounts.by_email(&email)))
                    .collect();
                accounts.sort_by_key(|account| &account.local_id);
                accounts.dedup_by_key(|account| &account.local_id);
                Ok(found(&accounts))
            }
            "accounts:update" => {
                let asked: Update = parse(body, &[])?;
                let account = self.by_id(asked.local_id.clone())?;
                let (account, _) = self.update(account, asked)?;
                Ok(updated(&account))
            }
            "accounts:delete" => {
                let account = self.by_id(parse::<Delete>(body, &[])?.local_id)?;
                self.delete(&account)
            }
            "accounts:batchDelete" => self.batch_delete(&parse(body, &[])?),
            "accounts:sendOobCode" => self.send_oob_code(parse(body, &[])?, true),
            _ => Err(Failure::not_found()),
        }
    }

    fn create(&mut self, asked: SignUp) -> Result<Value, Failure> {
        let local_id = match asked.local_id.filter(|id| !id.is_empty()) {
            Some(taken) if self.accounts.get(&taken).is_some() => {
                return Err(Failure::code("DUPLICATE_LOCAL_ID"));
            }
            Some(id) if id.len() > 128 => return Err(Failure::code("INVALID_LOCAL_ID")),
            Some(id) => id,
            None => new_id(),
        };
        let email = match asked.email.filter(|email| !email.is_empty()) {
            Some(email) => Some(self.free(&email, None)?),
            None => None,
        };
        let account = Account {
            email_verified: asked.email_verified.unwrap_or_default(),
            password: asked.password.map(strong).transpose()?,
            display_name: asked.display_name.filter(|name| !name.is_empty()),
            photo_url: asked.photo_url.filter(|url| !url.is_empty()),
            disabled: asked.disabled.unwrap_or_default(),
            ..Account::new(local_id, email, self.now)
        };
        self.put(&account);
        Ok(json!({
            "kind": "identitytoolkit#SignupNewUserResponse",
            "localId": account.local_id,
            "email": account.email,
            "displayName": account.display_name,
        }))
    }

    /// A page of all accounts, by their ids; `after` is the last one of the page before.
    pub fn list(&self, most: Option<&str>, after: Option<&str>) -> Result<Value, Failure> {
        let most = match most.map(str::parse) {
            None => SHORT_PAGE,
            Some(Ok(most @ 1..=PAGE)) => most,
            Some(_) => return Err(Failure::code("INVALID_PAGE_SIZE")),
        };
        if after.is_some_and(|id| self.accounts.get(id).is_none()) {
            return Err(Failure::code("INVALID_PAGE_SELECTION"));
        }
        let mut left = self.accounts.after(after.unwrap_or_default());
        let page: Vec<&Account> = left.by_ref().take(most).collect();
        let users: Vec<Value> = page.iter().map(|account| shown(account)).collect();
        let mut answer = json!({"kind": "identitytoolkit#DownloadAccountResponse"});
        if let Some(last) = page.last() {
            answer["users"] = users.into();
            if left.next().is_some() {
                answer["nextPageToken"] = last.local_id.as_str().into();
            }
        }
        Ok(answer)
    }

    /// Deletes accounts that are disabled, or all of them where `force` says so.
    fn batch_delete(&mut self, asked: &BatchDelete) -> Result<Value, Failure> {
        if !(1..=DELETED_AT_ONCE).contains(&asked.local_ids.len()) {
            return Err(Failure::code("LOCAL_ID_LIST_EXCEEDS_LIMIT"));
        }
        let mut errors = Vec::new();
        for (index, local_id) in asked.local_ids.iter().enumerate() {
            match self.accounts.get(local_id).cloned() {
                Some(account) if !account.disabled && !asked.force => errors.push(json!({
                    "index": index,
                    "localId": local_id,
                    "message": "NOT_DISABLED : Disable the account before batch deletion.",
                })),
                Some(account) => drop(self.delete(&account)?),
                None => {}
            }
        }
        Ok(match errors.is_empty() {
            true => json!({}),
            false => json!({"errors": errors}),
        })
    }
}

/// Claims that are the token's own.
const RESERVED: [&str; 16] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "cnf",
    "exp",
    "firebase",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "sub",
];
/// The most characters of an account's claims.
const LONGEST_CLAIMS: usize = 1_000;

/// An account's own claims, from the text of a JSON object.
///
/// # Errors
/// `CLAIMS_TOO_LARGE`, `INVALID_CLAIMS`, `FORBIDDEN_CLAIM`.
pub fn claims(text: &str) -> Result<serde_json::Map<String, Value>, Failure> {
    if text.chars().count() > LONGEST_CLAIMS {
        return Err(Failure::code("CLAIMS_TOO_LARGE"));
    }
    let claims: serde_json::Map<String, Value> =
        serde_json::from_str(text).map_err(|_| Failure::code("INVALID_CLAIMS"))?;
    match RESERVED.iter().find(|name| claims.contains_key(**name)) {
        Some(name) => Err(Failure::new(
            StatusCode::BAD_REQUEST,
            format!("FORBIDDEN_CLAIM : {name}"),
        )),
        None => Ok(claims),
    }
}
