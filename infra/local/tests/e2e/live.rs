//! The WebSocket, from the ticket to the end of the connection, over real sockets.

mod connecting;
pub mod crash;
mod ending;
mod frames;
mod pushing;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message},
};

use crate::{
    consistency::examples::expect_described,
    support::{Person, World, text},
};

/// Longer than anything here takes: what has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody's open connection.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects somebody with a new ticket.
    pub async fn open(world: &World, person: &Person) -> Self {
        let ticket = ticket(world, person).await;
        Self::connect(&world.stack.live_url(), &ticket)
            .await
            .unwrap()
    }

    /// Connects with a ticket.
    ///
    /// # Errors
    /// The status of the refused handshake.
    pub async fn connect(url: &str, ticket: &str) -> Result<Self, u16> {
        Self::handshake(&format!("{url}?ticket={ticket}")).await
    }

    /// Connects to an address as it stands.
    ///
    /// # Errors
    /// The status of the refused handshake.
    pub async fn handshake(url: &str) -> Result<Self, u16> {
        let uri: http::Uri = url.parse().unwrap();
        let stream = TcpStream::connect(uri.authority().unwrap().as_str())
            .await
            .unwrap();
        match client_async(url, stream).await {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    /// As [`Self::send`] where the connection may have ended; whether it had not.
    pub async fn offer(&mut self, message: Value) -> bool {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .is_ok()
    }

    /// Sends a message that need not be JSON.
    pub async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message; the test fails when the connection ends or none comes.
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move {
            let next = self.next_or_end().await;
            next.unwrap_or_else(|| panic!("the connection ended: {place}"))
        }
    }

    /// The next message, `None` once the connection has ended; the test fails when neither comes.
    pub async fn next_or_end(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next())
                .await
                .expect("no message came");
            match message? {
                Ok(Message::Text(text)) => {
                    let message = serde_json::from_str(&text).unwrap();
                    expect_described(&message);
                    return Some(message);
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Sends a message and takes the next one that comes as its answer.
    pub async fn ask(&mut self, message: Value) -> Value {
        self.send(message).await;
        self.next().await
    }

    /// That nothing more was pushed: messages come in the order in which they were posted, and the
    /// next one answers a ping.
    pub async fn expect_nothing(&mut self) {
        assert_eq!(
            self.ask(json!({"action": "ping"})).await,
            json!({"type": "pong"})
        );
    }

    /// Says goodbye and waits for the answer.
    pub async fn close(mut self) {
        self.0.close(None).await.unwrap();
        while self.next_or_end().await.is_some() {}
    }

    /// Is gone without a word, like a phone in a tunnel.
    pub fn cut(self) {
        drop(self);
    }
}

/// A new ticket of somebody's.
pub async fn ticket(world: &World, person: &Person) -> String {
    world
        .post(person, "/api/live/ticket", json!({}))
        .await
        .expect(201)
        .text("ticket")
}

/// All that lies in `LIVE_TABLE` but the counts of attempts, which name nobody; in DynamoDB's JSON.
fn items(world: &World) -> Vec<Value> {
    let table = &world.stack.environment()["LiveConnect"]["LIVE_TABLE"];
    let request = enishi_local::database::from_json(json!({"TableName": table})).unwrap();
    let answer = world.stack.database().scan(request).unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    assert!(answer["LastEvaluatedKey"].is_null(), "more than one page");
    let mut items = answer["Items"].as_array().unwrap().clone();
    items.retain(|item| !text(&item["pk"]["S"]).starts_with("THROTTLE#"));
    items
}

/// The ids of the connections that are known, once to whoever looks for the connection and once to
/// whoever looks for the person; both must agree.
fn known(world: &World) -> Vec<String> {
    let (mut by_id, mut of_user) = (Vec::new(), Vec::new());
    for item in items(world) {
        let [pk, sk, id] = ["pk", "sk", "connection_id"].map(|key| text(&item[key]["S"]));
        match (pk.split_once('#').unwrap(), sk.split_once('#')) {
            (("CONNECTION", own), None) if own == id => by_id.push(id),
            (("USER", _), Some(("CONNECTION", _))) => of_user.push(id),
            (("USER", _), Some(("TICKET", _))) => {}
            _ => panic!("{item}"),
        }
    }
    by_id.sort();
    of_user.sort();
    assert_eq!(by_id, of_user);
    by_id
}
