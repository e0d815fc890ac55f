//! `saju-sweep`: takes those out of the pool who have gone quiet, and erases the pictures of closed
//! accounts once more, when nothing can be uploaded any more with what was allowed before the closing.

use enishi_shared::{
    App, Function, Result,
    erasure::{self, Swept},
    function::on,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    photo,
    profile::{table, today},
    standing,
};

/// `saju-sweep`
///
/// Budget: of each account and of each person who has gone quiet; 5 beside these, and 1 for each hundred.
pub const FUNCTION: Function =
    Function::event("saju-sweep", |app, event| on(app, event, sweep)).budget(1);

/// What was done.
#[derive(Serialize)]
struct Done {
    /// People who are in the pool no more.
    quiet: usize,
    #[serde(flatten)]
    erased: Swept,
}

async fn sweep(app: App, _: Value) -> Result<Done> {
    let table = table(&app)?;
    let now = app.now();
    // What fails of the one does not stop the other.
    let quiet = standing::let_quiet_ones_go(&app, &table, today(now)).await;
    let erased = erasure::sweep(&table, now, |user_id| photo::erase(&app, user_id)).await;
    Ok(Done {
        quiet: quiet?,
        erased: erased?,
    })
}
