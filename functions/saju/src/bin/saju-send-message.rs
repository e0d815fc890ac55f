//! `saju-send-message`: `POST /api/chats/{chat_id}/messages`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::send_message::FUNCTION)
}
