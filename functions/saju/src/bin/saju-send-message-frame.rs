//! `saju-send-message-frame`: see [`enishi_saju::send_message_frame`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::send_message_frame::FUNCTION)
}
