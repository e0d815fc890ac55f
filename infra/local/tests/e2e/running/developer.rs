//! The developer's own key, which may look around where no function may.

use enishi_local::aws::DEVELOPER_KEY;
use enishi_shared::{App, store::s};

use super::*;

/// The SDK with an access key.
fn app(world: &World, key: &str) -> App {
    let mut parts = world.stack.parts("IdentityLogin").unwrap();
    let variables = world.stack.environment()["IdentityLogin"].clone();
    let own = [("AWS_ACCESS_KEY_ID".to_owned(), key.to_owned())];
    parts.env = variables.into_iter().chain(own).collect();
    App::new(parts).unwrap()
}

#[tokio::test]
async fn tables_are_listed_scanned_and_queried_with_the_developers_key_and_with_no_functions() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let developer = app(&world, DEVELOPER_KEY);
    let dynamodb = developer.dynamodb();
    let tables = dynamodb.list_tables().send().await.unwrap();
    let declared = world.stack.system().tables.iter().map(|table| &table.name);
    let mut declared: Vec<_> = declared.cloned().collect();
    declared.sort();
    assert_eq!(tables.table_names(), declared);
    let described = dynamodb.describe_table().table_name("IdentityTable");
    let described = described.send().await.unwrap();
    assert_eq!(described.table().unwrap().key_schema().len(), 2);
    let scanned = dynamodb.scan().table_name("IdentityTable").send().await;
    assert!(scanned.unwrap().count() > 3);
    let query = |app: &App| {
        app.dynamodb()
            .query()
            .table_name("IdentityTable")
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(format!("ACCOUNT#{}", hana.id)))
    };
    let found = query(&developer).send().await.unwrap();
    assert_eq!(found.items()[0]["email"], s("hana@example.com"));
    // The tables themselves are the template's.
    let gone = dynamodb.delete_table().table_name("IdentityTable").send();
    let refused = gone.await.unwrap_err().into_service_error();
    assert_eq!(refused.meta().code(), Some("AccessDeniedException"));

    let function = app(&world, "IdentityLogin");
    let dynamodb = function.dynamodb();
    let listed = dynamodb.list_tables().send().await.unwrap_err();
    let listed = listed.into_service_error();
    assert_eq!(listed.meta().code(), Some("AccessDeniedException"));
    let scan = dynamodb.scan().table_name("IdentityTable").send().await;
    let scan = scan.unwrap_err().into_service_error();
    assert_eq!(scan.meta().code(), Some("AccessDeniedException"));
    let nobody = app(&world, "Nobody").dynamodb().list_tables().send().await;
    let nobody = nobody.unwrap_err().into_service_error();
    assert_eq!(nobody.meta().code(), Some("UnrecognizedClientException"));
    // What a developer asks is no function's call.
    let calls = world.stack.aws().calls();
    assert!(calls.iter().all(|call| call.function != DEVELOPER_KEY));
}
