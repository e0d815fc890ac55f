//! `saju-sweep`: erases the pictures of closed accounts once more, when nothing can be uploaded any
//! more with what was allowed before the closing.

use enishi_shared::{
    App, Function, Result,
    erasure::{self, Swept},
    function::on,
};
use serde_json::Value;

use crate::{photo, profile::table};

/// `saju-sweep`
///
/// Budget: of each account; 1 beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("saju-sweep", |app, event| on(app, event, sweep)).budget(1);

async fn sweep(app: App, _: Value) -> Result<Swept> {
    let table = table(&app)?;
    erasure::sweep(&table, app.now(), |user_id| photo::erase(&app, user_id)).await
}
