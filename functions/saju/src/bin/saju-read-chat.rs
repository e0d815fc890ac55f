//! `saju-read-chat`: see [`enishi_saju::read_chat`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::read_chat::FUNCTION)
}
