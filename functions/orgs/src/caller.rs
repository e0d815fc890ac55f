//! Who calls, of which organisation, and what they may do there: found by one request each time, so that
//! a role, a removal or a deletion counts from the next request on.
//!
//! A member is found by either token: a row lies under their account and one under their id at Firebase.
//! Both are written with the membership. Somebody who was deleted leaves a row for a day, by which tokens
//! that were issued before are known: the longest lasts an hour.

use axum::{extract::FromRequestParts, http::request::Parts};
use enishi_shared::{
    App, Error, Result, UserId,
    accounts::{self, Account, Owner, account_key, firebase_key},
    auth::{FirebaseCaller, ServiceUser},
    error::Code,
    firebase::FirebaseUser,
    store::{self, Change, Condition, Key, Part, Table, Transaction, decode, when},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    member::{Member, member_key},
    organization::{Organization, OrganizationId, PRODUCT, Role, read, table},
};

/// Longer than any token that was issued before a deletion is good.
const DELETED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A member who calls. As an extractor it answers 401 without a valid token, or with one of an account
/// that was closed or deleted since, and 403 `profile_missing` to who belongs to no organisation. One
/// request; one more with the first token of each log-in at Firebase, which is noted as the member's last.
/// The function needs `ORGS_TABLE` and `IDENTITY_TABLE` with `dynamodb:BatchGetItem`, the first also with
/// `dynamodb:UpdateItem`.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account.
    pub user_id: UserId,
    /// Their id at Firebase.
    pub uid: String,
    /// Where they belong.
    pub organization_id: OrganizationId,
    /// What they may do there.
    pub role: Role,
    /// When they logged in last at Firebase.
    pub last_signin_at: Timestamp,
    /// The address in the token that was presented, if it has one.
    pub token_email: Option<String>,
}

/// Where somebody stands, as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// They belong to an organisation.
    Member {
        /// The account.
        user_id: UserId,
        /// Their id at Firebase.
        uid: String,
        /// Which.
        organization_id: OrganizationId,
        /// What they may do there.
        role: Role,
        /// When they logged in last at Firebase.
        last_signin_at: Timestamp,
    },
    /// They were deleted.
    Deleted {
        /// When, in seconds.
        at: i64,
        /// When the row goes, in seconds.
        ttl: i64,
    },
}

/// Where it lies where somebody stands, by their account.
pub fn caller_key(user_id: UserId) -> Key {
    Key::new(format!("CALLER#{user_id}"), "CALLER")
}

/// The same by their id at Firebase.
pub fn firebase_caller_key(uid: &str) -> Key {
    Key::new(format!("CALLER#{uid}"), "CALLER")
}

impl Caller {
    /// That they are an admin.
    ///
    /// # Errors
    /// `forbidden` to others.
    pub fn admin(&self) -> Result<()> {
        match self.role {
            Role::Admin => Ok(()),
            Role::Member => Err(Error::forbidden()),
        }
    }

    /// That it is themselves, or that they are an admin.
    ///
    /// # Errors
    /// `forbidden` otherwise.
    pub fn own_or_admin(&self, user_id: UserId) -> Result<()> {
        match user_id == self.user_id {
            true => Ok(()),
            false => self.admin(),
        }
    }

    /// That they are an admin of their organisation as it was read: what is written under its version holds
    /// with that.
    ///
    /// # Errors
    /// `forbidden` otherwise.
    pub fn still_admin(&self, organization: &Organization) -> Result<()> {
        match organization.admins.contains(&self.user_id) {
            true => Ok(()),
            false => Err(Error::forbidden()),
        }
    }

    /// The 403 of who belongs to no organisation, or to none any more.
    pub fn belongs_no_more() -> Error {
        Error::profile_missing(PRODUCT)
    }

    /// That they are an admin of this organisation.
    ///
    /// # Errors
    /// `forbidden` to members, `not_found` for any other organisation.
    pub fn admin_of(&self, organization_id: OrganizationId) -> Result<()> {
        match self.organization_id == organization_id {
            true => self.admin(),
            false => Err(Error::not_found("organization")),
        }
    }

    /// Refuses a transaction unless they still belong where they did, with the same role.
    pub fn check(&self, tx: &mut Transaction, table: &Table) -> Part {
        tx.check(table, caller_key(self.user_id), self.as_read())
    }

    fn as_read(&self) -> Condition {
        when()
            .eq("organization_id", self.organization_id)
            .eq("role", self.role)
    }

