//! The management API with the real SDK, over loopback.

use super::*;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata as _;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_apigatewaymanagement::{Client as Sdk, Config};

/// The SDK at the API, at this path.
async fn sdk(api: &Api, path: &str) -> Sdk {
    let served = api.sockets.clone();
    let endpoint = crate::secrets::loopback::serve(move |request| {
        let served = served.clone();
        async move { served.manage(request) }
    });
    let endpoint = endpoint.await;
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(crate::template::REGION))
        .credentials_provider(Credentials::new("Function", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(format!("{}{path}", endpoint.trim_end_matches('/')))
        .build();
    Sdk::from_conf(config)
}

#[tokio::test]
async fn the_sdk_posts_looks_and_deletes() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    assert!(id.ends_with('='), "the SDK encodes it");
    for path in ["", "/live"] {
        let sdk = sdk(&api, path).await;
        let post = sdk.post_to_connection().connection_id(&id);
        post.data(Blob::new("hello é")).send().await.unwrap();
        assert_eq!(hear(&mut socket).await, "hello é");
    }

    let sdk = sdk(&api, "").await;
    let shown = sdk
        .get_connection()
        .connection_id(&id)
        .send()
        .await
        .unwrap();
    let then: jiff::Timestamp = NOW.parse().unwrap();
    assert_eq!(shown.connected_at().unwrap().secs(), then.as_second());
    assert_eq!(shown.last_active_at().unwrap().secs(), then.as_second());
    let identity = shown.identity().unwrap();
    assert_eq!(identity.source_ip(), Some("203.0.113.9"));

    let post = sdk.post_to_connection().connection_id(&id);
    let error = post
        .data(Blob::new(vec![b'a'; MAX_MESSAGE + 1]))
        .send()
        .await;
    let error = error.unwrap_err().into_service_error();
    assert!(error.is_payload_too_large_exception(), "{error:?}");

    sdk.delete_connection()
        .connection_id(&id)
        .send()
        .await
        .unwrap();
    assert_eq!(closing(&mut socket).await, 1000);
    let post = sdk.post_to_connection().connection_id(&id);
    let error = post.data(Blob::new("late")).send().await.unwrap_err();
    assert!(error.into_service_error().is_gone_exception());
    let error = sdk.get_connection().connection_id("never").send().await;
    assert!(error.unwrap_err().into_service_error().is_gone_exception());
    let error = sdk.delete_connection().connection_id(&id).send().await;
    let error = error.unwrap_err().into_service_error();
    assert!(error.is_gone_exception());
    assert_eq!(error.code(), Some("GoneException"));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_what_iam_calls_it() {
    let api = Api::new();
    let action = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path);
        api.sockets
            .action(&request.body(bytes::Bytes::new()).unwrap())
    };
    let arn = "arn:aws:execute-api:ap-northeast-1:000000000000:LiveApi/live";
    for (method, operation) in [
        ("POST", "PostToConnection"),
        ("GET", "GetConnection"),
        ("DELETE", "DeleteConnection"),
    ] {
        for path in ["/@connections/a_b%3D", "/live/%40connections/a_b="] {
            let resource = format!("{arn}/{method}/@connections/a_b=");
            let expected = ("execute-api:ManageConnections".to_owned(), resource);
            assert_eq!(action(method, path), Some((operation, expected)));
        }
    }
    for (method, path) in [
        ("PUT", "/@connections/a"),
        ("POST", "/@connections/"),
        ("POST", "/@connections"),
        ("POST", "/@connections/a/b"),
        ("POST", "/other/@connections/a"),
        ("POST", "/connections/a"),
    ] {
        assert_eq!(action(method, path), None, "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn data_that_is_not_utf_8_is_refused() {
    let mut api = Api::new();
    let (_socket, id) = api.connect().await;
    let request = Request::post(format!("/@connections/{id}"));
    let answer = api.sockets.manage(request.body(vec![0xff].into()).unwrap());
    assert_eq!(answer.status(), 400);
}
