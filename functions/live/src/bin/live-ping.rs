//! `live-ping`: see [`enishi_live::ping`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_live::ping::FUNCTION)
}
