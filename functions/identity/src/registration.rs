//! What the sign-ups of all products have in common: the throttles, the new account, the account
//! that a profile is added to, and the transaction with what it answers when it comes again.

use enishi_shared::{
    App, Error, Result,
    auth::User,
    http::SourceIp,
    idempotency::{Creation, IdempotencyKey},
    language::Language,
    password,
    store::{Committed, Refusal, Table, Write},
    throttle::{self, Limit},
};
use serde::Serialize;

use crate::{
    accounts::{Account, Status, UserId, account_key, normalised, table},
    limits,
};

/// Sign-ups an address.
const ADDRESS: Limit = Limit::new("REGISTER_RATE", 20, 60 * 60);
/// Sign-ups an e-mail; replays count too, since they compare a password.
const EMAIL: Limit = Limit::new("REGISTER_EMAIL_RATE", 10, 60 * 60);

/// A sign-up at work.
pub struct Registration {
    /// The world.
    pub app: App,
    /// This service's table.
    pub table: Table,
    email: String,
    password: String,
    key: Option<String>,
}

/// What a sign-up writes, in one transaction.
pub struct Entry<'a, T> {
    /// The account that is made or gets the profile.
    pub user_id: UserId,
    /// Endpoint and, where there is one, caller: what the `Idempotency-Key` is valid for.
    pub scope: &'a str,
    /// What a repetition must repeat. No password: a fast digest of something guessable must not
    /// lie in a table.
    pub body: T,
    /// The parts for this service's table. Those that somebody else's write can refuse come first.
    pub writes: Vec<Write>,
    /// The field that is in use when the part in the same place of `writes` is refused.
    pub fields: &'static [&'static str],
    /// The parts for the product's own table; [`Registration::table`] and none if it has none.
    pub profile: (&'a Table, Vec<Write>),
}

impl Registration {
    /// Counts the attempt, for its address and its e-mail. Two requests.
    ///
    /// # Errors
    /// `too_many_requests`, `service_unavailable`.
    pub async fn begin(
        app: App,
        address: &SourceIp,
        IdempotencyKey(key): IdempotencyKey,
        email: &str,
        password: &str,
    ) -> Result<Self> {
        let table = table(&app)?;
        limits::by_address(&app, &table, "register", address, &ADDRESS).await?;
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
            email_verified: false,
            password_hash: Some(password::hash(app, &self.password)?),
            firebase_uid: None,
            status: Status::Active,
            epoch: 0,
            products: vec![product.to_owned()],
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
            .get::<Account>(&account_key(UserId::of(user)?))
            .await?
            .filter(Account::is_active)
            .ok_or_else(Error::token_invalid)?;
        if normalised(&account.email) != normalised(&self.email) {
            return Err(Error::conflict("email must be the one of your account")
                .and_already_exists("email"));
        }
        Ok(account)
    }

    /// Writes it all; `Some` is what this `Idempotency-Key` has created before. One request.
    ///
    /// # Errors
    /// `conflict`, naming what is in use.
    pub async fn commit<T: Serialize>(&self, entry: Entry<'_, T>) -> Result<Option<UserId>> {
        let Entry {
            user_id,
            scope,
            body,
            mut writes,
            fields,
            profile: (other, theirs),
        } = entry;
        let creation = self
            .key
            .as_deref()
            .map(|key| Creation::new(&self.app, scope, key, &body))
            .transpose()?;
        let record = writes.len();
        if let Some(creation) = &creation {
            writes.push(creation.remember(&user_id.to_string())?);
        }
        let mut refused = match self.table.transact_with(writes, other, theirs).await? {
            Committed::Done => return Ok(None),
            Committed::Refused(refused) => refused,
        };
        let Some(creation) = creation else {
            return Err(taken(&refused, fields));
        };
        let before = refused
            .iter_mut()
            .find(|refusal| refusal.part == record)
            .and_then(|refusal| refusal.item.take());
        if let Some(before) = before
            && let Some(created) = creation.recall(&self.app, before)?
        {
            return created
                .parse()
                .map(Some)
                .map_err(|error| Error::internal(error));
        }
        Err(taken(&refused, fields))
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

/// The 409 that names what is in use.
fn taken(refused: &[Refusal], fields: &[&'static str]) -> Error {
    let is = |part| refused.iter().any(|refusal| refusal.part == part);
    let mut taken = (0..)
        .zip(fields)
        .filter_map(|(part, field)| is(part).then_some(*field));
    match taken.next() {
        Some(first) => taken.fold(Error::already_exists(first), Error::and_already_exists),
        None => Error::conflict("somebody else was faster; try again"),
    }
}

/// A name without spaces around it, for `#[garde(custom(…))]`.
///
/// # Errors
/// Says that it has some.
pub fn untrimmed<C>(value: &str, _: &C) -> garde::Result {
    if value.trim() == value {
        Ok(())
    } else {
        Err(garde::Error::new("starts or ends with a space"))
    }
}
