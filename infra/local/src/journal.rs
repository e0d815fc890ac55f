//! What happens in a running stack, each with its causes and effects: requests, invocations, events on
//! the bus, webhooks, mails, messages to clients, dead letters. The console shows it.
//!
//! What is under way knows its own entry by the task it runs in ([`current`]). A function's calls carry the
//! entry's number in a header of their own ([`HEADER`]), put on by the function's connections and taken
//! off by the stand-ins, so that no function sees it. A record of a stream is led back to the invocation
//! that wrote its key last, an event on the bus to the one that wrote its outbox row.
//!
//! A stack without a journal keeps nothing: no task has an entry, and nothing is put on any call.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use enishi_shared::events::OUTBOX;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{sync::broadcast, task_local};

use crate::{clock::Now, terminal::summary};

mod calls;
mod entry;
mod shown;
#[cfg(test)]
mod tests;

pub use calls::{HEADER, around, database, row, told, wrap};
pub use entry::{Call, Entry, Kind, Outcome, Row};
pub(crate) use shown::body;

/// The number of an entry; they count up from 1 with each start.
pub type Id = u64;

/// How many entries are kept.
const MOST: usize = 4_000;
/// How many written keys are remembered, to lead a stream's records back.
const MOST_KEYS: usize = 50_000;
/// How many durations of a function its percentiles are of.
const DURATIONS: usize = 500;
/// How many changes a reader may lag behind.
const LAG: usize = 4_096;

/// The member of a marked event.
const MARK: &str = "_entry";

/// How a function does.
#[derive(Clone, Debug, Default)]
struct Tally {
    calls: u64,
    refused: u64,
    failed: u64,
    last: Option<Timestamp>,
    durations: VecDeque<f64>,
}

/// What is kept of a stack. Clones share it.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    now: Now,
    tables: Vec<String>,
    state: Mutex<State>,
    changes: broadcast::Sender<Value>,
}

#[derive(Default)]
struct State {
    begun: Id,
    entries: VecDeque<Entry>,
    tallies: BTreeMap<String, Tally>,
    writers: HashMap<Row, Id>,
    written: VecDeque<Row>,
    /// What has set the clock, until the schedules that are due then have fired.
    clock: Option<Id>,
}

impl State {
    fn get(&self, id: Id) -> Option<&Entry> {
        let first = self.entries.front()?.id;
        let at = usize::try_from(id.checked_sub(first)?).ok()?;
        self.entries.get(at)
    }

    fn get_mut(&mut self, id: Id) -> Option<&mut Entry> {
        let first = self.entries.front()?.id;
        let at = usize::try_from(id.checked_sub(first)?).ok()?;
        self.entries.get_mut(at)
    }
}

task_local! {
    static CAUSE: Cause;
}

/// Whatever happens now is an effect of this.
#[derive(Clone)]
pub struct Cause {
    journal: Journal,
    /// None where nothing is known to have led to it.
    id: Option<Id>,
}

/// What is under way in this task, in a stack with a journal.
pub fn current() -> Option<Cause> {
    CAUSE.try_with(Cause::clone).ok()
}

/// Runs `future` as an effect of `cause`; without one as it is.
pub async fn within<F: Future>(cause: Option<Cause>, future: F) -> F::Output {
    match cause {
        Some(cause) => CAUSE.scope(cause, future).await,
        None => future.await,
    }
}

/// The same for what does not wait.
pub fn within_now<T>(cause: Option<Cause>, run: impl FnOnce() -> T) -> T {
    match cause {
        Some(cause) => CAUSE.sync_scope(cause, run),
        None => run(),
    }
}

/// Begins an entry, an effect of what is under way.
pub fn begin(kind: Kind, title: impl FnOnce() -> String) -> Option<Cause> {
    let cause = current()?;
    Some(
        cause
            .journal
            .begin(kind, title(), cause.id.into_iter().collect()),
    )
}

/// Notes what has happened at once, an effect of what is under way.
pub fn note(kind: Kind, told: impl FnOnce() -> (String, Value)) -> Option<Cause> {
    let cause = current()?;
    let (title, detail) = told();
    let noted = cause
        .journal
        .begin(kind, title, cause.id.into_iter().collect());
    noted.finish(|entry| entry.detail = detail);
    Some(noted)
}

/// An event that waits to be delivered, with what led to it.
pub fn marked(mut event: Value) -> Value {
    if let Some(id) = current().and_then(|cause| cause.id) {
        event[MARK] = id.into();
    }
    event
}

/// Takes that off again.
pub fn unmarked(event: &mut Value) -> Option<Cause> {
    let mark = event.as_object_mut().and_then(|event| event.remove(MARK));
    let cause = current()?;
    Some(cause.journal.cause(mark.and_then(|id| id.as_u64())))
}

