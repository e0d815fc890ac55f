//! `market-follow-maker`: see [`enishi_market::follow_maker`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::follow_maker::FUNCTION)
}
