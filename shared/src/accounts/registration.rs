//! What the sign-ups of all products have in common: the throttles, the new account, the account
//! that a profile is added to, and what is answered when one is refused or comes again.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Account, Status, account_key, normalised, table};
use crate::{
    App, Error, Result, UserId,
    auth::User,
    http::SourceIp,
    idempotency::{Creation, IdempotencyKey},
    language::Language,
    password,
    store::Table,
    throttle::{self, Limit},
};

/// Sign-ups an address.
const ADDRESS: Limit = Limit::new("REGISTER_RATE", 20, 60 * 60);
/// Sign-ups an e-mail; replays count too, since they compare a password.
const EMAIL: Limit = Limit::new("REGISTER_EMAIL_RATE", 10, 60 * 60);

/// A sign-up at work.
pub struct Registration {
    /// The world.
    pub app: App,
    /// The table of accounts.
    pub table: Table,
    email: String,
    password: String,
    key: IdempotencyKey,
}

impl Registration {
    /// Counts the attempt, for its address and its e-mail. Two requests.
    ///
    /// # Errors
    /// `too_many_requests`, `service_unavailable`.
    pub async fn begin(
        app: App,
        address: &SourceIp,
        key: IdempotencyKey,
        email: &str,
        password: &str,
    ) -> Result<Self> {
        let table = table(&app)?;
        throttle::count_address(&app, &table, "register", address, &ADDRESS).await?;
        throttle::count(&app, &table, "register", &normalised(email), &EMAIL).await?;
        Ok(Self {
            app,
            table,
            email: email.to_owned(),
            password: password.to_owned(),
            key,
        })
    }

    /// An account to be made, still without a name. The password is hashed here, before anything is
    /// looked up, so a taken e-mail takes as long as a free one.
    ///
    /// # Errors
    /// `internal_server_error` when the password cannot be hashed.
    pub fn new_account(&self, product: &str, language: Language) -> Result<Account> {
        let Self { app, .. } = self;
        Ok(Account {
            user_id: UserId::new(app),
            username: None,
            name: None,
            email: self.email.clone(),
            language,
            email_verified_at: None,
            password_hash: Some(password::hash(app, &self.password)?),
            firebase_uid: None,
            status: Status::Active,
            epoch: 0,
            products: vec![product.to_owned()],
            holds: BTreeSet::new(),
            unwanted: BTreeSet::new(),
            created_at: app.now(),
        })
    }

    /// The account whose token was presented; the password that came is ignored. One request.
    ///
    /// # Errors
    /// `access_token_invalid` without such an account, `conflict` when its e-mail is another.
    pub async fn account_of(&self, user: &User) -> Result<Account> {
        let account = self
            .table
            .get::<Account>(&account_key(user.id))
            .await?
            .filter(Account::is_active)
            .ok_or_else(Error::token_invalid)?;
        if normalised(&account.email) != normalised(&self.email) {
            return Err(Error::conflict("email must be the one of your account")
                .and_already_exists("email"));
        }
        Ok(account)
    }

    /// What is created at most once under the request's `Idempotency-Key` at this endpoint: by `user`,
    /// or, where nobody is logged in, with this e-mail, for two people may choose the same key. `body`
    /// is what a repetition must repeat. No password: a fast digest of something guessable must not
    /// lie in a table.
    ///
    /// # Errors
    /// `internal_server_error` when `body` is no JSON.
    pub fn creation<T: Serialize>(
        &self,
        endpoint: &str,
        user: Option<UserId>,
        body: &T,
    ) -> Result<Option<Creation>> {
        let caller = user.map_or_else(|| normalised(&self.email), |user_id| user_id.to_string());
        let scope = format!("{endpoint}\n{caller}");
        self.key.creation(&self.app, &scope, body)
    }

    /// The account that a repetition is about. To have made it, its password must be repeated;
    /// to add a profile, the token was. One request.
    ///
    /// # Errors
    /// `conflict` when the password is another, or the account is gone.
    pub async fn repeated(&self, user_id: UserId, made: bool) -> Result<Account> {
        let account = self
            .table
            .get::<Account>(&account_key(user_id))
            .await?
            .filter(Account::is_active);
        let hash = account
            .as_ref()
            .and_then(|account| account.password_hash.as_deref());
        let same = !made || password::verify(&self.app, &self.password, hash)?;
        account
            .filter(|_| same)
            .ok_or_else(|| Error::conflict("this Idempotency-Key was used with another body"))
    }
}

/// The 409 that names the fields that are in use.
pub fn taken(fields: &[(&'static str, bool)]) -> Error {
    let mut taken = fields.iter().filter(|(_, is_taken)| *is_taken);
    match taken.next() {
        Some((first, _)) => taken.fold(Error::already_exists(first), |error, (field, _)| {
            error.and_already_exists(field)
        }),
        None => Error::conflict("somebody else was faster; try again"),
    }
}

/// Why a profile was not added to an account, `there` being the account as it refused that.
pub fn not_joined(there: Option<&Account>) -> Error {
    match there.filter(|account| account.is_active()) {
        Some(_) => Error::conflict("your account has this profile already"),
        None => Error::token_invalid(),
    }
}