/// Notes that a function ran, in the entry that it ran for.
pub fn invoked(function: &str, took: Duration, answer: &Result<Value, String>) {
    if let Some(cause) = current() {
        cause.invoked(function, took, answer);
    }
}

impl Journal {
    /// An empty one of a stack with these tables.
    pub fn new(now: Now, tables: Vec<String>) -> Self {
        Self(Arc::new(Inner {
            now,
            tables,
            state: Mutex::default(),
            changes: broadcast::channel(LAG).0,
        }))
    }

    /// For what nothing in this stack led to.
    pub fn root(&self) -> Cause {
        Cause {
            journal: self.clone(),
            id: None,
        }
    }

    /// For what this entry led to, as a header says.
    pub fn cause(&self, id: Option<Id>) -> Cause {
        let id = id.filter(|id| self.lock().get(*id).is_some());
        Cause {
            journal: self.clone(),
            id,
        }
    }

    /// For the schedules that fire now: an effect of what has set the clock since they last did.
    pub fn clock(&self) -> Cause {
        let id = self.lock().clock.take();
        self.cause(id)
    }

    /// Begins an entry.
    pub fn begin(&self, kind: Kind, title: String, causes: Vec<Id>) -> Cause {
        let mut state = self.lock();
        state.begun += 1;
        let id = state.begun;
        let first = causes.iter().find_map(|cause| state.get(*cause));
        let trace = first.map_or_else(|| id.to_string(), |cause| cause.trace.clone());
        for cause in &causes {
            if let Some(cause) = state.get_mut(*cause) {
                cause.effects.push(id);
                cause.quiet = false;
                let line = cause.line();
                self.tell(line);
            }
        }
        let entry = Entry {
            id,
            trace,
            causes,
            effects: Vec::new(),
            kind,
            time: (self.0.now)(),
            title,
            function: None,
            outcome: Outcome::Running,
            status: None,
            milliseconds: None,
            quiet: false,
            calls: Vec::new(),
            detail: Value::Null,
        };
        // What only fires each minute is told of once it is known whether anything came of it.
        if kind != Kind::Schedule {
            self.tell(entry.line());
        }
        if state.entries.len() == MOST {
            state.entries.pop_front();
        }
        state.entries.push_back(entry);
        Cause {
            journal: self.clone(),
            id: Some(id),
        }
    }

    /// Every entry from here on whenever it changes, and those before as a list shows them, the newest
    /// last.
    pub fn follow(&self, most: usize) -> (Vec<Value>, broadcast::Receiver<Value>) {
        let state = self.lock();
        let changes = self.0.changes.subscribe();
        let skipped = state.entries.len().saturating_sub(most);
        let lines = state.entries.iter().skip(skipped).map(Entry::line);
        (lines.collect(), changes)
    }

    /// An entry with all that led to it and all that it led to, the oldest first.
    pub fn story(&self, id: Id) -> Option<(Entry, Vec<Value>)> {
        let state = self.lock();
        let entry = state.get(id)?.clone();
        let mut found = BTreeMap::new();
        for forward in [false, true] {
            let mut waiting = vec![id];
            while let Some(next) = waiting.pop() {
                let Some(one) = state.get(next) else { continue };
                let more = if forward { &one.effects } else { &one.causes };
                waiting.extend(more.iter().filter(|id| !found.contains_key(*id)));
                found.insert(next, one.line());
            }
        }
        Some((entry, found.into_values().collect()))
    }

    /// How each function does that was invoked.
    pub fn functions(&self) -> BTreeMap<String, Value> {
        let state = self.lock();
        let shown = |(name, tally): (&String, &Tally)| {
            let mut sorted: Vec<f64> = tally.durations.iter().copied().collect();
            sorted.sort_by(f64::total_cmp);
            let figures = json!({
                "calls": tally.calls, "refused": tally.refused, "errors": tally.failed,
                "p50": percentile(&sorted, 50), "p95": percentile(&sorted, 95), "last": tally.last,
            });
            (name.clone(), figures)
        };
        state.tallies.iter().map(shown).collect()
    }

    /// The entry that a row's last writer ran for.
    pub fn writer(&self, row: &Row) -> Option<Id> {
        self.lock().writers.get(row).copied()
    }

    /// The entry that an event's outbox row was written for.
    pub fn announcer(&self, event: &str) -> Option<Id> {
        let state = self.lock();
        let writer = |table: &String| {
            let row = Row {
                table: table.clone(),
                pk: format!("{OUTBOX}{event}"),
                sk: "OUTBOX".to_owned(),
            };
            state.writers.get(&row).copied()
        };
        self.0.tables.iter().find_map(writer)
    }

