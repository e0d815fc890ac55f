//! What the local gateway promises, checked with what reads its events in production: `lambda_http`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, LambdaEvent, RequestExt as _, Service as _, service_fn};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Cors, Gateway, Route};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

/// Routes as words, `GET /pets`; the function's logical id is the route key itself.
fn gateway(keys: &[&str], cors: Option<Cors>) -> Gateway {
    let route = |key: &&str| {
        let (method, path) = key.split_once(' ').unwrap_or(("ANY", key));
        Route {
            method: (method != "ANY").then(|| method.parse().unwrap()),
            path: path.to_owned(),
            function: key.to_string(),
            line: 0,
        }
    };
    let now = Arc::new(|| "2026-11-20T22:26:56.789Z".parse().unwrap());
    Gateway::new(keys.iter().map(route).collect(), cors, now, Duration::ZERO)
}

fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::copy_from_slice(body)).unwrap()
}

fn event(gateway: &Gateway, request: Request<Bytes>) -> Value {
    let (parts, body) = request.into_parts();
    let (route, params) = gateway.route(&parts.method, parts.uri.path()).unwrap();
    gateway.event(route, params, &parts, &body, CLIENT, "id".into())
}

/// What a function built on `lambda_http` sees.
fn received(event: &Value) -> http::Request<Body> {
    let event: LambdaRequest = serde_json::from_value(event.clone()).unwrap();
    event.into()
}

/// Serves one request with a function that gives this answer.
async fn served(gateway: &Gateway, request: Request<Bytes>, answer: Value) -> Response<Bytes> {
    gateway
        .serve(request, CLIENT, async |_, _| Ok(answer))
        .await
}

#[test]
fn the_most_specific_route_wins_as_in_the_developer_guide() {
    let api = gateway(
        &[
            "$default",
            "ANY /{proxy+}",
            "GET /pets/{proxy+}",
            "GET /pets/dog/{id}",
            "GET /pets/dog/1",
        ],
        None,
    );
    let chosen = |method: Method, path| api.route(&method, path).unwrap().0.function.clone();
    assert_eq!(chosen(Method::GET, "/pets/dog/1"), "GET /pets/dog/1");
    assert_eq!(chosen(Method::GET, "/pets/dog/2"), "GET /pets/dog/{id}");
    assert_eq!(chosen(Method::GET, "/pets/cat/1"), "GET /pets/{proxy+}");
    assert_eq!(chosen(Method::POST, "/test/5"), "ANY /{proxy+}");
    assert_eq!(chosen(Method::POST, "/pets/dog/1"), "ANY /{proxy+}");
}

#[test]
fn a_method_of_its_own_comes_before_any_and_other_methods_fall_to_the_default() {
    let api = gateway(&["ANY /a", "GET /a", "GET /b", "$default"], None);
    let chosen = |method: Method, path| api.route(&method, path).unwrap().0.function.clone();
    assert_eq!(chosen(Method::GET, "/a"), "GET /a");
    assert_eq!(chosen(Method::PUT, "/a"), "ANY /a");
    assert_eq!(chosen(Method::PUT, "/b"), "$default");
    assert_eq!(chosen(Method::GET, "/b/"), "$default");
    assert_eq!(chosen(Method::GET, "/"), "$default");
}

#[test]
fn a_greedy_variable_takes_an_empty_rest_but_not_the_path_without_the_slash() {
    let api = gateway(&["GET /register/{proxy+}", "GET /rooms/{id}/join"], None);
    let params = |path| api.route(&Method::GET, path).map(|(_, params)| params);
    let proxy = |rest: &str| Some(vec![("proxy".to_owned(), rest.to_owned())]);
    assert_eq!(params("/register/"), proxy(""));
    assert_eq!(params("/register/a/b"), proxy("a/b"));
    assert_eq!(params("/register"), None);
    assert_eq!(params("/rooms/%E9%83%A8%20%31/join").unwrap()[0].1, "部 1");
    assert_eq!(params("/rooms//join"), None);
    assert_eq!(
        params("/rooms/a%2Fb/join"),
        None,
        "decoded before it is routed"
    );
}

