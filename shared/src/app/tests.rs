#![allow(clippy::unwrap_used)]

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::routing::get;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use utoipa_axum::router::OpenApiRouter;

use super::*;
use crate::{Function, error::Code, outbound};

fn app(endpoint: &str, limits: TimeLimits) -> App {
    let environment = [
        ("AWS_REGION", "ap-northeast-1"),
        ("AWS_ACCESS_KEY_ID", "Function"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    App::new(Parts {
        env: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect(),
        clock: Clock::system(),
        random: Random::from_seed(1),
        http: http_client(),
        limits,
        password_cost: crate::password::Cost::default(),
    })
    .unwrap()
}

#[test]
fn an_emulator_in_the_cloud_keeps_a_function_from_starting() {
    let set = |names: &[&str]| -> Env {
        let pairs = names.iter().map(|name| (String::from(*name), "x".into()));
        pairs.collect()
    };
    let emulator = "FIREBASE_AUTH_EMULATOR_HOST";
    // cargo-lambda's are not enough: it runs functions beside the emulators.
    let watch = [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_NAME",
        emulator,
    ];
    for here in [&[emulator][..], &watch, &["AWS_LAMBDA_LOG_GROUP_NAME"]] {
        assert!(set(here).no_emulator_in_lambda().is_ok(), "{here:?}");
    }
    for cloud in [
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
    ] {
        let error = set(&[cloud, emulator]).no_emulator_in_lambda().unwrap_err();
        assert!(error.to_string().contains(emulator), "{error}");
    }
}

/// A service that takes connections and says nothing; how many it took.
async fn silent() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            open.push(connection);
        }
    });
    (url, taken)
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_answered_408() {
    const SLOW: Function = Function::http("slow", || {
        OpenApiRouter::new().route("/slow", get(pending::<()>))
    });
    let limits = TimeLimits {
        answer: Duration::from_millis(50),
        ..TimeLimits::default()
    };
    let event = json!({
        "version": "2.0", "routeKey": "GET /slow", "rawPath": "/slow", "rawQueryString": "",
        "headers": {}, "isBase64Encoded": false,
        "requestContext": {
            "stage": "$default", "http": {"method": "GET", "path": "/slow"},
        },
    });
    let handler = SLOW.handler(app("http://127.0.0.1:1", limits));
    let answer = handler.invoke(event).await.unwrap();
    assert_eq!(answer["statusCode"], 408);
    let body: serde_json::Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        body,
        json!({
            "status": 408, "code": "request_timeout",
            "message": "no answer within 0.05 seconds",
        })
    );
}

#[tokio::test]
async fn three_attempts_at_a_silent_service_end_in_time() {
    let (url, taken) = silent().await;
    let limits = TimeLimits {
        attempt: Duration::from_millis(20),
        ..TimeLimits::default()
    };
    let app = app(&url, limits);
    let request = http::Request::get(&url).body(bytes::Bytes::new()).unwrap();
    let error = outbound::send(&app, request).await.unwrap_err();
    assert_eq!(error.code(), Code::ServiceUnavailable);
    assert_eq!(taken.load(Ordering::SeqCst), 3);
    let error = app.dynamodb().list_tables().send().await.unwrap_err();
    assert!(matches!(
        error,
        aws_sdk_dynamodb::error::SdkError::TimeoutError(_)
    ));
    assert_eq!(taken.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn however_many_attempts_are_left_a_call_ends_in_time() {
    let (url, taken) = silent().await;
    let limits = TimeLimits {
        operation: Duration::from_millis(50),
        ..TimeLimits::default()
    };
    let app = app(&url, limits);
    let error = app.dynamodb().list_tables().send().await.unwrap_err();
    assert!(matches!(
        error,
        aws_sdk_dynamodb::error::SdkError::TimeoutError(_)
    ));
    assert_eq!(taken.load(Ordering::SeqCst), 1);
}

/// Without this, the first call of a function that has just started pays for the connection.
#[tokio::test]
async fn the_start_connects_to_dynamodb_and_the_first_call_uses_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app = app(
        &format!("http://{}", listener.local_addr().unwrap()),
        TimeLimits::default(),
    );
    let served = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut lines = Vec::new();
        // What DynamoDB answers to a ping is no answer to any request.
        for body in ["healthy: dynamodb.ap-northeast-1.amazonaws.com ", "{}"] {
            let mut request = vec![0; 16 * 1024];
            let read = connection.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            lines.push(request.lines().next().unwrap_or_default().to_owned());
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
        lines
    };
    let calls = async {
        app.warm_up().await;
        app.dynamodb().list_tables().send().await
    };
    let (lines, listed) = tokio::join!(served, calls);
    assert_eq!(lines, ["GET /ping HTTP/1.1", "POST / HTTP/1.1"]);
    listed.unwrap();
}

#[test]
fn outside_calls_end_before_the_caller_is_answered() {
    let limits = TimeLimits::default();
    assert!(limits.connect < limits.attempt);
    // The pauses double from 100 ms on.
    let attempts = limits.attempt * 3 + Duration::from_millis(300);
    assert!(attempts < limits.operation);
    assert!(limits.operation < limits.answer);
}
