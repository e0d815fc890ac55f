//! An entry of the journal.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::Id;

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A request to the API.
    Request,
    /// A WebSocket's opening, end or message.
    Socket,
    /// A function that its schedule fired.
    Schedule,
    /// A function that a rule of a bus invoked.
    Event,
    /// A function that a table's stream invoked.
    Stream,
    /// An event on a bus.
    Bus,
    /// Stripe's call.
    Webhook,
    /// A mail.
    Mail,
    /// A message to a WebSocket's client.
    Push,
    /// What was given up.
    DeadLetter,
    /// What a developer did.
    Hand,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It goes on.
    Running,
    /// As it should.
    Done,
    /// It was asked for what cannot be (4xx).
    Refused,
    /// It failed.
    Failed,
}

/// A call of a function's.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// `dynamodb:GetItem`, `stripe: POST refunds`.
    pub name: String,
    /// What it was about.
    pub about: String,
    /// The rows that it wrote, by table and key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wrote: Vec<Row>,
    /// The answer's status.
    pub status: u16,
    /// How long it took.
    pub milliseconds: f64,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Row {
    /// The table's name.
    pub table: String,
    /// Its partition key.
    pub pk: String,
    /// Its sort key.
    pub sk: String,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its number.
    pub id: Id,
    /// The request's id at the beginning of it all, or what else it began with.
    pub trace: String,
    /// What led to it.
    pub causes: Vec<Id>,
    /// What it led to.
    pub effects: Vec<Id>,
    /// What it is about.
    pub kind: Kind,
    /// When it began, by the stack's clock.
    pub time: Timestamp,
    /// In a line.
    pub title: String,
    /// The function that ran, by its binary's name.
    pub function: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// An HTTP status.
    pub status: Option<u16>,
    /// How long it took.
    pub milliseconds: Option<f64>,
    /// Nothing came of it: a schedule that found nothing to do.
    pub quiet: bool,
    /// What the function asked for.
    pub calls: Vec<Call>,
    /// The rest, by kind.
    pub detail: Value,
}

impl Entry {
    /// What a list shows of it.
    pub fn line(&self) -> Value {
        json!({
            "id": self.id, "trace": self.trace, "causes": self.causes, "effects": self.effects.len(),
            "kind": self.kind, "time": self.time, "title": self.title, "function": self.function,
            "outcome": self.outcome, "status": self.status, "milliseconds": self.milliseconds,
            "quiet": self.quiet, "calls": self.calls.len(),
        })
    }
}