#[test]
fn the_event_is_the_payload_2_0_of_aws() {
    let api = gateway(&["POST /rooms/{room_id}/join"], None);
    let headers = [
        ("Host", "api.example.com:8080"),
        ("User-Agent", "agent"),
        ("X-Many", "1"),
        ("X-Many", "2"),
        ("Cookie", "a=1; b=2"),
        ("Connection", "close"),
        ("Content-Type", "application/json; charset=utf-8"),
    ];
    let uri = "/rooms/caf%C3%A9%201/join?b=%26+c&a=1&a=2&e";
    let expected = json!({
        "version": "2.0",
        "routeKey": "POST /rooms/{room_id}/join",
        "rawPath": "/rooms/café 1/join",
        "rawQueryString": "b=%26+c&a=1&a=2&e",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "content-length": "11",
            "content-type": "application/json; charset=utf-8",
            "host": "api.example.com:8080",
            "user-agent": "agent",
            "x-forwarded-for": "203.0.113.9",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
            "x-many": "1,2",
        },
        "queryStringParameters": { "a": "1,2", "b": "& c", "e": "" },
        "pathParameters": { "room_id": "café 1" },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": "POST",
                "path": "/rooms/café 1/join",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.9",
                "userAgent": "agent",
            },
            "requestId": "id",
            "routeKey": "POST /rooms/{room_id}/join",
            "stage": "$default",
            "time": "20/Nov/2026:22:26:56 +0000",
            "timeEpoch": 1_795_213_616_789_i64,
        },
        "body": "{\"a\":\"\\u00e9\"}".replace("\\u00e9", "é"),
        "isBase64Encoded": false,
    });
    let body = "{\"a\":\"é\"}";
    let mut event = event(&api, request("POST", uri, &headers, body.as_bytes()));
    assert_eq!(event["headers"]["content-length"], body.len().to_string());
    event["headers"]["content-length"] = json!("11");
    assert_eq!(event, expected);

    let typed: ApiGatewayV2httpRequest = serde_json::from_value(event).unwrap();
    assert_eq!(typed.request_context.http.method, Method::POST);
    assert_eq!(typed.path_parameters["room_id"], "café 1");
}

#[test]
fn what_a_bare_request_does_not_have_is_absent_from_its_event() {
    let event = event(&gateway(&["$default"], None), request("GET", "/", &[], b""));
    assert_eq!(event["routeKey"], "$default");
    assert_eq!(event["rawQueryString"], "");
    assert_eq!(event["isBase64Encoded"], false);
    for field in ["body", "cookies", "pathParameters", "queryStringParameters"] {
        assert!(event.get(field).is_none(), "{field}");
    }
}

#[test]
fn cookies_of_all_headers_stand_apart_and_come_back_together() {
    let api = gateway(&["$default"], None);
    let headers = [
        ("cookie", "a=1;b=2 ; "),
        ("cookie", "c=\"3, 4\""),
        ("x-a", "b"),
    ];
    let event = event(&api, request("GET", "/", &headers, b""));
    assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=\"3, 4\""]));
    assert!(event["headers"].get("cookie").is_none());
    assert_eq!(event["headers"]["x-a"], "b");
    let received = received(&event);
    let cookies = received.headers().get_all("cookie").iter();
    let cookies: Vec<&[u8]> = cookies.map(|value| value.as_bytes()).collect();
    let cookies = String::from_utf8(cookies.join(&b';')).unwrap();
    let cookies: Vec<&str> = cookies.split(';').map(str::trim).collect();
    assert_eq!(cookies, ["a=1", "b=2", "c=\"3, 4\""]);
}

#[test]
fn only_text_types_that_are_utf_8_travel_unencoded() {
    let api = gateway(&["$default"], None);
    let encoded = |kind, body: &[u8]| {
        let headers = [("content-type", kind)];
        let event = event(&api, request("POST", "/", &headers, body));
        assert_eq!(received(&event).body().as_ref(), body);
        event["isBase64Encoded"] == true
    };
    assert!(!encoded("text/csv", b"a"));
    assert!(!encoded("Application/JSON; charset=utf-8", b"{}"));
    assert!(encoded("application/json", b"\xff"));
    assert!(encoded("application/x-www-form-urlencoded", b"a=1"));
    assert!(encoded("image/png", b"\x89PNG"));
}

#[test]
fn a_decoded_question_mark_ends_the_path() {
    let api = gateway(&["GET /users/{id}"], None);
    let event = event(&api, request("GET", "/users/me%3Fadmin=1?a=b", &[], b""));
    assert_eq!(event["rawPath"], "/users/me");
    assert_eq!(event["pathParameters"]["id"], "me");
    assert_eq!(event["rawQueryString"], "a=b");
}

