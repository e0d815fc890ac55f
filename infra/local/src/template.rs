//! Reads `template.yaml`, the one description of the system, with the templates of its nested stacks, into the values
//! the local stack runs.
//!
//! The reader commits to a small part of AWS SAM and CloudFormation: functions with their
//! environment, policies and events; the HTTP API's routes and CORS, the WebSocket API's routes;
//! tables, buckets, buses and dead-letter queues; nested stacks of these; parameters, `Globals.Function`, `Ref`,
//! `GetAtt` and one-string `Sub`.
//! Whatever else stands where it reads stops the start with its file and line: better than a local run that
//! differs from the cloud in silence. What stands elsewhere (alarms, outputs, log groups, roles) is
//! ignored.
//!
//! It leaves to others: the servers behind the resources, deciding when a schedule is due
//! ([`crate::cron`]) and whether an event meets a pattern ([`crate::pattern`]).
//!
//! The files beside it: `node` keeps lines and tags of the YAML, `parameters` reads and checks their
//! values, `nested` puts the templates together, `resolve` turns references into text, `resources` reads tables, buckets, buses and queues, `functions`, `policy`
//! and `events` the functions, what they may do and what starts them, `api` the HTTP routes, `websocket` the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::cron::Timetable;
pub use parameters::Parameter;

mod api;
mod events;
mod functions;
mod nested;
mod node;
mod parameters;
mod policy;
mod resolve;
mod resources;
#[cfg(test)]
mod tests;
mod web;
mod websocket;

/// The Region of every local ARN.
pub const REGION: &str = "ap-northeast-1";
/// The account of every local ARN.
pub const ACCOUNT: &str = "000000000000";
/// What `AWS::StackName` gives here.
pub const STACK: &str = "enishi";
/// The path of the route that takes what no other route takes.
pub const DEFAULT_ROUTE: &str = "$default";
/// The event bus that every account has without declaring it.
pub const DEFAULT_BUS: &str = "default";

/// The template; it may have nested stacks, with templates of their own.
pub const TEMPLATE: &str = "template.yaml";

/// Gives the text of a file by its path from the template's folder, or a sentence why there is none.
pub type Files<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// Reads the template and those of its nested stacks into one system. `overrides` gives parameters their values, by
/// name, before their defaults.
///
/// # Errors
/// The first thing that cannot be run as written, with its file and line.
pub fn load(
    text: &str,
    files: Files<'_>,
    overrides: &BTreeMap<String, String>,
) -> Result<System, TemplateError> {
    nested::read(text, files, overrides).map_err(|error| error.within(TEMPLATE))
}

/// Where the functions' built binaries lie, each in a folder of its name, as a template says it, which is known by
/// its path in the repository.
pub fn code_folder(file: &str) -> String {
    "../".repeat(file.matches('/').count()) + "target/lambda/"
}

/// What no single resource shows.
fn check(system: &System) -> Result<(), TemplateError> {
    let mut binaries = BTreeMap::new();
    let buses: BTreeSet<&str> = system
        .buses
        .iter()
        .map(|bus| bus.name.as_str())
        .chain([DEFAULT_BUS])
        .collect();
    for function in &system.functions {
        if let Some(other) = binaries.insert(&function.name, &function.logical_id) {
            return Err(function.error(format!(
                "`{}` has the binary of `{other}`, `{}`.",
                function.logical_id, function.name
            )));
        }
        if let Some(rule) = function
            .rules
            .iter()
            .find(|rule| !buses.contains(rule.bus.as_str()))
        {
            let sentence = format!(
                "rule `{}` is on the bus `{}`, which is not declared.",
                rule.name, rule.bus
            );
            return Err(TemplateError::new(rule.line, sentence).within(&function.file));
        }
        let queues = (function.rules.iter().map(|r| (&r.dead_letters, r.line)))
            .chain(function.schedules.iter().map(|s| (&s.dead_letters, s.line)))
            .chain(function.mappings.iter().map(|m| (&m.on_failure, m.line)))
            .chain([(&function.async_invoke.dead_letters, function.line)]);
        for (arn, line) in queues {
            if let Some(arn) = arn
                && !system.queues.iter().any(|queue| queue.arn == *arn)
            {
                let sentence = format!("`{arn}` is no queue of this template.");
                return Err(TemplateError::new(line, sentence).within(&function.file));
            }
        }
    }
    Ok(())
}

/// What stopped the reading, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {sentence}", file.as_deref().unwrap_or(TEMPLATE))]
pub struct TemplateError {
    /// The template, by its path in the repository; `None` is [`TEMPLATE`].
    pub file: Option<String>,
    /// The line, counted from 1.
    pub line: usize,
    /// One sentence for the person who edits the template.
    pub sentence: String,
}

