//! What a sign-up writes: a new account or a new profile, in one transaction, and what it answers
//! when it comes again.

use enishi_shared::{
    App, Error, Result,
    auth::User,
    events::announce,
    idempotency::Creation,
    password,
    store::{AttributeValue, Committed, Expression, Refusal, Table, Write, s},
};

use super::{SignupRequest, SignupResponse};
use crate::{
    accounts::{
        Account, ROOMS, Status, UserId, account_key, claim, email_key, normalised, username_key,
    },
    events::AccountCreated,
    session::{self, Tokens},
};

/// A sign-up at work.
pub struct Registration {
    /// The world.
    pub app: App,
    /// This service's table.
    pub table: Table,
    /// What was asked for.
    pub body: SignupRequest,
}

/// The parts of the transaction that somebody else's write can refuse come first, in this order;
/// the record of the `Idempotency-Key` is the last part of all.
const EMAIL: usize = 0;
const USERNAME: usize = 1;

impl Registration {
    /// A new account. The password is hashed before anything is looked up, so a taken e-mail takes
    /// as long as a free one.
    pub async fn create(&self, key: Option<&str>) -> Result<SignupResponse> {
        let Self { app, body, .. } = self;
        let account = Account {
            user_id: UserId::new(app),
            username: Some(body.username.clone()),
            name: None,
            email: body.email.clone(),
            email_verified: false,
            password_hash: Some(password::hash(app, &body.password)?),
            status: Status::Active,
            epoch: 0,
            products: vec![ROOMS.to_owned()],
            created_at: app.now(),
        };
        let user_id = account.user_id;
        let (session, tokens) = session::open(app, &account).await?;
        let writes = vec![
            claim(email_key(&body.email), user_id)?,
            claim(username_key(&body.username), user_id)?,
            Write::create(account_key(user_id), &account)?,
            session,
            announce(app, AccountCreated { user_id })?,
        ];
        match self.commit(writes, user_id, "signup", key).await? {
            None => Ok(self.response(account, tokens)),
            Some(created) => self.replay(created, true).await,
        }
    }

    /// The rooms profile for the account whose token was presented.
    pub async fn join(&self, user: &User, key: Option<&str>) -> Result<SignupResponse> {
        let Self { app, body, table } = self;
        let user_id: UserId = user.id.parse().map_err(|_| Error::token_invalid())?;
        let mut account = table
            .get::<Account>(&account_key(user_id))
            .await?
            .filter(Account::is_active)
            .ok_or_else(Error::token_invalid)?;
        if normalised(&account.email) != normalised(&body.email) {
            return Err(Error::conflict("email must be the one of your account")
                .and_already_exists("email"));
        }
        account.username = Some(body.username.clone());
        let (session, tokens) = session::open(app, &account).await?;
        let profile = Expression::update(
            "SET #username = :username, #products = list_append(#products, :profile)",
        )
        .and_when(
            "#status = :active AND attribute_not_exists(#username) \
             AND NOT contains(#products, :rooms)",
        )
        .name("#username", "username")
        .name("#products", "products")
        .name("#status", "status")
        .value(":username", s(&body.username))
        .value(":profile", AttributeValue::L(vec![s(ROOMS)]))
        .value(":rooms", s(ROOMS))
        .value(":active", s(Status::ACTIVE));
        let writes = vec![
            Write::Update(account_key(user_id), profile),
            claim(username_key(&body.username), user_id)?,
            session,
        ];
        let scope = format!("signup {user_id}");
        match self.commit(writes, user_id, &scope, key).await? {
            None => Ok(self.response(account, tokens)),
            Some(created) => self.replay(created, false).await,
        }
    }

    /// Writes it all, or says what stands in the way; `Some` is what this `Idempotency-Key` has
    /// created before.
    async fn commit(
        &self,
        mut writes: Vec<Write>,
        user_id: UserId,
        scope: &str,
        key: Option<&str>,
    ) -> Result<Option<UserId>> {
        let Self { app, body, table } = self;
        // No password: a fast digest of something guessable must not lie in a table.
        let creation = key
            .map(|key| Creation::new(app, scope, key, &(&body.username, &body.email)))
            .transpose()?;
        let record = writes.len();
        if let Some(creation) = &creation {
            writes.push(creation.remember(&user_id.to_string())?);
        }
        let mut refused = match table.transact(writes).await? {
            Committed::Done => return Ok(None),
            Committed::Refused(refused) => refused,
        };
        let before = refused
            .iter_mut()
            .find(|refusal| refusal.part == record)
            .and_then(|refusal| refusal.item.take());
        if let (Some(creation), Some(before)) = (creation, before)
            && let Some(created) = creation.recall(app, before)?
        {
            return created
                .parse()
                .map(Some)
                .map_err(|error| Error::internal(error));
        }
        Err(taken(&refused))
    }

    /// Answers a repetition: a new session, since tokens are kept nowhere.
    async fn replay(&self, user_id: UserId, verify: bool) -> Result<SignupResponse> {
        let Self { app, body, table } = self;
        let account = table
            .get::<Account>(&account_key(user_id))
            .await?
            .filter(Account::is_active);
        let hash = account
            .as_ref()
            .and_then(|account| account.password_hash.as_deref());
        let same = !verify || password::verify(app, &body.password, hash)?;
        let Some(account) = account.filter(|_| same) else {
            return Err(Error::conflict(
                "this Idempotency-Key was used with another body",
            ));
        };
        let (session, tokens) = session::open(app, &account).await?;
        table.write(session).await?;
        Ok(self.response(account, tokens))
    }

    fn response(&self, account: Account, tokens: Tokens) -> SignupResponse {
        SignupResponse {
            user_id: account.user_id,
            username: self.body.username.clone(),
            email: account.email,
            tokens,
        }
    }
}

/// The 409 that names what is in use: the e-mail (or its account's profile), the username or both.
fn taken(refused: &[Refusal]) -> Error {
    let is = |part| refused.iter().any(|refusal| refusal.part == part);
    match (is(EMAIL), is(USERNAME)) {
        (true, true) => Error::already_exists("email").and_already_exists("username"),
        (true, false) => Error::already_exists("email"),
        (false, true) => Error::already_exists("username"),
        (false, false) => Error::conflict("somebody else was faster; try again"),
    }
}
