//! `market-sweep`: sees each minute to what is due. It reminds makers of what is to be sent, gives back what was
//! not, passes on what was, completes orders, and asks again for money that has not moved; and it erases once
//! more who has closed their account, when nothing of theirs can come any more. What fails or was missed is
//! done a minute later.

use enishi_shared::{
    App, Function, Result,
    erasure::{self, Swept},
    function::on,
    store::{n, s},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    erase,
    item::table,
    order::{
        DUE, WAITING,
        advance::follow,
        order_of,
        state::{Action, Actor},
    },
};

/// `market-sweep`
///
/// Budget: of each order that is due, and of each account; 1 of both beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("market-sweep", |app, event| on(app, event, sweep)).budget(2);

/// What was done.
#[derive(Serialize)]
struct Done {
    /// Orders that were due.
    orders: usize,
    /// Accounts that were.
    #[serde(flatten)]
    erased: Swept,
}

/// What is due, as the index has it.
#[derive(Deserialize)]
struct Waiting {
    pk: String,
}

async fn sweep(app: App, _: Value) -> Result<Done> {
    let table = table(&app)?;
    // Until now: a schedule that comes late must not leave what has become due since.
    let due = table
        .query("due = :kind AND due_at <= :now")
        .index(DUE)
        .value(":kind", s(WAITING))
        .value(":now", n(app.now().as_second()));
    let orders = due.each(|Waiting { pk }| tick(&app, pk)).await;
    // Neither keeps the other.
    let erased = erasure::sweep(&table, app.now(), |user_id| erase::again(&app, user_id));
    let erased = erased.await?;
    Ok(Done {
        orders: orders?,
        erased,
    })
}

/// The index may be late: what is due is asked of the order.
async fn tick(app: &App, pk: String) -> Result<()> {
    match order_of(&pk) {
        Some(id) => follow(app, id, Actor::Clock, Action::Tick).await,
        None => Ok(()),
    }
}
