//! Reads what starts a function: schedules, rules and table streams.
//!
//! An event's properties are all read, so an unknown one is refused. HTTP routes are not events
//! here: they stand in the API's `DefinitionBody` ([`super::api`]).

use super::node::{Entry, Node};
use super::resolve::Resolver;
use super::{
    DEFAULT_BUS, Function, Retry, Rule, Schedule, StreamMapping, Table, TemplateError, resources,
};
use crate::{cron, pattern};

/// What EventBridge does unless told otherwise: 185 more attempts within a day.
const DELIVERY: Retry = Retry {
    attempts: 185,
    max_age_s: 86_400,
};

/// Reads `Events` into the function.
pub(super) fn read(
    declared: &Node,
    function: &mut Function,
    resolver: &Resolver,
    tables: &[Table],
) -> Result<(), TemplateError> {
    for event in declared.entries(&format!("Events of `{}`", function.logical_id))? {
        let what = format!("event `{}` of `{}`", event.key, function.logical_id);
        let name = format!("{}{}", function.logical_id, event.key);
        event.node.only(&["Type", "Properties"], &what)?;
        let properties = event.node.require("Properties", &what)?;
        match event.node.require("Type", &what)?.literal() {
            Some("ScheduleV2") => {
                function
                    .schedules
                    .push(schedule(event, properties, name, &what, resolver)?);
            }
            Some("EventBridgeRule") => {
                function
                    .rules
                    .push(rule(event, properties, name, &what, resolver)?);
            }
            Some("DynamoDB") => {
                let mapping = mapping(event, properties, name, &what, resolver, tables)?;
                function.mappings.push(mapping);
            }
            Some("HttpApi") => {
                return Err(event.error(format!(
                    "{what}: routes stand in the API's `DefinitionBody`, not in events."
                )));
            }
            other => {
                let kind = other.unwrap_or("?");
                return Err(
                    event.error(format!("{what}: the type `{kind}` is not supported here."))
                );
            }
        }
    }
    Ok(())
}

fn schedule(
    event: &Entry,
    node: &Node,
    name: String,
    what: &str,
    resolver: &Resolver,
) -> Result<Schedule, TemplateError> {
    node.only(
        &[
            "ScheduleExpression",
            "ScheduleExpressionTimezone",
            "Input",
            "RetryPolicy",
            "DeadLetterConfig",
            "OmitName",
            "RoleArn",
            "Description",
        ],
        what,
    )?;
    // A generated name would be the same in every stack of the account.
    let omit = match node.get("OmitName") {
        Some(omit) => resolver.flag(omit, what)?,
        None => false,
    };
    if !omit {
        return Err(event.error(format!("{what} must have `OmitName: true`.")));
    }
    let expression = node.require("ScheduleExpression", what)?;
    let zone = match node.get("ScheduleExpressionTimezone") {
        Some(zone) => resolver.text(zone, what)?,
        None => "UTC".to_owned(),
    };
    // Without Input the scheduler sends `detail` as a string, which no handler takes.
    let input_node = node.require("Input", what)?;
    let input = resolver.text(input_node, what)?;
    if serde_json::from_str::<serde_json::Value>(&input).is_err() {
        return Err(input_node.error(format!("{what}: `Input` is not JSON.")));
    }
    Ok(Schedule {
        name,
        timetable: cron::parse(&resolver.text(expression, what)?, &zone)
            .map_err(|e| expression.error(format!("{what}: {e}.")))?,
        input,
        retry: retry_policy(node, what, resolver)?,
        dead_letters: dead_letters(node, what, resolver)?,
        line: event.line,
    })
}

fn rule(
    event: &Entry,
    node: &Node,
    name: String,
    what: &str,
    resolver: &Resolver,
) -> Result<Rule, TemplateError> {
    node.only(
        &[
            "EventBusName",
            "Pattern",
            "RuleName",
            "RetryPolicy",
            "DeadLetterConfig",
        ],
        what,
    )?;
    let declared = node.require("Pattern", what)?;
    let pattern = resolver.json(declared, what)?;
    pattern::check(&pattern).map_err(|e| declared.error(format!("{what}: {e}.")))?;
    Ok(Rule {
        name: match node.get("RuleName") {
            Some(given) => resolver.text(given, what)?,
            None => name,
        },
        bus: match node.get("EventBusName") {
            Some(bus) => resolver.text(bus, what)?,
            None => DEFAULT_BUS.to_owned(),
        },
        pattern,
        retry: retry_policy(node, what, resolver)?,
        dead_letters: dead_letters(node, what, resolver)?,
        line: event.line,
    })
}

