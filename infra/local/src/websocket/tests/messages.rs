//! What becomes of a client's messages, and of those to it.

use super::*;
use tungstenite::protocol::frame::{Frame, coding::Data, coding::OpCode};

#[tokio::test(start_paused = true)]
async fn a_message_goes_to_the_route_that_it_names() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    for (text, route) in [
        (r#"{"action":"send","text":"é"}"#, "send"),
        (r#"{"action":"other"}"#, "$default"),
        (r#"{"action":"$connect"}"#, "$default"),
        (r#"{"action":"$disconnect"}"#, "$default"),
        (r#"{"action":1}"#, "$default"),
        (r#"["send"]"#, "$default"),
        ("send", "$default"),
        ("", "$default"),
    ] {
        say(&mut socket, text).await;
        let (function, event) = api.call().await;
        assert_eq!(function, route, "{text}");
        assert_eq!(event["body"], text);
        assert_eq!(event["requestContext"]["routeKey"], route);
    }
    say(&mut socket, r#"{"action":"send"}"#).await;
    let (_, event) = api.call().await;
    assert_eq!(event["isBase64Encoded"], false);
    assert!(event.get("headers").is_none());
    let typed: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event).unwrap();
    let context = typed.request_context;
    assert_eq!(context.event_type.as_deref(), Some("MESSAGE"));
    assert_eq!(context.connection_id, Some(id));
    assert_ne!(context.message_id, context.request_id);
    assert!(context.message_id.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_no_route_takes_is_forbidden() {
    let mut api = Api::with(&["$connect", "$disconnect", "send"]);
    let (mut socket, id) = api.connect().await;
    for text in [
        "hello",
        r#"{"action":"other"}"#,
        r#"{"action":"$disconnect"}"#,
    ] {
        say(&mut socket, text).await;
        assert_eq!(hear_own(&mut socket, &id).await, "Forbidden");
    }
    api.no_call().await;
}

proptest! {
    #[test]
    fn no_message_reaches_connect_or_disconnect(action in "\\PC*", key in "[a-z$]{1,9}") {
        let api = api_of(&["$connect", "$disconnect", "$default", "send"]);
        for text in [action.clone(), json!({"action": action}).to_string(), json!({"action": key}).to_string()] {
            let (key, _) = route(&api, &text).unwrap();
            prop_assert!(key == "$default" || key == "send");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_and_any_other_answer_is_not() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    for (text, message) in [
        ("fail", "Internal server error"),
        ("nonsense", "Internal server error"),
        ("sleep", "Endpoint request timed out"),
    ] {
        say(&mut socket, text).await;
        assert_eq!(hear_own(&mut socket, &id).await, message);
        assert_eq!(api.call().await.0, "$default");
    }
    for text in ["200", "403", "500"] {
        say(&mut socket, text).await;
        api.call().await;
    }
    api.sockets.idle().await;
    api.post(&id, "the next");
    assert_eq!(hear(&mut socket).await, "the next");
}

#[tokio::test(start_paused = true)]
async fn messages_are_handled_at_once_and_sixteen_at_most() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    for _ in 0..17 {
        say(&mut socket, "hold").await;
    }
    for _ in 0..16 {
        api.call().await;
    }
    // Enough for the seventeenth to come if it could.
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(api.calls.try_recv().is_err());
    api.post(&id, "meanwhile");
    assert_eq!(hear(&mut socket).await, "meanwhile");
    api.gate.add_permits(1);
    api.call().await;
    api.gate.add_permits(16);
    assert!(api.sockets.idle().await);
    assert!(!api.sockets.idle().await);
    api.no_call().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_posted_arrives_whole_and_in_order() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    let texts: Vec<String> = (0..500).map(|n| format!("{n} é")).collect();
    for text in &texts {
        assert_eq!(api.post(&id, text), 200);
    }
    for text in &texts {
        assert_eq!(hear(&mut socket).await, *text);
    }
    let largest = "a".repeat(MAX_MESSAGE);
    assert_eq!(api.post(&id, &largest), 200);
    assert_eq!(hear(&mut socket).await, largest);
    assert_eq!(api.post(&id, &format!("{largest}a")), 413);
    api.post(&id, "last");
    assert_eq!(hear(&mut socket).await, "last");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_not_sent_without_end() {
    let mut api = Api::new();
    let (mut socket, _) = client_async("ws://localhost/live", api.stream(256))
        .await
        .unwrap();
    let (_, event) = api.call().await;
    let id = event["requestContext"]["connectionId"].as_str().unwrap();
    let mut sent = 0;
    while api.post(id, &format!("{sent}")) == 200 {
        sent += 1;
        // Some more lie in the buffers of the socket.
        assert!(sent < UNREAD + 200);
        tokio::task::yield_now().await;
    }
    assert_eq!(api.post(id, "more"), 429);
    for n in 0..sent {
        assert_eq!(hear(&mut socket).await, n.to_string());
    }
    assert_eq!(api.post(id, "again"), 200);
    assert_eq!(hear(&mut socket).await, "again");
}

/// Sends one message in frames of these lengths.
async fn say_in_frames(socket: &mut Socket, lengths: &[usize]) {
    for (at, length) in lengths.iter().enumerate() {
        let kind = [Data::Continue, Data::Text][usize::from(at == 0)];
        let last = at + 1 == lengths.len();
        let frame = Frame::message("a".repeat(*length), OpCode::Data(kind), last);
        socket.send(Message::Frame(frame)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_takes_32_kb_and_a_message_128() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    say_in_frames(&mut socket, &[MAX_FRAME; 4]).await;
    let (_, event) = api.call().await;
    assert_eq!(event["body"].as_str().unwrap().len(), MAX_MESSAGE);
    say_in_frames(
        &mut socket,
        &[MAX_FRAME, MAX_FRAME, MAX_FRAME, MAX_FRAME, 1],
    )
    .await;
    assert_eq!(closing(&mut socket).await, 1009);
    assert_eq!(api.only_disconnect().await, (id, 1009));

    let (mut socket, id) = api.connect().await;
    say_in_frames(&mut socket, &[MAX_FRAME + 1]).await;
    assert_eq!(closing(&mut socket).await, 1009);
    assert_eq!(api.only_disconnect().await, (id, 1009));
}

#[tokio::test(start_paused = true)]
async fn a_binary_frame_ends_the_connection() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    socket.send(Message::binary(vec![1_u8])).await.unwrap();
    assert_eq!(closing(&mut socket).await, 1003);
    assert_eq!(api.only_disconnect().await, (id, 1003));
}

#[tokio::test(start_paused = true)]
async fn text_that_is_not_utf_8_ends_the_connection() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    let frame = Frame::message(vec![0xff_u8], OpCode::Data(Data::Text), true);
    socket.send(Message::Frame(frame)).await.unwrap();
    assert_eq!(closing(&mut socket).await, 1007);
    assert_eq!(api.only_disconnect().await, (id, 1007));
}
