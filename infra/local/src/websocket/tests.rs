//! What the local WebSocket API promises, with a real client over streams in memory, where the
//! sockets' clock goes as fast as nothing happens; `management` has the SDK over loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use axum::Router;
use futures_util::{SinkExt as _, StreamExt as _};
use proptest::prelude::*;
use tokio::io::DuplexStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest as _};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::*;

mod ends;
mod handshake;
mod management;
mod messages;

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
const NOW: &str = "2026-11-20T22:26:56.789Z";
/// Longer than anything here takes.
const LONG: Duration = Duration::from_hours(24);

type Socket = WebSocketStream<DuplexStream>;

/// An API whose functions are called as their routes are, and do what their event says: in the
/// query for `$connect`, in the user agent for `$disconnect`, in the body for messages.
struct Api {
    sockets: WebSockets,
    streams: mpsc::UnboundedSender<DuplexStream>,
    calls: mpsc::UnboundedReceiver<(String, Value)>,
    /// What `hold` waits for.
    gate: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

/// Accepts what a test makes.
struct Streams(mpsc::UnboundedReceiver<DuplexStream>);

impl axum::serve::Listener for Streams {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(stream) => (stream, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

fn api_of(routes: &[&str]) -> WebSocketApi {
    let routes = routes.iter().map(|key| (key.to_string(), key.to_string()));
    WebSocketApi {
        logical_id: "LiveApi".into(),
        stage: "live".into(),
        selection: "action".into(),
        routes: routes.collect::<BTreeMap<_, _>>(),
        line: 0,
    }
}

impl Api {
    fn new() -> Self {
        Self::with(&["$connect", "$disconnect", "$default", "send"])
    }

    fn with(routes: &[&str]) -> Self {
        let (called, calls) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let (stopping, stopped) = watch::channel(false);
        let now: Now = Arc::new(|| NOW.parse().unwrap());
        let held = Arc::clone(&gate);
        let invoke = move |function: String, event: Value| {
            let identity = &event["requestContext"]["identity"];
            let asked = match function.as_str() {
                "$connect" => &event["queryStringParameters"]["do"],
                "$disconnect" => &identity["userAgent"],
                _ => &event["body"],
            };
            let asked = asked.as_str().unwrap_or_default().to_owned();
            let _ = called.send((function, event));
            let gate = Arc::clone(&held);
            async move {
                if asked.contains("hold") {
                    gate.acquire().await.unwrap().forget();
                } else if asked.contains("sleep") {
                    std::future::pending::<()>().await;
                } else if asked.contains("fail") {
                    return Err("as asked".to_owned());
                } else if asked.contains("nonsense") {
                    return Ok(json!({"body": "no status"}));
                } else if let Ok(status) = asked.parse::<u16>() {
                    return Ok(json!({"statusCode": status, "body": "not shown"}));
                }
                let mut answer = json!({"statusCode": 200});
                if asked.contains("choose") {
                    answer["headers"] = json!({"Sec-WebSocket-Protocol": "chat.2"});
                }
                Ok(answer)
            }
        };
        let sockets = WebSockets::new(Some(api_of(routes)), now, stopped, Duration::ZERO, invoke);
        let (streams, accepted) = mpsc::unbounded_channel();
        let served = sockets.clone();
        let router = Router::new().fallback(move |request: axum::extract::Request| {
            let served = served.clone();
            async move {
                assert!(served.takes(&request));
                served.serve(request, CLIENT).await
            }
        });
        tokio::spawn(axum::serve(Streams(accepted), router).into_future());
        Self {
            sockets,
            streams,
            calls,
            gate,
            stopping,
        }
    }

    /// A stream to the API; `capacity` bytes lie in it at most.
    fn stream(&self, capacity: usize) -> DuplexStream {
        let (near, far) = tokio::io::duplex(capacity);
        self.streams.send(far).unwrap();
        near
    }

    async fn try_connect(&self, query: &str) -> Result<Socket, tungstenite::Error> {
        let url = format!("ws://api.example.com:3000/live{query}");
        let stream = self.stream(1024 * 1024);
        Ok(client_async(url, stream).await?.0)
    }

    /// A client that is connected, its id, and the calls so far taken.
    async fn connect(&mut self) -> (Socket, String) {
        let socket = self.try_connect("").await.unwrap();
        let (route, event) = self.call().await;
        assert_eq!(route, "$connect");
        let id = event["requestContext"]["connectionId"].as_str().unwrap();
        (socket, id.to_owned())
    }

    /// The next call of a function.
    async fn call(&mut self) -> (String, Value) {
        let call = timeout(LONG, self.calls.recv()).await;
        call.expect("no function is called").unwrap()
    }

    /// Once all is handled, no function was called that was not asked for.
    async fn no_call(&mut self) {
        self.sockets.idle().await;
        assert_eq!(self.calls.try_recv().ok(), None);
    }

    /// The `$disconnect` that comes next, its connection and code, and nothing after it.
    async fn only_disconnect(&mut self) -> (String, u64) {
        let (route, event) = self.call().await;
        assert_eq!(route, "$disconnect");
        self.no_call().await;
        let context = &event["requestContext"];
        let id = context["connectionId"].as_str().unwrap();
        let code = context["disconnectStatusCode"].as_u64().unwrap();
        (id.to_owned(), code)
    }

    fn post(&self, id: &str, text: &str) -> StatusCode {
        self.manage("POST", id, text)
    }

    fn manage(&self, method: &str, id: &str, text: &str) -> StatusCode {
        let request = Request::builder()
            .method(method)
            .uri(format!("/@connections/{id}"))
            .body(text.to_owned().into())
            .unwrap();
        self.sockets.manage(request).status()
    }
}

async fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

/// The next message, which must be text.
async fn hear(socket: &mut Socket) -> String {
    let heard = timeout(LONG, socket.next()).await.expect("nothing comes");
    match heard.unwrap().unwrap() {
        Message::Text(text) => text.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The next message as the gateway's own, its id checked.
async fn hear_own(socket: &mut Socket, id: &str) -> String {
    let own: Value = serde_json::from_str(&hear(socket).await).unwrap();
    assert_eq!(own["connectionId"], id);
    assert!(!own["requestId"].as_str().unwrap().is_empty());
    own["message"].as_str().unwrap().to_owned()
}

/// The code of the close frame that comes next. After it the stream ends, or breaks off where the
/// gateway could not make sense of what came and so does not read the answer.
async fn closing(socket: &mut Socket) -> u16 {
    let heard = timeout(LONG, socket.next()).await.expect("nothing comes");
    let Message::Close(Some(frame)) = heard.unwrap().unwrap() else {
        panic!("no close frame");
    };
    let after = timeout(LONG, socket.next()).await.unwrap();
    assert!(!matches!(after, Some(Ok(_))));
    frame.code.into()
}
