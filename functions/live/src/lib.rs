//! live: the WebSocket through which every service reaches people at once.
//!
//! | function | endpoint or route | what |
//! |---|---|---|
//! | `live-ticket` | `POST /api/live/ticket` | a ticket for one connection |
//! | `live-connect` | `$connect` | spends the ticket, remembers the connection |
//! | `live-disconnect` | `$disconnect` | forgets the connection |
//! | `live-ping` | `$default` | answers a ping, refuses unknown actions |
//!
//! The other routes are functions of the services whose messages they are; what they share
//! (connections, pushing, taking messages) is `enishi_shared::live`.
//!
//! The table, `LIVE_TABLE` (keys `pk` / `sk`; all reads are consistent, no index, everything ends
//! by its `ttl`):
//!
//! | access pattern | key | requests | capacity units |
//! |---|---|---|---|
//! | issue a ticket | `USER#<user_id>` / `TICKET#<sha256>` | 1 put | 1 W |
//! | connect | the ticket, `CONNECTION#<connection_id>` / `CONNECTION`, `USER#<user_id>` / `CONNECTION#<connection_id>` | 1 transaction | 6 W |
//! | who is at a connection | `CONNECTION#<connection_id>` / `CONNECTION` | 1 get | 1 R |
//! | disconnect | both rows of the connection | 1 get, 1 transaction | 1 R, 4 W |
//! | somebody's connections, to push to them | `USER#<user_id>` / `CONNECTION#…` | 1 query | 1 R |
//! | forget a connection that is gone | both its rows | 1 transaction | 4 W |
//!
//! Tickets are stored as hashes only. Nothing is erased when an account is closed, for nothing lasts:
//! a ticket for a minute, a connection for little more than two hours, with its person's id alone.

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
];
