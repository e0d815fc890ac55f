//! `POST /api/live/ticket`: what a WebSocket connection is opened with. A browser cannot give a
//! handshake an `Authorization` header, and an access token in an address would end in logs; a
//! ticket there is worth nothing any more.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{
    App, Function, Result, UserId,
    accounts::OpenSession,
    app::{ConfigError, Configure, Env},
    auth::User,
    error::ErrorBody,
    live,
    seal::sha256,
    store::{Key, Table, Transaction, when},
    throttle::{self, Limit},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `live-ticket`.
///
/// Budget: account and session in one read, the throttle, the ticket.
pub const FUNCTION: Function = Function::http("live-ticket", || {
    OpenApiRouter::new().routes(routes!(ticket))
})
.budget(3);

/// How many one person may have: with each of twenty connections once in some minutes, as in a tunnel.
const BY_ONE_PERSON: Limit = Limit::new("TICKET_RATE", 60, 5 * 60);
/// How long a ticket is good, in seconds.
const SECONDS: i64 = 60;
/// What the sort keys of a person's tickets start with.
pub const PREFIX: &str = "TICKET#";

/// A ticket: `<user_id>.<43 characters>`, the latter 256 random bits in base64url. With the id in
/// it no read is needed to find it. Not `Debug`, but for tests: it must
/// never come into a log.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Ticket {
    user_id: UserId,
    secret: [u8; 32],
}

/// A ticket as it lies in the table, under its digest.
#[derive(Serialize, Deserialize)]
pub struct Issued {
    /// The session it was given in; what it opens ends with that.
    pub session: OpenSession,
    /// Until when it is good, in seconds.
    pub ttl: i64,
}

impl Ticket {
    /// A new ticket of somebody's.
    pub fn new(app: &App, user_id: UserId) -> Self {
        Self {
            user_id,
            secret: app.random(),
        }
    }

    /// The ticket that a client sent; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let (user_id, secret) = text.split_once('.')?;
        let secret = BASE64_URL_SAFE_NO_PAD.decode(secret).ok()?;
        let ticket = Self {
            user_id: user_id.parse().ok()?,
            secret: secret.try_into().ok()?,
        };
        // An id has several spellings, a ticket one.
        (ticket.encode() == text).then_some(ticket)
    }

    /// As it is given to the client.
    pub fn encode(&self) -> String {
        let secret = BASE64_URL_SAFE_NO_PAD.encode(self.secret);
        format!("{}.{secret}", self.user_id)
    }

    /// Whose it says it is.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// Where it lies.
    pub fn key(&self) -> Key {
        let digest = BASE64_URL_SAFE_NO_PAD.encode(sha256(&self.secret));
        Key::new(live::partition(self.user_id), format!("{PREFIX}{digest}"))
    }

    /// Makes it good for a minute, in a session of its owner's. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn issue(&self, app: &App, session: OpenSession) -> Result<()> {
        let ttl = app.now().as_second() + SECONDS;
        let issued = Issued { session, ttl };
        live::table(app)?.put(self.key(), &issued).await
    }

    /// Spends it; refused unless it is good.
    pub fn spend(&self, tx: &mut Transaction, table: &Table) {
        // A ticket that is not there has no `ttl` either.
        let good = when().gt("ttl", tx.app().now().as_second());
        tx.delete_when(table, self.key(), good);
    }
}

/// A ticket and where it is good.
#[derive(Serialize, ToSchema)]
pub struct TicketResponse {
    /// Opens one connection.
    #[schema(
        example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50.3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    )]
    pub ticket: String,
    /// The WebSocket: connect to `<url>?ticket=<ticket>`.
    #[schema(format = "uri", example = "wss://live.example.com/live")]
    pub url: String,
    /// Seconds for which the ticket is good.
    #[schema(example = 60)]
    pub expires_in: i64,
}