    /// Notes that they have logged in since the last time. One request.
    async fn signed_in(&mut self, app: &App, orgs: &Table, at: Timestamp) -> Result<()> {
        self.last_signin_at = at;
        let mut tx = Transaction::new(app);
        for key in [caller_key(self.user_id), firebase_caller_key(&self.uid)] {
            let noted = Change::new().set("last_signin_at", at);
            tx.update(orgs, key, noted.when(self.as_read()));
        }
        let member = member_key(self.organization_id, self.user_id);
        let noted = Change::new().set("last_signin_at", at);
        tx.update(orgs, member, noted.when(when().exists("pk")));
        // Refused where they left or got another role meanwhile: the next token is noted.
        tx.commit().await?;
        Ok(())
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let user = ServiceUser::from_request_parts(parts, app).await?;
        let (orgs, identity) = (table(app)?, accounts::table(app)?);
        let (standing, account) = match &user {
            ServiceUser::User(user) => (caller_key(user.id), account_key(user.id)),
            ServiceUser::Firebase(user) => {
                (firebase_caller_key(&user.uid), firebase_key(&user.uid))
            }
        };
        let places = [(&orgs, standing), (&identity, account)];
        let mut found = store::batch_get(app, &places).await?.into_iter();
        let standing = found.next().flatten().map(decode::<Standing>).transpose()?;
        let account = found.next().flatten();
        let (issued_at, owner, token_email, signed_in) = match user {
            ServiceUser::User(user) => {
                let account = account.map(decode::<Account>).transpose()?;
                // An account that is gone was closed: there is no token without one.
                if !account.is_some_and(|account| account.is_active()) {
                    return Err(Error::token_invalid());
                }
                (
                    user.claims.iat,
                    Some(user.id),
                    Some(user.claims.email),
                    None,
                )
            }
            ServiceUser::Firebase(user) => {
                let owner = account.map(decode::<Owner>).transpose()?;
                let owner = owner.map(|owner| owner.user_id);
                (
                    user.issued_at.as_second(),
                    owner,
                    user.email,
                    Some(user.auth_time),
                )
            }
        };
        match standing {
            Some(Standing::Member {
                user_id,
                uid,
                organization_id,
                role,
                last_signin_at,
            }) => {
                if owner != Some(user_id) {
                    return Err(Error::token_invalid());
                }
                let mut caller = Self {
                    user_id,
                    uid,
                    organization_id,
                    role,
                    last_signin_at,
                    token_email,
                };
                if let Some(at) = signed_in.filter(|at| *at > last_signin_at) {
                    caller.signed_in(app, &orgs, at).await?;
                }
                Ok(caller)
            }
            Some(deleted @ Standing::Deleted { .. }) if deleted.ends(issued_at) => {
                Err(Error::token_invalid())
            }
            Some(Standing::Deleted { .. }) | None => Err(Self::belongs_no_more()),
        }
    }
}

/// Somebody from Firebase who may come to an organisation. As an extractor it answers 401 to anything but
/// an ID token of Firebase's, and to one of an account that was deleted since. One request. The function
/// needs `ORGS_TABLE` with `dynamodb:BatchGetItem`.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Whom Firebase vouches for.
    pub user: FirebaseUser,
    /// Whether they belong to one already.
    pub belongs: bool,
}

impl FromRequestParts<App> for Newcomer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let FirebaseCaller(user) = FirebaseCaller::from_request_parts(parts, app).await?;
        let key = firebase_caller_key(&user.uid);
        let standing: Option<Standing> = read(&table(app)?, &key).await?;
        let belongs = match standing {
            Some(Standing::Member { .. }) => true,
            Some(deleted) if deleted.ends(user.issued_at.as_second()) => {
                return Err(Error::token_invalid());
            }
            Some(Standing::Deleted { .. }) | None => false,
        };
        Ok(Self { user, belongs })
    }
}

impl Newcomer {
    /// Their address, if Firebase knows that it is theirs.
    ///
    /// # Errors
    /// `forbidden` otherwise.
    pub fn verified_email(&self) -> Result<&str> {
        let email = self.user.email.as_deref();
        email.filter(|_| self.user.email_verified).ok_or_else(|| {
            Error::new(
                Code::Forbidden,
                "your e-mail address must be verified at Firebase",
            )
        })
    }
}

/// The 409 of who belongs to an organisation.
pub fn belongs_already() -> Error {
    Error::conflict("you belong to an organization already").and_already_exists("uid")
}

impl Standing {
    /// Of a member.
    pub fn of(member: &Member) -> Self {
        Self::Member {
            user_id: member.user_id,
            uid: member.uid.clone(),
            organization_id: member.organization_id,
            role: member.role,
            last_signin_at: member.last_signin_at,
        }
    }

    /// Of somebody who is deleted now.
    pub fn deleted(now: Timestamp) -> Self {
        let at = now.as_second();
        Self::Deleted {
            at,
            ttl: at + DELETED_FOR.as_secs(),
        }
    }

    /// Whether a token is no good any more that was issued at a time, in seconds.
    pub fn ends(&self, issued_at: i64) -> bool {
        match self {
            Self::Member { .. } => false,
            Self::Deleted { at, .. } => issued_at <= *at,
        }
    }

    /// Writes it where a member is found by either token, in the place of what is there on `condition`.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be stored.
    pub fn write(
        &self,
        tx: &mut Transaction,
        table: &Table,
        user_id: UserId,
        uid: &str,
        condition: &Condition,
    ) -> Result<[Part<Self>; 2]> {
        let by_account = tx.replace(table, caller_key(user_id), self, condition.clone())?;
        let by_uid = tx.replace(table, firebase_caller_key(uid), self, condition.clone())?;
        Ok([by_account, by_uid])
    }
}