#[test]
fn a_functions_answer_becomes_http() {
    let answer = json!({
        "statusCode": 201,
        "headers": { "Content-Type": "image/png", "X-A": "b", "Content-Length": "999" },
        "multiValueHeaders": { "x-b": ["c"] },
        "cookies": ["a=1; Path=/", "b=2"],
        "body": "iVBORw==",
        "isBase64Encoded": true,
    });
    let response = gateway(&[], None).response(answer);
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.body().as_ref(), b"\x89PNG");
    assert_eq!(response.headers()["content-type"], "image/png");
    assert_eq!(response.headers()["x-a"], "b");
    assert!(!response.headers().contains_key("content-length"));
    assert!(!response.headers().contains_key("x-b"));
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
}

#[test]
fn an_answer_without_a_status_is_the_body_of_a_200() {
    for (answer, body) in [(json!({ "a": 1 }), "{\"a\":1}"), (json!("hi"), "hi")] {
        let response = gateway(&[], None).response(answer);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.body(), body);
    }
}

#[test]
fn a_malformed_answer_is_the_gateways_own_500() {
    for answer in [
        json!({ "statusCode": "200" }),
        json!({ "statusCode": 20 }),
        json!({ "statusCode": 200, "body": {} }),
        json!({ "statusCode": 200, "body": "*", "isBase64Encoded": true }),
        json!({ "statusCode": 200, "headers": { "a b": "c" } }),
        json!({ "statusCode": 200, "headers": { "a": "b\nc: d" } }),
        json!({ "statusCode": 200, "cookies": "a=b" }),
        json!({ "statusCode": 200, "body": "x".repeat(7 << 20) }),
    ] {
        let response = gateway(&[], None).response(answer);
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.body(), "{\"message\":\"Internal Server Error\"}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_gateway_refuses_never_reaches_the_function() {
    let api = gateway(&["GET /a", "POST /a"], None);
    let long = "x".repeat(10_240);
    let big = vec![b'x'; 10 * 1024 * 1024 + 1];
    let text = [("content-type", "text/plain")];
    for (request, status, message) in [
        (request("GET", "/b", &[], b""), 404, "Not Found"),
        (
            request("GET", "/a", &[("host", "no host")], b""),
            403,
            "Forbidden",
        ),
        (
            request("GET", "/a", &[("host", "1.2.3.4.5")], b""),
            403,
            "Forbidden",
        ),
        (
            request("GET", "/a", &[("host", "xn--a")], b""),
            403,
            "Forbidden",
        ),
        (
            request("GET", "/a", &[("a", &long)], b""),
            431,
            "Request Header Fields Too Large",
        ),
        (
            request("POST", "/a", &text, &big),
            413,
            "Request Entity Too Large",
        ),
        // Below the gateway's limit, above Lambda's once encoded.
        (
            request("POST", "/a", &[], &big[..5 << 20]),
            413,
            "Request Entity Too Large",
        ),
    ] {
        let answer = api
            .serve(request, CLIENT, async |_, _| panic!("invoked"))
            .await;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.body(), &json!({ "message": message }).to_string());
    }
    let invoked = api.serve(
        request("POST", "/a", &text, &big[..5 << 20]),
        CLIENT,
        async |_, _| Err("down".to_owned()),
    );
    assert_eq!(invoked.await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_takes_too_long_is_503() {
    let api = gateway(&["$default"], None);
    let answer = api.serve(request("GET", "/", &[], b""), CLIENT, async |_, _| {
        std::future::pending().await
    });
    let answer = answer.await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.body(), "{\"message\":\"Service Unavailable\"}");
}

#[tokio::test]
async fn every_request_has_an_id_of_its_own_which_the_client_sees_too() {
    let api = gateway(&["$default"], None);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let echo = async |_, event: Value| Ok(event["requestContext"]["requestId"].clone());
        let answer = api.serve(request("GET", "/", &[], b""), CLIENT, echo).await;
        assert_eq!(
            answer.headers()["apigw-requestid"].as_bytes(),
            answer.body()
        );
        assert!(!seen.contains(answer.body()));
        seen.push(answer.body().clone());
    }
}

