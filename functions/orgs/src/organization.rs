//! An organisation, as one item that holds what the rules need: whoever changes who belongs to it writes
//! this item too, under the condition that it has not changed meanwhile. So each rule is decided on what
//! is there: the seats, and that an organisation with several members has an admin.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice::from_ref,
};

use derive_more::{Display, FromStr};
use enishi_shared::{
    App, Error, Result, UserId,
    app::{ConfigError, Configure, Env},
    store::{Condition, Key, Part, Table, Transaction, decode, when},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{caller::Caller, invitation::InvitationId, licensing::License, seconds::Grant};

/// What the product is called among those that an account has a profile of.
pub const PRODUCT: &str = "orgs";

/// An organisation's id: a UUIDv7.
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
#[schema(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51")]
pub struct OrganizationId(Uuid);

impl OrganizationId {
    /// The id of a new one.
    pub fn new(app: &App) -> Self {
        Self(app.new_id())
    }

    /// The id in its 16 bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The id from its 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, of everybody in the organisation.
    Admin,
    /// What is their own.
    Member,
}

/// An organisation as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Which.
    pub organization_id: OrganizationId,
    /// What the system calls it: a UUID.
    pub name: String,
    /// What it calls itself.
    pub company_name: String,
    /// Where it is, such as `123-4567`.
    pub postal_code: String,
    /// Where in it.
    pub address: String,
    /// How many may belong to it, those counted who are invited: those of its licence, or what is free before it
    /// has one.
    pub seats: u32,
    /// How many belong to it.
    pub members: u32,
    /// Which of them are admins.
    pub admins: BTreeSet<UserId>,
    /// The invitations, and until when they are open; some that have expired may be among them.
    pub invitations: BTreeMap<InvitationId, Timestamp>,
    /// The seconds of detection that it was granted last.
    pub grant: Grant,
    /// Stripe's `cus_…`, once it has asked for a licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// What it has bought, or asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<License>,
    /// How often it has changed.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

/// `ORG_FREE_SEATS`: the seats of an organisation that has bought none, 1 unless told.
pub struct FreeSeats(pub u32);

impl Configure for FreeSeats {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        match env.parsed("ORG_FREE_SEATS", 1)? {
            0 => Err(ConfigError::Invalid("ORG_FREE_SEATS")),
            seats => Ok(Self(seats)),
        }
    }
}

/// That a text is a Japanese postal code: seven digits, with or without a hyphen after the third.
///
/// # Errors
/// Says that it is none.
pub fn postal_code<C>(value: &str, _: &C) -> garde::Result {
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = value.split_once('-').or_else(|| value.split_at_checked(3));
    match parts.is_some_and(|(area, place)| digits(area, 3) && digits(place, 4)) {
        true => Ok(()),
        false => Err(garde::Error::new("seven digits such as 123-4567")),
    }
}

/// `ORGS_TABLE`: the table of this service.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn table(app: &App) -> Result<Table> {
    Table::named(app, "ORGS_TABLE")
}

/// The partition of an organisation, its members, invitations and projects.
pub fn partition(organization_id: OrganizationId) -> String {
    format!("ORG#{organization_id}")
}

/// Where an organisation lies.
pub fn organization_key(organization_id: OrganizationId) -> Key {
    Key::new(partition(organization_id), "ORG")
}

/// An organisation, if it has not been closed. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn find(table: &Table, organization_id: OrganizationId) -> Result<Option<Organization>> {
    read(table, &organization_key(organization_id)).await
}

/// What lies at one place, by the action that every function of this service has. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn read<T: DeserializeOwned>(table: &Table, key: &Key) -> Result<Option<T>> {
    let found = table.batch_get(from_ref(key)).await?.remove(key);
    found.map(decode).transpose()
}

/// A caller's organisation. One request.
///
/// # Errors
/// `profile_missing` when it was closed since; `service_unavailable` when DynamoDB does not answer.
pub async fn of_caller(table: &Table, caller: &Caller) -> Result<Organization> {
    let found = find(table, caller.organization_id).await?;
    found.ok_or_else(Caller::belongs_no_more)
}

impl Organization {
    /// The seats that are taken at `now`: by members, and by who is invited.
    pub fn taken(&self, now: Timestamp) -> u32 {
        let open = self.invitations.values().filter(|until| now < **until);
        let open = u32::try_from(open.count()).unwrap_or(u32::MAX);
        self.members.saturating_add(open)
    }

