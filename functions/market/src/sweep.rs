//! `market-sweep`: erases once more who has closed their account, when nothing of theirs can come any more.

use enishi_shared::{
    App, Function, Result,
    erasure::{self, Swept},
    function::on,
};
use serde_json::Value;

use crate::{erase, item};

/// `market-sweep`
///
/// Budget: 2 of each account; 1 beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("market-sweep", |app, event| on(app, event, sweep)).budget(1);

async fn sweep(app: App, _: Value) -> Result<Swept> {
    let table = item::table(&app)?;
    erasure::sweep(&table, app.now(), |user_id| erase::again(&app, user_id)).await
}