#[tokio::test]
async fn cors_headers_are_the_gateways_and_only_for_origins_it_knows() {
    let cors = || Cors {
        allow_origins: vec!["https://app.example".into(), "http://*".into()],
        allow_methods: vec!["GET".into(), "POST".into()],
        allow_headers: vec!["authorization".into()],
        expose_headers: vec!["link".into()],
        allow_credentials: true,
        max_age_s: Some(300),
    };
    let own = json!({ "statusCode": 200, "headers": { "Access-Control-Allow-Origin": "*" } });
    let api = gateway(&["GET /a"], Some(cors()));
    for (origin, allowed) in [
        ("https://app.example", true),
        ("http://localhost:3000", true),
        ("https://app.example.evil", false),
        ("null", false),
    ] {
        let headers = [("origin", origin), ("access-control-request-method", "GET")];
        let answer = served(&api, request("GET", "/a", &headers[..1], b""), own.clone()).await;
        let given = answer.headers().get("access-control-allow-origin");
        assert_eq!(given.is_some_and(|given| given == origin), allowed);
        assert_eq!(given.is_some(), allowed);
        assert!(
            !answer
                .headers()
                .contains_key("access-control-allow-methods")
        );

        let answer = served(&api, request("OPTIONS", "/a", &headers, b""), json!(null)).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert!(answer.body().is_empty());
        let methods = answer.headers().get("access-control-allow-methods");
        assert_eq!(
            methods.is_some_and(|methods| methods == "GET,POST"),
            allowed
        );
    }
    let answer = served(&api, request("GET", "/a", &[], b""), own.clone()).await;
    assert!(!answer.headers().contains_key("access-control-allow-origin"));

    // A route that takes OPTIONS gets preflights too; `$default` does.
    let api = gateway(&["GET /a", "$default"], Some(cors()));
    let headers = [
        ("origin", "http://a"),
        ("access-control-request-method", "GET"),
    ];
    let answer = json!({ "statusCode": 405 });
    let answer = served(&api, request("OPTIONS", "/a", &headers, b""), answer).await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["access-control-max-age"], "300");
}

#[tokio::test]
async fn a_function_built_on_lambda_http_hears_and_is_heard() {
    let api = gateway(&["PUT /rooms/{id}"], None);
    let function = service_fn(async |request: lambda_http::Request| {
        let said = format!(
            "{} {}",
            request.path_parameters().first("id").unwrap(),
            request.uri()
        );
        let answer = Response::builder()
            .status(202)
            .header("x-method", request.method().as_str());
        let answer = answer
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2");
        Ok::<_, lambda_http::Error>(answer.body(said).unwrap())
    });
    let invoke = async |_, event: Value| {
        let event = LambdaEvent::new(serde_json::from_value(event).unwrap(), Default::default());
        let answer = Adapter::from(function).call(event).await.unwrap();
        Ok(serde_json::to_value(answer).unwrap())
    };
    let headers = [("host", "localhost:3000")];
    let request = request("PUT", "/rooms/a%20b?x=%20", &headers, b"");
    let answer = api.serve(request, CLIENT, invoke).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(answer.headers()["x-method"], "PUT");
    assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(answer.body(), "a b http://localhost:3000/rooms/a%20b?x=%20");
}

fn encoded(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

proptest! {
    #[test]
    fn any_query_header_and_body_survive_the_trip_into_lambda_http(
        query in prop::collection::vec((".*", ".*"), 0..4),
        header in "[ -~]{0,40}|[^\\p{C}]{0,20}",
        kind in prop::sample::select(vec!["", "application/json", "text/plain", "image/png"]),
        body in prop::collection::vec(any::<u8>(), 0..64),
        text in ".*",
        path in "[a-zA-Z0-9._~!$&'()*+,;=:@-]{1,12}",
    ) {
        let pairs = query.iter().map(|(name, value)| {
            format!("{}={}", encoded(name.as_bytes()), encoded(value.as_bytes()))
        });
        let query = pairs.collect::<Vec<_>>().join("&");
        prop_assume!(path != "." && path != "..");
        for body in [&body[..], text.as_bytes()] {
            let headers = [("x-any", header.as_str()), ("content-type", kind)];
            let sent = request("PATCH", &format!("/a/{path}?{query}"), &headers, body);
            let received = received(&event(&gateway(&["$default"], None), sent));
            prop_assert_eq!(received.method(), Method::PATCH);
            prop_assert_eq!(received.uri().path(), format!("/a/{path}"));
            prop_assert_eq!(received.uri().query().unwrap_or_default(), &query);
            prop_assert_eq!(received.headers()["x-any"].as_bytes(), header.as_bytes());
            prop_assert_eq!(received.body().as_ref(), body);
        }
    }

    #[test]
    fn no_host_or_path_makes_lambda_http_panic(
        host in "[ -~]{0,12}|[0-9a-fx.:\\[\\]-]{0,12}|[a-z0-9.-]{1,12}(:[0-9]{0,6})?",
        path in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let sent = request("GET", &format!("/{}", encoded(&path)), &[("host", &host)], b"");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let function = async |_, event| {
            received(&event);
            Ok(json!({ "statusCode": 204 }))
        };
        let answer = runtime.block_on(gateway(&["$default"], None).serve(sent, CLIENT, function));
        prop_assert!([204, 403].contains(&answer.status().as_u16()));
    }
}
