//! What the project's template says to the cloud alone: nothing here runs it, and two stacks of an account
//! must not touch each other by it.

use std::collections::BTreeSet;

use super::{
    node::{Entry, Value},
    *,
};
use crate::pattern;

/// Stacks of one account: the first is the local one.
const STACKS: [&str; 4] = [STACK, "enishi-staging", "Enishi", "e"];

fn template() -> std::sync::Arc<Node> {
    node::tree(&project_text()).unwrap()
}

fn resources(template: &Node) -> &[Entry] {
    template.get("Resources").unwrap().entries("").unwrap()
}

/// The statements of the policy document of a resource.
fn statements<'a>(resource: &'a str, template: &'a Node) -> &'a [Node] {
    let mut resources = resources(template).iter();
    let found = resources.find(|entry| entry.key == resource).unwrap();
    let properties = resources::properties(found);
    let document = match properties.get("Policies") {
        Some(policies) => policies.items("").unwrap()[0].get("PolicyDocument"),
        None => properties.get("PolicyDocument"),
    };
    let statements = document.unwrap().get("Statement").unwrap();
    statements.items("").unwrap()
}

/// The texts under `key`, references resolved.
fn texts(node: &Node, key: &str, system: &System) -> BTreeSet<String> {
    let mut resolver = Resolver::new();
    for table in &system.tables {
        resolver.define(&table.logical_id, &table.name);
        let stream = resources::stream_arn(&table.arn);
        resolver.define_attribute(&table.logical_id, "StreamArn", &stream);
    }
    for bucket in &system.buckets {
        resolver.define_attribute(&bucket.logical_id, "Arn", &bucket.arn);
    }
    let texts = resolver.texts(node.get(key).unwrap(), key).unwrap();
    texts.into_iter().collect()
}

#[test]
fn api_gateway_may_call_each_function_with_a_route_and_none_of_another_stack() {
    let (system, template) = (project(), template());
    let [statement] = statements("ApiRole", &template) else {
        panic!()
    };
    let role = Function {
        policy: vec![Statement {
            actions: texts(statement, "Action", &system).into_iter().collect(),
            resources: texts(statement, "Resource", &system).into_iter().collect(),
            line: statement.line,
        }],
        ..system.functions[0].clone()
    };
    for route in &system.routes {
        for stack in STACKS {
            // As CloudFormation names it.
            let name = format!("{stack}-{}-1A2B3C4D5E6F", route.function);
            let may = role.allows("lambda:InvokeFunction", &resources::function_arn(&name));
            assert_eq!(may, stack == STACK, "{name}");
        }
    }
}

#[test]
fn a_function_reads_the_streams_of_this_stack_only() {
    let (system, template) = (project(), template());
    let [all_but, streams, _] = statements("FunctionBoundary", &template) else {
        panic!()
    };
    let reading = [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
    ]
    .map(str::to_owned);
    assert!(texts(all_but, "NotAction", &system).is_superset(&reading.clone().into()));
    assert_eq!(texts(streams, "Action", &system), reading.into());
    let mappings = system.functions.iter().flat_map(|f| &f.mappings);
    let read = mappings.map(|mapping| {
        let mut tables = system.tables.iter();
        let table = tables.find(|table| table.name == mapping.table).unwrap();
        resources::stream_arn(&table.arn)
    });
    assert_eq!(texts(streams, "Resource", &system), read.collect());
}

#[test]
fn what_comes_on_the_bus_of_the_whole_account_is_taken_of_this_stack_only() {
    let system = project();
    let rules = system.functions.iter().flat_map(|f| &f.rules);
    let shared: Vec<_> = rules.filter(|rule| rule.bus == DEFAULT_BUS).collect();
    assert!(!shared.is_empty());
    // A room's and a visit's: each is one rule's, of this stack alone.
    for venue in ["20261121T0900-0", "v-019aa2b47c1e7d339f0a5b1c2d3e4f50"] {
        for stack in STACKS {
            let event = serde_json::json!({
                "source": "aws.chime",
                "detail-type": "Chime Meeting State Change",
                "detail": {"externalMeetingId": format!("{stack}_{venue}")},
            });
            let taken = shared.iter();
            let taken = taken.filter(|rule| pattern::matches(&rule.pattern, &event));
            assert_eq!(
                taken.count(),
                usize::from(stack == STACK),
                "{stack} {venue}"
            );
        }
    }
}

#[test]
fn the_queues_take_dead_letters_of_this_stacks_rules_only() {
    let template = template();
    let [statement] = statements("DeadLettersPolicy", &template) else {
        panic!()
    };
    let condition = statement.get("Condition").and_then(|it| it.get("ArnLike"));
    let sources = condition.and_then(|it| it.get("aws:SourceArn")).unwrap();
    for source in sources.items("").unwrap() {
        let own = match &source.value {
            Value::Call(call, text) if call == "Sub" => {
                text.literal().unwrap().ends_with(":rule/${Bus}/*")
            }
            Value::Call(call, _) => call == "GetAtt",
            _ => false,
        };
        assert!(own, "line {}", source.line);
    }
}

#[test]
fn nothing_but_the_making_of_meetings_and_of_their_recordings_is_allowed_on_everything() {
    for function in project().functions {
        for statement in &function.policy {
            let on_everything = statement.resources.iter().any(|resource| resource == "*");
            let makes = [
                "chime:CreateMeeting",
                "chime:CreateMeetingWithAttendees",
                "chime:CreateMediaCapturePipeline",
                "chime:CreateMediaConcatenationPipeline",
            ];
            let only_makes = statement
                .actions
                .iter()
                .all(|a| makes.contains(&a.as_str()));
            assert!(!on_everything || only_makes, "{}", function.logical_id);
        }
    }
}

