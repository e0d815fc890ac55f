//! saju: matchmaking by the four pillars (`specs/saju.md`, API.md "saju").
//!
//! | function | endpoint, route or event | what |
//! |---|---|---|
//! | [`recommendations`] | `GET /api/matches/recommendations` | at most five people a day |
//! | [`compatibility`] | `GET /api/matches/{user_id}/compatibility` | the score with somebody, part by part |
//! | [`fortune`] | `GET /api/fortune/today` | today's ten god and its text |
//! | [`request`] | `POST /api/matches/request` | asks somebody |
//! | [`matches`] | `GET /api/matches` | my requests, sent and received |
//! | [`accept`] | `POST /api/matches/{match_id}/accept` | accepts, and makes the chat |
//! | [`decline`], [`cancel`] | `POST …/decline`, `POST …/cancel` | says no, takes it back |
//! | [`block`], [`unblock`] | `POST /api/blocks`, `DELETE /api/blocks/{user_id}` | keeps two people apart |
//! | [`report`] | `POST /api/reports` | tells the operators |
//! | [`chats`], [`messages`] | `GET /api/chats`, `GET /api/chats/{chat_id}/messages` | my chats, and one of them |
//! | [`send_message`], [`read_chat`] | `POST /api/chats/{chat_id}/messages`, `…/read` | writes, reads |
//! | [`send_message_frame`], [`read_frame`] | WebSocket `sendMessage`, `read` | the same over a connection |
//! | [`deliver`] | the table's stream | new messages to everybody's connections |
//! | [`erase`] | `account.deleted` | what is kept of somebody who left |
//!
//! The profile itself is identity's endpoint `/api/users/me`. [`pillars`], [`score`] and
//! [`ten_gods`] hold the rules of the field; [`profile`], [`pair`], [`relation`] and [`chat`] what
//! is stored.
//!
//! The table, `SAJU_TABLE` (keys `pk` / `sk`, stream of new images, index `listing` with
//! `listing_key` / `listing_order`):
//!
//! | access pattern | key or index | requests | capacity units |
//! |---|---|---|---|
//! | somebody's profile | `USER#<user>` / `PROFILE` | 1 get | 1 R |
//! | what is between two people | `USER#<user>` / `WITH#<other>`, a row for each | with others | 1 R |
//! | ask, answer, block | both rows, both profiles, perhaps the chat | 1 transaction | 8–16 W |
//! | my requests, newest first | `listing`: `MATCHES#<user>` / time, then the rows | 2 | 1–30 R |
//! | the day's recommendations | `USER#<user>` / `RECOMMENDED#<day>` | 1–2 | 1–10 R |
//! | which births the pool has | `OCCUPIED#<gender>#<wanted>` / `<year>` | 1 query a pool | 1–7 R |
//! | people of one birth, rarest shown first | `listing`: `POOL#<gender>#<wanted>#<birth>` / times shown | 1 query | 0.5–2 R |
//! | a chat | `CHAT#<chat>` / `CHAT` | 1 get | 1 R |
//! | its messages | `CHAT#<chat>` / `MESSAGE#<seq>` | 1 query | 1 R a 4 KB |
//! | was a message sent before | `CHAT#<chat>` / `CLIENT#<sender>#<client_msg_id>` | with the chat | 1 R |
//! | send a message | the chat, the message, its client id, both memberships | 1 transaction | 12 W |
//! | my chats, latest first | `listing`: `CHATS#<user>` / time, then the chats | 2 | 1–60 R |
//! | reports of a month | `REPORTS#<month>` / `<time>#<id>` | | 1 W |

pub mod accept;
pub mod block;
pub mod cancel;
pub mod chat;
pub mod chats;
pub mod compatibility;
pub mod decline;
pub mod deliver;
pub mod erase;
pub mod fortune;
pub mod listing;
pub mod matches;
pub mod message;
pub mod messages;
pub mod pair;
pub mod pillars;
pub mod pool;
pub mod profile;
pub mod read_chat;
pub mod read_frame;
pub mod recommendations;
pub mod relation;
pub mod report;
pub mod request;
pub mod score;
pub mod send_message;
pub mod send_message_frame;
pub mod ten_gods;
pub mod unblock;

use enishi_shared::Function;

/// Every function of this service.
pub const FUNCTIONS: &[Function] = &[
    recommendations::FUNCTION,
    compatibility::FUNCTION,
    fortune::FUNCTION,
    send_message::FUNCTION,
    messages::FUNCTION,
    chats::FUNCTION,
    read_chat::FUNCTION,
    send_message_frame::FUNCTION,
    read_frame::FUNCTION,
    deliver::FUNCTION,
    request::FUNCTION,
    matches::FUNCTION,
    accept::FUNCTION,
    decline::FUNCTION,
    cancel::FUNCTION,
    block::FUNCTION,
    unblock::FUNCTION,
    report::FUNCTION,
    erase::FUNCTION,
];
