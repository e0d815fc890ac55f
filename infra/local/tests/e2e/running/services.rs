//! The stand-ins refuse what the services refuse, and answer in their forms.

use enishi_shared::{App, store::s};

use super::*;

/// Sends a request of AWS's own form with an access key; answers status, headers and body.
async fn ask(
    world: &World,
    key: &str,
    service: &str,
    target: &str,
    body: String,
) -> crate::support::Answer {
    let scope = format!("{key}/20261120/ap-northeast-1/{service}/aws4_request");
    let request = Request::post(format!("{}/", world.stack.aws_url()))
        .header("x-amz-target", target)
        .header(
            header::AUTHORIZATION,
            format!("AWS4-HMAC-SHA256 Credential={scope}, x"),
        )
        .body(body.into())
        .unwrap();
    world.send_anywhere(request).await
}

fn app(world: &World, function: &str) -> App {
    world.app(function, |_| {})
}

/// What `PutEvents` answers for entries.
async fn put(world: &World, entries: Value) -> crate::support::Answer {
    let body = json!({"Entries": entries}).to_string();
    ask(world, "developer", "events", "AWSEvents.PutEvents", body).await
}

fn entry(source: &str, detail: &str) -> Value {
    json!({"Source": source, "DetailType": "told", "Detail": detail, "EventBusName": "enishi"})
}

#[tokio::test]
async fn the_bus_takes_no_event_of_aws_and_none_that_lacks_something() {
    let world = World::new().await;
    let mut without_type = entry("enishi.test", "{}");
    without_type.as_object_mut().unwrap().remove("DetailType");
    let entries = json!([
        entry("aws.chime", "{}"),
        entry("enishi.test", "{}"),
        entry("enishi.test", "[1]"),
        entry("enishi.test", "{"),
        without_type,
        entry("", "{}"),
    ]);
    let answer = put(&world, entries).await.expect(200);
    assert_eq!(answer.body["FailedEntryCount"], 5);
    let codes: Vec<&str> = answer.body["Entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["ErrorCode"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(
        codes,
        [
            "NotAuthorizedForSourceException",
            "-",
            "MalformedDetail",
            "MalformedDetail",
            "InvalidArgument",
            "InvalidArgument",
        ]
    );
}

#[tokio::test]
async fn the_bus_takes_less_than_256_kb_at_once() {
    let world = World::new().await;
    // Source and type have 15 bytes together.
    let of = |bytes: usize| {
        entry(
            "enishi.test",
            &format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 23)),
        )
    };
    let half = 128 * 1024;
    let all = json!([of(half), of(half)]);
    let answer = put(&world, all).await.expect(400);
    assert_eq!(answer.body["__type"], "ValidationException");
    let answer = put(&world, json!([of(half), of(half - 1)]))
        .await
        .expect(200);
    assert_eq!(answer.body["FailedEntryCount"], 0);
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let world = World::new().await;
    for (service, target) in [
        ("dynamodb", "DynamoDB_20120810.ListTables"),
        ("dynamodb", "DynamoDB_20120810.Nothing"),
        ("events", "AWSEvents.PutEvents"),
        ("events", "AWSEvents.Nothing"),
        ("secretsmanager", "secretsmanager.GetSecretValue"),
        ("ses", "SendEmail"),
        ("chime", "CreateMeeting"),
        ("execute-api", "PostToConnection"),
        ("sts", "GetCallerIdentity"),
        ("sqs", "AmazonSQS.SendMessage"),
    ] {
        for key in ["developer", "IdentityLogin", "Nobody"] {
            let answer = ask(&world, key, service, target, "{}".into()).await;
            let id = answer.headers.get("x-amzn-requestid");
            assert!(id.is_some(), "{service} {target} {key}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn sts_says_in_xml_who_one_is() {
    let world = World::new().await;
    let asked = |action: &str| format!("Action={action}&Version=2011-06-15");
    for (key, arn) in [
        ("developer", "arn:aws:iam::000000000000:user/developer"),
        (
            "RoomsJoin",
            "arn:aws:sts::000000000000:assumed-role/RoomsJoinRole/RoomsJoin",
        ),
    ] {
        let answer = ask(&world, key, "sts", "", asked("GetCallerIdentity")).await;
        let answer = answer.expect(200);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "text/xml");
        assert!(
            answer.text.contains(&format!("<Arn>{arn}</Arn>")),
            "{}",
            answer.text
        );
        assert!(answer.text.contains("<Account>000000000000</Account>"));
    }
    let answer = ask(&world, "RoomsJoin", "sts", "", asked("AssumeRole")).await;
    let answer = answer.expect(403);
    assert!(
        answer.text.contains("<Code>AccessDenied</Code>"),
        "{}",
        answer.text
    );
    let answer = ask(&world, "Nobody", "sts", "", asked("GetCallerIdentity")).await;
    let answer = answer.expect(403);
    assert!(answer.text.contains("<Code>InvalidClientTokenId</Code>"));
}

#[tokio::test]
async fn a_table_is_described_and_items_are_read_in_a_transaction_as_the_policy_says() {
    let directory = tempfile::tempdir().unwrap();
    let text = template();
    let (before, fortune) = text.split_once("\n  SajuFortune:\n").unwrap();
    let fortune = fortune.replacen(
        "Action: dynamodb:GetItem",
        "Action: [dynamodb:DescribeTable, dynamodb:GetItem]",
        1,
    );
    let text = format!("{before}\n  SajuFortune:\n{fortune}");
    let changed = write_template(directory.path(), &text);
    let world = World::with(|options| options.template = changed).await;
    let app = app(&world, "SajuFortune");
    let describe = |table: &str| app.dynamodb().describe_table().table_name(table).send();
    let described = describe("SajuTable").await.unwrap();
    assert_eq!(described.table().unwrap().table_name(), Some("SajuTable"));
    let denied = describe("RoomsTable")
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(denied.meta().code(), Some("AccessDeniedException"));

    let read = |tables: &[&str]| {
        let gets = tables.iter().map(|table| {
            let get = aws_sdk_dynamodb::types::Get::builder()
                .table_name(*table)
                .key("pk", s("nobody"))
                .key("sk", s("nothing"));
            aws_sdk_dynamodb::types::TransactGetItem::builder()
                .get(get.build().unwrap())
                .build()
        });
        let gets = Some(gets.collect());
        app.dynamodb()
            .transact_get_items()
            .set_transact_items(gets)
            .send()
    };
    let found = read(&["SajuTable"]).await.unwrap();
    assert_eq!(found.responses().len(), 1);
    let denied = read(&["SajuTable", "RoomsTable"]).await.unwrap_err();
    let denied = denied.into_service_error();
    assert_eq!(denied.meta().code(), Some("AccessDeniedException"));
}
