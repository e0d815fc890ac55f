//! saju: matchmaking by the four pillars.
//!
//! | function | endpoint, route or event | what |
//! |---|---|---|
//! | [`register`] | `POST /api/users/register` | makes an account, or adds the profile to one |
//! | [`me`], [`update_me`] | `GET`, `PUT /api/users/me` | the account and its profile |
//! | [`photo`] | `POST /api/users/me/photo` | where to send one's picture |
//! | [`recommendations`] | `GET /api/matches/recommendations` | at most five people a day |
//! | [`compatibility`] | `GET /api/matches/{user_id}/compatibility` | the score with somebody, part by part |
//! | [`fortune`] | `GET /api/fortune/today` | today's ten god, how its branch meets mine, and the text |
//! | [`chart`] | `GET /api/saju/me` | my four pillars and what is in them |
//! | [`request`] | `POST /api/matches/request` | asks somebody |
//! | [`matches`] | `GET /api/matches` | my requests, sent and received |
//! | [`accept`] | `POST /api/matches/{match_id}/accept` | accepts, and makes the chat |
//! | [`decline`], [`cancel`] | `POST …/decline`, `POST …/cancel` | says no, takes it back |
//! | [`person`] | `GET /api/matches/{user_id}/profile` | whom one may look at before one answers |
//! | [`unmatch`] | `DELETE /api/chats/{chat_id}` | lets a match go |
//! | [`block`], [`unblock`] | `POST /api/blocks`, `DELETE /api/blocks/{user_id}` | keeps two people apart |
//! | [`blocks`] | `GET /api/blocks` | whom one blocks |
//! | [`report`] | `POST /api/reports` | tells the operators |
//! | [`chats`], [`messages`] | `GET /api/chats`, `GET /api/chats/{chat_id}/messages` | my chats, and one of them |
//! | [`send_message`], [`read_chat`] | `POST /api/chats/{chat_id}/messages`, `…/read` | writes, reads |
//! | [`send_message_frame`], [`read_frame`] | WebSocket `sendMessage`, `read` | the same over a connection |
//! | [`deliver`] | the table's stream | new messages, requests and acceptances to people's connections |
//! | [`follow_account`] | `account.verified`, `account.deleted` | brings somebody into the pool; [`erase`]s who has left |
//! | [`sweep`] | every fifteen minutes | takes who has gone quiet out of the pool; pictures of who left once more, in case one was still on its way |
//!
//! [`pillars`], [`birthday`], [`score`] and [`ten_gods`] hold the rules of the field; [`profile`],
//! [`standing`], [`pair`] and [`relation`] what is stored; [`notice`] what is told at once. A [`chat`] is a
//! conversation of [`enishi_shared::conversation`].
//!
//! The table, `SAJU_TABLE` (keys `pk` / `sk`, stream of new images, index `listing` with
//! `listing_key` / `listing_order`):
//!
//! | access pattern | key or index | requests | capacity units |
//! |---|---|---|---|
//! | sign up | profile, when seen, and ¹ account, e-mail, outbox (and idempotency) | 1 transaction | 11 W (13) |
//! | add the profile to an account | profile, when seen, and ¹ account (and idempotency) | 1 transaction | 8 W (10) |
//! | come into the pool with a verified address | `USER#<user>` / `PROFILE` | 1 get, 1 update | 1 R, 2 W |
//! | mark a birth's place in the pool | `OCCUPIED#<gender>#<wanted>` / `<year>` | 1 get, 1 update unless marked | 1 R, 1 W |
//! | somebody's profile | `USER#<user>` / `PROFILE` | 1 get | 1 R |
//! | change the profile | `USER#<user>` / `PROFILE` | 1 update | 1–3 W |
//! | who was last seen when | `USER#<user>` / `SEEN`; `listing`: `SEEN#<0–3>` / day | with the day's list; 4 queries, 1 transaction for each who has gone quiet | 4 W; 2 R, 6 W each |
//! | what is between two people | `USER#<user>` / `WITH#<other>`, a row for each | with others | 1 R |
//! | ask, answer, block, let go | both rows, both profiles, perhaps the chat | 1 transaction | 8–16 W |
//! | whom one blocks, the latest first | `listing`: `BLOCKS#<user>` / time, then `USER#<user>` / `BLOCK#<other>` | 2 | 1–50 R |
//! | my requests, newest first | `listing`: `MATCHES#<user>` / time, then the rows | 2 | 1–30 R |
//! | the day's recommendations | `USER#<user>` / `RECOMMENDED#<day>` | 2, with the first of a day 40 at the most | 1–10 R |
//! | which births the pool has | `OCCUPIED#<gender>#<wanted>` / `<year>` | 1 query a pool | 1–7 R |
//! | people of one birth, rarest shown first | `listing`: `POOL#<gender>#<wanted>#<birth>` / times shown | 1 query | 0.5–2 R |
//! | a chat | `CHAT#<chat>` / `CHAT` | 1 get | 1 R |
//! | its messages | `CHAT#<chat>` / `MESSAGE#<seq>` | 1 query | 1 R a 4 KB |
//! | was a message sent before | `CHAT#<chat>` / `CLIENT#<sender>#<client_msg_id>` | with the chat | 1 R |
//! | count a message, request, block, upload or report | `THROTTLE#<what>#<user>` / `<window>` | 1 update | 1 W (one more for each 70) |
//! | send a message | the chat, the message, its client id, both memberships | 1 transaction | 12 W |
//! | my chats, latest first | `listing`: `CHATS#<user>` / time, then the chats | 2 | 1–60 R |
//! | pictures to be erased again | `ERASURES` / `<time>#<user>` | 1 put; 1 query, 1 delete each | 1 W; 1 R, 1 W each |
//! | reports of a month | `REPORTS#<month>` / `<time>#<id>` | | 1 W |
//!
//! ¹ in `IDENTITY_TABLE`: `enishi_shared::accounts`.

pub mod accept;
pub mod birthday;
pub mod block;
pub mod blocks;
pub mod cancel;
pub mod chart;
pub mod chat;
pub mod chats;
pub mod compatibility;
pub mod decline;
pub mod deliver;
pub mod erase;
pub mod follow_account;
pub mod fortune;
pub mod matches;
pub mod me;
pub mod message;
pub mod messages;
pub mod notice;
pub mod pair;
pub mod person;
pub mod photo;
pub mod pillars;
pub mod pool;
pub mod profile;
pub mod read_chat;
pub mod read_frame;
pub mod recommendations;
pub mod register;
pub mod relation;
pub mod report;
pub mod request;
pub mod score;
pub mod send_message;
pub mod send_message_frame;
pub mod standing;
pub mod sweep;
pub mod ten_gods;
pub mod term;
pub mod unblock;
pub mod unmatch;
pub mod update_me;

use enishi_shared::{App, Function};
use utoipa_axum::router::OpenApiRouter;

/// A function of this service behind API Gateway. Its error bodies say `error` beside `message`.
const fn http(name: &'static str, endpoints: fn() -> OpenApiRouter<App>) -> Function {
    Function::http(name, endpoints).with_error_field()
}

/// Every function of this service.
pub const FUNCTIONS: &[Function] = &[
    register::FUNCTION,
    me::FUNCTION,
    update_me::FUNCTION,
    photo::FUNCTION,
    recommendations::FUNCTION,
    compatibility::FUNCTION,
    fortune::FUNCTION,
    chart::FUNCTION,
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
    blocks::FUNCTION,
    unmatch::FUNCTION,
    person::FUNCTION,
    report::FUNCTION,
    follow_account::FUNCTION,
    sweep::FUNCTION,
];
