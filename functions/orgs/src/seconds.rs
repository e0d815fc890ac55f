//! Seconds of detection: what an organisation has left of them in a period, and who has spent them. An
//! organisation has the free allowance, once.

use enishi_shared::{
    App, Result, UserId,
    app::{ConfigError, Configure, Env},
    reserve::Reserve,
    store::{Change, Key, Table, Transaction, decode},
};
use serde::{Deserialize, Serialize};

use crate::{
    caller::Caller,
    list::List,
    organization::{OrganizationId, table},
};

/// Enough for a hundred projects a second of one organisation.
const BUCKETS: usize = 10;
/// The period of the free allowance.
const FREE: &str = "FREE";

/// `ORG_FREE_SECONDS`: the seconds that a new organisation has, 0 unless told.
pub struct FreeSeconds(pub u32);

impl Configure for FreeSeconds {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.parsed("ORG_FREE_SECONDS", 0)?))
    }
}

/// What an organisation was granted for a period, as it lies in the table.
#[derive(Serialize, Deserialize)]
struct Grant {
    seconds: u32,
}

/// What a member has spent in a period, as it lies in the table.
#[derive(Deserialize)]
pub struct Spent {
    /// Who.
    pub user_id: UserId,
    /// How many seconds.
    pub seconds: u64,
}

/// Where an organisation stands in a period, in seconds.
pub struct Usage {
    /// What was spent.
    pub used: u64,
    /// What is left.
    pub left: u64,
    /// What the caller has spent of it.
    pub own: Option<Spent>,
}

fn grant_key(organization_id: OrganizationId) -> Key {
    Key::new(format!("SECONDS#{organization_id}#{FREE}"), "GRANT")
}

/// What an organisation has left.
///
/// # Errors
/// `internal_server_error` when the table is not configured.
pub fn reserve(app: &App, organization_id: OrganizationId) -> Result<Reserve> {
    let key = Key::new(format!("SECONDS#{organization_id}#{FREE}"), "SECONDS");
    Reserve::new(app, &table(app)?, &key, BUCKETS)
}

/// Gives a new organisation what is free, in the transaction that makes it: a part for each bucket, and one.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn grant(tx: &mut Transaction, organization_id: OrganizationId) -> Result<()> {
    let seconds = tx.app().config::<FreeSeconds>()?.0;
    reserve(tx.app(), organization_id)?.add(tx, seconds);
    let table = table(tx.app())?;
    tx.create(&table, grant_key(organization_id), &Grant { seconds })?;
    Ok(())
}

/// Notes who spends, in the transaction that takes as much from what is left.
pub fn spend(tx: &mut Transaction, table: &Table, caller: &Caller, seconds: u32) {
    let spent = Change::new()
        .set("user_id", caller.user_id)
        .add("seconds", seconds.into());
    tx.update(table, spent_key(caller), spent);
}

fn spent_key(caller: &Caller) -> Key {
    let by_member = by_member(caller.organization_id);
    Key::new(by_member.pk, caller.user_id.to_string())
}

/// The list of what each member has [`Spent`], those who have left among them.
pub fn by_member(organization_id: OrganizationId) -> List {
    List {
        pk: format!("SPENT#{organization_id}#{FREE}"),
        prefix: "",
    }
}

/// The seconds that are left. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn left(app: &App, organization_id: OrganizationId) -> Result<u64> {
    reserve(app, organization_id)?.left().await
}

/// Where a caller's organisation stands. One request.
///
/// # Errors
/// As [`left`].
pub async fn usage(app: &App, caller: &Caller) -> Result<Usage> {
    let reserve = reserve(app, caller.organization_id)?;
    let (granted, own) = (grant_key(caller.organization_id), spent_key(caller));
    let mut keys = reserve.keys();
    keys.extend([granted.clone(), own.clone()]);
    let mut found = table(app)?.batch_get(&keys).await?;
    let left = reserve.left_in(&mut found)?;
    let grant: Option<Grant> = found.remove(&granted).map(decode).transpose()?;
    let granted = grant.map_or(0, |grant| u64::from(grant.seconds));
    Ok(Usage {
        used: granted.saturating_sub(left),
        left,
        own: found.remove(&own).map(decode).transpose()?,
    })
}

/// Erases what is not deleted with a closed organisation: what it was granted, and who has spent it.
///
/// # Errors
/// As [`left`]; what is erased again does no harm.
pub async fn erase(app: &App, organization_id: OrganizationId) -> Result<()> {
    let table = table(app)?;
    table.delete(grant_key(organization_id)).await?;
    table.delete_all(&by_member(organization_id).pk, "").await
}
