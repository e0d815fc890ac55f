//! `saju-chats`: see [`enishi_saju::chats`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::chats::FUNCTION)
}
