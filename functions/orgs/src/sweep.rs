//! `orgs-sweep`: does every five minutes what could not be done when it was to be: Firebase accounts to be
//! disabled; and asks how licences stand that nothing was told of: an hour after a period's end, daily while
//! something is not paid.

use enishi_shared::{App, Function, Result, function::on, store::s};
use serde::Serialize;
use serde_json::Value;

use crate::{
    disable::disable,
    disabling::{DISABLINGS, Disabling},
    follow::look,
    licensing::{DUE, Due, due_until},
    organization::table,
};

/// `orgs-sweep`
///
/// Budget: of each account 3, of each licence mostly 5: it, what was told of it, and the change; 2 for each hundred.
pub const FUNCTION: Function =
    Function::event("orgs-sweep", |app, event| on(app, event, sweep)).budget(8);

/// What was done.
#[derive(Serialize)]
struct Done {
    /// Accounts that were to be disabled.
    accounts: usize,
    /// Licences that were looked after.
    licenses: usize,
}

async fn sweep(app: App, _: Value) -> Result<Done> {
    let orgs = table(&app)?;
    let waiting = orgs
        .query("pk = :disablings")
        .value(":disablings", s(DISABLINGS));
    let accounts = waiting
        .each(|disabling: Disabling| disable(&app, disabling))
        .await;
    let due = orgs
        .query("pk = :due AND sk < :now")
        .value(":due", s(DUE))
        .value(":now", s(due_until(app.now())));
    let licenses = due.each(|due: Due| look(&app, due.organization_id));
    // Neither keeps the other.
    let licenses = licenses.await?;
    Ok(Done {
        accounts: accounts?,
        licenses,
    })
}
