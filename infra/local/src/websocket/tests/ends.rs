//! How a connection ends, each time with one `$disconnect` at most.

use super::*;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

/// Nothing answers for a connection that has ended.
async fn assert_gone(api: &Api, id: &str) {
    assert!(!api.sockets.connections().contains(&id.to_owned()));
    for method in ["POST", "GET", "DELETE"] {
        assert_eq!(api.manage(method, id, "late"), 410, "{method}");
    }
    assert!(!api.sockets.cut(id));
    assert!(!api.sockets.cut_silently(id));
}

#[tokio::test(start_paused = true)]
async fn the_client_closes_and_its_code_is_told() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    socket.close(None).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    // Whoever has the answer may rely on it.
    assert_gone(&api, &id).await;
    let (route, event) = api.call().await;
    assert_eq!(route, "$disconnect");
    api.no_call().await;
    let context = &event["requestContext"];
    assert_eq!(context["connectionId"], id);
    assert_eq!(context["routeKey"], "$disconnect");
    assert_eq!(context["eventType"], "DISCONNECT");
    assert_eq!(context["disconnectStatusCode"], 1005);
    assert_eq!(
        context["disconnectReason"],
        "Client-side close frame status not set"
    );
    let typed: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event).unwrap();
    assert_eq!(typed.request_context.disconnect_status_code, Some(1005));

    let (mut socket, id) = api.connect().await;
    let frame = CloseFrame {
        code: CloseCode::Away,
        reason: "bye".into(),
    };
    socket.close(Some(frame)).await.unwrap();
    let (_, event) = api.call().await;
    assert_eq!(event["requestContext"]["connectionId"], id);
    assert_eq!(event["requestContext"]["disconnectStatusCode"], 1001);
    assert_eq!(event["requestContext"]["disconnectReason"], "bye");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_lost_is_told_of() {
    let mut api = Api::new();
    let (socket, id) = api.connect().await;
    drop(socket);
    assert_eq!(api.only_disconnect().await, (id.clone(), 1006));
    assert_gone(&api, &id).await;
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_breaks_off_without_a_close_frame() {
    let mut api = Api::new();
    for silently in [false, true] {
        let (mut socket, id) = api.connect().await;
        let cut = match silently {
            false => api.sockets.cut(&id),
            true => api.sockets.cut_silently(&id),
        };
        assert!(cut);
        assert_gone(&api, &id).await;
        let broken = timeout(LONG, socket.next()).await.unwrap().unwrap();
        assert!(matches!(broken, Err(tungstenite::Error::Protocol(_))));
        match silently {
            false => assert_eq!(api.only_disconnect().await, (id, 1006)),
            true => api.no_call().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_connection_breaks_off_before_disconnect_has_answered() {
    let mut api = Api::new();
    let mut request = "ws://localhost/live".into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("user-agent", "hold".parse().unwrap());
    let (mut socket, _) = client_async(request, api.stream(4096)).await.unwrap();
    let (_, event) = api.call().await;
    let id = event["requestContext"]["connectionId"].as_str().unwrap();
    assert!(api.sockets.cut(id));
    assert!(
        timeout(LONG, socket.next())
            .await
            .unwrap()
            .unwrap()
            .is_err()
    );
    assert_eq!(api.call().await.0, "$disconnect");
    let (waited, ()) = tokio::join!(api.sockets.idle(), async { api.gate.add_permits(1) });
    assert!(waited, "a `$disconnect` that runs is waited for");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_connection_gets_what_was_posted_and_is_closed() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    for n in 0..100 {
        api.post(&id, &format!("{n}"));
    }
    assert_eq!(api.manage("DELETE", &id, ""), 204);
    assert_gone(&api, &id).await;
    for n in 0..100 {
        assert_eq!(hear(&mut socket).await, n.to_string());
    }
    assert_eq!(closing(&mut socket).await, 1000);
    assert_eq!(api.only_disconnect().await, (id, 1000));
}

#[tokio::test(start_paused = true)]
async fn ends_from_both_sides_are_one_end() {
    let mut api = Api::new();
    for _ in 0..50 {
        let (mut socket, id) = api.connect().await;
        socket.close(None).await.unwrap();
        api.manage("DELETE", &id, "");
        api.sockets.cut(&id);
        drop(socket);
        let (gone, _) = api.only_disconnect().await;
        assert_eq!(gone, id);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_idle_for_ten_minutes_is_closed_and_every_frame_counts() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    let begun = tokio::time::Instant::now();
    let nine = Duration::from_mins(9);
    tokio::time::sleep(nine).await;
    say(&mut socket, "200").await;
    api.call().await;
    tokio::time::sleep(nine).await;
    api.post(&id, "to it");
    assert_eq!(hear(&mut socket).await, "to it");
    tokio::time::sleep(nine).await;
    socket.send(Message::Ping("".into())).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Pong(_)))));
    assert_eq!(closing(&mut socket).await, 1001);
    let lived = begun.elapsed();
    assert!(lived >= nine * 3 + IDLE && lived < nine * 3 + IDLE + Duration::from_secs(1));
    assert_eq!(api.only_disconnect().await, (id, 1001));
}

#[tokio::test(start_paused = true)]
async fn nobody_stays_longer_than_two_hours() {
    let mut api = Api::new();
    let (mut socket, id) = api.connect().await;
    let begun = tokio::time::Instant::now();
    let code = loop {
        tokio::select! {
            code = closing(&mut socket) => break code,
            () = tokio::time::sleep(Duration::from_mins(5)) => {
                api.post(&id, "still there?");
                assert_eq!(hear(&mut socket).await, "still there?");
            }
        }
    };
    assert_eq!(code, 1001);
    let lived = begun.elapsed();
    assert!(lived >= LIFETIME && lived < LIFETIME + Duration::from_secs(1));
    assert_eq!(api.only_disconnect().await, (id, 1001));
}

#[tokio::test(start_paused = true)]
async fn a_stop_closes_every_connection_and_tells_no_function() {
    let mut api = Api::new();
    let (mut one, _) = api.connect().await;
    let (mut two, _) = api.connect().await;
    api.stopping.send_replace(true);
    assert_eq!(closing(&mut one).await, 1001);
    assert_eq!(closing(&mut two).await, 1001);
    api.no_call().await;
    assert!(api.sockets.connections().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_the_close_frame_holds_nothing_up() {
    let mut api = Api::new();
    let (near, _) = client_async("ws://localhost/live", api.stream(64))
        .await
        .unwrap();
    let (_, event) = api.call().await;
    let id = event["requestContext"]["connectionId"].as_str().unwrap();
    api.post(id, &"a".repeat(1000));
    assert_eq!(api.manage("DELETE", id, ""), 204);
    assert_eq!(api.only_disconnect().await, (id.to_owned(), 1000));
    drop(near);
}

#[tokio::test(start_paused = true)]
async fn connections_stand_in_the_order_in_which_they_were_opened() {
    let mut api = Api::new();
    let mut sockets = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..20 {
        let (socket, id) = api.connect().await;
        sockets.push(socket);
        ids.push(id);
    }
    assert_eq!(api.sockets.connections(), ids);
    api.sockets.cut(&ids.remove(7));
    assert_eq!(api.sockets.connections(), ids);
}
