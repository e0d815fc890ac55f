//! `saju-read-chat`: `POST /api/chats/{chat_id}/read`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::read_chat::FUNCTION)
}
