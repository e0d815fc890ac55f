//! The end of a visit's meeting. Each step is safe to repeat, and what is due stays due until the last of them
//! is done: the next minute's sweep does it again.

use enishi_shared::{
    App, Result,
    chime::delete,
    store::{Item, Table, decode},
};

use crate::{
    advance::follow,
    matching::{MatchingId, StoredMatching, matching_key},
    meeting::{Attendance, Grace, attendance_key, ends, meeting_key, next_look, watch},
    profile, recording,
    state::{Action, Actor, State, Terms},
};

/// Ends the meeting of a paid visit that is over, has its recording made, and decides by who was there what
/// comes of the visit. Of any other nothing is ended.
///
/// 4 requests and what the recording takes, one to Chime; 3 where the meeting has ended by itself.
///
/// # Errors
/// `service_unavailable` when DynamoDB or Chime does not answer.
pub async fn end(app: &App, id: MatchingId) -> Result<()> {
    let table = profile::table(app)?;
    let keys = [matching_key(id), meeting_key(id), attendance_key(id)];
    let mut items = table.batch_get(&keys).await?;
    let [stored, meeting, attendance] = keys.map(|key| items.remove(&key));
    let over = paid(stored)?.filter(|terms| ends(*terms) <= app.now());
    let Some(terms) = over else { return Ok(()) };
    close(app, &table, id, meeting).await?;
    let attendance: Attendance = attendance.map(decode).transpose()?.unwrap_or_default();
    let there = attendance.presence(terms, &*app.config::<Grace>()?);
    follow(app, id, Actor::Clock, Action::End(there)).await
}

/// Looks at a meeting: it is ended unless the visit takes place. It may have been cancelled with people
/// inside already, or opened again by somebody who was on their way in at its end.
///
/// 2 requests, 3 where a meeting is found, one to Chime; and what the recording takes.
///
/// # Errors
/// As [`end`].
pub async fn look(app: &App, id: MatchingId) -> Result<()> {
    let table = profile::table(app)?;
    let keys = [matching_key(id), meeting_key(id)];
    let mut items = table.batch_get(&keys).await?;
    let [stored, meeting] = keys.map(|key| items.remove(&key));
    let next = paid(stored)?.and_then(|terms| next_look(terms, app.now()));
    if next.is_none() {
        close(app, &table, id, meeting).await?;
    }
    watch(&table, id, next).await
}

/// What was agreed on of a visit that is paid for and not over yet.
fn paid(stored: Option<Item>) -> Result<Option<Terms>> {
    let stored: Option<StoredMatching> = stored.map(decode).transpose()?;
    let paid = stored.filter(|stored| stored.matching.state == State::Paid);
    Ok(paid.and_then(|stored| stored.matching.terms))
}

/// Ends a meeting and its recording, if there are any.
async fn close(app: &App, table: &Table, id: MatchingId, meeting: Option<Item>) -> Result<()> {
    delete(app, table, &meeting_key(id), meeting).await?;
    recording::finish(app, id).await
}
