//! `visits-sweep`: ends what has waited for too long: requests without an answer, agreements that nobody
//! books, bookings that nobody pays for. It goes on with recordings ([`collect`]): begins what could not be
//! begun, has files made and looks for them. It deletes the messages of conversations that have ended. And it
//! erases the documents of closed accounts once more, when nothing can be uploaded any more with what was
//! allowed before the closing.

use enishi_shared::{
    App, Function, Result,
    conversation::ENDING,
    erasure::{self, Swept},
    function::on,
    store::{n, s},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    advance::follow,
    certificate, chat,
    matching::{DUE, WAITING, id_of},
    profile::table,
    recording::{COLLECTING, collect},
    state::{Action, Actor},
};

/// `visits-sweep`
///
/// Budget: of each matching and recording that is due (3 of one that goes on), 1 of each account, 8 and 2 for each message of a conversation that
/// has ended; 4 beside these, and 1 for each further hundred of any.
pub const FUNCTION: Function =
    Function::event("visits-sweep", |app, event| on(app, event, sweep)).budget(2);

/// What was done.
#[derive(Serialize)]
struct Done {
    /// Matchings that were due.
    matchings: usize,
    /// Recordings that were.
    recordings: usize,
    /// Conversations that had ended.
    conversations: usize,
    #[serde(flatten)]
    erased: Swept,
}

/// What is due, as the index has it.
#[derive(Deserialize)]
struct Waiting {
    pk: String,
}

async fn sweep(app: App, _: Value) -> Result<Done> {
    let chats = chat::chats(&app)?;
    // What fails of the one does not stop the others.
    let matchings = each_due(&app, WAITING, |pk| {
        let app = app.clone();
        async move { follow(&app, id_of(&pk)?, Actor::Clock, Action::Lapse).await }
    })
    .await;
    let recordings = each_due(&app, COLLECTING, |pk| {
        let app = app.clone();
        async move { collect(&app, id_of(&pk)?).await }
    })
    .await;
    let conversations = each_due(&app, ENDING, |pk| {
        let chats = chats.clone();
        async move { chats.erase_ended(chats.id_of(&pk)?).await }
    })
    .await;
    let erased = erasure::sweep(chats.table(), app.now(), |user_id| {
        certificate::erase(&app, user_id)
    })
    .await;
    Ok(Done {
        matchings: matchings?,
        recordings: recordings?,
        conversations: conversations?,
        erased: erased?,
    })
}

/// Does something with the partition of all of a kind that is due now: a schedule that comes late must not
/// leave what has become due since. One that fails does not stop the others. Answers how many there were.
async fn each_due<F, Fut>(app: &App, kind: &str, act: F) -> Result<usize>
where
    F: Fn(String) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let due = table(app)?
        .query("due = :kind AND due_at <= :now")
        .index(DUE);
    due.value(":kind", s(kind))
        .value(":now", n(app.now().as_second()))
        .each(|Waiting { pk }| act(pk))
        .await
}
