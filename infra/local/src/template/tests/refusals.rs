//! What is refused, and at which line.

use super::*;

/// Loads [`SMALL`] with `old` replaced by `new`, expecting an error at the line that holds `at`.
fn refused(old: &str, new: &str, at: &str) -> String {
    assert_eq!(SMALL.matches(old).count(), 1, "`{old}` must stand once");
    let text = SMALL.replace(old, new);
    let error = load(&text, &given(&[("Key", "k1")])).expect_err("must be refused");
    let line = text.lines().position(|line| line.contains(at)).unwrap() + 1;
    assert_eq!(error.line, line, "{error}");
    assert_eq!(
        error.to_string(),
        format!("template.yaml:{line}: {}", error.sentence)
    );
    error.sentence
}

#[test]
fn a_reference_to_nothing_is_refused() {
    let unknown =
        |name: &str| format!("`{name}` is neither a parameter nor a resource of this template.");
    assert_eq!(
        refused("!Ref Things", "!Ref Thing", "!Ref Thing"),
        unknown("Thing")
    );
    assert_eq!(
        refused("${ThingsGet.Arn}", "${Gone.Arn}", "${Gone.Arn}"),
        unknown("Gone")
    );
    assert_eq!(
        refused("!Ref Things", "!GetAtt Things.Color", "Things.Color"),
        "`Things.Color`: `Things` has no such attribute here."
    );
    assert_eq!(
        refused("!Ref Things", "!Ref Alarm", "!Ref Alarm"),
        "`Alarm`: AWS::CloudWatch::Alarm `Alarm` is not read here."
    );
    assert_eq!(
        refused("!Ref Things", "!Sub \"${Origins}\"", "${Origins}"),
        "`Origins` is a list and cannot stand inside text."
    );
}

#[test]
fn another_intrinsic_is_refused_where_it_is_read() {
    assert_eq!(
        refused("!Ref Things", "!If [A, b, c]", "!If [A, b, c]"),
        "`TABLE` of function `ThingsGet`: `!If` is not read here."
    );
    assert!(
        refused("!Ref Things", "!Sub [a, {}]", "!Sub [a")
            .ends_with("`!Sub` takes one string here.")
    );
}

#[test]
fn a_route_must_be_one_that_api_gateway_takes_and_its_function_can_answer() {
    assert!(refused("/things/{id}:", "/things/:", "/things/:").contains("ends in a slash"));
    assert!(
        refused("/things/{id}:", "things/{id}:", "things/{id}:").contains("begin with a slash")
    );
    assert!(refused("/things/{id}:", "/things/{id+}/x:", "/x:").contains("must come last"));
    assert!(refused("/things/{id}:", "/things/a{id}:", "a{id}").contains("no whole segment"));
    assert!(
        refused("            get:", "            fetch:", "fetch:")
            .contains("no method is `fetch`")
    );
    assert!(
        refused("[{name: id,", "[{name: di,", "            get:")
            .contains("must stand in the path")
    );
    assert!(
        refused(
            "functions/${ThingsGet.Arn}",
            "functions/${Things.Arn}",
            "${Things.Arn}/inv"
        )
        .contains("names no function")
    );
    assert_eq!(
        refused(", schema: {type: string}", "", "parameters: [{name: id"),
        "route get `/things/{id}` has no `schema`."
    );
    let twice = SMALL.replacen("          /$default:", "          /things/{other}:\n            get:\n              parameters: [{name: other, schema: {type: string}}]\n              responses: {}\n              x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, payloadFormatVersion: \"2.0\", credentials: x, uri: !Sub \"/functions/${ThingsGet.Arn}/invocations\"}\n          /$default:", 1);
    let error = load(&twice, &given(&[("Key", "")])).unwrap_err().sentence;
    assert!(error.contains("stands on line 25 already"), "{error}");
}

