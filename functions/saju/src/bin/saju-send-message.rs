//! `saju-send-message`: see [`enishi_saju::send_message`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::send_message::FUNCTION)
}
