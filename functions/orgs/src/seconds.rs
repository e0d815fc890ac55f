//! Seconds of detection: what an organisation has left of them in a period. An organisation has the free
//! allowance, once.

use enishi_shared::{
    App, Result,
    app::{ConfigError, Configure, Env},
    reserve::Reserve,
    store::{Key, Transaction},
};

use crate::organization::{OrganizationId, table};

/// Enough for a hundred projects a second of one organisation.
const BUCKETS: usize = 10;

/// `ORG_FREE_SECONDS`: the seconds that a new organisation has, 0 unless told.
pub struct FreeSeconds(pub u32);

impl Configure for FreeSeconds {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.parsed("ORG_FREE_SECONDS", 0)?))
    }
}

/// What an organisation has left.
///
/// # Errors
/// `internal_server_error` when the table is not configured.
pub fn reserve(app: &App, organization_id: OrganizationId) -> Result<Reserve> {
    let key = Key::new(format!("SECONDS#{organization_id}#FREE"), "SECONDS");
    Reserve::new(app, &table(app)?, &key, BUCKETS)
}

/// Gives a new organisation what is free, in the transaction that makes it: a part for each bucket.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn grant(tx: &mut Transaction, organization_id: OrganizationId) -> Result<()> {
    let free = tx.app().config::<FreeSeconds>()?.0;
    reserve(tx.app(), organization_id)?.add(tx, free);
    Ok(())
}

/// The seconds that are left. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn left(app: &App, organization_id: OrganizationId) -> Result<u64> {
    reserve(app, organization_id)?.left().await
}
