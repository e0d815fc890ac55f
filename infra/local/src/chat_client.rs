//! A chat as an app keeps it: over a WebSocket that may end at any moment, yet no message is lost,
//! none is shown twice, and all stand in the one order of the chat.
//!
//! - Its own messages are sent one after the other, each until it is acknowledged, always under the
//!   same `client_msg_id`.
//! - A lost connection is opened again with a new ticket after a random pause. Once it is open, what
//!   was missed is asked for over HTTP (`after_seq`).
//! - A message that is there already is dropped. Where one is missing before it, HTTP is asked.
//!
//! Left out: the pings that keep a connection open for longer than ten idle minutes, and fresh
//! access tokens.

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt as _, Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message as Frame};
use uuid::Uuid;

use crate::client::Client;

pub mod storm;

/// Failures to connect, one after another, before a client gives up.
const PATIENCE: u32 = 10;
/// Messages asked for at once.
const PAGE: usize = 100;

/// One person's client of one chat.
pub struct ChatClient {
    http: Client,
    token: String,
    chat_id: String,
    pause: Duration,
    socket: Option<WebSocketStream<TcpStream>>,
    /// What came since [`ChatClient::next`] was asked last.
    events: VecDeque<Event>,
    messages: Vec<Message>,
    outbox: VecDeque<Draft>,
    /// Whether the first of the outbox is on its way, on this connection.
    under_way: bool,
    /// Whether HTTP has messages that are not here.
    behind: bool,
    /// Failures since something last went well.
    failures: u32,
    counts: Counts,
}

/// A message of the chat.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// Its number in the chat, from 1 without a gap.
    pub seq: u64,
    /// Its id.
    pub message_id: String,
    /// Who wrote it.
    pub sender_id: String,
    /// The text.
    pub content: String,
}

/// What happens in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next message in order, one's own included.
    Message(Message),
    /// One's own message is stored.
    Stored {
        /// The client's id for it.
        client_msg_id: String,
        /// Its number in the chat.
        seq: u64,
    },
    /// One's own message will not be stored.
    Refused {
        /// The client's id for it.
        client_msg_id: String,
        /// Why: the error's body.
        error: Value,
    },
    /// What is not about this chat's messages.
    Other(Value),
}

/// What it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were opened.
    pub connections: u64,
    /// Messages that were sent once more.
    pub resent: u64,
    /// Messages that came once more and were dropped.
    pub duplicates: u64,
    /// Messages that came over HTTP.
    pub caught_up: u64,
}

struct Draft {
    client_msg_id: String,
    content: String,
    tries: u64,
}

impl ChatClient {
    /// A client of the API at `base` (`http://127.0.0.1:3000`) for whoever `token` belongs to. It
    /// knows no message yet and connects when it is first asked for something. `pause` is the
    /// longest it waits before it connects again, a second in an app; it doubles with each failure.
    pub fn new(base: String, token: String, chat_id: String, pause: Duration) -> Self {
        Self {
            http: Client::new(base),
            token,
            chat_id,
            pause,
            socket: None,
            events: VecDeque::new(),
            messages: Vec::new(),
            outbox: VecDeque::new(),
            under_way: false,
            behind: false,
            failures: 0,
            counts: Counts::default(),
        }
    }

    /// Puts a message into the outbox, from which [`Self::next`] sends it; answers its
    /// `client_msg_id`.
    pub fn say(&mut self, content: impl Into<String>) -> String {
        let client_msg_id = Uuid::new_v4().to_string();
        self.outbox.push_back(Draft {
            client_msg_id: client_msg_id.clone(),
            content: content.into(),
            tries: 0,
        });
        client_msg_id
    }

    /// The messages, in order.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// How many of one's own messages are not acknowledged yet.
    pub fn unsent(&self) -> usize {
        self.outbox.len()
    }

