//! `live-connect`: the WebSocket's `$connect`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_live::connect::FUNCTION)
}
