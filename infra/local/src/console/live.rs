//! What happens, as it happens: server-sent events.

use std::convert::Infallible;

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::stack::Stack;

/// How many entries a reader is told of at first.
const BACKLOG: usize = 500;

/// First `backlog`, the entries so far, then an `entry` whenever one begins or changes. A reader that does
/// not keep up is told no more, and asks again.
pub async fn live(
    State(stack): State<Stack>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let followed = stack.journal().map(|journal| journal.follow(BACKLOG));
    let (backlog, changes) = followed.unzip();
    let first = event("backlog", &json!(backlog.unwrap_or_default()));
    let later = changes.map(|changes| stream::unfold(changes, next));
    let later = stream::iter(later).flatten();
    let ended = stack.stopped();
    let all = stream::iter([Ok(first)]).chain(later).take_until(ended);
    Sse::new(all).keep_alive(KeepAlive::default())
}

async fn next(
    mut changes: Receiver<Value>,
) -> Option<(Result<Event, Infallible>, Receiver<Value>)> {
    match changes.recv().await {
        Ok(line) => Some((Ok(event("entry", &line)), changes)),
        Err(RecvError::Lagged(_) | RecvError::Closed) => None,
    }
}

fn event(kind: &str, data: &Value) -> Event {
    Event::default().event(kind).data(data.to_string())
}
