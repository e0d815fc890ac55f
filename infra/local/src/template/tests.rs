//! What the reader makes of templates; `refusals` has what it does not take.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use super::{node::Node, *};

mod cloud;
mod nested;
mod references;
mod refusals;

/// A small system with one of everything; each test changes a line of it.
const SMALL: &str = r#"
Parameters:
  Level: {Type: String, Default: info, AllowedValues: [info, debug]}
  Quota: {Type: Number, Default: 250}
  Origins: {Type: CommaDelimitedList, Default: "http://a.test, http://b.test"}
  Key: {Type: String}
Globals:
  Function:
    Runtime: provided.al2023
    Timeout: 15
    Environment:
      Variables: {LEVEL: !Ref Level, SHARED: global}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: !Ref Origins
        AllowMethods: [GET]
        AllowCredentials: true
        MaxAge: 600
      DefinitionBody:
        paths:
          /things/{id}:
            get:
              parameters: [{name: id, in: path, required: true, schema: {type: string}}]
              responses: {}
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                payloadFormatVersion: "2.0"
                credentials: !GetAtt ApiRole.Arn
                uri: !Sub arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${ThingsGet.Arn}/invocations
          /$default:
            x-amazon-apigateway-any-method:
              isDefaultRoute: true
              responses: {}
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                payloadFormatVersion: "2.0"
                credentials: !GetAtt ApiRole.Arn
                uri: !Sub arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${ThingsSweep.Arn}/invocations
  Live:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: live
      RouteSelectionExpression: $request.body.action
      DefaultRouteSettings: {ThrottlingRateLimit: !If [A, 1, 2]}
      AccessLogSettings: {DestinationArn: !GetAtt Logs.Arn}
      Routes:
        $connect: {FunctionArn: !GetAtt ThingsSweep.Arn}
        send: {FunctionArn: !GetAtt ThingsGet.Arn}
  ApiRole:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: !If [A, B, C]}
  ThingsGet:
    Type: AWS::Serverless::Function
    Metadata: {SkipBuild: true}
    Properties:
      CodeUri: target/lambda/things-get/
      MemorySize: 512
      Environment:
        Variables: {TABLE: !Ref Things, KEY: !Ref Key, SHARED: own, QUOTA: !Ref Quota, LIVE: !Sub "wss://${Live}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live"}
      Policies:
        Statement:
          - Effect: Allow
            Action: [dynamodb:GetItem, dynamodb:Query]
            Resource: [!GetAtt Things.Arn, !Sub "${Things.Arn}/index/*"]
          - Action: execute-api:ManageConnections
            Resource: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Live}/live/POST/@connections/*
            Effect: Allow
  ThingsSweep:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/things-sweep
      EventInvokeConfig: {MaximumRetryAttempts: 0}
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
      Events:
        EachMinute:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: rate(1 minute)
            OmitName: true
            Input: '{"at":"<aws.scheduler.scheduled-time>"}'
            DeadLetterConfig: {Arn: !GetAtt Dead.Arn}
        Changed:
          Type: EventBridgeRule
          Properties:
            EventBusName: !Ref Bus
            Pattern: {source: [enishi.things], detail: {n: [1, {exists: false}]}}
            RetryPolicy: {MaximumRetryAttempts: 4}
        Foreign:
          Type: EventBridgeRule
          Properties:
            Pattern: {source: [aws.chime]}
        Outbox:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Things.StreamArn
            StartingPosition: TRIM_HORIZON
            BisectBatchOnFunctionError: true
            MaximumRetryAttempts: 5
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria: {Filters: [{Pattern: '{"eventName":["INSERT"]}'}]}
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
        - {AttributeName: sk, AttributeType: N}
        - {AttributeName: gsi_pk, AttributeType: S}
      GlobalSecondaryIndexes:
        - IndexName: by-user
          KeySchema: [{AttributeName: gsi_pk, KeyType: HASH}]
          Projection: {ProjectionType: KEYS_ONLY}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: !Ref AWS::StackName}
  Dead: {Type: AWS::SQS::Queue}
  Pictures: {Type: AWS::S3::Bucket}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Condition: Sometimes
    Properties: {Threshold: !If [A, 1, 0]}
Outputs:
  Url: {Value: !Join ["", [a, b]]}
"#;

/// Loads a template that has no nested stack.
fn load(text: &str, overrides: &BTreeMap<String, String>) -> Result<System, TemplateError> {
    super::load(text, &|file| Err(format!("there is no {file}")), overrides)
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn small() -> System {
    load(SMALL, &given(&[("Key", "k1")])).unwrap()
}

#[test]
fn a_function_has_the_globals_and_its_own_settings() {
    let system = small();
    let [get, sweep] = system.functions.as_slice() else {
        panic!()
    };
    assert_eq!(
        (get.logical_id.as_str(), get.name.as_str()),
        ("ThingsGet", "things-get")
    );
    assert_eq!((get.memory_mb, get.timeout_s), (512, 15));
    assert_eq!((sweep.memory_mb, sweep.timeout_s), (128, 15));
    assert_eq!(
        get.environment,
        given(&[
            ("LEVEL", "info"),
            ("SHARED", "own"),
            ("TABLE", "Things"),
            ("KEY", "k1"),
            ("QUOTA", "250"),
            (
                "LIVE",
                "wss://Live.execute-api.ap-northeast-1.amazonaws.com/live"
            ),
        ])
    );
    assert_eq!(
        sweep.environment,
        given(&[("LEVEL", "info"), ("SHARED", "global")])
    );
    assert_eq!(
        get.arn,
        "arn:aws:lambda:ap-northeast-1:000000000000:function:ThingsGet"
    );
    assert_eq!(SMALL.lines().nth(get.line - 1), Some("  ThingsGet:"));
}

#[test]
fn a_distribution_has_a_host_name_and_nothing_else() {
    let with = |reference: &str| {
        let text = SMALL
            .replace(
                "  Alarm:\n",
                "  Cdn: {Type: AWS::CloudFront::Distribution}\n  Alarm:\n",
            )
            .replace("!Ref Things", reference);
        load(&text, &given(&[("Key", "k1")]))
    };
    let system = with("!Sub \"https://${Cdn.DomainName}\"").unwrap();
    assert_eq!(
        system.functions[0].environment["TABLE"],
        "https://cdn.cloudfront.net"
    );
    for refused in ["!Ref Cdn", "!GetAtt Cdn.Id"] {
        let sentence = with(refused).unwrap_err().sentence;
        assert!(sentence.ends_with("AWS::CloudFront::Distribution `Cdn` is not read here."));
    }
}

#[test]
fn a_domain_of_the_apis_own_changes_nothing_here() {
    let domain = "  Domain: {Type: AWS::ApiGatewayV2::DomainName, Condition: HasDomain}
  Mapping:
    Type: AWS::ApiGatewayV2::ApiMapping
    Condition: HasDomain
    Properties: {DomainName: !Ref Domain, Stage: !Ref ApiApiGatewayDefaultStage}
  Alarm:\n";
    let text = SMALL.replace("  Alarm:\n", domain);
    let system = load(&text, &given(&[("Key", "k1")])).unwrap();
    assert_eq!(system.routes.len(), small().routes.len());
}

#[test]
fn a_parameter_takes_what_is_given_before_its_default() {
    let system = load(SMALL, &given(&[("Key", "k1"), ("Level", "debug")])).unwrap();
    assert_eq!(system.parameters["Level"].value, "debug");
    assert_eq!(system.parameters["Quota"].value, "250");
    let error = |pairs: &[(&str, &str)]| load(SMALL, &given(pairs)).unwrap_err().sentence;
    assert_eq!(
        error(&[]),
        "parameter `Key` has no default and was not given."
    );
    assert_eq!(
        error(&[("Key", ""), ("Level", "loud")]),
        "the parameter Level cannot be `loud`. For example `info`."
    );
    assert_eq!(
        error(&[("Key", ""), ("Nothing", "")]),
        "`Nothing` was given but is no parameter."
    );
}

#[test]
fn a_policy_allows_the_named_actions_on_the_named_resources_only() {
    let system = small();
    let (get, sweep) = (&system.functions[0], &system.functions[1]);
    let table = &system.tables[0].arn;
    assert!(get.allows("dynamodb:GetItem", table));
    assert!(get.allows("DynamoDB:getitem", table));
    assert!(get.allows("dynamodb:Query", &format!("{table}/index/by-user")));
    assert!(!get.allows("dynamodb:PutItem", table));
    assert!(!get.allows("dynamodb:GetItem", &table.to_lowercase()));
    assert!(!get.allows("dynamodb:GetItem", &format!("{table}2")));
    assert!(!sweep.allows("dynamodb:GetItem", table));
}

#[test]
fn a_function_with_a_siblings_role_may_do_what_the_sibling_may() {
    let another = "  ThingsAnother:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: target/lambda/things-another/, Role: !GetAtt ThingsGetRole.Arn}
  ThingsGet:\n";
    let text = SMALL.replace("  ThingsGet:\n", another);
    let system = load(&text, &given(&[("Key", "k1")])).unwrap();
    let [another, get, _] = system.functions.as_slice() else {
        panic!()
    };
    assert_eq!(another.logical_id, "ThingsAnother");
    assert_eq!(another.role, get.role);
    assert_eq!(another.policy, get.policy);
    assert!(another.allows("dynamodb:GetItem", &system.tables[0].arn));
}

#[test]
fn routes_lead_to_functions() {
    let system = small();
    let [thing, fallback] = system.routes.as_slice() else {
        panic!()
    };
    assert_eq!(
        (thing.method.clone(), thing.path.as_str()),
        (Some(http::Method::GET), "/things/{id}")
    );
    assert_eq!(thing.function, "ThingsGet");
    assert_eq!(
        (fallback.method.clone(), fallback.path.as_str()),
        (None, DEFAULT_ROUTE)
    );
    assert_eq!(fallback.function, "ThingsSweep");
    let cors = system.cors.unwrap();
    assert_eq!(cors.allow_origins, ["http://a.test", "http://b.test"]);
    assert_eq!((cors.allow_credentials, cors.max_age_s), (true, Some(600)));
}

#[test]
fn the_websocket_api_has_a_stage_a_selection_and_routes_that_lead_to_functions() {
    let system = small();
    let api = system.websocket.unwrap();
    assert_eq!(SMALL.lines().nth(api.line - 1), Some("  Live:"));
    assert_eq!(
        (api.logical_id, api.stage, api.selection),
        ("Live".into(), "live".into(), "action".into())
    );
    assert_eq!(
        api.routes,
        given(&[("$connect", "ThingsSweep"), ("send", "ThingsGet")])
    );
    let connections = "arn:aws:execute-api:ap-northeast-1:000000000000:Live/live";
    let may = |path: &str| {
        let arn = format!("{connections}/{path}");
        system.functions[0].allows("execute-api:ManageConnections", &arn)
    };
    assert!(may("POST/@connections/a-b_c="));
    assert!(!may("DELETE/@connections/a-b_c="));

    let text = SMALL.replace("      StageName: live\n", "");
    let system = load(&text, &given(&[("Key", "k1")])).unwrap();
    assert_eq!(
        system.websocket.unwrap().stage,
        "default",
        "as SAM names it"
    );
}

#[test]
fn a_table_has_keys_indexes_expiry_and_stream() {
    let table = small().tables.remove(0);
    assert_eq!(
        (table.logical_id.as_str(), table.name.as_str()),
        ("Things", "Things")
    );
    assert_eq!(
        table.arn,
        "arn:aws:dynamodb:ap-northeast-1:000000000000:table/Things"
    );
    assert_eq!(
        table.keys,
        Keys {
            partition: "pk".into(),
            sort: Some("sk".into())
        }
    );
    assert_eq!(table.attributes["sk"], AttributeKind::Number);
    assert_eq!(table.indexes[0].name, "by-user");
    assert_eq!(table.indexes[0].projection, Projection::KeysOnly);
    assert_eq!(table.ttl_attribute.as_deref(), Some("ttl"));
    assert_eq!(table.stream, Some(StreamView::NewImage));
}

#[test]
fn what_starts_a_function_is_read_with_its_retries_and_dead_letters() {
    let system = small();
    let sweep = &system.functions[1];
    let dead = Some(system.queues[0].arn.clone());
    let (schedule, mapping) = (&sweep.schedules[0], &sweep.mappings[0]);
    assert_eq!(schedule.name, "ThingsSweepEachMinute");
    assert_eq!(
        schedule.timetable,
        crate::cron::parse("rate(1 minute)", "UTC").unwrap()
    );
    assert_eq!(schedule.input, r#"{"at":"<aws.scheduler.scheduled-time>"}"#);
    assert_eq!(
        schedule.retry,
        Retry {
            attempts: 185,
            max_age_s: 86_400
        }
    );
    assert_eq!(schedule.dead_letters, dead);
    assert_eq!(
        sweep.async_invoke.retry,
        Retry {
            attempts: 0,
            max_age_s: 21_600
        }
    );
    assert_eq!(sweep.async_invoke.dead_letters, dead);
    assert_eq!(
        (sweep.rules[0].bus.as_str(), sweep.rules[1].bus.as_str()),
        ("enishi", DEFAULT_BUS)
    );
    assert_eq!(
        sweep.rules[0].pattern,
        serde_json::json!({"source": ["enishi.things"], "detail": {"n": [1, {"exists": false}]}})
    );
    assert_eq!(sweep.rules[0].retry.attempts, 4);
    assert_eq!(
        (mapping.table.as_str(), mapping.batch_size, mapping.bisect),
        ("Things", 100, true)
    );
    assert_eq!(
        (mapping.max_retry_attempts, mapping.max_record_age_s),
        (Some(5), None)
    );
    assert!(mapping.report_batch_item_failures);
    assert_eq!(
        mapping.filters,
        [serde_json::json!({"eventName": ["INSERT"]})]
    );
    assert_eq!(mapping.on_failure, dead);
}

#[test]
fn the_long_spelling_of_a_reference_is_the_short_one() {
    let text = SMALL
        .replace("!Ref Things", "{Ref: Things}")
        .replace(
            "Resource: [!GetAtt Things.Arn,",
            "Resource: [{\"Fn::GetAtt\": [Things, Arn]},",
        )
        .replace(
            "!Sub \"${Things.Arn}/index/*\"",
            "{\"Fn::Sub\": \"${Things.Arn}/${!index}\"}",
        );
    let system = load(&text, &given(&[("Key", "k1")])).unwrap();
    assert_eq!(system.functions[0].environment["TABLE"], "Things");
    let arn = &system.tables[0].arn;
    assert_eq!(
        system.functions[0].policy[0].resources,
        [arn.clone(), format!("{arn}/${{index}}")]
    );
}

/// The text of one of the project's templates.
fn project_text(file: &str) -> String {
    std::fs::read_to_string(crate::stack::root().join(file)).unwrap()
}

/// The project's own template, which must be one that this reader takes.
fn project() -> System {
    let secret = |name: &str| format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}");
    let parameters = [
        ("TokenPublicKeys", "{\"keys\":[]}"),
        ("TokenSigningSecretArn", &secret("token")),
        ("JoinTokenSecretArn", &secret("join")),
        ("FirebaseServiceAccountSecretArn", &secret("firebase")),
        ("StripeSecretArn", &secret("stripe")),
        ("StripeWebhookSecretArn", &secret("stripe-webhook")),
    ];
    let nested = |file: &str| Ok(project_text(file));
    super::load(&project_text(TEMPLATE), &nested, &given(&parameters))
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_function_of_this_project_is_called_as_its_binary_and_is_either_routed_to_or_started() {
    let system = project();
    for function in &system.functions {
        let pascal: String = (function.name.split('-'))
            .map(|part| part[..1].to_uppercase() + &part[1..])
            .collect();
        assert_eq!(function.logical_id, pascal);
        let reached = system
            .routes
            .iter()
            .any(|route| route.function == function.logical_id)
            || (system.websocket.iter())
                .any(|api| api.routes.values().any(|f| *f == function.logical_id));
        let started = function.schedules.len() + function.rules.len() + function.mappings.len();
        assert_ne!(
            reached,
            started > 0,
            "`{pascal}` is either routed to or started by events"
        );
    }
    assert!(
        system
            .routes
            .iter()
            .any(|route| route.path == DEFAULT_ROUTE)
    );
}
