//! `visits-sweep`: sees each minute to what is due. It ends what has waited for too long: requests without an
//! answer, agreements that nobody books, bookings that nobody pays for. It reminds the two of a paid visit, and
//! ends it ([`end`]). It goes on with recordings ([`collect`]): begins what could not be begun, has files made and
//! looks for them. It deletes the messages of conversations that have ended. And it erases the documents of
//! closed accounts once more, when nothing can be uploaded any more with what was allowed before the closing.
//! What fails or was missed is done a minute later.

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
    certificate, chat, end,
    matching::{DUE, MatchingId, StoredMatching, WAITING, id_of, matching_key},
    meeting::{OPENED, ends},
    profile::table,
    recording::{COLLECTING, collect},
    state::{Action, Actor, State},
};

/// `visits-sweep`
///
/// Budget: of each matching that is due, with one to Chime and without what its recording takes; 3 of each
/// meeting looked at and of each recording that goes on, 1 of each account, 8 and 2 for each message of a
/// conversation that has ended; 5 beside these, and 1 for each further hundred of any.
pub const FUNCTION: Function =
    Function::event("visits-sweep", |app, event| on(app, event, sweep)).budget(5);

/// What was done.
#[derive(Serialize)]
struct Done {
    /// Matchings that were due.
    matchings: usize,
    /// Meetings looked at.
    meetings: usize,
    /// Recordings that went on.
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
        async move { advance(&app, id_of(&pk)?).await }
    })
    .await;
    let meetings = each_due(&app, OPENED, |pk| {
        let app = app.clone();
        async move { end::look(&app, id_of(&pk)?).await }
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
        meetings: meetings?,
        recordings: recordings?,
        conversations: conversations?,
        erased: erased?,
    })
}

/// Does with a matching what the clock has to do.
async fn advance(app: &App, id: MatchingId) -> Result<()> {
    let found: Option<StoredMatching> = table(app)?.get(&matching_key(id)).await?;
    // The index may be late: what is due is asked of the matching.
    let Some(stored) = found else { return Ok(()) };
    if stored.matching.state != State::Paid {
        return follow(app, id, Actor::Clock, Action::Lapse).await;
    }
    let now = app.now();
    if stored.matching.reminder_due(now) {
        follow(app, id, Actor::Clock, Action::Remind).await?;
    }
    // After a long silence both are due.
    match stored.matching.terms {
        Some(terms) if ends(terms) <= now => end::end(app, id).await,
        _ => Ok(()),
    }
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
