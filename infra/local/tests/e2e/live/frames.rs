//! Messages that clients send: which are answered, which are refused, and how.

use std::sync::{Arc, Mutex};

use enishi_shared::{
    App, Error,
    live::{Caller, on_frame},
};
use garde::Validate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Socket, items};
use crate::{
    identity::later,
    support::{Person, World},
};

/// The App of a function that takes messages.
fn app(world: &World) -> App {
    world.app("LivePing", |_| {})
}

#[derive(Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Say {
    #[garde(length(chars, min = 1, max = 10))]
    content: String,
    #[garde(length(bytes, min = 1, max = 64))]
    client_msg_id: String,
}

async fn say(_: App, caller: Caller, said: Say) -> Result<Value, Error> {
    match said.content.as_str() {
        "panic" => panic!("as asked"),
        "conflict" => Err(Error::conflict("already said")),
        content => Ok(json!({
            "type": "said", "content": content, "client_msg_id": said.client_msg_id,
            "user_id": caller.user_id.to_string(), "connection_id": caller.connection_id,
        })),
    }
}

/// Hands a message to [`say`], as if the route were in the template.
async fn frame(world: &World, body: &str) -> Result<Value, String> {
    let connections = world.stack.websocket().connections();
    let event = json!({"body": body, "requestContext": {
        "routeKey": "say", "eventType": "MESSAGE", "connectionId": connections[0],
        "connectedAt": 0, "requestTimeEpoch": 0, "messageId": "m",
    }});
    let answer = on_frame(app(world), event, say).await;
    answer.map_err(|error| error.to_string())
}

async fn connected() -> (World, Person, Socket) {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let socket = Socket::open(&world, &hana).await;
    (world, hana, socket)
}

#[tokio::test]
async fn what_no_route_takes_is_refused_on_the_connection() {
    let (_world, _, mut socket) = connected().await;
    let invalid = |code: &str| json!([{"field": "action", "code": code}]);
    for (sent, action, code, errors) in [
        (
            r#"{"action": "dance"}"#,
            json!("dance"),
            "invalid_parameter",
            invalid("invalid"),
        ),
        (
            r#"{"action": "$connect"}"#,
            json!("$connect"),
            "invalid_parameter",
            invalid("invalid"),
        ),
        (
            r#"{"action": ["ping"]}"#,
            Value::Null,
            "invalid_parameter",
            invalid("invalid"),
        ),
        (
            "{}",
            Value::Null,
            "invalid_parameter",
            invalid("missing_field"),
        ),
        ("ping", Value::Null, "invalid_format", Value::Null),
        ("", Value::Null, "invalid_format", Value::Null),
        ("[1, 2", Value::Null, "invalid_format", Value::Null),
        (
            r#"{"action": "ping", "loud": true}"#,
            json!("ping"),
            "invalid_parameter",
            json!([{"field": "loud", "code": "invalid"}]),
        ),
    ] {
        socket.send_text(sent).await;
        let answer = socket.next().await;
        assert_eq!(answer["type"], "error", "{sent}: {answer}");
        assert_eq!(answer["status"], 400, "{sent}: {answer}");
        assert_eq!(answer["code"], code, "{sent}: {answer}");
        assert_eq!(answer["action"], action, "{sent}: {answer}");
        let mut told = answer["errors"].clone();
        for error in told.as_array_mut().into_iter().flatten() {
            error.as_object_mut().unwrap().remove("rule");
        }
        assert_eq!(told, errors, "{sent}: {answer}");
        assert!(answer["message"].is_string(), "{sent}: {answer}");
    }
    // Nothing of it was the end.
    socket.expect_nothing().await;
}

#[tokio::test]
async fn an_action_too_long_to_be_one_is_not_given_back() {
    let (_world, _, mut socket) = connected().await;
    let long = "a".repeat(30_000);
    let answer = socket
        .ask(json!({"action": long, "client_msg_id": "c1"}))
        .await;
    assert_eq!(
        (&answer["action"], &answer["client_msg_id"]),
        (&Value::Null, &json!("c1"))
    );
    let answer = socket
        .ask(json!({"action": "dance", "client_msg_id": long}))
        .await;
    assert_eq!(
        (&answer["action"], &answer["client_msg_id"]),
        (&json!("dance"), &Value::Null)
    );
}