    fn tell(&self, line: Value) {
        // Mostly nobody looks on.
        let _ = self.0.changes.send(line);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The nearest rank, of sorted numbers.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cause").field(&self.id).finish()
    }
}

impl Cause {
    /// The journal that it is in.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The entry's number.
    pub fn id(&self) -> Option<Id> {
        self.id
    }

    /// Notes that it sets the clock.
    pub fn sets_clock(&self) {
        self.journal.lock().clock = self.id;
    }

    /// Changes the entry and tells of it.
    pub fn change(&self, change: impl FnOnce(&mut Entry)) {
        let mut state = self.journal.lock();
        if let Some(entry) = self.id.and_then(|id| state.get_mut(id)) {
            change(entry);
            let line = entry.line();
            self.journal.tell(line);
        }
    }

    /// Ends the entry; it is done, unless `change` says what else.
    pub fn finish(&self, change: impl FnOnce(&mut Entry)) {
        self.change(|entry| {
            if entry.outcome == Outcome::Running {
                entry.outcome = Outcome::Done;
            }
            change(entry);
        });
    }

    /// Ends the entry with an HTTP status.
    pub fn answered(&self, status: u16, took: Duration) {
        self.finish(|entry| {
            entry.status = Some(status);
            entry.milliseconds = Some(milliseconds(took));
            entry.outcome = outcome(status);
        });
    }

    /// A request's own id is that of all that follows, unless it follows from something itself.
    pub fn name(&self, request_id: &str) {
        self.change(|entry| {
            if entry.causes.is_empty() {
                entry.trace = request_id.to_owned();
            }
        });
    }

    fn invoked(&self, function: &str, took: Duration, answer: &Result<Value, String>) {
        let status = answer
            .as_ref()
            .ok()
            .and_then(|it| it["statusCode"].as_u64());
        let status = status.and_then(|status| u16::try_from(status).ok());
        let became = match answer {
            Err(_) => Outcome::Failed,
            Ok(_) => status.map_or(Outcome::Done, outcome),
        };
        let mut state = self.journal.lock();
        let now = (self.journal.0.now)();
        let tally = state.tallies.entry(function.to_owned()).or_default();
        tally.calls += 1;
        tally.refused += u64::from(became == Outcome::Refused);
        tally.failed += u64::from(became == Outcome::Failed);
        tally.last = Some(now);
        tally.durations.push_back(milliseconds(took));
        if tally.durations.len() > DURATIONS {
            tally.durations.pop_front();
        }
        drop(state);
        self.finish(|entry| {
            entry.function = Some(function.to_owned());
            entry.milliseconds = Some(milliseconds(took));
            entry.outcome = became;
            entry.status = status;
            match answer {
                Err(error) => entry.detail["error"] = error.as_str().into(),
                Ok(answer) if status.is_none() => {
                    let wrote = entry.calls.iter().any(|call| !call.wrote.is_empty());
                    let nothing = summary(answer).is_empty() && entry.effects.is_empty();
                    let waits = matches!(entry.kind, Kind::Schedule | Kind::Stream);
                    entry.quiet = waits && nothing && !wrote;
                    entry.detail["result"] = answer.clone();
                }
                Ok(_) => {}
            }
        });
    }

    /// Notes that the entry writes these rows; answers whose they were.
    fn writes(&self, rows: &[Row]) -> Vec<(Row, Id)> {
        let mut before = Vec::new();
        let Some(id) = self.id else { return before };
        let mut state = self.journal.lock();
        for row in rows {
            match state.writers.insert(row.clone(), id) {
                Some(other) => before.push((row.clone(), other)),
                None => state.written.push_back(row.clone()),
            }
        }
        while state.written.len() > MOST_KEYS {
            if let Some(oldest) = state.written.pop_front() {
                state.writers.remove(&oldest);
            }
        }
        before
    }

    /// Notes that it did not, unless they are another's by now.
    fn wrote_not(&self, before: Vec<(Row, Id)>) {
        let mut state = self.journal.lock();
        for (row, other) in before {
            if let Some(writer) = state.writers.get_mut(&row)
                && Some(*writer) == self.id
            {
                *writer = other;
            }
        }
    }

    /// Notes a call of the function that runs for the entry.
    pub fn called(&self, call: Call) {
        let mut state = self.journal.lock();
        if let Some(entry) = self.id.and_then(|id| state.get_mut(id)) {
            entry.calls.push(call);
        }
    }
}

fn outcome(status: u16) -> Outcome {
    match status {
        500.. => Outcome::Failed,
        400.. => Outcome::Refused,
        _ => Outcome::Done,
    }
}

/// With a digit behind the point.
pub fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}
