//! One connection from its handshake to its end: frames in and out, limits, and the farewell.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::future::FusedFuture as _;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite;

use super::connection::{Client, End, Manner};
use super::{IDLE, LIFETIME, UnderWay, WebSockets};

/// Messages of one connection that are handled at once.
const AT_ONCE: usize = 16;
/// How long a client may take to read what is left and to answer a close frame.
const FAREWELL: Duration = Duration::from_secs(1);

impl WebSockets {
    /// Serves a connection until `ended` tells of its end, or brings its end about.
    pub(super) async fn run(
        self,
        socket: WebSocket,
        client: Arc<Client>,
        texts: mpsc::Receiver<Utf8Bytes>,
        mut ended: oneshot::Receiver<(End, UnderWay)>,
    ) {
        let (sink, mut stream) = socket.split();
        let (close, closing) = oneshot::channel();
        let mut writer = Box::pin(write(sink, texts, closing).fuse());
        let mut stopping = self.0.stopping.clone();
        let end = tokio::select! {
            told = &mut ended => Err(told),
            end = self.read(&mut stream, &client) => Ok(end),
            () = &mut writer => Ok(End::lost()),
            () = quiet(&client) => Ok(End::closing(1001, "Going away")),
            () = sleep(LIFETIME) => Ok(End::closing(1001, "Going away")),
            _ = stopping.wait_for(|stopping| *stopping) => Ok(End {
                told: false,
                ..End::closing(1001, "Going away")
            }),
        };
        let told = match end {
            Err(told) => told,
            Ok(end) => {
                // Somebody may have been quicker, then it is theirs that counts.
                self.end(&client.id, end);
                ended.await
            }
        };
        let Ok((end, under_way)) = told else { return };
        let disconnect = async {
            self.disconnect(&client, &end).await;
            drop(under_way);
        };
        match end.manner {
            Manner::Dropped => {
                drop((stream, writer));
                return disconnect.await;
            }
            Manner::Closing => {
                // An error means that the writer has ended.
                let _ = close.send(CloseFrame {
                    code: end.code,
                    reason: end.reason.clone(),
                });
            }
            Manner::Closed => drop(close),
        }
        let farewell = async {
            if !writer.is_terminated() {
                writer.await;
            }
            while let Some(Ok(_)) = stream.next().await {}
        };
        tokio::join!(disconnect, timeout(FAREWELL, farewell)).0
    }

    /// Handles what the client sends until that ends.
    async fn read(&self, stream: &mut SplitStream<WebSocket>, client: &Arc<Client>) -> End {
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let message = match stream.next().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => return failed(error),
                None => return End::lost(),
            };
            client.touch((self.0.now)());
            match message {
                Message::Text(text) => {
                    let under_way = self.under_way();
                    // The semaphore is never closed.
                    let slot = Arc::clone(&slots).acquire_owned().await;
                    let (sockets, client) = (self.clone(), Arc::clone(client));
                    tokio::spawn(async move {
                        sockets.message(&client, &text).await;
                        drop((slot, under_way));
                    });
                }
                Message::Binary(_) => return End::closing(1003, "Binary frames are not supported"),
                Message::Close(frame) => return closed(frame),
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }
}

/// Sends what is posted, in order; once nothing more can be posted, the close frame if there is one.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut texts: mpsc::Receiver<Utf8Bytes>,
    closing: oneshot::Receiver<CloseFrame>,
) {
    while let Some(text) = texts.recv().await {
        if sink.send(Message::Text(text)).await.is_err() {
            return;
        }
    }
    if let Ok(frame) = closing.await {
        // The client may be gone already.
        let _ = sink.send(Message::Close(Some(frame))).await;
    }
}

/// Ends when the client has been idle for too long.
async fn quiet(client: &Client) {
    loop {
        let until = client.active().0 + IDLE;
        if Instant::now() >= until {
            return;
        }
        sleep_until(until).await;
    }
}

/// The client's own close frame.
fn closed(frame: Option<CloseFrame>) -> End {
    let mut end = End::closing(1005, "Client-side close frame status not set");
    end.manner = Manner::Closed;
    if let Some(frame) = frame {
        (end.code, end.reason) = (frame.code, frame.reason);
    }
    end
}

fn failed(error: axum::Error) -> End {
    match error.into_inner().downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => End::closing(1009, "Message too long"),
        Some(tungstenite::Error::Utf8(_)) => End::closing(1007, "Text is not UTF-8"),
        Some(tungstenite::Error::Protocol(
            tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        )) => End::lost(),
        Some(tungstenite::Error::Protocol(_)) => End::closing(1002, "Protocol error"),
        _ => End::lost(),
    }
}
