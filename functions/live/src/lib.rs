//! live: the WebSocket through which every service reaches people at once.
//!
//! | function | endpoint or route | what |
//! |---|---|---|
//! | `live-ticket` | `POST /api/live/ticket` | a ticket for one connection |
//! | `live-connect` | `$connect` | spends the ticket, remembers the connection |
//! | `live-disconnect` | `$disconnect` | forgets the connection |
//! | `live-ping` | `$default` | answers a ping, refuses unknown actions |
//! | `live-close` | `session.ended`, `account.deleted` | closes the connections that end with it |
//!
//! The other routes are functions of the services whose messages they are; what they share
//! (connections, pushing, taking messages) is `enishi_shared::live`.
//!
//! The table, `LIVE_TABLE` (keys `pk` / `sk`; all reads are consistent, no index, everything ends
//! by its `ttl`):
//!
//! | access pattern | key | requests | capacity units |
//! |---|---|---|---|
//! | issue a ticket | ¹ the session; `THROTTLE#ticket#<user>` / `<window>`; `USER#<user_id>` / `TICKET#<sha256>` | 1 batch get, 1 update, 1 put | 2 R, 2 W |
//! | is the ticket good, is the connection known | the ticket, `CONNECTION#<connection_id>` / `CONNECTION` | 1 batch get | 2 R |
//! | connect | the ticket, ¹ the session; `USER#<user_id>` / `CONNECTION#<0–19>` and `CONNECTION#<connection_id>` / `CONNECTION`, that of the oldest where there is no place | 1 transaction | 10 W (12) |
//! | who is at a connection | `CONNECTION#<connection_id>` / `CONNECTION` | 1 get | 1 R |
//! | disconnect | both rows of the connection | 1 get, 1 transaction | 1 R, 4 W |
//! | somebody's connections, to push to them | `USER#<user_id>` / `CONNECTION#…` | 1 query | 1 R |
//! | close or forget a connection | both its rows | 1 transaction | 4 W |
//! | erase somebody | connections, `USER#<user_id>` / `TICKET#…` | 2 queries, 1 transaction or delete each | 1 R, 1–4 W each |
//!
//! ¹ in `IDENTITY_TABLE`: `enishi_shared::accounts`.
//!
//! Tickets are stored as hashes only. All rows of somebody who closes their account are erased.

pub mod close;
pub mod connect;
pub mod disconnect;
pub mod ping;
pub mod ticket;

use enishi_shared::Function;

/// Every function of this service.
pub const FUNCTIONS: &[Function] = &[
    ticket::FUNCTION,
    connect::FUNCTION,
    disconnect::FUNCTION,
    ping::FUNCTION,
    close::FUNCTION,
];