fn mapping(
    event: &Entry,
    node: &Node,
    name: String,
    what: &str,
    resolver: &Resolver,
    tables: &[Table],
) -> Result<StreamMapping, TemplateError> {
    node.only(
        &[
            "Stream",
            "StartingPosition",
            "FilterCriteria",
            "BatchSize",
            "MaximumBatchingWindowInSeconds",
            "ParallelizationFactor",
            "BisectBatchOnFunctionError",
            "MaximumRetryAttempts",
            "MaximumRecordAgeInSeconds",
            "FunctionResponseTypes",
            "DestinationConfig",
        ],
        what,
    )?;
    let stream_node = node.require("Stream", what)?;
    let stream = resolver.text(stream_node, what)?;
    let Some(table) = tables
        .iter()
        .find(|t| resources::stream_arn(&t.arn) == stream)
    else {
        return Err(stream_node.error(format!("{what}: `{stream}` is no table's stream.")));
    };
    // Whatever was written before the mapping existed must be announced too.
    let start = node.require("StartingPosition", what)?;
    if resolver.text(start, what)? != "TRIM_HORIZON" {
        return Err(start.error(format!("{what}: only `TRIM_HORIZON` is read here.")));
    }
    let number = |key: &str| node.get(key).map(|n| resolver.number(n, what)).transpose();
    let mut mapping = StreamMapping {
        name,
        table: table.logical_id.clone(),
        filters: Vec::new(),
        batch_size: number("BatchSize")?.unwrap_or(100),
        bisect: match node.get("BisectBatchOnFunctionError") {
            Some(flag) => resolver.flag(flag, what)?,
            None => false,
        },
        max_retry_attempts: number("MaximumRetryAttempts")?,
        max_record_age_s: number("MaximumRecordAgeInSeconds")?,
        report_batch_item_failures: false,
        on_failure: on_failure(node, what, resolver)?,
        line: event.line,
    };
    if let Some(filters) = node.get("FilterCriteria") {
        filters.only(&["Filters"], what)?;
        for filter in filters.require("Filters", what)?.items(what)? {
            filter.only(&["Pattern"], what)?;
            let declared = filter.require("Pattern", what)?;
            let pattern = serde_json::from_str(&resolver.text(declared, what)?)
                .map_err(|e| declared.error(format!("{what}: the filter is not JSON: {e}.")))?;
            pattern::check(&pattern).map_err(|e| declared.error(format!("{what}: {e}.")))?;
            mapping.filters.push(pattern);
        }
    }
    if let Some(kinds) = node.get("FunctionResponseTypes") {
        for kind in resolver.texts(kinds, what)? {
            if kind != "ReportBatchItemFailures" {
                return Err(kinds_error(node, what, &kind));
            }
            mapping.report_batch_item_failures = true;
        }
    }
    Ok(mapping)
}

fn kinds_error(node: &Node, what: &str, kind: &str) -> TemplateError {
    node.error(format!("{what}: no function response type is `{kind}`."))
}

/// `DestinationConfig.OnFailure`, a queue's ARN.
fn on_failure(
    node: &Node,
    what: &str,
    resolver: &Resolver,
) -> Result<Option<String>, TemplateError> {
    let Some(destinations) = node.get("DestinationConfig") else {
        return Ok(None);
    };
    destinations.only(&["OnFailure"], what)?;
    let on_failure = destinations.require("OnFailure", what)?;
    sqs(on_failure, "Destination", what, resolver).map(Some)
}

/// `{Type: SQS, <key>: <queue's ARN>}`
pub(super) fn sqs(
    node: &Node,
    key: &str,
    what: &str,
    resolver: &Resolver,
) -> Result<String, TemplateError> {
    node.only(&["Type", key], what)?;
    let kind = node.require("Type", what)?;
    if kind.literal() != Some("SQS") {
        return Err(kind.error(format!("{what}: only queues (`Type: SQS`) are read here.")));
    }
    queue(node.require(key, what)?, what, resolver)
}

/// The retry settings that stand in `node`, the rest from `otherwise`.
pub(super) fn retry(
    node: &Node,
    otherwise: Retry,
    what: &str,
    resolver: &Resolver,
) -> Result<Retry, TemplateError> {
    let number = |key: &str, otherwise: u32| match node.get(key) {
        Some(value) => resolver.number(value, &format!("`{key}` of {what}")),
        None => Ok(otherwise),
    };
    Ok(Retry {
        attempts: number("MaximumRetryAttempts", otherwise.attempts)?,
        max_age_s: number("MaximumEventAgeInSeconds", otherwise.max_age_s)?,
    })
}

fn retry_policy(node: &Node, what: &str, resolver: &Resolver) -> Result<Retry, TemplateError> {
    match node.get("RetryPolicy") {
        Some(policy) => {
            policy.only(&["MaximumRetryAttempts", "MaximumEventAgeInSeconds"], what)?;
            retry(policy, DELIVERY, what, resolver)
        }
        None => Ok(DELIVERY),
    }
}

fn dead_letters(
    node: &Node,
    what: &str,
    resolver: &Resolver,
) -> Result<Option<String>, TemplateError> {
    let Some(config) = node.get("DeadLetterConfig") else {
        return Ok(None);
    };
    config.only(&["Arn"], what)?;
    queue(config.require("Arn", what)?, what, resolver).map(Some)
}

fn queue(node: &Node, what: &str, resolver: &Resolver) -> Result<String, TemplateError> {
    let arn = resolver.text(node, what)?;
    if arn.starts_with("arn:aws:sqs:") {
        Ok(arn)
    } else {
        Err(node.error(format!("{what}: `{arn}` is no queue's ARN.")))
    }
}