impl TemplateError {
    pub(crate) fn new(line: usize, sentence: impl Into<String>) -> Self {
        Self {
            file: None,
            line,
            sentence: sentence.into(),
        }
    }

    /// The error with the file that it is in, unless it knows that already.
    pub(crate) fn within(self, file: &str) -> Self {
        Self {
            file: self.file.or_else(|| Some(file.to_owned())),
            ..self
        }
    }
}

/// Everything the template declares and the local stack runs, every reference resolved.
#[derive(Debug, Clone)]
pub struct System {
    /// In the order of the template, a nested stack's in its place.
    pub functions: Vec<Function>,
    /// In the order of the template.
    pub routes: Vec<Route>,
    /// The HTTP API's answer to browsers of other origins; `None` without `CorsConfiguration`.
    pub cors: Option<Cors>,
    /// What the front end's files are sent with; its addresses are still `${…}`.
    pub web_headers: Vec<(String, String)>,
    /// The WebSocket API; `None` where the template has none.
    pub websocket: Option<WebSocketApi>,
    /// DynamoDB tables.
    pub tables: Vec<Table>,
    /// S3 buckets.
    pub buckets: Vec<Bucket>,
    /// EventBridge buses the template declares; [`DEFAULT_BUS`] exists beside them.
    pub buses: Vec<EventBus>,
    /// SQS queues; they receive what could not be delivered.
    pub queues: Vec<Queue>,
    /// By their names.
    pub parameters: BTreeMap<String, Parameter>,
    /// The nested stacks' logical ids, by their templates' paths in the repository.
    pub nested: BTreeMap<String, String>,
}

impl System {
    /// The function with this logical id.
    pub fn function(&self, logical_id: &str) -> Option<&Function> {
        let mut functions = self.functions.iter();
        functions.find(|function| function.logical_id == logical_id)
    }
}

/// One `AWS::Serverless::Function`, `Globals.Function` merged in.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name in the template; also its local access key.
    pub logical_id: String,
    /// Its binary: the last part of `CodeUri: target/lambda/<binary>/`.
    pub name: String,
    /// Its ARN here.
    pub arn: String,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Seconds until Lambda would end it.
    pub timeout_s: u32,
    /// Environment variables, references resolved.
    pub environment: BTreeMap<String, String>,
    /// The variables that are a parameter's value, with its name.
    pub given: BTreeMap<String, String>,
    /// ARN of its role: the one that SAM generates for it, or a sibling's.
    pub role: String,
    /// What its role may do; see [`Function::allows`].
    pub policy: Vec<Statement>,
    /// What becomes of an asynchronous invocation (rules and schedules) that fails.
    pub async_invoke: AsyncInvoke,
    /// Schedules that start it.
    pub schedules: Vec<Schedule>,
    /// EventBridge rules that start it.
    pub rules: Vec<Rule>,
    /// Table streams it reads.
    pub mappings: Vec<StreamMapping>,
    /// The template that it stands in, by its path in the repository.
    pub file: String,
    /// Where it stands there.
    pub line: usize,
}

impl Function {
    /// An error about this function.
    pub(crate) fn error(&self, sentence: impl Into<String>) -> TemplateError {
        TemplateError::new(self.line, sentence).within(&self.file)
    }
}

/// One `Allow` of a policy. Other effects and conditions are refused, so this is all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Actions, possibly with `*` and `?`.
    pub actions: Vec<String>,
    /// ARNs, possibly with `*` and `?`.
    pub resources: Vec<String>,
    /// Where it stands in the template.
    pub line: usize,
}

/// One route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `None` takes any method.
    pub method: Option<http::Method>,
    /// As in the template: `/rooms/{room_id}/join`, `/register/{proxy+}` or [`DEFAULT_ROUTE`].
    pub path: String,
    /// Logical id of its function.
    pub function: String,
    /// Where it stands in the template.
    pub line: usize,
}

/// The HTTP API's `CorsConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cors {
    /// Origins, or `*`.
    pub allow_origins: Vec<String>,
    /// Methods, or `*`.
    pub allow_methods: Vec<String>,
    /// Request headers, or `*`.
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read.
    pub expose_headers: Vec<String>,
    /// Whether cookies travel.
    pub allow_credentials: bool,
    /// Seconds a browser may keep the preflight's answer.
    pub max_age_s: Option<u32>,
}

/// The `AWS::Serverless::WebSocketApi`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketApi {
    /// Its name in the template; here also its id, as `Ref` gives it.
    pub logical_id: String,
    /// `StageName`, the path at which clients connect.
    pub stage: String,
    /// The member of a message that names its route: `action` of `$request.body.action`.
    pub selection: String,
    /// Logical ids of the functions by route key: `$connect`, `$disconnect`, `$default` or what
    /// the member [`Self::selection`] says.
    pub routes: BTreeMap<String, String>,
    /// Where it stands in the template.
    pub line: usize,
}

