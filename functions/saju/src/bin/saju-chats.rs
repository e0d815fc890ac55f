//! `saju-chats`: `GET /api/chats`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::chats::FUNCTION)
}