    /// That there is a seat for one more.
    ///
    /// # Errors
    /// `conflict` when all are taken.
    pub fn has_seat(&self, now: Timestamp) -> Result<()> {
        match self.taken(now) < self.seats {
            true => Ok(()),
            false => Err(Error::conflict(format!(
                "all {} seats are taken by members and open invitations",
                self.seats
            ))),
        }
    }

    /// That so many seats are enough for who belongs to it and who is invited.
    ///
    /// # Errors
    /// `conflict` where they are too few.
    pub fn fits(&self, seats: u32, now: Timestamp) -> Result<()> {
        match self.taken(now) {
            taken if taken <= seats => Ok(()),
            taken => Err(Error::conflict(format!(
                "{taken} seats are taken by members and open invitations"
            ))),
        }
    }

    /// Whether an invitation is open at `now`.
    pub fn invites(&self, id: InvitationId, now: Timestamp) -> bool {
        self.invitations.get(&id).is_some_and(|until| now < *until)
    }

    /// Who must stay as they are: the only admin of others.
    pub fn last_admin(&self) -> Option<UserId> {
        match (self.members, self.admins.len()) {
            (2.., 1) => self.admins.first().copied(),
            _ => None,
        }
    }

    /// Forgets the invitations that have expired.
    pub fn prune(&mut self, now: Timestamp) {
        self.invitations.retain(|_, until| now < *until);
    }

    /// The condition that it has not changed since it was read.
    pub fn as_read(&self) -> Condition {
        when().eq("version", self.version)
    }

    /// Writes what it has become in the place of `before`, unless that has changed meanwhile.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be stored.
    pub fn replace(
        &mut self,
        tx: &mut Transaction,
        table: &Table,
        before: &Self,
    ) -> Result<Part<Self>> {
        self.version = before.version.wrapping_add(1);
        self.prune(tx.app().now());
        tx.replace(
            table,
            organization_key(self.organization_id),
            self,
            before.as_read(),
        )
    }
}

#[cfg(test)]
mod tests {
    use enishi_shared::store::Item;

    use super::*;

    fn organization() -> Result<Organization, Box<dyn std::error::Error>> {
        let at = |text: &str| text.parse::<Timestamp>();
        Ok(Organization {
            organization_id: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51".parse()?,
            name: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f52".to_owned(),
            company_name: "いろは株式会社".to_owned(),
            postal_code: "123-4567".to_owned(),
            address: "東京都港区白銀高輪1-1-1".to_owned(),
            seats: 3,
            members: 1,
            admins: BTreeSet::from(["019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50".parse()?]),
            invitations: BTreeMap::from([
                (
                    "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f53".parse()?,
                    at("2026-11-20T00:00:00Z")?,
                ),
                (
                    "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f54".parse()?,
                    at("2026-11-21T00:00:00Z")?,
                ),
            ]),
            grant: Grant::free(600),
            customer: None,
            license: None,
            version: 7,
            created_at: at("2026-11-01T00:00:00Z")?,
        })
    }

    #[test]
    fn open_invitations_take_seats_and_expired_ones_do_not()
    -> Result<(), Box<dyn std::error::Error>> {
        let organization = organization()?;
        for (now, taken) in [
            ("2026-11-19T23:59:59Z", 3),
            ("2026-11-20T00:00:00Z", 2),
            ("2026-11-21T00:00:00Z", 1),
        ] {
            let now = now.parse()?;
            assert_eq!(organization.taken(now), taken, "{now}");
            assert_eq!(organization.has_seat(now).is_ok(), taken < 3, "{now}");
        }
        Ok(())
    }

    #[test]
    fn the_only_admin_of_others_must_stay() -> Result<(), Box<dyn std::error::Error>> {
        let alone = organization()?;
        assert_eq!(alone.last_admin(), None);
        let others = Organization {
            members: 2,
            ..alone.clone()
        };
        assert_eq!(others.last_admin(), alone.admins.first().copied());
        let mut two = others;
        two.admins
            .insert("019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f55".parse()?);
        assert_eq!(two.last_admin(), None);
        Ok(())
    }

    #[test]
    fn a_postal_code_is_seven_digits() {
        for right in ["123-4567", "1234567"] {
            assert!(postal_code(right, &()).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "123",
            "123-456",
            "123-45678",
            "1234-567",
            "１２３-4567",
            "123-4567 ",
            "12a-4567",
        ] {
            assert!(postal_code(wrong, &()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_is_stored_and_read_as_it_is() -> Result<(), Box<dyn std::error::Error>> {
        let organization = organization()?;
        let item: Item = serde_dynamo::to_item(&organization)?;
        assert_eq!(
            serde_dynamo::from_item::<_, Organization>(item)?,
            organization
        );
        Ok(())
    }
}
