//! What the project's templates say to the cloud alone: nothing here runs it, and two stacks of an account
//! must not touch each other by it.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    super::resolve::Resolver,
    node::{Entry, Value},
    *,
};
use crate::pattern;

/// Stacks of one account: the first is the local one.
const STACKS: [&str; 4] = [STACK, "enishi-staging", "Enishi", "e"];

fn template() -> Arc<Node> {
    node::tree(&project_text(TEMPLATE)).unwrap()
}

/// The template and those of its nested stacks, each with the functions in it.
pub fn templates(system: &System) -> Vec<(Arc<Node>, Vec<&Function>)> {
    let files = std::iter::once(TEMPLATE).chain(system.nested.keys().map(String::as_str));
    files
        .map(|file| {
            let functions = system.functions.iter().filter(|f| f.file == file);
            (
                node::tree(&project_text(file)).unwrap(),
                functions.collect(),
            )
        })
        .collect()
}

pub fn resources(template: &Node) -> &[Entry] {
    template.get("Resources").unwrap().entries("").unwrap()
}

/// A function's name as CloudFormation makes it up: of its stack's name, cut off, and its logical id. A nested
/// stack's name is made up as well.
fn name_in(stack: &str, function: &Function, system: &System) -> String {
    let stack = match system.nested.get(&function.file) {
        Some(id) => format!("{stack}-{id}-1A2B3C4D5E6F"),
        None => stack.to_owned(),
    };
    format!("{stack:.24}-{}-6F5E4D3C2B1A", function.logical_id)
}

fn arn_in(stack: &str, function: &Function, system: &System) -> String {
    super::super::resources::function_arn(&name_in(stack, function, system))
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

/// The texts under `key`, references resolved as in a stack that is called so.
fn texts(node: &Node, key: &str, system: &System) -> BTreeSet<String> {
    texts_in(STACK, node, key, system)
}

fn texts_in(stack: &str, node: &Node, key: &str, system: &System) -> BTreeSet<String> {
    let mut resolver = Resolver::new();
    resolver.define("AWS::StackName", stack);
    for table in &system.tables {
        resolver.define(&table.logical_id, &table.name);
        let stream = resources::stream_arn(&table.arn);
        resolver.define_attribute(&table.logical_id, "StreamArn", &stream);
    }
    for bucket in &system.buckets {
        resolver.define_attribute(&bucket.logical_id, "Arn", &bucket.arn);
    }
    for queue in &system.queues {
        // A queue's reference is its URL; here all that matters is which one.
        resolver.define(&queue.logical_id, &queue.arn);
        resolver.define_attribute(&queue.logical_id, "Arn", &queue.arn);
    }
    for function in &system.functions {
        let arn = arn_in(stack, function, system);
        resolver.define_attribute(&function.logical_id, "Arn", &arn);
    }
    for (file, id) in &system.nested {
        let template = node::tree(&project_text(file)).unwrap();
        for output in template.get("Outputs").unwrap().entries("").unwrap() {
            let text = value(output.node.get("Value").unwrap(), &resolver);
            resolver.define_output(id, &output.key, Ok(text));
        }
    }
    let texts = resolver.texts(node.get(key).unwrap(), key).unwrap();
    texts.into_iter().collect()
}

/// What a value gives, also by what only the cloud reads.
fn value(node: &Node, resolver: &Resolver) -> String {
    let Value::Call(call, arguments) = &node.value else {
        return resolver.text(node, "").unwrap();
    };
    let arguments = || match arguments.items("").unwrap() {
        [first, second] => (first, second),
        _ => panic!("line {}", node.line),
    };
    match call.as_str() {
        "Join" => {
            let (between, parts) = arguments();
            let parts = parts.items("").unwrap().iter();
            let parts: Vec<String> = parts.map(|part| value(part, resolver)).collect();
            parts.join(between.literal().unwrap())
        }
        "Select" => {
            let (number, split) = arguments();
            let Value::Call(_, split) = &split.value else {
                panic!("line {}", node.line)
            };
            let [between, text] = split.items("").unwrap() else {
                panic!("line {}", node.line)
            };
            let text = value(text, resolver);
            let number = resolver.number(number, "").unwrap() as usize;
            let mut parts = text.split(between.literal().unwrap());
            parts.nth(number).unwrap().to_owned()
        }
        _ => resolver.text(node, "").unwrap(),
    }
}

#[test]
fn api_gateway_may_call_each_function_with_a_route_and_none_of_another_stack() {
    let (system, template) = (project(), template());
    let [statement] = statements("ApiRole", &template) else {
        panic!()
    };
    // Of these names the last two leave little or nothing of a nested stack's.
    let longer = ["enishi-beside-the-sea-2", "enishi-beside-the-sea-24"];
    for own in STACKS.into_iter().chain(longer) {
        let role = Function {
            policy: vec![Statement {
                actions: texts(statement, "Action", &system).into_iter().collect(),
                resources: texts_in(own, statement, "Resource", &system)
                    .into_iter()
                    .collect(),
                line: statement.line,
            }],
            ..system.functions[0].clone()
        };
        for route in &system.routes {
            let mut functions = system.functions.iter();
            let function = functions.find(|f| f.logical_id == route.function).unwrap();
            for stack in STACKS {
                let arn = arn_in(stack, function, &system);
                let may = role.allows("lambda:InvokeFunction", &arn);
                assert_eq!(may, stack == own, "{own}: {arn}");
            }
            assert!(role.allows("lambda:InvokeFunction", &arn_in(own, function, &system)));
        }
    }
}

#[test]
fn the_scheduler_fires_each_function_with_a_schedule_and_no_other() {
    let system = project();
    for (template, functions) in templates(&system) {
        let [invoke, send] = statements("ScheduleRole", &template) else {
            panic!()
        };
        let mut fired = BTreeSet::new();
        let mut given_up = BTreeSet::new();
        for function in functions {
            for schedule in &function.schedules {
                fired.insert(arn_in(STACK, function, &system));
                given_up.extend(schedule.dead_letters.clone());
            }
        }
        assert_eq!(texts(invoke, "Resource", &system), fired);
        assert_eq!(texts(send, "Resource", &system), given_up);
    }
}

#[test]
fn the_bus_may_leave_what_it_gives_up_in_each_queue_that_a_rule_names() {
    let system = project();
    for (template, functions) in templates(&system) {
        let mut resources = resources(&template).iter();
        let policy = resources.find(|entry| entry.key == "DeadLettersPolicy");
        let properties = resources::properties(policy.unwrap());
        let open = texts(properties, "Queues", &system);
        for rule in functions.iter().flat_map(|function| &function.rules) {
            let queue = rule.dead_letters.as_ref().unwrap();
            assert!(open.contains(queue), "{}: {queue}", rule.name);
        }
    }
}

#[test]
fn a_function_reads_the_streams_of_this_stack_only() {
    let system = project();
    for (template, functions) in templates(&system) {
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
        let read = functions.iter().flat_map(|f| &f.mappings).map(|mapping| {
            let mut tables = system.tables.iter();
            let table = tables.find(|table| table.name == mapping.table).unwrap();
            resources::stream_arn(&table.arn)
        });
        assert_eq!(texts(streams, "Resource", &system), read.collect());
    }
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
    for (template, _) in templates(&project()) {
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
    let system = project();
    let templates = templates(&system);
    let mut filling = 0;
    for resource in templates
        .iter()
        .flat_map(|(template, _)| resources(template))
    {
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