#[test]
fn a_websocket_api_must_be_one_that_sam_expands_and_that_is_run_here_in_full() {
    let connect = "$connect: {FunctionArn: !GetAtt ThingsSweep.Arn}";
    assert_eq!(
        refused("StageName: live", "StageName: $default", "StageName: $"),
        "WebSocket API `Live`: no stage can be named `$default`."
    );
    assert!(
        refused("StageName: live", "StageName: a/b", "StageName: a")
            .contains("no stage can be named")
    );
    for expression in [
        "$request.body.a.b",
        "$request.header.action",
        "${request.body.action}",
        "$request.body.",
    ] {
        let sentence = refused(
            "RouteSelectionExpression: $request.body.action",
            &format!("RouteSelectionExpression: {expression}"),
            "RouteSelectionExpression:",
        );
        assert!(sentence.contains("must be `$request.body.<member>`"));
    }
    assert_eq!(
        refused("StageName: live", "Auth: {AuthType: AWS_IAM}", "Auth:"),
        "WebSocket API `Live`: `Auth` is not read here."
    );
    assert!(refused("send: {", "send_now: {", "send_now:").contains("letters and digits"));
    assert!(refused("send: {", "$send: {", "$send:").contains("letters and digits"));
    assert!(
        refused("send: {", "Connect: {", "Connect:")
            .contains("would get the logical id of `$connect`")
    );
    assert!(
        refused(
            connect,
            "$connect: {FunctionArn: !GetAtt Things.Arn}",
            "$connect:"
        )
        .contains("names no function")
    );
    assert!(
        refused(
            connect,
            "$connect: {FunctionArn: !GetAtt ThingsSweep.Arn, ApiKeyRequired: true}",
            "$connect:"
        )
        .contains("`ApiKeyRequired` is not read here")
    );
    let (before, _) = SMALL.split_once("      Routes:\n").unwrap();
    let (_, after) = SMALL.split_once("  ApiRole:\n").unwrap();
    let none = format!("{before}      Routes: {{}}\n  ApiRole:\n{after}");
    let error = load(&none, &given(&[("Key", "")])).unwrap_err().sentence;
    assert_eq!(error, "WebSocket API `Live` has no routes.");
    let two = SMALL.replace(
        "  Dead:",
        "  Second: {Type: AWS::Serverless::WebSocketApi}\n  Dead:",
    );
    let error = load(&two, &given(&[("Key", "")])).unwrap_err().sentence;
    assert_eq!(error, "only one WebSocket API is run here.");
}

#[test]
fn a_policy_that_says_more_than_allow_is_refused() {
    assert!(
        refused("- Effect: Allow", "- Effect: Deny", "Effect: Deny")
            .contains("only `Effect: Allow`")
    );
    assert!(
        refused(
            "Action: [dynamodb:GetItem,",
            "Action: [GetItem,",
            "[GetItem"
        )
        .contains("no `service:Action`")
    );
    assert!(
        refused(
            "- Effect: Allow",
            "- Condition: {}\n            Effect: Allow",
            "Condition: {}"
        )
        .contains("`Condition` is not read")
    );
    let managed = "Policies: [AWSLambdaExecute]\n      Old:";
    assert!(refused("Policies:", managed, "AWSLambdaExecute").contains("must be inline"));
}

#[test]
fn events_that_cannot_be_run_are_refused() {
    assert!(refused("!Ref Bus", "other", "Changed:").contains("on the bus `other`"));
    assert!(refused("Type: ScheduleV2", "Type: SNS", "EachMinute:").contains("the type `SNS`"));
    assert!(
        refused("rate(1 minute)", "rate(1 moment)", "moment").contains("no rate is `1 moment`")
    );
    assert!(
        refused("OmitName: true", "OmitName: false", "EachMinute:").contains("`OmitName: true`")
    );
    assert!(refused("exists: false", "cidr: a", "cidr: a").contains("`cidr` is not supported"));
    assert!(
        refused("Things.StreamArn", "Things.Arn", "Stream: !Get").contains("no table's stream")
    );
    assert!(
        refused(
            "BisectBatchOnFunctionError: true",
            "TumblingWindowInSeconds: 1",
            "Tumbling"
        )
        .contains("not read")
    );
    assert!(
        refused(
            "DeadLetterConfig: {Arn: !GetAtt Dead.Arn}",
            "DeadLetterConfig: {Arn: !GetAtt Things.Arn}",
            "{Arn: !GetAtt Things"
        )
        .contains("no queue's ARN")
    );
    assert!(
        refused(
            "DeadLetterConfig: {Arn: !GetAtt Dead.Arn}",
            "DeadLetterConfig: {Arn: 'arn:aws:sqs:x'}",
            "EachMinute:"
        )
        .contains("no queue of this template")
    );
}

