//! saju: matchmaking by the four pillars.

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