/// One `AWS::DynamoDB::Table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name in the template.
    pub logical_id: String,
    /// `TableName`, else the logical id.
    pub name: String,
    /// Its ARN here.
    pub arn: String,
    /// Primary key.
    pub keys: Keys,
    /// The type of every attribute that some key uses.
    pub attributes: BTreeMap<String, AttributeKind>,
    /// Global secondary indexes.
    pub indexes: Vec<Index>,
    /// The attribute that holds the time of expiry, in epoch seconds.
    pub ttl_attribute: Option<String>,
    /// What its stream carries; `None` without a stream.
    pub stream: Option<StreamView>,
    /// Where it stands in the template.
    pub line: usize,
}

/// A key of a table or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The `HASH` attribute.
    pub partition: String,
    /// The `RANGE` attribute.
    pub sort: Option<String>,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// `IndexName`.
    pub name: String,
    /// Its key.
    pub keys: Keys,
    /// What it copies.
    pub projection: Projection,
}

/// The attributes an index copies from its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// All of them.
    All,
    /// The keys.
    KeysOnly,
    /// The keys and these.
    Include(Vec<String>),
}

/// The type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeKind {
    /// `S`
    String,
    /// `N`
    Number,
    /// `B`
    Binary,
}

/// What a table's stream carries of each change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamView {
    /// `KEYS_ONLY`
    KeysOnly,
    /// `NEW_IMAGE`
    NewImage,
    /// `OLD_IMAGE`
    OldImage,
    /// `NEW_AND_OLD_IMAGES`
    NewAndOldImages,
}

/// One `AWS::S3::Bucket`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name in the template.
    pub logical_id: String,
    /// `BucketName`, else the logical id in lower case.
    pub name: String,
    /// Its ARN here.
    pub arn: String,
    /// Where it stands in the template.
    pub line: usize,
}

/// One `AWS::Events::EventBus`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBus {
    /// Its name in the template.
    pub logical_id: String,
    /// `Name`.
    pub name: String,
    /// Its ARN here.
    pub arn: String,
    /// Where it stands in the template.
    pub line: usize,
}

/// One `AWS::SQS::Queue`, a place for dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name in the template.
    pub logical_id: String,
    /// `QueueName`, else the logical id.
    pub name: String,
    /// Its ARN here.
    pub arn: String,
    /// Where it stands in the template.
    pub line: usize,
}

/// How often and how long a delivery is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts after the first.
    pub attempts: u32,
    /// Seconds after which it is given up.
    pub max_age_s: u32,
}

/// What Lambda does with an asynchronous invocation that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsyncInvoke {
    /// `EventInvokeConfig`; without it twice more, within six hours.
    pub retry: Retry,
    /// `DeadLetterQueue`: ARN of the queue that gets the event when it was given up.
    pub dead_letters: Option<String>,
}

/// One `ScheduleV2` event.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Function's logical id and the event's name, joined.
    pub name: String,
    /// When.
    pub timetable: Timetable,
    /// JSON text handed to the function; `<aws.scheduler.scheduled-time>` stands for the time due.
    pub input: String,
    /// Of the delivery to Lambda, not of the function's own failure.
    pub retry: Retry,
    /// ARN of the queue that gets what could not be delivered.
    pub dead_letters: Option<String>,
    /// Where it stands in the template.
    pub line: usize,
}

/// One `EventBridgeRule` event.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// `RuleName`, else the function's logical id and the event's name, joined.
    pub name: String,
    /// Name of its bus; [`DEFAULT_BUS`] when omitted.
    pub bus: String,
    /// Checked by [`crate::pattern::check`].
    pub pattern: serde_json::Value,
    /// Of the delivery to Lambda, not of the function's own failure.
    pub retry: Retry,
    /// ARN of the queue that gets what could not be delivered.
    pub dead_letters: Option<String>,
    /// Where it stands in the template.
    pub line: usize,
}

/// One `DynamoDB` event: a table's stream read by a function.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamMapping {
    /// Function's logical id and the event's name, joined.
    pub name: String,
    /// Logical id of the table.
    pub table: String,
    /// A record is taken when it meets any of these; empty takes all.
    pub filters: Vec<serde_json::Value>,
    /// Records a call, at most.
    pub batch_size: u32,
    /// Whether a failing batch is halved.
    pub bisect: bool,
    /// Attempts after the first; `None` goes on until the record expires.
    pub max_retry_attempts: Option<u32>,
    /// Seconds after which a record is given up; `None` keeps it until it expires.
    pub max_record_age_s: Option<u32>,
    /// Whether the function's answer names the records that failed.
    pub report_batch_item_failures: bool,
    /// ARN of the queue that gets what was given up.
    pub on_failure: Option<String>,
    /// Where it stands in the template.
    pub line: usize,
}