    /// What it took so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Drops the connection without a word, as a phone in a tunnel does; answers whether there was
    /// one.
    pub fn cut(&mut self) -> bool {
        let open = self.socket.is_some();
        self.lose();
        open
    }

    /// Marks all that is here as read; answers how many messages came since.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn mark_read(&self) -> Result<u64, String> {
        let path = format!("/api/chats/{}/read", self.chat_id);
        let body = json!({"seq": self.messages.len()});
        let token = Some(self.token.as_str());
        let answer = self.http.expect("POST", &path, token, Some(body)).await?;
        Ok(answer["unread_count"].as_u64().unwrap_or_default())
    }

    /// Waits for what happens next, and meanwhile sends the outbox and keeps the connection. May be
    /// given up and asked again at any time.
    ///
    /// # Errors
    /// A sentence, when the server refuses this client or cannot be reached any more.
    pub async fn next(&mut self) -> Result<Event, String> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            if self.socket.is_none() {
                self.connect().await?;
            } else if self.behind {
                self.catch_up().await?;
            } else {
                self.send_first().await;
                self.receive().await?;
            }
        }
    }

    async fn connect(&mut self) -> Result<(), String> {
        self.wait().await;
        let token = Some(self.token.as_str());
        let asked = self
            .http
            .send("POST", "/api/live/ticket", token, Some(json!({})));
        let answer = match asked.await {
            Ok((201, answer)) => answer,
            Ok((status, answer)) if !is_passing(status) => {
                return Err(format!("no ticket, but {status}: {answer}"));
            }
            Ok(_) | Err(_) => return self.failed(),
        };
        let text = |field: &str| answer[field].as_str().unwrap_or_default();
        let url = format!("{}?ticket={}", text("url"), text("ticket"));
        match open(&url).await {
            Some(socket) => {
                self.socket = Some(socket);
                self.under_way = false;
                self.behind = true;
                self.failures = 0;
                self.counts.connections += 1;
                Ok(())
            }
            None => self.failed(),
        }
    }

    /// Asks for a page of what comes after the last message here; the last page is not full.
    async fn catch_up(&mut self) -> Result<(), String> {
        let have = self.messages.len();
        let path = format!(
            "/api/chats/{}/messages?after_seq={have}&limit={PAGE}",
            self.chat_id
        );
        let token = Some(self.token.as_str());
        match self.http.send("GET", &path, token, None).await {
            Ok((200, page)) => {
                let page: Vec<Message> =
                    serde_json::from_value(page).map_err(|error| error.to_string())?;
                self.behind = page.len() == PAGE;
                for message in page {
                    self.counts.caught_up += 1;
                    self.take(message);
                }
                Ok(())
            }
            Ok((status, answer)) if !is_passing(status) => {
                Err(format!("no messages, but {status}: {answer}"))
            }
            Ok(_) | Err(_) => {
                self.failed()?;
                self.wait().await;
                Ok(())
            }
        }
    }

    async fn send_first(&mut self) {
        let Some(draft) = self.outbox.front_mut().filter(|_| !self.under_way) else {
            return;
        };
        let Some(socket) = &mut self.socket else {
            return;
        };
        self.under_way = true;
        self.counts.resent += u64::from(draft.tries > 0);
        draft.tries += 1;
        let frame = json!({
            "action": "sendMessage",
            "chat_id": self.chat_id,
            "content": draft.content,
            "client_msg_id": draft.client_msg_id,
        });
        if socket.send(Frame::text(frame.to_string())).await.is_err() {
            self.lose();
        }
    }

    async fn receive(&mut self) -> Result<(), String> {
        let Some(socket) = &mut self.socket else {
            return Ok(());
        };
        match socket.next().await {
            Some(Ok(Frame::Text(text))) => {
                let frame = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                self.handle(frame).await
            }
            Some(Ok(Frame::Close(_)) | Err(_)) | None => {
                self.lose();
                Ok(())
            }
            Some(Ok(_)) => Ok(()),
        }
    }

    async fn handle(&mut self, frame: Value) -> Result<(), String> {
        let about = frame["client_msg_id"].as_str();
        let first = self.outbox.front();
        let is_first = first.is_some_and(|draft| Some(draft.client_msg_id.as_str()) == about);
        match frame["type"].as_str() {
            Some("message") if frame["chat_id"] == self.chat_id.as_str() => {
                let message = serde_json::from_value(frame).map_err(|error| error.to_string())?;
                self.take(message);
            }
            Some("ack") => {
                // An acknowledgement that comes twice is of no interest.
                if is_first && let Some(draft) = self.outbox.pop_front() {
                    self.under_way = false;
                    self.events.push_back(Event::Stored {
                        client_msg_id: draft.client_msg_id,
                        seq: frame["seq"].as_u64().unwrap_or_default(),
                    });
                }
            }
            Some("error") if frame["code"] == "access_token_invalid" => self.lose(),
            Some("error") if is_first => {
                self.under_way = false;
                let status = frame["status"].as_u64().unwrap_or_default();
                if u16::try_from(status).is_ok_and(is_passing) {
                    self.failed()?;
                    self.wait().await;
                } else if let Some(draft) = self.outbox.pop_front() {
                    self.events.push_back(Event::Refused {
                        client_msg_id: draft.client_msg_id,
                        error: frame,
                    });
                }
            }
            // The gateway's own: what is on its way may or may not have been handled.
            None => {
                self.under_way = false;
                self.failed()?;
                self.wait().await;
            }
            Some(_) => self.events.push_back(Event::Other(frame)),
        }
        Ok(())
    }

    fn take(&mut self, message: Message) {
        let next = self.messages.len() as u64 + 1;
        if message.seq == next {
            self.failures = 0;
            self.messages.push(message.clone());
            self.events.push_back(Event::Message(message));
        } else if message.seq < next {
            self.counts.duplicates += 1;
        } else {
            self.behind = true;
        }
    }

    fn lose(&mut self) {
        if self.socket.take().is_some() {
            self.failures = self.failures.max(1);
        }
    }

    /// Notes a failure.
    fn failed(&mut self) -> Result<(), String> {
        self.failures += 1;
        if self.failures > PATIENCE {
            return Err("the server cannot be reached".into());
        }
        Ok(())
    }

    /// Waits at random after a failure, longer after each.
    async fn wait(&self) {
        if let Some(doublings) = self.failures.checked_sub(1) {
            let longest = self.pause * (1 << doublings.min(6));
            let [random, ..] = Uuid::new_v4().into_bytes();
            tokio::time::sleep(longest * u32::from(random) / 255).await;
        }
    }
}

/// The text frames that come to whoever `token` belongs to, whatever they are about.
///
/// # Errors
/// A sentence, when there is no connection.
pub async fn frames(
    http: &Client,
    token: &str,
) -> Result<impl Stream<Item = Value> + Unpin + use<>, String> {
    let ticket = http
        .expect("POST", "/api/live/ticket", Some(token), Some(json!({})))
        .await?;
    let text = |field: &str| ticket[field].as_str().unwrap_or_default();
    let url = format!("{}?ticket={}", text("url"), text("ticket"));
    let socket = open(&url).await.ok_or("no connection was opened")?;
    Ok(Box::pin(socket.filter_map(async |frame| match frame {
        Ok(Frame::Text(text)) => serde_json::from_str(&text).ok(),
        _ => None,
    })))
}

async fn open(url: &str) -> Option<WebSocketStream<TcpStream>> {
    let uri: http::Uri = url.parse().ok()?;
    let stream = TcpStream::connect(uri.authority()?.as_str()).await.ok()?;
    let (socket, _) = client_async(url, stream).await.ok()?;
    Some(socket)
}

/// Whether the same request may succeed a moment later.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}
