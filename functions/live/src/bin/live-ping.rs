//! `live-ping`: the WebSocket's `ping` and `$default`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_live::ping::FUNCTION)
}
