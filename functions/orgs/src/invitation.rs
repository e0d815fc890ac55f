//! An invitation: open for seven days, for one address, single use. Its token goes out by mail alone; only
//! its digest lies in the table, and it is good while the invitation is the address's own.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use derive_more::{Display, FromStr};
use enishi_shared::{
    App, Error, Result, UserId,
    accounts::normalised,
    error::Code,
    seal::sha256,
    store::{Key, Table, Transaction, decode, s},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    list::List,
    organization::{Organization, OrganizationId, Role, organization_key, partition, read},
};

/// How long an invitation is open.
pub const OPEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// What the sort keys of invitations begin with.
const INVITATIONS: &str = "INVITATION#";

/// An invitation's id: a UUIDv7.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    FromStr,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f53")]
pub struct InvitationId(Uuid);

impl InvitationId {
    /// The id of a new one.
    pub fn new(app: &App) -> Self {
        Self(app.new_id())
    }
}

/// An invitation as it lies in the table, under its organisation and under its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Which.
    pub invitation_id: InvitationId,
    /// Where to.
    pub organization_id: OrganizationId,
    /// Whom, as it was typed.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Who invited.
    pub invited_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// From this moment on it is not open any more.
    pub expires_at: Timestamp,
    /// The same in seconds.
    pub ttl: i64,
}

impl Invitation {
    /// Where it lies among its organisation's.
    pub fn key(&self) -> Key {
        invitation_key(self.organization_id, self.invitation_id)
    }

    /// Where it lies among those of its address.
    pub fn address_key(&self) -> Key {
        address_key(&self.email, self.organization_id)
    }

    /// Puts it into the table; of its address there is one in an organisation, so what was there is written
    /// over.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be stored.
    pub fn put(&self, tx: &mut Transaction, table: &Table) -> Result<()> {
        tx.put(table, self.key(), self)?;
        tx.put(table, self.address_key(), self)
    }

    /// Removes it.
    pub fn delete(&self, tx: &mut Transaction, table: &Table) {
        tx.delete(table, self.key());
        tx.delete(table, self.address_key());
    }
}

/// Where an invitation lies among its organisation's.
pub fn invitation_key(organization_id: OrganizationId, id: InvitationId) -> Key {
    Key::new(partition(organization_id), format!("{INVITATIONS}{id}"))
}

/// The list of an organisation's invitations, the oldest first; some that have expired may be among them.
pub fn invitations_of(organization_id: OrganizationId) -> List {
    List {
        pk: partition(organization_id),
        prefix: INVITATIONS,
    }
}

/// The partition of the invitations of an address, one for each organisation.
pub fn address_partition(email: &str) -> String {
    format!("EMAIL#{}", normalised(email))
}

/// Where the invitation of an address to an organisation lies, of which there is one at the most.
pub fn address_key(email: &str, organization_id: OrganizationId) -> Key {
    Key::new(address_partition(email), organization_id.to_string())
}

/// The open invitation that a token is good for, with its organisation. Two requests.
///
/// # Errors
/// `invalid_parameter` on `token` where there is none, `forbidden` where it is for another address.
pub async fn of_token(
    app: &App,
    table: &Table,
    token: &str,
    email: &str,
) -> Result<(Invitation, Organization)> {
    let (organization_id, key) = read_token(token)?;
    let token: Token = read(table, &key).await?.ok_or_else(rejected)?;
    let id = token.invitation_id;
    let places = [
        invitation_key(organization_id, id),
        organization_key(organization_id),
    ];
    let mut found = table.batch_get(&places).await?;
    let [invitation, organization] = places.map(|place| found.remove(&place));
    let invitation: Invitation = decode(invitation.ok_or_else(rejected)?)?;
    let organization: Organization = decode(organization.ok_or_else(rejected)?)?;
    if !organization.invites(id, app.now()) {
        return Err(rejected());
    }
    match normalised(&invitation.email) == normalised(email) {
        true => Ok((invitation, organization)),
        false => Err(Error::new(
            Code::Forbidden,
            "this invitation is for another e-mail address",
        )),
    }
}

/// The newest of an address's open invitations, with its organisation. Two requests.
///
/// # Errors
/// `forbidden` where there is none.
pub async fn newest(app: &App, table: &Table, email: &str) -> Result<(Invitation, Organization)> {
    let query = table.query("pk = :address");
    let query = query.value(":address", s(address_partition(email)));
    let mut invitations = query.page::<Invitation>().await?.items;
    invitations.sort_by_key(|invitation| invitation.created_at);
    let newest = invitations.into_iter().rev().take(100);
    let newest: Vec<_> = newest.collect();
    let key = |invitation: &Invitation| organization_key(invitation.organization_id);
    let places: Vec<Key> = newest.iter().map(key).collect();
    let mut organizations = table.batch_get(&places).await?;
    for invitation in newest {
        let organization = organizations.remove(&key(&invitation));
        // One of an organisation that was closed goes with it, a little later.
        if let Some(organization) = organization {
            let organization: Organization = decode(organization)?;
            if organization.invites(invitation.invitation_id, app.now()) {
                return Ok((invitation, organization));
            }
        }
    }
    Err(Error::new(
        Code::Forbidden,
        "no organization has invited your e-mail address",
    ))
}

/// What a token leads to, as it lies in the table under the token's digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// Which invitation; it says whether it is open still.
    pub invitation_id: InvitationId,
    /// When it ends, in seconds.
    pub ttl: i64,
}

/// A token's text: the organisation's id (16 bytes) and a secret (32 random bytes) in base64url.
pub fn token_text(organization_id: OrganizationId, secret: &[u8; 32]) -> String {
    let bytes = [organization_id.to_bytes().as_slice(), secret].concat();
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Where a token lies.
pub fn token_key(organization_id: OrganizationId, secret: &[u8; 32]) -> Key {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(sha256(secret));
    Key::new(partition(organization_id), format!("TOKEN#{digest}"))
}

/// The organisation that a token speaks of, and where it would lie.
///
/// # Errors
/// `invalid_parameter` on `token` when it cannot be one.
pub fn read_token(text: &str) -> Result<(OrganizationId, Key)> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let parts = bytes
        .as_deref()
        .and_then(|bytes| bytes.split_first_chunk::<16>());
    let (organization_id, secret) = parts.ok_or_else(rejected)?;
    let organization_id = OrganizationId::from_bytes(*organization_id);
    let secret = secret.try_into().map_err(|_| rejected())?;
    Ok((organization_id, token_key(organization_id, secret)))
}

/// The 400 of a token that is not good, whatever the reason.
pub fn rejected() -> Error {
    Error::invalid(
        "token",
        "this invitation is not open any more; ask for a new one",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_is_found_under_its_digest_only(
            organization_id in any::<[u8; 16]>(), secret in any::<[u8; 32]>(),
        ) {
            let organization_id = OrganizationId::from_bytes(organization_id);
            let text = token_text(organization_id, &secret);
            let (of, key) = read_token(&text).map_err(|_| TestCaseError::fail("no token"))?;
            prop_assert_eq!(of, organization_id);
            prop_assert_eq!(&key, &token_key(organization_id, &secret));
            // The id alone is in both.
            prop_assert!(!key.sk.contains(&text[22..]));
        }

        #[test]
        fn what_cannot_be_a_token_is_refused(text in "\\PC{0,63}|[A-Za-z0-9_-]{65,80}") {
            prop_assert!(read_token(&text).is_err());
        }
    }
}
