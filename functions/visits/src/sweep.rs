//! `visits-sweep`: ends what has waited for too long: requests without an answer, agreements that nobody
//! books, bookings that nobody pays for. And it erases the documents of closed accounts once more, when
//! nothing can be uploaded any more with what was allowed before the closing.

use enishi_shared::{
    App, Function, Result,
    erasure::{self, Swept},
    function::on,
    store::{n, s},
};
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    advance::follow,
    certificate,
    matching::{DUE, WAITING, id_of},
    profile::table,
    state::{Action, Actor},
};

/// `visits-sweep`
///
/// Budget: of each matching that is due, 1 of each account; 1 beside these for each hundred of either.
pub const FUNCTION: Function =
    Function::event("visits-sweep", |app, event| on(app, event, sweep)).budget(2);

/// Matchings read at once.
const PAGE: i32 = 100;
/// Matchings at once.
const AT_ONCE: usize = 8;

/// What was done.
#[derive(Serialize)]
struct Done {
    /// Matchings that were due.
    matchings: usize,
    #[serde(flatten)]
    erased: Swept,
}

/// A matching, as the index has it.
#[derive(Deserialize)]
struct Waiting {
    pk: String,
}

async fn sweep(app: App, _: Value) -> Result<Done> {
    // What fails of the one does not stop the other.
    let lapsed = lapse(&app).await;
    let table = table(&app)?;
    let erased = erasure::sweep(&table, app.now(), |user_id| {
        certificate::erase(&app, user_id)
    })
    .await;
    Ok(Done {
        matchings: lapsed?,
        erased: erased?,
    })
}

/// Ends what is due now: a schedule that comes late must not leave what has become due since. One that
/// fails does not stop the others. Answers how many there were.
async fn lapse(app: &App) -> Result<usize> {
    let now = app.now().as_second();
    let mut matchings = 0;
    let mut failure = None;
    let mut after = None;
    loop {
        let page = table(app)?
            .query("due = :waiting AND due_at <= :now")
            .index(DUE)
            .value(":waiting", s(WAITING))
            .value(":now", n(now))
            .limit(PAGE)
            .after(after)
            .page::<Waiting>()
            .await?;
        matchings += page.items.len();
        let outcomes: Vec<Result<()>> = stream::iter(page.items)
            .map(|Waiting { pk }| async move {
                follow(app, id_of(&pk)?, Actor::Clock, Action::Lapse).await
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        failure = outcomes.into_iter().find_map(Result::err).or(failure);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    failure.map_or(Ok(matchings), Err)
}
