//! `visits-send-message`: see [`enishi_visits::send_message`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::send_message::FUNCTION)
}
