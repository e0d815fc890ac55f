//! `orgs-sweep`: does every five minutes what could not be done when it was to be: Firebase accounts to be
//! disabled.

use enishi_shared::{App, Function, Result, function::on, store::s};
use serde::Serialize;
use serde_json::Value;

use crate::{
    disable::disable,
    disabling::{DISABLINGS, Disabling},
    organization::table,
};

/// `orgs-sweep`
///
/// Budget: of each account; 1 for each hundred.
pub const FUNCTION: Function =
    Function::event("orgs-sweep", |app, event| on(app, event, sweep)).budget(3);

/// What was done.
#[derive(Serialize)]
struct Done {
    /// Accounts that were to be disabled.
    accounts: usize,
}

async fn sweep(app: App, _: Value) -> Result<Done> {
    let waiting = table(&app)?
        .query("pk = :disablings")
        .value(":disablings", s(DISABLINGS));
    let accounts = waiting
        .each(|disabling: Disabling| disable(&app, disabling))
        .await?;
    Ok(Done { accounts })
}