#[test]
fn a_role_is_ones_own_or_a_siblings_that_holds_the_siblings_policies_and_nothing_else() {
    let beside = refused(
        "MemorySize: 512",
        "Role: !GetAtt ThingsSweepRole.Arn",
        "Role: !",
    );
    assert!(beside.contains("SAM ignores `Policies` beside a `Role`"));
    let another = |role: &str, at: &str| {
        let function = format!(
            "  Another:\n    Type: AWS::Serverless::Function\n    Properties: {{CodeUri: \
             target/lambda/things-another, Role: {role}}}\n  Things:\n"
        );
        refused("  Things:\n", &function, at)
    };
    assert!(another("!GetAtt ThingsSweepRole.Arn", "  Another:").contains("cannot be shared"));
    assert!(another("!GetAtt ApiRole.Arn", "!GetAtt ApiRole.Arn}").contains("is not read here"));
    assert!(another("arn:aws:iam::1:role/x", "  Another:").contains("none that SAM generates"));
    assert!(another("!GetAtt AnotherRole.Arn", "AnotherRole").contains("is neither a parameter"));
}

#[test]
fn dead_letters_go_to_a_queue_that_is_named_once() {
    let given = "DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}";
    let instead = |new: &str| refused(given, new, "DeadLetterQueue:");
    assert!(
        instead("DeadLetterQueue: {Type: SNS, TargetArn: !GetAtt Dead.Arn}")
            .contains("only queues (`Type: SQS`)")
    );
    assert!(
        instead("DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Things.Arn}")
            .contains("no queue's ARN")
    );
    assert!(instead("DeadLetterQueue: {Type: SQS}").contains("has no `TargetArn`"));
    let retries = "{MaximumRetryAttempts: 0}";
    let sentence = refused(
        retries,
        "{DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}}",
        "EventInvokeConfig:",
    );
    assert!(
        sentence.contains("`DestinationConfig` is not read"),
        "{sentence}"
    );
}

#[test]
fn what_would_run_in_the_cloud_and_not_here_is_refused() {
    assert!(
        refused(
            "AWS::S3::Bucket}",
            "AWS::Serverless::StateMachine}",
            "Pictures"
        )
        .contains("not supported")
    );
    assert!(
        refused("AWS::S3::Bucket}", "AWS::Events::Rule}", "Pictures").contains("not supported")
    );
    assert!(
        refused(
            "AWS::S3::Bucket}",
            "AWS::S3::Bucket, Condition: X}",
            "Pictures"
        )
        .contains("`Condition`")
    );
    assert!(
        refused("things-sweep", "things-get", "ThingsSweep:")
            .contains("has the binary of `ThingsGet`")
    );
    assert!(
        refused("target/lambda/things-get/", "src/", "CodeUri: src/")
            .contains("must be `target/lambda/")
    );
    assert!(
        refused(
            "Globals:\n  Function:",
            "Globals:\n  Api: {}\n  Function:",
            "  Api: {}"
        )
        .contains("`Api` is not read")
    );
}

#[test]
fn a_table_that_dynamodb_would_refuse_is_refused() {
    assert!(
        refused(
            "{AttributeName: gsi_pk, AttributeType: S}",
            "{AttributeName: x, AttributeType: S}",
            "KeySchema: [{AttributeName: pk"
        )
        .contains("no attribute definition")
    );
    assert!(refused("NEW_IMAGE", "NEW", "StreamViewType: NEW").contains("no stream view is `NEW`"));
    assert!(
        refused(
            "StreamSpecification",
            "LocalSecondaryIndexes",
            "LocalSecondary"
        )
        .contains("not supported")
    );
}

#[test]
fn text_that_is_not_yaml_is_refused_with_its_line() {
    let error = load("A: 1\nB: [", &BTreeMap::new()).unwrap_err();
    assert!(
        error.line >= 2 && error.sentence.starts_with("not YAML"),
        "{error}"
    );
    let error = load("A: {}\n---\nB: {}", &BTreeMap::new()).unwrap_err();
    assert_eq!(error.sentence, "the template must be one YAML document.");
}