/// Gives a ticket for the WebSocket
///
/// The WebSocket tells people at once what else they would have to ask for. Everything it tells can
/// be had over HTTP, too.
///
/// **Connecting**: `GET <url>?ticket=<ticket>` with the WebSocket handshake. A ticket is good once,
/// for a minute; one that is unknown, used or too old is 401: get another. So is one whose session
/// has ended: log in again. Up to 20 connections of one person may be open at once, and each gets
/// everything; one more closes the oldest. First connect, then ask over HTTP for what has happened
/// since the last connection: between the two nothing is lost then. What is told may come twice, so
/// recognise it by its id.
///
/// **Messages** are JSON objects as text, at most 128 KB in frames of at most 32 KB; binary ones end
/// the connection. What the client sends has an `action`, what it gets a `type`; ignore types and
/// fields you do not know. Messages sent without waiting for the answer may be handled in any order.
///
/// | the client sends | and gets |
/// |---|---|
/// | `{"action": "ping"}` | `{"type": "pong"}` |
/// | `{"action": "sendMessage", "chat_id", "content", "client_msg_id"}`, as `POST /api/chats/{chat_id}/messages` | `{"type": "ack", "chat_id", "client_msg_id", "message_id", "seq", "sent_at"}` |
/// | `{"action": "read", "chat_id", "seq"}`, as `POST /api/chats/{chat_id}/read` | `{"type": "read", "chat_id", "seq", "unread_count"}` |
/// | anything that fails | `{"type": "error", "action", "client_msg_id", "status", "code", "message", "errors", "retry_after"}` |
///
/// What comes without being asked for, and every field of every message, is in `GET /asyncapi.json`; `GET /docs`
/// leads to it for people. Of a chat's messages, drop a `seq` that you have; where one is missing, ask
/// `GET /api/chats/{chat_id}/messages?after_seq=`.
///
/// An error is the body that HTTP would answer, with the `action` and the `client_msg_id` of the
/// message it is about, where that has them, and the seconds of its `Retry-After` as `retry_after`. `access_token_invalid` (401) says that the connection
/// has expired, or that it or its person is not known any more: connect again. A message without a `type`, such as
/// `{"message": "Internal server error", …}`, comes from the gateway; what was sent may or may not
/// have been handled then: send it again with the same `client_msg_id`.
///
/// **Staying connected**: a connection ends after ten minutes in which nothing is sent either way,
/// so ping every five minutes; take it for dead when no pong comes within ten seconds. It expires
/// after an hour in any case. A log-out, a new password or the closing of the account closes it at
/// once. Connect again with a new ticket after a random pause of at most one second, twice as long
/// after each failure up to a minute; when the ticket is refused with 401, refresh the access token,
/// and when that is refused, log in.
#[utoipa::path(
    post, path = "/api/live/ticket", tag = "live",
    operation_id = "createLiveTicket",
    security(("access_token" = [])),
    responses(
        (status = 201, body = TicketResponse, description = "A ticket"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its session has ended"),
        (status = 429, body = ErrorBody, description = "Too many tickets; `Retry-After` says when"),
    )
)]
pub async fn ticket(State(app): State<App>, user: User) -> Result<impl IntoResponse> {
    let url = app.config::<LiveUrl>()?.0.clone();
    let session = OpenSession::of(&app, &user).await?;
    let (table, me) = (live::table(&app)?, user.id.to_string());
    throttle::count(&app, &table, "ticket", &me, &BY_ONE_PERSON).await?;
    let ticket = Ticket::new(&app, user.id);
    ticket.issue(&app, session).await?;
    let answer = TicketResponse {
        ticket: ticket.encode(),
        url,
        expires_in: SECONDS,
    };
    Ok((StatusCode::CREATED, axum::Json(answer)))
}

/// `LIVE_URL`: the WebSocket API's address, with its stage.
struct LiveUrl(String);

impl Configure for LiveUrl {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("LIVE_URL")?.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_ticket() -> impl Strategy<Value = Ticket> {
        any::<([u8; 16], [u8; 32])>().prop_map(|(user_id, secret)| Ticket {
            user_id: UserId::from_bytes(user_id),
            secret,
        })
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_parsed(ticket in any_ticket()) {
            prop_assert!(Ticket::parse(&ticket.encode()) == Some(ticket));
        }

        #[test]
        fn any_other_character_makes_another_ticket(
            ticket in any_ticket(), at in 0..80_usize, other in "[ -~]",
        ) {
            let mut text = ticket.encode();
            text.replace_range(at..=at, &other);
            let same = text == ticket.encode();
            prop_assert_eq!(Ticket::parse(&text) == Some(ticket), same);
        }

        #[test]
        fn other_spellings_of_the_id_are_none(ticket in any_ticket()) {
            let text = ticket.encode();
            let (id, secret) = text.split_once('.').unwrap();
            for id in [id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}")] {
                let text = format!("{id}.{secret}");
                prop_assert!(Ticket::parse(&text).is_none());
            }
        }

        #[test]
        fn anything_else_is_none(text in "\\PC{0,79}|[0-9a-f-]{36}\\.[A-Za-z0-9_-]{44,60}") {
            prop_assert!(Ticket::parse(&text).is_none());
        }

        #[test]
        fn it_lies_under_its_digest_only(ticket in any_ticket()) {
            let text = ticket.encode();
            let (_, secret) = text.split_once('.').unwrap();
            let key = ticket.key();
            prop_assert!(!key.sk.contains(secret));
            prop_assert_eq!(key.pk, format!("USER#{}", ticket.user_id));
        }
    }
}
