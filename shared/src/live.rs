//! The WebSocket: how any service reaches people at once, and takes messages from them.
//!
//! People connect with a ticket (`functions/live`); from then on a service sends to all of
//! somebody's connections with [`push`], or many messages with [`Pushes`], and takes the messages of a
//! route with [`on_frame`]:
//!
//! ```ignore
//! Function::event("chat-read-frame", |app, event| live::on_frame(app, event, read))
//! ```
//!
//! A push reaches whoever is connected and nobody else: what it tells of must be found over HTTP
//! too, by those who connect later. API Gateway ends a connection after 10 minutes without a
//! message and after 2 hours in any case; it takes frames of 32 KB and messages of 128 KB.
//!
//! A connection is good for an hour, and no longer than the session its ticket was given in:
//! `live-close` closes it when that ends. Somebody has at most 20; the oldest makes room for a new one.
//!
//! | access pattern of `LIVE_TABLE` | key | requests | capacity units |
//! |---|---|---|---|
//! | who is at a connection | `CONNECTION#<connection_id>` / `CONNECTION` | 1 get | 1 R |
//! | somebody's connections | `USER#<user_id>` / `CONNECTION#<0–19>` | 1 query | 1 R |
//! | forget a connection | both | 1 transaction | 4 W |
//!
//! A function that pushes needs `LIVE_TABLE` with `dynamodb:Query` and `dynamodb:DeleteItem`, one
//! that takes messages with `dynamodb:GetItem`; both need
//! `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` and `execute-api:ManageConnections` to `POST` and
//! `DELETE`.

mod connection;
mod frame;
mod push;

use crate::{app::App, error::Error, store::Table};

pub use connection::{Connection, connection_key, partition};
pub use frame::{Caller, ErrorFrame, on_frame};
pub use push::{Pushes, answer, close, hang_up, push};

/// `LIVE_TABLE`: the table of tickets and connections.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn table(app: &App) -> Result<Table, Error> {
    Table::named(app, "LIVE_TABLE")
}
