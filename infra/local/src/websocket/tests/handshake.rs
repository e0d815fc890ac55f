//! `$connect` and what comes of it.

use super::*;

/// The status and body of a refusal.
async fn refused(api: &Api, query: &str) -> (u16, String) {
    match api.try_connect(query).await.unwrap_err() {
        tungstenite::Error::Http(response) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8(body).unwrap())
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_handshake_is_the_connect_event_of_aws() {
    let mut api = Api::new();
    let url = "ws://api.example.com:3000/live?ticket=a%2Bb&x=1&x=2";
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("user-agent", "agent".parse().unwrap());
    headers.insert(
        "sec-websocket-key",
        "dGhlIHNhbXBsZSBub25jZQ==".parse().unwrap(),
    );
    headers.append("x-many", "1".parse().unwrap());
    headers.append("x-many", "2".parse().unwrap());
    let (_socket, answer) = client_async(request, api.stream(4096)).await.unwrap();
    assert_eq!(answer.status(), 101);

    let (function, event) = api.call().await;
    assert_eq!(function, "$connect");
    let id = event["requestContext"]["connectionId"].clone();
    let request_id = event["requestContext"]["requestId"].clone();
    assert_eq!(
        event,
        json!({
            "headers": {
                "host": "api.example.com:3000",
                "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
                "sec-websocket-version": "13",
                "user-agent": "agent",
                "x-forwarded-for": "203.0.113.9",
                "x-forwarded-proto": "http",
                "x-many": "2",
            },
            "multiValueHeaders": {
                "host": ["api.example.com:3000"],
                "sec-websocket-key": ["dGhlIHNhbXBsZSBub25jZQ=="],
                "sec-websocket-version": ["13"],
                "user-agent": ["agent"],
                "x-forwarded-for": ["203.0.113.9"],
                "x-forwarded-proto": ["http"],
                "x-many": ["1", "2"],
            },
            "queryStringParameters": { "ticket": "a+b", "x": "2" },
            "multiValueQueryStringParameters": { "ticket": ["a+b"], "x": ["1", "2"] },
            "requestContext": {
                "routeKey": "$connect",
                "eventType": "CONNECT",
                "extendedRequestId": request_id,
                "requestTime": "20/Nov/2026:22:26:56 +0000",
                "messageDirection": "IN",
                "stage": "live",
                "connectedAt": 1_795_213_616_789_i64,
                "requestTimeEpoch": 1_795_213_616_789_i64,
                "identity": { "sourceIp": "203.0.113.9", "userAgent": "agent" },
                "requestId": request_id,
                "domainName": "api.example.com",
                "connectionId": id,
                "apiId": "LiveApi",
            },
            "isBase64Encoded": false,
        })
    );
    assert_eq!(api.sockets.connections(), [id.as_str().unwrap()]);
    let typed: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event).unwrap();
    assert_eq!(typed.query_string_parameters.first("ticket"), Some("a+b"));
    assert_eq!(typed.request_context.event_type.as_deref(), Some("CONNECT"));
    assert_eq!(typed.request_context.connection_id.as_deref(), id.as_str());
}

#[tokio::test(start_paused = true)]
async fn connect_refuses_with_its_own_status_and_the_gateway_where_it_has_none() {
    let mut api = Api::new();
    assert_eq!(refused(&api, "?do=401").await, (401, String::new()));
    assert_eq!(refused(&api, "?do=302").await, (302, String::new()));
    for (how, status, message) in [
        ("fail", 502, "Internal server error"),
        ("nonsense", 502, "Internal server error"),
        ("sleep", 504, "Endpoint request timed out"),
    ] {
        let (answered, body) = refused(&api, &format!("?do={how}")).await;
        assert_eq!(answered, status, "{how}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["message"], message);
    }
    assert!(api.sockets.connections().is_empty());
    for _ in 0..5 {
        assert_eq!(api.call().await.0, "$connect");
    }
    // Who was never connected is never disconnected.
    api.no_call().await;
}

#[tokio::test(start_paused = true)]
async fn the_client_gets_the_subprotocol_that_connect_chose() {
    let api = Api::new();
    let mut request = "ws://localhost/live?do=choose"
        .into_client_request()
        .unwrap();
    let offered = "chat.1, chat.2".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offered);
    let (_socket, answer) = client_async(request, api.stream(4096)).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], "chat.2");
}

#[tokio::test(start_paused = true)]
async fn an_api_without_connect_and_disconnect_takes_everybody() {
    let mut api = Api::with(&["send"]);
    let mut socket = api.try_connect("").await.unwrap();
    assert_eq!(api.sockets.connections().len(), 1);
    socket.close(None).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    api.no_call().await;
    assert!(api.sockets.connections().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_gone_until_connect_has_answered() {
    let mut api = Api::new();
    let connecting = client_async("ws://localhost/live?do=hold", api.stream(4096));
    let connecting = tokio::spawn(connecting);
    let (_, event) = api.call().await;
    let id = event["requestContext"]["connectionId"].as_str().unwrap();
    assert_eq!(api.post(id, "early"), 410);
    api.gate.add_permits(1);
    let (mut socket, _) = connecting.await.unwrap().unwrap();
    assert_eq!(api.post(id, "welcome"), 200);
    assert_eq!(hear(&mut socket).await, "welcome");
}

#[tokio::test(start_paused = true)]
async fn only_a_handshake_at_the_stage_is_taken() {
    let api = Api::new();
    let takes = |uri: &str, upgrade: &str| {
        let request = Request::builder().uri(uri).header("upgrade", upgrade);
        api.sockets.takes(&request.body(()).unwrap())
    };
    assert!(takes("/live?ticket=1", "WebSocket"));
    assert!(!takes("/live", "h2c"));
    for other in ["/", "/lives", "/live/", "/live/x", "//live"] {
        assert!(!takes(other, "websocket"), "{other}");
    }
}