#[tokio::test]
async fn a_handlers_value_goes_to_the_caller_and_nobody_else() {
    let (world, hana, mut socket) = connected().await;
    let ken = world.sign_up("ken").await;
    let mut of_ken = Socket::open(&world, &ken).await;
    let body = json!({"action": "say", "content": "hi", "client_msg_id": "c1"});
    let answer = frame(&world, &body.to_string()).await;
    assert_eq!(answer, Ok(json!({"statusCode": 200})));
    assert_eq!(
        socket.next().await,
        json!({
            "type": "said", "content": "hi", "client_msg_id": "c1", "user_id": hana.id,
            "connection_id": world.stack.websocket().connections()[0],
        })
    );
    of_ken.expect_nothing().await;
}

#[tokio::test]
async fn a_failure_tells_which_message_it_is_about() {
    let (world, _, mut socket) = connected().await;
    for (content, status, code) in [
        ("conflict", 409, "conflict"),
        ("panic", 500, "internal_server_error"),
        ("", 400, "invalid_parameter"),
        ("far too long", 400, "invalid_parameter"),
    ] {
        let body = json!({"action": "say", "content": content, "client_msg_id": "c1"});
        let answer = frame(&world, &body.to_string()).await;
        assert_eq!(answer, Ok(json!({"statusCode": 200})), "{content}");
        let told = socket.next().await;
        assert_eq!(
            (&told["type"], &told["action"], &told["client_msg_id"]),
            (&json!("error"), &json!("say"), &json!("c1")),
            "{content}"
        );
        assert_eq!(
            (&told["status"], &told["code"]),
            (&json!(status), &json!(code)),
            "{content}"
        );
    }
    socket.expect_nothing().await;
}

/// What is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_says_which_route_and_how_it_went_and_nothing_of_a_message() {
    // A subscriber of this thread alone would miss what another thread's test comes to first.
    let everywhere = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(std::io::sink)
        .finish();
    tracing::subscriber::set_global_default(everywhere).unwrap();
    let (world, hana, mut socket) = connected().await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let logging = tracing::subscriber::set_default(subscriber);
    for body in [
        json!({"action": "say", "content": "secret", "client_msg_id": "secret"}),
        json!({"action": "secret", "content": "secret is too long", "client_msg_id": "secret"}),
        json!({"action": "say", "secret": 1}),
        json!(["secret"]),
    ] {
        frame(&world, &body.to_string()).await.unwrap();
        socket.next().await;
    }
    drop(logging);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("route=\"say\"").count(), 4, "{text}");
    assert_eq!(text.matches("status=200").count(), 1, "{text}");
    assert_eq!(text.matches("status=400").count(), 3, "{text}");
    for private in [
        "secret",
        &hana.id,
        &world.stack.websocket().connections()[0],
    ] {
        assert!(!text.contains(private), "{text}");
    }
}

#[tokio::test]
async fn who_is_not_known_any_more_is_told_to_connect_again() {
    // After an hour, when API Gateway should have ended it, and after that.
    for seconds in [60 * 60, 2 * 60 * 60 + 10 * 60, 3 * 60 * 60] {
        let (world, _, mut socket) = connected().await;
        later(&world, 60 * 60 - 1);
        socket.expect_nothing().await;
        later(&world, seconds - (60 * 60 - 1));
        let answer = socket.ask(json!({"action": "ping"})).await;
        assert_eq!(
            (&answer["status"], &answer["code"]),
            (&json!(401), &json!("access_token_invalid"))
        );
        // And is let go; what its rows were is forgotten with it, or ends by itself.
        assert_eq!(socket.next_or_end().await, None);
        world.stack.settle().await;
        assert!(world.stack.websocket().connections().is_empty());
        let left = if seconds == 60 * 60 { 0 } else { 2 };
        assert_eq!(items(&world).len(), left);
    }
}

#[tokio::test]
async fn a_message_of_somebody_who_is_gone_is_handled_and_its_answer_dropped() {
    let (world, _, socket) = connected().await;
    let body = json!({"action": "say", "content": "hi", "client_msg_id": "c1"}).to_string();
    let id = world.stack.websocket().connections()[0].clone();
    let event = json!({"body": body, "requestContext": {
        "routeKey": "say", "eventType": "MESSAGE", "connectionId": id,
        "connectedAt": 0, "requestTimeEpoch": 0, "messageId": "m",
    }});
    assert!(world.stack.websocket().cut_silently(&id));
    let answer = on_frame(app(&world), event, say).await.unwrap();
    assert_eq!(answer, json!({"statusCode": 200}));
    drop(socket);
}
