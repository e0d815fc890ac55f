//! `market-sweep`: sees each minute to what is due. It reminds makers of what is to be sent, gives back what was
//! not, passes on what was, completes orders, and asks again for money that has not moved. What fails or was
//! missed is done a minute later.

use enishi_shared::{
    App, Function, Result,
    function::on,
    store::{n, s},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
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
/// Budget: of each order that is due; 1 beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("market-sweep", |app, event| on(app, event, sweep)).budget(2);

/// What was done.
#[derive(Serialize)]
struct Done {
    /// Orders that were due.
    orders: usize,
}

/// What is due, as the index has it.
#[derive(Deserialize)]
struct Waiting {
    pk: String,
}

async fn sweep(app: App, _: Value) -> Result<Done> {
    let due = table(&app)?
        .query("due = :kind AND due_at <= :now")
        .index(DUE);
    // Until now: a schedule that comes late must not leave what has become due since.
    let orders = due
        .value(":kind", s(WAITING))
        .value(":now", n(app.now().as_second()))
        .each(|Waiting { pk }| tick(&app, pk))
        .await?;
    Ok(Done { orders })
}

/// The index may be late: what is due is asked of the order.
async fn tick(app: &App, pk: String) -> Result<()> {
    match order_of(&pk) {
        Some(id) => follow(app, id, Actor::Clock, Action::Tick).await,
        None => Ok(()),
    }
}