#[test]
fn what_nobody_waits_for_has_a_place_among_the_dead_letters() {
    for function in project().functions {
        let waits = function.rules.is_empty() && function.schedules.is_empty();
        let kept = function.async_invoke.dead_letters.is_some();
        assert!(waits || kept, "{}", function.logical_id);
        assert!(function.mappings.iter().all(|m| m.on_failure.is_some()));
    }
}

#[test]
fn an_alarm_that_fills_gaps_looks_at_each_point_more_than_once() {
    let template = template();
    let mut filling = 0;
    for resource in resources(&template) {
        let properties = resources::properties(resource);
        let Some(metrics) = properties.get("Metrics") else {
            continue;
        };
        let mut expressions = metrics.items("").unwrap().iter();
        if !expressions.any(|metric| {
            let expression = metric.get("Expression").and_then(Node::literal);
            expression.is_some_and(|text| text.contains("FILL("))
        }) {
            continue;
        }
        filling += 1;
        let number = |key: &str| Resolver::new().number(properties.get(key)?, key).ok();
        let periods = (number("DatapointsToAlarm"), number("EvaluationPeriods"));
        assert_eq!(periods, (Some(1), Some(5)), "{}", resource.key);
    }
    assert!(filling > 0);
}

#[test]
fn the_apis_own_domain_is_made_when_one_is_given_and_of_everything_it_takes() {
    let template = template();
    let of = |kind: &str| {
        let mut resources = resources(&template).iter();
        let found = resources.find(|r| r.node.get("Type").and_then(Node::literal) == Some(kind));
        let found = found.unwrap_or_else(|| panic!("{kind}"));
        let condition = found.node.get("Condition").and_then(Node::literal);
        assert_eq!(condition, Some("HasApiDomain"), "{kind}");
        found
    };
    of("AWS::ApiGatewayV2::DomainName");
    let mapping = resources::properties(of("AWS::ApiGatewayV2::ApiMapping"));
    for key in ["ApiId", "DomainName", "Stage"] {
        assert!(mapping.get(key).is_some(), "{key}");
    }
    for parameter in ["ApiDomain", "ApiCertificateArn"] {
        assert_eq!(project().parameters[parameter].default.as_deref(), Some(""));
    }
}

/// An endpoint at Stripe takes whole names only.
#[test]
fn the_events_to_listen_to_at_stripe_are_spelled_out_and_are_those_that_functions_take() {
    let readme = std::fs::read_to_string(crate::stack::root().join("README.md")).unwrap();
    let (_, list) = readme.split_once("endpoint listens to\n\n```\n").unwrap();
    let (list, connect) = list.split_once("```").unwrap();
    let (connect, _) = connect.split_once(".\n").unwrap();
    let connect = connect.split('`').skip(1).step_by(2);
    let listed: BTreeSet<&str> = list.split_whitespace().chain(connect).collect();
    assert!(listed.contains("account.updated"), "{listed:?}");
    let is_whole = |name: &&str| {
        name.chars()
            .all(|c| c.is_ascii_lowercase() || "._".contains(c))
    };
    assert!(listed.iter().all(is_whole), "{listed:?}");
    let system = project();
    let rules = system.functions.iter().flat_map(|f| &f.rules);
    for wanted in rules.flat_map(|rule| rule.pattern["detail-type"].as_array().unwrap()) {
        let taken = |name: &&str| {
            let event = serde_json::json!({"detail-type": format!("stripe.{name}")});
            pattern::matches(&serde_json::json!({"detail-type": [wanted]}), &event)
        };
        let of_stripe = wanted["prefix"].as_str().or(wanted.as_str());
        let of_stripe = of_stripe.is_some_and(|text| text.starts_with("stripe."));
        assert!(!of_stripe || listed.iter().any(taken), "{wanted}");
    }
}

/// Chime takes no pipeline into a bucket whose policy lacks one of these.
#[test]
fn chime_writes_and_reads_the_recordings_of_this_account_only() {
    let (system, template) = (project(), template());
    let chime = &statements("RecordingsBucketPolicy", &template)[0];
    let of = |node: &Node, path: &[&str]| {
        let mut path = path.iter();
        let found = path.try_fold(node.clone(), |node, key| node.get(key).cloned());
        let found = found.unwrap_or_else(|| panic!("{}", node.line));
        Resolver::new().text(&found, "").unwrap()
    };
    let service = of(chime, &["Principal", "Service"]);
    assert_eq!(service, "mediapipelines.chime.amazonaws.com");
    let actions = [
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "s3:PutObjectAcl",
    ];
    assert_eq!(
        texts(chime, "Action", &system),
        actions.map(str::to_owned).into()
    );
    let bucket = "arn:aws:s3:::recordingsbucket";
    let both = [bucket.to_owned(), format!("{bucket}/*")];
    assert_eq!(texts(chime, "Resource", &system), both.into());
    let account = of(chime, &["Condition", "StringEquals", "aws:SourceAccount"]);
    assert_eq!(account, ACCOUNT);
    let source = of(chime, &["Condition", "ArnLike", "aws:SourceArn"]);
    assert_eq!(source, format!("arn:aws:chime:*:{ACCOUNT}:*"));
}
